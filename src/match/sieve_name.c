/* match/sieve_name.c - names: gathered by size, so that hashing one takes no branch, and looked up together. */
#include "match/sieve_inside.h"
#include "match/ways.h"

/* Asks for the words that will be looked at: from, and on. */
static inline void prefetch(const struct sieve *v, const struct sieve_names *names, size_t from)
{
    for (size_t k = 0; k < v->scanner->index_count; k++) {
        const struct name_filter f = v->scanner->indexes[k]->names;
        for (size_t i = from; f.words && i < names->count; i++)
            __builtin_prefetch(name_word_of(&f, names->hashes[i]));
    }
}

void sieve_add_name(struct sieve *v, struct sieve_names *to, struct span name, enum name_role role, size_t place)
{
    if (!v->wants_names)
        return;
    to->hashes[to->count] = name_hash(v->p + name.start, name.end - name.start, role);
    to->places[to->count++] = (uint16_t)place;
    prefetch(v, to, to->count - 1);
}

/* ---- by size ---- */

WAYS_INLINE void add_size(struct sieve_sizes *s, size_t end, size_t len)
{
    size_t size = (len - 1) / 8 < SIEVE_SIZES - 1 ? (len - 1) / 8 : SIEVE_SIZES - 1;
    s->names[size][s->count[size]++] = (uint32_t)(end | len << 16);
}

WAYS_INLINE void hash_size(struct sieve *v, size_t size, struct sieve_names *to, enum name_role role)
{
    const uint32_t *restrict names = v->sizes.names[size];
    uint64_t *restrict hashes = to->hashes + to->count;
    uint16_t *restrict places = to->places + to->count;
    const uint8_t *p = v->p;
    size_t count = v->sizes.count[size];
    for (size_t i = 0; i < count; i++) {
        size_t end = names[i] & 0xFFFF, len = names[i] >> 16;
        bool any_len = size == 0 || size == SIEVE_SIZES - 1;
        hashes[i] =
            any_len ? name_hash(p + end - len, len, role) : name_hash_steps(p + end - len, len, role, size - 1);
        places[i] = (uint16_t)(end - 1);
    }
    to->count += count;
    v->sizes.count[size] = 0;
}

WAYS_INLINE void hash_sizes(struct sieve *v, struct sieve_names *to, enum name_role role)
{
    size_t from = to->count;
    hash_size(v, 0, to, role);
    hash_size(v, 1, to, role);
    hash_size(v, 2, to, role);
    hash_size(v, 3, to, role);
    hash_size(v, 4, to, role);
    prefetch(v, to, from);
}

/* ---- plain names ---- */

/* The last two labels; of a run of 64 bytes and more the whole is looked at. */
WAYS_INLINE void gather_tails(struct sieve *v)
{
    for (size_t i = 0; i < v->runs.name_count; i++) {
        size_t end = v->runs.names[i];
        uint64_t outside = ~mask_before(v->masks.run, end);
        if (__builtin_expect(!outside, 0)) {
            sieve_run(v, mask_run_start(v->masks.run, end), end);
            continue;
        }
        /* The uppermost bit is the last dot, the next one the dot before, or what stands before the run. */
        uint64_t breaks = mask_before(v->masks.dot, end) | outside;
        breaks &= INT64_MAX >> __builtin_clzll(breaks);
        add_size(&v->sizes, end, (size_t)__builtin_clzll(breaks));
    }
}

WAYS_INLINE void gather_email_hosts(struct sieve *v)
{
    for (size_t i = 0; i < v->runs.name_count; i++) {
        size_t end = v->runs.names[i];
        uint64_t outside = ~mask_before(v->masks.run, end);
        size_t len = outside ? (size_t)__builtin_clzll(outside) : 64;
        if (len < 64 && len < end && v->p[end - len - 1] == '@')
            add_size(&v->sizes, end, len);
    }
}

/* A URL's host is mostly one run of plain characters. */
WAYS_INLINE void gather_url_host(struct sieve *v, size_t colon)
{
    size_t start = colon + 3;
    if (start >= v->len)
        return;
    uint64_t outside = ~mask_bits(v->masks.run, start);
    size_t len = outside ? (size_t)__builtin_ctzll(outside) : 0;
    if (len == 0 || mask_bits(v->masks.high, start) & UINT64_MAX >> (64 - len)) {
        sieve_url(v, colon, start);
        return;
    }
    while (len > 0 && char_is(v->p[start + len - 1], CHAR_DOT | CHAR_DASH))
        len--;
    if (len > 0)
        add_size(&v->sizes, start + len, len);
    else
        sieve_url(v, colon, start);
}

