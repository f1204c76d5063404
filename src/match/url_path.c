/* match/url_path.c - see url_path.h. */
#include "match/url_path.h"

#include <string.h>

#include "match/chars.h"

static struct text find_path(struct text url)
{
    ptrdiff_t host = text_find_text(url, TEXT("://"));
    ptrdiff_t slash = host < 0 ? -1 : text_find(url, '/', (size_t)host + 3);
    ptrdiff_t query = text_find(url, '?', 0);
    if (slash < 0 || (query >= 0 && query < slash))
        return (struct text){url.ptr + url.len, 0};
    return text_sub(url, (size_t)slash, (query < 0 ? url.len : (size_t)query) - (size_t)slash);
}

bool url_path_may_differ(struct text url)
{
    struct text path = find_path(url);
    return text_find(path, '%', 0) >= 0 || text_find_text(path, TEXT("/.")) >= 0;
}

static bool is_unreserved(uint8_t c)
{
    return char_is(c, CHAR_ALNUM | CHAR_UNDER | CHAR_DASH | CHAR_DOT) || c == '~';
}

/* Sections 6.2.2.1 and 6.2.2.2; returns the new length. */
static size_t normalise_escapes(char *p, size_t len, bool *ret_changed)
{
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        const uint8_t *at = (const uint8_t *)p + i;
        if (p[i] != '%' || len - i < 3 || !char_is(at[1], CHAR_XDIGIT) || !char_is(at[2], CHAR_XDIGIT)) {
            p[out++] = p[i];
            continue;
        }
        uint8_t c = (uint8_t)(char_hex(at[1]) << 4 | char_hex(at[2]));
        i += 2;
        if (is_unreserved(c)) {
            p[out++] = (char)c;
            continue;
        }
        const char digits[] = {"0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]};
        *ret_changed |= memcmp(digits, at + 1, 2) != 0;
        p[out++] = '%';
        p[out++] = digits[0];
        p[out++] = digits[1];
    }
    return out;
}

/* Section 5.2.4, of a path that begins with a slash; returns the new length. */
static size_t remove_dot_segments(char *p, size_t len)
{
    size_t out = 0;
    for (size_t i = 0; i < len;) {
        size_t end = i + 1;
        while (end < len && p[end] != '/')
            end++;
        size_t segment = end - i - 1;
        bool one = segment == 1 && p[i + 1] == '.', two = segment == 2 && memcmp(p + i + 1, "..", 2) == 0;
        if (two)
            while (out > 0 && p[--out] != '/')
                ;
        if ((one || two) && end == len)
            p[out++] = '/';
        if (!one && !two) {
            memmove(p + out, p + i, end - i);
            out += end - i;
        }
        i = end;
    }
    return out;
}

bool url_path_normalise(char *url, size_t *len)
{
    struct text path = find_path((struct text){url, *len});
    size_t start = (size_t)(path.ptr - url), old = path.len;
    if (old == 0)
        return false;
    bool changed = false;
    size_t now = normalise_escapes(url + start, old, &changed);
    now = remove_dot_segments(url + start, now);
    memmove(url + start + now, url + start + old, *len - start - old);
    *len -= old - now;
    return changed || now != old;
}
