/* format/text_keep.c - see text_keep.h. */
#include "format/text_keep.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "format/text_words.h"
#include "format/tld.h"

#define SLOTS_FIRST 1024

static const char *const free_mail[] = {"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "yahoo.com",
                                        "proton.me", "protonmail.com", "gmx.de",      "gmx.net",     "web.de",
                                        "mail.ru",   "yandex.ru",      "qq.com",      "163.com",     "icloud.com",
                                        "live.com",  "aol.com",        "tutanota.com"};

enum err keep_init(struct text_keep *k)
{
    *k = (struct text_keep){.slot_count = SLOTS_FIRST};
    arena_init(&k->arena, 256 * MIB);
    k->slots = calloc(k->slot_count, sizeof *k->slots);
    return k->slots ? OK : ERR_NOMEM;
}

void keep_done(struct text_keep *k)
{
    free(k->list);
    free(k->slots);
    if (k->slot_count)
        arena_done(&k->arena);
    *k = (struct text_keep){.count = 0};
}

static size_t slot_of(const struct text_keep *k, enum value_kind kind, struct text value)
{
    size_t i = (xxh3_of(value.ptr, value.len) + (uint64_t)kind * 0x9E3779B97F4A7C15u) & (k->slot_count - 1);
    while (k->slots[i]) {
        const struct kept *e = k->list[k->slots[i] - 1];
        if (e->kind == kind && text_eq(e->value, value))
            break;
        i = (i + 1) & (k->slot_count - 1);
    }
    return i;
}

static enum err grow(struct text_keep *k)
{
    if (k->count == k->cap) {
        size_t cap = k->cap ? 2 * k->cap : 64;
        struct kept **list = realloc(k->list, cap * sizeof *list);
        if (!list)
            return ERR_NOMEM;
        k->list = list;
        k->cap = cap;
    }
    if (2 * (k->count + 1) <= k->slot_count)
        return OK;
    uint32_t *slots = calloc(2 * k->slot_count, sizeof *slots);
    if (!slots)
        return ERR_NOMEM;
    free(k->slots);
    k->slots = slots;
    k->slot_count *= 2;
    for (size_t i = 0; i < k->count; i++)
        k->slots[slot_of(k, k->list[i]->kind, k->list[i]->value)] = (uint32_t)i + 1;
    return OK;
}

static enum err take_place(struct text_keep *k, struct kept *e, const struct kept *what)
{
    e->place = what->place;
    e->why = what->why;
    e->confidence = what->confidence;
    e->assumed = what->assumed;
    e->words = arena_text(&k->arena, what->words);
    return what->words.len && !e->words.ptr ? ERR_NOMEM : OK;
}

enum err keep_add(struct text_keep *k, const struct kept *what)
{
    size_t slot = slot_of(k, what->kind, what->value);
    struct kept *e = k->slots[slot] ? k->list[k->slots[slot] - 1] : NULL;
    if (e) {
        e->count++;
        if (what->left != LEFT_NOT)
            e->left = what->left;
        return what->confidence > e->confidence ? take_place(k, e, what) : OK;
    }
    if (k->count == TEXT_VALUES_MAX) {
        k->beyond++;
        return OK;
    }
    if (grow(k))
        return ERR_NOMEM;
    e = arena_alloc(&k->arena, sizeof *e);
    if (!e)
        return ERR_NOMEM;
    *e = (struct kept){
        .kind = what->kind, .left = what->left, .count = 1, .value = arena_text(&k->arena, what->value)};
    if (!e->value.ptr || take_place(k, e, what))
        return ERR_NOMEM;
    slot = slot_of(k, what->kind, what->value);
    k->list[k->count++] = e;
    k->slots[slot] = (uint32_t)k->count;
    return OK;
}

void keep_own(struct text_keep *k, struct text host)
{
    const struct text_words free_hosts = {free_mail, ARRAY_LEN(free_mail)};
    struct text owned = tld_registered(host);
    if (owned.len == 0 || words_have(&free_hosts, owned) || k->own_count == TEXT_OWN_MAX)
        return;
    for (size_t i = 0; i < k->own_count; i++)
        if (text_eq(k->own[i], owned))
            return;
    struct text copy = arena_text(&k->arena, owned);
    if (copy.ptr)
        k->own[k->own_count++] = copy;
}

bool keep_is_own(const struct text_keep *k, const struct kept *what)
{
    struct text host = judge_host(what->kind, what->value);
    struct text owned = host.len ? tld_registered(host) : TEXT_NONE;
    for (size_t i = 0; owned.len && i < k->own_count; i++)
        if (text_eq(k->own[i], owned))
            return true;
    return false;
}

bool keep_counts(const struct text_keep *k, const struct kept *what)
{
    if (what->confidence >= SURE_CONFIDENCE)
        return true;
    return what->confidence > 0 && what->left == LEFT_NOT && !keep_is_own(k, what);
}

static int by_place(const void *a, const void *b)
{
    const struct kept *x = *(struct kept *const *)a, *y = *(struct kept *const *)b;
    return (x->place.at > y->place.at) - (x->place.at < y->place.at);
}

void keep_sort(struct text_keep *k)
{
    if (k->count)
        qsort(k->list, k->count, sizeof(struct kept *), by_place);
}
