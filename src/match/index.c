/* match/index.c - the index: a table for each kind (match/table.h), and in front of the addresses a map of /24s. */
#include "match/index.h"

#include <stdlib.h>

#include "base/hash.h"
#include "match/chars.h"
#include "match/index_file.h"
#include "match/lookup.h"
#include "match/url_path.h"

#define HASH_BYTES_MAX 64

struct index_builder {
    struct key_list lists[VALUE_KINDS];
};

enum err index_builder_new(struct index_builder **ret)
{
    struct index_builder *b = calloc(1, sizeof *b);
    if (!b)
        return ERR_NOMEM;
    *ret = b;
    return OK;
}

void index_builder_free(struct index_builder *b)
{
    if (!b)
        return;
    for (int k = 0; k < VALUE_KINDS; k++)
        key_list_done(&b->lists[k]);
    free(b);
}

static size_t digest_bytes(enum value_kind kind)
{
    switch (kind) {
    case VALUE_MD5: return 16;
    case VALUE_SHA1: return 20;
    case VALUE_SHA256: return 32;
    case VALUE_SHA512: return 64;
    default: return 0;
    }
}

struct key {
    const void *ptr;
    size_t len;
    uint8_t bytes[HASH_BYTES_MAX];
};

static bool network_key(struct text value, struct key *key)
{
    struct ipnet net;
    if (ipnet_parse(value, &net))
        return false;
    key->bytes[0] = net.len;
    memcpy(key->bytes + 1, net.addr.b, net.addr.bits / 8);
    key->len = 1 + net.addr.bits / 8;
    return true;
}

static bool address_key(enum value_kind kind, struct text value, struct key *key)
{
    struct ipaddr a;
    if (ipaddr_parse(value, &a) || a.bits != (kind == VALUE_IPV4 ? 32 : 128))
        return false;
    key->len = a.bits / 8;
    memcpy(key->bytes, a.b, key->len);
    return true;
}

/* The bytes a value is kept and found under (match/lookup.h). False when it is not in its normal form's shape. */
static bool key_make(enum value_kind kind, struct text value, struct key *key)
{
    key->ptr = key->bytes;
    switch (kind) {
    case VALUE_DOMAIN:
    case VALUE_URL:
    case VALUE_EMAIL:
        key->ptr = value.ptr;
        key->len = value.len;
        return value.len > 0 && value.len <= VALUE_MAX_BYTES;
    case VALUE_IPV4:
    case VALUE_IPV6: return address_key(kind, value, key);
    case VALUE_CIDR: return network_key(value, key);
    case VALUE_MD5:
    case VALUE_SHA1:
    case VALUE_SHA256:
    case VALUE_SHA512: key->len = digest_bytes(kind); return hex_read(value, key->bytes, key->len) == OK;
    default: /* kinds that are bytes between boundaries */
        key->ptr = value.ptr;
        key->len = value.len;
        return kind > VALUE_SHA512 && kind < VALUE_KINDS && value.len > 0 && value.len <= VALUE_MAX_BYTES;
    }
}

/* A URL whose path can be written in several ways is found in all of them: the scanner looks up this one, too. */
static enum err add_plain_path(struct index_builder *b, struct text url, uint32_t ref)
{
    struct buffer plain;
    buffer_init(&plain, VALUE_MAX_BYTES);
    buffer_add(&plain, url);
    enum err err = buffer_error(&plain);
    if (!err && url_path_normalise(plain.ptr, &plain.len))
        err = key_list_add(&b->lists[VALUE_URL], plain.ptr, plain.len, ref);
    buffer_done(&plain);
    return err;
}

enum err index_builder_add(struct index_builder *b, enum value_kind kind, struct text value, uint32_t ref)
{
    struct key key;
    if (!key_make(kind, value, &key))
        return ERR_MALFORMED;
    if (kind == VALUE_URL && url_path_may_differ(value)) {
        enum err err = add_plain_path(b, value, ref); /* before the value itself: index_builder_last_key() */
        if (err)
            return err;
    }
    return key_list_add(&b->lists[kind], key.ptr, key.len, ref);
}

