/* format/record.c - flat records, written and taken apart.
 *
 * Payload of an OBJECT, in order:
 *   u64 at, u8 flags, u8 cls, u8 tlp, u16 confidence, u64 modified_us, u64 valid_from_us, u64 valid_until_us,
 *   u64 print, u32 created_at, u32 modified_at, u32 valid_from_at,
 *   sized id, body, original, modified, created_by,
 *   three lists (values, refs, markings): u32 count, u32 bytes, entries; a value is u8 kind and a sized text, a
 *   reference and a marking a sized text.
 * REJECTED: u64 at, u64 line, sized id, rule, reason. END: u8 err, u64 at, u64 read, sized what.
 * EVENT: u64 at, u64 line, u8 has_time, u64 first_us, u64 last_us, u64 count, u8 tlp, u8 severity, sized id, report,
 * type, identifier, summary, detail, raw, u32 count, u32 bytes, entries of u8 role, u8 kind, sized value.
 * LOST: u64 at, sized what, reason.
 * ENVELOPE: u8 err, u8 list, u8 more, u64 objects, sized next, what. ELEMENT: u64 at, sized id, version.
 *
 * Who reads does not trust who wrote: whatever record_next() returns OK for can be walked without a failure. */
#include "format/record.h"

#include "model/marking.h"
#include "model/stix.h"

enum {
    HAS_MODIFIED = 1,
    REVOKED = 2,
    UNKNOWN_MARKING = 4,
    GRANULAR = 8,
    HAS_VALID_FROM = 16,
    HAS_VALID_UNTIL = 32,
    PROPOSED = 64,
    ENDS = 128
};

#define STAMP_BYTES 24 /* "YYYY-MM-DDTHH:MM:SS.mmmZ" */

/* ---- writing ---- */

/* Room for a u32 that is known only later; returns where it is. */
static size_t u32_later(struct buffer *to)
{
    size_t at = to->len;
    buffer_add_u32(to, 0);
    return at;
}

static void u32_now(struct buffer *to, size_t at, size_t value)
{
    if (buffer_error(to))
        return;
    if (value > UINT32_MAX) {
        to->err = ERR_LIMIT;
        return;
    }
    for (size_t i = 0; i < 4; i++)
        to->ptr[at + i] = (char)(value >> (8 * i) & 0xff);
}

static size_t begin_record(struct buffer *to, enum record_kind kind)
{
    size_t at = u32_later(to);
    buffer_add_u8(to, (uint8_t)kind);
    return at;
}

/* A record that did not fit is taken back whole. */
static void end_record(struct buffer *to, size_t at)
{
    u32_now(to, at, to->len - at - 5);
    if (buffer_error(to))
        to->len = at;
}

static void add_texts(struct buffer *to, const struct text *texts, size_t count)
{
    buffer_add_u32(to, (uint32_t)count);
    size_t at = u32_later(to);
    for (size_t i = 0; i < count; i++)
        buffer_add_sized(to, texts[i]);
    u32_now(to, at, to->len - at - 4);
}

static void add_values(struct buffer *to, const struct record_value *values, size_t count)
{
    buffer_add_u32(to, (uint32_t)count);
    size_t at = u32_later(to);
    for (size_t i = 0; i < count; i++) {
        buffer_add_u8(to, values[i].kind);
        buffer_add_sized(to, values[i].value);
    }
    u32_now(to, at, to->len - at - 4);
}

static uint8_t flags_of(const struct record_object *o)
{
    return (uint8_t)((o->has_modified ? HAS_MODIFIED : 0) | (o->revoked ? REVOKED : 0) |
                     (o->unknown_marking ? UNKNOWN_MARKING : 0) | (o->granular ? GRANULAR : 0) |
                     (o->has_valid_from ? HAS_VALID_FROM : 0) | (o->has_valid_until ? HAS_VALID_UNTIL : 0) |
                     (o->proposed ? PROPOSED : 0) | (o->ends ? ENDS : 0));
}

