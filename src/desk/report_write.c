/* desk/report_write.c - rows of reported events, on the writer thread: each joins a finding of its group, or begins
 * one; every finding touched gets one version, its incident by rule, and the rows their entry.
 *
 * Windows as for hits (finding_batch.c): a row joins when it is not later than FINDING_WINDOW_US after a finding's
 * last; of several the one with the latest last. One that is earlier than its first moves that first back, up to
 * REPORT_BACK_US. A time that is still to come counts as now.
 *
 * Repeats: the prints of all findings of the group that are held and not too old are known (REPORT_HELD_MAX), those
 * that are closed included: what was counted there does not begin a new one. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "desk/report_inside.h"

#define OCCURRENCES_MAX ((uint64_t)1 << 53)

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory for reported events");
}

/* ---- the list of findings ---- */

static void forget_list(struct report_batch *b)
{
    for (size_t i = 0; i < b->list_count; i++) {
        print_set_done(&b->list[i].values);
        buffer_done(&b->list[i].prints);
    }
    b->list_count = 0;
    for (size_t i = 0; i < b->group_count; i++) {
        b->groups[i].looked_up = false;
        b->groups[i].count = 0;
    }
}

void report_write_done(struct report_batch *b)
{
    forget_list(b);
    free(b->list);
    finding_batch_done(&b->out);
}

static enum err add_finding(struct report_batch *b, uint32_t group, struct report_finding **ret, struct fault *reterr)
{
    if (b->list_count == REPORT_FINDINGS_MAX && b->until - b->from > 1)
        return fault_set(reterr, ERR_LIMIT, "too many findings for one group");
    if (!finding_room((void **)&b->list, &b->list_cap, b->list_count, sizeof *b->list))
        return no_memory(reterr);
    struct report_finding *f = &b->list[b->list_count++];
    *f = (struct report_finding){.group = group};
    buffer_init(&f->prints, LOG_RECORD_MAX_BYTES);
    b->groups[group].count++;
    *ret = f;
    return OK;
}

/* ---- findings that are held ---- */

static enum err know_prints(void *self, struct text prints)
{
    struct report_group *g = self;
    return print_set_add_list(&g->known, prints);
}

static enum err look_up(struct report_batch *b, uint32_t group, struct fault *reterr)
{
    struct report_group *g = &b->groups[group];
    const struct uuid *subject = &b->kinds[g->kind].subject;
    struct view *v = txn_view(b->out.t);
    uint64_t below = UINT64_MAX;
    print_set_clear(&g->known);
    g->looked_up = true;
    for (size_t i = 0; i < REPORT_HELD_MAX; i++) {
        struct finding_row row;
        struct report_finding *f;
        struct uuid id;
        enum err e = view_findings_at(v, subject, &g->organisation, below, &row, reterr);
        if (e == ERR_NOT_FOUND)
            return OK;
        if (e != OK)
            return e;
        row.id = arena_text(&b->out.arena, row.id);
        if (!row.id.ptr || !uuid_of_id(row.id, &id))
            return no_memory(reterr);
        below = row.number;
        e = view_prints(v, &id, know_prints, g, reterr);
        if (e == OK && row.state != 1)
            e = add_finding(b, group, &f, reterr);
        if (e != OK)
            return e;
        if (row.state != 1)
            f->row = row;
    }
    return OK;
}

static enum err load(struct report_batch *b, struct report_finding *f, struct fault *reterr)
{
    bool fresh;
    enum err e = finding_load(b->out.t, &f->row, &b->out.arena, &f->work, reterr);
    f->loaded = e == OK;
    f->value_cap = FINDING_VALUES_MAX;
    for (size_t i = 0; e == OK && i < f->work.report->value_count; i++) {
        struct text value = f->work.report->values[i];
        if (print_set_add(&f->values, xxh3_of(value.ptr, value.len), &fresh) != OK)
            e = no_memory(reterr);
    }
    return e;
}

/* ---- a row's finding ---- */

static int64_t first_of(const struct report_finding *f)
{
    return f->loaded ? f->work.first_us : f->row.first_us;
}

static int64_t last_of(const struct report_finding *f)
{
    return f->loaded ? f->work.last_us : f->row.last_us;
}

static bool joins(const struct report_finding *f, int64_t first_us, int64_t last_us)
{
    return (first_us <= last_of(f) || first_us - last_of(f) <= FINDING_WINDOW_US) &&
           (last_us >= first_of(f) || first_of(f) - last_us <= REPORT_BACK_US);
}

