#include "store/beacon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BEACON_FOLDER "index"
#define BEACON_FILE   "index/now"
#define BEACON_MAGIC  "ENNOW 1\n"
#define BEACON_BYTES  4096

struct page {
    char magic[8];
    _Atomic uint32_t at;
};

struct beacon {
    struct page *page;
};

static enum err map_page(int fd, int protection, struct beacon **ret)
{
    struct stat st;
    struct beacon *b = malloc(sizeof *b);
    if (!b)
        return ERR_NOMEM;
    void *page = MAP_FAILED;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == BEACON_BYTES)
        page = mmap(NULL, BEACON_BYTES, protection, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        free(b);
        return ERR_IO;
    }
    b->page = page;
    *ret = b;
    return OK;
}

/* A new file each time: who still maps an old one is not disturbed, and looks at the view from time to time. */
enum err beacon_light(const char *home, struct beacon **ret, struct fault *reterr)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/" BEACON_FOLDER, home);
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return fault_errno(reterr, "%s", path);
    snprintf(path, sizeof path, "%s/" BEACON_FILE, home);
    (void)unlink(path);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fault_errno(reterr, "%s", path);
    enum err err = ftruncate(fd, BEACON_BYTES) < 0 ? ERR_IO : map_page(fd, PROT_READ | PROT_WRITE, ret);
    close(fd);
    if (err)
        return fault_set(reterr, err, "%s could not be made", path);
    memcpy((*ret)->page->magic, BEACON_MAGIC, sizeof(*ret)->page->magic);
    return OK;
}

void beacon_move(struct beacon *b)
{
    atomic_fetch_add_explicit(&b->page->at, 1, memory_order_release);
    (void)syscall(SYS_futex, &b->page->at, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

struct beacon *beacon_find(const char *home)
{
    char path[PATH_MAX];
    struct beacon *b = NULL;
    snprintf(path, sizeof path, "%s/" BEACON_FILE, home);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    enum err err = map_page(fd, PROT_READ, &b);
    close(fd);
    if (err || memcmp(b->page->magic, BEACON_MAGIC, sizeof b->page->magic) == 0)
        return b;
    beacon_close(b);
    return NULL;
}

uint32_t beacon_at(const struct beacon *b)
{
    return b ? atomic_load_explicit(&b->page->at, memory_order_acquire) : 0;
}

void beacon_wait(const struct beacon *b, uint32_t at, int ms)
{
    const struct timespec most = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    if (b)
        (void)syscall(SYS_futex, &b->page->at, FUTEX_WAIT, at, &most, NULL, 0);
    else
        (void)nanosleep(&most, NULL);
}

void beacon_close(struct beacon *b)
{
    if (!b)
        return;
    munmap(b->page, BEACON_BYTES);
    free(b);
}
