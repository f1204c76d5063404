/* exchange/openings.c - a change of policy, or time that passed, makes classes visible to a partner: an entry says
 * so, and from then on their objects bear its date for that partner, ahead of every cursor (release.md, TAXII time).
 *
 * What a partner could see so far is what the gate says for the settings, the agreements and the moment that the last
 * update looked at: they are kept in local.db. A partner without any is new: everything lies ahead of it anyway. Lost
 * settings (a restored copy) are those of a new partner; settings kept from before make objects come twice, which
 * costs a transfer and no more.
 *
 * Objects that point to others may have been withheld, or cut, only because of what they point to. So an opening
 * takes the classes of such types along, although they were clear before. Objects that a grant singles out have the
 * grant's date; one that becomes visible later (an embargo that ended, a list that was made good) is opened by naming
 * the grant. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "exchange/asker.h"
#include "exchange/defaults.h"
#include "exchange/sharing.h"
#include "exchange/taxii_server.h"
#include "json/json.h"

#define BASIS_SPACE      "peer-basis"
#define UPDATE_MAX_BYTES (64 * MIB)

struct update {
    struct node *node;
    struct arena arena;
    struct defaults before, now;  /* of the sources */
    struct sharing agreed_before; /* agreements alone */
    bool sources_same, agreements_same;
    struct text agreements; /* as they stand, written out */
    struct uuid *parties;
    size_t party_count, party_cap;
};

/* What the last update looked at. */
struct basis {
    struct recipient r;
    int64_t at_us;
};

/* ---- the settings looked at last ---- */

/* "2 AT KIND CEILING SIGHTINGS EXPELLED KNOWS COUNTRY IDENTITY", then " GROUP FROM UNTIL" for each place on a list;
 * COUNTRY is
 * "-" when it is not known. Before, "1 CEILING SIGHTINGS EXPELLED". */
static void write_basis(const struct basis *b, struct buffer *out)
{
    char id[UUID_TEXT_MAX];
    const struct recipient *r = &b->r;
    buffer_addf(out, "2 %lld %d %d %d %d %u %s %s", (long long)b->at_us, (int)r->kind, (int)r->ceiling, r->sightings,
                r->expelled, r->knows, r->country[0] ? r->country : "-", uuid_format(&r->identity, id).ptr);
    for (size_t i = 0; i < r->membership_count; i++) {
        const struct membership *m = &r->memberships[i];
        buffer_addf(out, " %s%s %lld %lld", m->absent ? "-" : "", uuid_format(&m->group, id).ptr,
                    (long long)m->from_us, (long long)m->until_us);
    }
}

static bool read_number(struct text *rest, uint64_t max, uint64_t *ret)
{
    struct text piece;
    return text_split(rest, ' ', &piece) && text_u64(piece, ret) == OK && *ret <= max;
}

static bool read_moment(struct text *rest, int64_t *ret)
{
    struct text piece;
    uint64_t n;
    if (!text_split(rest, ' ', &piece))
        return false;
    bool before = text_starts(piece, TEXT("-")); /* 1970 */
    if (text_u64(text_sub(piece, before, piece.len), &n) || n > INT64_MAX)
        return false;
    *ret = before ? -(int64_t)n : (int64_t)n;
    return true;
}

static bool read_settings(struct text *rest, struct recipient *r)
{
    uint64_t ceiling, sightings, expelled;
    if (!read_number(rest, TLP_RED, &ceiling) || !read_number(rest, 1, &sightings) ||
        !read_number(rest, 1, &expelled))
        return false;
    r->ceiling = (enum tlp)ceiling;
    r->sightings = sightings;
    r->expelled = expelled;
    return true;
}

