#include "command/hits_wire.h"

#include "base/cursor.h"

#define HITS_WIRE_VERSION 2

static void write_hit(const struct hit_report *h, struct buffer *out)
{
    buffer_add_sized(out, h->indicator);
    buffer_add_bytes(out, h->organisation.b, sizeof h->organisation.b);
    buffer_add_sized(out, h->organisation_name);
    buffer_add_u8(out, (uint8_t)h->kind);
    buffer_add_sized(out, h->value);
    buffer_add_u64(out, h->line);
    buffer_add_u64(out, h->offset);
    buffer_add_u64(out, (uint64_t)h->seen_us);
    buffer_add_sized(out, h->text);
    buffer_add_sized(out, h->client);
}

void hits_wire_write(const struct hits_batch *b, struct buffer *out)
{
    buffer_add_u32(out, HITS_WIRE_VERSION);
    buffer_add_sized(out, b->batch.file);
    buffer_add_sized(out, b->batch.follow_key);
    buffer_add_u64(out, b->batch.follow_offset);
    buffer_add_u64(out, b->batch.follow_line);
    buffer_add_sized(out, b->state_key);
    buffer_add_sized(out, b->state);
    buffer_add_u32(out, (uint32_t)b->batch.count);
    for (size_t i = 0; i < b->batch.count; i++)
        write_hit(&b->batch.hits[i], out);
}

static void read_hit(struct cursor *c, struct hit_report *h)
{
    h->indicator = cursor_text(c);
    cursor_copy(c, h->organisation.b, sizeof h->organisation.b);
    h->organisation_name = cursor_text(c);
    h->kind = (enum value_kind)cursor_u8(c);
    h->value = cursor_text(c);
    h->line = cursor_u64(c);
    h->offset = cursor_u64(c);
    h->seen_us = (int64_t)cursor_u64(c);
    h->text = cursor_text(c);
    h->client = cursor_text(c);
    if (h->kind >= VALUE_KINDS)
        cursor_fail(c);
}

enum err hits_wire_read(struct text bytes, struct arena *arena, struct hits_batch *ret)
{
    struct cursor c;
    struct hits_batch b = {0};
    cursor_init(&c, bytes);
    if (cursor_u32(&c) != HITS_WIRE_VERSION)
        return ERR_MALFORMED;
    b.batch.file = cursor_text(&c);
    b.batch.follow_key = cursor_text(&c);
    b.batch.follow_offset = cursor_u64(&c);
    b.batch.follow_line = cursor_u64(&c);
    b.state_key = cursor_text(&c);
    b.state = cursor_text(&c);
    b.batch.count = cursor_u32(&c);
    if (cursor_error(&c))
        return ERR_MALFORMED;
    if (b.batch.count > HITS_BATCH_MAX)
        return ERR_LIMIT;
    struct hit_report *hits = arena_alloc(arena, (b.batch.count + 1) * sizeof *hits);
    if (!hits)
        return ERR_NOMEM;
    for (size_t i = 0; i < b.batch.count; i++)
        read_hit(&c, &hits[i]);
    if (cursor_error(&c) || !cursor_end(&c))
        return ERR_MALFORMED;
    b.batch.hits = hits;
    *ret = b;
    return OK;
}
