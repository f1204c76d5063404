#include "liar.h"

#include "store/log_format.h"

static ssize_t liar_pwrite(void *self, int fd, const void *bytes, size_t len, int64_t offset)
{
    struct liar *l = self;
    const size_t tail = RECORD_HEAD_BYTES + COMMIT_BYTES;
    if (l->bug != COMMIT_BEFORE_DATA || offset < (int64_t)SEGMENT_START || len <= tail)
        return l->under->pwrite(l->under->self, fd, bytes, len, offset);
    size_t head = len - tail;
    if (l->under->pwrite(l->under->self, fd, (const char *)bytes + head, tail, offset + (int64_t)head) < 0 ||
        l->under->sync(l->under->self, fd) != 0)
        return -1;
    l->swallow = true;
    return l->under->pwrite(l->under->self, fd, bytes, head, offset) == (ssize_t)head ? (ssize_t)len : -1;
}

static int liar_sync(void *self, int fd)
{
    struct liar *l = self;
    bool swallow = l->swallow || l->bug == NO_SYNC;
    l->swallow = false;
    return swallow ? 0 : l->under->sync(l->under->self, fd);
}

#define PASS(name, ret, args, call)                        \
    static ret liar_##name args                            \
    {                                                      \
        const struct io *u = ((struct liar *)self)->under; \
        return u->name call;                               \
    }
PASS(open, int, (void *self, const char *path, int flags, mode_t mode), (u->self, path, flags, mode))
PASS(close, int, (void *self, int fd), (u->self, fd))
PASS(pread, ssize_t, (void *self, int fd, void *out, size_t len, int64_t offset), (u->self, fd, out, len, offset))
PASS(truncate, int, (void *self, int fd, int64_t len), (u->self, fd, len))
PASS(allocate, int, (void *self, int fd, int64_t offset, int64_t len), (u->self, fd, offset, len))
PASS(size, int64_t, (void *self, int fd), (u->self, fd))
PASS(rename, int, (void *self, const char *from, const char *to), (u->self, from, to))
PASS(unlink, int, (void *self, const char *path), (u->self, path))

void liar_init(struct liar *l, const struct io *under, enum bug bug)
{
    *l = (struct liar){.under = under, .bug = bug};
    l->io = (struct io){l,           liar_open,   liar_close,    liar_pread,
                        liar_pwrite, liar_sync,   liar_truncate, liar_allocate,
                        liar_size,   liar_rename, liar_unlink};
}
