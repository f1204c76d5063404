/* desk/suppress.h - values that are held and shown, and not looked for: those on a warning list that is in use
 * (format/warninglist.h), public suffixes and top-level domains (libpsl's own list), and what would hit everything.
 * A person may say of one indicator that it is looked for all the same (store/view_belief.h: RULING_ALLOW).
 * Read once, immutable: any number of threads may ask at once. docs/LIFETIMES.md */
#pragma once
#include "format/warninglist.h"
#include "store/node.h"

enum suppress_why {
    SUPPRESS_NOT,
    SUPPRESS_LIST,          /* on a warning list */
    SUPPRESS_PUBLIC_SUFFIX, /* people register their names below it */
    SUPPRESS_TOO_WIDE,      /* a network of SUPPRESS_BITS_MAX bits or fewer */
    SUPPRESS_LOCAL          /* an address of no machine, or of every machine itself */
};
#define SUPPRESS_BITS_MAX 7

struct suppressed {
    enum suppress_why why;
    struct text list,
        entry; /* of a list: its name, and the entry in its checked form; live as long as the suppress */
};

struct suppress;
/* As of the view's state. A list that cannot be read is left out and told by suppress_list(). ERR_IO | ERR_NOMEM */
MUST_CHECK enum err suppress_load(struct node *node, struct view *v, struct suppress **ret, struct fault *reterr);
/* Without any list. ERR_NOMEM */
MUST_CHECK enum err suppress_new(struct suppress **ret);
/* Adds a checked list's text before anything is asked. ERR_MALFORMED | ERR_LIMIT | ERR_NOMEM; then s has none of it
 * but is good for nothing else than suppress_free(). */
MUST_CHECK enum err suppress_add(struct suppress *s, struct text list, struct fault *reterr);
MUST_CHECK enum err suppress_ready(struct suppress *s); /* after the last one. ERR_NOMEM */
void suppress_free(struct suppress *s);                 /* accepts NULL */

/* value in normal form (model/value.h). What it costs does not grow with the number of lists, regular expressions
 * aside: those are bounded (SUPPRESS_REGEX_STEPS), and one that reaches its bound does not match. */
struct suppressed suppress_check(const struct suppress *s, enum value_kind kind, struct text value);
/* The same for an indicator's value: nothing when a person allowed the indicator. */
struct suppressed suppress_indicator(const struct suppress *s, const struct uuid *indicator, enum value_kind kind,
                                     struct text value);

/* "List of known IPv4 public DNS resolvers" in quotation marks, or "public suffix", ... */
#define SUPPRESS_WORDS_MAX 600
struct text suppress_words(const struct suppressed *found, char out[SUPPRESS_WORDS_MAX]);

/* Which list of public suffixes this program has; NULL: none. */
const char *suppress_edition(void);

/* Lists in use that could not be used: how many, and the first one's fault. */
size_t suppress_broken(const struct suppress *s, struct fault *ret);

/* How many of what was counted were suppressed, by what. */
#define SUPPRESS_COUNTS_MAX 64
struct suppress_counts {
    uint64_t total;
    struct {
        char words[SUPPRESS_WORDS_MAX];
        uint64_t count;
    } by[SUPPRESS_COUNTS_MAX]; /* those beyond are in total alone */
    size_t count;
};
void suppress_count(struct suppress_counts *c, const struct suppressed *found);
/* "12 suppressed: 9 by \"List ...\", 3 public suffix"; nothing when none. */
void suppress_counts_words(const struct suppress_counts *c, struct buffer *out);
