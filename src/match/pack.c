#include "match/pack.h"

#include <stdlib.h>
#include <zstd.h>

#include "base/cursor.h"

#define LEVEL 3

enum pack_form { FORM_ZSTD = 1 };

struct packer {
    ZSTD_CCtx *in;
    ZSTD_DCtx *out;
    char *lines; /* PACK_MAX_BYTES */
};

enum err packer_new(struct packer **ret)
{
    struct packer *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    p->lines = malloc(PACK_MAX_BYTES);
    p->in = ZSTD_createCCtx();
    p->out = ZSTD_createDCtx();
    if (!p->lines || !p->in || !p->out) {
        packer_free(p);
        return ERR_NOMEM;
    }
    *ret = p;
    return OK;
}

void packer_free(struct packer *p)
{
    if (!p)
        return;
    ZSTD_freeCCtx(p->in);
    ZSTD_freeDCtx(p->out);
    free(p->lines);
    free(p);
}

enum err pack(struct packer *p, struct text lines, struct buffer *out)
{
    if (lines.len > PACK_MAX_BYTES)
        return ERR_LIMIT;
    size_t room = ZSTD_compressBound(lines.len), before = out->len;
    buffer_add_u8(out, FORM_ZSTD);
    buffer_add_u32(out, (uint32_t)lines.len);
    char *to = buffer_reserve(out, room);
    if (!to)
        return buffer_error(out);
    size_t len = ZSTD_compressCCtx(p->in, to, room, lines.ptr, lines.len, LEVEL);
    if (ZSTD_isError(len)) {
        out->len = before;
        return ERR_NOMEM;
    }
    out->len = out->len - room + len;
    return OK;
}

enum err unpack(struct packer *p, struct text packed, struct text *ret)
{
    struct cursor c;
    cursor_init(&c, packed);
    uint8_t form = cursor_u8(&c);
    size_t len = cursor_u32(&c);
    struct text body = cursor_bytes(&c, cursor_left(&c));
    if (cursor_error(&c) || form != FORM_ZSTD || len > PACK_MAX_BYTES ||
        ZSTD_decompressDCtx(p->out, p->lines, len, body.ptr, body.len) != len)
        return ERR_MALFORMED;
    *ret = (struct text){p->lines, len};
    return OK;
}
