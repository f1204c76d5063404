/* json/feed.h - the bytes of a descriptor through a sliding window: what lies before a mark is forgotten, what lies
 * behind it stays in one piece. Used by the readers of huge documents (json/split.c, format/csv.c). */
#pragma once
#include "base/text.h"

#define FEED_SLACK_BYTES 64 /* readable (zero) behind the end, for block-wise scanning */
#define FEED_NO_MARK     SIZE_MAX

/* Where lines begin, for those who want to know: counted once, as far as asked for or forgotten. */
struct feed_lines {
    bool wanted;
    uint64_t to;     /* counted so far: an offset */
    uint64_t breaks; /* before it */
    uint64_t begins; /* the offset of the line that `to` stands in */
};

/* Where the bytes come from. */
struct feed_from {
    int fd; /* borrowed; -1: only what was pushed, or what read() gives */
    /* Not NULL: a container's content (a file of an archive, a part of a mail). At most `room` bytes; 0 at the end;
     * a negative errno when it cannot be had. */
    ptrdiff_t (*read)(void *self, char *to, size_t room);
    void *self;
};

struct feed {
    struct feed_from from;
    char *ptr; /* owned window; its bytes may be changed in place once they are done with */
    size_t cap;
    size_t pos, end; /* the next byte to look at, and the end of what was read */
    size_t mark;     /* bytes from here to end are kept by feed_more(); FEED_NO_MARK: from pos */
    uint64_t base;   /* offset in the input of ptr[0] */
    bool ended;      /* nothing more will come */
    enum err err;    /* sticky: ERR_IO | ERR_NOMEM */
    int errno_seen;  /* with ERR_IO */
    struct feed_lines lines;
};

void feed_init(struct feed *f, int fd);
void feed_init_from(struct feed *f, struct feed_from from);
void feed_done(struct feed *f);
/* Puts bytes already taken off the descriptor in front; before anything was read. ERR_NOMEM */
MUST_CHECK enum err feed_push(struct feed *f, struct text bytes);
/* Reads on (once; retries interrupted and waiting reads). Indexes into ptr change: use offsets across this call.
 * true: there are more bytes than before. false: the end, or f->err. */
bool feed_more(struct feed *f);
/* Line and column (in bytes), both from 1, of an offset in the window that is not before the one last asked for; of
 * an earlier one, those of the one last asked for. lines.wanted must have been set before the first feed_more(). */
void feed_place(struct feed *f, uint64_t offset, int64_t *ret_line, int64_t *ret_column);

static inline uint64_t feed_offset(const struct feed *f)
{
    return f->base + f->pos;
}

/* The byte at pos, or -1 at the end of the input or after an error. */
static inline int feed_peek(struct feed *f)
{
    if (f->pos == f->end && !feed_more(f))
        return -1;
    return (unsigned char)f->ptr[f->pos];
}