void record_add_object(struct buffer *to, const struct record_object *o, const struct record_value *values,
                       size_t value_count, const struct text *refs, size_t ref_count, const struct text *markings,
                       size_t marking_count)
{
    size_t at = begin_record(to, RECORD_OBJECT);
    buffer_add_u64(to, (uint64_t)o->at);
    buffer_add_u8(to, flags_of(o));
    buffer_add_u8(to, o->cls);
    buffer_add_u8(to, o->tlp);
    buffer_add_u16(to, (uint16_t)o->confidence);
    buffer_add_u64(to, (uint64_t)o->modified_us);
    buffer_add_u64(to, (uint64_t)o->valid_from_us);
    buffer_add_u64(to, (uint64_t)o->valid_until_us);
    buffer_add_u64(to, o->print);
    buffer_add_u32(to, o->created_at);
    buffer_add_u32(to, o->modified_at);
    buffer_add_u32(to, o->valid_from_at);
    buffer_add_sized(to, o->id);
    buffer_add_sized(to, o->body);
    buffer_add_sized(to, o->original);
    buffer_add_sized(to, o->modified);
    buffer_add_sized(to, o->created_by);
    buffer_add_sized(to, o->warned_rule);
    buffer_add_sized(to, o->warned);
    add_values(to, values, value_count);
    add_texts(to, refs, ref_count);
    add_texts(to, markings, marking_count);
    end_record(to, at);
}

void record_add_rejected(struct buffer *to, const struct record_rejected *r)
{
    size_t at = begin_record(to, RECORD_REJECTED);
    buffer_add_u64(to, (uint64_t)r->at);
    buffer_add_u64(to, (uint64_t)r->line);
    buffer_add_sized(to, r->id);
    buffer_add_sized(to, r->rule);
    buffer_add_sized(to, r->reason);
    end_record(to, at);
}

void record_add_end(struct buffer *to, const struct record_end *e)
{
    size_t at = begin_record(to, RECORD_END);
    buffer_add_u8(to, e->err);
    buffer_add_u64(to, (uint64_t)e->at);
    buffer_add_u64(to, e->read);
    buffer_add_sized(to, e->what);
    end_record(to, at);
}

void record_add_envelope(struct buffer *to, const struct record_envelope *e)
{
    size_t at = begin_record(to, RECORD_ENVELOPE);
    buffer_add_u8(to, e->err);
    buffer_add_u8(to, e->list);
    buffer_add_u8(to, e->more);
    buffer_add_u64(to, e->objects);
    buffer_add_sized(to, e->next);
    buffer_add_sized(to, e->what);
    end_record(to, at);
}

void record_add_element(struct buffer *to, const struct record_element *e)
{
    size_t at = begin_record(to, RECORD_ELEMENT);
    buffer_add_u64(to, (uint64_t)e->at);
    buffer_add_sized(to, e->id);
    buffer_add_sized(to, e->version);
    end_record(to, at);
}

static void add_event_values(struct buffer *to, const struct record_event_value *values, size_t count)
{
    buffer_add_u32(to, (uint32_t)count);
    size_t at = u32_later(to);
    for (size_t i = 0; i < count; i++) {
        buffer_add_u8(to, values[i].role);
        buffer_add_u8(to, values[i].kind);
        buffer_add_sized(to, values[i].value);
    }
    u32_now(to, at, to->len - at - 4);
}

