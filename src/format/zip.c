/* format/zip.c - see zip.h. Zip archives are looked up by minizip through callbacks on the document itself: it is
 * never held, unless it lies in another container. */
#include "format/zip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <unzip.h>

#include "format/zip_inside.h"

#define NAME_BYTES 1024

#define TOO_MUCH                                                                                                 \
    "unpacks to more than 250 times its size (and 32 MiB): what may be made to fill a machine is not unpacked; " \
    "import "                                                                                                    \
    "what is in it"

struct zip {
    struct format_job job; /* texts owned below */
    char *texts;           /* owned */
    struct container_budget own_budget;
    struct part part;
    struct part_sums sums;
    int64_t at; /* of the part; places never go down */
    uint64_t bytes;
    bool done;
    /* one stream: */
    struct zip_stream *stream;
    bool stream_read;
    /* an archive: */
    unzFile archive;
    int fd; /* borrowed; -1: it is held */
    off_t base, pos;
    struct buffer held;
    unsigned parts;
    bool first, open;
};

/* ---- minizip's view of the document ---- */

static voidpf on_open(voidpf self, const void *name, int mode)
{
    (void)name;
    return mode & ZLIB_FILEFUNC_MODE_WRITE ? NULL : self;
}

static uLong on_read(voidpf self, voidpf stream, void *to, uLong room)
{
    struct zip *z = self;
    (void)stream;
    uint64_t left = z->pos < 0 || (uint64_t)z->pos >= z->bytes ? 0 : z->bytes - (uint64_t)z->pos;
    size_t n = room < left ? room : (size_t)left;
    if (z->fd < 0) {
        if (n)
            memcpy(to, z->held.ptr + z->pos, n);
    } else {
        size_t got = 0;
        if (lseek(z->fd, z->base + z->pos, SEEK_SET) < 0)
            return 0;
        while (got < n) {
            ssize_t r = read(z->fd, (char *)to + got, n - got);
            if (r < 0 && errno == EINTR)
                continue;
            if (r <= 0)
                break;
            got += (size_t)r;
        }
        n = got;
    }
    z->pos += (off_t)n;
    return (uLong)n;
}

static uLong on_write(voidpf self, voidpf stream, const void *from, uLong len)
{
    (void)self, (void)stream, (void)from, (void)len;
    return 0;
}

static ZPOS64_T on_tell(voidpf self, voidpf stream)
{
    (void)stream;
    return (ZPOS64_T)((struct zip *)self)->pos;
}

static long on_seek(voidpf self, voidpf stream, ZPOS64_T offset, int origin)
{
    struct zip *z = self;
    (void)stream;
    uint64_t from = origin == ZLIB_FILEFUNC_SEEK_CUR   ? (uint64_t)z->pos
                    : origin == ZLIB_FILEFUNC_SEEK_END ? z->bytes
                                                       : 0;
    if (offset > z->bytes || from + offset > z->bytes)
        return -1;
    z->pos = (off_t)(from + offset);
    return 0;
}

static int on_close(voidpf self, voidpf stream)
{
    (void)self, (void)stream;
    return 0;
}

static int on_error(voidpf self, voidpf stream)
{
    (void)self, (void)stream;
    return 0;
}

static unzFile open_archive(struct zip *z)
{
    zlib_filefunc64_def calls = {.zopen64_file = on_open,
                                 .zread_file = on_read,
                                 .zwrite_file = on_write,
                                 .ztell64_file = on_tell,
                                 .zseek64_file = on_seek,
                                 .zclose_file = on_close,
                                 .zerror_file = on_error,
                                 .opaque = z};
    return unzOpen2_64("", &calls);
}

/* ---- opening ---- */

static enum format_claim claim(const struct format_head *h)
{
    if (h->bytes.len < 4 && !h->whole)
        return FORMAT_MORE;
    return text_starts(h->bytes, TEXT("PK\x03\x04")) || text_starts(h->bytes, TEXT("PK\x05\x06")) ||
                   zip_stream_claims(h->bytes)
               ? FORMAT_YES
               : FORMAT_NO;
}

