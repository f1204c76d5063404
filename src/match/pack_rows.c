/* match/pack_rows.c - lines out of columns. Whatever the streams hold, nothing is read or written beyond them: what
 * is written anew goes into p->values up to its end, what stands there already is pointed at, and lines end at `len`.
 */
#include <string.h>

#include "base/cursor.h"
#include "match/pack_inside.h"

struct value {
    const char *ptr;
    size_t len;
};

struct reader {
    struct packer *p;
    struct cursor meta, rows, text;
    struct bit_reader bits;
    struct token *cells; /* of every column of every shape: at is of p->values, or of the texts below */
    size_t cell_count;
    size_t used; /* of p->values */
    bool bad;
};

/* A cell is known by where it stands: in p->values, or with one of these bits in meta or text. */
#define IN_META UINT32_C(0x80000000)
#define IN_TEXT UINT32_C(0x40000000)

static uint64_t get_small(struct cursor *c)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = cursor_u8(c);
        v |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return v;
    }
    cursor_fail(c);
    return 0;
}

static struct text get_text(struct cursor *c)
{
    return cursor_bytes(c, (size_t)get_small(c));
}

/* Room in p->values; NULL when there is none. */
static char *take(struct reader *r, size_t len)
{
    if (len > PACK_MAX_BYTES - r->used) {
        r->bad = true;
        return NULL;
    }
    r->used += len;
    return r->p->values + r->used - len;
}

static struct token cell_of(const struct reader *r, const char *ptr, size_t len)
{
    return (struct token){(uint32_t)(ptr - r->p->values), (uint32_t)len};
}

/* ---- numbers ---- */

static bool get_list(struct reader *r, uint64_t *list, size_t *ret_count)
{
    *ret_count = cursor_u8(&r->meta);
    for (size_t i = 0; i < *ret_count; i++)
        list[i] = get_small(&r->meta);
    return *ret_count > 0;
}

static void get_places(struct reader *r, enum pack_numbers way, uint64_t *v, size_t n)
{
    uint64_t list[256];
    size_t count;
    if (!get_list(r, list, &count)) {
        r->bad = true;
        return;
    }
    unsigned bits = way == NUMBERS_LIST ? cursor_u8(&r->meta) : 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t place = way == NUMBERS_LIST ? bits_get(&r->bits, bits & 31) : cursor_u8(&r->rows);
        r->bad |= place >= count;
        v[i] = list[place < count ? place : 0];
    }
}

static void get_steps(struct reader *r, uint64_t *v, size_t n)
{
    uint64_t at = get_small(&r->meta), step = cursor_u64(&r->meta);
    unsigned bits = cursor_u8(&r->meta);
    r->bad |= bits > 64;
    for (size_t i = 0; i < n && !r->bad; i++) {
        v[i] = at;
        at += i + 1 < n ? bits_get_long(&r->bits, bits) + step : 0;
    }
}

/* n numbers into p->numbers; zeros where it fails. */
static void get_numbers(struct reader *r, size_t n)
{
    uint64_t *v = r->p->numbers;
    enum pack_numbers way = (enum pack_numbers)cursor_u8(&r->meta);
    if (way == NUMBERS_LIST || way == NUMBERS_LIST_BYTES) {
        get_places(r, way, v, n);
    } else if (way == NUMBERS_STEPS) {
        get_steps(r, v, n);
    } else if (way == NUMBERS_CONST || way == NUMBERS_BITS || way == NUMBERS_BYTES) {
        uint64_t least = get_small(&r->meta);
        unsigned bits = way == NUMBERS_BITS ? cursor_u8(&r->meta) : 0;
        r->bad |= bits > 64;
        for (size_t i = 0; i < n && !r->bad; i++)
            v[i] = least + (way == NUMBERS_BYTES ? cursor_u8(&r->rows) : bits ? bits_get_long(&r->bits, bits) : 0);
    } else {
        r->bad = true;
    }
    r->bad |= r->bits.bad || cursor_error(&r->meta) || cursor_error(&r->rows);
    if (r->bad)
        memset(v, 0, n * sizeof *v);
}

