/* support/fault.c - a struct io that fails on request, and the loop over it. */
#include "support/fault.h"

#include <errno.h>
#include <fcntl.h>

#include "support/tally.h"
#include "support/test.h"

/* Far beyond any operation under test: a loop that gets here does not end. */
#define ROUNDS_MAX 200000

/* Present only in programs with the wrapped allocator. */
__attribute__((weak)) size_t fault_alloc_live(void);

static size_t live(void)
{
    return fault_alloc_live ? fault_alloc_live() : 0;
}

static bool concerns(enum fault_io_kind kind, enum fault_call call)
{
    switch (kind) {
    case FAULT_TORN: return call == FAULT_CALL_WRITE;
    case FAULT_FULL: return call == FAULT_CALL_WRITE || call == FAULT_CALL_ROOM;
    case FAULT_SYNC: return call == FAULT_CALL_SYNC;
    case FAULT_SHORT:
    case FAULT_INTR: return call == FAULT_CALL_READ || call == FAULT_CALL_WRITE;
    case FAULT_EIO:
    default: return true;
    }
}

int fault_io_strikes(struct fault_io *f, enum fault_call call)
{
    if (f->nth == 0 || !concerns(f->kind, call))
        return 0;
    f->calls++;
    if (f->calls != f->nth && !(f->for_good && f->calls > f->nth))
        return 0;
    f->hit = true;
    return f->kind == FAULT_FULL ? ENOSPC : f->kind == FAULT_INTR ? EINTR : EIO;
}

/* The common case: fails without having done anything. */
static bool refused(struct fault_io *f, enum fault_call call)
{
    int number = fault_io_strikes(f, call);
    if (number)
        errno = number;
    return number != 0;
}

static int fault_open(void *self, const char *path, int flags, mode_t mode)
{
    struct fault_io *f = self;
    if (refused(f, flags & O_CREAT ? FAULT_CALL_ROOM : FAULT_CALL_OTHER))
        return -1;
    int fd = f->under->open(f->under->self, path, flags, mode);
    f->open_files += fd >= 0;
    return fd;
}

/* The descriptor is gone even when close reports an error, as in Linux. */
static int fault_close(void *self, int fd)
{
    struct fault_io *f = self;
    int result = f->under->close(f->under->self, fd);
    f->open_files--;
    return refused(f, FAULT_CALL_OTHER) ? -1 : result;
}

static size_t half(size_t len)
{
    return len > 1 ? len / 2 : len;
}

static ssize_t fault_pread(void *self, int fd, void *out, size_t len, int64_t offset)
{
    struct fault_io *f = self;
    int number = fault_io_strikes(f, FAULT_CALL_READ);
    if (number && f->kind == FAULT_SHORT)
        len = half(len);
    else if (number) {
        errno = number;
        return -1;
    }
    return f->under->pread(f->under->self, fd, out, len, offset);
}

static ssize_t fault_pwrite(void *self, int fd, const void *bytes, size_t len, int64_t offset)
{
    struct fault_io *f = self;
    int number = fault_io_strikes(f, FAULT_CALL_WRITE);
    if (!number)
        return f->under->pwrite(f->under->self, fd, bytes, len, offset);
    if (f->kind == FAULT_SHORT)
        return f->under->pwrite(f->under->self, fd, bytes, half(len), offset);
    if (f->kind == FAULT_TORN && len > 1)
        (void)!f->under->pwrite(f->under->self, fd, bytes, half(len), offset);
    errno = number;
    return -1;
}

static int fault_sync(void *self, int fd)
{
    struct fault_io *f = self;
    return refused(f, FAULT_CALL_SYNC) ? -1 : f->under->sync(f->under->self, fd);
}

static int fault_truncate(void *self, int fd, int64_t len)
{
    struct fault_io *f = self;
    return refused(f, FAULT_CALL_OTHER) ? -1 : f->under->truncate(f->under->self, fd, len);
}

static int fault_allocate(void *self, int fd, int64_t offset, int64_t len)
{
    struct fault_io *f = self;
    return refused(f, FAULT_CALL_ROOM) ? -1 : f->under->allocate(f->under->self, fd, offset, len);
}

static int64_t fault_size(void *self, int fd)
{
    struct fault_io *f = self;
    return refused(f, FAULT_CALL_OTHER) ? -1 : f->under->size(f->under->self, fd);
}

static int fault_rename(void *self, const char *from, const char *to)
{
    struct fault_io *f = self;
    return refused(f, FAULT_CALL_OTHER) ? -1 : f->under->rename(f->under->self, from, to);
}

static int fault_unlink(void *self, const char *path)
{
    struct fault_io *f = self;
    return refused(f, FAULT_CALL_OTHER) ? -1 : f->under->unlink(f->under->self, path);
}

void fault_io_init(struct fault_io *f, const struct io *under)
{
    *f = (struct fault_io){
        .io =
            {
                .self = f,
                .open = fault_open,
                .close = fault_close,
                .pread = fault_pread,
                .pwrite = fault_pwrite,
                .sync = fault_sync,
                .truncate = fault_truncate,
                .allocate = fault_allocate,
                .size = fault_size,
                .rename = fault_rename,
                .unlink = fault_unlink,
            },
        .under = under,
    };
}

void fault_io_arm(struct fault_io *f, enum fault_io_kind kind, size_t nth, bool for_good)
{
    f->kind = kind;
    f->nth = nth;
    f->for_good = for_good;
    f->calls = 0;
    f->hit = false;
}

bool fault_io_disarm(struct fault_io *f)
{
    f->nth = 0;
    return f->hit;
}

static bool must_complete(enum fault_io_kind kind, bool for_good)
{
    return kind == FAULT_SHORT || (kind == FAULT_INTR && !for_good);
}

/* One round; false when nothing was hit, which is the end. */
static bool io_round(const struct fault_op *op, struct fault_io *f, enum fault_io_kind kind, size_t nth,
                     bool for_good)
{
    static const char *const names[FAULT_KINDS] = {"EIO", "torn write", "ENOSPC", "failed sync", "short", "EINTR"};
    const char *word = for_good ? "from then on" : "once";
    if (op->prepare)
        op->prepare(op->arg);
    size_t live_before = live();
    int open_before = f->open_files;
    fault_io_arm(f, kind, nth, for_good);
    bool completed = op->run(op->arg);
    bool hit = fault_io_disarm(f);
    if (f->open_files != open_before)
        fail_msg("%s at call %zu %s: %d files left open", names[kind], nth, word, f->open_files - open_before);
    if (live() != live_before)
        fail_msg("%s at call %zu %s: %zu allocations became %zu", names[kind], nth, word, live_before, live());
    if (!completed && (!hit || must_complete(kind, for_good)))
        fail_msg("%s at call %zu %s: did not complete%s", names[kind], nth, word,
                 hit ? "" : " though nothing failed");
    if (op->verify)
        op->verify(op->arg, completed);
    return hit;
}

size_t fault_each_io(const struct fault_op *op, struct fault_io *f)
{
    size_t hits = 0;
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        for (int for_good = 0; for_good < 2; for_good++) {
            if (kind == FAULT_INTR && for_good) /* interrupted for ever is a hang, not a fault */
                continue;
            size_t nth = 1;
            while (io_round(op, f, (enum fault_io_kind)kind, nth, for_good)) {
                hits++;
                if (nth++ > ROUNDS_MAX)
                    fail_msg("no end after %d rounds", ROUNDS_MAX);
            }
        }
    tally_add("io", hits);
    return hits;
}
