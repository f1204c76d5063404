/* match/escape.c - escapes that writers of logs put into texts, resolved one layer at a time:
 *  \n \/ \\ \u002e   JSON (RFC 8259 section 7)
 *  \x2e                 nginx, Apache
 *  #012                 rsyslog's control characters
 *  %2e                  URLs (RFC 3986 section 2.1)
 *  &amp;                XML, in URLs only (token_url.c)
 * A piece of the line between hard ends is copied with its escapes resolved and read once more, as long as there are
 * escapes in it, READING_DEPTH_MAX deep. What stands there unresolved was read as well. */
#include "match/reading.h"

#include <string.h>

static bool hex_at(const uint8_t *p, size_t len, size_t at, size_t digits, uint32_t *ret)
{
    uint32_t v = 0;
    if (len < digits || at > len - digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (!char_is(p[at + i], CHAR_XDIGIT))
            return false;
        v = v << 4 | char_hex(p[at + i]);
    }
    *ret = v;
    return true;
}

/* The escape at p[at], a backslash: its length, 0 for none. */
static size_t backslash_len(const uint8_t *p, size_t len, size_t at, uint32_t *ret)
{
    /* \" is never in a piece: the quotation mark ends it */
    static const char names[] = "\\/bfnrt", codes[] = "\\/\b\f\n\r\t";
    if (at + 1 >= len)
        return 0;
    uint8_t c = p[at + 1];
    if (c == 'u')
        return hex_at(p, len, at + 2, 4, ret) ? 6 : 0;
    if (c == 'x')
        return hex_at(p, len, at + 2, 2, ret) ? 4 : 0;
    const char *name = c ? strchr(names, c) : NULL;
    if (!name)
        return 0;
    *ret = (uint8_t)codes[name - names];
    return 2;
}

bool escape_backslash_at(const uint8_t *p, size_t len, size_t at)
{
    uint32_t c;
    return p[at] == '\\' && backslash_len(p, len, at, &c) > 0;
}

bool escape_percent_at(const uint8_t *p, size_t len, size_t at)
{
    uint32_t c;
    return p[at] == '%' && hex_at(p, len, at + 1, 2, &c);
}

/* #000 to #037 */
bool escape_octal_at(const uint8_t *p, size_t len, size_t at)
{
    return p[at] == '#' && at + 3 < len && p[at + 1] == '0' && p[at + 2] >= '0' && p[at + 2] <= '3' &&
           p[at + 3] >= '0' && p[at + 3] <= '7';
}

bool escape_continues(const uint8_t *p, size_t len, size_t at)
{
    uint32_t c;
    if (at >= len || (p[at] != '\\' && p[at] != '%'))
        return false;
    while (at + 2 < len && p[at] == '\\' && p[at + 1] == '\\')
        at++; /* an escape within escapes */
    if (p[at] == '%') {
        uint32_t inner; /* %25C3: the same */
        for (at++; hex_at(p, len, at, 2, &c) && c == '%' && hex_at(p, len, at + 2, 2, &inner);)
            at += 2;
        return hex_at(p, len, at, 2, &c) && char_is((uint8_t)c, CHAR_RUN);
    }
    if (backslash_len(p, len, at, &c) < 4)
        return false;
    if (c < 0x80 || p[at + 1] == 'x')
        return char_is((uint8_t)c, CHAR_RUN);
    return !char_is_separator(c);
}

bool escape_is_hard(const uint8_t *p, size_t len, size_t at)
{
    uint32_t c = 'x';
    bool escape = p[at] == '%' ? hex_at(p, len, at + 1, 2, &c) : p[at] == '\\' && backslash_len(p, len, at, &c) > 0;
    return escape && c < 0x80 && char_is_hard((uint8_t)c);
}

bool escape_before(const struct reading *r, size_t at)
{
    return at > 0 && escape_percent_at(r->p, r->len, at - 1);
}

/* ---- one layer resolved ---- */

struct copy {
    uint8_t *out;
    size_t *map;
    size_t len;
};

static void put(struct copy *c, uint8_t byte, size_t where)
{
    c->map[c->len] = where;
    c->out[c->len++] = byte;
}

/* UTF-8; never longer than the \uXXXX it came from. A lone surrogate is put as one too: no letter is made of it. */
static void put_code_point(struct copy *c, uint32_t cp, size_t where)
{
    if (cp < 0x80) {
        put(c, (uint8_t)cp, where);
        return;
    }
    if (cp >= 0x10000) {
        put(c, (uint8_t)(0xF0 | cp >> 18), where);
        put(c, (uint8_t)(0x80 | (cp >> 12 & 0x3F)), where);
    } else if (cp >= 0x800) {
        put(c, (uint8_t)(0xE0 | cp >> 12), where);
    }
    if (cp >= 0x800)
        put(c, (uint8_t)(0x80 | (cp >> 6 & 0x3F)), where);
    else
        put(c, (uint8_t)(0xC0 | cp >> 6), where);
    put(c, (uint8_t)(0x80 | (cp & 0x3F)), where);
}

