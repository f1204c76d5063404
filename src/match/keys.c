#include "match/keys.h"

#include <stdlib.h>
#include <string.h>

#include "match/blockset.h"
#include "match/scanner.h"

/* Words are many and seldom asked for: one that is not there is taken for one that is in one part of 32. */
#define WORDS_SURE_BITS 5

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
    memset(k->words, 0, sizeof k->words);
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
    for (size_t i = 0; i < ARRAY_LEN(key_v6_lens); i++)
        add(s, KEYS_HASHED, key_v6(a, key_v6_lens[i]));
}

unsigned key_set_sure(enum key_set set)
{
    return set == KEYS_V4 ? 0 : set == KEYS_WORDS ? WORDS_SURE_BITS : BLOCKSET_SURE_BITS;
}

bool key_word(const uint8_t *word, size_t len, uint8_t lower[KEYS_WORD_MAX])
{
    unsigned classes = 0;
    if (len < KEYS_WORD_MIN || len > KEYS_WORD_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        classes |= char_classes[word[i]];
        lower[i] = char_lower(word[i]);
    }
    return classes & ~(unsigned)CHAR_DIGIT;
}

bool keys_know_word(struct keys *k, const uint8_t *word, size_t len)
{
    struct keys_word w = {.len = len};
    uint32_t start, end;
    if (len > 16)
        return false;
    if (len >= 8) {
        memcpy(&w.start, word, 8);
        memcpy(&w.end, word + len - 8, 8);
    } else {
        memcpy(&start, word, 4);
        memcpy(&end, word + len - 4, 4);
        w.start = start;
        w.end = end;
    }
    uint64_t mixed = (w.start ^ (w.end << 32 | w.end >> 32) ^ len) * UINT64_C(0x9E3779B97F4A7C15);
    struct keys_word *known = &k->words[mixed >> 54];
    _Static_assert(KEYS_RECENT == 1 << (64 - 54), "by the uppermost bits");
    if (known->start == w.start && known->end == w.end && known->len == len)
        return true;
    *known = w;
    return false;
}

void keys_add_word(struct scanner *s, const uint8_t *word, size_t len)
{
    uint8_t lower[KEYS_WORD_MAX];
    if (key_word(word, len, lower))
        add(s, KEYS_WORDS, key_hash(KEY_WORD, lower, len));
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
