/* desk/watchlist_inside.h - what watchlist.c and watchlist_file.c share. */
#pragma once
#include "desk/watchlist.h"
#include "match/index_file.h"

#define WATCHLIST_MAX       ((size_t)64 << 20) /* values; more than any feed on earth, less than what ref can count */
#define WATCHLIST_POOL_MAX  ((size_t)UINT32_MAX)
#define WATCHLIST_PARTY_MAX ((size_t)UINT16_MAX)

struct watchlist {
    atomic_size_t references;
    struct index_file *file;  /* what follows is in it; or NULL, and: */
    struct index_item *items; /* 48 bytes an indicator value: a million must fit beside everything else */
    struct buffer values;     /* of kinds whose keys are no text */
    struct uuid *parties;     /* few, so they are numbered */
    struct index *index;
    size_t count, cap, party_count;
    uint64_t until;
    uint32_t first_ref;
    struct suppress_counts suppressed;
    size_t over; /* values whose assumed lifetime was over at loaded_us */
    int64_t loaded_us;
    struct node *asked; /* the view has moved on: each hit is asked for there */
    struct belief *asked_by;
    /* while it is loaded */
    struct index_builder *builder;
    const struct belief *belief;
    /* of a list of news */
    struct view *news; /* and node: while it is loaded */
    struct node *node;
    uint64_t news_from, news_until;
    int64_t *counted_until_us; /* beside items */
};
