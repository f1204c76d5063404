/* format/csv.c - CSV rows.
 *
 * Invariants:
 *   1. in.mark is the first byte of the row being read while it is read; positions in a row are relative to it.
 *   2. a row is changed in place (doubled quotes) only after it was accepted: a refused row is read again from the
 *      line after its first, so that one forgotten quote does not swallow what follows.
 *   3. rows that begin before `single_until` (what a refused row had swallowed) may not break lines in quotes, so
 *      that no byte is looked at more than three times, whatever the quotes are. */
#include "format/csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "json/feed.h"

enum cell_state { CELL_BEGIN, CELL_PLAIN, CELL_QUOTED, CELL_CLOSED, CELL_CLOSED_CR };

struct cell {
    uint32_t from, len;
    bool doubled; /* holds doubled quotes */
};

struct csv_reader {
    struct feed in;
    char separator;
    int64_t line; /* of the next byte, from 1 */
    uint64_t single_until;
    bool cut_short;
    size_t columns;      /* of the header */
    struct buffer names; /* header cells, sized texts end to end */
    struct text *header; /* into names */
    /* the row being read */
    enum cell_state state;
    size_t at;    /* bytes looked at */
    size_t count; /* cells begun */
    bool quoted;  /* has a quoted cell */
    struct cell cells[CSV_COLUMNS_MAX];
    struct text texts[CSV_COLUMNS_MAX];
};

enum err csv_open(int fd, struct csv_reader **ret)
{
    return csv_open_from((struct feed_from){.fd = fd}, ret);
}

enum err csv_open_from(struct feed_from from, struct csv_reader **ret)
{
    struct csv_reader *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    feed_init_from(&r->in, from);
    buffer_init(&r->names, 2 * LINE_MAX_BYTES);
    r->line = 1;
    r->separator = ',';
    *ret = r;
    return OK;
}

enum err csv_push(struct csv_reader *r, struct text bytes)
{
    return feed_push(&r->in, bytes);
}

void csv_free(struct csv_reader *r)
{
    if (!r)
        return;
    feed_done(&r->in);
    buffer_done(&r->names);
    free(r->header);
    free(r);
}

bool csv_cut_short(const struct csv_reader *r)
{
    return r->cut_short;
}

int64_t csv_offset(const struct csv_reader *r)
{
    return (int64_t)feed_offset(&r->in);
}

/* ---- faults ---- */

static enum err io_fault(const struct csv_reader *r, struct fault *reterr)
{
    if (r->in.err == ERR_NOMEM)
        return fault_set(reterr, ERR_NOMEM, "no memory to read on");
    return fault_at(reterr, ERR_IO, csv_offset(r), NULL, "cannot read on: %s", strerror(r->in.errno_seen));
}

/* ---- finding the end of a row ---- */

enum found { FOUND_ROW, FOUND_NOTHING_YET, FOUND_BAD_QUOTE, FOUND_OPEN_QUOTE, FOUND_TOO_MANY };

static void end_cell(struct csv_reader *r, size_t at)
{
    struct cell *c = &r->cells[r->count - 1];
    c->len = (uint32_t)(at - c->from);
    r->state = CELL_BEGIN;
}

static bool begin_cell(struct csv_reader *r, const char *row)
{
    if (r->count == CSV_COLUMNS_MAX)
        return false;
    bool quoted = row[r->at] == '"';
    r->at += quoted;
    r->quoted |= quoted;
    r->cells[r->count++] = (struct cell){.from = (uint32_t)r->at};
    r->state = quoted ? CELL_QUOTED : CELL_PLAIN;
    return true;
}

/* Up to the separator or the line's end. */
static bool plain_cell(struct csv_reader *r, const char *row, size_t len)
{
    size_t i = r->at;
    while (i < len && row[i] != r->separator && row[i] != '\n')
        i++;
    r->at = i;
    if (i == len)
        return false;
    bool line_end = row[i] == '\n';
    bool cr = line_end && i > r->cells[r->count - 1].from && row[i - 1] == '\r';
    end_cell(r, i - cr);
    r->at++;
    return line_end;
}

