/* desk/search_taken.c - what a person, or a program, meant by a text: made harmless by its writer ("hxxp://evil[.]
 * example"), quoted, with a star at its end. Whatever it holds, it is text: nothing here is a language. */
#include <string.h>

#include "desk/search_inside.h"

/* How people write a dot, an at sign or a colon that nothing shall follow. */
static const struct {
    const char *written;
    char meant;
} harmless[] = {{"[.]", '.'},   {"(.)", '.'},  {"{.}", '.'}, {"[dot]", '.'}, {"(dot)", '.'},
                {"{dot}", '.'}, {"[:]", ':'},  {"[@]", '@'}, {"(@)", '@'},   {"[at]", '@'},
                {"(at)", '@'},  {"{at}", '@'}, {"[/]", '/'}, {"\\.", '.'}};

static size_t harmless_at(struct text t, char *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(harmless); i++) {
        struct text w = text_of(harmless[i].written);
        if (text_eq_nocase(text_sub(t, 0, w.len), w)) {
            *ret = harmless[i].meant;
            return w.len;
        }
    }
    if (text_starts(t, TEXT("[://]"))) {
        *ret = 0;
        return 5;
    }
    return 0;
}

static struct text sharpen(struct text t, struct arena *arena)
{
    char *out = arena_alloc(arena, t.len + 4);
    size_t n = 0;
    if (!out)
        return TEXT_NONE;
    if (text_eq_nocase(text_sub(t, 0, 4), TEXT("hxxp"))) {
        memcpy(out, "http", 4);
        n = 4;
    }
    for (size_t i = n; i < t.len;) {
        char meant = 0;
        size_t len = harmless_at(text_sub(t, i, 8), &meant);
        if (len && meant) {
            out[n++] = meant;
        } else if (len) {
            memcpy(out + n, "://", 3);
            n += 3;
        } else {
            out[n++] = t.ptr[i];
            len = 1;
        }
        i += len;
    }
    return (struct text){out, n};
}

static struct text unquote(struct text t)
{
    static const char pairs[] = "\"\"''<>``";
    t = text_trim(t);
    for (size_t i = 0; i + 1 < sizeof pairs; i += 2)
        if (t.len >= 2 && t.ptr[0] == pairs[i] && t.ptr[t.len - 1] == pairs[i + 1])
            return text_trim(text_sub(t, 1, t.len - 2));
    return t;
}

static enum err lower(struct text t, struct arena *arena, struct text *ret)
{
    struct buffer b;
    buffer_init(&b, 2 * SEARCH_TEXT_MAX + 64);
    words_add_lower(&b, t);
    struct text kept = buffer_error(&b) == OK ? arena_text(arena, buffer_text(&b)) : TEXT_NONE;
    buffer_done(&b);
    *ret = kept;
    return kept.ptr ? OK : ERR_NOMEM;
}

static enum err take_value(struct text t, enum value_kind kind, struct arena *arena, struct taken *ret)
{
    struct buffer b;
    enum value_kind became = kind;
    buffer_init(&b, 2 * VALUE_MAX_BYTES);
    enum err err = value_normalise(kind, t, &b, &became, NULL);
    struct text kept = err == OK && buffer_error(&b) == OK ? arena_text(arena, buffer_text(&b)) : TEXT_NONE;
    buffer_done(&b);
    if (err != OK)
        return err;
    if (!kept.ptr)
        return ERR_NOMEM;
    ret->kind = SEARCH_VALUE;
    ret->value_kind = became;
    ret->value = kept;
    if (became == VALUE_DOMAIN || became == VALUE_IPV4 || became == VALUE_IPV6)
        ret->host = kept;
    if (became == VALUE_IPV4 || became == VALUE_IPV6 || became == VALUE_CIDR)
        return ipnet_parse(kept, &ret->net);
    return OK;
}

static bool take_number(struct text t, struct taken *ret)
{
    if (t.len < 3 || (t.ptr[0] | 0x20) != 'f' || t.ptr[1] != '-' ||
        text_u64(text_sub(t, 2, t.len), &ret->number) != OK)
        return false;
    ret->kind = SEARCH_NUMBER;
    return true;
}

/* UTF-8 is not cut in a character. */
static struct text shorten(struct text t, bool *ret_cut)
{
    *ret_cut = t.len > SEARCH_TEXT_MAX;
    if (!*ret_cut)
        return t;
    t.len = SEARCH_TEXT_MAX;
    while (t.len && ((unsigned char)t.ptr[t.len] & 0xC0) == 0x80)
        t.len--;
    return t;
}

enum err search_take(struct text text, struct arena *arena, struct taken *ret)
{
    struct taken k = {.kind = SEARCH_WORDS};
    struct ident ident;
    struct text t = sharpen(unquote(shorten(text, &k.cut)), arena);
    if (!t.ptr)
        return ERR_NOMEM;
    size_t stars = 0;
    while (stars < t.len && t.ptr[t.len - 1 - stars] == '*')
        stars++;
    bool prefix = stars > 0 && stars < t.len;
    if (prefix)
        t.len -= stars;
    enum err err = lower(t, arena, &k.words);
    k.value = k.words;
    enum value_kind kind = prefix ? VALUE_NONE : value_detect(t);
    if (prefix)
        k.kind = SEARCH_PREFIX;
    else if (err == OK && ident_parse(t, &ident, NULL) == OK)
        k.kind = SEARCH_OBJECT;
    else if (err == OK && !take_number(t, &k) && kind != VALUE_NONE)
        err = take_value(t, kind, arena, &k);
    if (err == OK)
        *ret = k;
    return err;
}
