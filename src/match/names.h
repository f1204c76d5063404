/* match/names.h - a small filter of names, asked before anything else is done with one: the last two labels of each
 * indexed domain name, and the hosts of the URLs and e-mail addresses. Case-blind, so that names are hashed where
 * they stand. A yes means nothing yet; a no is final. */
#pragma once
#include <string.h>

#include "base/text.h"

/* What is asked about a name; each has keys of its own. */
enum name_role {
    NAME_TAIL = 0,                /* the last two labels of a domain name */
    NAME_URL_START = 0x51ed270b,  /* what lookup_url_start() gives */
    NAME_EMAIL_HOST = 0x2545f491, /* what stands behind the @ */
};

struct name_filter {
    uint64_t *words; /* NULL: empty */
    uint64_t mask;
};

#define NAME_LOWER UINT64_C(0x2020202020202020) /* of letters; other host name characters stay apart under it */

static inline uint64_t name_word(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v | NAME_LOWER;
}

/* Three to seven bytes, or fewer. */
static inline uint64_t name_short(const uint8_t *p, size_t len)
{
    uint32_t low = 0, high = 0;
    if (len >= 4) {
        memcpy(&low, p, 4);
        memcpy(&high, p + len - 4, 4);
    } else if (len > 0) {
        low = p[0];
        high = (uint32_t)p[len / 2] << 8 | p[len - 1];
    }
    return ((uint64_t)high << 32 | low) | NAME_LOWER;
}

static inline uint64_t name_mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t name_hash_begin(size_t len, enum name_role role)
{
    return UINT64_C(0x9E3779B97F4A7C15) ^ role ^ (uint64_t)len << 32;
}

/* Names of 8 + 8 * steps + 1 to 16 + 8 * steps bytes; without steps, those of 8 too. */
static inline uint64_t name_hash_steps(const uint8_t *p, size_t len, enum name_role role, size_t steps)
{
    uint64_t h = name_hash_begin(len, role);
    const uint8_t *last = p + len - 8;
    for (size_t i = 0; i < steps; i++, p += 8)
        h = name_mix(name_word(p) ^ UINT64_C(0xE7037ED1A0B428DB), h);
    return name_mix(name_word(p) ^ UINT64_C(0xA0761D6478BD642F), name_word(last) ^ h);
}

static inline uint64_t name_hash(const uint8_t *p, size_t len, enum name_role role)
{
    if (len < 8)
        return name_mix(name_short(p, len) ^ UINT64_C(0xA0761D6478BD642F), name_hash_begin(len, role));
    return name_hash_steps(p, len, role, len > 16 ? (len - 9) / 8 : 0);
}

/* Four bits of one word, as in match/table.h. */
static inline uint64_t name_bits(uint64_t hash)
{
    return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63) | UINT64_C(1) << (hash >> 12 & 63) |
           UINT64_C(1) << (hash >> 18 & 63);
}

static inline const uint64_t *name_word_of(const struct name_filter *f, uint64_t hash)
{
    return f->words + (hash >> 24 & f->mask);
}

static inline bool name_may_have(const struct name_filter *f, uint64_t hash)
{
    uint64_t bits = name_bits(hash);
    return f->words && (*name_word_of(f, hash) & bits) == bits;
}
