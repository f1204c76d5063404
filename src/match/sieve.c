/* match/sieve.c - the quick pass.
 *
 * Never a miss: for everything that scan_line() could report, a place on its line is marked. That is so because each
 * hit needs one of these, and each is looked for:
 *  - a dotted run of digits with an address of the index in it             (sieve_address.c)
 *  - a dotted run with letters whose last two labels some name ends with,
 *    or that is the host of an e-mail address or a URL                     (sieve_name.c)
 *  - hex digits in a run of exactly 32, 40, 64 or 128                      (hash_places)
 *  - two colons together or three close by                                 (colon_places)
 *  - a run of letters, digits and underscores that is the anchor of a plain token (word_places)
 *  - an escape that joins or begins something                            (odd_places);
 *    \/ does so only within ":\/\/", and behind a %XX that separates the run begins two bytes on
 * What is odd in any way (letters outside ASCII in a name, two dots, very long runs) is marked without looking
 * closer.
 *
 * Names and addresses are gathered first and looked up together, so that the filter's cache misses overlap. */
#include "match/sieve_inside.h"

#include <stdlib.h>

enum err sieve_new(struct sieve **ret)
{
    struct sieve *v = malloc(sizeof *v);
    if (!v)
        return ERR_NOMEM;
    v->way = masks_best_way();
    v->sizes = (struct sieve_sizes){0};
    sieve_shapes(v->shapes);
    *ret = v;
    return OK;
}

void sieve_free(struct sieve *v)
{
    free(v);
}

void sieve_set_way(struct sieve *v, enum masks_way way)
{
    v->way = way;
}

static unsigned lowest(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits);
}

/* ---- runs that are odd ---- */

static void odd_runs(struct sieve *v)
{
    for (size_t i = 0; i < v->runs.other_count; i++) {
        size_t end = v->runs.others[i], start = mask_run_start(v->masks.run, end);
        sieve_run(v, start, end);
        if (sieve_behind_percent(v, start) && start + 2 < end)
            sieve_run(v, start + 2, end);
    }
}

/* ---- keys of exact tables ---- */

static void look_up_keys(struct sieve *v)
{
    for (size_t i = 0; i < v->key_count; i++)
        if (table_may_have(v->keys[i].table, v->keys[i].hash))
            sieve_mark(v, v->keys[i].place);
    v->key_count = 0;
}

void sieve_add_key(struct sieve *v, const struct table *t, const void *key, size_t len, size_t place)
{
    if (!t->filter)
        return;
    uint64_t hash = table_hash(t, key, len);
    __builtin_prefetch(&t->filter[hash >> 24 & t->filter_mask]);
    v->keys[v->key_count++] = (struct sieve_key){t, hash, place};
    if (v->key_count == SIEVE_KEYS_MAX)
        look_up_keys(v);
}

/* ---- hashes ---- */

static void hash_place(struct sieve *v, size_t start, size_t end)
{
    uint8_t digest[64], lower[32];
    size_t len = end - start;
    if (len != 32 && len != 40 && len != 64 && len != 128)
        return;
    enum value_kind kind = len == 32 ? VALUE_MD5 : len == 40 ? VALUE_SHA1 : len == 64 ? VALUE_SHA256 : VALUE_SHA512;
    for (size_t i = 0; i < len / 2; i++)
        digest[i] = (uint8_t)(char_hex(v->p[start + 2 * i]) << 4 | char_hex(v->p[start + 2 * i + 1]));
    for (size_t i = 0; i < sizeof lower; i++)
        lower[i] = char_lower(v->p[start + i]);
    for (size_t k = 0; k < v->scanner->index_count; k++) {
        sieve_add_key(v, &v->scanner->indexes[k]->tables[kind], digest, len / 2, start);
        if (kind == VALUE_MD5)
            sieve_add_key(v, &v->scanner->indexes[k]->tables[VALUE_JA3], lower, sizeof lower, start);
    }
}

/* The uppermost bits of the quarters that are all ones (and perhaps of ones above such a quarter): a run of 32 has
 * one of them in it wherever it begins. */