/* Decimal, in at least `width` digits. */
static size_t put_number(char *out, uint64_t v, size_t width)
{
    char digits[20];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + v % 10);
    while (v /= 10);
    for (; n < width; n++)
        digits[n] = '0';
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    return n;
}

#define NUMBER_MAX 20

/* ---- columns ---- */

static void read_numbers(struct reader *r, struct token *cells, size_t rows)
{
    char text[NUMBER_MAX];
    get_numbers(r, rows);
    for (size_t i = 0; i < rows && !r->bad; i++) {
        size_t len = put_number(text, r->p->numbers[i], 1);
        char *to = take(r, len);
        if (to) {
            memcpy(to, text, len);
            cells[i] = cell_of(r, to, len);
        }
    }
}

static void read_decimals(struct reader *r, struct token *cells, size_t rows)
{
    char text[NUMBER_MAX];
    size_t behind = cursor_u8(&r->meta);
    r->bad |= behind >= PACK_DIGITS_MAX;
    get_numbers(r, rows);
    for (size_t i = 0; i < rows && !r->bad; i++) {
        size_t len = put_number(text, r->p->numbers[i], behind + 1);
        char *to = take(r, len + 1);
        if (!to)
            return;
        memcpy(to, text, len - behind);
        to[len - behind] = '.';
        memcpy(to + len - behind + 1, text + len - behind, behind);
        cells[i] = cell_of(r, to, len + 1);
    }
}

#define QUAD_MAX 15

