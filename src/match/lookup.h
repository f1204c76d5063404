/* match/lookup.h - the index's inside, for the scanner: keys as bytes, no text in between.
 *
 *  domain, url, email  the normal form
 *  ipv4, ipv6          4 or 16 bytes, network order
 *  cidr                one byte prefix length, then the masked address (4 or 16 bytes)
 *  hashes              the digest's bytes
 *  what is behind them        the normal form */
#pragma once
#include "match/names.h"
#include "match/needles.h"
#include "match/table.h"

#define V4_MAP_BYTES (MIB * 2) /* a bit for each /24 that holds an address or touches a network */

struct index {
    int users; /* atomic */
    size_t pairs;
    uint64_t seed;
    struct table tables[VALUE_KINDS];
    struct table url_starts;      /* what stands behind "://" in the URLs (lookup_url_start), without refs */
    struct table words;           /* anchors of the plain tokens; a ref says how one lies around it */
    uint64_t word_lens;           /* of anchors: bit n for n bytes, bit 63 for more */
    uint64_t *word_pairs;         /* a bit for the first two bytes of each anchor; NULL when there are none */
    struct name_filter names;     /* for the sieve */
    uint64_t *v4_map;             /* NULL when there is no IPv4 address or network */
    uint64_t v4_lens, v6_lens[3]; /* a bit for each prefix length in use */
    size_t url_bytes_max;
    size_t domain_labels_max; /* of the longest name */
    struct needles needles;   /* of an index in memory */
};

/* An upper bound first: false means that no address or network of the index matches a. */
static inline bool lookup_v4_possible(const struct index *i, const uint8_t a[4])
{
    uint32_t net = (uint32_t)a[0] << 16 | (uint32_t)a[1] << 8 | a[2];
    return i->v4_map && (i->v4_map[net >> 6] >> (net & 63) & 1);
}

static inline void lookup_v4_prefetch(const struct index *i, const uint8_t a[4])
{
    if (i->v4_map)
        __builtin_prefetch(i->v4_map + ((uint32_t)a[0] << 10 | (uint32_t)a[1] << 2 | a[2] >> 6));
}

struct index_refs lookup_bytes(const struct index *i, enum value_kind kind, const void *key, size_t len);
/* The key of the network of exactly that length that holds a: its length. */
size_t lookup_network_key(const struct ipaddr *a, unsigned len, uint8_t ret[17]);
/* Refs of the network of exactly that length that holds a. */
struct index_refs lookup_network(const struct index *i, const struct ipaddr *a, unsigned len);
/* True when some network of this length and family is in the index. */
static inline bool lookup_has_len(const struct index *i, unsigned bits, unsigned len)
{
    return bits == 32 ? i->v4_lens >> len & 1 : i->v6_lens[len / 64] >> (len % 64) & 1;
}

/* ---- plain tokens: AS numbers, JA4, names of mutexes and of files (model/value_anchor.h) ---- */

#define WORD_PAIRS_BYTES (KIB * 8)
#define LOOKUP_WORD_MAX  512 /* no anchor is longer */

/* How a value lies around its anchor: so many bytes before it, so long in all. */
static inline size_t lookup_shape_before(uint32_t shape)
{
    return shape & 0xFFFF;
}
static inline size_t lookup_shape_len(uint32_t shape)
{
    return shape >> 16;
}
static inline bool lookup_word_possible(const struct index *i, const uint8_t *word, size_t len)
{
    if (!i->word_pairs || len < 2 || !(i->word_lens >> (len < 63 ? len : 63) & 1))
        return false;
    uint32_t pair = (uint32_t)(word[0] | 0x20) << 8 | (word[1] | 0x20);
    return i->word_pairs[pair >> 6] >> (pair & 63) & 1;
}
/* Makes words, word_lens and word_pairs out of the tables (index_words.c); freed by index_words_done(), on failure
 * too. ERR_NOMEM | ERR_LIMIT */
MUST_CHECK enum err index_words(struct index *i);
void index_words_done(struct index *i);
/* The shapes of all values with this anchor, a run of letters, digits and underscores of any case. */
struct index_refs lookup_word(const struct index *i, const uint8_t *word, size_t len);

/* What stands behind "://" of a URL up to the first byte that is not of a host name, in lower case: the scanner looks
 * it up before it takes a URL apart. A literal in brackets gives "[". At most LOOKUP_URL_START_MAX bytes. */
#define LOOKUP_URL_START_MAX 255
size_t lookup_url_start(const uint8_t *after, size_t len, uint8_t out[LOOKUP_URL_START_MAX]);
bool lookup_url_possible(const struct index *i, const uint8_t *start, size_t len);
