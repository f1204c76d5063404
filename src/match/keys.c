#include "match/keys.h"

#include <stdlib.h>
#include <string.h>

#include "match/scanner.h"

void keys_done(struct keys *k)
{
    for (int set = 0; set < KEY_SETS; set++)
        free(k->items[set]);
    *k = (struct keys){0};
}

void keys_clear(struct keys *k)
{
    for (int set = 0; set < KEY_SETS; set++)
        k->count[set] = 0;
    memset(k->recent, 0, sizeof k->recent);
}

static void add(struct scanner *s, enum key_set set, uint64_t key)
{
    struct keys *k = s->keys;
    uint64_t *recent = &k->recent[set][key % KEYS_RECENT];
    if (*recent == key + 1)
        return;
    *recent = key + 1;
    if (k->count[set] == k->cap[set]) {
        size_t cap = k->cap[set] ? k->cap[set] * 2 : 1024;
        uint64_t *grown = realloc(k->items[set], cap * sizeof *grown);
        if (!grown) {
            s->err = ERR_NOMEM;
            return;
        }
        k->items[set] = grown;
        k->cap[set] = cap;
    }
    k->items[set][k->count[set]++] = key;
}

uint64_t key_v6(const struct ipaddr *a, unsigned len)
{
    struct ipaddr net = ipaddr_mask(*a, (uint8_t)len);
    return key_hash(KEY_V6 + len, net.b, sizeof net.b);
}

void keys_add_hashed(struct scanner *s, unsigned role, const void *bytes, size_t len)
{
    add(s, KEYS_HASHED, key_hash(role, bytes, len));
}

/* The name and its parents, as look_up_name() in scan.c. */
void keys_add_name(struct scanner *s, const struct name_found *name, const uint8_t *lower)
{
    size_t begin = name->at.start, len = name->at.end - begin;
    if (name->whole)
        keys_add_hashed(s, KEY_NAME, lower, len);
    for (size_t d = 0; d + 1 < name->dot_count; d++) {
        size_t skip = name->dots[d] + 1 - begin;
        keys_add_hashed(s, KEY_NAME, lower + skip, len - skip);
    }
}

void keys_add_address(struct scanner *s, const struct ipaddr *a)
{
    if (a->bits == 32) {
        add(s, KEYS_V4, key_v4(a->b));
        return;
    }
    add(s, KEYS_HASHED, key_v6(a, 128));
    add(s, KEYS_HASHED, key_v6(a, KEYS_V6_NARROW));
    add(s, KEYS_HASHED, key_v6(a, KEYS_V6_WIDE));
}

enum err scan_keys(struct scanner *s, struct text line, struct keys *to)
{
    struct reading r = {.p = (const uint8_t *)line.ptr, .len = line.len};
    scanner_start(s, NULL, 0);
    s->keys = to;
    token_read(s, &r);
    s->keys = NULL;
    return s->err;
}
