/* exchange/openings.c - a change of policy makes classes visible to a partner: an entry says so, and from then on
 * their objects bear its date for that partner, ahead of every cursor (release.md, TAXII time).
 *
 * What a partner could see so far is what the gate says for the settings that the last update looked at: they are
 * kept in local.db. A partner without any is new: everything lies ahead of it anyway. Lost settings (a restored copy)
 * are those of a new partner; settings kept from before make objects come twice, which costs a transfer and no more.
 *
 * Objects that point to others may have been withheld, or cut, only because of what they point to. So an opening
 * takes the classes of such types along, although they were clear before. */
#include <stdlib.h>
#include <string.h>

#include "exchange/asker.h"
#include "exchange/defaults.h"
#include "exchange/taxii_server.h"
#include "json/json.h"

#define BASIS_SPACE      "peer-basis"
#define UPDATE_MAX_BYTES (64 * MIB)

struct update {
    struct node *node;
    struct arena arena;
    struct defaults before, now; /* of the sources */
    bool sources_same;
    struct uuid *parties;
    size_t party_count, party_cap;
};

/* ---- the settings looked at last ---- */

static void write_basis(const struct recipient *r, struct buffer *out)
{
    buffer_addf(out, "1 %d %d %d", (int)r->ceiling, r->sightings, r->expelled);
}

static bool read_number(struct text *rest, uint64_t max, uint64_t *ret)
{
    struct text piece;
    return text_split(rest, ' ', &piece) && text_u64(piece, ret) == OK && *ret <= max;
}

/* r comes with what does not change; ERR_NOT_FOUND: none kept, or not readable. */
static enum err load_basis(struct local *l, struct text key, struct recipient *r, struct fault *reterr)
{
    struct buffer kept;
    uint64_t form, ceiling, sightings, expelled;
    buffer_init(&kept, 64);
    enum err e = local_get(l, BASIS_SPACE, key, &kept, reterr);
    struct text rest = buffer_text(&kept);
    if (e == OK && read_number(&rest, 1, &form) && form == 1 && read_number(&rest, TLP_RED, &ceiling) &&
        read_number(&rest, 1, &sightings) && read_number(&rest, 1, &expelled)) {
        r->ceiling = (enum tlp)ceiling;
        r->sightings = sightings;
        r->expelled = expelled;
    } else if (e == OK) {
        e = ERR_NOT_FOUND;
    }
    buffer_done(&kept);
    return e;
}

static enum err save_basis(struct local *l, struct text key, const struct recipient *r, struct fault *reterr)
{
    struct buffer text;
    buffer_init(&text, 64);
    write_basis(r, &text);
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

/* A source that the last update did not know had the default that the class remembers. */
static bool cleared_for(const struct gate_class *c, const struct defaults *defaults, const struct recipient *r,
                        int64_t now_us)
{
    struct gate_class effective = *c;
    struct decision d;
    defaults_apply(defaults, &effective);
    gate_decide(&(struct gate_question){.cls = &effective, .recipient = r, .door = DOOR_TAXII, .now_us = now_us}, &d);
    return d.cleared;
}

struct opened {
    const struct update *u;
    const struct recipient *before, *now;
    int64_t now_us;
    struct arena *arena;
    struct text *keys;
    size_t count, cap;
    bool any;      /* a class was not visible before */
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
    if (!cleared_for(&row->cls, &o->u->now, o->now, o->now_us))
        return OK;
    bool before = cleared_for(&row->cls, &o->u->before, o->before, o->now_us);
    o->any |= !before;
    bool take = o->pointers ? before && points_to_others(row->cls.type) : !before;
    return take ? add_key(o, &row->cls) : OK;
}

struct opening {
    struct update *u;
    struct uuid party;
    struct recipient before;
};

/* Inside the write, so that no class is born between looking and recording. */
static enum err write_opening(struct txn *t, void *self, struct fault *reterr)
{
    struct opening *op = self;
    struct recipient now;
    enum err e = recipient_of_party(txn_node(t), txn_view(t), &op->party, &op->u->arena, &now, reterr);
    if (e)
        return e;
    struct opened o = {
        .u = op->u, .before = &op->before, .now = &now, .now_us = txn_now_us(t), .arena = &op->u->arena};
    e = view_classes(txn_view(t), on_class, &o, reterr);
    o.pointers = true;
    if (e == OK && o.any)
        e = view_classes(txn_view(t), on_class, &o, reterr);
    if (e || !o.count)
        return e;
    struct fact f = {.kind = FACT_OPENING, .u.opening = {.party = op->party, .class_keys = o.keys, .count = o.count}};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
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

static enum err update_party(struct update *u, struct view *v, const struct uuid *party, struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    struct recipient now;
    struct opening op = {.u = u, .party = *party};
    enum err e = recipient_of_party(u->node, v, party, &u->arena, &now, reterr);
    if (e)
        return e;
    uuid_format(party, key);
    op.before = now;
    e = load_basis(node_local(u->node), text_of(key), &op.before, reterr);
    if (e == OK && u->sources_same && recipient_same(&op.before, &now))
        return OK;
    if (e && e != ERR_NOT_FOUND)
        return e;
    if (e == OK)
        e = node_write(u->node, write_opening, &op, reterr);
    else
        e = OK;
    return e ? e : save_basis(node_local(u->node), text_of(key), &now, reterr);
}

#define SOURCES_KEY TEXT("sources")

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

/* The sources' settings are kept last: what a crash cuts off is done again. */
enum err taxii_openings_update(struct node *node, struct fault *reterr)
{
    struct update u = {.node = node};
    struct view *v;
    enum err e = node_reader(node, &v, reterr);
    if (e)
        return e;
    arena_init(&u.arena, UPDATE_MAX_BYTES);
    e = load_sources(&u, v, reterr);
    if (e == OK)
        e = view_facts(v, FACT_PEER, on_peer, &u, reterr);
    for (size_t i = 0; e == OK && i < u.party_count; i++)
        e = update_party(&u, v, &u.parties[i], reterr);
    if (e == OK)
        e = save_sources(&u, reterr);
    arena_done(&u.arena);
    defaults_done(&u.before);
    defaults_done(&u.now);
    node_reader_done(node, v);
    return e;
}