void record_add_event(struct buffer *to, const struct record_event *e, const struct record_event_value *values,
                      size_t value_count)
{
    size_t at = begin_record(to, RECORD_EVENT);
    buffer_add_u64(to, (uint64_t)e->at);
    buffer_add_u64(to, (uint64_t)e->line);
    buffer_add_u8(to, e->has_time);
    buffer_add_u64(to, (uint64_t)e->first_us);
    buffer_add_u64(to, (uint64_t)e->last_us);
    buffer_add_u64(to, e->count);
    buffer_add_u8(to, e->tlp);
    buffer_add_u8(to, e->severity);
    buffer_add_sized(to, e->id);
    buffer_add_sized(to, e->report);
    buffer_add_sized(to, e->type);
    buffer_add_sized(to, e->identifier);
    buffer_add_sized(to, e->summary);
    buffer_add_sized(to, e->detail);
    buffer_add_sized(to, e->raw);
    add_event_values(to, values, value_count);
    end_record(to, at);
}

void record_add_lost(struct buffer *to, const struct record_lost *l)
{
    size_t at = begin_record(to, RECORD_LOST);
    buffer_add_u64(to, (uint64_t)l->at);
    buffer_add_sized(to, l->what);
    buffer_add_sized(to, l->reason);
    end_record(to, at);
}

void record_add_list(struct buffer *to, const struct record_list *l)
{
    size_t at = begin_record(to, RECORD_LIST);
    buffer_add_sized(to, l->name);
    buffer_add_sized(to, l->type);
    buffer_add_u64(to, l->version);
    buffer_add_u64(to, l->entries);
    buffer_add_u32(to, l->part);
    buffer_add_u32(to, l->parts);
    buffer_add_sized(to, l->text);
    end_record(to, at);
}

#define RECORD_HEAD_BYTES 5 /* length and kind: the place comes next */

void record_add_moved(struct buffer *to, struct text record, int64_t at)
{
    buffer_add(to, text_sub(record, 0, RECORD_HEAD_BYTES));
    buffer_add_u64(to, (uint64_t)at);
    buffer_add(to, text_sub(record, RECORD_HEAD_BYTES + 8, record.len));
}

/* ---- reading ---- */

/* A list's cursor: its bytes must hold exactly `count` entries. */
static struct cursor take_list(struct cursor *c, size_t *ret_count, bool of_values)
{
    struct cursor list;
    *ret_count = cursor_u32(c);
    cursor_init(&list, cursor_text(c));
    struct cursor walk = list;
    size_t seen = 0;
    for (; !cursor_end(&walk); seen++) {
        if (of_values) {
            uint8_t kind = cursor_u8(&walk);
            if (kind == VALUE_NONE || kind >= VALUE_KINDS)
                cursor_fail(&walk);
        }
        cursor_text(&walk);
    }
    if (cursor_error(&walk) || seen != *ret_count)
        cursor_fail(c);
    return list;
}

static bool stamp_fits(uint32_t at, struct text body)
{
    return at == 0 || (body.len >= STAMP_BYTES && at <= body.len - STAMP_BYTES);
}

static bool object_holds(const struct record_object *o)
{
    return o->at >= 0 && o->cls <= STIX_CUSTOM && o->tlp <= TLP_RED && o->confidence >= -1 && o->confidence <= 100 &&
           o->id.len > 0 && o->body.len > 0 && stamp_fits(o->created_at, o->body) &&
           stamp_fits(o->modified_at, o->body) && stamp_fits(o->valid_from_at, o->body);
}

static void take_object(struct cursor *c, struct record_object *o)
{
    o->at = (int64_t)cursor_u64(c);
    uint8_t flags = cursor_u8(c);
    o->has_modified = flags & HAS_MODIFIED;
    o->revoked = flags & REVOKED;
    o->unknown_marking = flags & UNKNOWN_MARKING;
    o->granular = flags & GRANULAR;
    o->has_valid_from = flags & HAS_VALID_FROM;
    o->has_valid_until = flags & HAS_VALID_UNTIL;
    o->proposed = flags & PROPOSED;
    o->ends = flags & ENDS;
    o->cls = cursor_u8(c);
    o->tlp = cursor_u8(c);
    o->confidence = (int16_t)cursor_u16(c);
    o->modified_us = (int64_t)cursor_u64(c);
    o->valid_from_us = (int64_t)cursor_u64(c);
    o->valid_until_us = (int64_t)cursor_u64(c);
    o->print = cursor_u64(c);
    o->created_at = cursor_u32(c);
    o->modified_at = cursor_u32(c);
    o->valid_from_at = cursor_u32(c);
    o->id = cursor_text(c);
    o->body = cursor_text(c);
    o->original = cursor_text(c);
    o->modified = cursor_text(c);
    o->created_by = cursor_text(c);
    o->warned_rule = cursor_text(c);
    o->warned = cursor_text(c);
    o->values = take_list(c, &o->value_count, true);
    o->refs = take_list(c, &o->ref_count, false);
    o->markings = take_list(c, &o->marking_count, false);
    if (!object_holds(o))
        cursor_fail(c);
}

