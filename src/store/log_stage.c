/* store/log_stage.c - the group under way: records built in one buffer, exactly as they will lie on disk.
 *
 * A group begins behind the last commit, or at the start of a new segment when little is left of this one, and never
 * straddles: a segment is enlarged for the group that outgrows it (log.c). So a record's place is known at once. */
#include <string.h>

#include "store/log_inside.h"

size_t log_record_open(struct buffer *out)
{
    static const uint8_t head[RECORD_HEAD_BYTES];
    size_t at = out->len;
    buffer_add_bytes(out, head, sizeof head);
    return at;
}

void log_record_close(const struct log *log, struct buffer *out, size_t head_at, struct place at, uint8_t kind,
                      uint8_t flags)
{
    static const uint8_t zeros[RECORD_ALIGN];
    if (buffer_error(out) != OK)
        return;
    size_t len = out->len - head_at - RECORD_HEAD_BYTES;
    struct record_head h = {.len = (uint32_t)len, .kind = kind, .flags = flags, .tag = log->end.chain};
    struct record_site site = {log->files.log_seed, at};
    buffer_add_bytes(out, zeros, record_bytes(h.len) - RECORD_HEAD_BYTES - len);
    if (buffer_error(out) != OK)
        return;
    uint8_t *head = (uint8_t *)out->ptr + head_at;
    record_head_encode(&h, &site, head + RECORD_HEAD_BYTES, head);
}

struct place log_stage_place(const struct log *log)
{
    return (struct place){log->start.segment, log->start.offset + (uint32_t)log->staged.len};
}

static void begin_group(struct log *log)
{
    int64_t room = (int64_t)log->files.segment_bytes - log->end.place.offset;
    log->roll = log->end.place.offset > SEGMENT_START && room < (int64_t)log->files.segment_bytes / ROLL_SHARE;
    log->start = log->roll ? (struct place){log->end.place.segment + 1, SEGMENT_START} : log->end.place;
}

static void draw_salts(struct log *log, struct entry_detail *d)
{
    if (log->salts_left < 2 * ENTRY_SALT) {
        random_bytes(log->salts, sizeof log->salts);
        log->salts_left = sizeof log->salts;
    }
    uint8_t *salt = log->salts + sizeof log->salts - log->salts_left;
    memcpy(d->salt1, salt, ENTRY_SALT);
    memcpy(d->salt2, salt + ENTRY_SALT, ENTRY_SALT);
    memset(salt, 0, 2 * ENTRY_SALT); /* an erased detail's salts live nowhere else */
    log->salts_left -= 2 * ENTRY_SALT;
}

static void add_entry(struct log *log, const struct entry *e)
{
    struct place at = log_stage_place(log);
    size_t head = log_record_open(&log->staged);
    size_t from = log->staged.len;
    entry_encode(e, &log->staged);
    if (log->on_leaf && buffer_error(&log->staged) == OK) {
        struct leaf leaf = {.at = at};
        leaf.hash = entry_leaf((struct text){log->staged.ptr + from, log->staged.len - from});
        buffer_add_bytes(&log->leaves, &leaf, sizeof leaf);
    }
    log_record_close(log, &log->staged, head, at, RECORD_ENTRY, 0);
}

static void add_detail(struct log *log, const struct entry_detail *d)
{
    struct buffer *out = &log->staged;
    struct place at = log_stage_place(log);
    size_t head = log_record_open(out);
    buffer_add_bytes(out, d->salt1, sizeof d->salt1);
    buffer_add_bytes(out, d->salt2, sizeof d->salt2);
    buffer_add_u32(out, (uint32_t)d->public_part.len);
    buffer_add_u32(out, (uint32_t)d->private_part.len);
    buffer_add(out, d->public_part);
    buffer_add(out, d->private_part);
    log_record_close(log, out, head, at, RECORD_DETAIL, 0);
}