/* Inside quotes, up to the next quote. A line break is counted when the row is done. */
static bool quoted_cell(struct csv_reader *r, const char *row, size_t len, bool single_line)
{
    const char *quote = memchr(row + r->at, '"', len - r->at);
    size_t end = quote ? (size_t)(quote - row) : len;
    if (single_line && memchr(row + r->at, '\n', end - r->at))
        return false;
    r->at = end;
    if (quote) {
        r->cells[r->count - 1].len = (uint32_t)(end - r->cells[r->count - 1].from);
        r->at++;
        r->state = CELL_CLOSED;
    }
    return true;
}

/* The byte behind a quote inside quotes. */
static enum found closed_cell(struct csv_reader *r, char c)
{
    if (r->state == CELL_CLOSED && c == '"') {
        r->cells[r->count - 1].doubled = true;
        r->state = CELL_QUOTED;
    } else if (c == '\n') {
        r->at++;
        r->state = CELL_BEGIN;
        return FOUND_ROW;
    } else if (r->state == CELL_CLOSED && c == '\r') {
        r->state = CELL_CLOSED_CR;
    } else if (r->state == CELL_CLOSED && c == r->separator) {
        r->state = CELL_BEGIN;
    } else {
        return FOUND_BAD_QUOTE;
    }
    r->at++;
    return FOUND_NOTHING_YET;
}

static enum found scan_row(struct csv_reader *r, const char *row, size_t len, bool single_line)
{
    while (r->at < len) {
        enum found f;
        switch (r->state) {
        case CELL_BEGIN:
            if (!begin_cell(r, row))
                return FOUND_TOO_MANY;
            break;
        case CELL_PLAIN:
            if (plain_cell(r, row, len))
                return FOUND_ROW;
            break;
        case CELL_QUOTED:
            if (!quoted_cell(r, row, len, single_line))
                return FOUND_OPEN_QUOTE;
            break;
        case CELL_CLOSED:
        case CELL_CLOSED_CR:
            if ((f = closed_cell(r, row[r->at])) != FOUND_NOTHING_YET)
                return f;
            break;
        }
    }
    return FOUND_NOTHING_YET;
}

/* The input ended where a row was not at its end. */
static enum found scan_end(struct csv_reader *r, const char *row)
{
    size_t at = r->at;
    switch (r->state) {
    case CELL_QUOTED: return FOUND_OPEN_QUOTE;
    case CELL_CLOSED_CR:
    case CELL_CLOSED: break;
    case CELL_BEGIN: /* behind a separator: one more, empty */
        if (r->count == CSV_COLUMNS_MAX)
            return FOUND_TOO_MANY;
        r->cells[r->count++] = (struct cell){.from = (uint32_t)at};
        break;
    case CELL_PLAIN: end_cell(r, at - (at > r->cells[r->count - 1].from && row[at - 1] == '\r')); break;
    }
    return FOUND_ROW;
}

/* ---- rows ---- */

static void row_begin(struct csv_reader *r)
{
    r->in.mark = r->in.pos;
    r->state = CELL_BEGIN;
    r->at = r->count = 0;
    r->quoted = false;
}

/* Goes on behind the first line of the row that was being read. */
static enum err skip_line(struct csv_reader *r, struct fault *reterr)
{
    uint64_t seen = r->in.base + r->in.mark + r->at;
    if (r->single_until < seen)
        r->single_until = seen;
    r->in.pos = r->in.mark;
    r->in.mark = FEED_NO_MARK;
    for (;;) {
        char *from = r->in.ptr + r->in.pos;
        char *end = memchr(from, '\n', r->in.end - r->in.pos);
        if (end) {
            r->in.pos += (size_t)(end - from) + 1;
            r->line++;
            return OK;
        }
        r->in.pos = r->in.end;
        if (!feed_more(&r->in))
            return r->in.err ? io_fault(r, reterr) : OK;
    }
}

static enum err refuse(struct csv_reader *r, enum err err, const char *rule, const char *what, struct fault *reterr)
{
    int64_t line = r->line;
    fault_at(reterr, err, (int64_t)(r->in.base + r->in.mark), rule, "%s", what);
    if (reterr)
        reterr->line = line;
    enum err e = skip_line(r, reterr);
    return e ? e : err;
}

static enum err refuse_found(struct csv_reader *r, enum found f, struct fault *reterr)
{
    switch (f) {
    case FOUND_TOO_MANY:
        return refuse(r, ERR_LIMIT, "CSV_COLUMNS_MAX", "more columns than a CSV may have here", reterr);
    case FOUND_OPEN_QUOTE:
        return refuse(r, ERR_MALFORMED, "RFC 4180 2.5", "a quote is opened and never closed", reterr);
    default:
        return refuse(r, ERR_MALFORMED, "RFC 4180 2.7",
                      "text follows a closing quote; a quote inside quotes is written twice", reterr);
    }
}

