/* net/http_param.c - headers and parameters of a request. */
#include "net/http_param.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of the escape at t[at], or -1. */
static int escape_at(struct text t, size_t at)
{
    if (t.len - at < 3)
        return -1;
    int high = hex_digit(t.ptr[at + 1]), low = hex_digit(t.ptr[at + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* plus: '+' is a blank, as forms write it. The copy is NUL-terminated. */
static enum err decode(struct text raw, bool plus, struct arena *arena, struct text *ret)
{
    char *out = arena_alloc(arena, raw.len + 1);
    if (!out)
        return ERR_NOMEM;
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        int c = (unsigned char)raw.ptr[i];
        if (c == '%') {
            c = escape_at(raw, i);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c <= 0)
            return ERR_MALFORMED;
        out[len++] = (char)c;
    }
    struct text decoded = {out, len};
    if (!text_is_utf8(decoded))
        return ERR_MALFORMED;
    *ret = decoded;
    return OK;
}

/* What a path means must not change by decoding it: an escaped slash would make one segment two. */
static bool has_escaped_slash(struct text raw)
{
    for (size_t i = 0; i < raw.len; i++)
        if (raw.ptr[i] == '%' && escape_at(raw, i) == '/')
            return true;
    return false;
}

static bool has_control(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] < 0x20 || t.ptr[i] == 0x7f)
            return true;
    return false;
}

static bool has_dot_segment(struct text path)
{
    struct text segment;
    while (text_split(&path, '/', &segment))
        if (text_eq(segment, TEXT(".")) || text_eq(segment, TEXT("..")))
            return true;
    return false;
}

enum err http_path_decode(struct text raw, struct arena *arena, struct text *ret)
{
    struct text path;
    if (!text_starts(raw, TEXT("/")) || has_escaped_slash(raw))
        return ERR_MALFORMED;
    enum err e = decode(raw, false, arena, &path);
    if (e)
        return e;
    if (has_control(path) || has_dot_segment(path))
        return ERR_MALFORMED;
    *ret = path;
    return OK;
}

/* ---- parameters ---- */

/* Takes the next non-empty piece; false at the end. *at counts bytes of the query. */
static bool next_piece(struct text query, size_t *at, struct text *ret_name, struct text *ret_value)
{
    while (*at < query.len) {
        struct text rest = text_sub(query, *at, query.len), piece;
        text_split(&rest, '&', &piece);
        *at += piece.len + 1;
        if (!piece.len)
            continue;
        ptrdiff_t equals = text_find(piece, '=', 0);
        size_t name_len = equals < 0 ? piece.len : (size_t)equals;
        *ret_name = text_sub(piece, 0, name_len);
        *ret_value = equals < 0 ? TEXT("") : text_sub(piece, name_len + 1, piece.len);
        return true;
    }
    return false;
}

enum err http_query_check(struct text query, struct arena *arena)
{
    struct text ignored;
    size_t at = 0;
    struct text name, value;
    while (next_piece(query, &at, &name, &value)) {
        enum err e = decode(name, true, arena, &ignored);
        if (!e)
            e = decode(value, true, arena, &ignored);
        if (e)
            return e;
    }
    return OK;
}

bool http_next_param(const struct http_request *r, size_t *at, struct text *ret_name, struct text *ret_value)
{
    struct text name, value;
    if (!next_piece(r->query, at, &name, &value))
        return false;
    return !decode(name, true, r->arena, ret_name) && !decode(value, true, r->arena, ret_value);
}

struct text http_param(const struct http_request *r, const char *name, size_t *ret_count)
{
    struct text found = TEXT_NONE, n, v;
    size_t count = 0;
    for (size_t at = 0; http_next_param(r, &at, &n, &v);)
        if (text_eq(n, text_of(name)) && count++ == 0)
            found = v;
    if (ret_count)
        *ret_count = count;
    return found;
}

struct text http_header(const struct http_request *r, const char *name)
{
    for (size_t i = 0; r->headers && i < r->headers->count; i++)
        if (text_eq_nocase(r->headers->fields[i].name, text_of(name)))
            return r->headers->fields[i].value;
    return TEXT_NONE;
}

struct text http_header_list(const struct http_request *r, const char *name)
{
    struct text list = TEXT_NONE;
    for (size_t i = 0; r->headers && i < r->headers->count; i++) {
        const struct http_field *f = &r->headers->fields[i];
        if (!text_eq_nocase(f->name, text_of(name)))
            continue;
        const char *longer =
            list.ptr ? arena_printf(r->arena, TEXT_FMT ", " TEXT_FMT, TEXT_ARG(list), TEXT_ARG(f->value)) : NULL;
        if (!list.ptr)
            list = f->value;
        else if (longer)
            list = text_of(longer);
    }
    return list;
}
