/* desk/holding.c - see holding.h.
 *
 * What comes to count late must not stand behind a recipient's cursor, so it gets an entry of its own: the same body
 * again, in place of its old entry (fact_object.replaces). That is rare: a proof that comes for what was a claim, an
 * authority that turns out to be another's. So does what another form of its moment narrows: its class is another. */
#include "desk/holding.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "model/form.h"
#include "model/stix.h"

#define HOLDING_ARENA_BYTES (256 * MIB)
#define ARRIVES             UINT64_MAX

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory for the versions of an object");
}

/* ---- loading ---- */

static void *grown(struct holding *h, const void *list, size_t count, size_t *cap, size_t size)
{
    size_t more = *cap ? *cap * 2 : 16;
    void *bigger = arena_alloc(&h->arena, more * size);
    if (!bigger)
        return NULL;
    if (count)
        memcpy(bigger, list, count * size);
    *cap = more;
    return bigger;
}

enum err holding_add_row(struct holding *h, const struct holding_row *row)
{
    if (h->count == h->cap) {
        struct holding_row *rows = grown(h, h->rows, h->count, &h->cap, sizeof *rows);
        if (!rows)
            return ERR_NOMEM;
        h->rows = rows;
    }
    h->rows[h->count++] = *row;
    return OK;
}

enum err holding_add_voucher(struct holding *h, const struct voucher_row *row)
{
    if (h->voucher_count == h->voucher_cap) {
        struct voucher_row *list = grown(h, h->vouchers, h->voucher_count, &h->voucher_cap, sizeof *list);
        if (!list)
            return ERR_NOMEM;
        h->vouchers = list;
    }
    ((struct voucher_row *)(uintptr_t)h->vouchers)[h->voucher_count++] = *row; /* ours, from grown() */
    return OK;
}

static enum err on_version(void *self, const struct version_row *v)
{
    struct holding *h = self;
    struct holding_row row = {
        .version = {.n = v->n,
                    .versioned = v->modified.len > 0,
                    .revoked = v->revoked,
                    .modified_us = v->modified_us,
                    .hash = v->hash,
                    .aside = v->standing == STANDING_QUARANTINED || v->standing == STANDING_REPLACED || v->withdrawn,
                    .party = v->party,
                    .standing = v->standing},
        .before = v->standing,
        .authority = v->authority,
        .added_us = v->added_us,
        .source = v->source,
        .class_id = v->class_id,
        .print = v->print,
        .body = v->body,
        .original = v->original};
    if (v->standing == STANDING_CURRENT)
        h->current = v->n;
    return holding_add_row(h, &row);
}

static enum err on_voucher(void *self, const struct voucher_row *row)
{
    return holding_add_voucher(self, row);
}

enum err holding_load(struct holding *h, struct txn *t, struct text id, struct fault *reterr)
{
    *h = (struct holding){.t = t, .id = id, .current = UINT64_MAX};
    arena_init(&h->arena, HOLDING_ARENA_BYTES);
    enum err e = view_versions(txn_view(t), id, on_version, h, reterr);
    return e ? e : view_vouchers(txn_view(t), id, on_voucher, h, reterr);
}

void holding_done(struct holding *h)
{
    arena_done(&h->arena);
}

/* ---- asking ---- */

const struct holding_row *holding_find(const struct holding *h, const struct sha256 *hash, uint64_t print,
                                       const struct uuid *party)
{
    const struct holding_row *found = NULL;
    for (size_t i = 0; i < h->count; i++) {
        const struct holding_row *r = &h->rows[i];
        bool own = uuid_eq(&r->version.party, party);
        bool same = print ? r->print == print && own : sha256_eq(&r->version.hash, hash);
        if (same && !r->version.aside && (!found || own))
            found = r;
    }
    return found;
}

bool holding_vouched(const struct holding *h, const struct holding_row *row, const struct uuid *party,
                     enum authority authority)
{
    for (size_t i = 0; i < h->count; i++) {
        const struct holding_row *r = &h->rows[i];
        if (!r->version.aside && uuid_eq(&r->version.party, party) && r->authority >= authority &&
            sha256_eq(&r->version.hash, &row->version.hash))
            return true;
    }
    for (size_t i = 0; i < h->voucher_count; i++)
        if (uuid_eq(&h->vouchers[i].party, party) && h->vouchers[i].authority >= authority &&
            sha256_eq(&h->vouchers[i].hash, &row->version.hash))
            return true;
    return false;
}

const struct holding_row *holding_arrived(const struct holding *h)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->rows[i].version.n == ARRIVES)
            return &h->rows[i];
    return NULL;
}

/* ---- arranging ---- */

/* What our own log has is proven to us: others will see the same time in it. */
static struct voucher own_word(const struct holding *h, const struct holding_row *r)
{
    const struct uuid *self = &node_genesis(txn_node(h->t))->identity;
    bool ours = uuid_eq(&r->version.party, self) && r->authority == AUTHORITY_SOURCE;
    return (struct voucher){r->version.party, ours ? AUTHORITY_OURS : r->authority, r->added_us};
}

