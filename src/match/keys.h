/* match/keys.h - everything on a line that an index could hold, as numbers: what the archive's search structure is
 * made of. Gathered by the tokeniser that scanning uses, so that it cannot differ from what a scan finds. */
#pragma once
#include "match/reading.h"
#include "match/table.h"

/* IPv4 addresses are kept as they are, so that networks of any length are ranges of them; everything else is hashed.
 */
enum key_set { KEYS_V4, KEYS_HASHED, KEY_SETS };

/* What a hash is of. Numbers are part of the archive's format. */
enum key_role {
    KEY_NAME = 1, /* a domain name in lower case */
    KEY_DIGEST = 2,
    KEY_URL = 3,   /* in normal form */
    KEY_EMAIL = 4, /* in normal form */
    KEY_V6 = 256,  /* and a prefix length: 128, KEYS_V6_NARROW or KEYS_V6_WIDE; the masked address */
};
#define KEYS_V6_NARROW 48
#define KEYS_V6_WIDE   32

/* Each of at most KEY_BITS bits: beside it there is room for the number of a block. */
#define KEY_BITS 58

static inline uint64_t key_hash(unsigned role, const void *bytes, size_t len)
{
    return XXH3_64bits_withSeed(bytes, len, role) >> (64 - KEY_BITS);
}

static inline uint64_t key_v4(const uint8_t a[4])
{
    return (uint64_t)a[0] << 24 | (uint64_t)a[1] << 16 | (uint64_t)a[2] << 8 | a[3];
}

uint64_t key_v6(const struct ipaddr *a, unsigned len);

/* Values come again soon, mostly: what was added a moment ago is not added once more. */
#define KEYS_RECENT 1024

struct keys {
    uint64_t *items[KEY_SETS]; /* owned; with repetitions */
    size_t count[KEY_SETS], cap[KEY_SETS];
    uint64_t recent[KEY_SETS][KEYS_RECENT]; /* by their lowest bits; one more than a key, 0: none */
};
void keys_done(struct keys *k);
void keys_clear(struct keys *k); /* keeps the memory */

/* Adds those of one line (no newline in it). ERR_NOMEM */
MUST_CHECK enum err scan_keys(struct scanner *s, struct text line, struct keys *to);
/* The same of many lines, with their ends (keys_block.c). */
MUST_CHECK enum err scan_keys_block(struct scanner *s, struct text lines, struct keys *to);

/* ---- what the scanner found, instead of looking it up (scan.c) ---- */
void keys_add_name(struct scanner *s, const struct name_found *name, const uint8_t *lower);
void keys_add_address(struct scanner *s, const struct ipaddr *a);
void keys_add_hashed(struct scanner *s, unsigned role, const void *bytes, size_t len);
