/* desk/reclass.c - see reclass.h. Candidates are found on a reading view, a batch at a time; the writer looks again
 * whether each still stands as it was found. */
#include "desk/reclass.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "desk/holding.h"
#include "desk/marks.h"
#include "desk/own.h"

/* Versions looked at between two breaths, and appended in one write. */
#define BATCH       128
#define BATCH_BYTES (32 * MIB)

/* ---- one class ---- */

bool red_is_quarantined(const struct gate_class *cls, bool agreement_names_accounts)
{
    return !cls->ours && !cls->protocol_object && gate_class_label(cls) == TLP_RED && !agreement_names_accounts;
}

struct looking {
    struct node *node;
    struct view *v;
    struct portion_cache *cache;
    const struct uuid *party; /* of the object at hand */
};

static enum err look_up(void *self, struct text id, struct gate_portion *ret, struct fault *reterr)
{
    struct looking *l = self;
    (void)reterr;
    portion_look_up(l->cache, l->v, id, l->party, ret);
    return OK;
}

/* The class that the body's markings give now. A label filled in when it came in stays. */
static enum err class_now(struct looking *l, struct text body, const struct gate_class *before,
                          struct gate_class *ret, struct fault *reterr)
{
    struct gate_class c = *before;
    enum tlp said = TLP_NONE;
    struct json_doc *doc;
    enum err e = json_parse(body, &doc, reterr);
    if (e != OK)
        return e;
    marks_begin(&c);
    const struct json_val *refs = json_get(json_root(doc), "object_marking_refs");
    for (struct json_iter it = json_iter_of(refs); e == OK && json_next(&it);)
        e = marks_add(&c, json_text(it.val), &said, look_up, l, reterr);
    json_free(doc);
    marks_label(&c, said, TLP_NONE);
    if (e == OK)
        e = marks_inside(&c, body, look_up, l, reterr);
    bool red_now = gate_class_label(before) != TLP_RED && red_is_quarantined(&c, false);
    c.quarantined = before->quarantined || red_now || c.terms.classification > node_ceiling(l->node);
    *ret = c;
    return e;
}

static enum err key_of(const struct gate_class *cls, struct buffer *key, struct fault *reterr)
{
    buffer_clear(key);
    gate_class_key(cls, key);
    return buffer_error(key) ? fault_set(reterr, buffer_error(key), "no memory for a class") : OK;
}

/* ---- appending ---- */

struct change {
    uint64_t n;
    bool stays;       /* where it stands; else where it belongs among those that are held */
    struct text key;  /* of its new class; in the arena */
    struct fact fact; /* the old entry's; in the arena */
};
struct changes {
    struct node *node;
    struct change list[BATCH];
    size_t count;
    uint64_t appended;
    struct uuid account;
    struct text act, subject, reason; /* act empty: none */
    struct arena arena;
};

static void changes_clear(struct changes *c)
{
    arena_reset(&c->arena);
    c->count = 0;
}

static enum err changes_add(struct changes *c, const struct version_row *row, bool stays, struct text key,
                            struct fault *reterr)
{
    struct log_read read;
    struct change one = {.n = row->n, .stays = stays, .key = arena_text(&c->arena, key)};
    enum err e = one.key.ptr ? node_entry(c->node, row->n, &c->arena, &read, reterr)
                             : fault_set(reterr, ERR_NOMEM, "no memory for a class");
    if (e == OK)
        e = fact_decode(&read, &c->arena, &one.fact, reterr);
    if (e == OK && one.fact.kind != FACT_OBJECT)
        e = fault_set(reterr, ERR_MALFORMED, "entry %llu holds no object", (unsigned long long)row->n);
    if (e == OK)
        c->list[c->count++] = one;
    return e;
}

/* Where a version stands, under its new class, among those that are held. */
static enum err find_place(struct holding *h, uint64_t n, const struct gate_class *cls, struct fact_object *f,
                           struct fault *reterr)
{
    for (size_t i = 0; i < h->count; i++) {
        if (h->rows[i].version.n != n)
            continue;
        h->rows[i].version.aside = false;
        h->rows[i].version.cls = cls;
    }
    enum err e = holding_arrange(h, reterr);
    for (size_t i = 0; e == OK && i < h->count; i++)
        if (h->rows[i].version.n == n)
            f->standing = h->rows[i].version.standing;
    /* its old entry is replaced, whatever it is found to be */
    struct fact_standing *list = (struct fact_standing *)(uintptr_t)h->changes.list; /* from the holding's arena */
    size_t kept = 0;
    for (size_t i = 0; i < h->changes.count; i++)
        if (list[i].n != n)
            list[kept++] = list[i];
    f->standings = (struct fact_standings){list, kept};
    return e;
}