WAYS_INLINE void gather_url_hosts(struct sieve *v)
{
    for (size_t w = 0; w < v->masks.words; w++)
        for (uint64_t bits = v->runs.urls[w]; bits; bits &= bits - 1)
            gather_url_host(v, w * 64 + (size_t)__builtin_ctzll(bits));
}

WAYS_INLINE void gather(struct sieve *v)
{
    gather_tails(v);
    hash_sizes(v, &v->tails, NAME_TAIL);
    gather_url_hosts(v);
    hash_sizes(v, &v->hosts, NAME_URL_START);
    if (!v->wants_emails)
        return;
    gather_email_hosts(v);
    hash_sizes(v, &v->hosts, NAME_EMAIL_HOST);
}

static void gather_table(struct sieve *v)
{
    gather(v);
}

WAY_32 static void gather_32(struct sieve *v)
{
    gather(v);
}

void sieve_gather_names(struct sieve *v)
{
    if (v->wants_names)
        (v->way == MASKS_BY_TABLE ? gather_table : gather_32)(v);
}

void sieve_url(struct sieve *v, size_t place, size_t after)
{
    if (after < v->len && scan_wants_url(v->scanner, v->p + after, v->len - after))
        sieve_mark(v, place);
}

/* ---- looking up ---- */

/* Is the run's name, or a parent, indexed? As the tokeniser has it, for runs that are odd. */
static bool has_odd_name(struct sieve *v, size_t start)
{
    struct reading r = sieve_reading(v);
    struct name_found name;
    v->scanner->count = 0;
    if (token_name(&r, (struct span){start, mask_run_end(v->masks.run, start)}, &name))
        scan_found_name(v->scanner, &r, &name);
    return v->scanner->count > 0;
}

/* The same for a plain run of less than 64 bytes, where every dot is between two labels. */
static void ask_name(struct sieve *v, const struct index *index, size_t end)
{
    uint64_t outside = ~mask_before(v->masks.run, end);
    size_t len = (size_t)__builtin_clzll(outside), at = 0;
    uint64_t dots = mask_before(v->masks.dot, end) >> (64 - len);
    uint8_t lower[64];
    for (size_t i = 0; i < sizeof lower; i++)
        lower[i] = char_lower(v->p[end - len + i]);
    for (size_t labels = mask_count(dots) + 1; labels >= 2; labels--, dots &= dots - 1) {
        if (labels <= index->domain_labels_max)
            sieve_add_key(v, &index->tables[VALUE_DOMAIN], lower + at, len - at, end - 1);
        at = (size_t)__builtin_ctzll(dots) + 1;
    }
}

/* Those that the filter does not know for sure to be absent, to the front. How many they are. */
static size_t keep_possible(const struct name_filter *f, const struct sieve_names *names, uint16_t *ret)
{
    size_t kept = 0;
    for (size_t i = 0; i < names->count; i++) {
        ret[kept] = names->places[i];
        kept += name_may_have(f, names->hashes[i]);
    }
    return kept;
}

static void look_up_in(struct sieve *v, const struct index *index)
{
    uint16_t places[SIEVE_NAMES_MAX];
    size_t count = keep_possible(&index->names, &v->tails, places);
    for (size_t i = 0; i < count; i++)
        ask_name(v, index, places[i] + 1u);
    count = keep_possible(&index->names, &v->odd_tails, places);
    for (size_t i = 0; i < count; i++)
        if (has_odd_name(v, places[i]))
            sieve_mark(v, places[i]);
    count = keep_possible(&index->names, &v->hosts, places);
    for (size_t i = 0; i < count; i++)
        sieve_mark(v, places[i]);
}

void sieve_look_up_names(struct sieve *v)
{
    for (size_t k = 0; k < v->scanner->index_count; k++)
        if (v->scanner->indexes[k]->names.words)
            look_up_in(v, v->scanner->indexes[k]);
}
