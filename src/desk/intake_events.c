/* desk/intake_events.c - reported events of a document: batch after batch they become findings (desk/report.h). */
#include <pthread.h>
#include <stdio.h>

#include "base/limits.h"
#include "desk/intake_events.h"
#include "desk/intake_honest.h"
#include "desk/own.h"

/* ---- who is affected ---- */

enum err intake_owners(struct intake *in, struct fault *reterr)
{
    struct view *v;
    if (in->owners)
        return OK;
    enum err e = node_reader(in->node, &v, reterr);
    if (e != OK)
        return e;
    e = constituency_load(in->node, v, &in->owners, reterr);
    node_reader_done(in->node, v);
    return e;
}

/* ---- who reports ---- */

static enum err name_reporter(struct intake *in, struct report_origin *origin, struct fault *reterr)
{
    struct view *v;
    struct fact_party party;
    struct text name = text_of(reader_format_name(in->totals.format));
    if (in->options->from_self) {
        name = node_genesis(in->node)->name;
    } else if (!uuid_is_zero(&in->party)) {
        enum err e = node_reader(in->node, &v, reterr);
        if (e != OK)
            return e;
        e = view_party(v, &in->party, &party, reterr);
        if (e == OK) {
            int len = snprintf(in->reporter, sizeof in->reporter, TEXT_FMT, TEXT_ARG(party.name));
            name = (struct text){in->reporter, len > 0 ? (size_t)len : 0};
        }
        node_reader_done(in->node, v);
        if (e != OK && e != ERR_NOT_FOUND)
            return e;
    }
    origin->by = name;
    return OK;
}

/* What the document is known by: its bytes, and from whom they came. */
static enum err name_document(struct intake *in, struct report_origin *origin, struct fault *reterr)
{
    char hex[SHA256_HEX];
    uint64_t bytes;
    enum err e = intake_spool_hash(&in->spool, &in->hash, &bytes, reterr);
    if (e != OK)
        return e;
    int len = snprintf(in->events_key, sizeof in->events_key, "events " TEXT_FMT " %s",
                       TEXT_ARG(sha256_hex(&in->hash, hex)), in->party_text);
    origin->key = (struct text){in->events_key, (size_t)len};
    return OK;
}

static enum err begin(struct intake *in, struct fault *reterr)
{
    struct report_origin origin = {.party = in->party,
                                   .source = in->options->source,
                                   .account = in->options->account,
                                   .file = in->options->name,
                                   .label =
                                       in->options->marking != TLP_NONE ? in->options->marking : in->source_default};
    enum err e = intake_owners(in, reterr);
    if (e == OK)
        e = name_reporter(in, &origin, reterr);
    if (e == OK)
        e = name_document(in, &origin, reterr);
    origin.owners = in->owners;
    return e == OK ? report_batch_new(in->node, &origin, &in->reports, reterr) : e;
}

/* ---- events ---- */

/* An event that was taken in before, or says what one of the same finding said, is `unchanged`. */
static void add_totals(struct intake *in)
{
    const struct report_totals *now = report_batch_totals(in->reports), *before = &in->reported;
    struct intake_totals *t = &in->totals;
    const uint64_t events = now->events - before->events, unchanged = now->unchanged - before->unchanged;
    t->read += events;
    t->events += events;
    t->unchanged += unchanged;
    t->fresh += events - unchanged;
    t->nobodys = now->nobodys;
    t->findings = now->findings;
    t->organisations = now->organisations;
    if (now->changed) {
        t->at = now->at;
        in->changed = true;
    }
    in->reported = *now;
}

/* Nothing was appended yet: what is durable is what was. */
static void note_position(struct intake *in)
{
    struct view *v;
    if (in->totals.at != 0 || node_reader(in->node, &v, NULL) != OK)
        return;
    const uint64_t entries = view_position(v);
    in->totals.at = entries > 0 ? entries - 1 : 0;
    node_reader_done(in->node, v);
}

enum err intake_events_end(struct intake *in, struct fault *reterr)
{
    if (!in->reports)
        return OK;
    enum err e = report_batch_write(in->reports, reterr);
    if (e != OK)
        return e;
    const uint64_t before = in->totals.events;
    add_totals(in);
    note_position(in);
    if (in->options->on_commit && in->totals.events > before) {
        pthread_mutex_lock(&in->tell_lock);
        in->options->on_commit(in->options->self, in->totals.read, in->totals.at);
        pthread_mutex_unlock(&in->tell_lock);
    }
    return OK;
}

enum err intake_events(struct intake *in, const struct intake_items *items, size_t from, size_t count,
                       struct fault *reterr)
{
    enum err e = in->reports ? OK : begin(in, reterr);
    for (size_t i = from; e == OK && i < from + count; i++) {
        e = report_batch_add(in->reports, &items->list[i].record.u.event, reterr);
        if (e == OK && report_batch_full(in->reports))
            e = intake_events_end(in, reterr);
    }
    return e;
}

/* ---- is it what a reader may say? ---- */

enum err intake_honest_event(const struct record_event *e, struct fault *reterr)
{
    struct cursor c = e->values;
    struct record_event_value v;
    struct buffer normal;
    enum value_kind kind;
    bool good = true;
    buffer_init(&normal, VALUE_MAX_BYTES);
    for (size_t i = 0; good && i < e->value_count; i++) {
        buffer_clear(&normal);
        good = record_next_event_value(&c, &v) && v.value.len <= VALUE_MAX_BYTES &&
               value_normalise((enum value_kind)v.kind, v.value, &normal, &kind, NULL) == OK &&
               (uint8_t)kind == v.kind && text_eq(buffer_text(&normal), v.value);
    }
    bool memory = buffer_error(&normal) == ERR_NOMEM;
    buffer_done(&normal);
    if (memory)
        return fault_set(reterr, ERR_NOMEM, "no memory to check an event");
    return good ? OK
                : fault_at(reterr, ERR_MALFORMED, e->at, "record",
                           "its reader gave a value of an event in another form than the agreed one");
}
