/* match/runs.h - where the runs of a batch end in which a name or an address may stand, found by arithmetic on masks,
 * 64 bytes at a time, instead of run by run. */
#pragma once
#include "match/masks.h"

/* No more runs with a dot inside than this: the shortest, "a.b", takes four bytes with what separates it. Written in
 * steps of RUNS_STEP. */
#define RUNS_STEP 2
#define RUNS_MAX  (MASKS_BYTES / 4 + 1 + RUNS_STEP)

/* Each is the place behind a run's last byte. All have a dot between two bytes of theirs. */
struct runs {
    /* plain names: a letter behind the last dot, no dot or hyphen at either end, no two dots together, no byte that
     * is not ASCII, and nothing before that could be an escape */
    uint16_t names[RUNS_MAX];
    uint16_t numbers[RUNS_MAX]; /* as plain, digits and three dots or more alone */
    uint16_t others[RUNS_MAX];  /* to be looked at more closely */
    size_t name_count, number_count, other_count;
    /* Colons that :// begins with, and other colons that may belong to an IPv6 address: two together, or with a third
     * within reach of two groups, which no time of day has. */
    uint64_t urls[MASKS_WORDS], groups[MASKS_WORDS];
    struct run_bits {
        uint64_t names[MASKS_WORDS + MASKS_ZEROS], numbers[MASKS_WORDS + MASKS_ZEROS],
            others[MASKS_WORDS + MASKS_ZEROS];
    } bits; /* of which the lists are made */
};

/* All ways give the same lists. */
void runs_find_by(struct runs *r, const struct masks *m, enum masks_way way);
