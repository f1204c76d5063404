/* desk/register_name.c - domain names by suffix: one look-up a label, from the whole name to its last label. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "desk/register_inside.h"

enum err names_init(struct name_table *t, size_t names)
{
    size_t slots = 16;
    while (slots < names * 2)
        slots *= 2;
    *t = (struct name_table){.slots = calloc(slots, sizeof *t->slots), .mask = slots - 1};
    return t->slots ? OK : ERR_NOMEM;
}

void names_done(struct name_table *t)
{
    free(t->slots);
    *t = (struct name_table){0};
}

/* The slot of the name, or the free one where it would go. There always is one: at most half are taken. */
static struct name_entry *slot_of(const struct name_table *t, struct text name)
{
    size_t i = xxh3_of(name.ptr, name.len) & t->mask;
    while (t->slots[i].name.len > 0 && !text_eq(t->slots[i].name, name))
        i = (i + 1) & t->mask;
    return &t->slots[i];
}

void names_add(struct name_table *t, struct text name, uint32_t organisation)
{
    if (name.len == 0 || (t->count + 1) * 2 > t->mask + 1)
        return;
    struct name_entry *slot = slot_of(t, name);
    if (slot->name.len > 0)
        return;
    *slot = (struct name_entry){name, organisation};
    t->count++;
}

const struct name_entry *names_find(const struct name_table *t, struct text name)
{
    char lower[DOMAIN_MAX_BYTES];
    if (name.len > 0 && name.ptr[name.len - 1] == '.')
        name.len--;
    if (name.len > sizeof lower || t->count == 0)
        return NULL;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    struct text rest = {lower, name.len};
    while (rest.len > 0) {
        const struct name_entry *slot = slot_of(t, rest);
        if (slot->name.len > 0)
            return slot;
        ptrdiff_t dot = text_find(rest, '.', 0);
        if (dot < 0)
            return NULL;
        rest = text_sub(rest, (size_t)dot + 1, rest.len);
    }
    return NULL;
}