/* Four passes over places that are wide enough, then close together. */
static void read_quads(struct reader *r, struct token *cells, size_t rows)
{
    uint8_t parts[4];
    size_t first = r->used;
    for (unsigned part = 0; part < 4 && !r->bad; part++) {
        get_numbers(r, rows);
        for (size_t i = 0; i < rows && !r->bad; i++) {
            r->bad |= r->p->numbers[i] > 255;
            if (part == 0)
                cells[i] = (struct token){0, 0};
            cells[i].at |= (uint32_t)(r->p->numbers[i] & 255) << (8 * part);
        }
    }
    r->used = first;
    for (size_t i = 0; i < rows && !r->bad; i++) {
        char text[QUAD_MAX + 4];
        size_t len = 0;
        for (unsigned part = 0; part < 4; part++) {
            parts[part] = (uint8_t)(cells[i].at >> (8 * part));
            len += put_number(text + len, parts[part], 1);
            if (part < 3)
                text[len++] = '.';
        }
        char *to = take(r, len);
        if (!to)
            return;
        memcpy(to, text, len);
        cells[i] = cell_of(r, to, len);
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The digits of the layout from `at` on that stand together. */
static size_t run_of(struct text layout, size_t at)
{
    size_t end = at;
    while (end < layout.len && is_digit(layout.ptr[end]))
        end++;
    return end - at;
}

static char *copy_layouts(struct reader *r, struct text layout, struct token *cells, size_t rows)
{
    char *first = r->p->values + r->used;
    r->bad |= layout.len == 0;
    for (size_t i = 0; i < rows && !r->bad; i++) {
        char *to = take(r, layout.len);
        if (!to)
            return NULL;
        memcpy(to, layout.ptr, layout.len);
        cells[i] = cell_of(r, to, layout.len);
    }
    return first;
}

static void put_digits(char *out, uint64_t v, size_t width)
{
    for (size_t i = width; i-- > 0; v /= 10)
        out[i] = (char)('0' + v % 10);
}

static void read_parts(struct reader *r, struct token *cells, size_t rows)
{
    struct text layout = get_text(&r->meta);
    char *first = copy_layouts(r, layout, cells, rows);
    for (size_t at = 0; at < layout.len && first && !r->bad; at++) {
        size_t width = run_of(layout, at);
        if (!width)
            continue;
        get_numbers(r, rows);
        for (size_t i = 0; i < rows; i++)
            put_digits(first + i * layout.len + at, r->p->numbers[i], width);
        at += width;
    }
}

static void read_layouts(struct reader *r, struct token *cells, size_t rows)
{
    struct text layout = get_text(&r->meta);
    char *first = copy_layouts(r, layout, cells, rows);
    if (!first)
        return;
    get_numbers(r, rows);
    for (size_t i = 0; i < rows && !r->bad; i++) {
        uint64_t v = r->p->numbers[i];
        for (size_t at = layout.len; at-- > 0;)
            if (is_digit(layout.ptr[at])) {
                first[i * layout.len + at] = (char)('0' + v % 10);
                v /= 10;
            }
    }
}

static void read_hex(struct reader *r, struct token *cells, size_t rows)
{
    struct text start = get_text(&r->meta);
    size_t digits = (size_t)get_small(&r->meta);
    r->bad |= cursor_error(&r->meta) || digits > PACK_MAX_BYTES;
    for (size_t i = 0; i < rows && !r->bad; i++) {
        char *to = take(r, start.len + digits);
        if (!to)
            return;
        if (start.len)
            memcpy(to, start.ptr, start.len);
        for (size_t d = 0; d < digits; d++)
            to[start.len + d] = "0123456789abcdef"[bits_get(&r->bits, 4)];
        cells[i] = cell_of(r, to, start.len + digits);
    }
    r->bad |= r->bits.bad;
}

static struct token text_cell(const struct reader *r, struct text t)
{
    return (struct token){(uint32_t)(t.ptr - (const char *)r->text.ptr) | IN_TEXT, (uint32_t)t.len};
}

static void read_fixed(struct reader *r, struct token *cells, size_t rows)
{
    size_t len = (size_t)get_small(&r->meta);
    for (size_t i = 0; i < rows && !cursor_error(&r->text); i++) {
        struct text t = cursor_bytes(&r->text, len);
        cells[i] = t.ptr ? text_cell(r, t) : (struct token){0, 0};
    }
}

static void read_lines(struct reader *r, struct token *cells, size_t rows)
{
    for (size_t i = 0; i < rows && !cursor_error(&r->text); i++) {
        const char *from = (const char *)r->text.ptr + r->text.pos;
        const char *end = cursor_left(&r->text) ? memchr(from, '\n', cursor_left(&r->text)) : NULL;
        if (!end) {
            cursor_fail(&r->text);
            return;
        }
        cells[i] = text_cell(r, cursor_bytes(&r->text, (size_t)(end - from)));
        (void)cursor_u8(&r->text);
    }
}

static void read_const(struct reader *r, struct token *cells, size_t rows)
{
    struct text t = get_text(&r->meta);
    struct token cell = {0, 0};
    if (t.len)
        cell = (struct token){(uint32_t)(t.ptr - (const char *)r->meta.ptr) | IN_META, (uint32_t)t.len};
    for (size_t i = 0; i < rows; i++)
        cells[i] = cell;
}

/* first: of the shape's own columns; nth: of this one */
static void read_column(struct reader *r, struct token *first, size_t nth, size_t rows)
{
    struct token *cells = first + nth * rows;
    size_t other;
    switch ((enum pack_column)cursor_u8(&r->meta)) {
    case COLUMN_CONST: read_const(r, cells, rows); break;
    case COLUMN_SAME:
        other = cursor_u8(&r->meta);
        if (other < nth)
            memcpy(cells, first + other * rows, rows * sizeof *cells);
        else
            r->bad = true;
        break;
    case COLUMN_NUMBER: read_numbers(r, cells, rows); break;
    case COLUMN_DECIMAL: read_decimals(r, cells, rows); break;
    case COLUMN_QUAD: read_quads(r, cells, rows); break;
    case COLUMN_LAYOUT: read_layouts(r, cells, rows); break;
    case COLUMN_PARTS: read_parts(r, cells, rows); break;
    case COLUMN_HEX: read_hex(r, cells, rows); break;
    case COLUMN_FIXED: read_fixed(r, cells, rows); break;
    case COLUMN_LINES: read_lines(r, cells, rows); break;
    default: r->bad = true;
    }
    r->bad |= r->bits.bad || cursor_error(&r->meta) || cursor_error(&r->rows) || cursor_error(&r->text);
}

/* ---- shapes and lines ---- */

static void read_shape(struct reader *r, struct shape *s)
{
    struct text text = get_text(&r->meta);
    size_t rows = (size_t)get_small(&r->meta), columns = 0;
    for (size_t i = 0; i < text.len; i++)
        columns += text.ptr[i] && (uint8_t)text.ptr[i] < PACK_CLASSES;
    if (cursor_error(&r->meta) || columns > PACK_COLUMNS_MAX || rows > PACK_MAX_BYTES ||
        rows * columns > PACK_TOKENS_MAX - r->cell_count) {
        r->bad = true;
        return;
    }
    *s = (struct shape){.at = text.len ? (uint32_t)(text.ptr - (const char *)r->meta.ptr) : 0,
                        .len = (uint32_t)text.len,
                        .rows = (uint32_t)rows,
                        .columns = (uint32_t)columns,
                        .first = (uint32_t)r->cell_count};
    r->cell_count += rows * columns;
    for (size_t i = 0; i < columns && rows && !r->bad; i++)
        read_column(r, r->cells + s->first, i, rows);
}

static struct value cell_value(const struct reader *r, const struct token *cell)
{
    const char *base = r->p->values;
    if (cell->at & IN_META)
        base = (const char *)r->meta.ptr;
    else if (cell->at & IN_TEXT)
        base = (const char *)r->text.ptr;
    return (struct value){base + (cell->at & ~(IN_META | IN_TEXT)), cell->len};
}

/* The next row of a shape, as a line; false when there is no room. */
static bool put_line(const struct reader *r, const struct shape *s, size_t row, size_t *at, size_t len)
{
    char *out = r->p->lines;
    const char *text = (const char *)r->meta.ptr + s->at;
    size_t column = 0;
    for (size_t i = 0; i < s->len; i++) {
        if (!text[i] || (uint8_t)text[i] >= PACK_CLASSES) {
            if (*at == len)
                return false;
            out[(*at)++] = text[i];
            continue;
        }
        struct value v = cell_value(r, &r->cells[s->first + column++ * s->rows + row]);
        if (v.len > len - *at)
            return false;
        if (v.len)
            memcpy(out + *at, v.ptr, v.len);
        *at += v.len;
    }
    return true;
}

static enum err put_lines(struct reader *r, struct text shapes, bool open_end, size_t len)
{
    struct packer *p = r->p;
    uint32_t next[PACK_SHAPES_MAX] = {0};
    size_t at = 0;
    for (size_t i = 0; i < shapes.len; i++) {
        size_t shape = (uint8_t)shapes.ptr[i];
        if (shape >= p->shape_count || next[shape] == p->shapes[shape].rows ||
            !put_line(r, &p->shapes[shape], next[shape]++, &at, len))
            return ERR_MALFORMED;
        if (i + 1 == shapes.len && open_end)
            break;
        if (at == len)
            return ERR_MALFORMED;
        p->lines[at++] = '\n';
    }
    return at == len ? OK : ERR_MALFORMED;
}

enum err pack_rows(struct packer *p, const struct pack_streams *in, size_t len)
{
    struct reader r = {.p = p, .cells = p->tokens};
    cursor_init(&r.meta, in->meta);
    cursor_init(&r.rows, in->rows);
    cursor_init(&r.text, in->text);
    r.bits = (struct bit_reader){.p = (const uint8_t *)in->bits.ptr, .end = in->bits.len * 8};
    bool open_end = cursor_u8(&r.meta);
    size_t lines = (size_t)get_small(&r.meta), count = (size_t)get_small(&r.meta);
    if (cursor_error(&r.meta) || lines > cursor_left(&r.rows) || count > PACK_SHAPES_MAX)
        return ERR_MALFORMED;
    struct text shapes = cursor_bytes(&r.rows, lines);
    for (p->shape_count = 0; p->shape_count < count && !r.bad; p->shape_count++)
        read_shape(&r, &p->shapes[p->shape_count]);
    return r.bad ? ERR_MALFORMED : put_lines(&r, shapes, open_end, len);
}
