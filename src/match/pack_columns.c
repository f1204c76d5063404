/* match/pack_columns.c - each column in the way that takes least, as far as can be told without trying. */
#include <string.h>

#include "match/pack_inside.h"

#define LIST_MAX   64 /* different numbers that are listed */
#define LIST_SLOTS 256
#define TEXT_BITS  4 /* what a byte of text takes, about, and what its end takes */
#define LAYOUT_MAX 64
#define PARTS_MAX  16

/* ---- the streams ---- */

static void put_small(struct buffer *b, uint64_t v)
{
    for (; v >= 128; v >>= 7)
        buffer_add_u8(b, (uint8_t)(v | 128));
    buffer_add_u8(b, (uint8_t)v);
}

static void put_text(struct buffer *b, const char *p, size_t len)
{
    put_small(b, len);
    buffer_add_bytes(b, p, len);
}

/* ---- numbers ---- */

struct plan {
    enum pack_numbers way;
    uint64_t least, list[LIST_MAX];
    int64_t step; /* the least */
    unsigned bits, count;
    uint64_t cost; /* in bits */
};

struct counted {
    uint64_t value;
    uint32_t count;
    uint8_t place; /* in the list */
};

static struct counted *find_counted(struct counted slots[LIST_SLOTS], uint64_t v)
{
    size_t at = (v * UINT64_C(0x9E3779B97F4A7C15)) >> 56;
    while (slots[at].count && slots[at].value != v)
        at = (at + 1) % LIST_SLOTS;
    return &slots[at];
}

/* Of v > 0, in 256ths, a straight line between powers of two. */
static uint64_t log2_of(uint64_t v)
{
    unsigned whole = bits_length(v) - 1;
    return whole * 256 + (whole >= 8 ? v >> (whole - 8) & 255 : v << (8 - whole) & 255);
}

/* What n bytes of these counts take, in bits. */
static uint64_t entropy(const uint32_t *counts, size_t kinds, size_t n)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < kinds; i++)
        if (counts[i])
            bits += counts[i] * (log2_of(n) - log2_of(counts[i]));
    return bits / 256;
}

static void consider(struct plan *p, enum pack_numbers way, uint64_t cost)
{
    if (cost < p->cost) {
        p->way = way;
        p->cost = cost;
    }
}

/* Few different ones are listed. */
static void consider_list(struct plan *p, const uint64_t *v, size_t n)
{
    struct counted slots[LIST_SLOTS] = {0};
    uint32_t counts[LIST_MAX];
    p->count = 0;
    for (size_t i = 0; i < n; i++) {
        struct counted *c = find_counted(slots, v[i]);
        if (c->count == 0) {
            if (p->count == LIST_MAX)
                return;
            c->value = v[i];
            p->list[p->count++] = v[i];
        }
        c->count++;
    }
    for (unsigned i = 0; i < p->count; i++)
        counts[i] = find_counted(slots, p->list[i])->count;
    consider(p, NUMBERS_LIST, n * bits_length(p->count - 1) + p->count * 24);
    consider(p, NUMBERS_LIST_BYTES, entropy(counts, p->count, n) * 9 / 8 + p->count * 24 + 32);
}

static void consider_bytes(struct plan *p, const uint64_t *v, size_t n)
{
    uint32_t counts[256] = {0};
    for (size_t i = 0; i < n; i++)
        counts[v[i] - p->least]++;
    consider(p, NUMBERS_BYTES, entropy(counts, 256, n) * 9 / 8 + 64);
}

static void consider_steps(struct plan *p, const uint64_t *v, size_t n)
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (size_t i = 1; i < n; i++) {
        int64_t step = (int64_t)(v[i] - v[i - 1]);
        least = step < least ? step : least;
        most = step > most ? step : most;
    }
    p->step = least;
    unsigned bits = bits_length((uint64_t)most - (uint64_t)least);
    uint64_t cost = (n - 1) * bits + 100;
    if (cost < p->cost)
        p->bits = bits;
    consider(p, NUMBERS_STEPS, cost);
}

static void plan_numbers(struct plan *p, const uint64_t *v, size_t n)
{
    uint64_t least = v[0], most = v[0];
    for (size_t i = 1; i < n; i++) {
        least = v[i] < least ? v[i] : least;
        most = v[i] > most ? v[i] : most;
    }
    *p = (struct plan){.way = NUMBERS_CONST, .least = least, .cost = 16};
    if (least == most)
        return;
    p->bits = bits_length(most - least);
    p->way = NUMBERS_BITS;
    p->cost = n * p->bits + 32;
    if (n >= 16) {
        consider_list(p, v, n);
        if (most - least < 256)
            consider_bytes(p, v, n);
    }
    consider_steps(p, v, n);
}

