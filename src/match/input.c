/* match/input.c - plain, gzip (RFC 1952) and zstd (RFC 8878) input, concatenated members and frames read on.
 *
 *   UNKNOWN -first bytes-> PLAIN | GZIP | ZSTD -end of file-> (nothing more)
 *
 * Invariant: raw[raw_start, raw_end) was read from fd and is not yet given or decompressed. */
#include "match/input.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/limits.h"

#define RAW_BYTES         (256 * KIB)
#define MAGIC_BYTES       4
#define ZSTD_HEADER_BYTES 5 /* enough for the decoder to say how much it wants */

enum input_kind { UNKNOWN, PLAIN, GZIP, ZSTD };

struct input {
    int fd;
    bool waits; /* a pipe or terminal */
    bool ended; /* fd has nothing more */
    enum input_kind kind;
    bool in_member;      /* a gzip member or zstd frame has begun and not ended */
    bool after_members;  /* zeros that pad a gzip file have begun */
    uint64_t raw_offset; /* in fd, of raw[raw_start] */
    size_t raw_start, raw_end;
    z_stream gzip;
    ZSTD_DStream *zstd;
    size_t zstd_hint; /* bytes it wants next; 0: a new frame */
    uint8_t raw[RAW_BYTES];
};

enum err input_new(int fd, struct input **ret)
{
    struct stat st;
    struct input *in = malloc(sizeof *in);
    if (!in)
        return ERR_NOMEM;
    memset(in, 0, offsetof(struct input, raw));
    in->fd = fd;
    in->waits = fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
    *ret = in;
    return OK;
}

void input_free(struct input *in)
{
    if (!in)
        return;
    if (in->kind == GZIP)
        inflateEnd(&in->gzip);
    ZSTD_freeDStream(in->zstd);
    free(in);
}

static bool is_ready(const struct input *in)
{
    struct pollfd p = {.fd = in->fd, .events = POLLIN};
    return !in->waits || poll(&p, 1, 0) > 0;
}

/* OK, or ERR_CANCELLED when a signal came. For pipes that somebody made non-blocking. */
static enum err wait_ready(const struct input *in)
{
    struct pollfd p = {.fd = in->fd, .events = POLLIN};
    return poll(&p, 1, -1) < 0 && errno == EINTR ? ERR_CANCELLED : OK;
}

static enum err read_some(struct input *in, void *out, size_t room, bool wait, size_t *ret_len, struct fault *reterr)
{
    *ret_len = 0;
    if (in->ended)
        return OK;
    if (!wait && !is_ready(in))
        return ERR_BUSY;
    ssize_t n = read(in->fd, out, room);
    while (n < 0 && errno == EAGAIN && wait && wait_ready(in) == OK)
        n = read(in->fd, out, room);
    if (n < 0 && errno == EINTR)
        return fault_set(reterr, ERR_CANCELLED, "interrupted while waiting for input");
    if (n < 0 && errno == EAGAIN)
        return ERR_BUSY;
    if (n < 0)
        return fault_errno(reterr, "reading");
    in->ended = n == 0;
    *ret_len = (size_t)n;
    return OK;
}

/* More raw bytes behind those that are there. */
static enum err fill_raw(struct input *in, bool wait, struct fault *reterr)
{
    if (in->raw_start == in->raw_end)
        in->raw_start = in->raw_end = 0;
    size_t n;
    enum err err = read_some(in, in->raw + in->raw_end, RAW_BYTES - in->raw_end, wait, &n, reterr);
    if (!err)
        in->raw_end += n;
    return err;
}

/* ---- which kind ---- */

static bool begins_like(const struct input *in, const uint8_t *magic, size_t magic_len,
                        const uint8_t mask[MAGIC_BYTES])
{
    size_t have = in->raw_end - in->raw_start;
    for (size_t i = 0; i < magic_len && i < have; i++)
        if ((in->raw[in->raw_start + i] & mask[i]) != magic[i])
            return false;
    return true;
}

/* The kind whose magic the bytes so far begin with; *ret_sure false while one more could rule it out. */
static enum input_kind kind_of(const struct input *in, bool *ret_sure)
{
    static const struct {
        uint8_t magic[MAGIC_BYTES], mask[MAGIC_BYTES];
        size_t len;
        enum input_kind kind;
    } kinds[] = {
        {{0x1F, 0x8B}, {0xFF, 0xFF}, 2, GZIP},
        {{0x28, 0xB5, 0x2F, 0xFD}, {0xFF, 0xFF, 0xFF, 0xFF}, 4, ZSTD},
        {{0x50, 0x2A, 0x4D, 0x18}, {0xF0, 0xFF, 0xFF, 0xFF}, 4, ZSTD}, /* a skippable frame */
    };
    size_t have = in->raw_end - in->raw_start;
    *ret_sure = true;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (begins_like(in, kinds[i].magic, kinds[i].len, kinds[i].mask)) {
            *ret_sure = have >= kinds[i].len;
            return *ret_sure ? kinds[i].kind : PLAIN;
        }
    return PLAIN;
}

static enum err start_kind(struct input *in, enum input_kind kind, struct fault *reterr)
{
    if (kind == GZIP && inflateInit2(&in->gzip, 16 + MAX_WBITS) != Z_OK)
        return fault_set(reterr, ERR_NOMEM, "no memory for decompression");
    if (kind == ZSTD) {
        in->zstd = ZSTD_createDStream();
        if (!in->zstd)
            return fault_set(reterr, ERR_NOMEM, "no memory for decompression");
    }
    in->kind = kind;
    return OK;
}

