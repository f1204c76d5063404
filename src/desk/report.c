/* desk/report.c - see report.h: events are taken apart into rows, one for each organisation affected. The rows become
 * findings in report_write.c. */
#include "desk/report.h"

#include <stdlib.h>
#include <string.h>

#include "desk/report_inside.h"

/* Kinds and groups of a document: names of at most 1 KiB. */
#define LASTING_MAX_BYTES (256 * MIB)
#define PASSING_MAX_BYTES (64 * MIB)
/* Of an organisation's name and of a value, in an object of ours. */
#define NAME_KEPT_BYTES (2 * KIB)

/* Name space of the subjects of reported findings. */
static const struct uuid SUBJECTS = {
    {0x1c, 0x6e, 0x5b, 0x0e, 0x94, 0x1f, 0x4d, 0x3a, 0x8c, 0x52, 0x7a, 0x60, 0xd1, 0x2b, 0x4e, 0x97}};

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory for reported events");
}

/* ---- a batch ---- */

static enum err how_far(struct report_batch *b, struct fault *reterr)
{
    struct view *v;
    uint64_t offset = 0, line = 0;
    enum err e = node_reader(b->node, &v, reterr);
    if (e != OK)
        return e;
    e = view_followed(v, b->origin.key, &offset, &line, reterr);
    node_reader_done(b->node, v);
    b->known = e == OK;
    b->known_at = (int64_t)offset;
    b->known_count = line;
    return e == ERR_NOT_FOUND ? OK : e;
}

enum err report_batch_new(struct node *node, const struct report_origin *origin, struct report_batch **ret,
                          struct fault *reterr)
{
    struct report_batch *b = calloc(1, sizeof *b);
    if (!b)
        return no_memory(reterr);
    b->node = node;
    b->origin = *origin;
    b->at = -1;
    arena_init(&b->lasting, LASTING_MAX_BYTES);
    arena_init(&b->passing, PASSING_MAX_BYTES);
    arena_init(&b->out.arena, PASSING_MAX_BYTES);
    enum err e = how_far(b, reterr);
    if (e == OK)
        *ret = b;
    else
        report_batch_free(b);
    return e;
}

void report_batch_free(struct report_batch *b)
{
    if (!b)
        return;
    report_write_done(b);
    for (size_t i = 0; i < b->group_count; i++)
        print_set_done(&b->groups[i].known);
    print_set_done(&b->findings);
    print_set_done(&b->organisations);
    free(b->kinds);
    free(b->groups);
    free(b->group_slots);
    free(b->rows);
    arena_done(&b->lasting);
    arena_done(&b->passing);
    free(b);
}

bool report_batch_full(const struct report_batch *b)
{
    return b->row_count >= REPORT_ROWS_MAX || b->bytes >= REPORT_BYTES_MAX || b->groups_touched >= REPORT_GROUPS_MAX;
}

const struct report_totals *report_batch_totals(const struct report_batch *b)
{
    return &b->totals;
}

/* ---- kinds ---- */

static uint64_t kind_hash(const struct report_kind *k)
{
    uint64_t h = xxh3_seeded(k->report.ptr, k->report.len, k->role + (k->nobodys ? 16u : 0u));
    h = xxh3_seeded(k->type.ptr, k->type.len, h);
    return xxh3_seeded(k->identifier.ptr, k->identifier.len, h);
}

static bool same_kind(const struct report_kind *a, const struct report_kind *b)
{
    return a->hash == b->hash && a->role == b->role && a->nobodys == b->nobodys && text_eq(a->report, b->report) &&
           text_eq(a->type, b->type) && text_eq(a->identifier, b->identifier);
}

/* Each part behind its length, so that no two kinds are one text. */
static enum err subject_of(const struct report_batch *b, const struct report_kind *k, struct uuid *ret)
{
    struct buffer name;
    buffer_init(&name, 4 * EVENT_TEXT_MAX);
    buffer_add_bytes(&name, b->origin.party.b, sizeof b->origin.party.b);
    buffer_add_u8(&name, k->nobodys ? 255 : k->role);
    buffer_add_sized(&name, k->report);
    buffer_add_sized(&name, k->type);
    buffer_add_sized(&name, k->identifier);
    enum err e = buffer_error(&name);
    if (e == OK)
        *ret = uuid_named(&SUBJECTS, buffer_text(&name));
    buffer_done(&name);
    return e;
}

