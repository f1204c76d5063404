/* match/pack_split.c - lines into separators and tokens. */
#include <string.h>

#include "base/hash.h"
#include "match/pack_inside.h"

enum { C_TOKEN = 1, C_DIGIT = 2, C_DOT = 4, C_MARK = 8, C_OTHER = 16, C_CODE = 32 };

/* A word of so many letters is a value: an identifier, more likely than a word of the log's own. */
#define WORD_MAX 15

void pack_classes_init(uint8_t classes[256])
{
    static const char marks[] = "/&%?";
    memset(classes, 0, 256);
    for (unsigned c = 0; c < 256; c++) {
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (c >= '0' && c <= '9')
            classes[c] = C_TOKEN | C_DIGIT;
        else if (c == '.')
            classes[c] = C_TOKEN | C_DOT;
        else if (c && strchr(marks, (int)c))
            classes[c] = C_TOKEN | C_MARK;
        else if (letter || c >= 0x80 || (c && strchr("-_:+~@", (int)c)))
            classes[c] = C_TOKEN | C_OTHER;
        else if (c < PACK_CLASSES)
            classes[c] = C_CODE;
    }
}

static bool is_quad(const char *p, size_t len)
{
    unsigned dots = 0, value = 0, digits = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && p[i] != '.') {
            if (digits && value == 0)
                return false;
            value = value * 10 + (unsigned)(p[i] - '0');
            if (++digits > 3 || value > 255)
                return false;
            continue;
        }
        if (digits == 0)
            return false;
        dots += i < len;
        value = digits = 0;
    }
    return dots == 3;
}

/* Digits and dots alone. */
static enum pack_class dotted_class(const char *p, size_t len)
{
    const char *dot = memchr(p, '.', len);
    size_t whole = (size_t)(dot - p);
    if (memchr(dot + 1, '.', len - whole - 1))
        return is_quad(p, len) ? PACK_QUAD : PACK_TEXT;
    if (whole == 0 || whole + 1 == len || len > PACK_DIGITS_MAX + 1 || (p[0] == '0' && whole > 1))
        return PACK_TEXT;
    return PACK_DECIMAL;
}

static enum pack_class class_of(const char *p, size_t len, unsigned seen)
{
    if (seen & (C_MARK | C_OTHER))
        return PACK_TEXT;
    if (seen & C_DOT)
        return seen & C_DIGIT ? dotted_class(p, len) : PACK_TEXT;
    return len <= PACK_DIGITS_MAX && (p[0] != '0' || len == 1) ? PACK_NUMBER : PACK_DIGITS;
}

/* The number of the shape, made when it is new; PACK_SHAPES_MAX when there are too many. */
static size_t find_shape(struct packer *p, const char *text, size_t len, size_t columns)
{
    uint64_t hash = xxh3_of(text, len);
    size_t slot = hash & (ARRAY_LEN(p->slots) - 1);
    for (; p->slots[slot]; slot = (slot + 1) & (ARRAY_LEN(p->slots) - 1)) {
        const struct shape *s = &p->shapes[p->slots[slot] - 1];
        if (s->hash == hash && s->len == len && memcmp(p->shapes_text.ptr + s->at, text, len) == 0)
            return p->slots[slot] - 1u;
    }
    if (p->shape_count == PACK_SHAPES_MAX)
        return PACK_SHAPES_MAX;
    struct shape s = {.at = (uint32_t)p->shapes_text.len, .len = (uint32_t)len, .columns = (uint32_t)columns};
    s.hash = hash;
    buffer_add_bytes(&p->shapes_text, text, len);
    p->shapes[p->shape_count] = s;
    p->slots[slot] = (uint16_t)++p->shape_count;
    return p->shape_count - 1;
}

/* "HIER_DIRECT/192.0.2.1": an address behind the last slash is a token of its own. The slash, or `end`. */
static size_t address_slash(const char *base, size_t start, size_t end)
{
    const char *slash = memrchr(base + start, '/', end - start);
    size_t at = slash ? (size_t)(slash - base) : end;
    if (at == end || at == start || end - at < 8 || end - at > 16)
        return end;
    for (size_t i = at + 1; i < end; i++)
        if (base[i] != '.' && (base[i] < '0' || base[i] > '9'))
            return end;
    return is_quad(base + at + 1, end - at - 1) ? at : end;
}