static void put_places(struct packer *k, const struct plan *p, const uint64_t *v, size_t n, struct bit_writer *w)
{
    struct counted slots[LIST_SLOTS] = {0};
    buffer_add_u8(&k->meta, (uint8_t)p->count);
    for (unsigned i = 0; i < p->count; i++) {
        struct counted *c = find_counted(slots, p->list[i]);
        *c = (struct counted){p->list[i], 1, (uint8_t)i};
        put_small(&k->meta, p->list[i]);
    }
    unsigned bits = bits_length(p->count - 1);
    if (p->way == NUMBERS_LIST)
        buffer_add_u8(&k->meta, (uint8_t)bits);
    for (size_t i = 0; i < n; i++) {
        uint8_t place = find_counted(slots, v[i])->place;
        if (p->way == NUMBERS_LIST)
            bits_put(w, place, bits);
        else
            buffer_add_u8(&k->rows, place);
    }
}

static void put_numbers(struct packer *k, const struct plan *p, const uint64_t *v, size_t n, struct bit_writer *w)
{
    buffer_add_u8(&k->meta, (uint8_t)p->way);
    switch (p->way) {
    case NUMBERS_CONST: put_small(&k->meta, p->least); break;
    case NUMBERS_BITS:
        put_small(&k->meta, p->least);
        buffer_add_u8(&k->meta, (uint8_t)p->bits);
        for (size_t i = 0; i < n; i++)
            bits_put_long(w, v[i] - p->least, p->bits);
        break;
    case NUMBERS_STEPS:
        put_small(&k->meta, v[0]);
        buffer_add_u64(&k->meta, (uint64_t)p->step);
        buffer_add_u8(&k->meta, (uint8_t)p->bits);
        for (size_t i = 1; i < n; i++)
            bits_put_long(w, v[i] - v[i - 1] - (uint64_t)p->step, p->bits);
        break;
    case NUMBERS_BYTES:
        put_small(&k->meta, p->least);
        for (size_t i = 0; i < n; i++)
            buffer_add_u8(&k->rows, (uint8_t)(v[i] - p->least));
        break;
    case NUMBERS_LIST:
    case NUMBERS_LIST_BYTES: put_places(k, p, v, n, w); break;
    }
}

/* ---- columns ---- */

struct column {
    struct packer *k;
    const char *base; /* of the block */
    const struct shape *shape;
    size_t nth;
    const struct token *cells; /* its tokens, one behind the other */
    size_t rows, bytes;        /* of all its tokens */
    bool same_len;
    struct bit_writer *w;
};

static const struct token *token_at(const struct column *c, size_t row, size_t nth)
{
    const struct packer *k = c->k;
    return &k->tokens[k->order[c->shape->first + row] + nth];
}

static bool equal(const struct column *c, const struct token *a, const struct token *b)
{
    return a->len == b->len && memcmp(c->base + a->at, c->base + b->at, a->len) == 0;
}

static uint64_t number_of(const char *p, size_t len)
{
    uint64_t v = 0;
    for (size_t i = 0; i < len; i++)
        if (p[i] != '.')
            v = v * 10 + (uint64_t)(p[i] - '0');
    return v;
}

static bool try_const(const struct column *c)
{
    const struct token *first = &c->cells[0];
    for (size_t i = 1; i < c->rows; i++)
        if (!equal(c, first, &c->cells[i]))
            return false;
    buffer_add_u8(&c->k->meta, COLUMN_CONST);
    put_text(&c->k->meta, c->base + first->at, first->len);
    return true;
}

static bool is_same(const struct column *c, size_t other)
{
    for (size_t i = 0; i < c->rows; i++)
        if (!equal(c, &c->cells[i], token_at(c, i, other)))
            return false;
    return true;
}

static bool try_same(const struct column *c)
{
    for (size_t other = c->nth; other-- > 0;)
        if (is_same(c, other)) {
            buffer_add_u8(&c->k->meta, COLUMN_SAME);
            buffer_add_u8(&c->k->meta, (uint8_t)other);
            return true;
        }
    return false;
}

static bool cheaper_than_text(const struct column *c, uint64_t bits)
{
    return bits <= (c->bytes + c->rows) * TEXT_BITS;
}

static bool try_number(const struct column *c)
{
    struct plan p;
    uint64_t *v = c->k->numbers;
    for (size_t i = 0; i < c->rows; i++) {
        const struct token *t = &c->cells[i];
        v[i] = number_of(c->base + t->at, t->len);
    }
    plan_numbers(&p, v, c->rows);
    if (!cheaper_than_text(c, p.cost))
        return false;
    buffer_add_u8(&c->k->meta, COLUMN_NUMBER);
    put_numbers(c->k, &p, v, c->rows, c->w);
    return true;
}

