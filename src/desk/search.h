/* desk/search.h - what holds this value, this name, these words? Asked by an account, answered through the gate:
 * nothing of what the account may not see is told, counted or hinted at. docs/SEARCH.md
 *
 * The postings (store/view_ask.h) are a filter; each answer was found once more in the object's body as that account
 * may see it. */
#pragma once
#include "base/arena.h"
#include "store/node.h"
#include "store/postings.h"

/* What the text was taken for. */
enum search_kind {
    SEARCH_VALUE,  /* an observable: `value_kind` says which */
    SEARCH_PREFIX, /* "evil*" */
    SEARCH_OBJECT, /* an identifier */
    SEARCH_NUMBER, /* a finding's: F-12 */
    SEARCH_WORDS   /* a name or words */
};
/* In the order of their worth. */
enum search_match {
    MATCH_EXACT,     /* holds that value or has that name */
    MATCH_CONTAINS,  /* a network that the address or network lies in */
    MATCH_CONTAINED, /* an address or network inside the network */
    MATCH_SUBDOMAIN, /* a domain below it, or a URL or mail address there */
    MATCH_HOST,      /* a URL or mail address of that host */
    MATCH_PREFIX,
    MATCH_TEXT, /* all words */
    MATCH_KINDS
};
const char *search_match_name(enum search_match m); /* "exact", "network", "address", "subdomain", "host", ... */

/* Longer ones are cut there, which the answer says. */
#define SEARCH_TEXT_MAX  URL_MAX_BYTES
#define SEARCH_LIMIT     50
#define SEARCH_LIMIT_MAX 10000
/* A value that so many objects hold leads nowhere; counting ends at the second. */
#define SEARCH_COMMON_FROM 100
#define SEARCH_COUNT_MAX   2000

struct search_question {
    struct text text;
    struct uuid account; /* who asks */
    int64_t now_us;
    struct text type; /* of STIX; empty: any */
    uint32_t limit;
    bool all; /* superseded versions, too */
};
struct search_result {
    enum search_match match;
    struct text value; /* that fits: as its normal form, or the name; of MATCH_TEXT the name or the words */
    const char *kind;  /* of it: "domain", ..., "name", "text", "value" (no kind of ours) */
    struct text id, type, name, modified;
    struct uuid party, source;
    enum tlp label;         /* that counts; TLP_NONE: none */
    int64_t known_us;       /* taken in */
    const char *state;      /* "current", "expired", "revoked", "claim", "quarantined", "older" */
    struct text state_note; /* of an indicator that counts: by what it is suppressed, or until when it is assumed to
                               count; may be empty */
    uint64_t n;             /* entry */
    uint64_t finding;       /* F-number; 0: no finding */
    bool ours;
};
struct search_answer {
    enum search_kind taken_as;
    enum value_kind value_kind; /* of SEARCH_VALUE */
    struct text value;          /* what was looked for, in normal form */
    bool cut;                   /* the text was too long */
    struct search_result *results;
    size_t count;
    bool more;         /* there may be more than the limit shows */
    uint64_t held_by;  /* objects that hold exactly it and that the account may see, as far as counted */
    bool held_by_more; /* counting ended at SEARCH_COUNT_MAX */
};
/* "ipv4", "domain", "prefix", "identifier", "finding", "text": what it was taken for. */
const char *search_kind_name(const struct search_answer *a);

/* Texts in the arena; v is the caller's, and one state of it is seen. ERR_DENIED: the account is not known, or is not
 * one of ours. ERR_NOMEM | ERR_IO | ERR_VERSION */
MUST_CHECK enum err search_ask(struct node *node, struct view *v, const struct search_question *q,
                               struct arena *arena, struct search_answer *ret, struct fault *reterr);

/* What others hold of what an object holds, for that account. */
struct search_shared {
    struct text value;
    const char *kind;
    uint64_t others; /* objects beside it, as far as counted */
    bool more;
    struct search_result *shown; /* the newest of them; none of a value that leads nowhere */
    size_t count;
};
#define SEARCH_SHARED_VALUES 20
#define SEARCH_SHARED_SHOWN  3
/* Of the version at entry n, whose body as the account sees it is `body`; values that nobody else holds are left out.
 * As search_ask(). */
MUST_CHECK enum err search_shared(struct node *node, struct view *v, const struct uuid *account, int64_t now_us,
                                  uint64_t n, struct text body, struct arena *arena, struct search_shared **ret,
                                  size_t *ret_count, struct fault *reterr);

/* Identifiers of the objects of that name, or else of that name in other letters, or else that hold that value, that
 * the account may see, newest first, at most max; for "get NAME". *ret_count how many. As search_ask(). */
MUST_CHECK enum err search_named(struct node *node, struct view *v, const struct uuid *account, int64_t now_us,
                                 struct text name, struct arena *arena, struct text *ret, size_t max,
                                 size_t *ret_count, struct fault *reterr);
