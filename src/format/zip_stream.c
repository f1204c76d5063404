/* format/zip_stream.c - gzip and zstd, members and frames one after the other, by zlib and libzstd. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "format/zip_inside.h"

#define RAW_BYTES       (64 * KIB)
#define ZSTD_WINDOW_LOG 27 /* 128 MiB: what `zstd --long` makes, and no more */

struct zip_stream {
    struct feed_from from;
    struct container_budget *budget;
    char *head; /* owned; what was taken off before */
    size_t head_len, head_at;
    char raw[RAW_BYTES];
    size_t at, end;
    bool input_ended, ended, in_member;
    const char *fault;
    z_stream gzip;
    ZSTD_DStream *zstd; /* NULL: it is gzip */
};

bool zip_stream_claims(struct text head)
{
    return text_starts(head, TEXT("\x1f\x8b\x08")) || text_starts(head, TEXT("\x28\xb5\x2f\xfd"));
}

enum err zip_stream_open(const struct format_job *job, struct container_budget *budget, struct zip_stream **ret)
{
    struct zip_stream *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->from = job->from;
    s->budget = budget;
    s->head = malloc(job->head.len + 1);
    bool ok = s->head != NULL;
    if (ok && job->head.len)
        memcpy(s->head, job->head.ptr, job->head.len);
    s->head_len = job->head.len;
    if (ok && text_starts(job->head, TEXT("\x1f")))
        ok = inflateInit2(&s->gzip, 15 + 16) == Z_OK;
    else if (ok)
        ok = (s->zstd = ZSTD_createDStream()) != NULL &&
             !ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG));
    if (!ok) {
        zip_stream_free(s);
        return ERR_NOMEM;
    }
    *ret = s;
    return OK;
}

void zip_stream_free(struct zip_stream *s)
{
    if (!s)
        return;
    if (s->zstd)
        ZSTD_freeDStream(s->zstd);
    else
        inflateEnd(&s->gzip);
    free(s->head);
    free(s);
}

const char *zip_stream_fault(const struct zip_stream *s)
{
    return s->fault;
}

static ptrdiff_t read_raw(struct zip_stream *s)
{
    if (s->head_at < s->head_len) {
        size_t n = s->head_len - s->head_at < RAW_BYTES ? s->head_len - s->head_at : RAW_BYTES;
        memcpy(s->raw, s->head + s->head_at, n);
        s->head_at += n;
        return (ptrdiff_t)n;
    }
    if (s->from.read)
        return s->from.read(s->from.self, s->raw, RAW_BYTES);
    if (s->from.fd < 0)
        return 0;
    ssize_t n;
    do {
        n = read(s->from.fd, s->raw, RAW_BYTES);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* What comes out of one step, 0 when more must go in. */
static ptrdiff_t gzip_step(struct zip_stream *s, char *to, size_t room)
{
    z_stream *z = &s->gzip;
    z->next_in = (Bytef *)s->raw + s->at;
    z->avail_in = (uInt)(s->end - s->at);
    z->next_out = (Bytef *)to;
    z->avail_out = (uInt)room;
    s->in_member = true;
    int code = inflate(z, Z_NO_FLUSH);
    s->at = s->end - z->avail_in;
    if (code == Z_STREAM_END) {
        s->in_member = false;
        (void)inflateReset(z);
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
        s->fault = "it is damaged: no gzip from here on";
    }
    return (ptrdiff_t)(room - z->avail_out);
}

static ptrdiff_t zstd_step(struct zip_stream *s, char *to, size_t room)
{
    ZSTD_inBuffer in = {s->raw + s->at, s->end - s->at, 0};
    ZSTD_outBuffer out = {to, room, 0};
    size_t code = ZSTD_decompressStream(s->zstd, &out, &in);
    s->at += in.pos;
    s->in_member = code != 0;
    if (ZSTD_isError(code))
        s->fault = "it is damaged, or packed with a window of more than 128 MiB: no zstd from here on";
    return (ptrdiff_t)out.pos;
}

/* Behind a gzip member may be padding (RFC 1952 says nothing of it; gzip passes it over). */
static bool only_padding(struct zip_stream *s)
{
    if (s->in_member || s->zstd)
        return false;
    while (s->at < s->end && !s->raw[s->at])
        s->at++;
    return s->at == s->end;
}

ptrdiff_t zip_stream_read(void *self, char *to, size_t room)
{
    struct zip_stream *s = self;
    if (room > RAW_BYTES * 4)
        room = RAW_BYTES * 4;
    while (!s->ended && !s->fault) {
        if (s->at == s->end && !s->input_ended) {
            ptrdiff_t n = read_raw(s);
            if (n < 0)
                return n;
            s->at = 0;
            s->end = (size_t)n;
            s->input_ended = n == 0;
        }
        if (s->input_ended && s->at == s->end && !s->in_member) {
            s->ended = true;
            break;
        }
        if (!s->input_ended && only_padding(s))
            continue;
        const size_t before = s->at;
        ptrdiff_t n = s->zstd ? zstd_step(s, to, room) : gzip_step(s, to, room);
        if (n > 0)
            return container_take(s->budget, n);
        if (!s->fault && s->input_ended && s->at == before)
            s->fault = "it is cut off";
    }
    return s->fault ? -EBADMSG : 0;
}
