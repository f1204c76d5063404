/* match/keys.h - everything on a line that an index could hold, as numbers: what the archive's search structure is
 * made of. Gathered by the tokeniser that scanning uses, so that it cannot differ from what a scan finds. */
#pragma once
#include "match/reading.h"
#include "match/table.h"

/* IPv4 addresses are kept as they are, so that networks of any length are ranges of them; everything else is hashed,
 * words apart from values: they are many, and read only by who looks for plain tokens. */
enum key_set { KEYS_V4, KEYS_HASHED, KEYS_WORDS, KEY_SETS };

/* What a hash is of. Numbers are part of the archive's format. */
enum key_role {
    KEY_NAME = 1, /* a domain name in lower case */
    KEY_DIGEST = 2,
    KEY_URL = 3,   /* in normal form */
    KEY_EMAIL = 4, /* in normal form */
    KEY_WORD = 5,  /* in lower case: what can be the anchor of a plain token (model/value_anchor.h) */
    KEY_V6 = 256,  /* and a prefix length, one of key_v6_lens; the masked address */
};

/* A network is looked for by the longest of these that is no longer than its own. */
static const uint8_t key_v6_lens[] = {128, 48, 32, 28, 24, 20, 16};
#define KEYS_V6_OLDEST 32 /* version 1 of the archive has those from here on */

/* Shorter words stand in every block, and digits alone are no names. */
#define KEYS_WORD_MIN 5
#define KEYS_WORD_MAX 512 /* LOOKUP_WORD_MAX */

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

/* Bits of a set's numbers, and how sure its hashes are to be (match/blockset.h); 0: they are no hashes. */
static inline unsigned key_set_bits(enum key_set set)
{
    return set == KEYS_V4 ? 32 : KEY_BITS;
}
unsigned key_set_sure(enum key_set set);

/* The word in lower case, where it has a key. */
bool key_word(const uint8_t *word, size_t len, uint8_t lower[KEYS_WORD_MAX]);

/* Values come again soon, mostly: what was added a moment ago is not added once more. */
#define KEYS_RECENT 1024

struct keys {
    uint64_t *items[KEY_SETS]; /* owned; with repetitions */
    size_t count[KEY_SETS], cap[KEY_SETS];
    uint64_t recent[KEY_SETS][KEYS_RECENT]; /* by their lowest bits; one more than a key, 0: none */
    struct keys_word {
        uint64_t start, end; /* of at most 16 bytes: all of them */
        size_t len;
    } words[KEYS_RECENT]; /* as they stand */
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
/* A run of letters, digits and underscores of at least KEYS_WORD_MIN bytes was added a moment ago; else it is noted
 * to be. */
bool keys_know_word(struct keys *k, const uint8_t *word, size_t len);
/* Such a run, of any length. */
void keys_add_word(struct scanner *s, const uint8_t *word, size_t len);
