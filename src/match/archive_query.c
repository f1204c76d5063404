/* match/archive_query.c - what is looked for, as keys (match/keys.h). */
#include <stdlib.h>
#include <string.h>

#include "match/archive_inside.h"
#include "match/url_path.h"
#include "model/value_anchor.h"

struct range {
    uint64_t low, high;
};

struct archive_query {
    struct range *ranges[KEY_SETS];
    size_t count[KEY_SETS], cap[KEY_SETS];
    bool all;
    bool wide; /* an IPv6 network wider than version 1 knows is looked for */
};

enum err archive_query_new(struct archive_query **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? OK : ERR_NOMEM;
}

void archive_query_free(struct archive_query *q)
{
    if (!q)
        return;
    for (int set = 0; set < KEY_SETS; set++)
        free(q->ranges[set]);
    free(q);
}

bool archive_query_wants_all(const struct archive_query *q)
{
    return q->all;
}

bool archive_query_wants(const struct archive_query *q, enum key_set set)
{
    return q->count[set] > 0;
}

bool archive_query_beyond(const struct archive_query *q, unsigned version)
{
    return q->all || (version == ARCHIVE_WITHOUT_WORDS && (q->wide || q->count[KEYS_WORDS]));
}

static enum err add_range(struct archive_query *q, enum key_set set, uint64_t low, uint64_t high)
{
    if (q->count[set] == q->cap[set]) {
        size_t cap = q->cap[set] ? q->cap[set] * 2 : 64;
        struct range *grown = realloc(q->ranges[set], cap * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        q->ranges[set] = grown;
        q->cap[set] = cap;
    }
    q->ranges[set][q->count[set]++] = (struct range){low, high};
    return OK;
}

static enum err add_hashed(struct archive_query *q, unsigned role, const void *bytes, size_t len)
{
    uint64_t key = key_hash(role, bytes, len);
    return add_range(q, role == KEY_WORD ? KEYS_WORDS : KEYS_HASHED, key, key);
}

/* An IPv6 network is found by the address's own network of the next shorter length that is kept. */
static enum err add_network(struct archive_query *q, const struct ipnet *net)
{
    if (net->addr.bits == 32) {
        uint64_t low = key_v4(net->addr.b), hosts = net->len < 32 ? (UINT64_C(1) << (32 - net->len)) - 1 : 0;
        return add_range(q, KEYS_V4, low, low + hosts);
    }
    for (size_t i = 0; i < ARRAY_LEN(key_v6_lens); i++)
        if (net->len >= key_v6_lens[i]) {
            uint64_t key = key_v6(&net->addr, key_v6_lens[i]);
            q->wide |= key_v6_lens[i] < KEYS_V6_OLDEST;
            return add_range(q, KEYS_HASHED, key, key);
        }
    q->all = true;
    return OK;
}

/* A plain token is found by its anchor, as index_words.c has it. */
static enum err add_token(struct archive_query *q, enum value_kind kind, struct text value)
{
    uint8_t lower[KEYS_WORD_MAX];
    struct span_of_text anchor;
    if (!value_anchor(value, &anchor) || !key_word((const uint8_t *)value.ptr + anchor.start, anchor.len, lower)) {
        q->all = true;
        return OK;
    }
    enum err err = add_hashed(q, KEY_WORD, lower, anchor.len);
    if (err || kind != VALUE_ASN || anchor.len != value.len || anchor.len + 1 > sizeof lower)
        return err;
    memmove(lower + 3, lower + 2, anchor.len - 2); /* "ASN65001" is another way to write AS65001 */
    lower[2] = 'n';
    return add_hashed(q, KEY_WORD, lower, anchor.len + 1);
}

static enum err add_digest(struct archive_query *q, struct text hex)
{
    uint8_t digest[64];
    if (hex.len > 2 * sizeof digest || hex_read(hex, digest, hex.len / 2) != OK) {
        q->all = true;
        return OK;
    }
    return add_hashed(q, KEY_DIGEST, digest, hex.len / 2);
}

/* As it stands, and with its path as the scanner compares it (match/url_path.h). */
static enum err add_url(struct archive_query *q, struct text url)
{
    enum err err = add_hashed(q, KEY_URL, url.ptr, url.len);
    if (err || !url_path_may_differ(url))
        return err;
    struct buffer plain;
    buffer_init(&plain, VALUE_MAX_BYTES);
    buffer_add(&plain, url);
    err = buffer_error(&plain);
    if (!err && url_path_normalise(plain.ptr, &plain.len))
        err = add_hashed(q, KEY_URL, plain.ptr, plain.len);
    buffer_done(&plain);
    return err;
}

enum err archive_query_add(struct archive_query *q, enum value_kind kind, struct text value)
{
    struct ipnet net;
    switch (kind) {
    case VALUE_DOMAIN: return add_hashed(q, KEY_NAME, value.ptr, value.len);
    case VALUE_URL: return add_url(q, value);
    case VALUE_EMAIL: return add_hashed(q, KEY_EMAIL, value.ptr, value.len);
    case VALUE_MD5:
    case VALUE_SHA1:
    case VALUE_SHA256:
    case VALUE_SHA512:
    case VALUE_JA3: return add_digest(q, value);
    case VALUE_IPV4:
    case VALUE_IPV6:
    case VALUE_CIDR:
        if (ipnet_parse(value, &net) == OK)
            return add_network(q, &net);
        break;
    case VALUE_ASN:
    case VALUE_JA4:
    case VALUE_MUTEX:
    case VALUE_FILENAME: return add_token(q, kind, value);
    default: break;
    }
    q->all = true;
    return OK;
}

enum err archive_query_ask(const struct archive_query *q, enum key_set set, struct cursor *c, uint64_t *ret_blocks)
{
    struct blockset s = {0};
    uint64_t found = 0;
    blockset_read(c, &s);
    if (cursor_error(c))
        return cursor_error(c);
    for (size_t i = 0; i < q->count[set] && found != UINT64_MAX; i++)
        found |= blockset_find(&s, q->ranges[set][i].low, q->ranges[set][i].high);
    *ret_blocks = found;
    return OK;
}