/* The window's bytes of the whole row are looked at; *ret_len is its length with its line break. ERR_NOT_FOUND: the
 * end of the input. */
static enum err find_row(struct csv_reader *r, size_t *ret_len, struct fault *reterr)
{
    row_begin(r);
    for (;;) {
        const char *row = r->in.ptr + r->in.mark;
        size_t len = r->in.end - r->in.mark;
        bool single = r->in.base + r->in.mark < r->single_until;
        enum found f = len ? scan_row(r, row, len, single) : FOUND_NOTHING_YET;
        if (f == FOUND_NOTHING_YET && len <= LINE_MAX_BYTES) {
            r->in.pos = r->in.end;
            if (feed_more(&r->in))
                continue;
            if (r->in.err)
                return io_fault(r, reterr);
            if (len == 0)
                return ERR_NOT_FOUND;
            f = scan_end(r, row);
            r->cut_short |= f == FOUND_OPEN_QUOTE;
        }
        if (r->at > LINE_MAX_BYTES)
            return refuse(r, ERR_LIMIT, "LINE_MAX_BYTES", "a row longer than 1 MiB; is a quote left open?", reterr);
        if (f != FOUND_ROW)
            return refuse_found(r, f, reterr);
        *ret_len = r->at;
        return OK;
    }
}

static int64_t lines_in(const char *p, size_t len)
{
    int64_t lines = 0;
    for (const char *end = p + len; (p = memchr(p, '\n', (size_t)(end - p))); p++)
        lines++;
    return lines;
}

static struct text undouble(char *p, size_t len)
{
    size_t to = 0;
    for (size_t i = 0; i < len; i++) {
        p[to++] = p[i];
        i += p[i] == '"';
    }
    return (struct text){p, to};
}

/* Turns the found row into texts and steps behind it. */
static void take_row(struct csv_reader *r, size_t len, struct csv_row *ret)
{
    char *row = r->in.ptr + r->in.mark;
    *ret = (struct csv_row){r->texts, r->count, r->line, (int64_t)(r->in.base + r->in.mark)};
    r->line += r->quoted ? lines_in(row, len) : 1;
    for (size_t i = 0; i < r->count; i++) {
        const struct cell *c = &r->cells[i];
        r->texts[i] = c->doubled ? undouble(row + c->from, c->len) : (struct text){row + c->from, c->len};
    }
    for (; ret->count < r->columns; ret->count++)
        r->texts[ret->count] = TEXT_NONE;
    r->in.pos = r->in.mark + len;
    r->in.mark = FEED_NO_MARK;
}

/* The next row that is not an empty line. */
static enum err next_row(struct csv_reader *r, struct csv_row *ret, struct fault *reterr)
{
    for (;;) {
        size_t len = 0;
        enum err e = find_row(r, &len, reterr);
        if (e)
            return e;
        struct text row = {r->in.ptr + r->in.mark, len};
        if (memchr(row.ptr, 0, row.len))
            return refuse(r, ERR_MALFORMED, "RFC 4180 2", "a NUL byte; is the file UTF-16? save it as UTF-8", reterr);
        if (!text_is_utf8(row))
            return refuse(r, ERR_MALFORMED, "RFC 3629", "not UTF-8; save the file as UTF-8", reterr);
        bool empty = r->count == 1 && r->cells[0].len == 0 && !r->quoted;
        take_row(r, len, ret);
        r->cut_short = false;
        if (!empty)
            return OK;
    }
}

/* The row may hold more cells than the header only if those are empty: else its cells are in the wrong columns. */
static enum err check_width(struct csv_reader *r, const struct csv_row *row, struct fault *reterr)
{
    for (size_t i = r->columns; i < row->count; i++)
        if (text_trim(row->cells[i]).len > 0) {
            fault_at(reterr, ERR_MALFORMED, row->offset, "RFC 4180 2.4",
                     "%zu cells under a header of %zu; put cells that hold the separator in quotes", row->count,
                     r->columns);
            if (reterr)
                reterr->line = row->line;
            return ERR_MALFORMED;
        }
    return OK;
}

