/* model/stix_fault.c - telling a fault: its words, and the pointer to its place (RFC 6901). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/stix_check.h"

/* ---- the pointer, written from its end ---- */

struct pointer {
    char *ptr; /* NULL: only counting */
    size_t len;
};

static void put_before(struct pointer *p, char c)
{
    if (p->ptr)
        *--p->ptr = c;
    p->len++;
}

static void put_name(struct pointer *p, struct text name)
{
    for (size_t i = name.len; i-- > 0;) {
        if (name.ptr[i] == '~' || name.ptr[i] == '/') {
            put_before(p, name.ptr[i] == '~' ? '0' : '1');
            put_before(p, '~');
        } else {
            put_before(p, name.ptr[i]);
        }
    }
}

static void put_place(struct pointer *p, const struct stix_place *at)
{
    for (; at; at = at->up) {
        if (at->name.ptr) {
            put_name(p, at->name);
        } else {
            size_t index = at->index;

            do
                put_before(p, (char)('0' + index % 10));
            while (index /= 10);
        }
        put_before(p, '/');
    }
}

static bool pointer_to(struct stix_check *c, const struct stix_place *at, struct text *ret)
{
    struct pointer count = {NULL, 0}, p;
    char *memory;

    put_place(&count, at);
    if (count.len == 0) {
        *ret = TEXT("");
        return true;
    }
    memory = arena_alloc(c->arena, count.len);
    if (!memory)
        return false;
    p = (struct pointer){memory + count.len, 0};
    put_place(&p, at);
    *ret = (struct text){memory, count.len};
    return true;
}

/* ---- the words ---- */

/* Names of others may hold anything; words are one line. */
static void one_line(char *words)
{
    for (char *w = words; *w; w++)
        if ((unsigned char)*w < 0x20 || *w == 0x7f)
            *w = ' ';
}

static struct text nearest_name(const struct stix_place *at)
{
    while (at && !at->name.ptr)
        at = at->up;
    return at ? at->name : TEXT_NONE;
}

/* A text cut by vsnprintf may end within a character. */
static size_t whole_characters(const char *words, size_t len)
{
    while (len > 0 && !text_is_utf8((struct text){words, len}))
        len--;
    return len;
}

void stix_stop(struct stix_check *c, enum err err)
{
    if (!c->err)
        c->err = err;
    c->over = true;
}

static const char *const let_names[] = {
    [LET_NOTHING] = NULL,        [LET_NAME] = "name", [LET_EMPTY] = "empty", [LET_UUID] = "uuid",
    [LET_HEADER] = "header",     [LET_HIVE] = "hive", [LET_TERM] = "term",   [LET_CHARSET] = "charset",
    [LET_LANGUAGE] = "language", [LET_HEX] = "hex",   [LET_KEY] = "key",
};

static void tell(struct stix_check *c, struct stix_fault *f, const struct stix_place *at, char *words)
{
    if (c->first_only) {
        c->over = true;
        fault_at(c->fault, ERR_MALFORMED, -1, f->rule, "%s", words);
        return;
    }
    if (!pointer_to(c, at, &f->pointer)) {
        stix_stop(c, ERR_NOMEM);
        return;
    }
    f->words = text_of(words);
    c->on_fault(c->self, f);
}

/* The first one is kept for the head. */
static void let_pass(struct stix_check *c, const char *rule, const char *words)
{
    if (c->head->let.len > 0)
        return;
    c->head->let = arena_text(c->arena, text_of(words));
    c->head->let_rule = rule;
    if (!c->head->let.ptr)
        stix_stop(c, ERR_NOMEM);
}

void stix_tell(struct stix_check *c, enum stix_severity severity, enum stix_let let, const char *rule,
               const struct stix_place *at, const char *format, ...)
{
    struct stix_fault f = {.severity = severity, .rule = rule, .let = let_names[let]};
    char words[FAULT_WHAT_MAX];
    struct text name = nearest_name(at);
    size_t begin = 0, len;
    va_list args;

    if (c->over || (severity == STIX_SHOULD && !c->shoulds))
        return;
    if (name.len > 0)
        begin = (size_t)snprintf(words, sizeof(words), "%.*s: ", SHOWN(name));
    va_start(args, format);
    vsnprintf(words + begin, sizeof(words) - begin, format, args);
    va_end(args);
    len = whole_characters(words, strlen(words));
    words[len] = 0;
    one_line(words);
    if (c->first_only && f.let) {
        let_pass(c, rule, words);
        return;
    }
    c->musts += severity == STIX_MUST;
    tell(c, &f, at, words);
}

void stix_missing(struct stix_check *c, const char *rule, const struct stix_place *at, struct text name,
                  const char *why)
{
    const struct stix_place there = {.up = at, .name = name};

    MUST(c, rule, &there, "%s", why);
}
