#include "match/pack.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/cursor.h"
#include "match/pack_inside.h"

#define LEVEL_TEXT  3
#define LEVEL_SMALL 3 /* of meta and rows */

enum pack_form { FORM_ZSTD = 1, FORM_COLUMNS = 2 };

static bool make_room(struct packer *p)
{
    p->lines = malloc(PACK_MAX_BYTES);
    p->values = malloc(PACK_MAX_BYTES);
    p->line_shapes = malloc(PACK_MAX_BYTES);
    p->line_tokens = malloc(PACK_MAX_BYTES * sizeof *p->line_tokens);
    p->order = malloc(PACK_MAX_BYTES * sizeof *p->order);
    p->tokens = malloc(PACK_TOKENS_MAX * sizeof *p->tokens);
    p->cells = malloc(PACK_TOKENS_MAX * sizeof *p->cells);
    p->numbers = malloc(2 * PACK_TOKENS_MAX * sizeof *p->numbers);
    p->masks = malloc(sizeof *p->masks);
    p->in = ZSTD_createCCtx();
    p->out = ZSTD_createDCtx();
    return p->lines && p->values && p->line_shapes && p->line_tokens && p->order && p->tokens && p->cells &&
           p->numbers && p->masks && p->in && p->out;
}

enum err packer_new(struct packer **ret)
{
    struct packer *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    buffer_init(&p->shapes_text, PACK_STREAM_MAX);
    buffer_init(&p->meta, PACK_STREAM_MAX);
    buffer_init(&p->rows, PACK_STREAM_MAX);
    buffer_init(&p->text, PACK_STREAM_MAX);
    buffer_init(&p->bits, PACK_STREAM_MAX);
    pack_classes_init(p->classes);
    p->way = masks_best_way();
    if (!make_room(p)) {
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
    free(p->values);
    free(p->line_shapes);
    free(p->line_tokens);
    free(p->order);
    free(p->tokens);
    free(p->cells);
    free(p->numbers);
    free(p->masks);
    buffer_done(&p->shapes_text);
    buffer_done(&p->meta);
    buffer_done(&p->rows);
    buffer_done(&p->text);
    buffer_done(&p->bits);
    free(p);
}

/* ---- pack ---- */

/* u32 length, u32 packed length, a zstd frame. */
static enum err put_frame(struct packer *p, struct text bytes, int level, struct buffer *out)
{
    size_t room = ZSTD_compressBound(bytes.len), at = out->len;
    buffer_add_u32(out, (uint32_t)bytes.len);
    buffer_add_u32(out, 0);
    char *to = buffer_reserve(out, room);
    if (!to)
        return buffer_error(out);
    size_t len = ZSTD_compressCCtx(p->in, to, room, bytes.ptr, bytes.len, level);
    if (ZSTD_isError(len))
        return ERR_NOMEM;
    out->len = out->len - room + len;
    for (unsigned i = 0; i < 4; i++)
        out->ptr[at + 4 + i] = (char)(len >> (8 * i));
    return OK;
}

static enum err take_columns(struct packer *p, struct text lines)
{
    struct buffer *const streams[] = {&p->meta, &p->rows, &p->text, &p->bits};
    enum err err = OK;
    for (size_t i = 0; i < ARRAY_LEN(streams); i++)
        buffer_clear(streams[i]);
    pack_columns(p, lines);
    buffer_add_u64(&p->bits, 0); /* BITS_PAD */
    for (size_t i = 0; i < ARRAY_LEN(streams) && !err; i++)
        err = buffer_error(streams[i]);
    return err;
}

static enum err put_columns(struct packer *p, struct buffer *out)
{
    enum err err = put_frame(p, buffer_text(&p->meta), LEVEL_SMALL, out);
    if (!err)
        err = put_frame(p, buffer_text(&p->rows), LEVEL_SMALL, out);
    if (!err)
        err = put_frame(p, buffer_text(&p->text), LEVEL_TEXT, out);
    buffer_add_sized(out, buffer_text(&p->bits));
    return err ? err : buffer_error(out);
}

/* Lines of many shapes gain nothing by being taken apart. */
static bool suits_columns(struct packer *p, struct text lines)
{
    return pack_split(p, lines) && p->shapes[0].rows <= p->line_count / 4;
}

enum err pack(struct packer *p, struct text lines, struct buffer *out)
{
    size_t before = out->len;
    if (lines.len > PACK_MAX_BYTES)
        return ERR_LIMIT;
    bool columns = suits_columns(p, lines);
    enum err err = columns ? take_columns(p, lines) : OK;
    if (err == ERR_NOMEM)
        return err;
    columns &= !err; /* streams beyond their limits: whole, then */
    buffer_add_u8(out, columns ? FORM_COLUMNS : FORM_ZSTD);
    buffer_add_u32(out, (uint32_t)lines.len);
    err = columns ? put_columns(p, out) : put_frame(p, lines, LEVEL_TEXT, out);
    if (err)
        out->len = before;
    return err;
}

/* ---- unpack ---- */

static struct text get_frame(struct packer *p, struct cursor *c, struct buffer *to)
{
    size_t len = cursor_u32(c);
    struct text packed = cursor_text(c);
    buffer_clear(to);
    if (cursor_error(c) || len > PACK_STREAM_MAX - BITS_PAD)
        cursor_fail(c);
    char *out = cursor_error(c) ? NULL : buffer_reserve(to, len + BITS_PAD);
    if (!out)
        return TEXT_NONE;
    if (ZSTD_decompressDCtx(p->out, out, len, packed.ptr, packed.len) != len)
        cursor_fail(c);
    return (struct text){to->ptr, len};
}

static enum err get_columns(struct packer *p, struct cursor *c, size_t len)
{
    struct pack_streams in;
    in.meta = get_frame(p, c, &p->meta);
    in.rows = get_frame(p, c, &p->rows);
    in.text = get_frame(p, c, &p->text);
    in.bits = cursor_text(c);
    if (buffer_error(&p->meta) == ERR_NOMEM || buffer_error(&p->rows) == ERR_NOMEM ||
        buffer_error(&p->text) == ERR_NOMEM)
        return ERR_NOMEM;
    if (cursor_error(c) || in.bits.len < BITS_PAD)
        return ERR_MALFORMED;
    in.bits.len -= BITS_PAD;
    return pack_rows(p, &in, len);
}

static enum err get_whole(struct packer *p, struct cursor *c, size_t len)
{
    size_t said = cursor_u32(c);
    struct text packed = cursor_text(c);
    if (cursor_error(c) || said != len || ZSTD_decompressDCtx(p->out, p->lines, len, packed.ptr, packed.len) != len)
        return ERR_MALFORMED;
    return OK;
}

enum err unpack(struct packer *p, struct text packed, struct text *ret)
{
    struct cursor c;
    cursor_init(&c, packed);
    uint8_t form = cursor_u8(&c);
    size_t len = cursor_u32(&c);
    if (cursor_error(&c) || (form != FORM_ZSTD && form != FORM_COLUMNS) || len > PACK_MAX_BYTES)
        return ERR_MALFORMED;
    enum err err = form == FORM_COLUMNS ? get_columns(p, &c, len) : get_whole(p, &c, len);
    if (err)
        return err;
    *ret = (struct text){p->lines, len};
    return OK;
}
