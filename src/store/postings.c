/* store/postings.c - a key is five bits of what it says, and 43 of what it is about: a hash, an address, or the first
 * eight characters in an alphabet of 40, so that what begins alike lies together. */
#include "store/postings.h"
#include <stdlib.h>

#include <string.h>

#include "base/hash.h"

#define BODY_BITS 43
#define BODY_MASK (((uint64_t)1 << BODY_BITS) - 1)
#define LETTERS   40 /* 40^8 < 2^43 */
#define SPELT     8
#define LONGER    14 /* the longer beginning that a value is found by, too */

enum says {
    SAYS_WORD = 1,
    SAYS_EXACT,
    SAYS_BEGINS,
    SAYS_BEGINS_LONGER,
    SAYS_HOST,
    SAYS_BELOW,
    SAYS_IPV4,
    SAYS_IPV6,
    SAYS_NET4,
    SAYS_NET6,
    SAYS_CONTAINS,
    SAYS_LONG_WORD
};

static uint64_t key_of(enum says says, uint64_t body)
{
    return (uint64_t)says << BODY_BITS | (body & BODY_MASK);
}

static uint64_t hashed(enum says says, struct text t)
{
    return key_of(says, xxh3_of(t.ptr, t.len));
}

static struct posting_range only(uint64_t key)
{
    return (struct posting_range){key, key};
}

/* ---- beginnings ---- */

/* 1..39; bytes of the same letter meet, and so do some others: a filter. */
static unsigned letter_of(unsigned char c)
{
    if ((unsigned char)(c - 'a') < 26)
        return c - 'a' + 1u;
    if ((unsigned char)(c - 'A') < 26)
        return c - 'A' + 1u;
    if ((unsigned char)(c - '0') < 10)
        return c - '0' + 27u;
    return c == '.' ? 37 : c == '-' ? 38 : c < 0x80 ? 39 : 1 + c % 39u;
}

/* Of what begins with t; high: the last one. */
static struct posting_range spelt(enum says says, struct text t)
{
    uint64_t low = 0, room = 1;
    for (size_t i = 0; i < SPELT; i++) {
        low = low * LETTERS + (i < t.len ? letter_of((unsigned char)t.ptr[i]) : 0);
        room *= i < t.len ? 1 : LETTERS;
    }
    return (struct posting_range){key_of(says, low), key_of(says, low + room - 1)};
}

struct text posting_without_scheme(struct text t)
{
    ptrdiff_t at = text_find_text(t, TEXT("://"));
    return at < 0 ? t : text_sub(t, (size_t)at + 3, t.len);
}

struct posting_range posting_word(struct text word)
{
    return only(word.len > SPELT ? hashed(SAYS_LONG_WORD, word) : spelt(SAYS_WORD, word).low);
}

struct posting_range posting_word_prefix(struct text start)
{
    return spelt(SAYS_WORD, start);
}

/* Of either case, as the spelt ones are. */
static uint64_t longer(struct text t)
{
    char bytes[LONGER];
    for (size_t i = 0; i < LONGER; i++)
        bytes[i] = (char)((unsigned char)(t.ptr[i] - 'A') < 26 ? t.ptr[i] | 0x20 : t.ptr[i]);
    return key_of(SAYS_BEGINS_LONGER, xxh3_of(bytes, sizeof bytes));
}

struct posting_range posting_value_prefix(struct text start)
{
    struct text t = posting_without_scheme(start);
    return t.len >= LONGER ? only(longer(t)) : spelt(SAYS_BEGINS, t);
}

/* ---- addresses ---- */

static uint64_t top_bits(const struct ipaddr *a)
{
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++)
        v = v << 8 | a->b[i];
    return v;
}

/* IPv4 whole, IPv6 as far as there is room. */
static uint64_t number_of(const struct ipaddr *a)
{
    uint64_t v = top_bits(a);
    return a->bits == 32 ? v >> 32 : v >> (64 - BODY_BITS);
}

