/* store/postings.h - which numbers an object is found by (docs/SEARCH.md): each value, name and word of it (model/
 * words.h) becomes one to a dozen keys of 48 bits, each kind of question a range of them. A filter: who asks looks
 * into the bodies that it lets through. Pure. */
#pragma once
#include "model/words.h"

#define POSTING_KEY_BITS 48
/* Keys of one object that are kept: an 8 MiB report's words. What it holds beyond is not found by them. */
#define POSTING_KEYS_MAX 16384
/* Parent domains of one name that it is found below. */
#define POSTING_PARENTS_MAX 10

typedef void posting_key_fn(void *self, uint64_t key);
/* Repetitions included. */
void posting_keys(const struct word *w, posting_key_fn *fn, void *self);

/* Of all words of a canonical body, most repetitions left out, at most POSTING_KEYS_MAX: what was in the list is
 * forgotten. ERR_NOMEM */
struct posting_keys {
    uint64_t *list; /* owned */
    size_t count, cap;
};
MUST_CHECK enum err posting_keys_of(struct words *w, struct text body, struct posting_keys *ret);
void posting_keys_done(struct posting_keys *k);

/* Keys low..high. */
struct posting_range {
    uint64_t low, high;
};
struct posting_range posting_exact(enum value_kind kind, struct text normal); /* VALUE_NONE: a name, lower case */
struct posting_range posting_below(struct text domain);                       /* domains, URLs, mail below it */
struct posting_range posting_host(struct text host);                          /* URLs and mail there */
struct posting_range posting_inside(const struct ipnet *net);                 /* addresses and networks: see kind */
struct posting_range posting_networks_inside(const struct ipnet *net);
/* Networks that may contain it, in steps of prefix lengths: *ret has room for POSTING_STEPS_MAX. */
#define POSTING_STEPS_MAX 16
size_t posting_containing(const struct ipnet *net, struct posting_range ret[POSTING_STEPS_MAX]);
struct posting_range posting_value_prefix(struct text start); /* a URL's without its scheme; lower case */
struct posting_range posting_word(struct text word);
struct posting_range posting_word_prefix(struct text start);
/* A URL without "scheme://", anything else as it is. */
struct text posting_without_scheme(struct text t);
/* The host of a URL or mail address in normal form; else empty. */
struct text posting_host_of(enum value_kind kind, struct text normal);
