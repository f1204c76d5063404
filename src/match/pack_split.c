/* match/pack_split.c - lines into separators and tokens. A short word without digits and marks stays in the shape, so
 * that only values are looked at: what is between two of them is copied whole. */
#include <string.h>

#include "base/hash.h"
#include "match/pack_inside.h"

enum { C_TOKEN = 1, C_DIGIT = 2, C_DOT = 4, C_MARK = 8, C_OTHER = 16, C_CODE = 32 };

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
    const char *base; /* of the block */
    size_t at;        /* of the line in it */
    struct token *tokens;
    char shape[PACK_SHAPE_MAX];
    size_t len, columns;
    size_t done; /* of the line: what stands before it is in shape and tokens */
};

/* What stands between tokens, up to `to` of the line. False: the shape is too long. */
static bool put_between(struct split *s, size_t to)
{
    size_t len = to - s->done;
    if (len >= sizeof s->shape - s->len)
        return false;
    memcpy(s->shape + s->len, s->base + s->at + s->done, len);
    s->len += len;
    return true;
}

static bool put_token(struct split *s, size_t start, size_t end, enum pack_class class)
{
    if (s->columns == PACK_COLUMNS_MAX || !put_between(s, start))
        return false;
    s->shape[s->len++] = (char)class;
    s->tokens[s->columns].at = (uint32_t)(s->at + start);
    s->tokens[s->columns++].len = (uint32_t)(end - start);
    s->done = end;
    return true;
}

/* A token of any length, byte by byte; *ret_end: it was cut there. A word stays where it is. */
static bool put_any(const struct packer *p, struct split *s, size_t start, size_t *ret_end)
{
    const char *line = s->base + s->at;
    size_t end = *ret_end = address_slash(line, start, *ret_end);
    unsigned seen = classes_of(p->classes, line + start, end - start);
    if (!(seen & (C_DIGIT | C_DOT | C_MARK)) && end - start <= PACK_WORD_MAX)
        return true;
    return put_token(s, start, end, class_of(line + start, end - start, seen));
}

/* The same for one of at most 64 bytes, mostly seen by its masks. */
static bool put_short(const struct packer *p, struct split *s, size_t start, size_t *ret_end)
{
    const struct pack_masks *m = p->masks;
    size_t len = *ret_end - start;
    uint64_t all = UINT64_MAX >> (64 - len), digits = mask_bits(m->digit, start) & all,
             dots = mask_bits(m->dot, start) & all, others = all & ~(digits | dots);
    const char *at = s->base + s->at + start;
    if (others) {
        unsigned last = 63 - (unsigned)__builtin_clzll(others);
        if (digits && dots && at[last] == '/')
            return put_any(p, s, start, ret_end);
        return put_token(s, start, *ret_end, PACK_TEXT);
    }
    unsigned seen = (digits ? C_DIGIT : 0) | (dots ? C_DOT : 0);
    return put_token(s, start, *ret_end, class_of(at, len, seen));
}

/* False: the line is not taken apart. */
static bool split_line(struct packer *p, struct text lines, size_t at, size_t end, struct split *s)
{
    struct pack_masks *m = p->masks;
    if (!pack_masks_make(m, lines.ptr + at, end - at, lines.len - at, p->way))
        return false;
    s->base = lines.ptr;
    s->at = at;
    s->tokens = p->tokens + p->token_count;
    s->len = s->columns = s->done = 0;
    size_t from = 0; /* events before it were dealt with */
    for (size_t w = 0; w < m->words; w++) {
        uint64_t events = m->event[w];
        while (from < w * 64 + 64) {
            if (from > w * 64)
                events &= UINT64_MAX << (from % 64);
            if (!events)
                break;
            size_t event = w * 64 + (size_t)__builtin_ctzll(events), start = mask_run_start(m->token, event);
            size_t stop = mask_run_end(m->token, event), cut = stop;
            if (start < from) /* behind a slash */
                start = from;
            if (stop - start <= 64 ? !put_short(p, s, start, &cut) : !put_any(p, s, start, &cut))
                return false;
            from = cut + 1; /* a separator, or the slash */
        }
    }
    return put_between(s, end - at);
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
        p->order[s->first + s->rows++] = p->line_tokens[i];
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
        if (!split_line(p, lines, at, end, &s))
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