bool index_can_hold(enum value_kind kind, struct text value)
{
    struct key key;
    return kind < VALUE_KINDS && key_make(kind, value, &key);
}

uint32_t index_builder_last_key(const struct index_builder *b, enum value_kind kind)
{
    const struct key_list *l = &b->lists[kind];
    return l->items[l->count - 1].key;
}

struct text index_item_value(const struct index *i, struct text values, const struct index_item *item)
{
    if (!index_kind_is_text((enum value_kind)item->kind))
        return (struct text){values.ptr + item->value_at, item->value_len};
    return (struct text){(const char *)i->tables[item->kind].keys + item->value_at, item->value_len};
}

/* ---- what is derived from the lists before they become tables ---- */

static void map_v4_network(uint64_t *map, const uint8_t addr[4], unsigned len)
{
    uint32_t first = (uint32_t)addr[0] << 16 | (uint32_t)addr[1] << 8 | addr[2];
    uint32_t count = len >= 24 ? 1 : UINT32_C(1) << (24 - len);
    if (count >= 64)
        memset(map + (first >> 6), 0xFF, count / 8);
    else
        map[first >> 6] |= ((UINT64_C(1) << count) - 1) << (first & 63);
}

static enum err map_addresses(struct index *i, const struct key_list *v4, const struct key_list *nets)
{
    if (v4->count || nets->count) {
        i->v4_map = table_alloc(V4_MAP_BYTES);
        if (!i->v4_map)
            return ERR_NOMEM;
    }
    for (size_t n = 0; n < v4->count; n++)
        map_v4_network(i->v4_map, v4->bytes + v4->items[n].key, 32);
    for (size_t n = 0; n < nets->count; n++) {
        const uint8_t *key = nets->bytes + nets->items[n].key;
        if (nets->items[n].len == 5) {
            map_v4_network(i->v4_map, key + 1, key[0]);
            i->v4_lens |= UINT64_C(1) << key[0];
        } else {
            i->v6_lens[key[0] / 64] |= UINT64_C(1) << (key[0] % 64);
        }
    }
    return OK;
}

static void measure_domains(struct index *i, const struct key_list *l)
{
    for (size_t n = 0; n < l->count; n++) {
        size_t labels = 1;
        const uint8_t *key = l->bytes + l->items[n].key;
        for (size_t k = 0; k < l->items[n].len; k++)
            labels += key[k] == '.';
        if (labels > i->domain_labels_max)
            i->domain_labels_max = labels;
    }
}

size_t lookup_url_start(const uint8_t *after, size_t len, uint8_t out[LOOKUP_URL_START_MAX])
{
    size_t n = 0;
    if (len > 0 && after[0] == '[') {
        out[0] = '[';
        return 1;
    }
    while (n < len && n < LOOKUP_URL_START_MAX && char_is_name(after[n])) {
        out[n] = char_lower(after[n]);
        n++;
    }
    while (n > 0 && (out[n - 1] == '.' || out[n - 1] == '-'))
        n--;
    return n;
}

static enum err list_url_starts(const struct key_list *urls, struct key_list *starts, size_t *ret_longest)
{
    for (size_t n = 0; n < urls->count; n++) {
        const uint8_t *url = urls->bytes + urls->items[n].key, *after;
        uint8_t start[LOOKUP_URL_START_MAX];
        if (urls->items[n].len > *ret_longest)
            *ret_longest = urls->items[n].len;
        after = memmem(url, urls->items[n].len, "://", 3);
        if (!after)
            continue; /* not in normal form: can be found by index_find() alone */
        after += 3;
        size_t len = lookup_url_start(after, urls->items[n].len - (size_t)(after - url), start);
        enum err err = key_list_add(starts, start, len, 0);
        if (err)
            return err;
    }
    return OK;
}

