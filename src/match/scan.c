/* match/scan.c - from what the tokeniser found on a line to the hits, and to what can be owned. */
#include "match/scan.h"

#include <stdlib.h>

#include "match/keys.h"
#include "match/scanner.h"
#include "match/sieve.h"
#include "match/url_path.h"

#define NAMES_MAX_BYTES (64 * MIB) /* of names that do not stand on the line as they are read */

enum err scanner_new(struct scanner **ret)
{
    struct scanner *s = calloc(1, sizeof *s);
    if (!s || sieve_new(&s->sieve)) {
        free(s);
        return ERR_NOMEM;
    }
    buffer_init(&s->normal, VALUE_MAX_BYTES + 16);
    arena_init(&s->names, NAMES_MAX_BYTES);
    *ret = s;
    return OK;
}

void scanner_free(struct scanner *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < ARRAY_LEN(s->levels); i++) {
        free(s->levels[i].bytes);
        free(s->levels[i].map);
    }
    free(s->found);
    free(s->hits);
    free(s->seen);
    sieve_free(s->sieve);
    buffer_done(&s->normal);
    arena_done(&s->names);
    free(s);
}

const char *const url_level_names[URL_LEVELS] = {"exact", "without-query", "prefix"};

void scanner_set_urls(struct scanner *s, enum url_level level)
{
    s->urls = level;
}

uint8_t *scan_take_bytes(struct scanner *s, unsigned depth, size_t len, size_t **ret_map)
{
    struct level *l = &s->levels[depth];
    if (l->cap < len) {
        free(l->bytes);
        free(l->map);
        l->cap = 0;
        size_t cap = len < 512 ? 512 : len;
        l->bytes = malloc(cap);
        l->map = malloc((cap + 1) * sizeof *l->map);
        if (!l->bytes || !l->map) {
            s->err = ERR_NOMEM;
            return NULL;
        }
        l->cap = cap;
    }
    *ret_map = l->map;
    return l->bytes;
}

/* ---- hits ---- */

/* hits grows along, so that finishing a line cannot fail. */
static bool hits_room(struct scanner *s)
{
    if (s->count < s->cap)
        return true;
    size_t cap = s->cap ? s->cap * 2 : 32;
    void *found = realloc(s->found, cap * sizeof *s->found);
    if (found)
        s->found = found;
    void *hits = found ? realloc(s->hits, cap * sizeof *s->hits) : NULL;
    if (!hits) {
        s->err = ERR_NOMEM;
        return false;
    }
    s->hits = hits;
    s->cap = cap;
    return true;
}

static void add_hits_at(struct scanner *s, enum value_kind kind, struct index_refs refs, const struct reading *r,
                        struct span at, enum url_level level)
{
    size_t start = reading_where(r, at.start), end = reading_where(r, at.end);
    for (size_t i = 0; i < refs.count && hits_room(s); i++) {
        struct scan_hit hit = {kind, refs.refs[i], start, end - start, level};
        s->found[s->count] = (struct found){hit, (uint32_t)s->count};
        s->count++;
    }
}

static void add_hits(struct scanner *s, enum value_kind kind, struct index_refs refs, const struct reading *r,
                     struct span at)
{
    add_hits_at(s, kind, refs, r, at, URL_EXACT);
}

static int by_ref(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->hit.ref != y->hit.ref)
        return x->hit.ref < y->hit.ref ? -1 : 1;
    if (x->hit.level != y->hit.level)
        return x->hit.level < y->hit.level ? -1 : 1;
    if (x->hit.start != y->hit.start)
        return x->hit.start < y->hit.start ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_place(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->hit.start != y->hit.start)
        return x->hit.start < y->hit.start ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* One hit for each ref, where it first stands. */
static void finish_hits(struct scanner *s)
{
    if (s->count > 1) {
        size_t kept = 0;
        qsort(s->found, s->count, sizeof *s->found, by_ref);
        for (size_t i = 0; i < s->count; i++)
            if (i == 0 || s->found[i].hit.ref != s->found[kept - 1].hit.ref)
                s->found[kept++] = s->found[i];
        s->count = kept;
        qsort(s->found, s->count, sizeof *s->found, by_place);
    }
    for (size_t i = 0; i < s->count; i++)
        s->hits[i] = s->found[i].hit;
}

/* ---- what can be owned ---- */

