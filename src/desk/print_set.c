/* desk/print_set.c - see print_set.h: open addressing, at most half full. */
#include "desk/print_set.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 64

/* Prints are hashes of texts that a stranger wrote: mixed once more, so that chosen low bits do not make one chain.
 */
static size_t place_of(uint64_t print, size_t slot_count)
{
    return (size_t)((print * 0x9E3779B97F4A7C15u) >> 20) & (slot_count - 1);
}

static bool put(uint64_t *slots, size_t slot_count, uint64_t print)
{
    size_t i = place_of(print, slot_count);
    while (slots[i] && slots[i] != print)
        i = (i + 1) & (slot_count - 1);
    bool fresh = slots[i] == 0;
    slots[i] = print;
    return fresh;
}

static enum err grow(struct print_set *s)
{
    size_t count = s->slot_count ? 2 * s->slot_count : SLOTS_FIRST;
    uint64_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        return ERR_NOMEM;
    for (size_t i = 0; i < s->slot_count; i++)
        if (s->slots[i])
            put(slots, count, s->slots[i]);
    free(s->slots);
    s->slots = slots;
    s->slot_count = count;
    return OK;
}

enum err print_set_add(struct print_set *s, uint64_t print, bool *ret_new)
{
    if (print == 0) {
        *ret_new = !s->zero;
        s->zero = true;
        return OK;
    }
    if (2 * (s->count + 1) > s->slot_count && grow(s) != OK)
        return ERR_NOMEM;
    *ret_new = put(s->slots, s->slot_count, print);
    s->count += *ret_new;
    return OK;
}

enum err print_set_add_list(struct print_set *s, struct text prints)
{
    bool fresh;
    enum err e = OK;
    for (size_t i = 0; e == OK && i + sizeof(uint64_t) <= prints.len; i += sizeof(uint64_t)) {
        uint64_t print;
        memcpy(&print, prints.ptr + i, sizeof print);
        e = print_set_add(s, le64toh(print), &fresh);
    }
    return e;
}

void print_set_clear(struct print_set *s)
{
    if (s->slots)
        memset(s->slots, 0, s->slot_count * sizeof *s->slots);
    s->count = 0;
    s->zero = false;
}

void print_set_done(struct print_set *s)
{
    free(s->slots);
    *s = (struct print_set){0};
}