static uint64_t whole_quarters(uint64_t mask)
{
    uint64_t zeros = ~mask;
    return (zeros - UINT64_C(0x0001000100010001)) & mask & UINT64_C(0x8000800080008000);
}

static void hash_places(struct sieve *v)
{
    size_t done = 0;
    for (size_t w = 0; w < v->masks.words; w++)
        for (uint64_t tops = whole_quarters(v->masks.hex[w]); tops; tops &= tops - 1) {
            size_t place = w * 64 + lowest(tops);
            if (place < done)
                continue;
            size_t start = mask_run_start(v->masks.hex, place), end = mask_run_end(v->masks.hex, place);
            hash_place(v, start, end);
            if (sieve_behind_percent(v, start))
                hash_place(v, start + 2, end);
            done = end;
        }
}

/* ---- plain tokens ---- */

static void word_place(struct sieve *v, size_t start, size_t end)
{
    for (size_t k = 0; k < v->scanner->index_count; k++)
        if (lookup_word(v->scanner->indexes[k], v->p + start, end - start).count) {
            sieve_mark(v, start);
            return;
        }
}

static void word_places(struct sieve *v)
{
    const struct masks *m = &v->masks;
    uint64_t carry = 0;
    for (size_t w = 0; w <= m->words; w++)
        v->words[w] = m->letter[w] | m->hex[w];
    for (size_t w = 0; w < m->words; w++) {
        uint64_t starts = v->words[w] & ~(v->words[w] << 1 | carry);
        carry = v->words[w] >> 63;
        for (; starts; starts &= starts - 1) {
            size_t start = w * 64 + lowest(starts), end = mask_run_end(v->words, start);
            word_place(v, start, end);
            if (sieve_behind_percent(v, start) && start + 2 < end)
                word_place(v, start + 2, end);
        }
    }
}

/* ---- colons ---- */

static void add_networks(struct sieve *v, const struct index *index, const struct ipaddr *a, size_t place)
{
    const uint64_t *lens = a->bits == 32 ? &index->v4_lens : index->v6_lens;
    for (unsigned w = 0; w <= a->bits / 64; w++)
        for (uint64_t bits = lens[w]; bits; bits &= bits - 1) {
            uint8_t key[17];
            size_t len = lookup_network_key(a, w * 64 + lowest(bits), key);
            sieve_add_key(v, &index->tables[VALUE_CIDR], key, len, place);
        }
}

/* What the tokeniser found: the address, and each network that it may lie in. */
static void address6(void *self, const struct ipaddr *a, size_t place)
{
    struct sieve *v = self;
    for (size_t k = 0; k < v->scanner->index_count; k++) {
        const struct index *index = v->scanner->indexes[k];
        sieve_add_key(v, &index->tables[a->bits == 32 ? VALUE_IPV4 : VALUE_IPV6], a->b, a->bits / 8, place);
        add_networks(v, index, a, place);
    }
}

static void address6_place(struct sieve *v, size_t colon, size_t *done)
{
    size_t word = mask_run_start(v->masks.run, colon);
    if (sieve_behind_percent(v, word)) /* %5B2001:..., %20addr:2001:... */
        sieve_mark(v, colon);
    struct reading r = sieve_reading(v);
    r.authority_end = SIZE_MAX; /* also as a network: in a URL with escaped slashes it is none */
    v->scanner->on_address = address6;
    v->scanner->on_address_self = v;
    token_ipv6(v->scanner, &r, colon);
    v->scanner->on_address = NULL;
    *done = r.ipv6_seen;
}

static void colon_places(struct sieve *v)
{
    size_t done = 0;
    for (size_t w = 0; w < v->masks.words; w++)
        for (uint64_t bits = v->runs.groups[w]; bits; bits &= bits - 1)
            if (w * 64 + lowest(bits) >= done)
                address6_place(v, w * 64 + lowest(bits), &done);
}

/* ---- escapes ---- */

