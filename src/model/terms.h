/* model/terms.h - release terms beyond TLP, as marking definitions carry them by our extensions
 * (docs/objects/: rel-to, not-to, originator-control, pap, embargo, purpose, classification, personal-data). Pure.
 * Several markings on one object add up to the strictest: terms_add(). */
#pragma once
#include "model/marking.h"

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
    TERMS_ALL = 1023
};

struct terms {
    enum pap pap;                                                  /* PAP_NONE: not said, follows the label */
    bool has_rel_to;                                               /* only to these; an empty list: to nobody */
    struct named rel_to[TERMS_NAMES_MAX], not_to[TERMS_NAMES_MAX]; /* sorted, distinct */
    uint8_t rel_to_count, not_to_count;
    bool originator_control;
    int64_t embargo_until_us; /* 0: none */
    uint8_t purposes;         /* bits of enum purpose it may be used for; 0: not limited */
    enum classification classification;
    bool personal_data;
};