/* As txn_append(), and what comes to count by it. */
static enum err append_in_place(struct txn *t, const struct change *one, struct fact *f, struct text body,
                                struct text original, struct fault *reterr)
{
    struct holding h;
    struct gate_class cls;
    struct buffer key;
    buffer_init(&key, GATE_CLASS_KEY_MAX);
    enum err e = holding_load(&h, t, f->u.object.id, reterr);
    if (e == OK)
        e = gate_class_parse(one->key, &cls);
    if (e == OK)
        e = find_place(&h, one->n, &cls, &f->u.object, reterr);
    bool counts = e == OK && f->u.object.standing == STANDING_CURRENT;
    if (counts) { /* what the other forms of its moment restrict stays; quarantine is what the change says */
        h.result.cls.quarantined = cls.quarantined;
        e = key_of(&h.result.cls, &key, reterr);
        f->u.object.class_key = buffer_text(&key);
    }
    f->u.object.supersedes = counts && h.current != UINT64_MAX;
    if (e == OK)
        e = txn_append(t, f, body, original, reterr);
    if (e == OK && h.promoted && h.promoted->version.n != one->n)
        e = holding_promote(&h, &f->u.object.account, reterr);
    holding_done(&h);
    buffer_done(&key);
    return e;
}

static enum err append_change(struct txn *t, const struct changes *c, const struct change *one, struct fault *reterr)
{
    struct version_row row;
    struct buffer body, original;
    enum err e = view_by_entry(txn_view(t), one->n, &row, reterr);
    bool moved = one->stays ? row.standing == STANDING_REPLACED
                            : row.standing != STANDING_CURRENT && row.standing != STANDING_QUARANTINED;
    if (e == ERR_NOT_FOUND || (e == OK && moved))
        return OK; /* meanwhile erased, in the log once more, or another version counts */
    if (e != OK)
        return e;
    bool has_original = row.original.segment != UINT32_MAX;
    struct place at[2] = {row.body, row.original};
    enum standing standing = row.standing;
    buffer_init(&body, LOG_RECORD_MAX_BYTES);
    buffer_init(&original, LOG_RECORD_MAX_BYTES);
    e = txn_body(t, at[0], &body, reterr);
    if (e == OK && has_original)
        e = txn_body(t, at[1], &original, reterr);
    if (e == OK) {
        struct fact f = one->fact;
        f.u.object.class_key = one->key;
        f.u.object.standing = standing;
        f.u.object.supersedes = false;
        f.u.object.replaces = one->n + 1;
        f.u.object.account = c->account;
        f.u.object.standings = (struct fact_standings){0}; /* what it changed then was changed then */
        e = one->stays && standing == STANDING_QUARANTINED
                ? txn_append(t, &f, buffer_text(&body), buffer_text(&original), reterr)
                : append_in_place(t, one, &f, buffer_text(&body), buffer_text(&original), reterr);
    }
    buffer_done(&body);
    buffer_done(&original);
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err append_changes(struct txn *t, void *self, struct fault *reterr)
{
    const struct changes *c = self;
    enum err e = c->act.len ? own_act(t, &c->account, c->act.ptr, c->subject, c->reason, reterr) : OK;
    for (size_t i = 0; e == OK && i < c->count; i++)
        e = append_change(t, c, &c->list[i], reterr);
    return e;
}

/* Some large ones fit no write together: one after the other then. */
static enum err changes_write(struct changes *c, struct fault *reterr)
{
    if (c->count == 0)
        return OK;
    enum err e = node_write(c->node, append_changes, c, reterr);
    if (e == ERR_LIMIT && c->count > 1) {
        size_t count = c->count;
        struct change first = c->list[0];
        e = OK;
        for (size_t i = 0; e == OK && i < count; i++) {
            c->list[0] = i ? c->list[i] : first;
            c->count = 1;
            e = node_write(c->node, append_changes, c, reterr);
        }
        c->count = count;
    }
    if (e == OK)
        c->appended += c->count;
    return e;
}

/* ---- by definitions ---- */

struct wanted {
    struct looking look;
    const struct reclass_request *q;
    bool ours; /* the definitions are our own word */
    struct changes changes;
    struct buffer body, key, old_key;
    char (*ids)[UUID_TEXT_MAX];
};

static bool class_may_change(const struct wanted *w, const struct gate_class *c)
{
    bool theirs = w->ours || uuid_eq(&c->party, &w->q->party);
    return theirs && !c->internal_only && !c->protocol_object && !c->bare &&
           (c->unknown_marking || c->granular || w->q->changed);
}

static bool names_one(const struct wanted *w, struct text body)
{
    for (size_t i = 0; i < w->q->count; i++)
        if (memmem(body.ptr, body.len, w->ids[i], UUID_TEXT_MAX - 1))
            return true;
    return false;
}

static enum err look_at(struct wanted *w, uint64_t n, const struct gate_class *before, struct fault *reterr)
{
    struct version_row row;
    struct gate_class now;
    enum err e = view_by_entry(w->look.v, n, &row, reterr);
    if (e != OK)
        return e;
    struct uuid party = row.party;
    buffer_clear(&w->body);
    e = node_body(w->look.node, row.body, &w->body, reterr);
    if (e == ERR_NOT_FOUND || (e == OK && !names_one(w, buffer_text(&w->body))))
        return OK;
    w->look.party = &party;
    if (e == OK)
        e = class_now(&w->look, buffer_text(&w->body), before, &now, reterr);
    if (e == OK)
        e = key_of(before, &w->old_key, reterr);
    if (e == OK)
        e = key_of(&now, &w->key, reterr);
    if (e != OK || text_eq(buffer_text(&w->key), buffer_text(&w->old_key)))
        return e;
    return changes_add(&w->changes, &row, true, buffer_text(&w->key), reterr);
}

/* Looks at the next versions of the class, from *n on; *ret_more false: they were the last. */
static enum err look_at_some(struct wanted *w, const struct class_row *row, enum standing standing, uint64_t *n,
                             bool *ret_more, struct fault *reterr)
{
    uint64_t entries[BATCH];
    size_t count = 0;
    enum err e = node_reader(w->look.node, &w->look.v, reterr);
    if (e != OK)
        return e;
    e = view_in_class(w->look.v, row->class_id, standing, *n, entries, BATCH, &count, reterr);
    changes_clear(&w->changes);
    for (size_t i = 0; e == OK && i < count; i++)
        e = look_at(w, entries[i], &row->cls, reterr);
    node_reader_done(w->look.node, w->look.v);
    if (e == OK)
        e = changes_write(&w->changes, reterr);
    *ret_more = count == BATCH;
    if (count)
        *n = entries[count - 1] + 1;
    return e;
}

struct classes {
    struct class_row *list;
    size_t count, cap;
    const struct wanted *w;
};

static enum err keep_class(void *self, const struct class_row *row)
{
    struct classes *c = self;
    if (!class_may_change(c->w, &row->cls))
        return OK;
    if (c->count == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 16;
        struct class_row *list = realloc(c->list, cap * sizeof *list);
        if (!list)
            return ERR_NOMEM;
        c->list = list;
        c->cap = cap;
    }
    c->list[c->count++] = *row;
    return OK;
}

static enum err collect_classes(const struct wanted *w, struct classes *ret, struct fault *reterr)
{
    struct view *v;
    enum err e = node_reader(w->look.node, &v, reterr);
    if (e != OK)
        return e;
    ret->w = w;
    e = view_classes(v, keep_class, ret, reterr);
    node_reader_done(w->look.node, v);
    return e == ERR_NOMEM ? fault_set(reterr, e, "no memory for classes") : e;
}

/* What does not count today is shown to who asks for every version, or may come to count tomorrow. */
static const enum standing held[] = {STANDING_CURRENT,  STANDING_OLDER,     STANDING_CLAIM,
                                     STANDING_CONFLICT, STANDING_RENDITION, STANDING_QUARANTINED};

static enum err look_through_class(struct wanted *w, const struct class_row *row, enum standing standing,
                                   struct fault *reterr)
{
    enum err e = OK;
    bool more = true;
    for (uint64_t n = 0; e == OK && more;) {
        if (w->q->cancel && atomic_load(w->q->cancel))
            return fault_set(reterr, ERR_CANCELLED, "stopped on request");
        e = look_at_some(w, row, standing, &n, &more, reterr);
    }
    return e;
}

static enum err look_through(struct wanted *w, struct fault *reterr)
{
    struct classes classes = {0};
    enum err e = collect_classes(w, &classes, reterr);
    for (size_t i = 0; e == OK && i < classes.count; i++)
        for (size_t k = 0; e == OK && k < ARRAY_LEN(held); k++)
            e = look_through_class(w, &classes.list[i], held[k], reterr);
    free(classes.list);
    return e;
}

enum err reclass_by_definitions(struct node *node, const struct reclass_request *q, uint64_t *ret_count,
                                struct fault *reterr)
{
    struct wanted w = {.look.node = node, .q = q};
    w.ours = uuid_eq(&q->party, &node_genesis(node)->identity);
    w.changes.node = node;
    w.changes.account = q->account;
    arena_init(&w.changes.arena, BATCH_BYTES);
    buffer_init(&w.body, STIX_OBJECT_MAX_BYTES);
    buffer_init(&w.key, GATE_CLASS_KEY_MAX);
    buffer_init(&w.old_key, GATE_CLASS_KEY_MAX);
    w.ids = calloc(q->count + 1, sizeof *w.ids);
    enum err e = w.ids ? portion_cache_new(node, &w.look.cache) : ERR_NOMEM;
    if (e != OK)
        fault_set(reterr, e, "no memory to look through objects");
    for (size_t i = 0; e == OK && i < q->count; i++)
        uuid_format(&q->definitions[i], w.ids[i]);
    if (e == OK)
        e = look_through(&w, reterr);
    portion_cache_free(w.look.cache);
    free(w.ids);
    buffer_done(&w.body);
    buffer_done(&w.key);
    buffer_done(&w.old_key);
    arena_done(&w.changes.arena);
    *ret_count = w.changes.appended;
    return e;
}

/* ---- out of quarantine ---- */

enum letting { LET_OUT, PROPOSAL_ACCEPT, PROPOSAL_REFUSE };
struct letting_out {
    enum letting how;
    struct looking look;
    struct changes changes;
    struct buffer key;
    struct fault *reterr;
};

static enum err let_out(void *self, const struct version_row *row)
{
    struct letting_out *l = self;
    struct gate_class cls;
    if (row->standing != STANDING_CURRENT && row->standing != STANDING_QUARANTINED)
        return OK;
    struct version_row kept = *row;
    enum err e = view_class(l->look.v, row->class_id, &cls, l->reterr);
    if (e != OK || !cls.quarantined)
        return e;
    if (cls.terms.classification > node_ceiling(l->look.node))
        return fault_set(l->reterr, ERR_DENIED,
                         "it is classified above what this node may hold: it is not let out; erase it, or raise the "
                         "ceiling where the node is accredited for more");
    if (l->changes.count == BATCH)
        return fault_set(l->reterr, ERR_LIMIT, "more than %d versions of it are in quarantine", BATCH);
    if (l->how != LET_OUT && (!cls.proposed || cls.refused))
        return OK;
    if (l->how == PROPOSAL_REFUSE)
        cls.refused = true;
    else
        cls.proposed = cls.refused = cls.quarantined = false;
    if (l->how == PROPOSAL_ACCEPT)
        cls.quarantined = red_is_quarantined(&cls, false);
    bool stays = row->standing == STANDING_CURRENT;
    e = key_of(&cls, &l->key, l->reterr);
    if (e == OK)
        e = changes_add(&l->changes, &kept, stays, buffer_text(&l->key), l->reterr);
    return e;
}

static enum err let(enum letting how, struct node *node, struct text id, const struct uuid *account,
                    struct text reason, uint64_t *ret_count, struct fault *reterr)
{
    static const char *const acts[] = {"quarantine release", "proposal accept", "proposal refuse"};
    struct letting_out l = {.how = how, .look.node = node, .reterr = reterr};
    l.changes.node = node;
    l.changes.account = *account;
    l.changes.act = text_of(acts[how]);
    l.changes.subject = id;
    l.changes.reason = reason;
    arena_init(&l.changes.arena, BATCH_BYTES);
    buffer_init(&l.key, GATE_CLASS_KEY_MAX);
    enum err e = node_reader(node, &l.look.v, reterr);
    if (e == OK) {
        e = view_versions(l.look.v, id, let_out, &l, reterr);
        node_reader_done(node, l.look.v);
    }
    if (e == OK && l.changes.count == 0)
        e = fault_set(reterr, ERR_NOT_FOUND, "nothing of " TEXT_FMT " %s", TEXT_ARG(id),
                      how == LET_OUT ? "is in quarantine" : "waits as a proposal");
    if (e == OK)
        e = changes_write(&l.changes, reterr);
    buffer_done(&l.key);
    arena_done(&l.changes.arena);
    *ret_count = e == OK ? l.changes.count : 0;
    return e;
}

enum err quarantine_release(struct node *node, struct text id, const struct uuid *account, struct text reason,
                            uint64_t *ret_count, struct fault *reterr)
{
    return let(LET_OUT, node, id, account, reason, ret_count, reterr);
}

enum err proposal_decide(struct node *node, struct text id, bool accept, const struct uuid *account,
                         struct text reason, struct fault *reterr)
{
    uint64_t count;
    return let(accept ? PROPOSAL_ACCEPT : PROPOSAL_REFUSE, node, id, account, reason, &count, reterr);
}