/* ":\/\/" and ":/\/", the backslash at `at` */
static void escaped_url_place(struct sieve *v, size_t at)
{
    const uint8_t *p = v->p;
    size_t i = at;
    if (i > 1 && p[i - 1] == '/')
        i--;
    if (i == 0 || p[i - 1] != ':')
        return;
    for (int slashes = 0; slashes < 2; slashes++) {
        i += p[i] == '\\';
        if (p[i++] != '/')
            return;
    }
    sieve_url(v, at, i);
}

/* Returns the next place to look at. */
static size_t backslash_place(struct sieve *v, size_t at)
{
    const uint8_t *p = v->p;
    switch (p[at + 1]) {
    case '/': escaped_url_place(v, at); return at + 2;
    case '\\': /* a single one once it is resolved; does that begin an escape in turn? */
        if (p[at + 2] && strchr("\\/bfnrtux", p[at + 2]))
            sieve_mark(v, at);
        return at + 2;
    default:
        if (escape_backslash_at(p, v->len, at))
            sieve_mark(v, at);
        return at + 1;
    }
}

/* The first or second slash of "://", the colon as it is. */
static bool is_behind_scheme(const struct sieve *v, size_t at)
{
    if (at > 1 && v->p[at - 1] == '/')
        at--;
    return at > 0 && v->p[at - 1] == ':';
}

/* Most %XX are blanks and punctuation that only separate. Others join what stands on both sides, or begin something.
 */
static bool percent_joins(const struct sieve *v, size_t at)
{
    if (!escape_percent_at(v->p, v->len, at))
        return false;
    unsigned c = char_hex(v->p[at + 1]) << 4 | char_hex(v->p[at + 2]);
    return char_is((uint8_t)c, CHAR_RUN | CHAR_SIGN) || (c == '/' && is_behind_scheme(v, at));
}

static void odd_places(struct sieve *v)
{
    size_t done = 0;
    for (size_t w = 0; w < v->masks.words; w++)
        for (uint64_t bits = v->masks.odd[w]; bits; bits &= bits - 1) {
            size_t at = w * 64 + lowest(bits);
            if (at < done)
                continue;
            if (v->p[at] == '\\')
                done = backslash_place(v, at);
            else if (v->p[at] == '%' ? percent_joins(v, at) : escape_octal_at(v->p, v->len, at))
                sieve_mark(v, at);
        }
}

static void start(struct sieve *v, struct scanner *s, struct text lines)
{
    masks_make_by(&v->masks, (const uint8_t *)lines.ptr, lines.len, v->way);
    memset(v->places, 0, (v->masks.words + 1) * sizeof *v->places);
    v->p = (const uint8_t *)lines.ptr;
    v->len = lines.len;
    v->scanner = s;
    v->any = v->wants_v4 = v->wants_names = v->wants_hashes = false;
    v->tails.count = v->odd_tails.count = v->hosts.count = v->address_count = v->key_count = 0;
    v->wants_emails = scan_wants_emails(s);
    v->wants_words = scan_wants_words(s);
    for (size_t k = 0; k < s->index_count; k++) {
        v->wants_v4 |= s->indexes[k]->v4_map != NULL;
        v->wants_names |= s->indexes[k]->names.words != NULL;
        for (int kind = VALUE_MD5; kind <= VALUE_SHA512; kind++)
            v->wants_hashes |= s->indexes[k]->tables[kind].filter != NULL;
        v->wants_hashes |= s->indexes[k]->tables[VALUE_JA3].filter != NULL;
    }
}

void sieve_lines(struct sieve *v, struct scanner *s, struct text lines, struct sieve_result *ret)
{
    start(v, s, lines);
    runs_find_by(&v->runs, &v->masks, v->way);
    sieve_gather_names(v);
    sieve_gather_addresses(v);
    odd_runs(v);
    if (v->wants_hashes)
        hash_places(v);
    if (v->wants_words)
        word_places(v);
    colon_places(v);
    odd_places(v);
    sieve_look_up_names(v);
    sieve_look_up_addresses(v);
    look_up_keys(v);
    *ret = (struct sieve_result){
        .any = v->any, .places = v->places, .newlines = v->masks.newline, .newline_count = v->masks.newlines};
}