static struct posting_range between(const struct ipnet *net, enum says four, enum says six)
{
    const bool is_four = net->addr.bits == 32;
    const unsigned width = is_four ? 32 : BODY_BITS;
    uint64_t low = number_of(&net->addr), more = net->len < width ? ((uint64_t)1 << (width - net->len)) - 1 : 0;
    return (struct posting_range){key_of(is_four ? four : six, low), key_of(is_four ? four : six, low | more)};
}

struct posting_range posting_inside(const struct ipnet *net)
{
    return between(net, SAYS_IPV4, SAYS_IPV6);
}

struct posting_range posting_networks_inside(const struct ipnet *net)
{
    return between(net, SAYS_NET4, SAYS_NET6);
}

static uint64_t containing_key(const struct ipaddr *a, uint8_t step)
{
    struct ipaddr masked = ipaddr_mask(*a, step);
    uint8_t bytes[18] = {masked.bits, step};
    memcpy(bytes + 2, masked.b, sizeof masked.b);
    return key_of(SAYS_CONTAINS, xxh3_of(bytes, sizeof bytes));
}

/* The longest step that is not longer than the prefix: real networks are of /12 to /29, and /19 to /64. */
static const uint8_t steps4[] = {0, 8, 12, 16, 19, 22, 24, 27, 30};
static const uint8_t steps6[] = {0, 16, 24, 29, 32, 40, 48, 56, 64, 96, 120};

size_t posting_containing(const struct ipnet *net, struct posting_range ret[POSTING_STEPS_MAX])
{
    const bool four = net->addr.bits == 32;
    const uint8_t *steps = four ? steps4 : steps6;
    const size_t count = four ? sizeof steps4 : sizeof steps6;
    size_t n = 0;
    for (size_t i = 0; i < count && steps[i] <= net->len; i++)
        ret[n++] = only(containing_key(&net->addr, steps[i]));
    return n;
}

static uint64_t network_key(const struct ipnet *net)
{
    struct posting_range steps[POSTING_STEPS_MAX];
    size_t n = posting_containing(net, steps);
    return steps[n - 1].low;
}

/* ---- values ---- */

struct posting_range posting_exact(enum value_kind kind, struct text normal)
{
    struct ipnet net;
    if (kind == VALUE_IPV4 && ipnet_parse(normal, &net) == OK)
        return posting_inside(&net);
    return only(hashed(SAYS_EXACT, normal));
}

struct posting_range posting_below(struct text domain)
{
    return only(hashed(SAYS_BELOW, domain));
}

struct posting_range posting_host(struct text host)
{
    return only(hashed(SAYS_HOST, host));
}

struct text posting_host_of(enum value_kind kind, struct text normal)
{
    if (kind == VALUE_EMAIL) {
        ptrdiff_t at = text_find(normal, '@', 0);
        return at < 0 ? TEXT_NONE : text_sub(normal, (size_t)at + 1, normal.len);
    }
    if (kind != VALUE_URL)
        return TEXT_NONE;
    struct text t = posting_without_scheme(normal);
    size_t end = 0;
    while (end < t.len && t.ptr[end] != '/' && t.ptr[end] != '?' && t.ptr[end] != '#')
        end++;
    t.len = end;
    const char *user = t.len ? memrchr(t.ptr, '@', t.len) : NULL;
    if (user)
        t = text_sub(t, (size_t)(user - t.ptr) + 1, t.len);
    if (t.len && t.ptr[0] == '[') {
        ptrdiff_t close = text_find(t, ']', 0);
        return close < 0 ? TEXT_NONE : text_sub(t, 1, (size_t)close - 1);
    }
    ptrdiff_t port = text_find(t, ':', 0);
    return port < 0 ? t : text_sub(t, 0, (size_t)port);
}

