#include "store/tries.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/ipaddr.h"

#define WAYS        8
#define SETS        (TRIES_MAX / WAYS)
#define SECOND      ((int64_t)1000000)
#define FORGET_US   (3600 * SECOND)
#define PAIR_FREE   5  /* a person's slips of the finger */
#define SOURCE_FREE 50 /* an office behind one address */
#define WAIT_MAX_S  900

struct entry {
    uint64_t tag; /* 0: free */
    int64_t last_us;
    uint32_t failures;
    bool known;
};
struct tries {
    uint8_t key[32];
    struct entry sets[SETS][WAYS];
};

enum err tries_new(struct tries **ret)
{
    struct tries *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NOMEM;
    random_bytes(t->key, sizeof t->key);
    *ret = t;
    return OK;
}

void tries_free(struct tries *t)
{
    free(t);
}

static uint64_t tag_of(const struct tries *t, const char *kind, struct text a, struct text b)
{
    crypto_generichash_state h;
    uint8_t out[16];
    uint64_t tag, len = a.len;
    crypto_generichash_init(&h, t->key, sizeof t->key, sizeof out);
    crypto_generichash_update(&h, (const unsigned char *)kind, 1);
    crypto_generichash_update(&h, (const unsigned char *)&len, sizeof len);
    crypto_generichash_update(&h, (const unsigned char *)(a.ptr ? a.ptr : ""), a.len);
    crypto_generichash_update(&h, (const unsigned char *)(b.ptr ? b.ptr : ""), b.len);
    crypto_generichash_final(&h, out, sizeof out);
    memcpy(&tag, out, sizeof tag);
    return tag ? tag : 1;
}

static bool is_this_machine(const struct ipaddr *a)
{
    static const struct ipaddr one = {.b = {[15] = 1}, .bits = 128};
    return a->bits == 32 ? a->b[0] == 127 : ipaddr_eq(a, &one);
}

/* Who has one IPv6 address has the other 2^64 - 1 of its network. */
struct try_key try_key_of(const struct tries *t, struct text name, struct text source)
{
    char words[IPADDR_TEXT_MAX];
    struct ipaddr a;
    struct try_key k;
    bool near = false;
    if (ipaddr_parse(source, &a) == OK) {
        near = is_this_machine(&a);
        if (a.bits == 128)
            a = ipaddr_mask(a, 64);
        source = ipaddr_format(&a, words);
    }
    k.pair = tag_of(t, "p", name, source);
    k.source = near ? 0 : tag_of(t, "s", source, TEXT_NONE);
    return k;
}

static const struct entry *find(const struct tries *t, uint64_t tag)
{
    const struct entry *set = t->sets[tag % SETS];
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].tag == tag)
            return &set[i];
    return NULL;
}

/* The one that matters least goes: forgotten ones first, then who failed least, then who was known longest ago. */
static bool matters_less(const struct entry *a, const struct entry *b, int64_t now_us)
{
    bool old_a = now_us - a->last_us > FORGET_US, old_b = now_us - b->last_us > FORGET_US;
    if (old_a != old_b)
        return old_a;
    if (a->known != b->known)
        return !a->known;
    return a->failures != b->failures ? a->failures < b->failures : a->last_us < b->last_us;
}

static struct entry *take(struct tries *t, uint64_t tag, int64_t now_us)
{
    struct entry *set = t->sets[tag % SETS], *least = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].tag == tag)
            return &set[i];
        if (!set[i].tag || (least->tag && matters_less(&set[i], least, now_us)))
            least = &set[i];
    }
    *least = (struct entry){.tag = tag, .last_us = now_us};
    return least;
}

static unsigned wait_of(const struct tries *t, uint64_t tag, uint32_t some_free, int64_t now_us)
{
    const struct entry *e = tag ? find(t, tag) : NULL;
    if (!e || e->failures < some_free || now_us - e->last_us > FORGET_US)
        return 0;
    uint32_t over = e->failures - some_free;
    int64_t wait_us = over < 10 ? SECOND << over : WAIT_MAX_S * SECOND;
    int64_t left_us = (wait_us < WAIT_MAX_S * SECOND ? wait_us : WAIT_MAX_S * SECOND) - (now_us - e->last_us);
    return left_us > 0 ? (unsigned)((left_us + SECOND - 1) / SECOND) : 0;
}

unsigned tries_wait_s(const struct tries *t, struct try_key k, int64_t mono_us)
{
    unsigned pair = wait_of(t, k.pair, PAIR_FREE, mono_us), source = wait_of(t, k.source, SOURCE_FREE, mono_us);
    return pair > source ? pair : source;
}

static void count(struct tries *t, uint64_t tag, int64_t now_us)
{
    struct entry *e = take(t, tag, now_us);
    if (now_us - e->last_us > FORGET_US)
        e->failures = 0;
    e->failures += e->failures < UINT32_MAX;
    e->last_us = now_us;
}

void tries_failed(struct tries *t, struct try_key k, int64_t mono_us)
{
    count(t, k.pair, mono_us);
    if (k.source)
        count(t, k.source, mono_us);
}

void tries_succeeded(struct tries *t, struct try_key k, int64_t mono_us)
{
    struct entry *e = take(t, k.pair, mono_us);
    e->failures = 0;
    e->known = true;
    e->last_us = mono_us;
}

bool tries_known(const struct tries *t, struct try_key k)
{
    const struct entry *e = find(t, k.pair);
    return e && e->known;
}