/* Where the document lies: in its file, or held. */
static enum err find_bytes(struct zip *z, bool whole)
{
    off_t here = z->job.from.read || z->job.from.fd < 0 ? -1 : lseek(z->job.from.fd, 0, SEEK_CUR);
    off_t end = here < 0 ? -1 : lseek(z->job.from.fd, 0, SEEK_END);
    if (end >= 0 && lseek(z->job.from.fd, here, SEEK_SET) == here) {
        z->fd = z->job.from.fd;
        z->base = here - (off_t)z->job.head.len;
        z->bytes = (uint64_t)(end - z->base);
        return OK;
    }
    if (!whole) /* a stream's size is not known: it has what is left of its container's budget, or the floor */
        return OK;
    enum err e = part_hold(&z->job, CONTAINER_HELD_MAX_BYTES, &z->held);
    z->bytes = z->held.len;
    if (e == ERR_LIMIT)
        part_sums_fail(&z->sums, TEXT_NONE, "an archive of more than 128 MiB inside another: unpack that one first");
    else if (e == ERR_IO)
        part_sums_fail(&z->sums, TEXT_NONE, "the archive could not be read to its end");
    return e == ERR_NOMEM ? e : OK;
}

static enum err begin(struct zip *z)
{
    const bool stream = zip_stream_claims(z->job.head);
    enum err e = find_bytes(z, !stream);
    if (!z->job.budget) {
        z->own_budget = container_budget_of(z->bytes);
        z->job.budget = &z->own_budget;
    }
    if (e == OK && stream)
        return zip_stream_open(&z->job, z->job.budget, &z->stream);
    if (e || z->sums.err)
        return e;
    z->archive = open_archive(z);
    z->first = true;
    if (!z->archive)
        part_sums_fail(&z->sums, TEXT_NONE,
                       "the archive's directory at its end is missing or damaged: it is cut off");
    return OK;
}

static void zip_free(void *self)
{
    struct zip *z = self;
    if (!z)
        return;
    part_done(&z->part);
    part_sums_done(&z->sums);
    if (z->archive)
        (void)unzClose(z->archive);
    zip_stream_free(z->stream);
    buffer_done(&z->held);
    free(z->texts);
    free(z);
}

static enum err zip_open(const struct format_job *job, void **ret)
{
    struct zip *z = calloc(1, sizeof *z);
    if (!z)
        return ERR_NOMEM;
    z->fd = -1;
    buffer_init(&z->held, 0);
    part_init(&z->part);
    part_sums_init(&z->sums);
    enum err e = part_copy_job(job, &z->job, &z->texts);
    if (e == OK && job->depth >= CONTAINER_DEPTH_MAX)
        part_sums_fail(&z->sums, TEXT_NONE, "containers in containers, more than four deep: unpack it first");
    else if (e == OK)
        e = begin(z);
    z->job.head = TEXT_NONE;
    if (e)
        zip_free(z);
    else
        *ret = z;
    return e;
}

/* ---- the parts ---- */

/* "report.csv.gz" holds "report.csv": some formats' type stands in the name. */
static struct text unpacked_name(struct text name)
{
    static const char *const tails[] = {".gz", ".zst", ".zstd"};
    for (size_t i = 0; i < ARRAY_LEN(tails); i++)
        if (text_ends(name, text_of(tails[i])))
            return text_sub(name, 0, name.len - strlen(tails[i]));
    return name;
}

static enum err next_of_stream(struct zip *z, struct buffer *to)
{
    if (!z->stream_read) {
        z->stream_read = true;
        return part_open(&z->part, &z->job, unpacked_name(z->job.name), z->job.inner_as, 0,
                         (struct feed_from){.fd = -1, .read = zip_stream_read, .self = z->stream}, &z->sums, to);
    }
    const char *fault = zip_stream_fault(z->stream);
    if (fault || z->job.budget->spent) {
        z->sums.err = OK; /* said better here than by who read it */
        buffer_clear(&z->sums.what);
        part_sums_fail(&z->sums, z->job.name, fault ? fault : TOO_MUCH);
    }
    z->done = true;
    return OK;
}

