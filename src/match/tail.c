/* match/tail.c - a growing file. A file is trusted to be the one it was only as long as its first bytes are the same:
 * they are compared after each read, so that bytes read from an exchanged content are dropped, not mixed in. */
#include "match/tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

#define SKIP_BYTES ((size_t)256 * 1024)

_Static_assert(TAIL_HEAD_BYTES <= 1024, "follow_state.print_len");

static ssize_t read_at(int fd, void *out, size_t len, uint64_t offset)
{
    ssize_t n;
    do {
        n = pread(fd, out, len, (off_t)offset);
    } while (n < 0 && errno == EINTR);
    return n;
}

/* len bytes, or fewer where the file ends; -1 with errno. */
static ssize_t read_all(int fd, void *out, size_t len, uint64_t offset)
{
    size_t got = 0;
    while (got < len) {
        ssize_t n = read_at(fd, (char *)out + got, len - got, offset + got);
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

/* The content's first bytes, as long as they are not known whole. at: offset of the bytes just read. */
static void keep_head(struct tail *t, const char *bytes, size_t len, uint64_t at)
{
    if (at > t->head_len || at + len <= t->head_len || t->head_len == TAIL_HEAD_BYTES)
        return;
    bytes += t->head_len - at;
    len -= (size_t)(t->head_len - at);
    size_t more = TAIL_HEAD_BYTES - t->head_len;
    if (len < more)
        more = len;
    memcpy(t->head + t->head_len, bytes, more);
    t->head_len += (uint32_t)more;
}

/* Up to len bytes of what was compressed; 0 at its end, and where it is damaged. */
static enum err read_packed(struct tail *t, char *out, size_t room, size_t *ret_len, struct fault *reterr)
{
    enum err err = input_read(t->packed, out, room, false, ret_len, reterr);
    if (err == ERR_MALFORMED) {
        *ret_len = 0;
        return OK;
    }
    return err;
}

/* What was read before is passed over. Its beginning says what the file is known by, and what its header is. */
static enum err skip_packed(struct tail *t, uint64_t offset, struct fault *reterr)
{
    char *bytes = malloc(SKIP_BYTES);
    enum err err = bytes ? logline_stream_new(&t->events) : ERR_NOMEM;
    for (uint64_t at = 0; !err && at < offset;) {
        size_t room = offset - at < SKIP_BYTES ? (size_t)(offset - at) : SKIP_BYTES, n;
        err = read_packed(t, bytes, room, &n, reterr);
        if (err || n == 0)
            break;
        keep_head(t, bytes, n, at);
        struct text lines = {bytes, n}, piece;
        const struct logline_header *header;
        const char *newline = memrchr(bytes, '\n', n);
        lines.len = newline ? (size_t)(newline - bytes) + 1 : 0;
        while (at == 0 && logline_stream_next(t->events, &lines, &piece, &header))
            ;
        at += n;
    }
    free(bytes);
    return err;
}

enum err tail_new(int fd, bool packed, uint64_t offset, uint64_t line, struct tail **ret, struct fault *reterr)
{
    struct stat st;
    struct tail *t = calloc(1, sizeof *t);
    if (!t || lines_init(&t->lines, offset, line)) {
        free(t);
        close(fd);
        return fault_set(reterr, ERR_NOMEM, "no memory to follow a log");
    }
    t->fd = fd;
    (void)lseek(fd, 0, SEEK_SET);
    enum err err = packed ? input_new(fd, &t->packed) : OK;
    ssize_t n = fstat(fd, &st) < 0 ? -1 : packed ? 0 : read_all(fd, t->head, TAIL_HEAD_BYTES, 0);
    if (n < 0)
        err = fault_errno(reterr, "reading the log that is followed");
    else
        t->head_len = (uint32_t)n;
    if (!err && packed)
        err = skip_packed(t, offset, reterr);
    if (err) {
        tail_free(t);
        return err;
    }
    t->dev = st.st_dev;
    t->ino = st.st_ino;
    *ret = t;
    return OK;
}

void tail_free(struct tail *t)
{
    if (!t)
        return;
    input_free(t->packed);
    close(t->fd);
    lines_done(&t->lines);
    logline_stream_free(t->events);
    free(t);
}

struct logline_stream *tail_headers(struct tail *t, uint64_t offset)
{
    if (!t->events && logline_stream_new(&t->events) == OK && offset > 0 && !t->packed)
        logline_stream_resume(t->events, t->fd, offset);
    return t->events;
}

static bool is_same_content(const struct tail *t)
{
    uint8_t head[TAIL_HEAD_BYTES];
    return read_all(t->fd, head, t->head_len, 0) == (ssize_t)t->head_len && memcmp(head, t->head, t->head_len) == 0;
}

static enum err read_all_packed(struct tail *t, bool *ret_grew, struct fault *reterr)
{
    for (;;) {
        size_t room, n = 0;
        char *to = lines_room(&t->lines, &room);
        uint64_t at = t->lines.offset + lines_rest(&t->lines);
        enum err err = room ? read_packed(t, to, room, &n, reterr) : OK;
        if (err || n == 0)
            return err;
        keep_head(t, to, n, at);
        lines_added(&t->lines, n);
        *ret_grew = true;
    }
}

enum err tail_read(struct tail *t, bool *ret_grew, struct fault *reterr)
{
    struct stat st;
    *ret_grew = false;
    if (t->packed)
        return read_all_packed(t, ret_grew, reterr);
    for (;;) {
        size_t room;
        char *to = lines_room(&t->lines, &room);
        uint64_t at = t->lines.offset + lines_rest(&t->lines);
        ssize_t n = room ? read_at(t->fd, to, room, at) : 0;
        if (n < 0 || fstat(t->fd, &st) < 0)
            return fault_errno(reterr, "reading the log that is followed");
        bool shrank = (uint64_t)st.st_size < at;
        if (shrank && t->head_len > t->lines.offset)
            t->head_len = (uint32_t)t->lines.offset;
        if ((uint64_t)st.st_size < t->lines.offset || !is_same_content(t))
            return ERR_NOT_FOUND;
        if (shrank) { /* only what was not yet a line is gone */
            lines_restart(&t->lines, t->lines.offset, t->lines.line);
            continue;
        }
        if (n == 0)
            return OK;
        keep_head(t, to, (size_t)n, at);
        lines_added(&t->lines, (size_t)n);
        *ret_grew = true;
    }
}

void tail_restart(struct tail *t)
{
    t->head_len = 0;
    logline_stream_free(t->events);
    t->events = NULL;
    lines_restart(&t->lines, 0, 1);
}

struct follow_state tail_state(const struct tail *t)
{
    return (struct follow_state){.dev = t->dev,
                                 .ino = t->ino,
                                 .print = xxh3_of(t->head, t->head_len),
                                 .print_len = t->head_len,
                                 .offset = t->lines.offset,
                                 .line = t->lines.line};
}

bool tail_has_print(int fd, const struct follow_state *state)
{
    uint8_t head[TAIL_HEAD_BYTES];
    struct stat st;
    if (state->print_len > TAIL_HEAD_BYTES || fstat(fd, &st) < 0 || (uint64_t)st.st_size < state->offset)
        return false;
    return read_all(fd, head, state->print_len, 0) == (ssize_t)state->print_len &&
           xxh3_of(head, state->print_len) == state->print;
}
