/* match/scanner.h - the scanner's inside, shared by scan.c, scan_block.c and sieve.c. */
#pragma once
#include "base/arena.h"
#include "match/lookup.h"
#include "match/reading.h"

struct found {
    struct scan_hit hit;
    uint32_t order; /* of finding: an exact address before its networks, these the most specific first */
};

struct level {
    uint8_t *bytes;
    size_t *map;
    size_t cap;
};

struct scanner {
    const struct index *const *indexes;
    size_t index_count;
    enum url_level urls;
    bool owners;       /* this pass collects what can be owned, and no hits */
    struct keys *keys; /* this pass collects what can be looked up, and no hits; else NULL (keys.h) */
    enum err err;
    struct found *found;
    struct scan_hit *hits;
    size_t count, cap;
    struct scan_seen *seen;
    size_t seen_count, seen_cap;
    struct buffer normal; /* one URL in normal form */
    struct arena names;
    struct level levels[READING_DEPTH_MAX + 1];
    struct sieve *sieve;
    /* set while the sieve looks closer: takes each address that is found, and where, instead of the look-up */
    void (*on_address)(void *self, const struct ipaddr *a, size_t place);
    void *on_address_self;
};

/* Ready for a reading of another line. */
void scanner_start(struct scanner *s, const struct index *const *indexes, size_t index_count);
