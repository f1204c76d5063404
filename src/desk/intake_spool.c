/* desk/intake_spool.c - a document's bytes, so that they can be read more than once. The copy has no name from its
 * first moment (O_TMPFILE), or loses it at once where the file system cannot do that. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "desk/intake_inside.h"

#define SPOOL_BLOCK (256 * KIB)

static int unnamed_file(const char *home)
{
    int fd = open(home, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/spool-XXXXXX", home);
    if (len < 0 || (size_t)len >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    return fd;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static enum err copy(int from, int to, char *block, const atomic_bool *cancel, struct fault *reterr)
{
    uint64_t sum = 0;
    for (;;) {
        if (cancel && atomic_load(cancel))
            return fault_set(reterr, ERR_CANCELLED, "stopped while the document was still arriving");
        ssize_t n = read(from, block, SPOOL_BLOCK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fault_errno(reterr, "reading the document");
        if (n == 0)
            return OK;
        sum += (uint64_t)n;
        if (sum > DOCUMENT_MAX_BYTES)
            return fault_set(reterr, ERR_LIMIT, "the document is larger than %zu bytes", DOCUMENT_MAX_BYTES);
        if (!write_all(to, block, (size_t)n))
            return fault_errno(reterr, "keeping a copy of the document in the home");
    }
}

enum err intake_spool_open(const char *home, int fd, const atomic_bool *cancel, struct intake_spool *ret,
                           struct fault *reterr)
{
    off_t at = lseek(fd, 0, SEEK_CUR);
    struct stat st;
    bool file = at >= 0 && fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
    int own;
    if (file && reader_own_description(fd, &own, NULL) == OK) {
        *ret = (struct intake_spool){.fd = own, .start = at};
        return OK;
    }
    int to = unnamed_file(home);
    if (to < 0)
        return fault_errno(reterr, "making a temporary file in the home");
    char *block = malloc(SPOOL_BLOCK);
    enum err e = block ? copy(fd, to, block, cancel, reterr) : fault_set(reterr, ERR_NOMEM, "no memory");
    free(block);
    if (e == OK && lseek(to, 0, SEEK_SET) != 0)
        e = fault_errno(reterr, "going back in the copy of the document");
    if (e != OK) {
        close(to);
        return e;
    }
    *ret = (struct intake_spool){.fd = to};
    return OK;
}

void intake_spool_close(struct intake_spool *s)
{
    close(s->fd);
    s->fd = -1;
}

enum err intake_spool_rewind(const struct intake_spool *s, struct fault *reterr)
{
    if (lseek(s->fd, s->start, SEEK_SET) != s->start)
        return fault_errno(reterr, "going back to the document's start");
    return OK;
}

enum err intake_spool_hash(const struct intake_spool *s, struct sha256 *ret, uint64_t *ret_bytes,
                           struct fault *reterr)
{
    char *block = malloc(SPOOL_BLOCK);
    if (!block)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    struct sha256_ctx ctx;
    sha256_init(&ctx);
    uint64_t sum = 0;
    ssize_t n;
    while ((n = pread(s->fd, block, SPOOL_BLOCK, s->start + (off_t)sum)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        sha256_add(&ctx, block, (size_t)n);
        sum += (uint64_t)n;
    }
    enum err e = n < 0 ? fault_errno(reterr, "reading the document again") : OK;
    free(block);
    if (e != OK)
        return e;
    *ret = sha256_end(&ctx);
    *ret_bytes = sum;
    return OK;
}
