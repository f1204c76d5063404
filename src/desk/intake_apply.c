/* desk/intake_apply.c - on the writer thread: what we hold is looked up, the verdict is found, the version appended.
 *
 * Totals: `fresh` objects were not known before; `updated` ones got another current version; with all others what
 * counts stayed as it was (`unchanged`), though a claim, an older version, a conflict's loser or a quarantined
 * version may have been added to their history. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "desk/dispute.h"
#include "desk/intake_events.h"
#include "desk/intake_inside.h"
#include "desk/intake_judge.h"
#include "desk/own.h"
#include "desk/reclass.h"
#include "desk/sensed.h"

/* Class keys of the last classes; a document has few, in turns. */
#define CLASS_SLOTS 64

struct class_slot {
    struct gate_class cls;
    char key[GATE_CLASS_KEY_MAX];
    size_t key_len;
};

struct apply {
    struct intake *in;
    const struct intake_items *items;
    size_t from, count;
    struct txn *t;
    struct intake_totals totals; /* of this group */
    bool changed;
    struct class_slot *classes;
    struct fact_value *values;
    size_t value_cap;
    bool looks; /* objects are looked through for values of ours */
    struct named_list named;
    struct sensed_list sensed;
};

/* ---- class keys ---- */

static enum err class_key(struct apply *a, const struct gate_class *cls, struct text *ret)
{
    struct class_slot *slot = &a->classes[xxh3_of(cls, sizeof *cls) % CLASS_SLOTS];
    if (slot->key_len == 0 || memcmp(&slot->cls, cls, sizeof *cls) != 0) {
        struct buffer key;
        buffer_init(&key, sizeof slot->key);
        gate_class_key(cls, &key);
        enum err e = buffer_error(&key);
        if (e == OK) {
            slot->cls = *cls;
            slot->key_len = key.len;
            memcpy(slot->key, key.ptr, key.len);
        }
        buffer_done(&key);
        if (e != OK)
            return e;
    }
    *ret = (struct text){slot->key, slot->key_len};
    return OK;
}

/* ---- too many versions of one object ---- */

static struct aside_count *aside_slot(struct aside_count *table, size_t slots, const struct uuid *uuid)
{
    size_t i = xxh3_of(uuid, sizeof *uuid) & (slots - 1);
    while (table[i].count > 0 && !uuid_eq(&table[i].uuid, uuid))
        i = (i + 1) & (slots - 1);
    return &table[i];
}

static enum err aside_grow(struct intake *in)
{
    size_t slots = in->aside_slots ? in->aside_slots * 2 : 1024;
    struct aside_count *table = calloc(slots, sizeof *table);
    if (!table)
        return ERR_NOMEM;
    for (size_t i = 0; i < in->aside_slots; i++)
        if (in->aside[i].count > 0)
            *aside_slot(table, slots, &in->aside[i].uuid) = in->aside[i];
    free(in->aside);
    in->aside = table;
    in->aside_slots = slots;
    return OK;
}

/* Counts one more of the object. A group that fails ends the document, so its counts need not be taken back. */
static enum err one_more_aside(struct intake *in, struct text id, bool *ret_too_many)
{
    struct uuid uuid;
    if ((in->aside_used + 1) * 2 > in->aside_slots && aside_grow(in) != OK)
        return ERR_NOMEM;
    if (!uuid_of_id(id, &uuid))
        return ERR_MALFORMED;
    struct aside_count *slot = aside_slot(in->aside, in->aside_slots, &uuid);
    in->aside_used += slot->count == 0;
    slot->uuid = uuid;
    *ret_too_many = ++slot->count > INTAKE_ASIDE_MAX;
    return OK;
}

/* ---- times of formats that have none ---- */

static struct own_times stamps_of(struct apply *a, struct intake_item *item, const struct version_row *before)
{
    if (before || item->stamped_us == 0 || item->stamped_us > txn_now_us(a->t)) {
        struct own_times w = own_times(a->t, before);
        intake_stamp_again(item, &w);
        return w;
    }
    struct own_times w = {.created_us = item->stamped_us, .modified_us = item->stamped_us};
    stamp_format(stamp_from_us(w.created_us, 3), w.created);
    stamp_format(stamp_from_us(w.modified_us, 3), w.modified);
    return w;
}

