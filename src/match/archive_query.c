/* match/archive_query.c - what is looked for, as keys (match/keys.h). */
#include <stdlib.h>

#include "match/archive_inside.h"

struct range {
    uint64_t low, high;
};

struct archive_query {
    struct range *ranges[KEY_SETS];
    size_t count[KEY_SETS], cap[KEY_SETS];
    bool all;
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
    return add_range(q, KEYS_HASHED, key, key);
}

/* An IPv6 network is found by the address's own network of the next shorter length that is kept. */
static enum err add_network(struct archive_query *q, const struct ipnet *net)
{
    if (net->addr.bits == 32) {
        uint64_t low = key_v4(net->addr.b), hosts = net->len < 32 ? (UINT64_C(1) << (32 - net->len)) - 1 : 0;
        return add_range(q, KEYS_V4, low, low + hosts);
    }
    if (net->len < KEYS_V6_WIDE) {
        q->all = true;
        return OK;
    }
    uint64_t key = key_v6(&net->addr, net->len == 128              ? 128
                                      : net->len >= KEYS_V6_NARROW ? KEYS_V6_NARROW
                                                                   : KEYS_V6_WIDE);
    return add_range(q, KEYS_HASHED, key, key);
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

enum err archive_query_add(struct archive_query *q, enum value_kind kind, struct text value)
{
    struct ipnet net;
    switch (kind) {
    case VALUE_DOMAIN: return add_hashed(q, KEY_NAME, value.ptr, value.len);
    case VALUE_URL: return add_hashed(q, KEY_URL, value.ptr, value.len);
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
    default: break;
    }
    q->all = true;
    return OK;
}

enum err archive_query_ask(const struct archive_query *q, struct cursor *c, uint64_t *ret_blocks)
{
    uint64_t found = 0;
    for (int set = 0; set < KEY_SETS; set++) {
        struct blockset s = {0};
        blockset_read(c, &s);
        if (cursor_error(c))
            return cursor_error(c);
        for (size_t i = 0; i < q->count[set] && found != UINT64_MAX; i++)
            found |= blockset_find(&s, q->ranges[set][i].low, q->ranges[set][i].high);
    }
    *ret_blocks = q->all ? UINT64_MAX : found;
    return OK;
}