static enum err add_kind(struct report_batch *b, const struct report_kind *wanted)
{
    struct report_kind k = *wanted;
    if (!finding_room((void **)&b->kinds, &b->kind_cap, b->kind_count, sizeof *b->kinds))
        return ERR_NOMEM;
    k.report = arena_text(&b->lasting, wanted->report);
    k.type = arena_text(&b->lasting, wanted->type);
    k.identifier = arena_text(&b->lasting, wanted->identifier);
    if (!k.report.ptr || !k.type.ptr || !k.identifier.ptr || subject_of(b, &k, &k.subject) != OK)
        return ERR_NOMEM;
    b->kinds[b->kind_count++] = k;
    return OK;
}

/* Rows of one kind mostly follow each other: the newest are looked at first. */
static bool find_kind(const struct report_batch *b, struct report_kind *wanted, uint32_t *ret)
{
    wanted->hash = kind_hash(wanted);
    for (size_t i = b->kind_count; i-- > 0;)
        if (same_kind(&b->kinds[i], wanted)) {
            *ret = (uint32_t)i;
            return true;
        }
    return false;
}

/* Whoever makes up a new identifier with every row gets them under one, and a made-up report under "others". */
static enum err kind_of(struct report_batch *b, const struct record_event *e, uint8_t role, bool nobodys,
                        uint32_t *ret)
{
    struct report_kind k = {.report = e->report, .type = e->type, .identifier = e->identifier, .role = role};
    k.nobodys = nobodys;
    if (nobodys)
        k.type = k.identifier = TEXT_NONE;
    bool found = find_kind(b, &k, ret);
    if (!found && b->kind_count >= REPORT_KINDS_MAX) {
        k.type = k.identifier = TEXT_NONE;
        found = find_kind(b, &k, ret);
    }
    if (!found && b->kind_count >= 2 * REPORT_KINDS_MAX) {
        k.report = TEXT("others");
        found = find_kind(b, &k, ret);
    }
    if (found)
        return OK;
    enum err err = add_kind(b, &k);
    *ret = (uint32_t)b->kind_count - 1;
    return err;
}

/* ---- groups ---- */

static size_t group_place(const struct report_batch *b, uint32_t kind, const struct uuid *organisation)
{
    return (size_t)xxh3_seeded(organisation, sizeof *organisation, kind) & (b->group_slot_count - 1);
}

static enum err grow_groups(struct report_batch *b)
{
    size_t count = b->group_slot_count ? 2 * b->group_slot_count : 256;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        return ERR_NOMEM;
    free(b->group_slots);
    b->group_slots = slots;
    b->group_slot_count = count;
    for (size_t i = 0; i < b->group_count; i++) {
        size_t at = group_place(b, b->groups[i].kind, &b->groups[i].organisation);
        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = (uint32_t)i + 1;
    }
    return OK;
}

static enum err find_group(struct report_batch *b, uint32_t kind, const struct organisation *o, uint32_t *ret)
{
    const struct uuid organisation = o ? o->id : (struct uuid){{0}};
    if (2 * (b->group_count + 1) > b->group_slot_count && grow_groups(b) != OK)
        return ERR_NOMEM;
    size_t at = group_place(b, kind, &organisation);
    for (; b->group_slots[at]; at = (at + 1) & (b->group_slot_count - 1)) {
        const struct report_group *g = &b->groups[b->group_slots[at] - 1];
        if (g->kind == kind && uuid_eq(&g->organisation, &organisation)) {
            *ret = b->group_slots[at] - 1;
            return OK;
        }
    }
    if (!finding_room((void **)&b->groups, &b->group_cap, b->group_count, sizeof *b->groups))
        return ERR_NOMEM;
    struct report_group g = {.kind = kind, .organisation = organisation};
    g.organisation_name = finding_clean(&b->lasting, o ? o->name : TEXT_NONE, NAME_KEPT_BYTES);
    if (!g.organisation_name.ptr)
        return ERR_NOMEM;
    b->groups[b->group_count] = g;
    b->group_slots[at] = (uint32_t)++b->group_count;
    *ret = (uint32_t)b->group_count - 1;
    return OK;
}

