/* format/lines.h - a document line by line in bounded memory: lists, Zeek's tables, rules. LF and CRLF; a UTF-8 byte
 * order mark at its start is passed over; a line over LINE_MAX_BYTES is passed over and said to be. */
#pragma once
#include "json/feed.h"

struct line {
    struct text text;   /* without its end; any bytes; borrowed until the next call */
    int64_t at, number; /* byte offset of its first byte; from 1 */
};
struct line_reader {
    struct feed feed;
    int64_t number;
    bool begun;
};

/* `head`: bytes already taken off it. ERR_NOMEM; line_reader_done() is to be called all the same. */
MUST_CHECK enum err line_reader_init(struct line_reader *r, struct feed_from from, struct text head);
void line_reader_done(struct line_reader *r);
/* ERR_NOT_FOUND: the end. ERR_LIMIT: a line too long, *ret says which; call again. ERR_IO | ERR_NOMEM: final. */
MUST_CHECK enum err line_reader_next(struct line_reader *r, struct line *ret);
int64_t line_reader_at(const struct line_reader *r); /* of the next byte */