static bool read_places(struct text rest, struct arena *arena, struct recipient *r)
{
    struct text group;
    size_t room = 0;
    for (size_t i = 0; i < rest.len; i++)
        room += rest.ptr[i] == ' ';
    struct membership *list = arena_alloc(arena, (room + 1) * sizeof *list);
    r->memberships = list;
    r->membership_count = 0;
    while (list && rest.len && text_split(&rest, ' ', &group)) {
        struct membership *m = &list[r->membership_count];
        m->absent = text_starts(group, TEXT("-"));
        if (uuid_parse(text_sub(group, m->absent, group.len), &m->group) || !read_moment(&rest, &m->from_us) ||
            !read_moment(&rest, &m->until_us))
            return false;
        r->membership_count++;
    }
    return list != NULL;
}

static bool read_newer(struct text *rest, struct arena *arena, struct basis *b)
{
    uint64_t at, kind, knows;
    struct text country, identity;
    if (!read_number(rest, INT64_MAX, &at) || !read_number(rest, RECIPIENT_HUB, &kind) ||
        !read_settings(rest, &b->r) || !read_number(rest, UINT32_MAX, &knows) || !text_split(rest, ' ', &country) ||
        country.len >= sizeof b->r.country || !text_split(rest, ' ', &identity))
        return false;
    b->at_us = (int64_t)at;
    b->r.kind = (enum recipient_kind)kind;
    b->r.knows = (uint32_t)knows;
    memset(b->r.country, 0, sizeof b->r.country);
    if (!text_eq(country, TEXT("-")))
        memcpy(b->r.country, country.ptr, country.len);
    if (uuid_parse(identity, &b->r.identity)) /* all zero: not known */
        memset(&b->r.identity, 0, sizeof b->r.identity);
    return read_places(*rest, arena, &b->r);
}

/* *b comes as of now; ERR_NOT_FOUND: none kept, or not readable. */
static enum err load_basis(struct local *l, struct text key, struct arena *arena, struct basis *b,
                           struct fault *reterr)
{
    struct buffer kept;
    struct basis read = *b;
    uint64_t form;
    buffer_init(&kept, UPDATE_MAX_BYTES);
    enum err e = local_get(l, BASIS_SPACE, key, &kept, reterr);
    struct text rest = buffer_text(&kept);
    bool known = e == OK && read_number(&rest, 2, &form) &&
                 (form == 2 ? read_newer(&rest, arena, &read) : form == 1 && read_settings(&rest, &read.r));
    if (known)
        *b = read;
    else if (e == OK)
        e = ERR_NOT_FOUND;
    buffer_done(&kept);
    return e;
}

static enum err save_basis(struct local *l, struct text key, const struct basis *b, struct fault *reterr)
{
    struct buffer text;
    buffer_init(&text, UPDATE_MAX_BYTES);
    write_basis(b, &text);
    enum err e = buffer_error(&text);
    if (e == OK)
        e = local_set(l, BASIS_SPACE, key, buffer_text(&text), reterr);
    buffer_done(&text);
    return e;
}

/* ---- what became visible ---- */

static bool points_to_others(const char *type)
{
    static const char *const plain[] = {
        "indicator", "identity", "marking-definition", "vulnerability", "attack-pattern", "location", "tool"};
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        if (strcmp(type, plain[i]) == 0)
            return false;
    return true;
}

/* How things stand for one recipient at one moment. */
struct standing_of {
    const struct defaults *defaults;
    const struct sharing *agreed;
    const struct recipient *r;
    int64_t at_us;
};

/* A source that the last update did not know had the default that the class remembers. grants (may be NULL): whose
 * grants of the object count. */
static struct decision decided_for(const struct standing_of *s, const struct gate_class *c,
                                   const struct sharing *grants, struct text object, struct text version,
                                   int64_t at_us)
{
    struct gate_class effective = *c;
    struct sharing_question asked, granted;
    struct decision d;
    defaults_apply(s->defaults, &effective);
    sharing_ask(s->agreed, &effective, s->r, DOOR_TAXII, at_us, TEXT_NONE, TEXT_NONE, &asked);
    if (grants) {
        asked.q.grant_count = sharing_ask(grants, &effective, s->r, DOOR_TAXII, at_us, object, version, &granted);
        asked.q.grants = granted.grants;
    }
    gate_decide(&asked.q, &d);
    return d;
}

