/* format/csv.h - CSV as people and spreadsheets write it (RFC 4180), row by row in bounded memory.
 * Comma, semicolon or tab, told from the header line or a "sep=;" before it; quotes, doubled quotes, line breaks in
 * quotes, LF and CRLF; a UTF-8 byte order mark, empty lines and '#' lines before the header are passed over. A row
 * that cannot be read is refused alone and reading goes on with the line after its first. */
#pragma once
#include "json/feed.h"

struct csv_reader;

struct csv_row {
    const struct text *cells; /* UTF-8 without NUL; at least as many as the header has (missing ones are empty) */
    size_t count;
    int64_t line;   /* where the row begins, from 1 */
    int64_t offset; /* the same in bytes */
};

/* The fd is borrowed, read from where it stands; -1: only what is pushed. ERR_NOMEM */
MUST_CHECK enum err csv_open(int fd, struct csv_reader **ret);
MUST_CHECK enum err csv_open_from(struct feed_from from, struct csv_reader **ret);
/* Bytes already taken off the descriptor (to detect a format): they come first. ERR_NOMEM */
MUST_CHECK enum err csv_push(struct csv_reader *r, struct text bytes);
void csv_free(struct csv_reader *r);

/* Reads the header: once, before csv_next(). *ret (may be NULL) is borrowed until csv_next().
 * ERR_MALFORMED (empty, or no header can be read) | ERR_LIMIT (LINE_MAX_BYTES, CSV_COLUMNS_MAX) | ERR_IO |
 * ERR_NOMEM */
MUST_CHECK enum err csv_header(struct csv_reader *r, struct csv_row *ret, struct fault *reterr);
/* The column of that name (without case, blanks around it ignored; the first of several), or -1. */
int csv_column(const struct csv_reader *r, struct text name);
/* The next row; its cells are borrowed until the next call.
 * ERR_NOT_FOUND: the end. ERR_MALFORMED | ERR_LIMIT: this row is refused (reterr: line, offset, rule); call again.
 * ERR_IO | ERR_NOMEM: final. */
MUST_CHECK enum err csv_next(struct csv_reader *r, struct csv_row *ret, struct fault *reterr);
/* The cell of that column, blanks around it cut off; empty when column is -1. */
struct text csv_cell(const struct csv_row *row, int column);
/* The input ended inside quotes. */
bool csv_cut_short(const struct csv_reader *r);
int64_t csv_offset(const struct csv_reader *r); /* of the next byte */
