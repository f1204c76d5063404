/* desk/intake_honest.c - a record against its body. The body is walked once (json/proper.h); what the desk goes by is
 * compared with what stands there. */
#include "desk/intake_honest.h"

#include <unistd.h>

#include "base/limits.h"
#include "desk/own.h"
#include "model/stix.h"
#include "json/proper.h"

#define STAMP_BYTES 24

/* The members that matter, as their bytes stand in the body; empty: not there. */
struct told {
    struct text id, type, created, modified, created_by, revoked, confidence, valid_from, valid_until, markings,
        granular;
};

static void note_member(void *self, struct text name, struct text value)
{
    struct told *t = self;
    const struct {
        struct text name;
        struct text *to;
    } wanted[] = {{TEXT("confidence"), &t->confidence},
                  {TEXT("created"), &t->created},
                  {TEXT("created_by_ref"), &t->created_by},
                  {TEXT("granular_markings"), &t->granular},
                  {TEXT("id"), &t->id},
                  {TEXT("modified"), &t->modified},
                  {TEXT("object_marking_refs"), &t->markings},
                  {TEXT("revoked"), &t->revoked},
                  {TEXT("type"), &t->type},
                  {TEXT("valid_from"), &t->valid_from},
                  {TEXT("valid_until"), &t->valid_until}};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        if (text_eq(wanted[i].name, name))
            *wanted[i].to = value;
}

/* What stands between quotes; none of the members we compare has escapes in it. */
static struct text inner(struct text value)
{
    bool string = value.len >= 2 && value.ptr[0] == '"';
    return string ? text_sub(value, 1, value.len - 2) : TEXT_NONE;
}

static bool says_time(struct text value, int64_t us)
{
    struct stamp s;
    return stamp_parse(inner(value), &s, NULL) == OK && stamp_us(s) == us;
}

/* A time in the record is the body's; one in the body may stay out of the record where it means nothing. */
static bool same_time(bool has, int64_t us, struct text value)
{
    return has ? says_time(value, us) : us == 0;
}

static bool same_number(int16_t confidence, struct text value)
{
    uint64_t n;
    if (confidence < 0)
        return value.len == 0;
    return text_u64(value, &n) == OK && n == (uint64_t)confidence;
}

static bool same_identity(const struct record_object *o, const struct told *t)
{
    struct ident id;
    return text_eq(o->id, inner(t->id)) && ident_parse(o->id, &id, NULL) == OK && text_eq(id.type, inner(t->type)) &&
           text_eq(o->created_by, inner(t->created_by)) && o->revoked == text_eq(t->revoked, TEXT("true")) &&
           same_number(o->confidence, t->confidence);
}

/* The list of the record is the body's, one for one, and the label is the strictest of it. */
static bool same_markings(const struct record_object *o, const struct told *t, enum tlp filled)
{
    struct cursor c = o->markings;
    struct text rest = t->markings, said, stands;
    enum tlp strictest = TLP_NONE, label;
    struct uuid uuid;
    int version;
    for (size_t i = 0; i < o->marking_count; i++) {
        if (!record_next_text(&c, &said) || !json_proper_string_of_list(&rest, &stands) || !text_eq(said, stands))
            return false;
        if (uuid_of_id(said, &uuid) && tlp_of_marking(&uuid, &label, &version))
            strictest = tlp_stricter(strictest, label);
    }
    bool whole = t->markings.len == 0 || (!json_proper_string_of_list(&rest, &stands) && rest.len == 0);
    return whole && o->granular == (t->granular.len > 0) && o->tlp == (strictest == TLP_NONE ? filled : strictest);
}

/* A place for our time is the inside of that member, and all of it. */
static bool is_place(const struct record_object *o, uint32_t at, struct text value)
{
    struct text in = inner(value);
    return at != 0 && in.len == STAMP_BYTES && in.ptr == o->body.ptr + at;
}

/* A version or an end of validity that is left out would pass for none: past the quarantine of what is dated ahead.
 * Other types may have members of these names that mean something else. */
static bool tells_version(const struct record_object *o, const struct told *t)
{
    enum stix_class cls = stix_class_of(inner(t->type));
    if (cls != STIX_SDO && cls != STIX_SRO)
        return true;
    bool indicator = text_starts(o->id, TEXT("indicator--"));
    return o->has_modified == (t->modified.len > 0) && (!indicator || o->has_valid_until == (t->valid_until.len > 0));
}