/* The same number of digits behind every dot. */
static bool try_decimal(const struct column *c)
{
    struct plan p;
    uint64_t *v = c->k->numbers;
    size_t behind = 0;
    for (size_t i = 0; i < c->rows; i++) {
        const struct token *t = &c->cells[i];
        const char *s = c->base + t->at, *dot = memchr(s, '.', t->len);
        size_t digits = t->len - (size_t)(dot - s) - 1;
        if (i && digits != behind)
            return false;
        behind = digits;
        v[i] = number_of(s, t->len);
    }
    plan_numbers(&p, v, c->rows);
    if (!cheaper_than_text(c, p.cost))
        return false;
    buffer_add_u8(&c->k->meta, COLUMN_DECIMAL);
    buffer_add_u8(&c->k->meta, (uint8_t)behind);
    put_numbers(c->k, &p, v, c->rows, c->w);
    return true;
}

/* An address as one number, each of its parts in 16 bits. */
static uint64_t quad_of(const char *p, size_t len)
{
    uint64_t quad = 0, part = 0;
    for (size_t i = 0; i < len; i++) {
        if (p[i] != '.') {
            part = part * 10 + (uint64_t)(p[i] - '0');
            continue;
        }
        quad = quad << 16 | part;
        part = 0;
    }
    return quad << 16 | part;
}

static bool put_quads(const struct column *c)
{
    uint64_t *v = c->k->numbers, *quads = v + c->rows;
    for (size_t i = 0; i < c->rows; i++) {
        const struct token *t = &c->cells[i];
        quads[i] = quad_of(c->base + t->at, t->len);
    }
    buffer_add_u8(&c->k->meta, COLUMN_QUAD);
    for (unsigned part = 0; part < 4; part++) {
        struct plan p;
        for (size_t i = 0; i < c->rows; i++)
            v[i] = quads[i] >> (48 - 16 * part) & 0xFFFF;
        plan_numbers(&p, v, c->rows);
        put_numbers(c->k, &p, v, c->rows, c->w);
    }
    return true;
}

/* ---- texts that are all alike but for their digits ---- */

struct part {
    size_t at, len;
};

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

static size_t find_parts(const char *s, size_t len, struct part parts[PARTS_MAX], size_t *ret_digits)
{
    size_t count = 0;
    *ret_digits = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(s[i]))
            continue;
        if (i == 0 || !is_digit(s[i - 1])) {
            if (count == PARTS_MAX)
                return 0;
            parts[count++] = (struct part){i, 0};
        }
        parts[count - 1].len++;
        ++*ret_digits;
    }
    return count;
}

static bool same_layout(const struct column *c)
{
    const struct token *first = &c->cells[0];
    const char *model = c->base + first->at;
    for (size_t i = 1; i < c->rows; i++) {
        const char *s = c->base + c->cells[i].at;
        for (size_t k = 0; k < first->len; k++)
            if (is_digit(model[k]) ? !is_digit(s[k]) : s[k] != model[k])
                return false;
    }
    return true;
}

static void read_part(const struct column *c, struct part part)
{
    for (size_t i = 0; i < c->rows; i++)
        c->k->numbers[i] = number_of(c->base + c->cells[i].at + part.at, part.len);
}

static void read_digits(const struct column *c)
{
    for (size_t i = 0; i < c->rows; i++) {
        const struct token *t = &c->cells[i];
        uint64_t v = 0;
        for (const char *s = c->base + t->at, *end = s + t->len; s < end; s++)
            if (is_digit(*s))
                v = v * 10 + (uint64_t)(*s - '0');
        c->k->numbers[i] = v;
    }
}

static bool try_layout(const struct column *c)
{
    const struct token *first = &c->cells[0];
    struct part parts[PARTS_MAX];
    struct plan plans[PARTS_MAX], whole = {.cost = UINT64_MAX};
    size_t digits;
    if (!c->same_len || first->len > LAYOUT_MAX || !same_layout(c))
        return false;
    size_t count = find_parts(c->base + first->at, first->len, parts, &digits);
    uint64_t cost = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > PACK_DIGITS_MAX)
            return false;
        read_part(c, parts[i]);
        plan_numbers(&plans[i], c->k->numbers, c->rows);
        cost += plans[i].cost;
    }
    if (digits <= PACK_DIGITS_MAX) {
        read_digits(c);
        plan_numbers(&whole, c->k->numbers, c->rows);
    }
    if (count == 0 || !cheaper_than_text(c, whole.cost < cost ? whole.cost : cost))
        return false;
    buffer_add_u8(&c->k->meta, whole.cost < cost ? COLUMN_LAYOUT : COLUMN_PARTS);
    put_text(&c->k->meta, c->base + first->at, first->len);
    if (whole.cost < cost) {
        put_numbers(c->k, &whole, c->k->numbers, c->rows, c->w);
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        read_part(c, parts[i]);
        put_numbers(c->k, &plans[i], c->k->numbers, c->rows, c->w);
    }
    return true;
}

