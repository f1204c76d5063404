/* store/log_body.c - bodies: compressed one by one, so that each can be read, and erased, alone. */
#include <stdlib.h>
#include <string.h>

#include "store/log_inside.h"

#define LEVEL         1
#define COMPRESS_FROM ((size_t)48) /* shorter ones are kept as they are */
#define FIRST_READ    ((size_t)4096)

struct log_packer {
    ZSTD_CCtx *ctx;
    const ZSTD_CDict *dict; /* the log's */
};

enum err log_packer_new(const struct log *log, struct log_packer **ret)
{
    struct log_packer *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    p->ctx = ZSTD_createCCtx();
    p->dict = log->cdict;
    if (!p->ctx) {
        free(p);
        return ERR_NOMEM;
    }
    /* The payload has its own length and checksum; the frame need not repeat them. */
    ZSTD_CCtx_setParameter(p->ctx, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(p->ctx, ZSTD_c_contentSizeFlag, 0);
    ZSTD_CCtx_setParameter(p->ctx, ZSTD_c_checksumFlag, 0);
    ZSTD_CCtx_setParameter(p->ctx, ZSTD_c_dictIDFlag, 0);
    *ret = p;
    return OK;
}

void log_packer_free(struct log_packer *p)
{
    if (p)
        ZSTD_freeCCtx(p->ctx);
    free(p);
}

enum err log_compress_init(struct log *log)
{
    log->cdict = ZSTD_createCDict(log_dictionary_1, log_dictionary_1_bytes, LEVEL);
    log->ddict = ZSTD_createDDict(log_dictionary_1, log_dictionary_1_bytes);
    return log->cdict && log->ddict ? log_packer_new(log, &log->packer) : ERR_NOMEM;
}

void log_compress_done(struct log *log)
{
    log_packer_free(log->packer);
    ZSTD_freeCDict(log->cdict);
    ZSTD_freeDDict(log->ddict);
    for (size_t i = 0; i < log->context_count; i++)
        ZSTD_freeDCtx(log->contexts[i]);
}

/* The dictionary helps the small; a large body is its own. */
static size_t compress(struct log_packer *p, struct text raw, char *to, size_t room, bool *ret_dict)
{
    *ret_dict = raw.len <= 16 * KIB;
    if (ZSTD_isError(ZSTD_CCtx_refCDict(p->ctx, *ret_dict ? p->dict : NULL)))
        return 0;
    size_t n = ZSTD_compress2(p->ctx, to, room, raw.ptr, raw.len);
    return ZSTD_isError(n) || n >= raw.len ? 0 : n;
}

uint8_t log_pack(struct log_packer *p, struct text raw, const struct sha256 *hash, struct buffer *to)
{
    buffer_add_u32(to, (uint32_t)raw.len);
    buffer_add_bytes(to, hash->b, sizeof hash->b);
    size_t before = to->len, bound = ZSTD_compressBound(raw.len), n = 0;
    bool dict = false;
    char *room = raw.len >= COMPRESS_FROM ? buffer_reserve(to, bound) : NULL;
    if (room)
        n = compress(p, raw, room, bound, &dict);
    if (buffer_error(to) != OK)
        return 0;
    to->len = before + n;
    if (n)
        return (uint8_t)(RECORD_ZSTD | (dict ? RECORD_DICT : 0));
    buffer_add(to, raw);
    return 0;
}

uint8_t log_add_body(struct log *log, struct text raw, struct buffer *out)
{
    struct sha256 hash = sha256_of(raw.ptr, raw.len);
    return log_pack(log->packer, raw, &hash, out);
}

static ZSTD_DCtx *take_context(struct log *log)
{
    ZSTD_DCtx *ctx = NULL;
    pthread_mutex_lock(&log->contexts_lock);
    if (log->context_count)
        ctx = log->contexts[--log->context_count];
    pthread_mutex_unlock(&log->contexts_lock);
    return ctx ? ctx : ZSTD_createDCtx();
}

static void give_context(struct log *log, ZSTD_DCtx *ctx)
{
    pthread_mutex_lock(&log->contexts_lock);
    if (log->context_count < CONTEXTS_MAX) {
        log->contexts[log->context_count++] = ctx;
        ctx = NULL;
    }
    pthread_mutex_unlock(&log->contexts_lock);
    ZSTD_freeDCtx(ctx);
}

static enum err decompress(struct log *log, bool dict, struct text packed, size_t raw_len, struct buffer *out)
{
    size_t before = out->len;
    char *to = buffer_reserve(out, raw_len);
    if (!to)
        return buffer_error(out);
    ZSTD_DCtx *ctx = take_context(log);
    if (!ctx) {
        out->len = before;
        return ERR_NOMEM;
    }
    size_t n = dict ? ZSTD_decompress_usingDDict(ctx, to, raw_len, packed.ptr, packed.len, log->ddict)
                    : ZSTD_decompressDCtx(ctx, to, raw_len, packed.ptr, packed.len);
    give_context(log, ctx);
    if (!ZSTD_isError(n) && n == raw_len)
        return OK;
    out->len = before;
    return ERR_MALFORMED;
}

enum err log_expand_body(struct log *log, uint8_t flags, const uint8_t *payload, uint32_t len, struct buffer *out)
{
    uint32_t raw_len =
        (uint32_t)payload[0] | (uint32_t)payload[1] << 8 | (uint32_t)payload[2] << 16 | (uint32_t)payload[3] << 24;
    struct text packed = {(const char *)payload + BODY_HEAD_BYTES, len - BODY_HEAD_BYTES};
    if (raw_len > LOG_RECORD_MAX_BYTES)
        return ERR_MALFORMED;
    if (flags & RECORD_ZSTD)
        return decompress(log, flags & RECORD_DICT, packed, raw_len, out);
    if (raw_len != packed.len)
        return ERR_MALFORMED;
    buffer_add(out, packed);
    return buffer_error(out);
}

static enum err damaged(struct place place, struct fault *reterr)
{
    char name[SEGMENT_NAME_MAX];
    return fault_at(reterr, ERR_MALFORMED, place.offset, "FORMAT-log, record",
                    "log/%s holds no whole body there: damaged, or cut", segment_name(place.segment, name));
}

/* The record at place: in `small`, or in *ret_large (to be freed) when it does not fit. */
static enum err read_record(const struct log *log, int fd, struct place place, uint8_t small[FIRST_READ],
                            uint8_t **ret_large, struct record_head *ret, struct fault *reterr)
{
    struct record_site site = {log->files.log_seed, place};
    ssize_t n = io_read_all(log->io, fd, small, FIRST_READ, place.offset);
    if (n < 0)
        return fault_errno(reterr, "reading the log");
    if (n < (ssize_t)RECORD_HEAD_BYTES || !record_head_decode(small, &site, ret) || ret->kind != RECORD_BODY)
        return damaged(place, reterr);
    size_t whole = RECORD_HEAD_BYTES + (size_t)ret->len;
    const uint8_t *bytes = small;
    if (whole > FIRST_READ) {
        uint8_t *large = malloc(whole);
        if (!large)
            return fault_set(reterr, ERR_NOMEM, "no memory for a body of %zu bytes", whole);
        *ret_large = large;
        bytes = large;
        memcpy(large, small, (size_t)n);
        ssize_t more = io_read_all(log->io, fd, large + n, whole - (size_t)n, (int64_t)place.offset + n);
        if (more < 0)
            return fault_errno(reterr, "reading the log");
        n += more;
    }
    if ((size_t)n < whole || !record_payload_good(ret, &site, bytes + RECORD_HEAD_BYTES))
        return damaged(place, reterr);
    return OK;
}

enum err log_body(const struct log *const_log, struct place place, struct buffer *out, struct fault *reterr)
{
    /* The log as such stays as it is; only its caches of descriptors and contexts, which have locks, change. */
    struct log *log = (struct log *)(uintptr_t)const_log;
    uint8_t small[FIRST_READ], *large = NULL;
    struct record_head h;
    int fd;
    if (place.offset < SEGMENT_START || place.offset % RECORD_ALIGN)
        return damaged(place, reterr);
    enum err err = files_get(&log->files, place.segment, &fd, reterr);
    if (err != OK)
        return err == ERR_NOT_FOUND ? damaged(place, reterr) : err;
    err = read_record(log, fd, place, small, &large, &h, reterr);
    if (err == ERR_MALFORMED) { /* erased while it was read? Then its flag is there by now */
        free(large);
        large = NULL;
        err = read_record(log, fd, place, small, &large, &h, reterr);
    }
    files_put(&log->files, place.segment);
    if (err == OK && (h.flags & RECORD_ERASED))
        err = fault_set(reterr, ERR_NOT_FOUND, "this body was erased");
    if (err == OK) {
        err = log_expand_body(log, h.flags, (large ? large : small) + RECORD_HEAD_BYTES, h.len, out);
        if (err == ERR_MALFORMED)
            err = damaged(place, reterr);
        else if (err != OK)
            err = fault_set(reterr, err, "a body does not fit in memory");
    }
    free(large);
    return err;
}