/* With versions of its own, or with places for the times that we give it: nothing between. */
static bool same_times(const struct record_object *o, const struct told *t)
{
    if (o->print != 0)
        return is_place(o, o->created_at, t->created) && is_place(o, o->modified_at, t->modified) &&
               is_place(o, o->valid_from_at, t->valid_from) && !o->has_modified && !o->has_valid_from &&
               same_time(o->has_valid_until, o->valid_until_us, t->valid_until);
    return !o->created_at && !o->modified_at && !o->valid_from_at && tells_version(o, t) &&
           same_time(o->has_modified, o->modified_us, t->modified) &&
           text_eq(o->modified, o->has_modified ? inner(t->modified) : TEXT_NONE) &&
           same_time(o->has_valid_from, o->valid_from_us, t->valid_from) &&
           same_time(o->has_valid_until, o->valid_until_us, t->valid_until);
}

/* Values are looked for in logs as they are: each must be in the form that normalising gives. Which values an
 * indicator has is its sender's word, in a pattern or in a record. */
static enum err values_are_normal(const struct record_object *o, bool *ret)
{
    struct cursor c = o->values;
    struct record_value v;
    struct buffer normal;
    enum value_kind kind;
    bool good = o->value_count == 0 || text_starts(o->id, TEXT("indicator--"));
    buffer_init(&normal, VALUE_MAX_BYTES);
    for (size_t i = 0; good && i < o->value_count; i++) {
        buffer_clear(&normal);
        good = record_next_value(&c, &v) && v.value.len <= VALUE_MAX_BYTES &&
               value_normalise((enum value_kind)v.kind, v.value, &normal, &kind, NULL) == OK &&
               (uint8_t)kind == v.kind && text_eq(buffer_text(&normal), v.value);
    }
    enum err e = buffer_error(&normal) == ERR_NOMEM ? ERR_NOMEM : OK;
    buffer_done(&normal);
    *ret = good;
    return e;
}

enum err intake_honest(const struct record_object *o, enum tlp filled, struct fault *reterr)
{
    struct told t = {0};
    bool good = o->body.len <= STIX_OBJECT_MAX_BYTES && o->original.len <= STIX_OBJECT_MAX_BYTES &&
                o->warned_rule.len <= FAULT_RULE_MAX && o->warned.len <= FAULT_WHAT_MAX &&
                text_is_utf8(o->original) && json_is_proper(o->body, note_member, &t) && same_identity(o, &t) &&
                same_times(o, &t) && same_markings(o, &t, filled);
    enum err e = good ? values_are_normal(o, &good) : OK;
    if (e)
        return fault_set(reterr, e, "no memory to check an object");
    return good ? OK
                : fault_at(reterr, ERR_MALFORMED, o->at, "record",
                           "its reader said of an object what the object does not say");
}

/* How long the document is now: one that is still written to grows. */
static uint64_t document_bytes(const struct intake *in)
{
    off_t end = lseek(in->spool.fd, 0, SEEK_END);
    (void)!lseek(in->spool.fd, in->spool.start, SEEK_SET); /* each reader begins where the spool stands */
    return end > in->spool.start ? (uint64_t)(end - in->spool.start) : 0;
}

enum err intake_bounded(struct intake *in, struct intake_items *items, size_t chunk_bytes, struct fault *reterr)
{
    uint64_t bytes = document_bytes(in);
    in->chunk_bytes += chunk_bytes;
    if (in->chunk_bytes > reader_unpacks_to(in->totals.format, bytes) * READER_GROWTH_MAX + READER_GROWTH_FLOOR) {
        items->count = 0;
        return fault_set(reterr, ERR_MALFORMED, "its reader made more than %d times as much of it",
                         READER_GROWTH_MAX);
    }
    for (size_t i = 0; i < items->count; i++) {
        const struct record *r = &items->list[i].record;
        if (r->kind != RECORD_OBJECT && r->kind != RECORD_EVENT)
            continue;
        int64_t at = r->kind == RECORD_EVENT ? r->u.event.at : r->u.object.at;
        if (at < in->next_at || (uint64_t)at >= bytes) {
            items->count = i;
            return fault_at(reterr, ERR_MALFORMED, at, "record",
                            "its reader broke the record form: no object is there");
        }
        in->next_at = at + reader_format_apart(in->totals.format);
    }
    return OK;
}

bool intake_honest_refusal(const struct record_rejected *r)
{
    return r->id.len <= IDENT_TEXT_MAX + FAULT_WHAT_MAX && r->rule.len <= FAULT_RULE_MAX &&
           r->reason.len <= FAULT_WHAT_MAX;
}
