/* desk/print_set.h - a set of 64-bit prints: what was counted already. */
#pragma once
#include "base/error.h"
#include "base/text.h"

struct print_set {
    uint64_t *slots; /* owned; 0: free */
    size_t slot_count, count;
    bool zero; /* the print 0 is in it */
};
/* *ret_new: it was not in the set. ERR_NOMEM */
MUST_CHECK enum err print_set_add(struct print_set *s, uint64_t print, bool *ret_new);
/* Prints as a finding's entry holds them: 8 bytes each, little-endian. ERR_NOMEM */
MUST_CHECK enum err print_set_add_list(struct print_set *s, struct text prints);
void print_set_clear(struct print_set *s); /* keeps the memory */
void print_set_done(struct print_set *s);
