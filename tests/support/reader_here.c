/* support/reader_here.c - reader.h done in the process that calls it, by the core alone: for tests of what stands on
 * readers that fail allocations or start thousands of them. It takes the place of src/reader/reader.c when linking,
 * so no product code can choose it. Tests of the readers themselves list their program under unit_sandbox_tests. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "reader/core.h"

struct reader {
    struct reader_core *core;
    int fd;
};

enum err reader_own_description(int fd, int *ret_fd, struct fault *reterr)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int own = open(path, O_RDONLY | O_CLOEXEC);
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (own < 0 || lseek(own, at, SEEK_SET) != at)
        return fault_errno(reterr, "opening the document for its reader");
    *ret_fd = own;
    return OK;
}

enum err reader_open(int fd, const struct reader_options *options, struct reader **ret, struct fault *reterr)
{
    struct reader *r = malloc(sizeof *r);
    if (!r)
        return fault_set(reterr, ERR_NOMEM, "no memory for a reader");
    enum err e = reader_own_description(fd, &r->fd, reterr);
    if (e == OK) {
        e = reader_core_open(r->fd, options, &r->core, reterr);
        if (e)
            close(r->fd);
    }
    if (e)
        free(r);
    else
        *ret = r;
    return e;
}

enum reader_format reader_format_of(const struct reader *r)
{
    return reader_core_format(r->core);
}

enum err reader_next(struct reader *r, struct text *ret_chunk, struct fault *reterr)
{
    enum err e = reader_core_next(r->core, ret_chunk);
    return e && e != ERR_NOT_FOUND ? fault_set(reterr, e, "reading the document: %s", err_name(e)) : e;
}

void reader_free(struct reader *r)
{
    if (!r)
        return;
    reader_core_free(r->core);
    close(r->fd);
    free(r);
}
