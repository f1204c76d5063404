/* unit/match/messy.h - lines made of pieces that are hard to tell apart, the same for the same number. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define MESSY_MAX 512

struct messy {
    uint64_t state;
};

void messy_seed(struct messy *m, uint64_t seed, uint64_t number);
uint32_t messy_below(struct messy *m, uint32_t n);
/* A line of up to some 300 bytes with values of row_values in it; any byte but a newline. */
size_t messy_line(struct messy *m, char line[MESSY_MAX]);