/* ---- hashes and the like, other text ---- */

static bool is_hex(char ch)
{
    return is_digit(ch) || (ch >= 'a' && ch <= 'f');
}

static size_t common_start(const struct column *c)
{
    const struct token *first = &c->cells[0];
    size_t len = first->len;
    for (size_t i = 1; i < c->rows && len; i++) {
        const char *a = c->base + first->at, *b = c->base + c->cells[i].at;
        size_t same = 0;
        while (same < len && a[same] == b[same])
            same++;
        len = same;
    }
    return len;
}

static bool try_hex(const struct column *c)
{
    const struct token *first = &c->cells[0];
    size_t start, digits;
    if (!c->same_len || c->rows < 4)
        return false;
    start = common_start(c);
    digits = first->len - start;
    for (size_t i = 0; i < c->rows; i++)
        for (size_t d = 0; d < digits; d++)
            if (!is_hex(c->base[c->cells[i].at + start + d]))
                return false;
    buffer_add_u8(&c->k->meta, COLUMN_HEX);
    put_text(&c->k->meta, c->base + first->at, start);
    put_small(&c->k->meta, digits);
    for (size_t i = 0; i < c->rows; i++)
        for (size_t d = 0; d < digits; d++) {
            char ch = c->base[c->cells[i].at + start + d];
            bits_put(c->w, (uint64_t)(is_digit(ch) ? ch - '0' : ch - 'a' + 10), 4);
        }
    return true;
}

static void put_lines(const struct column *c)
{
    struct packer *k = c->k;
    size_t len = c->cells[0].len;
    buffer_add_u8(&k->meta, c->same_len ? COLUMN_FIXED : COLUMN_LINES);
    if (c->same_len)
        put_small(&k->meta, len);
    for (size_t i = 0; i < c->rows; i++) {
        const struct token *t = &c->cells[i];
        buffer_add_bytes(&k->text, c->base + t->at, t->len);
        if (!c->same_len)
            buffer_add_char(&k->text, '\n');
    }
}

static bool by_class(const struct column *c, enum pack_class class)
{
    switch (class) {
    case PACK_NUMBER: return try_number(c);
    case PACK_DECIMAL: return try_decimal(c);
    case PACK_QUAD: return put_quads(c);
    default: return false;
    }
}

static void put_column(struct column *c, enum pack_class class)
{
    struct token *cells = c->k->cells;
    uint32_t bytes = 0, others = 0;
    for (size_t i = 0; i < c->rows; i++) {
        cells[i] = *token_at(c, i, c->nth);
        bytes += cells[i].len;
        others |= cells[i].len ^ cells[0].len;
    }
    c->cells = cells;
    c->bytes = bytes;
    c->same_len = others == 0;
    if (!try_const(c) && !try_same(c) && !by_class(c, class) && !try_layout(c) && !try_hex(c))
        put_lines(c);
}

static void put_shape(struct packer *k, const struct shape *s, struct text lines, struct bit_writer *w)
{
    struct column c = {.k = k, .base = lines.ptr, .shape = s, .rows = s->rows, .w = w};
    const char *text = k->shapes_text.ptr + s->at;
    put_text(&k->meta, text, s->len);
    put_small(&k->meta, s->rows);
    for (size_t i = 0; i < s->len && s->rows; i++)
        if ((uint8_t)text[i] < PACK_CLASSES && text[i]) {
            put_column(&c, (enum pack_class)text[i]);
            c.nth++;
        }
}

void pack_columns(struct packer *k, struct text lines)
{
    struct bit_writer w = {.out = &k->bits};
    buffer_add_u8(&k->meta, lines.len && lines.ptr[lines.len - 1] != '\n'); /* the last line has no newline */
    put_small(&k->meta, k->line_count);
    put_small(&k->meta, k->shape_count);
    buffer_add_bytes(&k->rows, k->line_shapes, k->line_count);
    for (size_t i = 0; i < k->shape_count; i++)
        put_shape(k, &k->shapes[i], lines, &w);
    bits_end(&w);
}