enum err csv_next(struct csv_reader *r, struct csv_row *ret, struct fault *reterr)
{
    struct csv_row row;
    enum err e = next_row(r, &row, reterr);
    if (!e)
        e = check_width(r, &row, reterr);
    if (!e)
        *ret = row;
    return e;
}

struct text csv_cell(const struct csv_row *row, int column)
{
    return column >= 0 && (size_t)column < row->count ? text_trim(row->cells[column]) : TEXT_NONE;
}

/* ---- the header ---- */

static enum err skip_preamble(struct csv_reader *r, struct fault *reterr)
{
    while (r->in.end - r->in.pos < 3 && feed_more(&r->in))
        ;
    if (r->in.end - r->in.pos >= 3 && memcmp(r->in.ptr + r->in.pos, "\xEF\xBB\xBF", 3) == 0)
        r->in.pos += 3;
    int c;
    while ((c = feed_peek(&r->in)) == '#' || c == '\n' || c == '\r') {
        row_begin(r);
        enum err e = skip_line(r, reterr);
        if (e)
            return e;
    }
    r->single_until = 0;
    return r->in.err ? io_fault(r, reterr) : OK;
}

/* The first line, as far as LINE_MAX_BYTES. */
static struct text first_line(struct csv_reader *r)
{
    r->in.mark = r->in.pos;
    for (;;) {
        struct text line = {r->in.ptr + r->in.mark, r->in.end - r->in.mark};
        ptrdiff_t end = text_find(line, '\n', 0);
        if (end >= 0)
            return text_sub(line, 0, (size_t)end);
        r->in.pos = r->in.end;
        bool more = line.len <= LINE_MAX_BYTES && feed_more(&r->in);
        r->in.pos = r->in.mark;
        if (!more)
            return (struct text){r->in.ptr + r->in.mark, r->in.end - r->in.mark};
    }
}

static char separator_of(struct text line)
{
    static const char known[] = {',', ';', '\t'};
    size_t seen[ARRAY_LEN(known)] = {0}, best = 0;
    bool quoted = false;
    for (size_t i = 0; i < line.len; i++) {
        quoted ^= line.ptr[i] == '"';
        for (size_t k = 0; k < ARRAY_LEN(known) && !quoted; k++)
            seen[k] += line.ptr[i] == known[k];
    }
    for (size_t k = 1; k < ARRAY_LEN(known); k++)
        if (seen[k] > seen[best])
            best = k;
    return known[best];
}

static enum err keep_header(struct csv_reader *r, const struct csv_row *row, struct fault *reterr)
{
    r->header = calloc(row->count, sizeof *r->header);
    if (!r->header)
        return fault_set(reterr, ERR_NOMEM, "no memory for the header");
    for (size_t i = 0; i < row->count; i++)
        buffer_add(&r->names, text_trim(row->cells[i]));
    if (buffer_error(&r->names))
        return fault_set(reterr, ERR_NOMEM, "no memory for the header");
    size_t at = 0;
    for (size_t i = 0; i < row->count; i++) {
        r->header[i] = text_sub(buffer_text(&r->names), at, text_trim(row->cells[i]).len);
        at += r->header[i].len;
    }
    r->columns = row->count;
    return OK;
}

enum err csv_header(struct csv_reader *r, struct csv_row *ret, struct fault *reterr)
{
    struct csv_row row;
    enum err e = skip_preamble(r, reterr);
    if (e)
        return e;
    struct text line = text_trim(first_line(r));
    if (line.len == 5 && text_starts(line, TEXT("sep="))) { /* Excel's way of saying it */
        r->separator = line.ptr[4];
        e = skip_line(r, reterr);
        r->single_until = 0;
    } else {
        r->separator = separator_of(line);
    }
    if (!e)
        e = next_row(r, &row, reterr);
    if (e == ERR_NOT_FOUND)
        return fault_at(reterr, ERR_MALFORMED, csv_offset(r), "RFC 4180 2.3", "an empty file: a header line was due");
    if (!e)
        e = keep_header(r, &row, reterr);
    if (!e && ret)
        *ret = row;
    return e;
}

int csv_column(const struct csv_reader *r, struct text name)
{
    for (size_t i = 0; i < r->columns; i++)
        if (text_eq_nocase(r->header[i], name))
            return (int)i;
    return -1;
}