static void take_rejected(struct cursor *c, struct record_rejected *r)
{
    r->at = (int64_t)cursor_u64(c);
    r->line = (int64_t)cursor_u64(c);
    r->id = cursor_text(c);
    r->rule = cursor_text(c);
    r->reason = cursor_text(c);
    if (r->at < -1 || r->line < -1)
        cursor_fail(c);
}

static void take_end(struct cursor *c, struct record_end *e)
{
    e->err = cursor_u8(c);
    e->at = (int64_t)cursor_u64(c);
    e->read = cursor_u64(c);
    e->what = cursor_text(c);
    if (e->err > ERR_CANCELLED || e->at < -1)
        cursor_fail(c);
}

static void take_envelope(struct cursor *c, struct record_envelope *e)
{
    e->err = cursor_u8(c);
    uint8_t list = cursor_u8(c), more = cursor_u8(c);
    e->objects = cursor_u64(c);
    e->next = cursor_text(c);
    e->what = cursor_text(c);
    e->list = list;
    e->more = more;
    bool known = e->err == OK || e->err == ERR_MALFORMED || e->err == ERR_USAGE;
    if (!known || list > 1 || more > 1 || e->next.len > RECORD_NEXT_MAX || text_find(e->next, '\0', 0) >= 0 ||
        e->what.len >= FAULT_WHAT_MAX)
        cursor_fail(c);
}

static void take_element(struct cursor *c, struct record_element *e)
{
    struct ident id;
    struct stamp version;
    e->at = (int64_t)cursor_u64(c);
    e->id = cursor_text(c);
    e->version = cursor_text(c);
    if (e->at < 0 || (e->id.len && ident_parse(e->id, &id, NULL)) ||
        (e->version.len && stamp_parse(e->version, &version, NULL)))
        cursor_fail(c);
}

static struct cursor take_event_values(struct cursor *c, size_t *ret_count)
{
    struct cursor list;
    struct record_event_value v;
    *ret_count = cursor_u32(c);
    cursor_init(&list, cursor_text(c));
    struct cursor walk = list;
    size_t seen = 0;
    for (; record_next_event_value(&walk, &v); seen++)
        if (v.role > EVENT_OTHER || v.kind == VALUE_NONE || v.kind >= VALUE_KINDS)
            cursor_fail(&walk);
    if (cursor_error(&walk) || seen != *ret_count || seen > EVENT_VALUES_MAX)
        cursor_fail(c);
    return list;
}

static struct text take_event_text(struct cursor *c, size_t max)
{
    struct text t = cursor_text(c);
    if (t.len > max || !text_is_utf8(t))
        cursor_fail(c);
    return t;
}