/* ---- rows ---- */

/* All that the event says, or its sender's id for it. */
static uint64_t print_of(const struct record_event *e)
{
    uint64_t h = xxh3_of(e->report.ptr, e->report.len);
    if (e->id.len > 0)
        return xxh3_seeded(e->id.ptr, e->id.len, h);
    const uint64_t numbers[] = {(uint64_t)e->first_us, (uint64_t)e->last_us, e->count};
    const struct text texts[] = {e->type, e->identifier, e->detail, e->raw};
    h = xxh3_seeded(numbers, sizeof numbers, h);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        h = xxh3_seeded(texts[i].ptr, texts[i].len, h);
    struct cursor c = e->values;
    struct record_event_value v;
    for (size_t i = 0; i < e->value_count && record_next_event_value(&c, &v); i++)
        h = xxh3_seeded(v.value.ptr, v.value.len, h);
    return h;
}

/* The row's own text is kept for as long as a finding may want it. */
static struct text keep_raw(struct report_batch *b, struct report_group *g, const struct record_event *e)
{
    const uint64_t max = uuid_is_zero(&g->organisation) ? FINDING_EVIDENCE_MAX : REPORT_EVIDENCE_MAX;
    if (g->copied >= max)
        return TEXT_NONE;
    g->copied++;
    b->bytes += e->raw.len;
    return arena_text(&b->passing, e->raw);
}

static enum err add_row(struct report_batch *b, const struct record_event *e, const struct record_event_value *v,
                        const struct organisation *o, uint64_t print)
{
    struct report_row row = {.event = b->event_count,
                             .has_time = e->has_time,
                             .tlp = e->tlp,
                             .severity = e->severity,
                             .line = e->line,
                             .at = e->at,
                             .at_count = b->at_count,
                             .first_us = e->first_us,
                             .last_us = e->last_us,
                             .occurrences = e->count,
                             .print = print};
    uint32_t kind;
    enum err err = kind_of(b, e, o ? v->role : 0, !o, &kind);
    if (err == OK)
        err = find_group(b, kind, o, &row.group);
    if (err != OK || !finding_room((void **)&b->rows, &b->row_cap, b->row_count, sizeof *b->rows))
        return ERR_NOMEM;
    struct report_group *g = &b->groups[row.group];
    if (v) {
        row.value_kind = v->kind;
        row.value = finding_clean(&b->passing, v->value, NAME_KEPT_BYTES);
        if (!row.value.ptr)
            return ERR_NOMEM;
    }
    row.raw = keep_raw(b, g, e);
    b->groups_touched += g->in_batch++ == 0;
    b->rows[b->row_count++] = row;
    return OK;
}

static bool can_be_owned(uint8_t kind)
{
    return kind >= VALUE_DOMAIN && kind <= VALUE_EMAIL;
}

/* One row for each organisation of which the event has a value: the first of its values, sources before targets. */
static enum err add_owned(struct report_batch *b, const struct record_event *e, uint64_t print, bool *ret_owned)
{
    const struct organisation *affected[EVENT_VALUES_MAX];
    size_t count = 0;
    for (uint8_t role = EVENT_SOURCE; role <= EVENT_OTHER; role++) {
        struct cursor c = e->values;
        struct record_event_value v;
        for (size_t i = 0; i < e->value_count && record_next_event_value(&c, &v); i++) {
            if (v.role != role || !can_be_owned(v.kind))
                continue;
            const struct organisation *o = constituency_who(b->origin.owners, v.value).organisation;
            size_t known = 0;
            while (known < count && affected[known] != o)
                known++;
            if (!o || known < count || count == EVENT_VALUES_MAX)
                continue;
            affected[count++] = o;
            if (add_row(b, e, &v, o, print) != OK)
                return ERR_NOMEM;
        }
    }
    *ret_owned = count > 0;
    return OK;
}