static struct scan_seen *add_seen(struct scanner *s, const struct reading *r, struct span at)
{
    if (s->seen_count == s->seen_cap) {
        size_t cap = s->seen_cap ? s->seen_cap * 2 : 32;
        void *seen = realloc(s->seen, cap * sizeof *s->seen);
        if (!seen) {
            s->err = ERR_NOMEM;
            return NULL;
        }
        s->seen = seen;
        s->seen_cap = cap;
    }
    struct scan_seen *seen = &s->seen[s->seen_count++];
    *seen = (struct scan_seen){.start = reading_where(r, at.start)};
    seen->len = reading_where(r, at.end) - seen->start;
    return seen;
}

static void add_seen_name(struct scanner *s, const struct reading *r, struct span at)
{
    struct scan_seen *seen = add_seen(s, r, at);
    if (!seen)
        return;
    seen->name = (struct text){(const char *)r->p + at.start, at.end - at.start};
    if (r->map)
        seen->name = arena_text(&s->names, seen->name); /* the reading's memory is used again */
    if (!seen->name.ptr) {
        s->seen_count--;
        s->err = ERR_NOMEM;
    }
}

static int by_appearance(const void *a, const void *b)
{
    const struct scan_seen *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->len != y->len)
        return x->len > y->len ? -1 : 1;
    if (x->is_address != y->is_address)
        return x->is_address ? -1 : 1;
    return x->is_address ? ipaddr_cmp(&x->addr, &y->addr) : text_cmp(x->name, y->name);
}

/* The readings of a line find most things again: once is enough. */
static void finish_seen(struct scanner *s)
{
    size_t kept = 0;
    if (s->seen_count > 1)
        qsort(s->seen, s->seen_count, sizeof *s->seen, by_appearance);
    for (size_t i = 0; i < s->seen_count; i++)
        if (i == 0 || by_appearance(&s->seen[i], &s->seen[kept - 1]) != 0)
            s->seen[kept++] = s->seen[i];
    s->seen_count = kept;
}

/* ---- what the tokeniser reports ---- */

/* Of "%2Fwww.evil.example" the name logged is www.evil.example, though 2Fwww... is looked up too. */
static struct span logged_name(const struct reading *r, const struct name_found *name)
{
    struct span at = name->at;
    if (escape_before(r, at.start) && r->p[at.start + 2] != '.')
        at.start += 2;
    return at;
}

static void look_up_name(struct scanner *s, const struct index *i, const struct reading *r, const uint8_t *lower,
                         const struct name_found *name)
{
    size_t most = i->domain_labels_max, dots = name->dot_count;
    size_t begin = name->at.start, len = name->at.end - begin;
    struct span logged = logged_name(r, name);
    if (name->whole && dots + 1 <= most)
        add_hits(s, VALUE_DOMAIN, lookup_bytes(i, VALUE_DOMAIN, lower, len), r, name->at);
    for (size_t d = dots > most ? dots - most : 0; d + 1 < dots; d++) {
        size_t skip = name->dots[d] + 1 - begin;
        add_hits(s, VALUE_DOMAIN, lookup_bytes(i, VALUE_DOMAIN, lower + skip, len - skip), r, logged);
    }
}

void scan_found_name(struct scanner *s, const struct reading *r, const struct name_found *name)
{
    uint8_t lower[1024];
    size_t len = name->at.end - name->at.start;
    if (s->owners) {
        add_seen_name(s, r, logged_name(r, name));
        return;
    }
    if (len > sizeof lower)
        return;
    for (size_t i = 0; i < len; i++)
        lower[i] = char_lower(r->p[name->at.start + i]);
    if (s->keys)
        keys_add_name(s, name, lower);
    for (size_t i = 0; i < s->index_count; i++)
        look_up_name(s, s->indexes[i], r, lower, name);
}

static void look_up_address(struct scanner *s, const struct index *i, const struct reading *r, const struct ipaddr *a,
                            struct span at)
{
    enum value_kind kind = a->bits == 32 ? VALUE_IPV4 : VALUE_IPV6;
    if (a->bits == 32 && !lookup_v4_possible(i, a->b))
        return;
    add_hits(s, kind, lookup_bytes(i, kind, a->b, a->bits / 8), r, at);
    for (unsigned len = a->bits + 1u; len-- > 0;)
        if (lookup_has_len(i, a->bits, len))
            add_hits(s, VALUE_CIDR, lookup_network(i, a, len), r, at);
}