static enum err find_kind(struct input *in, bool wait, struct fault *reterr)
{
    bool sure = false;
    enum input_kind kind = PLAIN;
    while (!sure) {
        if (in->raw_end > in->raw_start)
            kind = kind_of(in, &sure);
        if (sure || in->ended)
            break;
        enum err err = fill_raw(in, wait, reterr);
        if (err)
            return err;
    }
    return start_kind(in, kind, reterr);
}

/* ---- decompression ---- */

static enum err damaged(const struct input *in, const char *rule, const char *what, struct fault *reterr)
{
    return fault_at(reterr, ERR_MALFORMED, (int64_t)in->raw_offset, rule, "damaged compression: %s", what);
}

static void raw_used(struct input *in, size_t n)
{
    in->raw_start += n;
    in->raw_offset += n;
}

/* Behind a member there may be another one, or zeros (tapes and block devices pad with them). */
static enum err gzip_next_member(struct input *in, struct fault *reterr)
{
    while (in->raw_start < in->raw_end && in->raw[in->raw_start] == 0) {
        in->after_members = true;
        raw_used(in, 1);
    }
    if (in->raw_start == in->raw_end)
        return OK;
    if (in->after_members || in->raw[in->raw_start] != 0x1F)
        return damaged(in, "RFC 1952 section 2.2", "something else follows the last gzip member", reterr);
    if (inflateReset(&in->gzip) != Z_OK)
        return fault_set(reterr, ERR_NOMEM, "no memory for decompression");
    in->in_member = true;
    return OK;
}

static enum err gzip_step(struct input *in, char *out, size_t room, size_t *ret_len, struct fault *reterr)
{
    if (!in->in_member && in->raw_offset > 0) {
        enum err err = gzip_next_member(in, reterr);
        if (err || !in->in_member)
            return err;
    }
    in->in_member = true;
    in->gzip.next_in = in->raw + in->raw_start;
    in->gzip.avail_in = (uInt)(in->raw_end - in->raw_start);
    in->gzip.next_out = (Bytef *)out;
    in->gzip.avail_out = room < UINT_MAX ? (uInt)room : UINT_MAX;
    int state = inflate(&in->gzip, Z_NO_FLUSH);
    raw_used(in, in->raw_end - in->raw_start - in->gzip.avail_in);
    *ret_len = (size_t)((char *)in->gzip.next_out - out);
    if (state == Z_STREAM_END)
        in->in_member = false;
    else if (state == Z_MEM_ERROR)
        return fault_set(reterr, ERR_NOMEM, "no memory for decompression");
    else if (state != Z_OK && state != Z_BUF_ERROR)
        return damaged(in, "RFC 1951", in->gzip.msg ? in->gzip.msg : "not gzip", reterr);
    return OK;
}

/* Fed by the decoder's own measure, at most one block a call: a call that meets damage gives nothing, and so the
 * blocks before it are out already. */
static enum err zstd_step(struct input *in, char *out, size_t room, size_t *ret_len, struct fault *reterr)
{
    size_t have = in->raw_end - in->raw_start, feed = in->zstd_hint ? in->zstd_hint : ZSTD_HEADER_BYTES;
    ZSTD_inBuffer from = {in->raw + in->raw_start, have < feed ? have : feed, 0};
    ZSTD_outBuffer to = {out, room, 0};
    size_t state = ZSTD_decompressStream(in->zstd, &to, &from);
    if (ZSTD_isError(state) && ZSTD_getErrorCode(state) == ZSTD_error_memory_allocation)
        return fault_set(reterr, ERR_NOMEM, "no memory for decompression");
    if (ZSTD_isError(state))
        return damaged(in, "RFC 8878", ZSTD_getErrorName(state), reterr);
    raw_used(in, from.pos);
    *ret_len = to.pos;
    in->zstd_hint = state;
    if (from.pos > 0 || to.pos > 0)
        in->in_member = state != 0;
    return OK;
}

static enum err decompress(struct input *in, char *out, size_t room, bool wait, size_t *ret_len, struct fault *reterr)
{
    for (*ret_len = 0; *ret_len == 0;) {
        enum err err =
            in->kind == GZIP ? gzip_step(in, out, room, ret_len, reterr) : zstd_step(in, out, room, ret_len, reterr);
        if (err || *ret_len > 0)
            return *ret_len > 0 ? OK : err;
        if (in->raw_start < in->raw_end)
            continue; /* a header, or a skipped frame */
        if (in->ended)
            return in->in_member ? damaged(in, NULL, "the file ends in the middle", reterr) : OK;
        err = fill_raw(in, wait, reterr);
        if (err)
            return err;
    }
    return OK;
}

enum err input_read(struct input *in, char *out, size_t room, bool wait, size_t *ret_len, struct fault *reterr)
{
    if (in->kind == UNKNOWN) {
        enum err err = find_kind(in, wait, reterr);
        if (err)
            return err;
    }
    if (in->kind != PLAIN)
        return decompress(in, out, room, wait, ret_len, reterr);
    size_t have = in->raw_end - in->raw_start;
    if (have == 0)
        return read_some(in, out, room, wait, ret_len, reterr);
    *ret_len = have < room ? have : room;
    memcpy(out, in->raw + in->raw_start, *ret_len);
    raw_used(in, *ret_len);
    return OK;
}