/* The values that a finding of nobody's names: the first source's. */
static enum err add_nobodys(struct report_batch *b, const struct record_event *e, uint64_t print)
{
    struct cursor c = e->values;
    struct record_event_value v, first;
    bool any = false;
    for (size_t i = 0; i < e->value_count && record_next_event_value(&c, &v); i++)
        if (!any || (first.role != EVENT_SOURCE && v.role == EVENT_SOURCE)) {
            first = v;
            any = true;
        }
    return add_row(b, e, any ? &first : NULL, NULL, print);
}

/* Was it taken in when the document was read before? */
static bool is_known(const struct report_batch *b)
{
    return b->known && (b->at < b->known_at || (b->at == b->known_at && b->at_count <= b->known_count));
}

enum err report_batch_add(struct report_batch *b, const struct record_event *e, struct fault *reterr)
{
    b->at_count = e->at == b->at ? b->at_count + 1 : 1;
    b->at = e->at;
    if (is_known(b)) {
        b->skipped++;
        return OK;
    }
    const uint64_t print = print_of(e);
    bool owned = false;
    enum err err = add_owned(b, e, print, &owned);
    if (err == OK && !owned)
        err = add_nobodys(b, e, print);
    if (err != OK)
        return no_memory(reterr);
    b->event_count++;
    return OK;
}

/* ---- writing ---- */

static void forget_rows(struct report_batch *b)
{
    for (size_t i = 0; i < b->group_count; i++)
        b->groups[i].in_batch = 0;
    b->row_count = b->bytes = b->groups_touched = 0;
    b->event_count = 0;
    b->skipped = 0;
    arena_reset(&b->passing);
}

static enum err count_written(struct report_batch *b)
{
    enum err e = OK;
    bool fresh;
    for (size_t i = 0; e == OK && i < b->out.work_count; i++) {
        const struct finding_work *w = &b->out.works[i];
        e = print_set_add(&b->findings, w->number, &fresh);
        if (e == OK && fresh)
            b->totals.findings++;
        if (e == OK && !uuid_is_zero(&w->organisation)) {
            e = print_set_add(&b->organisations, xxh3_of(&w->organisation, sizeof w->organisation), &fresh);
            b->totals.organisations += e == OK && fresh;
        }
    }
    return e;
}

/* Rows of one event stay together, so that what the log says was taken in is whole events. */
static size_t event_end(const struct report_batch *b, size_t from, size_t until)
{
    while (until > from && until < b->row_count && b->rows[until].event == b->rows[until - 1].event)
        until--;
    if (until > from)
        return until;
    for (until = from + 1; until < b->row_count && b->rows[until].event == b->rows[from].event;)
        until++;
    return until;
}

static enum err write_rows(struct report_batch *b, size_t from, size_t until, struct fault *reterr)
{
    b->from = from;
    b->until = until;
    enum err e = node_write(b->node, report_write, b, reterr);
    if (e == OK && count_written(b) != OK)
        e = no_memory(reterr);
    if (e != OK)
        return e;
    b->totals.events += b->rows[until - 1].event - b->rows[from].event + 1;
    b->totals.unchanged += b->rows[until - 1].event - b->rows[from].event + 1 - b->fresh_events;
    b->totals.nobodys += b->fresh_nobodys;
    b->totals.changed |= b->fresh_events > 0;
    return OK;
}

/* Rows whose findings are too much for one group are written in two. */
static enum err write_parts(struct report_batch *b, struct fault *reterr)
{
    for (size_t from = 0, until = b->row_count; from < b->row_count;) {
        enum err e = write_rows(b, from, until, reterr);
        size_t half = event_end(b, from, from + (until - from) / 2);
        if (e == ERR_LIMIT && half < until) {
            until = half;
            continue;
        }
        if (e != OK)
            return e;
        from = until;
        until = b->row_count;
    }
    return OK;
}

enum err report_batch_write(struct report_batch *b, struct fault *reterr)
{
    if (b->row_count > 0) {
        enum err e = node_has_room(b->node, reterr);
        if (e == OK)
            e = write_parts(b, reterr);
        if (e != OK)
            return e;
    }
    b->totals.events += b->skipped;
    b->totals.unchanged += b->skipped;
    forget_rows(b);
    return OK;
}