static void add_body(struct log *log, struct text raw, const struct log_packed *packed, uint8_t flags,
                     struct place *ret)
{
    if (raw.len == 0)
        return;
    struct place at = log_stage_place(log);
    size_t head = log_record_open(&log->staged);
    if (packed && packed->payload.len > 0) {
        buffer_add(&log->staged, packed->payload);
        flags |= packed->flags;
    } else {
        flags |= log_add_body(log, raw, &log->staged);
    }
    log_record_close(log, &log->staged, head, at, RECORD_BODY, flags);
    *ret = at;
}

/* Back to one a staged entry. */
static void cut_leaves(struct log *log)
{
    size_t len = (size_t)(log->stage_n - log->end.n) * sizeof(struct leaf);
    if (log->leaves.len > len)
        log->leaves.len = len;
}

static bool item_fits(const struct log *log, const struct log_item *i)
{
    size_t detail = DETAIL_HEAD_BYTES + i->public_part.len + i->private_part.len;
    return i->public_part.len <= LOG_RECORD_MAX_BYTES && i->private_part.len <= LOG_RECORD_MAX_BYTES &&
           detail <= LOG_RECORD_MAX_BYTES && i->body.len <= LOG_RECORD_MAX_BYTES &&
           i->original.len <= LOG_RECORD_MAX_BYTES && log->staged.len <= GROUP_HARD_BYTES;
}

enum err log_stage(struct log *log, const struct log_item *item, uint64_t *ret_n, int64_t *ret_t_us,
                   struct place *ret_body, struct place *ret_original)
{
    if (!log->write || log->failed)
        return log->failed ? log->why.err : ERR_DENIED;
    if (!item_fits(log, item))
        return ERR_LIMIT;
    if (log->staged.len == 0)
        begin_group(log);
    const size_t before = log->staged.len;
    struct entry_detail d = {.public_part = item->public_part, .private_part = item->private_part};
    draw_salts(log, &d);
    struct entry e = {
        .n = log->stage_n,
        .t_us = item->t_us > log->stage_us ? item->t_us : log->stage_us + 1,
        .kind = item->kind,
        .c = entry_commitment(&d),
    };
    struct place body = PLACE_NONE, original = PLACE_NONE;
    add_entry(log, &e);
    add_detail(log, &d);
    add_body(log, item->body, &item->packed, 0, &body);
    add_body(log, item->original, NULL, RECORD_ORIGINAL, &original);
    enum err err = buffer_error(&log->staged);
    if (err == OK)
        err = buffer_error(&log->leaves);
    if (err != OK) {
        log->staged.err = log->leaves.err = OK;
        log->staged.len = before;
        cut_leaves(log);
        return err;
    }
    log->stage_n++;
    log->stage_us = e.t_us;
    *ret_n = e.n;
    *ret_t_us = e.t_us;
    *ret_body = body;
    *ret_original = original;
    return OK;
}

size_t log_staged_bytes(const struct log *log)
{
    return log->staged.len;
}

struct log_mark log_mark(const struct log *log)
{
    return (struct log_mark){log->staged.len, log->stage_n, log->stage_us, log_stage_place(log)};
}

void log_unstage(struct log *log, const struct log_mark *mark)
{
    if (mark->bytes > log->staged.len)
        return;
    log->staged.len = mark->bytes;
    log->stage_n = mark->n;
    log->stage_us = mark->t_us;
    cut_leaves(log);
}

enum err log_staged_body(const struct log *log, struct place place, struct buffer *out, struct fault *reterr)
{
    struct record_site site = {log->files.log_seed, place};
    struct record_head h;
    bool staged = log->staged.len > 0 && place.segment == log->start.segment && place.offset >= log->start.offset;
    if (!staged)
        return log_body(log, place, out, reterr);
    size_t at = place.offset - log->start.offset;
    const uint8_t *record = (const uint8_t *)log->staged.ptr + at;
    if (at + RECORD_HEAD_BYTES > log->staged.len || !record_head_decode(record, &site, &h) || h.kind != RECORD_BODY ||
        at + record_bytes(h.len) > log->staged.len)
        return fault_at(reterr, ERR_MALFORMED, place.offset, NULL, "no body is staged there");
    /* As in log_body(): only the contexts, which have a lock, change. */
    return log_expand_body((struct log *)(uintptr_t)log, h.flags, record + RECORD_HEAD_BYTES, h.len, out);
}