void scan_found_address(struct scanner *s, const struct reading *r, const struct ipaddr *a, struct span at)
{
    if (s->on_address) {
        s->on_address(s->on_address_self, a, at.start);
        return;
    }
    if (s->owners) {
        struct scan_seen *seen = add_seen(s, r, at);
        if (seen) {
            seen->is_address = true;
            seen->addr = *a;
        }
        return;
    }
    if (s->keys)
        keys_add_address(s, a);
    for (size_t i = 0; i < s->index_count; i++)
        look_up_address(s, s->indexes[i], r, a, at);
}

void scan_found_hash(struct scanner *s, const struct reading *r, struct span at)
{
    uint8_t digest[64], lower[2 * 16];
    size_t bytes = (at.end - at.start) / 2;
    enum value_kind kind = bytes == 16   ? VALUE_MD5
                           : bytes == 20 ? VALUE_SHA1
                           : bytes == 32 ? VALUE_SHA256
                                         : VALUE_SHA512;
    bool wanted = s->keys != NULL;
    for (size_t i = 0; i < s->index_count && !s->owners; i++)
        wanted |= s->indexes[i]->tables[kind].filter != NULL ||
                  (kind == VALUE_MD5 && s->indexes[i]->tables[VALUE_JA3].filter);
    if (!wanted)
        return;
    for (size_t i = 0; i < bytes; i++)
        digest[i] = (uint8_t)(char_hex(r->p[at.start + 2 * i]) << 4 | char_hex(r->p[at.start + 2 * i + 1]));
    if (s->keys)
        keys_add_hashed(s, KEY_DIGEST, digest, bytes);
    for (size_t i = 0; i < s->index_count; i++)
        add_hits(s, kind, lookup_bytes(s->indexes[i], kind, digest, bytes), r, at);
    if (kind != VALUE_MD5)
        return;
    /* A log does not always say whether it means an MD5 or a JA3 fingerprint. */
    for (size_t i = 0; i < sizeof lower; i++)
        lower[i] = char_lower(r->p[at.start + i]);
    for (size_t i = 0; i < s->index_count; i++)
        add_hits(s, VALUE_JA3, lookup_bytes(s->indexes[i], VALUE_JA3, lower, sizeof lower), r, at);
}

bool scan_wants_words(const struct scanner *s)
{
    for (size_t i = 0; i < s->index_count && !s->owners; i++)
        if (s->indexes[i]->word_pairs)
            return true;
    return s->keys != NULL;
}

void scan_found_word(struct scanner *s, const struct reading *r, struct span at)
{
    if (s->keys)
        keys_add_word(s, r->p + at.start, at.end - at.start);
}

size_t scan_index_count(const struct scanner *s)
{
    return s->index_count;
}

const struct index *scan_index(const struct scanner *s, size_t i)
{
    return s->indexes[i];
}

void scan_found_token(struct scanner *s, const struct reading *r, struct span at)
{
    static const enum value_kind kinds[] = {VALUE_ASN, VALUE_JA4, VALUE_MUTEX, VALUE_FILENAME};
    struct text raw = {(const char *)r->p + at.start, at.end - at.start};
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        enum value_kind kind;
        buffer_clear(&s->normal);
        if (value_normalise(kinds[k], raw, &s->normal, &kind, NULL) || buffer_error(&s->normal))
            continue;
        for (size_t i = 0; i < s->index_count; i++)
            add_hits(s, kind, lookup_bytes(s->indexes[i], kind, s->normal.ptr, s->normal.len), r, at);
    }
}

bool scan_wants_emails(const struct scanner *s)
{
    for (size_t i = 0; i < s->index_count && !s->owners; i++)
        if (s->indexes[i]->tables[VALUE_EMAIL].filter)
            return true;
    return s->keys != NULL;
}

void scan_found_email(struct scanner *s, const struct reading *r, struct span at)
{
    uint8_t lower[EMAIL_MAX_BYTES];
    size_t len = at.end - at.start;
    if (s->owners || len > sizeof lower)
        return;
    for (size_t i = 0; i < len; i++)
        lower[i] = char_lower(r->p[at.start + i]);
    if (s->keys)
        keys_add_hashed(s, KEY_EMAIL, lower, len);
    for (size_t i = 0; i < s->index_count; i++)
        add_hits(s, VALUE_EMAIL, lookup_bytes(s->indexes[i], VALUE_EMAIL, lower, len), r, at);
}

