/* match/sieve_inside.h - what the files of the sieve share. sieve.c walks over the batch; names and addresses are
 * gathered (sieve_name.c, sieve_address.c, sieve_run.c for runs that are odd in some way) and looked up together, so
 * that the filters' cache misses overlap. */
#pragma once
#include "match/runs.h"
#include "match/sieve.h"

/* Hosts of URLs (":// " and a byte) and of e-mail addresses, or tails of runs */
#define SIEVE_NAMES_MAX     (MASKS_BYTES / 2)
#define SIEVE_ADDRESSES_MAX (MASKS_BYTES / 8 + 2) /* "1.1.1.1 ", and one that is none */

/* Hashes of match/names.h, and a place on the line. */
struct sieve_names {
    size_t count;
    uint64_t hashes[SIEVE_NAMES_MAX];
    uint16_t places[SIEVE_NAMES_MAX];
};

/* By how many steps their hashes take: up to 8 bytes, 16, 24, 32, and more. */
#define SIEVE_SIZES 5
struct sieve_sizes {
    size_t count[SIEVE_SIZES];
    uint32_t names[SIEVE_SIZES][SIEVE_NAMES_MAX]; /* end, and the length in the upper half */
};

/* Look-ups in exact tables: their filters are asked together, too. */
#define SIEVE_KEYS_MAX 64
struct sieve_key {
    const struct table *table;
    uint64_t hash;
    size_t place;
};

/* How to read an address whose parts have so many digits, two bits a part. */
#define SIEVE_SHAPES 256
struct sieve_shape {
    uint8_t from[16]; /* four bytes a part: where each digit is, the last one uppermost; 0x80: there is none */
    int32_t least;    /* a byte a part */
};

struct sieve {
    enum masks_way way;
    struct masks masks;
    struct runs runs;
    uint64_t places[MASKS_WORDS + 1];
    uint64_t words[MASKS_WORDS + 1]; /* letters, digits, underscores; made when plain tokens are looked for */
    const uint8_t *p;
    size_t len;
    bool any, wants_names, wants_emails, wants_words, wants_v4, wants_hashes;
    struct scanner *scanner;
    struct sieve_sizes sizes;
    struct sieve_names tails;     /* the last two labels of plain runs; place: the last byte */
    struct sieve_names odd_tails; /* of other runs; place: where it begins */
    struct sieve_names hosts;     /* of URLs and e-mail addresses: whole */
    size_t key_count;
    struct sieve_key keys[SIEVE_KEYS_MAX];
    struct sieve_shape shapes[SIEVE_SHAPES];
    size_t address_count;
    uint8_t addresses[SIEVE_ADDRESSES_MAX][4];
    uint16_t address_ends[SIEVE_ADDRESSES_MAX];
};

static inline void sieve_mark(struct sieve *v, size_t place)
{
    v->places[place / 64] |= UINT64_C(1) << (place % 64);
    v->any = true;
}

/* The tokeniser's functions are shown the batch as if it were one line: no value reaches over a newline. */
static inline struct reading sieve_reading(const struct sieve *v)
{
    return (struct reading){.p = v->p, .len = v->len};
}

/* Do the two bytes at `start` belong to %XX? What stands behind them is a run of its own once they are resolved. */
static inline bool sieve_behind_percent(const struct sieve *v, size_t start)
{
    return start > 0 && v->p[start - 1] == '%' && escape_percent_at(v->p, v->len, start - 1);
}

/* ---- sieve.c ---- */
/* Is the key perhaps in the table? Answered by a mark, when it is looked up with others. */
void sieve_add_key(struct sieve *v, const struct table *t, const void *key, size_t len, size_t place);

/* ---- sieve_name.c ---- */
void sieve_add_name(struct sieve *v, struct sieve_names *to, struct span name, enum name_role role, size_t place);
/* The plain names of v->runs, and the hosts of its URLs. */
void sieve_gather_names(struct sieve *v);
void sieve_look_up_names(struct sieve *v);
/* after: what stands behind ://, or :\/\/ */
void sieve_url(struct sieve *v, size_t place, size_t after);

/* ---- sieve_address.c ---- */
void sieve_shapes(struct sieve_shape shapes[SIEVE_SHAPES]);
void sieve_gather_addresses(struct sieve *v);
/* Digits and dots, three or four of these, and no dot at either end. */
void sieve_add_address(struct sieve *v, size_t start, uint64_t dots, size_t len);
void sieve_look_up_addresses(struct sieve *v);

/* ---- sieve_run.c ---- */
void sieve_run(struct sieve *v, size_t start, size_t end);
