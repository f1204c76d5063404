/* json/out.c - writing JSON. What is written this way with names in order is canonical (RFC 8785). */
#include <math.h>
#include <string.h>

#include "json/inside.h"

#define ONES UINT64_C(0x0101010101010101)
#define TOPS UINT64_C(0x8080808080808080)

/* Non-zero if one of the eight bytes must be escaped: below 0x20, '"' or '\'. */
static uint64_t eight_special(uint64_t w)
{
    uint64_t control = (w - ONES * 0x20) & ~w;
    uint64_t quote = w ^ ONES * '"', slash = w ^ ONES * '\\';
    return (control | ((quote - ONES) & ~quote) | ((slash - ONES) & ~slash)) & TOPS;
}

static bool special(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

/* Bytes from `from` on that stand for themselves. */
static size_t plain_run(struct text t, size_t from)
{
    size_t i = from;
    for (; t.len - i >= 8; i += 8) {
        uint64_t w;
        memcpy(&w, t.ptr + i, 8);
        if (eight_special(w))
            break;
    }
    while (i < t.len && !special(t.ptr[i]))
        i++;
    return i - from;
}

static void escape(struct buffer *out, char c)
{
    static const char short_form[] = "btn\0fr"; /* 0x08 .. 0x0d */
    unsigned char u = (unsigned char)c;
    if (u >= 0x20) {
        buffer_add_bytes(out, (char[]){'\\', c}, 2);
    } else if (u >= 0x08 && u <= 0x0d && u != 0x0b) {
        buffer_add_bytes(out, (char[]){'\\', short_form[u - 0x08]}, 2);
    } else {
        char digits[] = "\\u0000";
        digits[4] = (char)('0' + (u >> 4));
        digits[5] = "0123456789abcdef"[u & 15];
        buffer_add_bytes(out, digits, 6);
    }
}

static void write_escaped(struct buffer *out, char before, struct text t, char after)
{
    if (before)
        buffer_add_char(out, before);
    buffer_add_char(out, '"');
    for (size_t i = 0; i < t.len;) {
        size_t run = plain_run(t, i);
        buffer_add_bytes(out, t.ptr + i, run);
        i += run;
        if (i < t.len)
            escape(out, t.ptr[i++]);
    }
    buffer_add_char(out, '"');
    if (after)
        buffer_add_char(out, after);
}

void string_write(struct buffer *out, char before, struct text t, char after)
{
    if (plain_run(t, 0) < t.len) {
        write_escaped(out, before, t, after);
        return;
    }
    char *p = buffer_reserve(out, t.len + 2 + (before != 0) + (after != 0));
    if (!p)
        return;
    if (before)
        *p++ = before;
    *p++ = '"';
    if (t.len)
        memcpy(p, t.ptr, t.len);
    p += t.len;
    *p++ = '"';
    if (after)
        *p = after;
}

/* ---- the writer ---- */

struct json_out json_out_to(struct buffer *to)
{
    return (struct json_out){.to = to};
}

static uint64_t level_bit(const struct json_out *o)
{
    return UINT64_C(1) << (o->depth & 63);
}

/* Says whether a comma is due at this level, and that one will be from now on. */
static char comma(struct json_out *o)
{
    bool due = o->more & level_bit(o);
    o->more |= level_bit(o);
    return due ? ',' : 0;
}

static void before_value(struct json_out *o)
{
    if (comma(o))
        buffer_add_char(o->to, ',');
}

void json_open(struct json_out *o, char bracket)
{
    before_value(o);
    buffer_add_char(o->to, bracket);
    o->depth++;
    o->more &= ~level_bit(o);
}

void json_close(struct json_out *o, char bracket)
{
    buffer_add_char(o->to, bracket);
    o->depth--;
}

void json_key(struct json_out *o, struct text name)
{
    string_write(o->to, comma(o), name, ':');
    o->more &= ~level_bit(o); /* its value follows without a comma, and sets the bit again */
}

void json_put_text(struct json_out *o, struct text v)
{
    string_write(o->to, comma(o), v, 0);
}

void json_put_i64(struct json_out *o, int64_t v)
{
    before_value(o);
    buffer_addf(o->to, "%lld", (long long)v);
}

void json_put_f64(struct json_out *o, double v)
{
    if (!isfinite(v)) {
        json_put_null(o);
        return;
    }
    char text[NUMBER_TEXT_MAX];
    before_value(o);
    buffer_add_bytes(o->to, text, number_write(v, text));
}

void json_put_bool(struct json_out *o, bool v)
{
    json_put_raw(o, v ? TEXT("true") : TEXT("false"));
}

void json_put_null(struct json_out *o)
{
    json_put_raw(o, TEXT("null"));
}

void json_put_raw(struct json_out *o, struct text json)
{
    before_value(o);
    buffer_add(o->to, json);
}

void json_member_text(struct json_out *o, const char *name, struct text v)
{
    json_key(o, text_of(name));
    json_put_text(o, v);
}

void json_member_text_or_null(struct json_out *o, const char *name, struct text v)
{
    json_key(o, text_of(name));
    if (v.len)
        json_put_text(o, v);
    else
        json_put_null(o);
}

void json_member_i64(struct json_out *o, const char *name, int64_t v)
{
    json_key(o, text_of(name));
    json_put_i64(o, v);
}

void json_member_bool(struct json_out *o, const char *name, bool v)
{
    json_key(o, text_of(name));
    json_put_bool(o, v);
}

void json_member_raw(struct json_out *o, const char *name, struct text json)
{
    json_key(o, text_of(name));
    json_put_raw(o, json);
}