/* The party's word for this content came with a proof that did not hold. */
static void take_back(struct voucher *list, size_t count, const struct uuid *party)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].authority == AUTHORITY_SOURCE && uuid_eq(&list[i].party, party))
            list[i].authority = AUTHORITY_NONE;
}

static enum err give_vouchers(struct holding *h, struct holding_row *r)
{
    size_t n = 0;
    struct voucher *list = arena_alloc(&h->arena, (h->voucher_count + 1) * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    list[n++] = own_word(h, r);
    for (size_t i = 0; i < h->voucher_count; i++) {
        const struct voucher_row *v = &h->vouchers[i];
        if (!sha256_eq(&v->hash, &r->version.hash))
            continue;
        list[n++] = (struct voucher){v->party, v->authority, v->logged_us};
    }
    for (size_t i = 0; i < n; i++)
        if (list[i].authority == AUTHORITY_NONE)
            take_back(list, n, &list[i].party);
    r->version.vouchers = list;
    r->version.voucher_count = n;
    return OK;
}

static int first_come(const void *a, const void *b)
{
    const struct holding_row *x = a, *y = b;
    return x->version.n < y->version.n ? -1 : x->version.n > y->version.n;
}

static enum err parse_body(struct holding *h, const struct held_version *v, struct json_doc **ret)
{
    const struct holding_row *r = &h->rows[v - h->list]; /* both go by n */
    struct buffer body;
    buffer_init(&body, 2 * STIX_OBJECT_MAX_BYTES);
    struct text text = r->text;
    enum err e = OK;
    if (!text.len) {
        e = txn_body(h->t, r->body, &body, &h->why);
        text = buffer_text(&body);
    }
    if (e == OK)
        e = json_parse(text, ret, &h->why);
    buffer_done(&body);
    return e;
}

static bool contain(void *self, const struct held_version *whole, const struct held_version *part)
{
    struct holding *h = self;
    struct json_doc *a = NULL, *b = NULL;
    enum err e = h->failed ? h->failed : parse_body(h, whole, &a);
    if (e == OK)
        e = parse_body(h, part, &b);
    bool yes = e == OK && form_contains(json_root(a), json_root(b));
    json_free(a);
    json_free(b);
    if (e != OK && e != ERR_NOT_FOUND && e != ERR_MALFORMED) /* erased or damaged: it contains nothing */
        h->failed = e;
    return yes;
}

/* What is held alone, or arrives as the next version, needs none: the class of what arrives is its caller's. */
static enum err give_classes(struct holding *h)
{
    enum err e = OK;
    for (size_t i = 0; e == OK && h->count > 1 && i < h->count; i++) {
        struct holding_row *r = &h->rows[i];
        struct gate_class *cls;
        if (r->version.cls || r->version.aside)
            continue;
        if (i > 0 && r[-1].version.cls && r[-1].class_id == r->class_id) {
            r->version.cls = r[-1].version.cls;
            continue;
        }
        cls = arena_alloc(&h->arena, sizeof *cls);
        e = cls ? view_class(txn_view(h->t), r->class_id, cls, &h->why) : ERR_NOMEM;
        r->version.cls = cls;
    }
    return e;
}

static bool same_class(const struct gate_class *a, const struct gate_class *b)
{
    struct buffer x, y;
    buffer_init(&x, GATE_CLASS_KEY_MAX);
    buffer_init(&y, GATE_CLASS_KEY_MAX);
    gate_class_key(a, &x);
    gate_class_key(b, &y);
    bool same = !buffer_error(&x) && !buffer_error(&y) && text_eq(buffer_text(&x), buffer_text(&y));
    buffer_done(&x);
    buffer_done(&y);
    return same;
}

/* Counts as before, under a narrower class? */
static bool is_narrowed(const struct holding *h, const struct holding_row *r)
{
    return r->version.standing == STANDING_CURRENT && r->version.cls && !same_class(r->version.cls, &h->result.cls);
}

static enum err note_changes(struct holding *h)
{
    struct fact_standing *changes = arena_alloc(&h->arena, (h->count + 1) * sizeof *changes);
    size_t n = 0;
    if (!changes)
        return ERR_NOMEM;
    for (size_t i = 0; i < h->count; i++) {
        struct holding_row *r = &h->rows[i];
        r->version.standing = h->list[i].standing;
        if (r->version.n == ARRIVES || (r->version.standing == r->before && !is_narrowed(h, r)))
            continue;
        if (r->version.standing == STANDING_CURRENT)
            h->promoted = r;
        else
            changes[n++] = (struct fact_standing){r->version.n, r->version.standing};
    }
    h->changes = (struct fact_standings){changes, n};
    return OK;
}

enum err holding_arrange(struct holding *h, struct fault *reterr)
{
    h->list = arena_alloc(&h->arena, (h->count + 1) * sizeof *h->list);
    enum err e = h->list ? OK : ERR_NOMEM;
    if (h->count > 1)
        qsort(h->rows, h->count, sizeof *h->rows, first_come);
    if (e == OK)
        e = give_classes(h);
    for (size_t i = 0; e == OK && i < h->count; i++) {
        e = give_vouchers(h, &h->rows[i]);
        h->list[i] = h->rows[i].version;
    }
    if (e == OK) {
        h->result = versions_arrange(h->list, h->count, contain, h);
        e = h->result.no_memory ? ERR_NOMEM : h->failed;
    }
    if (e == OK)
        e = note_changes(h);
    if (e == ERR_NOMEM)
        return no_memory(reterr);
    if (e && reterr)
        *reterr = h->why;
    return e;
}

/* ---- what comes to count late ---- */

struct promotion {
    struct fact fact;
    struct buffer body, original, class_key;
    struct json_doc *doc;
    struct arena arena;
};

/* The values of the body as they were when it was taken in; of what would not be taken in any more, none. */
static enum err read_head(struct promotion *p)
{
    struct stix_head head;
    struct fact_object *o = &p->fact.u.object;
    enum err e = json_parse(buffer_text(&p->body), &p->doc, NULL);
    if (e == OK)
        e = stix_head_read(json_root(p->doc), &p->arena, &head, NULL);
    if (e)
        return e == ERR_NOMEM ? e : OK;
    struct fact_value *values = arena_alloc(&p->arena, (head.value_count + 1) * sizeof *values);
    if (!values)
        return ERR_NOMEM;
    for (size_t i = 0; i < head.value_count; i++)
        values[i] = (struct fact_value){(uint8_t)head.values[i].kind, head.values[i].value};
    o->values = values;
    o->value_count = head.value_count;
    o->has_valid_from = head.has_valid_from;
    o->has_valid_until = head.has_valid_until;
    o->valid_from_us = head.has_valid_from ? stamp_us(head.valid_from) : 0;
    o->valid_until_us = head.has_valid_until ? stamp_us(head.valid_until) : 0;
    o->confidence = (int16_t)head.confidence;
    return OK;
}

static enum err read_row(struct holding *h, struct promotion *p, struct fault *reterr)
{
    struct gate_class cls = h->result.cls;
    const struct holding_row *r = h->promoted;
    enum err e = r->version.cls ? OK : view_class(txn_view(h->t), r->class_id, &cls, reterr);
    if (e == OK)
        e = txn_body(h->t, r->body, &p->body, reterr);
    if (e == OK && r->original.segment != UINT32_MAX)
        e = txn_body(h->t, r->original, &p->original, reterr);
    if (e != OK)
        return e;
    gate_class_key(&cls, &p->class_key);
    e = buffer_error(&p->class_key);
    if (e == OK)
        e = read_head(p);
    return e == OK ? OK : no_memory(reterr);
}

static enum err append(struct holding *h, struct promotion *p, const struct uuid *account, struct fault *reterr)
{
    const struct holding_row *r = h->promoted;
    struct fact_object *o = &p->fact.u.object;
    o->id = h->id;
    o->modified = r->version.versioned ? body_string(buffer_text(&p->body), "modified") : TEXT_NONE;
    o->hash = r->version.hash;
    o->account = *account;
    o->party = r->version.party;
    o->source = r->source;
    o->standing = STANDING_CURRENT;
    o->authority = r->authority;
    o->replaces = r->version.n + 1;
    o->class_key = buffer_text(&p->class_key);
    o->print = r->print;
    o->modified_us = r->version.modified_us;
    o->revoked = r->version.revoked;
    if (!body_time(buffer_text(&p->body), "created", &o->created_us))
        o->created_us = 0;
    return txn_append(h->t, &p->fact, buffer_text(&p->body), buffer_text(&p->original), reterr);
}

enum err holding_promote(struct holding *h, const struct uuid *account, struct fault *reterr)
{
    struct promotion p = {.fact = {.kind = FACT_OBJECT, .u.object.confidence = -1}};
    if (!h->promoted)
        return OK;
    buffer_init(&p.body, 2 * STIX_OBJECT_MAX_BYTES);
    buffer_init(&p.original, LOG_RECORD_MAX_BYTES);
    buffer_init(&p.class_key, GATE_CLASS_KEY_MAX);
    arena_init(&p.arena, 4 * STIX_OBJECT_MAX_BYTES);
    enum err e = read_row(h, &p, reterr);
    if (e == OK)
        e = append(h, &p, account, reterr);
    json_free(p.doc);
    arena_done(&p.arena);
    buffer_done(&p.class_key);
    buffer_done(&p.original);
    buffer_done(&p.body);
    return e;
}