static void parents(struct text name, posting_key_fn *fn, void *self)
{
    struct text found[POSTING_PARENTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] != '.')
            continue;
        struct text parent = text_sub(name, i + 1, name.len);
        if (text_find(parent, '.', 0) < 0)
            break;
        found[count++ % POSTING_PARENTS_MAX] = parent; /* of many the last: the nearest to the root */
    }
    for (size_t i = 0; i < count && i < POSTING_PARENTS_MAX; i++)
        fn(self, hashed(SAYS_BELOW, found[i]));
}

static void beginnings(struct text normal, posting_key_fn *fn, void *self)
{
    struct text t = posting_without_scheme(normal);
    fn(self, spelt(SAYS_BEGINS, t).low);
    if (t.len >= LONGER)
        fn(self, longer(t));
}

static void address_keys(const struct word *w, posting_key_fn *fn, void *self)
{
    struct ipnet net;
    if (ipnet_parse(w->text, &net) != OK)
        return;
    if (w->value_kind == VALUE_CIDR) {
        fn(self, posting_networks_inside(&net).low);
        fn(self, network_key(&net));
    } else {
        fn(self, posting_inside(&net).low);
    }
}

static void value_keys(const struct word *w, posting_key_fn *fn, void *self)
{
    struct ipaddr address;
    struct text host = w->value_kind == VALUE_DOMAIN ? w->text : posting_host_of(w->value_kind, w->text);
    if (w->value_kind != VALUE_IPV4)
        fn(self, hashed(SAYS_EXACT, w->text));
    beginnings(w->text, fn, self);
    if (w->value_kind == VALUE_IPV4 || w->value_kind == VALUE_IPV6 || w->value_kind == VALUE_CIDR)
        address_keys(w, fn, self);
    if (host.len == 0)
        return;
    if (w->value_kind != VALUE_DOMAIN)
        fn(self, hashed(SAYS_HOST, host));
    if (ipaddr_parse(host, &address) != OK)
        parents(host, fn, self);
}

void posting_keys(const struct word *w, posting_key_fn *fn, void *self)
{
    if (w->kind == WORD_TEXT) {
        fn(self, spelt(SAYS_WORD, w->text).low);
        if (w->text.len > SPELT) /* many a word begins as others do */
            fn(self, hashed(SAYS_LONG_WORD, w->text));
    } else if (w->kind == WORD_NAME) {
        fn(self, hashed(SAYS_EXACT, w->text));
    } else {
        value_keys(w, fn, self);
    }
}

/* ---- of a body ---- */

struct gathering {
    struct posting_keys *keys;
    enum err err;
    uint64_t last[64];
};

static void gather_key(void *self, uint64_t key)
{
    struct gathering *g = self;
    struct posting_keys *k = g->keys;
    uint64_t *slot = &g->last[key % ARRAY_LEN(g->last)];
    if (*slot == key || g->err != OK) /* most repetitions; what is left of them goes when the run is written */
        return;
    *slot = key;
    if (k->count == k->cap) {
        size_t cap = k->cap ? 2 * k->cap : 256;
        uint64_t *moved = realloc(k->list, cap * sizeof *moved);
        if (!moved) {
            g->err = ERR_NOMEM;
            return;
        }
        k->list = moved;
        k->cap = cap;
    }
    k->list[k->count++] = key;
}

static bool gather_word(void *self, const struct word *word)
{
    struct gathering *g = self;
    posting_keys(word, gather_key, g);
    return g->err == OK && g->keys->count < POSTING_KEYS_MAX;
}

enum err posting_keys_of(struct words *w, struct text body, struct posting_keys *ret)
{
    struct gathering g = {.keys = ret};
    ret->count = 0;
    enum err e = words_of(w, body, gather_word, &g);
    return e == OK ? g.err : e;
}

void posting_keys_done(struct posting_keys *k)
{
    free(k->list);
    *k = (struct posting_keys){0};
}
