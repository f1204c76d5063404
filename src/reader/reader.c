/* reader/reader.c - the owner's side of a reader process. */
#include "reader/reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/worker.h"
#include "reader/core.h"
#include "reader/formats.h"
#include "reader/wire.h"

struct reader {
    struct worker *worker;
    enum reader_format format;
    bool done;
};

static bool is_file(int fd, int64_t *ret_at, int64_t *ret_bytes)
{
    struct stat st;
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (at < 0 || fstat(fd, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)))
        return false;
    *ret_at = at;
    *ret_bytes = st.st_size;
    return true;
}

enum err reader_own_description(int fd, int *ret_fd, struct fault *reterr)
{
    char path[32];
    off_t at = lseek(fd, 0, SEEK_CUR);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int own = at < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (own < 0 || lseek(own, at, SEEK_SET) != at) {
        enum err e = fault_errno(reterr, "opening the document for its reader");
        if (own >= 0)
            close(own);
        return e;
    }
    *ret_fd = own;
    return OK;
}

static struct worker_limits limits_for(int64_t bytes, size_t chunk_bytes)
{
    uint64_t cpu_s = READER_CPU_BASE_S + (uint64_t)(bytes > 0 ? bytes : 0) / READER_CPU_BYTES_A_S;
    return (struct worker_limits){.memory_bytes = READER_MEMORY_MAX_BYTES,
                                  .frame_bytes =
                                      (chunk_bytes ? chunk_bytes : READER_CHUNK_BYTES) + READER_RECORD_MAX_BYTES,
                                  .cpu_s = cpu_s < UINT32_MAX / 2 ? (unsigned)cpu_s : UINT32_MAX / 2,
                                  .silence_ms = READER_SILENCE_MS};
}

static enum err start(const char *role, int document, int64_t bytes, const struct reader_options *options,
                      struct worker **ret, struct fault *reterr)
{
    struct buffer job;
    struct worker_limits limits = limits_for(bytes, options->chunk_bytes);
    limits.rare = strcmp(role, READER_ROLE) != 0;
    buffer_init(&job, WORKER_JOB_MAX);
    wire_put_job(&job, options);
    enum err e = buffer_error(&job);
    if (e)
        fault_set(reterr, e, "the reader's options are too long");
    else
        e = worker_start(role, document, buffer_text(&job), &limits, options->cancel, ret, reterr);
    buffer_done(&job);
    return e;
}

static enum err broken(struct fault *reterr)
{
    return fault_set(reterr, ERR_MALFORMED, "its reader broke the record form");
}

/* What the reader says it failed of. That there was no memory is its own limit, not the machine's. */
static enum err said_fault(struct text bytes, struct fault *reterr)
{
    struct fault said;
    if (wire_take_fault(bytes, &said))
        return broken(reterr);
    if (said.err == ERR_NOMEM)
        return fault_set(reterr, ERR_MALFORMED, "its reader needed more than %zu MiB of memory",
                         READER_MEMORY_MAX_BYTES / MIB);
    if (reterr)
        *reterr = said;
    return said.err;
}

static enum err first_word(struct reader *r, bool *ret_container, struct fault *reterr)
{
    uint8_t kind;
    struct text bytes;
    enum err e = worker_next(r->worker, &kind, &bytes, reterr);
    if (e)
        return e;
    if (kind == READER_FAILED)
        return said_fault(bytes, reterr);
    *ret_container = kind == READER_CONTAINER;
    if (*ret_container)
        return OK;
    if (kind != READER_STARTED || bytes.len != 1 || !format_of((enum reader_format)bytes.ptr[0]))
        return broken(reterr);
    r->format = (enum reader_format)bytes.ptr[0];
    return OK;
}

/* One process, as far as its first word. A container's limits are those of what it may unpack to. */
static enum err open_with(const char *role, struct reader *r, int fd, const struct reader_options *options,
                          bool *ret_container, struct fault *reterr)
{
    int own = -1;
    int64_t at = 0, bytes = 0;
    enum err e = is_file(fd, &at, &bytes) ? reader_own_description(fd, &own, reterr) : OK;
    bytes = bytes > at ? bytes - at : 0;
    if (strcmp(role, READER_CONTAINERS_ROLE) == 0)
        bytes = (int64_t)reader_unpacks_to(READER_ZIP, (uint64_t)bytes);
    if (e == OK)
        e = start(role, own >= 0 ? own : fd, bytes, options, &r->worker, reterr);
    if (own >= 0)
        close(own);
    return e ? e : first_word(r, ret_container, reterr);
}

enum err reader_open(int fd, const struct reader_options *options, struct reader **ret, struct fault *reterr)
{
    struct reader *r = calloc(1, sizeof *r);
    if (!r)
        return fault_set(reterr, ERR_NOMEM, "no memory for a reader");
    bool container = format_is_container(options->format);
    enum err e = open_with(container ? READER_CONTAINERS_ROLE : READER_ROLE, r, fd, options, &container, reterr);
    if (e == OK && container) {
        worker_free(r->worker);
        r->worker = NULL;
        e = open_with(READER_CONTAINERS_ROLE, r, fd, options, &container, reterr);
        if (e == OK && container)
            e = broken(reterr);
    }
    if (e == OK && options->format != READER_DETECT && r->format != options->format &&
        !format_is_container(r->format))
        e = broken(reterr);
    if (e)
        reader_free(r);
    else
        *ret = r;
    return e;
}

enum reader_format reader_format_of(const struct reader *r)
{
    return r->format;
}

enum err reader_next(struct reader *r, struct text *ret_chunk, struct fault *reterr)
{
    uint8_t kind;
    struct text bytes;
    if (r->done)
        return ERR_NOT_FOUND;
    enum err e = worker_next(r->worker, &kind, &bytes, reterr);
    if (e)
        return e;
    if (kind == READER_FAILED)
        return said_fault(bytes, reterr);
    if (kind == READER_CHUNK && bytes.len > 0) {
        *ret_chunk = bytes;
        return OK;
    }
    if (kind != READER_DONE || bytes.len)
        return broken(reterr);
    r->done = true;
    return ERR_NOT_FOUND;
}

void reader_free(struct reader *r)
{
    if (!r)
        return;
    worker_free(r->worker);
    free(r);
}