static void take_stamps(const struct record_object *o, const struct own_times *w, struct fact_object *f)
{
    f->created_us = w->created_us;
    f->modified_us = w->modified_us;
    f->modified = text_of(w->modified);
    if (o->valid_from_at != 0) {
        f->has_valid_from = true;
        f->valid_from_us = intake_valid_from_us(o, w->created_us);
    }
}

/* ---- appending ---- */

static enum err collect_values(struct apply *a, const struct record_object *o, size_t *ret_count)
{
    if (o->value_count > a->value_cap) {
        struct fact_value *values = realloc(a->values, o->value_count * sizeof *values);
        if (!values)
            return ERR_NOMEM;
        a->values = values;
        a->value_cap = o->value_count;
    }
    struct cursor c = o->values;
    struct record_value v;
    size_t n = 0;
    while (n < o->value_count && record_next_value(&c, &v))
        a->values[n++] = (struct fact_value){v.kind, v.value};
    *ret_count = n;
    return OK;
}

static enum standing standing_of(enum intake_verdict v)
{
    switch (v) {
    case INTAKE_OLDER: return STANDING_OLDER;
    case INTAKE_CONFLICT: return STANDING_CONFLICT;
    case INTAKE_CLAIM: return STANDING_CLAIM;
    case INTAKE_RENDITION: return STANDING_RENDITION;
    case INTAKE_QUARANTINED: return STANDING_QUARANTINED;
    default: return STANDING_CURRENT;
    }
}

static void fill_object(struct apply *a, const struct intake_item *item, enum intake_verdict verdict,
                        struct fact_object *f)
{
    const struct record_object *o = &item->record.u.object;
    *f = (struct fact_object){.id = o->id,
                              .modified = o->has_modified ? o->modified : TEXT_NONE,
                              .account = a->in->options->account,
                              .party = a->in->party,
                              .source = a->in->options->source,
                              .standing = standing_of(verdict),
                              .supersedes = verdict == INTAKE_UPDATED || verdict == INTAKE_WON,
                              .print = o->print,
                              .modified_us = o->modified_us,
                              .revoked = o->revoked,
                              .has_valid_from = o->has_valid_from,
                              .has_valid_until = o->has_valid_until,
                              .valid_from_us = o->valid_from_us,
                              .valid_until_us = o->valid_until_us,
                              .confidence = o->confidence,
                              .type = text_of(item->cls.type)};
    if (!body_time(o->body, "created", &f->created_us))
        f->created_us = 0;
    f->unseen = text_eq(f->type, TEXT("sighting")) && sighting_denies(o->body);
}

/* A group that fails ends the document: what it noted then changes nothing. */
static enum err note_defined(struct intake *in, struct text id, enum intake_verdict verdict)
{
    struct uuid uuid;
    if (!text_starts(id, TEXT("marking-definition--")) || !uuid_of_id(id, &uuid))
        return OK;
    if (in->defined_count == in->defined_cap) {
        size_t cap = in->defined_cap ? 2 * in->defined_cap : 16;
        struct uuid *list = realloc(in->defined, cap * sizeof *list);
        if (!list)
            return ERR_NOMEM;
        in->defined = list;
        in->defined_cap = cap;
    }
    in->defined[in->defined_count++] = uuid;
    in->redefined = in->redefined || verdict != INTAKE_FRESH;
    return OK;
}

/* As its markings say, and as the other forms of its moment do. */
static struct gate_class class_of(const struct apply *a, const struct intake_item *item, const struct judgement *j)
{
    bool counts = standing_of(j->verdict) == STANDING_CURRENT;
    struct gate_class cls = j->full && counts ? j->holding.result.cls : item->cls;
    cls.quarantined |= j->verdict == INTAKE_QUARANTINED || red_is_quarantined(&cls, a->in->red_named);
    return cls;
}

