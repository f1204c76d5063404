/* json/proper.c - a walk over canonical JSON. Recursion is bounded by JSON_DEPTH_MAX. */
#include "json/proper.h"

#include "base/limits.h"
#include "json/inside.h"

struct walk {
    const char *p, *end;
    json_proper_member *on_member;
    void *self;
};

static bool take(struct walk *w, char c)
{
    if (w->p == w->end || *w->p != c)
        return false;
    w->p++;
    return true;
}

/* Behind a backslash. Control characters have one spelling each; all others stand for themselves. */
static bool escape(struct walk *w)
{
    static const struct text short_forms = {"\"\\bfnrt", 7};
    if (w->p < w->end && text_find(short_forms, *w->p, 0) >= 0) {
        w->p++;
        return true;
    }
    if (w->end - w->p < 5 || w->p[0] != 'u' || w->p[1] != '0' || w->p[2] != '0')
        return false;
    char high = w->p[3], low = w->p[4];
    bool hex = (low >= '0' && low <= '9') || (low >= 'a' && low <= 'f');
    bool has_short_form = high == '0' && (low == '8' || low == '9' || low == 'a' || low == 'c' || low == 'd');
    w->p += 5;
    return (high == '0' || high == '1') && hex && !has_short_form;
}

/* *ret: what stands between the quotes. */
static bool string(struct walk *w, struct text *ret)
{
    if (!take(w, '"'))
        return false;
    const char *from = w->p;
    for (;;) {
        while (w->p < w->end && *w->p != '"' && *w->p != '\\' && (unsigned char)*w->p >= 0x20)
            w->p++;
        if (w->p == w->end || (*w->p != '"' && *w->p != '\\'))
            return false;
        if (*w->p++ == '"')
            break;
        if (!escape(w))
            return false;
    }
    *ret = (struct text){from, (size_t)(w->p - from - 1)};
    return true;
}

static bool digits(struct walk *w)
{
    const char *from = w->p;
    while (w->p < w->end && *w->p >= '0' && *w->p <= '9')
        w->p++;
    return w->p > from;
}

static bool number(struct walk *w)
{
    (void)take(w, '-');
    if (!take(w, '0') && !digits(w))
        return false;
    if (take(w, '.') && !digits(w))
        return false;
    if (!take(w, 'e') && !take(w, 'E')) /* a number beyond a double stays as it was spelt */
        return true;
    if (!take(w, '-'))
        (void)take(w, '+');
    return digits(w);
}

static bool word(struct walk *w, struct text expected)
{
    if (!text_starts((struct text){w->p, (size_t)(w->end - w->p)}, expected))
        return false;
    w->p += expected.len;
    return true;
}

/* The byte that a name's next piece stands for: every escape stands for one byte. */
static char next_byte(struct text *name)
{
    static const char stands_for[] = "\b\t\n\f\r";
    char c = name->ptr[0];
    size_t len = 1;
    if (c == '\\') {
        ptrdiff_t at = text_find(TEXT("btnfr"), name->ptr[1], 0);
        c = at >= 0 ? stands_for[at] : name->ptr[1];
        len = 2;
        if (name->ptr[1] == 'u') {
            char low = name->ptr[5];
            c = (char)((name->ptr[4] - '0') * 16 + (low <= '9' ? low - '0' : low - 'a' + 10));
            len = 6;
        }
    }
    *name = text_sub(*name, len, name->len);
    return c;
}

static int cmp_escaped(struct text a, struct text b)
{
    while (a.len && b.len) {
        char x = next_byte(&a), y = next_byte(&b);
        if (x != y)
            return json_name_cmp((struct text){&x, 1}, (struct text){&y, 1});
    }
    return (a.len > 0) - (b.len > 0);
}

static bool in_order(struct text before, struct text name)
{
    bool plain = text_find(before, '\\', 0) < 0 && text_find(name, '\\', 0) < 0;
    return (plain ? json_name_cmp(before, name) : cmp_escaped(before, name)) < 0;
}

static bool value(struct walk *w, unsigned depth);

static bool object(struct walk *w, unsigned depth)
{
    struct text before = TEXT_NONE, name;
    if (take(w, '}'))
        return true;
    do {
        if (!string(w, &name) || !take(w, ':') || (before.ptr && !in_order(before, name)))
            return false;
        before = name;
        const char *from = w->p;
        if (!value(w, depth))
            return false;
        if (depth == 1 && w->on_member)
            w->on_member(w->self, name, (struct text){from, (size_t)(w->p - from)});
    } while (take(w, ','));
    return take(w, '}');
}

static bool array(struct walk *w, unsigned depth)
{
    if (take(w, ']'))
        return true;
    do
        if (!value(w, depth))
            return false;
    while (take(w, ','));
    return take(w, ']');
}

static bool value(struct walk *w, unsigned depth)
{
    struct text ignored;
    if (w->p == w->end)
        return false;
    switch (*w->p) {
    case '"': return string(w, &ignored);
    case '{': return depth < JSON_DEPTH_MAX && take(w, '{') && object(w, depth + 1);
    case '[': return depth < JSON_DEPTH_MAX && take(w, '[') && array(w, depth + 1);
    case 't': return word(w, TEXT("true"));
    case 'f': return word(w, TEXT("false"));
    case 'n': return word(w, TEXT("null"));
    default: return number(w);
    }
}

bool json_is_proper(struct text t, json_proper_member *on_member, void *self)
{
    struct walk w = {t.ptr, t.ptr + t.len, on_member, self};
    return t.len > 0 && t.ptr[0] == '{' && text_is_utf8(t) && value(&w, 0) && w.p == w.end;
}

bool json_proper_string_of_list(struct text *rest, struct text *ret)
{
    struct text t = *rest;
    if (text_eq(t, TEXT("[]")) || text_eq(t, TEXT("]")) || t.len < 3 || (t.ptr[0] != '[' && t.ptr[0] != ',')) {
        if (text_eq(t, TEXT("[]")) || text_eq(t, TEXT("]")))
            *rest = TEXT_NONE;
        return false;
    }
    ptrdiff_t end = t.ptr[1] == '"' ? text_find(t, '"', 2) : -1;
    if (end < 0 || text_find(text_sub(t, 2, (size_t)end - 2), '\\', 0) >= 0)
        return false;
    *ret = text_sub(t, 2, (size_t)end - 2);
    *rest = text_sub(t, (size_t)end + 1, t.len);
    return true;
}