/* The escape at p[i], with the other half of a surrogate pair; returns what follows it. */
static size_t put_backslash(const struct reading *r, struct copy *c, size_t i, size_t end)
{
    uint32_t cp, low;
    size_t n = backslash_len(r->p, end, i, &cp);
    if (n == 6 && cp >= 0xD800 && cp < 0xDC00 && i + 6 < end && r->p[i + 6] == '\\' &&
        backslash_len(r->p, end, i + 6, &low) == 6 && low >= 0xDC00 && low < 0xE000) {
        cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
        n = 12;
    }
    if (n == 4)
        put(c, (uint8_t)cp, reading_where(r, i)); /* \xHH is a byte, not a character */
    else
        put_code_point(c, cp, reading_where(r, i));
    return i + n;
}

static size_t resolve_backslash(const struct reading *r, struct span in, uint8_t *out, size_t *map)
{
    struct copy c = {out, map, 0};
    for (size_t i = in.start; i < in.end;) {
        if (escape_backslash_at(r->p, in.end, i)) {
            i = put_backslash(r, &c, i, in.end);
        } else if (escape_octal_at(r->p, in.end, i)) {
            put(&c, (uint8_t)((r->p[i + 2] - '0') * 8 + (r->p[i + 3] - '0')), reading_where(r, i));
            i += 4;
        } else if (r->p[i] == '\\' && i + 1 == in.end) {
            i++; /* of the quotation mark that ended the piece */
        } else {
            put(&c, r->p[i], reading_where(r, i));
            i++;
        }
    }
    map[c.len] = reading_where(r, in.end);
    return c.len;
}

size_t escape_percent(const struct reading *r, struct span in, uint8_t *out, size_t *map)
{
    struct copy c = {out, map, 0};
    for (size_t i = in.start; i < in.end;) {
        uint32_t byte;
        bool escape = r->p[i] == '%' && hex_at(r->p, in.end, i + 1, 2, &byte);
        put(&c, escape ? (uint8_t)byte : r->p[i], reading_where(r, i));
        i += escape ? 3 : 1;
    }
    map[c.len] = reading_where(r, in.end);
    return c.len;
}

/* "#38;", "#x26;": a character of ASCII, behind the ampersand. Its length, 0 for anything else. */
static size_t number_entity_len(const uint8_t *p, size_t len, uint8_t *ret)
{
    bool hex = len > 1 && (p[1] | 0x20) == 'x';
    unsigned c = 0;
    size_t digits = hex ? 2 : 1, i = digits;
    for (; i < len && i < ENTITY_MAX_BYTES - 1 && char_is(p[i], hex ? CHAR_XDIGIT : CHAR_DIGIT); i++)
        c = c * (hex ? 16 : 10) + char_hex(p[i]);
    if (i == digits || i >= len || p[i] != ';' || c == 0 || c >= 0x80)
        return 0;
    *ret = (uint8_t)c;
    return i + 1;
}

/* The entity at p[at], an ampersand: its length, 0 for none. */
static size_t entity_len(const uint8_t *p, size_t len, size_t at, uint8_t *ret)
{
    static const struct {
        struct text name;
        uint8_t means;
    } entities[] = {
        {{"amp;", 4}, '&'}, {{"lt;", 3}, '<'}, {{"gt;", 3}, '>'}, {{"quot;", 5}, '"'}, {{"apos;", 5}, '\''}};
    const uint8_t *name = p + at + 1;
    size_t left = len - at - 1;
    if (left > 0 && name[0] == '#') {
        size_t n = number_entity_len(name, left, ret);
        return n ? n + 1 : 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(entities); i++)
        if (entities[i].name.len <= left && memcmp(name, entities[i].name.ptr, entities[i].name.len) == 0) {
            *ret = entities[i].means;
            return entities[i].name.len + 1;
        }
    return 0;
}

bool escape_has_entity(const struct reading *r, struct span in)
{
    uint8_t c;
    const uint8_t *p = r->p + in.start, *end = r->p + in.end;
    while ((p = memchr(p, '&', (size_t)(end - p)))) {
        if (entity_len(r->p, in.end, (size_t)(p - r->p), &c))
            return true;
        p++;
    }
    return false;
}

size_t escape_entities(const struct reading *r, struct span in, uint8_t *out, size_t *map)
{
    struct copy c = {out, map, 0};
    for (size_t i = in.start; i < in.end;) {
        uint8_t byte = r->p[i];
        size_t n = byte == '&' ? entity_len(r->p, in.end, i, &byte) : 0;
        put(&c, byte, reading_where(r, i));
        i += n ? n : 1;
    }
    map[c.len] = reading_where(r, in.end);
    return c.len;
}

static bool has_backslash(const struct reading *r, struct span in)
{
    for (size_t i = in.start; i < in.end; i++)
        if (escape_backslash_at(r->p, in.end, i) || escape_octal_at(r->p, in.end, i))
            return true;
    return false;
}

void escape_read(struct scanner *s, struct reading *r, size_t at)
{
    struct span piece = {at, at};
    while (piece.start > r->escapes_end && !char_is_hard(r->p[piece.start - 1]))
        piece.start--;
    while (piece.end < r->len && !char_is_hard(r->p[piece.end]))
        piece.end++;
    r->escapes_end = piece.end;
    size_t *map;
    uint8_t *bytes = scan_take_bytes(s, r->depth + 1, piece.end - piece.start, &map);
    if (!bytes)
        return;
    struct reading once = {.p = bytes, .map = map, .depth = r->depth + 1, .percent_read = r->percent_read};
    if (has_backslash(r, piece)) {
        once.len = resolve_backslash(r, piece, bytes, map);
    } else {
        once.len = escape_percent(r, piece, bytes, map);
        once.percent_read = true;
    }
    token_read(s, &once);
}
