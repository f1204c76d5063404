/* desk/named.c - see named.h. */
#include "desk/named.h"

#include <stdlib.h>

#include "base/time.h"
#include "desk/finding_batch.h"

#define NAMED_ARENA_BYTES (64 * MIB)
#define TITLE_MAX_BYTES   (2 * KIB)
#define WORDS_MAX_BYTES   (2 * KIB)
/* Findings of one indicator at one organisation that are looked through for the named one. */
#define FINDINGS_LOOKED_AT 1000
/* Findings of one write when the register changed. */
#define LOOK_BACK_GROUP 256

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory to look for our own values");
}

void named_init(struct named_list *l, struct node *node)
{
    *l = (struct named_list){.node = node};
    arena_init(&l->arena, NAMED_ARENA_BYTES);
}

void named_clear(struct named_list *l)
{
    l->count = 0;
    arena_reset(&l->arena);
}

void named_done(struct named_list *l)
{
    free(l->entries);
    suppress_free(l->suppress);
    arena_done(&l->arena);
}

/* ---- whom it names ---- */

static bool in_list(const struct named_list *l, const struct uuid *indicator, const struct uuid *organisation)
{
    for (size_t i = l->count; i-- > 0;)
        if (uuid_eq(&l->entries[i].indicator, indicator) && uuid_eq(&l->entries[i].organisation, organisation))
            return true;
    return false;
}

/* "name: description" of the body. */
static struct text words_of(struct arena *arena, struct text body)
{
    struct json_doc *doc;
    struct buffer words;
    if (json_parse(body, &doc, NULL) != OK)
        return TEXT_NONE;
    struct text name = json_text(json_get(json_root(doc), "name"));
    struct text description = json_text(json_get(json_root(doc), "description"));
    buffer_init(&words, STIX_OBJECT_MAX_BYTES);
    buffer_add(&words, name);
    buffer_add(&words, name.len > 0 && description.len > 0 ? TEXT(": ") : TEXT_NONE);
    buffer_add(&words, description);
    struct text t = finding_clean(arena, buffer_text(&words), WORDS_MAX_BYTES);
    buffer_done(&words);
    json_free(doc);
    return t;
}

static enum err add_entry(struct named_list *l, const struct named_indicator *i, const struct fact_value *v,
                          const struct organisation *o)
{
    if (!finding_room((void **)&l->entries, &l->cap, l->count, sizeof *l->entries))
        return ERR_NOMEM;
    struct named_entry e = {
        .indicator = i->uuid, .organisation = o->id, .source = i->source, .label = i->label, .kind = v->kind};
    e.value = finding_clean(&l->arena, v->value, TITLE_MAX_BYTES);
    e.organisation_name = finding_clean(&l->arena, o->name, TITLE_MAX_BYTES);
    if (!e.value.ptr || !e.organisation_name.ptr)
        return ERR_NOMEM;
    e.words = words_of(&l->arena, i->body);
    l->entries[l->count++] = e;
    return OK;
}

static const struct organisation *owner_of(const struct constituency *owners, uint8_t kind, struct text value)
{
    if (kind < VALUE_DOMAIN || kind > VALUE_EMAIL)
        return NULL;
    return constituency_who(owners, value).organisation;
}

static enum err is_suppressed(struct named_list *l, const struct named_indicator *i, const struct fact_value *v,
                              bool *ret, struct fault *reterr)
{
    struct view *view;
    enum err e = l->suppress ? OK : node_reader(l->node, &view, reterr);
    if (e == OK && !l->suppress) {
        e = suppress_load(l->node, view, &l->suppress, reterr);
        node_reader_done(l->node, view);
    }
    if (e == OK)
        *ret = suppress_indicator(l->suppress, &i->uuid, (enum value_kind)v->kind, v->value).why != SUPPRESS_NOT;
    return e;
}

enum err named_look(struct named_list *l, const struct constituency *owners, const struct named_indicator *i,
                    struct fault *reterr)
{
    for (size_t k = 0; k < i->value_count; k++) {
        const struct organisation *o = owner_of(owners, i->values[k].kind, i->values[k].value);
        bool suppressed = false;
        if (!o || in_list(l, &i->uuid, &o->id))
            continue;
        enum err e = is_suppressed(l, i, &i->values[k], &suppressed, reterr);
        if (e == OK && !suppressed && add_entry(l, i, &i->values[k], o) != OK)
            e = no_memory(reterr);
        if (e != OK)
            return e;
    }
    return OK;
}

/* ---- findings ---- */

static enum err is_there(struct txn *t, const struct named_entry *e, bool *ret, struct fault *reterr)
{
    uint64_t below = UINT64_MAX;
    *ret = false;
    for (size_t i = 0; i < FINDINGS_LOOKED_AT; i++) {
        struct finding_row row;
        enum err err = view_findings_at(txn_view(t), &e->indicator, &e->organisation, below, &row, reterr);
        if (err != OK)
            return err == ERR_NOT_FOUND ? OK : err;
        *ret = row.kind == FINDING_NAMED;
        if (*ret)
            return OK;
        below = row.number;
    }
    return OK;
}

static enum err add_work(struct finding_batch *b, const struct named_entry *e, int64_t now_us)
{
    if (!finding_room((void **)&b->works, &b->work_cap, b->work_count, sizeof *b->works))
        return ERR_NOMEM;
    b->works[b->work_count++] = (struct finding_work){.id = uuid_random(),
                                                      .indicator = e->indicator,
                                                      .organisation = e->organisation,
                                                      .organisation_name = e->organisation_name,
                                                      .fresh = true,
                                                      .first_us = now_us,
                                                      .last_us = now_us,
                                                      .count = 1,
                                                      .value = e->value,
                                                      .kind = text_of(value_kind_name((enum value_kind)e->kind)),
                                                      .finding_kind = FINDING_NAMED,
                                                      .source = e->source,
                                                      .label = e->label,
                                                      .words = e->words};
    return OK;
}