static void add_name(struct name_filter *f, const uint8_t *name, size_t len, enum name_role role)
{
    uint64_t hash = name_hash(name, len, role);
    f->words[hash >> 24 & f->mask] |= name_bits(hash);
}

static const uint8_t *item_key(const struct key_list *l, size_t n)
{
    return l->bytes + l->items[n].key;
}

/* The last two labels. */
static void add_tail(struct name_filter *f, const uint8_t *name, size_t len)
{
    size_t start = len, dots = 0;
    while (start > 0 && (name[start - 1] != '.' || ++dots < 2))
        start--;
    add_name(f, name + start, len - start, NAME_TAIL);
}

static enum err filter_names(struct index *i, const struct key_list *lists, const struct key_list *starts)
{
    const struct key_list *domains = &lists[VALUE_DOMAIN], *emails = &lists[VALUE_EMAIL];
    size_t count = domains->count + emails->count + starts->count;
    if (count == 0)
        return OK;
    for (i->names.mask = 1; i->names.mask < count / 4; i->names.mask *= 2) /* 16 to 32 bits a name */
        ;
    i->names.words = table_alloc(i->names.mask * sizeof *i->names.words);
    if (!i->names.words)
        return ERR_NOMEM;
    i->names.mask--;
    for (size_t n = 0; n < domains->count; n++)
        add_tail(&i->names, item_key(domains, n), domains->items[n].len);
    for (size_t n = 0; n < starts->count; n++)
        add_name(&i->names, item_key(starts, n), starts->items[n].len, NAME_URL_START);
    for (size_t n = 0; n < emails->count; n++) {
        const uint8_t *key = item_key(emails, n), *at = memrchr(key, '@', emails->items[n].len);
        size_t local = at ? (size_t)(at - key) + 1 : 0;
        add_name(&i->names, key + local, emails->items[n].len - local, NAME_EMAIL_HOST);
    }
    return OK;
}

static void add_needles(struct needles *n, const struct key_list *l)
{
    for (size_t i = 0; i < l->count && !n->off; i++)
        needles_add(n, item_key(l, i), l->items[i].len);
}

static void add_address_needles(struct needles *n, const struct key_list *l)
{
    char text[IPADDR_TEXT_MAX];
    for (size_t i = 0; i < l->count && !n->off; i++) {
        struct ipaddr a = {.bits = 32};
        memcpy(a.b, item_key(l, i), 4);
        struct text t = ipaddr_format(&a, text);
        needles_add(n, t.ptr, t.len);
        n->addresses = true;
    }
}

static void add_digest_needles(struct needles *n, const struct key_list *l)
{
    char text[2 * HASH_BYTES_MAX + 1];
    for (size_t i = 0; i < l->count && !n->off; i++) {
        hex_write(item_key(l, i), l->items[i].len, text);
        needles_add(n, text, 2 * (size_t)l->items[i].len);
    }
}

/* Kinds that may be written in other ways than by their own bytes have none. */
static void find_needles(struct needles *n, const struct key_list *lists, const struct key_list *starts)
{
    for (int k = 1; k < VALUE_KINDS; k++) {
        bool digest = k >= VALUE_MD5 && k <= VALUE_SHA512;
        if (digest)
            add_digest_needles(n, &lists[k]);
        else if (k == VALUE_DOMAIN || k == VALUE_EMAIL)
            add_needles(n, &lists[k]);
        else if (k == VALUE_IPV4)
            add_address_needles(n, &lists[k]);
        else if (k != VALUE_URL)
            n->off |= lists[k].count > 0;
    }
    add_needles(n, starts);
    n->off |= n->count == 0;
}

