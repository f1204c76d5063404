/* match/lines.h - a buffer that bytes go into and whole lines come out of. */
#pragma once
#include "base/limits.h"
#include "base/text.h"

#define LINES_BLOCK_BYTES LINE_MAX_BYTES

struct lines {
    char *buf;             /* LINES_BLOCK_BYTES, owned */
    size_t start, end;     /* what is in it and was not taken */
    size_t whole;          /* end of the last whole line in it; start or less when there is none */
    uint64_t offset, line; /* of start; lines from 1 */
};

MUST_CHECK enum err lines_init(struct lines *l, uint64_t offset, uint64_t line);
void lines_done(struct lines *l);
/* Forgets the content and goes on there. */
void lines_restart(struct lines *l, uint64_t offset, uint64_t line);

/* Room for more; what was taken before is overwritten. 0 when a block is full. */
char *lines_room(struct lines *l, size_t *ret_len);
void lines_added(struct lines *l, size_t len);
bool lines_have_whole(const struct lines *l);
size_t lines_rest(const struct lines *l); /* bytes not taken */

/* The whole lines that are there. Without any: a piece of a line that fills the block, or with `all` what there is.
 * False: nothing to take. A piece ends where no token of a log goes on (lines.c), so pieces need no overlap. Borrowed
 * until lines_room(). */
struct line_block {
    struct text text;
    uint64_t offset, line;
    bool continues; /* the last line goes on in the next block */
};
bool lines_take(struct lines *l, bool all, struct line_block *ret);