struct opened {
    struct standing_of before, now;
    struct arena *arena;
    struct text *keys;
    size_t count, cap;
    struct uuid *grants;
    size_t grant_count;
    bool changed;  /* settings, so that a portion may go now that did not */
    bool any;      /* something was not visible before */
    bool closed;   /* something is not visible any more */
    bool pointers; /* second pass: what points to others */
};

static enum err add_key(struct opened *o, const struct gate_class *c)
{
    struct buffer key;
    if (o->count == o->cap) {
        size_t cap = o->cap ? o->cap * 2 : 64;
        struct text *keys = arena_alloc(o->arena, cap * sizeof *keys);
        if (!keys)
            return ERR_NOMEM;
        if (o->count)
            memcpy(keys, o->keys, o->count * sizeof *keys);
        o->keys = keys;
        o->cap = cap;
    }
    buffer_init(&key, GATE_CLASS_KEY_MAX);
    gate_class_key(c, &key);
    enum err e = buffer_error(&key);
    if (e == OK) {
        o->keys[o->count] = arena_text(o->arena, buffer_text(&key));
        e = o->keys[o->count].ptr ? OK : ERR_NOMEM;
        o->count++;
    }
    buffer_done(&key);
    return e;
}

static enum err on_class(void *self, const struct class_row *row)
{
    struct opened *o = self;
    struct decision before = decided_for(&o->before, &row->cls, NULL, TEXT_NONE, TEXT_NONE, o->before.at_us);
    struct decision now = decided_for(&o->now, &row->cls, NULL, TEXT_NONE, TEXT_NONE, o->now.at_us);
    o->closed |= sharing_wider(&now, &before);
    if (!now.cleared)
        return OK;
    bool wider = sharing_wider(&before, &now) || (row->cls.granular && o->changed);
    o->any |= wider;
    bool take = o->pointers ? !wider && points_to_others(row->cls.type) : wider;
    return take ? add_key(o, &row->cls) : OK;
}

/* ---- what a grant singles out ---- */

/* Its object's class stays shut, but the object goes now, and did not when the grant began, or when the last update
 * looked. */
static enum err look_at_grant(struct opened *o, struct view *v, const struct sharing_grant *g, struct fault *reterr)
{
    struct version_row row;
    struct gate_class cls;
    enum err e = view_current(v, g->object, &row, reterr);
    if (e)
        return e == ERR_NOT_FOUND ? OK : e;
    char name[VERSION_NAME_MAX];
    struct text version = arena_text(o->arena, version_name(&row, name));
    e = version.ptr ? view_class(v, row.class_id, &cls, reterr) : ERR_NOMEM;
    if (e)
        return e;
    const struct sharing *grants = o->now.agreed;
    struct decision by_class = decided_for(&o->now, &cls, NULL, TEXT_NONE, TEXT_NONE, o->now.at_us);
    struct decision now = decided_for(&o->now, &cls, grants, g->object, version, o->now.at_us);
    if (!sharing_wider(&by_class, &now))
        return OK;
    int64_t then_us = g->date_us > o->before.at_us ? g->date_us : o->before.at_us;
    struct decision before = decided_for(&o->before, &cls, grants, g->object, version, then_us);
    bool wider = sharing_wider(&before, &now);
    o->any |= wider;
    if (o->pointers ? !wider && points_to_others(cls.type) : wider)
        o->grants[o->grant_count++] = g->id;
    return OK;
}