static unsigned classes_of(const uint8_t classes[256], const char *p, size_t len)
{
    unsigned seen = 0;
    for (size_t i = 0; i < len; i++)
        seen |= classes[(uint8_t)p[i]];
    return seen;
}

struct split {
    char shape[PACK_SHAPE_MAX];
    size_t len, columns;
};

/* False: the line is not taken apart. */
static bool split_line(struct packer *p, const char *base, size_t at, size_t end, struct split *s)
{
    const uint8_t *classes = p->classes;
    struct token *tokens = p->tokens + p->token_count;
    size_t from = at;
    s->len = s->columns = 0;
    while (at < end) {
        unsigned c = classes[(uint8_t)base[at]], seen = 0;
        if (s->len + 2 + WORD_MAX > sizeof s->shape || c == C_CODE || s->columns == PACK_COLUMNS_MAX)
            return false;
        if (!c || (base[at] == ':' && at > from && base[at - 1] == '"')) { /* JSON's "key":1 */
            s->shape[s->len++] = base[at++];
            continue;
        }
        size_t start = at;
        do
            seen |= c;
        while (++at < end && (c = classes[(uint8_t)base[at]]) & C_TOKEN);
        size_t slash = at;
        if ((seen & (C_MARK | C_DIGIT | C_DOT)) == (C_MARK | C_DIGIT | C_DOT))
            slash = address_slash(base, start, at);
        bool cut = slash < at;
        if (cut)
            seen = classes_of(classes, base + start, slash - start);
        at = slash;
        size_t len = at - start;
        if (!(seen & (C_DIGIT | C_DOT | C_MARK)) && len <= WORD_MAX) {
            memcpy(s->shape + s->len, base + start, len);
            s->len += len;
        } else {
            s->shape[s->len++] = (char)class_of(base + start, len, seen);
            tokens[s->columns].at = (uint32_t)start;
            tokens[s->columns++].len = (uint32_t)len;
        }
        if (cut)
            s->shape[s->len++] = base[at++];
    }
    return true;
}

static void whole_line(struct packer *p, size_t at, size_t end, struct split *s)
{
    s->shape[0] = PACK_TEXT;
    s->len = end > at;
    s->columns = end > at;
    p->tokens[p->token_count] = (struct token){(uint32_t)at, (uint32_t)(end - at)};
}

static void sort_lines(struct packer *p)
{
    uint32_t at = 0;
    for (size_t i = 0; i < p->shape_count; i++) {
        p->shapes[i].first = at;
        at += p->shapes[i].rows;
        p->shapes[i].rows = 0;
    }
    for (size_t i = 0; i < p->line_count; i++) {
        struct shape *s = &p->shapes[p->line_shapes[i]];
        p->order[s->first + s->rows++] = (uint32_t)i;
    }
}

bool pack_split(struct packer *p, struct text lines)
{
    struct split s;
    p->token_count = p->line_count = p->shape_count = 0;
    memset(p->slots, 0, sizeof p->slots);
    buffer_clear(&p->shapes_text);
    /* These two are always there, so that every line has one. */
    s.shape[0] = PACK_TEXT;
    (void)find_shape(p, s.shape, 1, 1);
    (void)find_shape(p, s.shape, 0, 0);
    for (size_t at = 0; at < lines.len;) {
        const char *newline = memchr(lines.ptr + at, '\n', lines.len - at);
        size_t end = newline ? (size_t)(newline - lines.ptr) : lines.len;
        if (p->token_count + PACK_COLUMNS_MAX > PACK_TOKENS_MAX)
            return false;
        if (!split_line(p, lines.ptr, at, end, &s))
            whole_line(p, at, end, &s);
        size_t shape = find_shape(p, s.shape, s.len, s.columns);
        if (shape == PACK_SHAPES_MAX) {
            whole_line(p, at, end, &s);
            shape = find_shape(p, s.shape, s.len, s.columns);
        }
        p->line_shapes[p->line_count] = (uint8_t)shape;
        p->line_tokens[p->line_count++] = (uint32_t)p->token_count;
        p->shapes[shape].rows++;
        p->token_count += s.columns;
        at = end + 1;
    }
    sort_lines(p);
    return buffer_error(&p->shapes_text) == OK;
}
