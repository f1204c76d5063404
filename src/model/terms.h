/* model/terms.h - release terms beyond TLP, as marking definitions carry them by our extensions
 * (docs/objects/markings.md: rel-to, not-to, originator-control, embargo, purpose, classification, personal-data) and
 * by those of others (PAP, US ACS). Pure. Several markings on one object add up to the strictest: terms_add(). */
#pragma once
#include "base/buffer.h"
#include "model/marking.h"
#include "json/json.h"

enum named_kind { NAMED_COUNTRY = 1, NAMED_ORGANISATION, NAMED_GROUP };
struct named {
    uint8_t kind;
    struct uuid who; /* organisation, group: UUID of its identity object; country: its two letters (ISO 3166-1), then
                        zeros */
};
#define TERMS_NAMES_MAX 24 /* more: the marking counts as unreadable, which withholds */

enum classification {
    CLASSIFICATION_NONE,
    CLASSIFICATION_RESTRICTED,
    CLASSIFICATION_CONFIDENTIAL,
    CLASSIFICATION_SECRET,
    CLASSIFICATION_TOP_SECRET
}; /* national, EU, NATO: TLP is none of them */

/* What something may be used for. A set of them is a limit, so a use is allowed when its bit is in the set. */
enum purpose {
    PURPOSE_DETECTION = 1,      /* looked for in logs and traffic: matching, detection rules */
    PURPOSE_BLOCKING = 2,       /* block lists */
    PURPOSE_NOTIFICATION = 4,   /* telling those who are affected: notices, advisories */
    PURPOSE_RESEARCH = 8,       /* read and worked with by analysts, here and where it is shared to */
    PURPOSE_STATISTICS = 16,    /* counted */
    PURPOSE_INVESTIGATION = 32, /* of crimes, by those whose duty that is */
    PURPOSE_NOTHING = 128       /* stands alone: two limits have no purpose in common, so nothing is allowed */
};
#define PURPOSES_ALL 63

/* Bits of what a recipient must understand to be given a marking. */
enum term {
    TERM_TLP2 = 1,
    TERM_REL_TO = 2,
    TERM_NOT_TO = 4,
    TERM_ORIGINATOR_CONTROL = 8,
    TERM_PAP = 16,
    TERM_EMBARGO = 32,
    TERM_PURPOSE = 64,
    TERM_CLASSIFICATION = 128,
    TERM_PERSONAL_DATA = 256,
    TERM_TEAR_LINE = 512,
    TERMS_ALL = 1023,
    TERM_MISP_HANDLING = 1024 /* no marking: it agreed that its MISP leaves our distribution and tags as they are */
};
#define TERMS_KNOWABLE ((uint32_t)TERMS_ALL | TERM_MISP_HANDLING)

/* All zero: no terms. Always in one form, so that equal terms have equal bytes. */
struct terms {
    enum pap pap;                                                  /* PAP_NONE: not said, follows the label */
    bool has_rel_to;                                               /* only to these; an empty list: to nobody */
    struct named rel_to[TERMS_NAMES_MAX], not_to[TERMS_NAMES_MAX]; /* sorted, distinct; zeros behind the last */
    uint8_t rel_to_count, not_to_count;
    bool originator_control;
    int64_t embargo_until_us; /* 0: none */
    uint8_t purposes;         /* bits of enum purpose it may be used for; 0: not limited */
    enum classification classification;
    bool personal_data;
};

/* The strictest of both: commutative, associative, idempotent, never laxer than either. A name of one REL-TO that the
 * other does not have is dropped, whatever kind it is of: that an organisation lies in a country is for nobody to
 * guess. False when the names do not fit; *to is then untouched, and the caller counts the marking as unreadable. */
MUST_CHECK bool terms_add(struct terms *to, const struct terms *more);
bool terms_equal(const struct terms *a, const struct terms *b);
bool terms_none(const struct terms *t);
/* Bits of enum term, without TERM_TLP2 and TERM_TEAR_LINE, which are not among terms. */
uint32_t terms_needed(const struct terms *t);

/* Two letters, or "identity--UUID" as `otherwise` (NAMED_ORGANISATION or NAMED_GROUP). Lower case letters of a
 * country are refused. ERR_MALFORMED */
MUST_CHECK enum err named_parse(struct text t, enum named_kind otherwise, struct named *ret);
/* Adds a name to a sorted list. False: no room. */
MUST_CHECK bool named_insert(struct named list[TERMS_NAMES_MAX], uint8_t *count, const struct named *n);
bool named_has(const struct named *list, size_t count, const struct named *n);

/* "clear", "green", "amber", "red", with or without "PAP:", any case; "white" is CLEAR. ERR_MALFORMED */
MUST_CHECK enum err pap_parse(struct text t, enum pap *ret);
/* "detection", ...; 0: none of ours. */
uint8_t purpose_of(struct text name);
const char *purpose_name(uint8_t bit);                  /* one bit; "nothing" for PURPOSE_NOTHING */
const char *classification_name(enum classification c); /* "none", "restricted", ..., "top-secret" */
MUST_CHECK enum err classification_parse(struct text t, enum classification *ret); /* those words. ERR_MALFORMED */

/* Canonical text of terms, for class keys and reader records; empty for none, no colon in it. Its form stands in
 * terms_text.c. Errors stick in out. */
#define TERMS_TEXT_MAX 1920
void terms_text(const struct terms *t, struct buffer *out);
/* The reverse; every byte is checked: only what terms_text() writes is read. ERR_MALFORMED */
MUST_CHECK enum err terms_parse(struct text t, struct terms *ret);
/* In words, on one line, for people; nothing for no terms. Errors stick in out. */
void terms_words(const struct terms *t, struct buffer *out);