static enum err look_at_grants(struct opened *o, struct view *v, struct fault *reterr)
{
    const struct sharing *s = o->now.agreed;
    enum err e = OK;
    for (size_t i = 0; e == OK && i < s->grant_count; i++)
        e = look_at_grant(o, v, &s->grants[i], reterr);
    return e;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

static enum err look(struct opened *o, struct view *v, struct fault *reterr)
{
    /* twice at the most: as what opened, or as what points to it */
    o->grants = arena_alloc(o->arena, (o->now.agreed->grant_count + 1) * sizeof *o->grants);
    if (!o->grants)
        return ERR_NOMEM;
    for (int pass = 0; pass < 2; pass++) {
        enum err e = view_classes(v, on_class, o, reterr);
        if (e == OK)
            e = look_at_grants(o, v, reterr);
        if (e || !o->any)
            return e;
        o->pointers = true;
    }
    if (o->grant_count)
        qsort(o->grants, o->grant_count, sizeof *o->grants, by_bytes);
    return OK;
}

struct opening {
    struct update *u;
    struct uuid party;
    struct basis before, now;
    bool written, changed;
};

/* Inside the write, so that no class is born between looking and recording. */
static enum err write_opening(struct txn *t, void *self, struct fault *reterr)
{
    struct opening *op = self;
    struct sharing agreed;
    struct update *u = op->u;
    op->now.at_us = txn_now_us(t);
    enum err e = recipient_of_party(txn_node(t), txn_view(t), &op->party, &u->arena, &op->now.r, reterr);
    if (e == OK)
        e = sharing_load(txn_view(t), &op->now.r, op->now.at_us, &agreed, reterr);
    if (e)
        return e;
    struct opened o = {.before = {&u->before, &u->agreed_before, &op->before.r, op->before.at_us},
                       .now = {&u->now, &agreed, &op->now.r, op->now.at_us},
                       .arena = &u->arena,
                       .changed = !recipient_same(&op->before.r, &op->now.r) || !u->agreements_same};
    e = look(&o, txn_view(t), reterr);
    op->changed = o.any || o.closed;
    if (e == OK && (o.count || o.grant_count)) {
        struct fact f = {.kind = FACT_OPENING,
                         .u.opening = {.party = op->party,
                                       .class_keys = o.keys,
                                       .count = o.count,
                                       .grants = o.grants,
                                       .grant_count = o.grant_count}};
        e = txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
        op->written = e == OK;
    }
    sharing_done(&agreed);
    return e;
}

/* ---- all partners ---- */

static enum err on_peer(void *self, const struct fact *f)
{
    struct update *u = self;
    if (u->party_count == u->party_cap) {
        size_t cap = u->party_cap ? u->party_cap * 2 : 16;
        struct uuid *parties = arena_alloc(&u->arena, cap * sizeof *parties);
        if (!parties)
            return ERR_NOMEM;
        if (u->party_count)
            memcpy(parties, u->parties, u->party_count * sizeof *parties);
        u->parties = parties;
        u->party_cap = cap;
    }
    u->parties[u->party_count++] = f->u.peer.party;
    return OK;
}

/* passed: time may have opened something although nothing was changed. */
static enum err update_party(struct update *u, struct view *v, const struct uuid *party, bool passed,
                             bool *ret_opened, struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    struct opening op = {.u = u, .party = *party, .now.at_us = clock_now_us()};
    enum err e = recipient_of_party(u->node, v, party, &u->arena, &op.now.r, reterr);
    if (e)
        return e;
    uuid_format(party, key);
    op.before = op.now;
    e = load_basis(node_local(u->node), text_of(key), &u->arena, &op.before, reterr);
    if (e && e != ERR_NOT_FOUND)
        return e;
    bool known = e == OK;
    if (known && !passed && u->sources_same && u->agreements_same && recipient_same(&op.before.r, &op.now.r))
        return OK;
    e = known ? node_write(u->node, write_opening, &op, reterr) : OK;
    *ret_opened |= op.written;
    if (e == OK && known && passed && !op.changed && recipient_same(&op.before.r, &op.now.r))
        return OK; /* what was looked at stands: nothing is written for it */
    return e ? e : save_basis(node_local(u->node), text_of(key), &op.now, reterr);
}

#define SOURCES_KEY    TEXT("sources")
#define AGREEMENTS_KEY TEXT("agreements")

static enum err load_sources(struct update *u, struct view *v, struct fault *reterr)
{
    struct buffer kept;
    buffer_init(&kept, UPDATE_MAX_BYTES);
    enum err e = defaults_read(v, &u->now, reterr);
    if (e == OK)
        e = local_get(node_local(u->node), BASIS_SPACE, SOURCES_KEY, &kept, reterr);
    if (e == OK)
        e = defaults_parse(buffer_text(&kept), &u->before);
    buffer_done(&kept);
    u->sources_same = e == OK && defaults_same(&u->before, &u->now);
    return e == ERR_NOT_FOUND || e == ERR_MALFORMED ? OK : e;
}

/* What was agreed with whom; of no party here, and of none before the first agreement. */
static enum err load_agreements(struct update *u, struct view *v, struct fault *reterr)
{
    static const struct recipient anybody = {.kind = RECIPIENT_PUBLIC};
    struct sharing now;
    struct buffer kept, text;
    enum err e = sharing_load(v, &anybody, clock_now_us(), &now, reterr);
    if (e)
        return e;
    buffer_init(&kept, UPDATE_MAX_BYTES);
    buffer_init(&text, UPDATE_MAX_BYTES);
    sharing_agreements_write(&now, &text);
    e = buffer_error(&text);
    if (e == OK)
        e = local_get(node_local(u->node), BASIS_SPACE, AGREEMENTS_KEY, &kept, reterr);
    if (e == OK || e == ERR_NOT_FOUND) {
        u->agreements_same = text_eq(buffer_text(&kept), buffer_text(&text));
        u->agreements = arena_text(&u->arena, buffer_text(&text));
        e = u->agreements.ptr ? sharing_agreements_parse(buffer_text(&kept), &u->agreed_before) : ERR_NOMEM;
    }
    buffer_done(&kept);
    buffer_done(&text);
    sharing_done(&now);
    return e;
}

static enum err save_sources(struct update *u, struct fault *reterr)
{
    struct buffer text;
    if (u->sources_same)
        return OK;
    buffer_init(&text, UPDATE_MAX_BYTES);
    defaults_write(&u->now, &text);
    enum err e = buffer_error(&text);
    if (e == OK)
        e = local_set(node_local(u->node), BASIS_SPACE, SOURCES_KEY, buffer_text(&text), reterr);
    buffer_done(&text);
    return e;
}

static enum err save_agreements(struct update *u, struct fault *reterr)
{
    return u->agreements_same ? OK
                              : local_set(node_local(u->node), BASIS_SPACE, AGREEMENTS_KEY, u->agreements, reterr);
}

static enum err begin(struct update *u, struct node *node, struct view **ret, struct fault *reterr)
{
    *u = (struct update){.node = node};
    enum err e = node_reader(node, ret, reterr);
    if (e)
        return e;
    arena_init(&u->arena, UPDATE_MAX_BYTES);
    e = load_sources(u, *ret, reterr);
    return e ? e : load_agreements(u, *ret, reterr);
}

static void end(struct update *u, struct view *v)
{
    if (!v)
        return;
    arena_done(&u->arena);
    sharing_done(&u->agreed_before);
    defaults_done(&u->before);
    defaults_done(&u->now);
    node_reader_done(u->node, v);
}

/* The sources' settings and the agreements are kept last: what a crash cuts off is done again. */
enum err taxii_openings_update(struct node *node, struct fault *reterr)
{
    struct update u;
    struct view *v = NULL;
    bool opened = false;
    enum err e = begin(&u, node, &v, reterr);
    if (e == OK)
        e = view_facts(v, FACT_PEER, on_peer, &u, reterr);
    for (size_t i = 0; e == OK && i < u.party_count; i++)
        e = update_party(&u, v, &u.parties[i], false, &opened, reterr);
    if (e == OK)
        e = save_sources(&u, reterr);
    if (e == OK)
        e = save_agreements(&u, reterr);
    end(&u, v);
    return e;
}

enum err taxii_openings_pass(struct node *node, const struct uuid *party, bool *ret_opened, struct fault *reterr)
{
    struct update u;
    struct view *v = NULL;
    *ret_opened = false;
    enum err e = begin(&u, node, &v, reterr);
    if (e == OK)
        e = update_party(&u, v, party, true, ret_opened, reterr);
    end(&u, v);
    return e;
}
