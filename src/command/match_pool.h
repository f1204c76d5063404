/* command/match_pool.h - blocks of lines scanned by several threads, their output put out in order. */
#pragma once
#include "base/buffer.h"
#include "match/logline.h"

/* What a worker does with one block: scans it and appends what is to be printed to out. `slot` is the worker's own
 * number, for scratch memory. */
struct pool_output {
    struct buffer text;  /* to be printed */
    struct buffer later; /* for who prints, to be dealt with in order */
};
struct pool_block {
    struct text lines;
    uint64_t first_line, first_offset;
    const char *file;
    const struct logline_header *header; /* of these lines; NULL: none */
};
typedef enum err pool_work(void *self, unsigned worker, const struct pool_block *block, struct pool_output *out);
/* Called in order, on one thread at a time. */
typedef void pool_print(void *self, const struct pool_output *output);

struct match_pool;
MUST_CHECK enum err match_pool_new(unsigned threads, pool_work *work, pool_print *print, void *self,
                                   struct match_pool **ret);
/* Copies the block's lines and hands them to a worker, waiting while all are busy. Gives the first error of any
 * worker. file and header must live until match_pool_finish(). */
MUST_CHECK enum err match_pool_add(struct match_pool *p, const struct pool_block *block);
/* Waits until all is printed. The first error of any worker. */
MUST_CHECK enum err match_pool_finish(struct match_pool *p);
void match_pool_free(struct match_pool *p);