static ptrdiff_t read_file(void *self, char *to, size_t room)
{
    struct zip *z = self;
    int n = unzReadCurrentFile(z->archive, to, (unsigned)(room < 256 * KIB ? room : 256 * KIB));
    return n < 0 ? -EBADMSG : container_take(z->job.budget, n);
}

/* Folders, and what other systems put beside files. */
static bool is_noise(struct text name)
{
    return name.len == 0 || text_ends(name, TEXT("/")) || text_starts(name, TEXT("__MACOSX/")) ||
           text_ends(name, TEXT(".DS_Store"));
}

static enum err begin_file(struct zip *z, struct buffer *to)
{
    unz_file_info64 info;
    char name[NAME_BYTES] = {0};
    if (unzGetCurrentFileInfo64(z->archive, &info, name, sizeof name - 1, NULL, 0, NULL, 0) != UNZ_OK) {
        part_sums_fail(&z->sums, TEXT_NONE, "the archive's directory is damaged");
        z->done = true;
        return OK;
    }
    const struct text called = {name, strnlen(name, sizeof name)};
    if (is_noise(called))
        return OK;
    if (info.flag & 1) {
        part_lost(to, z->at, called, "it is encrypted: unpack it with its password, and import what comes out");
        return OK;
    }
    if (unzOpenCurrentFile(z->archive) != UNZ_OK) {
        part_lost(to, z->at, called, "it is damaged, or packed in a way other than deflate: pack it anew with zip");
        return OK;
    }
    z->open = true;
    const ZPOS64_T where = unzGetCurrentFileZStreamPos64(z->archive);
    if ((int64_t)where > z->at && where < z->bytes)
        z->at = (int64_t)where;
    return part_open(&z->part, &z->job, called, z->job.inner_as, z->job.depth ? 0 : z->at,
                     (struct feed_from){.fd = -1, .read = read_file, .self = z}, &z->sums, to);
}

/* A damaged file costs itself; what is too much ends the archive. */
static void end_file(struct zip *z)
{
    if (!z->open)
        return;
    z->open = false;
    if (unzCloseCurrentFile(z->archive) == UNZ_CRCERROR)
        part_sums_fail(&z->sums, TEXT_NONE, "a file's check sum does not hold: it is damaged");
    if (z->job.budget->spent) {
        z->sums.err = OK;
        buffer_clear(&z->sums.what);
        part_sums_fail(&z->sums, z->job.name, TOO_MUCH);
        z->done = true;
    }
}

static enum err next_of_archive(struct zip *z, struct buffer *to)
{
    end_file(z);
    if (z->done)
        return OK;
    int code = z->first ? unzGoToFirstFile(z->archive) : unzGoToNextFile(z->archive);
    z->first = false;
    if (code == UNZ_OK && ++z->parts <= CONTAINER_PARTS_MAX)
        return begin_file(z, to);
    if (code == UNZ_OK)
        part_sums_fail(&z->sums, TEXT_NONE, "more than 10000 files: the rest was not looked at");
    else if (code != UNZ_END_OF_LIST_OF_FILE)
        part_sums_fail(&z->sums, TEXT_NONE, "the archive's directory is damaged");
    z->done = true;
    return OK;
}

static enum err zip_next(void *self, struct buffer *to)
{
    struct zip *z = self;
    if (z->part.ops)
        return part_next(&z->part, &z->sums, to);
    if (!z->done && z->stream)
        return next_of_stream(z, to);
    if (!z->done && z->archive)
        return next_of_archive(z, to);
    if (z->at < 0)
        return ERR_NOT_FOUND;
    part_sums_end(&z->sums, z->at, to);
    z->at = -1;
    return OK;
}

const struct format FORMAT_ZIP = {
    .name = "zip", .keeps = true, .claim = claim, .open = zip_open, .next = zip_next, .free = zip_free};
