/* base/text.c - looking at borrowed bytes. The C library's mem functions may not be handed NULL even for a length
 * of zero, hence the early returns. */
#include "base/text.h"

#include <string.h>

struct text text_of(const char *string)
{
    if (!string)
        return TEXT_NONE;
    return (struct text){string, strlen(string)};
}

bool text_eq(struct text a, struct text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static unsigned char lower(char c)
{
    unsigned char u = (unsigned char)c;
    return (unsigned char)(c >= 'A' && c <= 'Z' ? u | 0x20 : u);
}

bool text_eq_nocase(struct text a, struct text b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

int text_cmp(struct text a, struct text b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool text_starts(struct text t, struct text prefix)
{
    return t.len >= prefix.len && text_eq((struct text){t.ptr, prefix.len}, prefix);
}

bool text_ends(struct text t, struct text suffix)
{
    return t.len >= suffix.len && text_eq(text_sub(t, t.len - suffix.len, suffix.len), suffix);
}

ptrdiff_t text_find(struct text t, char c, size_t from)
{
    if (from >= t.len)
        return -1;
    const char *at = memchr(t.ptr + from, c, t.len - from);
    return at ? at - t.ptr : -1;
}

ptrdiff_t text_find_text(struct text t, struct text needle)
{
    if (needle.len == 0)
        return 0;
    if (needle.len > t.len)
        return -1;
    const char *at = memmem(t.ptr, t.len, needle.ptr, needle.len);
    return at ? at - t.ptr : -1;
}

struct text text_sub(struct text t, size_t from, size_t len)
{
    if (!t.ptr)
        return TEXT_NONE;
    if (from > t.len)
        from = t.len;
    if (len > t.len - from)
        len = t.len - from;
    return (struct text){t.ptr + from, len};
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct text text_trim(struct text t)
{
    while (t.len > 0 && is_space(t.ptr[t.len - 1]))
        t.len--;
    while (t.len > 0 && is_space(t.ptr[0])) {
        t.ptr++;
        t.len--;
    }
    return t;
}

bool text_split(struct text *rest, char sep, struct text *ret_piece)
{
    if (!rest->ptr)
        return false;
    ptrdiff_t at = text_find(*rest, sep, 0);
    if (at < 0) {
        *ret_piece = *rest;
        *rest = TEXT_NONE;
        return true;
    }
    *ret_piece = (struct text){rest->ptr, (size_t)at};
    *rest = (struct text){rest->ptr + at + 1, rest->len - (size_t)at - 1};
    return true;
}

enum err text_u64(struct text t, uint64_t *ret)
{
    if (t.len == 0)
        return ERR_MALFORMED;
    uint64_t value = 0;
    bool overflow = false;
    for (size_t i = 0; i < t.len; i++) {
        unsigned digit = (unsigned char)t.ptr[i] - (unsigned)'0';
        if (digit > 9)
            return ERR_MALFORMED;
        overflow |= __builtin_mul_overflow(value, (uint64_t)10, &value);
        overflow |= __builtin_add_overflow(value, (uint64_t)digit, &value);
    }
    if (overflow)
        return ERR_LIMIT;
    *ret = value;
    return OK;
}

/* Length of the well-formed sequence at p, 0 if there is none. The second byte's range depends on the first: that is
 * where overlong forms, surrogates and numbers beyond U+10FFFF are told apart (RFC 3629 section 4). */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t len;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        len = 2;
    else if (p[0] >= 0xE0 && p[0] <= 0xEF)
        len = 3;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4)
        len = 4;
    else
        return 0;
    if (len > left)
        return 0;
    switch (p[0]) {
    case 0xE0: low = 0xA0; break;
    case 0xED: high = 0x9F; break;
    case 0xF0: low = 0x90; break;
    case 0xF4: high = 0x8F; break;
    default: break;
    }
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

bool text_is_utf8(struct text t)
{
    const unsigned char *p = (const unsigned char *)t.ptr;
    size_t i = 0;
    while (i < t.len) {
        /* Nearly all of what we read is ASCII: eight bytes at a time until a high bit shows. */
        uint64_t word;
        while (t.len - i >= sizeof word) {
            memcpy(&word, p + i, sizeof word);
            if (word & UINT64_C(0x8080808080808080))
                break;
            i += sizeof word;
        }
        if (i == t.len)
            break;
        size_t step = utf8_sequence(p + i, t.len - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}