/* A silenced one takes what no open one does. */
static bool is_better(const struct report_finding *f, const struct report_finding *best)
{
    const bool silent = f->work.silenced || f->row.state == 2;
    const bool best_silent = best && (best->work.silenced || best->row.state == 2);
    if (!best || silent != best_silent)
        return !best || best_silent;
    return last_of(f) > last_of(best);
}

static struct report_finding *find(struct report_batch *b, uint32_t group, int64_t first_us, int64_t last_us)
{
    struct report_finding *best = NULL, *any = NULL;
    if (b->groups[group].count == 0)
        return NULL;
    for (size_t i = 0; i < b->list_count; i++) {
        struct report_finding *f = &b->list[i];
        if (f->group != group)
            continue;
        any = f;
        if (joins(f, first_us, last_us) && is_better(f, best))
            best = f;
    }
    return best || b->groups[group].count < REPORT_WINDOWS_MAX ? best : any;
}

static enum err new_report(struct report_batch *b, const struct report_group *g, struct finding_report **ret)
{
    static const char *const roles[] = {"source", "target", "other"};
    const struct report_kind *k = &b->kinds[g->kind];
    struct finding_report *r = arena_alloc(&b->out.arena, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    r->report = k->report;
    r->type = k->type;
    r->identifier = k->identifier;
    r->role = k->nobodys ? TEXT_NONE : text_of(roles[k->role]);
    r->by = b->origin.by;
    *ret = r;
    return OK;
}

static enum err begin(struct report_batch *b, uint32_t group, const struct report_row *row, int64_t first_us,
                      int64_t last_us, struct report_finding **ret, struct fault *reterr)
{
    const struct report_group *g = &b->groups[group];
    struct report_finding *f;
    enum err e = add_finding(b, group, &f, reterr);
    if (e != OK)
        return e;
    f->loaded = true;
    f->work = (struct finding_work){.id = uuid_random(),
                                    .indicator = b->kinds[g->kind].subject,
                                    .organisation = g->organisation,
                                    .organisation_name = g->organisation_name,
                                    .fresh = true,
                                    .first_us = first_us,
                                    .last_us = last_us,
                                    .value = row->value,
                                    .kind = text_of(value_kind_name((enum value_kind)row->value_kind)),
                                    .finding_kind = FINDING_REPORTED,
                                    .party = b->origin.party,
                                    .source = b->origin.source};
    if (row->value.len == 0)
        f->work.kind = TEXT_NONE;
    *ret = f;
    return new_report(b, g, &f->work.report) == OK ? OK : no_memory(reterr);
}

/* ---- counting ---- */

static enum err note_value(struct report_batch *b, struct report_finding *f, struct text value)
{
    struct finding_report *r = f->work.report;
    bool fresh;
    if (value.len == 0 || r->value_count >= FINDING_VALUES_MAX ||
        r->value_bytes + value.len > FINDING_VALUES_MAX_BYTES)
        return OK;
    enum err e = print_set_add(&f->values, xxh3_of(value.ptr, value.len), &fresh);
    if (e != OK || !fresh)
        return e;
    if (r->value_count == f->value_cap) {
        size_t cap = f->value_cap ? 4 * f->value_cap : 4;
        struct text *more = arena_alloc(&b->out.arena, cap * sizeof *more);
        if (!more)
            return ERR_NOMEM;
        if (r->value_count)
            memcpy(more, r->values, r->value_count * sizeof *more);
        r->values = more;
        f->value_cap = cap;
    }
    r->values[r->value_count++] = value;
    r->value_bytes += value.len;
    return OK;
}

static enum err keep_row(struct report_batch *b, const struct report_finding *f, const struct report_row *row,
                         int64_t seen_us)
{
    const bool nobodys = uuid_is_zero(&f->work.organisation);
    struct finding_batch *out = &b->out;
    if (!row->raw.ptr || f->work.count >= (nobodys ? FINDING_EVIDENCE_MAX : REPORT_EVIDENCE_MAX))
        return OK;
    if (!finding_room((void **)&out->kept, &out->kept_cap, out->kept_count, sizeof *out->kept))
        return ERR_NOMEM;
    const uint64_t line = row->line > 0 ? (uint64_t)row->line : 0;
    out->kept[out->kept_count++] = (struct kept_line){{f->work.id, line, (uint64_t)row->at, seen_us}, row->raw};
    return OK;
}

static enum err count_row(struct report_batch *b, struct report_finding *f, const struct report_row *row,
                          int64_t first_us, int64_t last_us, struct fault *reterr)
{
    struct finding_work *w = &f->work;
    const uint64_t print = htole64(row->print);
    const enum tlp label = row->tlp != TLP_NONE ? (enum tlp)row->tlp : b->origin.label;
    enum err e = note_value(b, f, row->value);
    if (e == OK)
        e = keep_row(b, f, row, last_us);
    buffer_add_bytes(&f->prints, &print, sizeof print);
    if (e == OK)
        e = buffer_error(&f->prints);
    if (e != OK)
        return no_memory(reterr);
    f->touched = true;
    w->count++;
    w->report->occurrences += row->occurrences;
    if (w->report->occurrences > OCCURRENCES_MAX || row->occurrences > OCCURRENCES_MAX)
        w->report->occurrences = OCCURRENCES_MAX;
    w->first_us = first_us < w->first_us ? first_us : w->first_us;
    w->last_us = last_us > w->last_us ? last_us : w->last_us;
    w->severity = row->severity > w->severity ? row->severity : w->severity;
    w->label = tlp_stricter(w->label, label);
    return OK;
}

static enum err take_row(struct report_batch *b, const struct report_row *row, bool *ret_fresh, struct fault *reterr)
{
    const int64_t now = txn_now_us(b->out.t);
    const int64_t last_us = row->has_time && row->last_us < now ? row->last_us : now;
    const int64_t first_us = row->has_time && row->first_us < now ? row->first_us : now;
    struct report_group *g = &b->groups[row->group];
    enum err e = g->looked_up ? OK : look_up(b, row->group, reterr);
    if (e != OK)
        return e;
    if (print_set_add(&g->known, row->print, ret_fresh) != OK)
        return no_memory(reterr);
    if (!*ret_fresh)
        return OK;
    struct report_finding *f = find(b, row->group, first_us, last_us);
    if (!f)
        e = begin(b, row->group, row, first_us, last_us, &f, reterr);
    else if (!f->loaded)
        e = load(b, f, reterr);
    return e == OK ? count_row(b, f, row, first_us, last_us, reterr) : e;
}

static enum err take_rows(struct report_batch *b, struct fault *reterr)
{
    enum err e = OK;
    bool any = false;
    for (size_t i = b->from; e == OK && i < b->until; i++) {
        const struct report_row *row = &b->rows[i];
        bool fresh = false;
        if (i == b->from || row->event != row[-1].event)
            any = false;
        e = take_row(b, row, &fresh, reterr);
        b->fresh_nobodys += fresh && uuid_is_zero(&b->groups[row->group].organisation);
        b->fresh_events += fresh && !any;
        any = any || fresh;
    }
    return e;
}

/* ---- appending ---- */

static enum err hand_over(struct report_batch *b)
{
    struct finding_batch *out = &b->out;
    struct fact_prints *prints = arena_alloc(&out->arena, (b->list_count + 1) * sizeof *prints);
    if (!prints)
        return ERR_NOMEM;
    for (size_t i = 0; i < b->list_count; i++) {
        const struct report_finding *f = &b->list[i];
        if (!f->touched)
            continue;
        if (!finding_room((void **)&out->works, &out->work_cap, out->work_count, sizeof *out->works))
            return ERR_NOMEM;
        prints[out->work_count] = (struct fact_prints){f->work.id, buffer_text(&f->prints)};
        out->works[out->work_count++] = f->work;
    }
    out->prints = prints;
    out->print_count = out->work_count;
    return OK;
}

enum err report_write(struct txn *t, void *self, struct fault *reterr)
{
    struct report_batch *b = self;
    const struct report_row *last = &b->rows[b->until - 1];
    struct finding_batch *out = &b->out;
    finding_batch_forget(out);
    forget_list(b);
    b->hits = (struct hit_batch){.file = b->origin.file, .follow_key = b->origin.key, .account = b->origin.account};
    out->batch = &b->hits;
    out->follow_offset = (uint64_t)last->at;
    out->follow_line = last->at_count;
    out->t = t;
    b->fresh_events = b->fresh_nobodys = 0;
    enum err e = take_rows(b, reterr);
    if (e != OK || b->fresh_events == 0)
        return e;
    if (hand_over(b) != OK)
        return no_memory(reterr);
    e = finding_batch_append_works(out, reterr);
    if (e == OK)
        e = finding_batch_append_lines(out, reterr);
    if (e == OK)
        b->totals.at = view_position(txn_view(t)) - 1;
    return e;
}