static enum err append_entries(struct finding_batch *b, struct named_list *l, struct fault *reterr)
{
    for (size_t i = 0; i < l->count; i++) {
        bool there = false;
        enum err e = is_there(b->t, &l->entries[i], &there, reterr);
        if (e != OK)
            return e;
        l->entries[i].number = !there;
        if (!there && add_work(b, &l->entries[i], txn_now_us(b->t)) != OK)
            return no_memory(reterr);
    }
    enum err e = finding_batch_append_works(b, reterr);
    for (size_t i = 0, k = 0; e == OK && i < l->count; i++)
        if (l->entries[i].number)
            l->entries[i].number = b->works[k++].number;
    return e;
}

enum err named_append(struct txn *t, struct named_list *l, const struct uuid *account, struct fault *reterr)
{
    const struct hit_batch hits = {.account = *account};
    struct finding_batch b = {.batch = &hits, .t = t};
    if (l->count == 0)
        return OK;
    arena_init(&b.arena, NAMED_ARENA_BYTES);
    enum err e = append_entries(&b, l, reterr);
    finding_batch_done(&b);
    return e;
}

/* ---- when the register changed ---- */

struct candidate {
    uint64_t n; /* entry of the version */
    struct uuid organisation;
    uint8_t kind;
    struct text value;
};
struct look_back {
    const struct constituency *owners;
    struct uuid identity, account;
    int64_t now_us;
    struct arena arena;
    struct candidate *list;
    size_t count, cap, from;
    struct named_list named;
};

static enum err on_value(void *self, const struct indicator_row *row)
{
    struct look_back *b = self;
    if (row->revoked || (row->has_valid_until && row->valid_until_us <= b->now_us) ||
        uuid_eq(&row->party, &b->identity))
        return OK;
    const struct organisation *o = owner_of(b->owners, (uint8_t)row->kind, row->value);
    if (!o)
        return OK;
    if (!finding_room((void **)&b->list, &b->cap, b->count, sizeof *b->list))
        return ERR_NOMEM;
    struct candidate c = {.n = row->n, .organisation = o->id, .kind = (uint8_t)row->kind};
    c.value = arena_text(&b->arena, row->value);
    if (!c.value.ptr)
        return ERR_NOMEM;
    b->list[b->count++] = c;
    return OK;
}

/* Looked at once more on the writer's view: it may count no longer. */
static enum err look_again(struct txn *t, struct look_back *b, const struct candidate *c, struct buffer *body,
                           struct fault *reterr)
{
    struct version_row row;
    struct ident ident;
    struct gate_class cls;
    enum err e = view_by_entry(txn_view(t), c->n, &row, reterr);
    if (e != OK || row.standing != STANDING_CURRENT || ident_parse(row.id, &ident, NULL) != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    struct named_indicator i = {.uuid = ident.uuid, .source = row.source, .value_count = 1};
    const struct fact_value value = {c->kind, c->value};
    const struct place place = row.body;
    e = view_class(txn_view(t), row.class_id, &cls, reterr);
    if (e != OK || cls.quarantined || cls.ours)
        return e;
    buffer_clear(body);
    e = txn_body(t, place, body, reterr);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e; /* erased */
    i.label = gate_class_label(&cls);
    i.values = &value;
    i.body = buffer_text(body);
    return named_look(&b->named, b->owners, &i, reterr);
}

static enum err write_group(struct txn *t, void *self, struct fault *reterr)
{
    struct look_back *b = self;
    struct buffer body;
    enum err e = OK;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    named_clear(&b->named);
    for (size_t i = b->from; e == OK && i < b->count && i < b->from + LOOK_BACK_GROUP; i++)
        e = look_again(t, b, &b->list[i], &body, reterr);
    buffer_done(&body);
    return e == OK ? named_append(t, &b->named, &b->account, reterr) : e;
}

static enum err collect(struct node *node, struct look_back *b, struct constituency **ret_owners,
                        struct fault *reterr)
{
    struct view *v;
    enum err e = node_reader(node, &v, reterr);
    if (e != OK)
        return e;
    e = constituency_load(node, v, ret_owners, reterr);
    b->owners = *ret_owners;
    if (e == OK && constituency_size(b->owners) > 0) {
        e = view_indicators(v, 0, on_value, b, reterr);
        if (e == ERR_NOMEM)
            no_memory(reterr);
    }
    node_reader_done(node, v);
    return e;
}

enum err named_look_back(struct node *node, const struct uuid *account,
                         void (*on_named)(void *self, const struct named_news *news), void *self, uint64_t *ret_count,
                         struct fault *reterr)
{
    struct constituency *owners = NULL;
    struct look_back b = {.identity = node_genesis(node)->identity, .account = *account, .now_us = clock_now_us()};
    arena_init(&b.arena, GIB);
    named_init(&b.named, node);
    *ret_count = 0;
    enum err e = collect(node, &b, &owners, reterr);
    for (; e == OK && b.from < b.count; b.from += LOOK_BACK_GROUP) {
        e = node_write(node, write_group, &b, reterr);
        for (size_t i = 0; e == OK && i < b.named.count; i++) {
            const struct named_entry *n = &b.named.entries[i];
            const struct named_news news = {n->number, n->value, n->organisation_name};
            *ret_count += n->number != 0;
            if (n->number && on_named)
                on_named(self, &news);
        }
    }
    named_done(&b.named);
    free(b.list);
    arena_done(&b.arena);
    constituency_unref(owners);
    return e;
}
