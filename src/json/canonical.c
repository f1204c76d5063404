/* json/canonical.c - the JSON Canonicalization Scheme, RFC 8785. */
#include <stdlib.h>
#include <string.h>

#include "json/inside.h"

/* Objects up to this many members are sorted in place on the stack; JSON_DEPTH_MAX of them fit easily. */
#define STACK_MEMBERS_MAX 32

/* UTF-8's byte order is that of code points. UTF-16 differs in one thing: what lies beyond U+FFFF (lead bytes F0 to
 * F4) is written with surrogates and so comes before U+E000 to U+FFFF (lead bytes EE and EF). */
static unsigned char utf16_rank(char c)
{
    unsigned char u = (unsigned char)c;
    if (u < 0xEE)
        return u;
    return (unsigned char)(u >= 0xF0 ? u - 2 : u + 5);
}

int json_name_cmp(struct text a, struct text b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    size_t i = 0;
    while (i < common && a.ptr[i] == b.ptr[i])
        i++;
    if (i < common)
        return utf16_rank(a.ptr[i]) < utf16_rank(b.ptr[i]) ? -1 : 1;
    return (a.len > b.len) - (a.len < b.len);
}

int json_key_cmp(const void *a, const void *b)
{
    yyjson_val *const *x = a, *const *y = b;
    return json_name_cmp(yy_text(*x), yy_text(*y));
}

/* The first eight bytes, ranked, as one number: decides nearly every comparison. */
static uint64_t prefix_of(struct text t)
{
    uint64_t prefix = 0;
    size_t len = t.len < 8 ? t.len : 8;
    for (size_t i = 0; i < len; i++)
        prefix |= (uint64_t)utf16_rank(t.ptr[i]) << (56 - 8 * i);
    return prefix;
}

struct member {
    uint64_t prefix;
    yyjson_val *key;
};

static bool member_less(const struct member *a, const struct member *b)
{
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix;
    return json_name_cmp(yy_text(a->key), yy_text(b->key)) < 0;
}

static void write_value(yyjson_val *v, struct buffer *out, bool *lossy);

static void write_member(yyjson_val *key, bool first, struct buffer *out, bool *lossy)
{
    string_write(out, first ? 0 : ',', yy_text(key), ':');
    write_value(key + 1, out, lossy);
}

static void write_few(yyjson_val *object, size_t count, struct buffer *out, bool *lossy)
{
    struct member members[STACK_MEMBERS_MAX];
    yyjson_val *key = unsafe_yyjson_get_first(object);
    for (size_t i = 0; i < count; i++, key = unsafe_yyjson_get_next(key + 1)) {
        struct member m = {prefix_of(yy_text(key)), key};
        size_t at = i;
        for (; at > 0 && member_less(&m, &members[at - 1]); at--)
            members[at] = members[at - 1];
        members[at] = m;
    }
    for (size_t i = 0; i < count; i++)
        write_member(members[i].key, i == 0, out, lossy);
}

static void write_many(yyjson_val *object, size_t count, struct buffer *out, bool *lossy)
{
    yyjson_val **keys = malloc(count * sizeof *keys);
    if (!keys) {
        if (!out->err)
            out->err = ERR_NOMEM;
        return;
    }
    yyjson_val *key = unsafe_yyjson_get_first(object);
    for (size_t i = 0; i < count; i++, key = unsafe_yyjson_get_next(key + 1))
        keys[i] = key;
    qsort(keys, count, sizeof *keys, json_key_cmp);
    for (size_t i = 0; i < count; i++)
        write_member(keys[i], i == 0, out, lossy);
    free(keys);
}

static void write_object(yyjson_val *object, struct buffer *out, bool *lossy)
{
    size_t count = unsafe_yyjson_get_len(object);
    buffer_add_char(out, '{');
    if (count <= STACK_MEMBERS_MAX)
        write_few(object, count, out, lossy);
    else
        write_many(object, count, out, lossy);
    buffer_add_char(out, '}');
}

static void write_array(yyjson_val *array, struct buffer *out, bool *lossy)
{
    size_t count = unsafe_yyjson_get_len(array);
    yyjson_val *v = unsafe_yyjson_get_first(array);
    buffer_add_char(out, '[');
    for (size_t i = 0; i < count; i++, v = unsafe_yyjson_get_next(v)) {
        if (i > 0)
            buffer_add_char(out, ',');
        write_value(v, out, lossy);
    }
    buffer_add_char(out, ']');
}

static void write_value(yyjson_val *v, struct buffer *out, bool *lossy)
{
    switch (unsafe_yyjson_get_type(v)) {
    case YYJSON_TYPE_STR: string_write(out, 0, yy_text(v), 0); break;
    case YYJSON_TYPE_RAW: number_canonical(yy_text(v), out, lossy); break;
    case YYJSON_TYPE_OBJ: write_object(v, out, lossy); break;
    case YYJSON_TYPE_ARR: write_array(v, out, lossy); break;
    case YYJSON_TYPE_BOOL: buffer_add(out, unsafe_yyjson_get_bool(v) ? TEXT("true") : TEXT("false")); break;
    default: buffer_add(out, TEXT("null")); break;
    }
}

void json_canonical(const struct json_val *v, struct buffer *out, bool *ret_lossy)
{
    bool lossy = false;
    if (v)
        write_value(yy(v), out, &lossy);
    if (ret_lossy && lossy)
        *ret_lossy = true;
}
