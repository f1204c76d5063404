/* desk/sensed.c - see sensed.h. */
#include "desk/sensed.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "desk/finding_batch.h"
#include "desk/register.h"
#include "store/view_ask.h"

/* Values, names and addresses of one group. */
#define SENSED_ARENA_BYTES (32 * MIB)
/* What the findings of one group take, as for hits. */
#define WRITE_ARENA_BYTES (64 * MIB)
/* Versions of an indicator that are asked for a release to the party, the newest first. */
#define VERSIONS_ASKED 64

static const char no_sighting[] = "no sighting of a sensor: first_seen, last_seen, count and sighting_of_ref";
static const char not_given[] = "not of an indicator that was given to this sensor";
static const char another[] = "speaks of another organisation than this sensor's";
static const char not_yet[] = "says that it was seen in the future: is the sensor's clock right?";
static const char backwards[] = "says less than it said before: its count and its times only grow";
static const char too_many[] = "too many sightings at once: send the others later";
static const char too_much[] = "counts more than a sensor sees";
static const char no_owner[] = "this sensor's organisation is no longer in the register";

void sensed_init(struct sensed_list *l)
{
    *l = (struct sensed_list){0};
    arena_init(&l->arena, SENSED_ARENA_BYTES);
}

void sensed_clear(struct sensed_list *l)
{
    l->count = l->fresh = 0;
    l->pending = false;
    arena_reset(&l->arena);
}

void sensed_done(struct sensed_list *l)
{
    free(l->entries);
    arena_done(&l->arena);
}

/* ---- what it says ---- */

struct said {
    struct text indicator, value, kind;
    const struct json_val *clients, *places;
    int64_t first_us, last_us, count;
};

static bool read_time(const struct json_val *object, const char *name, int64_t *ret)
{
    struct stamp at;
    if (stamp_parse(json_text(json_get(object, name)), &at, NULL) != OK)
        return false;
    *ret = stamp_us(at);
    return true;
}

static bool read_said(const struct json_val *object, struct said *ret)
{
    const struct json_val *ext = json_get(json_get(object, "extensions"), EXT_SENSED);
    *ret = (struct said){.indicator = json_text(json_get(object, "sighting_of_ref")),
                         .value = json_text(json_get(ext, SENSED_VALUE)),
                         .kind = json_text(json_get(ext, SENSED_KIND)),
                         .clients = json_get(ext, SENSED_CLIENTS),
                         .places = json_get(object, "where_sighted_refs")};
    return read_time(object, "first_seen", &ret->first_us) && read_time(object, "last_seen", &ret->last_us) &&
           ret->first_us <= ret->last_us && json_i64(json_get(object, "count"), &ret->count) && ret->count > 0 &&
           ret->indicator.len < IDENT_TEXT_MAX && text_starts(ret->indicator, TEXT("indicator--"));
}

/* ---- may it say so ---- */

static bool is_its_place(const struct sensed_list *l, struct text id)
{
    struct ident parts;
    return ident_parse(id, &parts, NULL) == OK && uuid_eq(&parts.uuid, &l->organisation);
}

/* Its own organisation alone, and addresses of that alone. */
static bool speaks_of_itself(const struct sensed_list *l, const struct said *s)
{
    size_t count = 0;
    struct ipaddr address;
    for (struct json_iter it = json_iter_of(s->places); json_next(&it);)
        if (!is_its_place(l, json_text(it.val)))
            return false;
    for (struct json_iter it = json_iter_of(s->clients); json_next(&it);) {
        if (++count > SENSED_CLIENTS_MAX || ipaddr_parse(json_text(it.val), &address) != OK)
            return false;
        const struct register_hit who = constituency_address(l->owners, &address);
        if (who.organisation && !uuid_eq(&who.organisation->id, &l->organisation))
            return false;
    }
    return true;
}

struct versions {
    uint64_t n[VERSIONS_ASKED];
    size_t count;
};

static enum err on_version(void *self, const struct version_row *row)
{
    struct versions *v = self;
    if (v->count < VERSIONS_ASKED)
        v->n[v->count++] = row->n;
    return OK;
}

static enum err on_release(void *self, const struct release_row *row)
{
    bool *any = self;
    (void)row;
    *any = true;
    return OK;
}