bool scan_wants_url(const struct scanner *s, const uint8_t *after, size_t len)
{
    uint8_t start[LOOKUP_URL_START_MAX];
    size_t start_len = SIZE_MAX;
    if (s->keys)
        return true;
    for (size_t i = 0; i < s->index_count && !s->owners; i++) {
        if (!s->indexes[i]->url_starts.filter)
            continue;
        if (start_len == SIZE_MAX)
            start_len = lookup_url_start(after, len, start);
        if (start_len < len && after[start_len] >= 0x80)
            return true; /* a host in another script: the index knows its A-labels */
        if (lookup_url_possible(s->indexes[i], start, start_len))
            return true;
    }
    return false;
}

size_t scan_longest_url(const struct scanner *s)
{
    size_t longest = s->keys || s->urls != URL_EXACT ? URL_MAX_BYTES : 0;
    for (size_t i = 0; i < s->index_count; i++)
        if (s->indexes[i]->url_bytes_max > longest)
            longest = s->indexes[i]->url_bytes_max;
    return longest;
}

static void look_up_url(struct scanner *s, struct text url, const struct reading *r, struct span at,
                        enum url_level level)
{
    for (size_t i = 0; i < s->index_count; i++)
        add_hits_at(s, VALUE_URL, lookup_bytes(s->indexes[i], VALUE_URL, url.ptr, url.len), r, at, level);
}

/* url: in normal form, so a path follows the host. Up to each slash of the path, with it and without. */
static void look_up_loosely(struct scanner *s, struct text url, const struct reading *r, struct span at)
{
    ptrdiff_t query = text_find(url, '?', 0), host = text_find_text(url, TEXT("://"));
    struct text path = query < 0 ? url : text_sub(url, 0, (size_t)query);
    if (query >= 0)
        look_up_url(s, path, r, at, URL_WITHOUT_QUERY);
    if (s->urls != URL_PREFIX || host < 0)
        return;
    ptrdiff_t root = text_find(path, '/', (size_t)host + 3);
    for (ptrdiff_t slash = root; slash >= 0; slash = text_find(path, '/', (size_t)slash + 1)) {
        if ((size_t)slash + 1 < path.len)
            look_up_url(s, text_sub(path, 0, (size_t)slash + 1), r, at, URL_PREFIX);
        if (slash > root)
            look_up_url(s, text_sub(path, 0, (size_t)slash), r, at, URL_PREFIX);
    }
}

static void look_up_levels(struct scanner *s, struct text url, const struct reading *r, struct span at)
{
    if (s->keys)
        keys_add_hashed(s, KEY_URL, url.ptr, url.len);
    look_up_url(s, url, r, at, URL_EXACT);
    if (s->urls != URL_EXACT)
        look_up_loosely(s, url, r, at);
}

void scan_found_url(struct scanner *s, const struct reading *r, struct span at)
{
    enum value_kind kind;
    struct text raw = {(const char *)r->p + at.start, at.end - at.start};
    buffer_clear(&s->normal);
    if (s->owners || value_normalise(VALUE_URL, raw, &s->normal, &kind, NULL))
        return;
    if (buffer_error(&s->normal)) {
        if (buffer_error(&s->normal) == ERR_NOMEM)
            s->err = ERR_NOMEM;
        return;
    }
    look_up_levels(s, buffer_text(&s->normal), r, at);
    if (url_path_may_differ(buffer_text(&s->normal)) && url_path_normalise(s->normal.ptr, &s->normal.len))
        look_up_levels(s, buffer_text(&s->normal), r, at);
}

/* ---- lines ---- */

void scanner_start(struct scanner *s, const struct index *const *indexes, size_t index_count)
{
    s->indexes = indexes;
    s->index_count = index_count;
    s->owners = false;
    s->err = OK;
    s->count = 0;
}

enum err scan_line(struct scanner *s, const struct index *const *indexes, size_t index_count, struct text line,
                   const struct scan_hit **ret_hits, size_t *ret_count)
{
    struct reading r = {.p = (const uint8_t *)line.ptr, .len = line.len};
    scanner_start(s, indexes, index_count);
    token_read(s, &r);
    if (s->err)
        return s->err;
    finish_hits(s);
    *ret_hits = s->hits;
    *ret_count = s->count;
    return OK;
}

enum err scan_owners(struct scanner *s, struct text line, const struct scan_seen **ret, size_t *ret_count)
{
    struct reading r = {.p = (const uint8_t *)line.ptr, .len = line.len};
    s->owners = true;
    s->err = OK;
    s->seen_count = 0;
    arena_reset(&s->names);
    token_read(s, &r);
    if (s->err)
        return s->err;
    finish_seen(s);
    *ret = s->seen;
    *ret_count = s->seen_count;
    return OK;
}
