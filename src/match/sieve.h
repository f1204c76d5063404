/* match/sieve.h - which lines of a block can hit at all: a quick pass that is never wrong when it says no. It finds
 * the places where the tokeniser would find something by masks instead of bytes, and asks a filter of each index.
 * scan_block() gives the few lines that are left to scan_line(). */
#pragma once
#include "match/masks.h"
#include "match/scanner.h"

#define SIEVE_BYTES MASKS_BYTES
#define SIEVE_SLACK MASKS_SLACK

struct sieve;

MUST_CHECK enum err sieve_new(struct sieve **ret);
void sieve_free(struct sieve *v); /* accepts NULL */
/* The processor's best unless said otherwise, as tests do: at most masks_best_way(). */
void sieve_set_way(struct sieve *v, enum masks_way way);

struct sieve_result {
    bool any;
    /* A bit for each byte, borrowed until the next call: where one is set, something in that line may hit. */
    const uint64_t *places;
    const uint64_t *newlines;
    size_t newline_count;
};

/* Whole lines, at most SIEVE_BYTES, SIEVE_SLACK bytes readable behind them. Asks the indexes s was started with. A
 * sticky error of s may be left. */
void sieve_lines(struct sieve *v, struct scanner *s, struct text lines, struct sieve_result *ret);
