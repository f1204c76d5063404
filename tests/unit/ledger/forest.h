/* A tree in memory, stored as tiles have it, and the definition of its hash as plain recursion. */
#pragma once
#include "ledger/tree.h"

struct forest {
    uint64_t size;
    struct sha256 *level[TREE_LEVELS];
    bool refuses; /* reading fails with ERR_IO */
};

void forest_grow(struct forest *f, uint64_t size); /* leaf i is the hash of i, salted */
void forest_done(struct forest *f);
/* Hashes that the first `size` leaves do not have are not handed out: the test fails. */
struct tree_source forest_source(struct forest *f);
/* RFC 9162 section 2.1.1 over leaves [from, to). */
struct sha256 forest_definition(const struct forest *f, uint64_t from, uint64_t to);
/* A small generator, the same numbers in every run. */
uint64_t forest_random(uint64_t *state, uint64_t below);