static enum err build_tables(struct index *i, struct index_builder *b)
{
    struct key_list starts = {0};
    enum err err = list_url_starts(&b->lists[VALUE_URL], &starts, &i->url_bytes_max);
    if (!err)
        err = filter_names(i, b->lists, &starts);
    if (!err)
        find_needles(&i->needles, b->lists, &starts);
    if (!err)
        err = table_build(&i->url_starts, &starts, i->seed);
    key_list_done(&starts);
    if (!err)
        table_forget_refs(&i->url_starts);
    for (int k = 1; k < VALUE_KINDS && !err; k++) {
        err = table_build(&i->tables[k], &b->lists[k], i->seed);
        i->pairs += i->tables[k].pairs;
    }
    if (!err)
        err = index_words(i);
    return err;
}

static void index_free(struct index *i)
{
    for (int k = 0; k < VALUE_KINDS; k++)
        table_done(&i->tables[k]);
    table_done(&i->url_starts);
    index_words_done(i);
    free(i->names.words);
    free(i->v4_map);
    free(i);
}

/* Seeded by the kernel, so that nobody can prepare indicators or log lines that collide. A failure on the way leaves
 * the builder empty: what was already taken over cannot be given back. */
enum err index_builder_build(struct index_builder *b, struct index **ret)
{
    struct index *i = calloc(1, sizeof *i);
    if (!i)
        return ERR_NOMEM;
    i->users = 1;
    random_bytes(&i->seed, sizeof i->seed);
    measure_domains(i, &b->lists[VALUE_DOMAIN]);
    enum err err = map_addresses(i, &b->lists[VALUE_IPV4], &b->lists[VALUE_CIDR]);
    if (!err)
        err = build_tables(i, b);
    for (int k = 0; k < VALUE_KINDS; k++)
        key_list_done(&b->lists[k]);
    if (err) {
        index_free(i);
        return err;
    }
    *ret = i;
    return OK;
}

struct index *index_ref(struct index *i)
{
    __atomic_add_fetch(&i->users, 1, __ATOMIC_RELAXED);
    return i;
}

void index_unref(struct index *i)
{
    if (i && __atomic_sub_fetch(&i->users, 1, __ATOMIC_ACQ_REL) == 0)
        index_free(i);
}

size_t index_count(const struct index *i)
{
    return i->pairs;
}

size_t index_memory_bytes(const struct index *i)
{
    size_t bytes = sizeof *i + (i->v4_map ? V4_MAP_BYTES : 0) + table_memory_bytes(&i->url_starts);
    bytes += table_memory_bytes(&i->words) + (i->word_pairs ? WORD_PAIRS_BYTES : 0);
    bytes += i->names.words ? (i->names.mask + 1) * sizeof *i->names.words : 0;
    for (int k = 0; k < VALUE_KINDS; k++)
        bytes += table_memory_bytes(&i->tables[k]);
    return bytes;
}

/* ---- look-ups ---- */

struct index_refs lookup_bytes(const struct index *i, enum value_kind kind, const void *key, size_t len)
{
    const struct table *t = &i->tables[kind];
    return table_refs(t, table_find(t, key, len));
}

size_t lookup_network_key(const struct ipaddr *a, unsigned len, uint8_t ret[17])
{
    struct ipaddr net = ipaddr_mask(*a, (uint8_t)len);
    ret[0] = (uint8_t)len;
    memcpy(ret + 1, net.b, a->bits / 8);
    return 1 + a->bits / 8;
}

struct index_refs lookup_network(const struct index *i, const struct ipaddr *a, unsigned len)
{
    uint8_t key[17];
    return lookup_bytes(i, VALUE_CIDR, key, lookup_network_key(a, len, key));
}

bool lookup_url_possible(const struct index *i, const uint8_t *start, size_t len)
{
    return table_find(&i->url_starts, start, len) != NULL;
}

struct index_refs index_find(const struct index *i, enum value_kind kind, struct text value)
{
    struct key key;
    if (!key_make(kind, value, &key))
        return (struct index_refs){NULL, 0};
    return lookup_bytes(i, kind, key.ptr, key.len);
}
