/* desk/finding_batch.c - a batch of hits on the writer thread: hits are put to findings, then every finding touched
 * gets one version, its incident and its sighting, and the lines their entry.
 *
 * Windows. A hit belongs to a finding of its (indicator, organisation) when it is not later than FINDING_WINDOW_US
 * after that finding's last hit: exactly 24 h later still joins. Lines do not arrive in order: of several such
 * findings the latest is taken (as view_open_finding() does, so that it does not matter where a batch ends), and a
 * line older than the finding's first hit moves that first hit back. So a late line never makes a finding of its own
 * beside one that is open, and the order inside a window does not matter.
 *
 * Silence. A false positive keeps taking its hits for as long as its window lasts, and tells nobody. */
#include "desk/finding_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

/* How far back findings are looked through for silenced ones and for incidents to join. */
#define FINDINGS_LOOKED_THROUGH 65536
/* A value or name in an object of ours. */
#define TITLE_MAX_BYTES (2 * KIB)

/* ---- lists ---- */

bool finding_room(void **list, size_t *cap, size_t count, size_t size)
{
    if (count < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : 64;
    void *p = realloc(*list, more * size);
    if (!p)
        return false;
    *list = p;
    *cap = more;
    return true;
}

void finding_batch_done(struct finding_batch *b)
{
    free(b->works);
    free(b->indicators);
    free(b->kept);
    free(b->silenced.rows);
    free(b->with_incident.rows);
    arena_done(&b->arena);
}

void finding_batch_forget(struct finding_batch *b)
{
    b->work_count = b->indicator_count = b->kept_count = 0;
    b->silenced.count = b->with_incident.count = 0;
    b->silenced.read = b->with_incident.read = false;
    b->accepted = 0;
    b->prints = NULL;
    b->print_count = 0;
    arena_reset(&b->arena);
}

/* ---- indicators ---- */

static enum err indicator_of(struct finding_batch *b, struct text id, size_t *ret_at, struct fault *reterr)
{
    struct uuid uuid;
    if (!uuid_of_id(id, &uuid))
        memset(&uuid, 0, sizeof uuid);
    for (size_t i = b->indicator_count; i-- > 0;) {
        if (uuid_eq(&b->indicators[i].uuid, &uuid)) {
            *ret_at = i;
            return OK;
        }
    }
    if (!finding_room((void **)&b->indicators, &b->indicator_cap, b->indicator_count, sizeof *b->indicators))
        return fault_set(reterr, ERR_NOMEM, "no memory for findings");
    enum err e = hit_indicator_load(b->t, id, &b->indicators[b->indicator_count], reterr);
    if (e == OK)
        *ret_at = b->indicator_count++;
    return e;
}

/* ---- findings that are there ---- */

static enum err keep_row(struct row_list *list, struct arena *arena, const struct finding_row *row)
{
    if (!finding_room((void **)&list->rows, &list->cap, list->count, sizeof *list->rows))
        return ERR_NOMEM;
    struct finding_row copy = *row;
    copy.id = arena_text(arena, row->id);
    if (!copy.id.ptr)
        return ERR_NOMEM;
    list->rows[list->count++] = copy;
    return OK;
}

static enum err keep_silenced(void *self, const struct finding_row *row)
{
    struct finding_batch *b = self;
    return row->kind == FINDING_HIT ? keep_row(&b->silenced, &b->arena, row) : OK;
}

static enum err keep_with_incident(void *self, const struct finding_row *row)
{
    struct finding_batch *b = self;
    return uuid_is_zero(&row->incident) ? OK : keep_row(&b->with_incident, &b->arena, row);
}

/* Each list is read at most once a batch, and only when something new came up. */
static enum err read_rows(struct finding_batch *b, struct row_list *list, uint8_t state, view_on_finding *keep,
                          struct fault *reterr)
{
    if (list->read)
        return OK;
    enum err e = view_findings(txn_view(b->t), state, FINDINGS_LOOKED_THROUGH, keep, b, reterr);
    list->read = e == OK;
    return e;
}

static bool in_window(int64_t last_us, int64_t seen_us)
{
    return seen_us <= last_us || seen_us - last_us <= FINDING_WINDOW_US;
}

static const struct finding_row *silenced_row(const struct finding_batch *b, const struct hit_report *h,
                                              const struct uuid *indicator)
{
    for (size_t i = 0; i < b->silenced.count; i++) {
        const struct finding_row *r = &b->silenced.rows[i];
        if (uuid_eq(&r->indicator, indicator) && uuid_eq(&r->organisation, &h->organisation) &&
            in_window(r->last_us, h->seen_us))
            return r;
    }
    return NULL;
}

static struct finding_work *work_for(struct finding_batch *b, const struct hit_report *h,
                                     const struct uuid *indicator)
{
    struct finding_work *best = NULL;
    for (size_t i = 0; i < b->work_count; i++) {
        struct finding_work *w = &b->works[i];
        if (uuid_eq(&w->indicator, indicator) && uuid_eq(&w->organisation, &h->organisation) &&
            in_window(w->last_us, h->seen_us) && (!best || w->last_us >= best->last_us))
            best = w;
    }
    return best;
}

static enum err new_work(struct finding_batch *b, const struct hit_report *h, const struct uuid *indicator,
                         struct finding_work *ret, struct fault *reterr)
{
    struct finding_work w = {.id = uuid_random(),
                             .indicator = *indicator,
                             .organisation = h->organisation,
                             .fresh = true,
                             .first_us = h->seen_us,
                             .last_us = h->seen_us,
                             .party = h->party};
    w.value = finding_clean(&b->arena, h->value, TITLE_MAX_BYTES);
    w.organisation_name = finding_clean(&b->arena, h->organisation_name, TITLE_MAX_BYTES);
    w.kind = h->kind == VALUE_NONE ? TEXT("pattern") : text_of(value_kind_name(h->kind));
    const struct ruling_hit hit = {h->indicator, h->organisation, h->kind, h->value};
    if (rulings_silence(&b->rulings, &hit)) {
        w.state = 2;
        w.silenced = true;
    }
    if (!w.value.ptr || !w.organisation_name.ptr)
        return fault_set(reterr, ERR_NOMEM, "no memory for findings");
    *ret = w;
    return OK;
}

/* The finding of a hit that no finding of this batch takes: one that is held, or a new one. */
static enum err add_work(struct finding_batch *b, const struct hit_report *h, size_t indicator_at,
                         struct finding_work **ret, struct fault *reterr)
{
    const struct uuid *indicator = &b->indicators[indicator_at].uuid;
    if (!finding_room((void **)&b->works, &b->work_cap, b->work_count, sizeof *b->works))
        return fault_set(reterr, ERR_NOMEM, "no memory for findings");
    struct finding_work *w = &b->works[b->work_count];
    struct finding_row row;
    int64_t since = h->seen_us - FINDING_WINDOW_US;
    enum err e = view_open_finding(txn_view(b->t), indicator, &h->organisation, since, &row, reterr);
    if (e == OK) {
        e = finding_load(b->t, &row, &b->arena, w, reterr);
    } else if (e == ERR_NOT_FOUND) {
        e = read_rows(b, &b->silenced, 2, keep_silenced, reterr);
        const struct finding_row *silenced = e == OK ? silenced_row(b, h, indicator) : NULL;
        if (silenced)
            e = finding_load(b->t, silenced, &b->arena, w, reterr);
        else if (e == OK)
            e = new_work(b, h, indicator, w, reterr);
    }
    if (e != OK)
        return e;
    w->indicator_at = indicator_at;
    w->label = b->indicators[indicator_at].label;
    w->source = b->indicators[indicator_at].source;
    b->work_count++;
    *ret = w;
    return OK;
}

/* ---- hits ---- */

static enum err keep_line(struct finding_batch *b, const struct finding_work *w, const struct hit_report *h,
                          struct fault *reterr)
{
    if (w->count >= FINDING_EVIDENCE_MAX)
        return OK;
    if (!finding_room((void **)&b->kept, &b->kept_cap, b->kept_count, sizeof *b->kept))
        return fault_set(reterr, ERR_NOMEM, "no memory for evidence");
    struct text line = finding_clean(&b->arena, h->text, EVIDENCE_LINE_MAX_BYTES);
    if (!line.ptr)
        return fault_set(reterr, ERR_NOMEM, "no memory for evidence");
    b->kept[b->kept_count++] = (struct kept_line){{w->id, h->line, h->offset, h->seen_us}, line};
    return OK;
}

/* By its own word, else by the lifetime that is assumed of the kind of value that was looked for. */
static enum err is_over(struct finding_batch *b, const struct hit_indicator *ind, const struct hit_report *h,
                        bool *ret, struct fault *reterr)
{
    const struct lifetime_ask ask = {
        .indicator = ind->uuid, .source = ind->source, .kind = h->kind, .said_us = ind->said_us};
    struct lifetime l;
    *ret = ind->has_valid_until && ind->valid_until_us <= h->seen_us;
    if (ind->has_valid_until)
        return OK;
    enum err e = lifetime_of(txn_view(b->t), &b->lifetimes, &ask, &l, reterr);
    *ret = e == OK && l.ends && l.until_us <= h->seen_us;
    return e;
}

static enum err note_client(struct finding_batch *b, struct finding_work *w, struct text client)
{
    for (size_t i = 0; i < w->client_count; i++)
        if (text_eq(w->clients[i], client))
            return OK;
    if (!client.len || w->client_count == ARRAY_LEN(w->clients))
        return OK;
    struct text kept = arena_text(&b->arena, client);
    if (!kept.ptr)
        return ERR_NOMEM;
    w->clients[w->client_count++] = kept;
    return OK;
}

static enum err take_hit(struct finding_batch *b, const struct hit_report *h, struct fault *reterr)
{
    size_t at = 0;
    enum err e = indicator_of(b, h->indicator, &at, reterr);
    if (e != OK)
        return e;
    const struct hit_indicator *ind = &b->indicators[at];
    bool over = ind->gone;
    if (!over)
        e = is_over(b, ind, h, &over, reterr);
    if (e != OK || over)
        return e;
    struct finding_work *w = work_for(b, h, &ind->uuid);
    if (!w)
        e = add_work(b, h, at, &w, reterr);
    if (e != OK || !w)
        return e;
    e = keep_line(b, w, h, reterr);
    if (e != OK)
        return e;
    const int64_t last_us = h->last_us > h->seen_us ? h->last_us : h->seen_us;
    w->count += h->times ? h->times : 1;
    b->accepted++;
    if (h->seen_us < w->first_us)
        w->first_us = h->seen_us;
    if (last_us > w->last_us)
        w->last_us = last_us;
    return note_client(b, w, h->client) ? fault_set(reterr, ERR_NOMEM, "no memory for findings") : OK;
}

/* ---- incidents by rule ---- */

/* An open incident of the rule among this batch's findings and those held. */
static enum err find_incident(struct finding_batch *b, const struct finding_work *w, const struct incident_rule *rule,
                              struct uuid *ret, struct fault *reterr)
{
    bool matches = false;
    enum err e = OK;
    for (size_t i = 0; e == OK && i < b->work_count; i++) {
        const struct finding_work *other = &b->works[i];
        if (uuid_is_zero(&other->incident) || !uuid_eq(&other->organisation, &w->organisation) ||
            !in_window(other->last_us, w->first_us))
            continue;
        e = incident_matches(b->t, &other->incident, rule, &matches, reterr);
        if (e == OK && matches) {
            *ret = other->incident;
            return OK;
        }
    }
    if (e == OK)
        e = read_rows(b, &b->with_incident, 255, keep_with_incident, reterr);
    for (size_t i = 0; e == OK && i < b->with_incident.count; i++) {
        const struct finding_row *r = &b->with_incident.rows[i];
        if (!uuid_eq(&r->organisation, &w->organisation) || !in_window(r->last_us, w->first_us))
            continue;
        e = incident_matches(b->t, &r->incident, rule, &matches, reterr);
        if (e == OK && matches) {
            *ret = r->incident;
            return OK;
        }
    }
    return e == OK ? ERR_NOT_FOUND : e;
}

static enum err open_incident(struct finding_batch *b, struct finding_work *w, const struct incident_rule *rule,
                              struct fault *reterr)
{
    char *name = arena_printf(&b->arena, "Findings at " TEXT_FMT, TEXT_ARG(w->organisation_name));
    char *words =
        arena_printf(&b->arena, "source " TEXT_FMT ": a finding opens an incident", TEXT_ARG(rule->source_name));
    if (!name || !words)
        return fault_set(reterr, ERR_NOMEM, "no memory for an incident");
    struct incident_open o = {.name = text_of(name),
                              .findings = &w->id,
                              .finding_count = 1,
                              .account = b->batch->account,
                              .rule = text_of(words)};
    enum err e = incident_append(b->t, &o, rule, &w->incident, reterr);
    w->incident_opened = e == OK;
    return e;
}

static enum err apply_rule(struct finding_batch *b, struct finding_work *w, struct fault *reterr)
{
    const struct uuid *source = &w->source;
    if (!w->fresh || w->silenced || uuid_is_zero(&w->organisation) || uuid_is_zero(source))
        return OK;
    struct fact_source f;
    enum err e = view_source(txn_view(b->t), source, &f, reterr);
    if (e != OK || !f.incident_rule)
        return e == ERR_NOT_FOUND ? OK : e;
    struct incident_rule rule = {.source = *source,
                                 .organisation = w->organisation,
                                 .organisation_name = w->organisation_name,
                                 .source_name = arena_text(&b->arena, f.name)};
    if (!rule.source_name.ptr)
        return fault_set(reterr, ERR_NOMEM, "no memory for an incident");
    e = find_incident(b, w, &rule, &w->incident, reterr);
    return e == ERR_NOT_FOUND ? open_incident(b, w, &rule, reterr) : e;
}

/* ---- appending ---- */

enum err finding_batch_append_works(struct finding_batch *b, struct fault *reterr)
{
    for (size_t i = 0; i < b->work_count; i++) {
        struct finding_work *w = &b->works[i];
        enum err e = apply_rule(b, w, reterr);
        if (e == OK)
            e = finding_append(b->t, w, &b->batch->account, reterr);
        if (e != OK)
            return e;
    }
    return OK;
}

/* To a hub each finding is told; of its indicators it alone is told. */
static enum err tell_hub(struct finding_batch *b, struct finding_work *w, bool *ret_hub, struct fault *reterr)
{
    enum err e = sighting_for_hub(b->t, &b->indicators[w->indicator_at], w, &b->batch->account, ret_hub, reterr);
    if (e == OK && *ret_hub)
        w->sighting_made = true;
    return e;
}

/* Once an indicator, however many organisations it was seen at. */
static enum err append_sightings(struct finding_batch *b, struct fault *reterr)
{
    for (size_t i = 0; i < b->work_count; i++) {
        size_t at = b->works[i].indicator_at, before = 0;
        bool made = false;
        bool hub = false;
        if (b->works[i].silenced)
            continue;
        enum err e = tell_hub(b, &b->works[i], &hub, reterr);
        if (e != OK)
            return e;
        if (hub)
            continue;
        while (before < i && (b->works[before].silenced || b->works[before].indicator_at != at))
            before++;
        if (before < i) {
            b->works[i].sighting_made = b->works[before].sighting_made;
            continue;
        }
        e = sighting_update(b->t, &b->indicators[at], &b->batch->account, &made, reterr);
        if (e != OK)
            return e;
        b->works[i].sighting_made = made;
    }
    return OK;
}

enum err finding_batch_append_lines(struct finding_batch *b, struct fault *reterr)
{
    struct fact_hit *hits = arena_alloc(&b->arena, (b->kept_count + 1) * sizeof *hits);
    if (!hits)
        return fault_set(reterr, ERR_NOMEM, "no memory for evidence");
    struct buffer body;
    buffer_init(&body, LOG_RECORD_MAX_BYTES);
    struct json_out o = json_out_to(&body);
    json_open(&o, '[');
    for (size_t i = 0; i < b->kept_count; i++) {
        hits[i] = b->kept[i].hit;
        json_open(&o, '{');
        json_member_i64(&o, "line", (int64_t)hits[i].line);
        json_member_i64(&o, "offset", (int64_t)hits[i].offset);
        json_member_text(&o, "text", b->kept[i].text);
        json_close(&o, '}');
    }
    json_close(&o, ']');
    struct fact f = {.kind = FACT_HITS};
    f.u.hits = (struct fact_hits){.account = b->batch->account,
                                  .file = b->batch->file,
                                  .follow_key = b->batch->follow_key,
                                  .follow_offset = b->follow_offset,
                                  .follow_line = b->follow_line,
                                  .hits = hits,
                                  .hit_count = b->kept_count,
                                  .prints = b->prints,
                                  .print_count = b->print_count};
    enum err e = buffer_error(&body);
    if (e == OK)
        e = txn_append(b->t, &f, buffer_text(&body), TEXT_NONE, reterr);
    else
        fault_set(reterr, e, "no room for evidence");
    buffer_done(&body);
    return e;
}

enum err finding_batch_write(struct txn *t, void *self, struct fault *reterr)
{
    struct finding_batch *b = self;
    const struct hit_batch *batch = b->batch;
    uint64_t known_offset = 0, known_line;
    enum err e = OK;
    b->t = t;
    finding_batch_forget(b);
    e = lifetime_rules_load(node_home(txn_node(t)), &b->lifetimes, reterr);
    if (e == OK)
        e = rulings_load(txn_view(t), txn_now_us(t), &b->arena, &b->rulings, reterr);
    if (e == OK && batch->follow_key.len > 0) {
        e = view_followed(txn_view(t), batch->follow_key, &known_offset, &known_line, reterr);
        if (e == ERR_NOT_FOUND)
            e = OK;
    }
    for (size_t i = b->from; e == OK && i < b->until; i++)
        if (batch->hits[i].offset >= known_offset)
            e = take_hit(b, &batch->hits[i], reterr);
    if (e != OK || b->accepted == 0)
        return e;
    e = finding_batch_append_works(b, reterr);
    if (e == OK)
        e = append_sightings(b, reterr);
    return e == OK ? finding_batch_append_lines(b, reterr) : e;
}
