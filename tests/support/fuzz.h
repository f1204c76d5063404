/* support/fuzz.h - what every fuzz target includes. A target checks properties with fuzz_assert, in every build. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Runs the parser under test on one input; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define fuzz_assert(condition)                                                      \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                \
        }                                                                           \
    } while (0)