static enum err was_given(const struct sensed_list *l, struct txn *t, struct text indicator, bool *ret,
                          struct fault *reterr)
{
    struct versions v = {.count = 0};
    *ret = false;
    enum err e = view_versions(txn_view(t), indicator, on_version, &v, reterr);
    for (size_t i = 0; e == OK && !*ret && i < v.count; i++)
        e = view_releases_of(txn_view(t), &l->party, v.n[i], on_release, ret, reterr);
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err judge(const struct sensed_list *l, struct txn *t, const struct said *s, const char **ret_refused,
                      struct fault *reterr)
{
    bool given = false;
    if (!constituency_by_id(l->owners, &l->organisation))
        *ret_refused = no_owner;
    else if (s->last_us > txn_now_us(t) + SENSED_AHEAD_US)
        *ret_refused = not_yet;
    else if (s->count > SENSED_COUNT_MAX)
        *ret_refused = too_much;
    else if (l->fresh >= SENSED_FRESH_MAX)
        *ret_refused = too_many;
    else if (!speaks_of_itself(l, s))
        *ret_refused = another;
    if (*ret_refused)
        return OK;
    enum err e = was_given(l, t, s->indicator, &given, reterr);
    if (e == OK && !given)
        *ret_refused = not_given;
    return e;
}

/* ---- what is new in it ---- */

/* Takes what was counted before out of it. *ret_grows false: it does not go on from there. */
static enum err take_out(struct txn *t, const struct version_row *before, struct said *s, bool *ret_grows,
                         struct fault *reterr)
{
    struct buffer body;
    struct json_doc *doc = NULL;
    struct said was;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    enum err e = txn_body(t, before->body, &body, reterr);
    if (e == OK)
        e = json_parse(buffer_text(&body), &doc, reterr);
    if (e == OK && read_said(json_root(doc), &was)) {
        *ret_grows = text_eq(was.indicator, s->indicator) && was.count <= s->count && was.last_us <= s->last_us &&
                     was.first_us >= s->first_us;
        s->count -= was.count;
        if (s->first_us == was.first_us) /* what is new follows what is known, and joins its finding */
            s->first_us = was.last_us;
    }
    json_free(doc);
    buffer_done(&body);
    return e == ERR_NOT_FOUND ? OK : e; /* erased: then all of it is new */
}

/* "3 hits on evil.example by 192.0.2.7, 192.0.2.9, told by the sensor of Hospital North" */
static struct text evidence_of(struct sensed_list *l, const struct said *s)
{
    struct buffer b;
    buffer_init(&b, EVIDENCE_LINE_MAX_BYTES);
    buffer_addf(&b, "%lld hit%s", (long long)s->count, s->count == 1 ? "" : "s");
    if (s->value.len)
        buffer_addf(&b, " on " TEXT_FMT, TEXT_ARG(text_sub(s->value, 0, KIB)));
    const char *between = " by ";
    for (struct json_iter it = json_iter_of(s->clients); json_next(&it); between = ", ")
        buffer_addf(&b, "%s" TEXT_FMT, between, TEXT_ARG(json_text(it.val)));
    buffer_addf(&b, ", told by the sensor of " TEXT_FMT, TEXT_ARG(l->name));
    struct text kept = buffer_error(&b) ? TEXT_NONE : arena_text(&l->arena, buffer_text(&b));
    buffer_done(&b);
    return kept;
}

static enum err add(struct sensed_list *l, const struct said *s)
{
    if (!finding_room((void **)&l->entries, &l->cap, l->count, sizeof *l->entries))
        return ERR_NOMEM;
    struct sensed_entry e = {.first_us = s->first_us, .last_us = s->last_us, .times = (uint64_t)s->count};
    memcpy(e.indicator, s->indicator.ptr, s->indicator.len);
    e.kind = value_kind_parse(s->kind);
    e.value = arena_text(&l->arena, s->value.len ? s->value : s->indicator);
    e.words = evidence_of(l, s);
    if (!e.value.ptr || !e.words.ptr)
        return ERR_NOMEM;
    l->entries[l->count++] = e;
    l->pending = true;
    return OK;
}

static enum err look(struct sensed_list *l, struct txn *t, const struct json_val *object,
                     const struct version_row *before, const char **ret_refused, struct fault *reterr)
{
    struct said s;
    bool grows = true;
    if (!read_said(object, &s)) {
        *ret_refused = no_sighting;
        return OK;
    }
    enum err e = judge(l, t, &s, ret_refused, reterr);
    if (e == OK && !*ret_refused && before)
        e = take_out(t, before, &s, &grows, reterr);
    if (e == OK && !grows)
        *ret_refused = backwards;
    if (e != OK || *ret_refused)
        return e;
    l->fresh += before == NULL;
    return s.count > 0 ? add(l, &s) : OK;
}

static void forget_pending(struct sensed_list *l)
{
    l->count -= l->pending;
    l->pending = false;
}

enum err sensed_look(struct sensed_list *l, struct txn *t, struct text body, const struct version_row *before,
                     const char **ret_refused, struct fault *reterr)
{
    struct json_doc *doc;
    forget_pending(l);
    *ret_refused = NULL;
    enum err e = json_parse(body, &doc, reterr);
    if (e != OK)
        return e;
    e = look(l, t, json_root(doc), before, ret_refused, reterr);
    json_free(doc);
    return e == ERR_NOMEM ? fault_set(reterr, e, "no memory for sightings") : e;
}

void sensed_keep(struct sensed_list *l)
{
    l->pending = false;
}

/* ---- findings ---- */

static int by_time(const void *a, const void *b)
{
    const struct sensed_entry *x = a, *y = b;
    return x->first_us < y->first_us ? -1 : x->first_us > y->first_us;
}

static struct hit_report report_of(const struct sensed_list *l, const struct organisation *o,
                                   const struct sensed_entry *e)
{
    return (struct hit_report){.indicator = text_of(e->indicator),
                               .organisation = l->organisation,
                               .organisation_name = o ? o->name : TEXT_NONE,
                               .value = e->value,
                               .kind = e->kind,
                               .seen_us = e->first_us,
                               .last_us = e->last_us,
                               .times = e->times,
                               .party = l->party,
                               .text = e->words};
}

enum err sensed_append(struct txn *t, struct sensed_list *l, const struct uuid *account, struct fault *reterr)
{
    forget_pending(l);
    if (!l->count)
        return OK;
    const struct organisation *o = constituency_by_id(l->owners, &l->organisation);
    struct hit_report *hits = arena_alloc(&l->arena, l->count * sizeof *hits);
    if (!hits)
        return fault_set(reterr, ERR_NOMEM, "no memory for sightings");
    qsort(l->entries, l->count, sizeof *l->entries, by_time);
    for (size_t i = 0; i < l->count; i++)
        hits[i] = report_of(l, o, &l->entries[i]);
    const struct hit_batch batch = {.file = TEXT("sensor"), .account = *account, .hits = hits, .count = l->count};
    struct finding_batch b = {.batch = &batch, .until = l->count};
    arena_init(&b.arena, WRITE_ARENA_BYTES);
    enum err e = finding_batch_write(t, &b, reterr);
    finding_batch_done(&b);
    return e;
}