/* Does it name somebody of ours? */
static enum err look_at_ourselves(struct apply *a, const struct intake_item *item, const struct fact_object *obj,
                                  const struct gate_class *cls, struct fault *reterr)
{
    const struct record_object *o = &item->record.u.object;
    const bool over = obj->has_valid_until && obj->valid_until_us <= txn_now_us(a->t);
    struct ident ident;
    if (obj->value_count == 0 || obj->standing != STANDING_CURRENT || obj->revoked || over || o->proposed ||
        cls->quarantined || ident_parse(o->id, &ident, NULL) != OK)
        return OK;
    const struct named_indicator i = {.uuid = ident.uuid,
                                      .source = obj->source,
                                      .label = gate_class_label(cls),
                                      .body = o->body,
                                      .values = obj->values,
                                      .value_count = obj->value_count};
    return named_look(&a->named, a->in->owners, &i, reterr);
}

static enum err append(struct apply *a, struct intake_item *item, const struct judgement *j,
                       const struct own_times *stamps, struct fault *reterr)
{
    const struct record_object *o = &item->record.u.object;
    struct fact f = {.kind = FACT_OBJECT};
    struct fact_object *obj = &f.u.object;
    fill_object(a, item, j->verdict, obj);
    if (o->print != 0)
        take_stamps(o, stamps, obj);
    obj->hash = item->hash;
    obj->authority = item->authority;
    obj->line = a->in->options->provable;
    if (j->full)
        obj->standings = j->holding.changes;
    const struct gate_class cls = class_of(a, item, j);
    a->totals.red += red_is_quarantined(&cls, a->in->red_named);
    enum err e = class_key(a, &cls, &obj->class_key);
    if (e == OK)
        e = note_defined(a->in, o->id, j->verdict);
    if (e == OK)
        e = collect_values(a, o, &obj->value_count);
    if (e != OK)
        return fault_at(reterr, e, o->at, NULL, "no memory to take the object in");
    obj->values = a->values;
    e = txn_append_ready(a->t, &f, o->body, &item->ready, o->original, reterr);
    if (obj->standing == STANDING_CURRENT && !obj->unseen && !obj->revoked)
        sensed_keep(&a->sensed);
    return e == OK && a->looks ? look_at_ourselves(a, item, obj, &cls, reterr) : e;
}