static void take_event(struct cursor *c, struct record_event *e)
{
    e->at = (int64_t)cursor_u64(c);
    e->line = (int64_t)cursor_u64(c);
    uint8_t has_time = cursor_u8(c);
    e->has_time = has_time;
    e->first_us = (int64_t)cursor_u64(c);
    e->last_us = (int64_t)cursor_u64(c);
    e->count = cursor_u64(c);
    e->tlp = cursor_u8(c);
    e->severity = cursor_u8(c);
    e->id = take_event_text(c, EVENT_TEXT_MAX);
    e->report = take_event_text(c, EVENT_TEXT_MAX);
    e->type = take_event_text(c, EVENT_TEXT_MAX);
    e->identifier = take_event_text(c, EVENT_TEXT_MAX);
    e->summary = take_event_text(c, EVENT_TEXT_MAX);
    e->detail = take_event_text(c, EVENT_TEXT_MAX);
    e->raw = take_event_text(c, EVENT_RAW_MAX);
    e->values = take_event_values(c, &e->value_count);
    bool timed = has_time ? has_time == 1 && e->first_us <= e->last_us : e->first_us == 0 && e->last_us == 0;
    if (e->at < 0 || e->line < -1 || !timed || e->count == 0 || e->tlp > TLP_RED || e->severity > 5 ||
        e->report.len == 0)
        cursor_fail(c);
}

static void take_lost(struct cursor *c, struct record_lost *l)
{
    l->at = (int64_t)cursor_u64(c);
    l->what = take_event_text(c, EVENT_TEXT_MAX);
    l->reason = take_event_text(c, EVENT_TEXT_MAX);
    if (l->at < 0 || l->what.len == 0)
        cursor_fail(c);
}

static void take_list_piece(struct cursor *c, struct record_list *l)
{
    l->name = take_event_text(c, EVENT_TEXT_MAX);
    l->type = take_event_text(c, EVENT_TEXT_MAX);
    l->version = cursor_u64(c);
    l->entries = cursor_u64(c);
    l->part = cursor_u32(c);
    l->parts = cursor_u32(c);
    l->text = cursor_text(c);
    if (l->name.len == 0 || l->part >= l->parts || l->parts > RECORD_LIST_PARTS_MAX || l->version > INT64_MAX ||
        l->entries > INT64_MAX)
        cursor_fail(c);
}

enum err record_next(struct cursor *c, struct record *ret)
{
    if (cursor_error(c))
        return ERR_MALFORMED;
    if (cursor_end(c))
        return ERR_NOT_FOUND;
    uint32_t len = cursor_u32(c);
    struct record r = {.kind = cursor_u8(c)};
    struct cursor payload;
    cursor_init(&payload, cursor_bytes(c, len));
    switch (r.kind) {
    case RECORD_OBJECT: take_object(&payload, &r.u.object); break;
    case RECORD_REJECTED: take_rejected(&payload, &r.u.rejected); break;
    case RECORD_END: take_end(&payload, &r.u.end); break;
    case RECORD_ENVELOPE: take_envelope(&payload, &r.u.envelope); break;
    case RECORD_ELEMENT: take_element(&payload, &r.u.element); break;
    case RECORD_EVENT: take_event(&payload, &r.u.event); break;
    case RECORD_LOST: take_lost(&payload, &r.u.lost); break;
    case RECORD_LIST: take_list_piece(&payload, &r.u.list); break;
    default: cursor_fail(c);
    }
    if (cursor_error(&payload) || !cursor_end(&payload))
        cursor_fail(c);
    if (cursor_error(c))
        return ERR_MALFORMED;
    *ret = r;
    return OK;
}

bool record_next_value(struct cursor *c, struct record_value *ret)
{
    if (cursor_end(c))
        return false;
    ret->kind = cursor_u8(c);
    ret->value = cursor_text(c);
    return cursor_error(c) == OK;
}

bool record_next_text(struct cursor *c, struct text *ret)
{
    if (cursor_end(c))
        return false;
    *ret = cursor_text(c);
    return cursor_error(c) == OK;
}

bool record_next_event_value(struct cursor *c, struct record_event_value *ret)
{
    if (cursor_end(c))
        return false;
    ret->role = cursor_u8(c);
    ret->kind = cursor_u8(c);
    ret->value = cursor_text(c);
    return cursor_error(c) == OK;
}
