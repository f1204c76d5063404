/* match/logfile.c - log input in blocks of whole lines. */
#include "match/logfile.h"

#include <stdlib.h>

#include "match/input.h"
#include "match/lines.h"

/* Enough for a block: what was read is still in the processor's nearer cache when it is looked at. Lines that are
 * longer have all the room there is. */
#define BLOCK_BYTES (256 * KIB)

struct logfile {
    struct input *input;
    struct lines lines;
    bool ended;
    enum err end; /* what is returned once all lines were given */
    struct fault fault;
};

enum err logfile_open(int fd, struct logfile **ret, struct fault *reterr)
{
    struct logfile *f = calloc(1, sizeof *f);
    if (!f || lines_init(&f->lines, 0, 1) || input_new(fd, &f->input)) {
        logfile_free(f);
        return fault_set(reterr, ERR_NOMEM, "no memory to read a log");
    }
    *ret = f;
    return OK;
}

void logfile_free(struct logfile *f)
{
    if (!f)
        return;
    input_free(f->input);
    lines_done(&f->lines);
    free(f);
}

/* Until there is enough for a block, the input ends, or (of a pipe) whole lines are there and no more at this moment.
 */
static enum err fill(struct logfile *f, struct fault *reterr)
{
    while (!f->ended) {
        size_t room, n = 0;
        char *to = lines_room(&f->lines, &room);
        size_t have = lines_rest(&f->lines);
        if (room == 0 || (have >= BLOCK_BYTES && lines_have_whole(&f->lines)))
            return OK;
        if (have < BLOCK_BYTES)
            room = BLOCK_BYTES - have;
        bool wait = !lines_have_whole(&f->lines);
        enum err err = input_read(f->input, to, room, wait, &n, &f->fault);
        if (err == ERR_CANCELLED || err == ERR_BUSY) {
            if (!wait || err == ERR_BUSY)
                return OK;
            if (reterr)
                *reterr = f->fault;
            return err;
        }
        f->ended = err != OK || n == 0;
        f->end = err ? err : ERR_NOT_FOUND;
        lines_added(&f->lines, n);
    }
    return OK;
}

enum err logfile_next(struct logfile *f, struct text *ret_block, uint64_t *ret_offset, uint64_t *ret_line,
                      bool *ret_continues, struct fault *reterr)
{
    struct line_block block = {.text = TEXT_NONE};
    do {
        enum err err = fill(f, reterr);
        if (err)
            return err;
    } while (!lines_take(&f->lines, f->ended, &block) && !f->ended);
    if (block.text.len == 0) {
        if (reterr && f->end != ERR_NOT_FOUND)
            *reterr = f->fault;
        return f->end;
    }
    *ret_block = block.text;
    *ret_offset = block.offset;
    *ret_line = block.line;
    *ret_continues = block.continues;
    return OK;
}