static enum err append_path(struct apply *a, const struct intake_item *item, const struct judgement *j,
                            struct fault *reterr)
{
    const struct intake_options *opt = a->in->options;
    struct fact f = {.kind = FACT_VOUCH,
                     .u.vouch = {.account = opt->account,
                                 .entry = j->entry,
                                 .party = a->in->party,
                                 .source = opt->source,
                                 .authority = item->authority,
                                 .line = opt->provable,
                                 .standings = j->holding.changes}};
    return txn_append(a->t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

/* What was found, into the log. */
static enum err record(struct apply *a, struct intake_item *item, struct judgement *j, const struct own_times *stamps,
                       struct fault *reterr)
{
    enum err e = OK;
    if (j->verdict == INTAKE_UNCHANGED)
        return OK;
    e = j->verdict == INTAKE_PATH ? append_path(a, item, j, reterr) : append(a, item, j, stamps, reterr);
    if (e == OK && j->full)
        e = holding_promote(&j->holding, &a->in->options->account, reterr);
    a->changed |= e == OK;
    return e;
}

static void count_verdict(struct intake_totals *t, enum intake_verdict v)
{
    switch (v) {
    case INTAKE_FRESH: t->fresh++; return;
    case INTAKE_UPDATED: t->updated++; return;
    case INTAKE_WON:
        t->updated++;
        t->conflicts++;
        return;
    case INTAKE_OLDER: t->older++; break;
    case INTAKE_CONFLICT: t->conflicts++; break;
    case INTAKE_CLAIM: t->claims++; break;
    case INTAKE_QUARANTINED: t->quarantined++; break;
    case INTAKE_RENDITION: t->renditions++; break;
    case INTAKE_PATH:
    case INTAKE_UNCHANGED: break;
    }
    t->unchanged++;
}

void intake_refuse(struct intake_item *item, const char *rule, const char *reason)
{
    struct record_rejected r = {.at = item->record.u.object.at,
                                .line = -1,
                                .id = item->record.u.object.id,
                                .rule = text_of(rule),
                                .reason = text_of(reason)};
    item->record = (struct record){.kind = RECORD_REJECTED, .u.rejected = r};
}

/* Whether it is one too many of its object in this document: then it was refused. */
static enum err bound_versions(struct apply *a, struct intake_item *item, bool *ret_refused, struct fault *reterr)
{
    const struct record_object *o = &item->record.u.object;
    enum err e = one_more_aside(a->in, o->id, ret_refused);
    if (e != OK)
        return fault_at(reterr, e, o->at, NULL, "no memory to take the object in");
    if (*ret_refused) {
        intake_refuse(item, "limit", "too many versions of this object in one document");
        a->totals.rejected++;
    }
    return OK;
}

static struct arrival arrival_of(const struct apply *a, const struct intake_item *item)
{
    const struct record_object *o = &item->record.u.object;
    return (struct arrival){.id = o->id,
                            .body = o->body,
                            .party = a->in->party,
                            .cls = &item->cls,
                            .authority = item->authority,
                            .ours = a->in->options->from_self,
                            .versioned = o->has_modified,
                            .modified_us = o->modified_us,
                            .revoked = o->revoked,
                            .hash = item->hash,
                            .print = o->print};
}

/* Of an object that is held, and not the same again. */
static enum err apply_judged(struct apply *a, struct intake_item *item, struct arrival *arrived,
                             const struct version_row *current, bool held, struct fault *reterr)
{
    struct own_times stamps = {0};
    struct judgement j = {0};
    item->cls.quarantined |= red_is_quarantined(&item->cls, a->in->red_named);
    bool refused = false, next = false;
    if (arrived->print) {
        stamps = stamps_of(a, item, current && uuid_eq(&current->party, &arrived->party) ? current : NULL);
        arrived->versioned = true;
        arrived->modified_us = stamps.modified_us;
        arrived->hash = item->hash;
    }
    enum err e = intake_judge(a->t, arrived, current, held, &j, reterr);
    next = j.verdict == INTAKE_UPDATED && !j.full;
    if (e == OK && held && !next)
        e = bound_versions(a, item, &refused, reterr);
    if (e == OK && !refused)
        e = record(a, item, &j, &stamps, reterr);
    if (e == OK && !refused)
        count_verdict(&a->totals, j.verdict);
    a->totals.proposed += e == OK && j.verdict == INTAKE_FRESH && item->cls.proposed;
    judgement_done(&j);
    return e;
}

/* A row says no times: its version's is ours. One that is in the list still has to count for longer than its assumed
 * lifetime; a new version each time the list comes would be too many. */
static bool renews(struct apply *a, const struct record_object *o, const struct version_row *current)
{
    return o->print && o->value_count && !o->has_valid_until &&
           txn_now_us(a->t) - current->modified_us >= INTAKE_RENEW_US;
}

/* A sighting by a constituent's sensor: refused unless it may say so. */
static enum err look_at_sighting(struct apply *a, struct intake_item *item, const struct version_row *current,
                                 bool *ret_refused, struct fault *reterr)
{
    const struct record_object *o = &item->record.u.object;
    const char *why = NULL;
    *ret_refused = false;
    if (uuid_is_zero(&a->sensed.organisation) || !text_starts(o->id, TEXT("sighting--")))
        return OK;
    enum err e = sensed_look(&a->sensed, a->t, o->body, current, &why, reterr);
    *ret_refused = e == OK && why;
    if (*ret_refused) {
        intake_refuse(item, "sensor", why);
        a->totals.rejected++;
    }
    return e;
}

static enum err apply_object(struct apply *a, struct intake_item *item, struct fault *reterr)
{
    bool refused;
    struct arrival arrived = arrival_of(a, item);
    char modified[64]; /* as long as a version's text gets (store/view_objects.c) */
    struct version_row row;
    bool held;
    enum err e = view_current_held(txn_view(a->t), arrived.id, &row, &held, reterr);
    bool known = e == OK;
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    if (item->record.u.object.ends && !(known && uuid_eq(&row.party, &arrived.party))) {
        a->totals.read--; /* there is nothing to end */
        return OK;
    }
    bool same = known && intake_same(&arrived, &row);
    /* A proposal says nothing new of what is held: accepted, refused or waiting, it stays that. */
    bool proposed_again = item->record.u.object.proposed && (known || held);
    arrived.renews = same && !proposed_again && renews(a, &item->record.u.object, &row);
    if (proposed_again || (same && !arrived.renews)) {
        count_verdict(&a->totals, INTAKE_UNCHANGED);
        return OK;
    }
    if (known) { /* its texts are the view's until the next question only */
        memcpy(modified, row.modified.len ? row.modified.ptr : "", row.modified.len);
        row.modified.ptr = modified;
        row.id = arrived.id;
    }
    e = look_at_sighting(a, item, known ? &row : NULL, &refused, reterr);
    return e != OK || refused ? e : apply_judged(a, item, &arrived, known ? &row : NULL, held, reterr);
}

static enum err apply_group(struct txn *t, void *self, struct fault *reterr)
{
    struct apply *a = self;
    a->t = t;
    a->totals = (struct intake_totals){0};
    a->changed = false;
    named_clear(&a->named);
    sensed_clear(&a->sensed);
    for (size_t i = 0; i < a->count; i++) {
        struct intake_item *item = &a->items->list[a->from + i];
        a->totals.read++;
        if (item->record.kind == RECORD_REJECTED) {
            a->totals.rejected++;
            continue;
        }
        enum err e = apply_object(a, item, reterr);
        if (e != OK)
            return e;
    }
    if (a->in->defined_count > a->in->defined_marked) {
        const struct reclass_request q = intake_look_again(a->in);
        enum err e = reclass_mark(t, &a->in->run, &q, reterr);
        if (e != OK)
            return e;
        a->in->defined_marked = a->in->defined_count;
    }
    enum err named = named_append(t, &a->named, &a->in->options->account, reterr);
    if (named == OK)
        named = sensed_append(t, &a->sensed, &a->in->options->account, reterr);
    if (named != OK)
        return named;
    uint64_t entries = view_position(txn_view(t));
    a->totals.at = entries > 0 ? entries - 1 : 0;
    return OK;
}

static void add_totals(struct intake_totals *sum, const struct intake_totals *t)
{
    sum->read += t->read;
    sum->fresh += t->fresh;
    sum->updated += t->updated;
    sum->unchanged += t->unchanged;
    sum->rejected += t->rejected;
    sum->claims += t->claims;
    sum->older += t->older;
    sum->conflicts += t->conflicts;
    sum->quarantined += t->quarantined;
    sum->red += t->red;
    sum->proposed += t->proposed;
    sum->renditions += t->renditions;
    sum->at = t->at;
}

/* The register is loaded when the first object of another comes that has values; an empty one costs nothing more. */
static enum err looks_at_ourselves(struct apply *a, struct fault *reterr)
{
    struct intake *in = a->in;
    bool any = false;
    for (size_t i = a->from; !any && !in->options->from_self && i < a->from + a->count; i++) {
        const struct record *r = &a->items->list[i].record;
        any = r->kind == RECORD_OBJECT && r->u.object.value_count > 0;
    }
    if (!any)
        return OK;
    enum err e = intake_owners(in, reterr);
    a->looks = e == OK && constituency_size(in->owners) > 0;
    return e;
}

static bool any_sighting(const struct apply *a)
{
    bool any = false;
    for (size_t i = a->from; !any && !a->in->options->from_self && i < a->from + a->count; i++) {
        const struct record *r = &a->items->list[i].record;
        any = r->kind == RECORD_OBJECT && text_starts(r->u.object.id, TEXT("sighting--"));
    }
    return any && !uuid_is_zero(&a->in->party);
}

/* Whose sensor the party is, where sightings come from it. */
static enum err hears_a_sensor(struct apply *a, struct fault *reterr)
{
    struct intake *in = a->in;
    struct fact_peer peer;
    struct fact_party party;
    struct view *v;
    if (!any_sighting(a))
        return OK;
    enum err e = node_reader(in->node, &v, reterr);
    if (e != OK)
        return e;
    e = view_peer(v, &in->party, &peer, reterr);
    const struct uuid organisation = e == OK ? peer.organisation : (struct uuid){{0}};
    if (e == OK)
        e = view_party(v, &in->party, &party, reterr);
    if (e == OK)
        snprintf(in->reporter, sizeof in->reporter, TEXT_FMT, TEXT_ARG(party.name));
    node_reader_done(in->node, v);
    if (e != OK || uuid_is_zero(&organisation))
        return e == ERR_NOT_FOUND ? OK : e;
    e = intake_owners(in, reterr);
    a->sensed.organisation = organisation;
    a->sensed.party = in->party;
    a->sensed.name = text_of(in->reporter);
    a->sensed.owners = in->owners;
    return e;
}

static void tell_named(struct intake *in, const struct named_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct named_entry *n = &l->entries[i];
        const struct named_news news = {n->number, n->value, n->organisation_name};
        if (n->number == 0)
            continue;
        in->totals.named++;
        pthread_mutex_lock(&in->tell_lock);
        if (in->options->on_named)
            in->options->on_named(in->options->self, &news);
        pthread_mutex_unlock(&in->tell_lock);
    }
}

static enum err apply_run(struct intake *in, const struct intake_items *items, size_t from, size_t count,
                          struct fault *reterr)
{
    struct apply a = {.in = in, .items = items, .from = from, .count = count};
    enum err e = node_has_room(in->node, reterr);
    if (e != OK)
        return e;
    sensed_init(&a.sensed);
    e = looks_at_ourselves(&a, reterr);
    if (e == OK)
        e = hears_a_sensor(&a, reterr);
    if (e == OK && !(a.classes = calloc(CLASS_SLOTS, sizeof *a.classes)))
        e = fault_set(reterr, ERR_NOMEM, "no memory to take objects in");
    if (e != OK) {
        sensed_done(&a.sensed);
        return e;
    }
    named_init(&a.named, in->node);
    a.named.suppress = in->suppress;
    e = node_write(in->node, apply_group, &a, reterr);
    if (e == OK) {
        add_totals(&in->totals, &a.totals);
        in->changed = in->changed || a.changed;
        tell_named(in, &a.named);
    }
    in->suppress = a.named.suppress;
    a.named.suppress = NULL;
    named_done(&a.named);
    sensed_done(&a.sensed);
    free(a.values);
    free(a.classes);
    return e;
}

/* An object that the store cannot hold must not keep out those behind it: the group is halved until it stands alone,
 * and it is refused. A store that refuses one after the other is not the objects' fault. */
enum err intake_apply(struct intake *in, const struct intake_items *items, size_t from, size_t count,
                      struct fault *reterr)
{
    enum err e = apply_run(in, items, from, count, reterr);
    if (e != ERR_MALFORMED && e != ERR_LIMIT)
        return e;
    if (count > 1) {
        e = intake_apply(in, items, from, count / 2, reterr);
        return e == OK ? intake_apply(in, items, from + count / 2, count - count / 2, reterr) : e;
    }
    if (++in->unholdable > INTAKE_UNHOLDABLE_MAX || items->list[from].record.kind != RECORD_OBJECT)
        return e;
    intake_refuse(&items->list[from], "limit", "larger in some part than the log or the view can hold");
    return apply_run(in, items, from, count, reterr);
}
