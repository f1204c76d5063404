/* store/view_people.c - the node itself, parties, sources, accounts, peers and documents: of each the newest fact. */
#include <string.h>

#include "store/view_inside.h"

/* ---- writing ---- */

static enum err set_genesis(struct view *v, const struct fact_genesis *g, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_GENESIS_SET);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, &g->identity);
    bind_text(s, 2, g->name);
    bind_text(s, 3, g->country);
    bind_text(s, 4, g->sector);
    bind_text(s, 5, g->space);
    bind_text(s, 6, g->origin);
    sqlite3_bind_blob(s, 7, g->key, sizeof g->key, SQLITE_STATIC);
    sqlite3_bind_blob(s, 8, g->collections, sizeof g->collections, SQLITE_STATIC);
    bind_text(s, 9, g->statement);
    return view_run(v, s, reterr);
}

static void bind_party(sqlite3_stmt *s, const struct fact_party *p)
{
    bind_uuid(s, 2, &p->id);
    bind_uuid(s, 3, &p->account);
    bind_text(s, 4, p->name);
}

static void bind_source(sqlite3_stmt *s, const struct fact_source *p)
{
    bind_uuid(s, 2, &p->id);
    bind_uuid(s, 3, &p->account);
    bind_text(s, 4, p->name);
    bind_uuid(s, 5, &p->party);
    bind_u64(s, 6, p->default_tlp);
    bind_u64(s, 7, p->incident_rule);
    bind_u64(s, 8, p->default_pap);
    bind_text(s, 9, p->kind);
    bind_text(s, 10, p->place);
    bind_text(s, 11, p->collection);
    bind_text(s, 12, p->format);
    bind_u64(s, 13, p->every_s);
    bind_u64(s, 14, p->paused);
    bind_text(s, 15, p->trust);
    bind_text(s, 16, p->lifetimes);
}

static void bind_account(sqlite3_stmt *s, const struct fact_account *p)
{
    bind_uuid(s, 2, &p->id);
    bind_uuid(s, 3, &p->account);
    bind_text(s, 4, p->name);
    bind_u64(s, 5, p->role);
    bind_uuid(s, 6, &p->party);
    bind_u64(s, 7, p->disabled);
}

static void bind_peer(sqlite3_stmt *s, const struct fact_peer *p)
{
    bind_uuid(s, 2, &p->party);
    bind_uuid(s, 3, &p->account);
    bind_text(s, 4, p->url);
    bind_text(s, 5, p->collection);
    bind_u64(s, 6, p->ceiling);
    bind_u64(s, 7, p->sightings);
    bind_u64(s, 8, p->expelled);
    bind_u64(s, 9, p->poll_ms);
    bind_text(s, 10, p->origin);
    sqlite3_bind_blob(s, 11, p->key, sizeof p->key, SQLITE_STATIC);
    bind_text(s, 12, p->country);
    bind_u64(s, 13, p->partner_kind);
    bind_u64(s, 14, p->knows_set);
    bind_u64(s, 15, p->knows);
    bind_uuid(s, 16, &p->identity);
    bind_uuid(s, 17, &p->organisation);
}

static void bind_succession(sqlite3_stmt *s, const struct fact_origin *o)
{
    bind_uuid(s, 2, &o->account);
    bind_text(s, 3, o->origin);
    bind_text(s, 4, o->previous);
    sqlite3_bind_blob(s, 5, o->key, sizeof o->key, SQLITE_STATIC);
    sqlite3_bind_blob(s, 6, o->previous_key, sizeof o->previous_key, SQLITE_STATIC);
    bind_u64(s, 7, o->size);
    bind_hash(s, 8, &o->root);
    bind_u64(s, 9, o->reason);
    bind_text(s, 10, o->note);
}

static void bind_document(sqlite3_stmt *s, int64_t t_us, const struct fact_document *d)
{
    sqlite3_bind_int64(s, 2, t_us);
    bind_hash(s, 3, &d->hash);
    bind_uuid(s, 4, &d->account);
    bind_uuid(s, 5, &d->party);
    bind_uuid(s, 6, &d->source);
    bind_text(s, 7, d->name);
    bind_text(s, 8, d->format);
    bind_u64(s, 9, d->part);
    bind_u64(s, 10, d->parts);
    bind_u64(s, 11, d->read);
    bind_u64(s, 12, d->fresh);
    bind_u64(s, 13, d->updated);
    bind_u64(s, 14, d->unchanged);
    bind_u64(s, 15, d->rejected);
    bind_u64(s, 16, d->whole);
    bind_place(s, 17, d->body);
}

enum err apply_people(struct view *v, const struct fact *f, struct fault *reterr)
{
    static const enum sql sqls[FACT_KINDS] = {
        [FACT_PARTY] = SQL_PARTY_SET, [FACT_SOURCE] = SQL_SOURCE_SET,     [FACT_ACCOUNT] = SQL_ACCOUNT_SET,
        [FACT_PEER] = SQL_PEER_SET,   [FACT_DOCUMENT] = SQL_DOCUMENT_ADD, [FACT_ORIGIN] = SQL_SUCCESSION_ADD,
    };
    if (f->kind == FACT_GENESIS)
        return set_genesis(v, &f->u.genesis, reterr);
    sqlite3_stmt *s = view_stmt(v, sqls[f->kind]);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, f->n);
    switch (f->kind) {
    case FACT_PARTY: bind_party(s, &f->u.party); break;
    case FACT_SOURCE: bind_source(s, &f->u.source); break;
    case FACT_ACCOUNT: bind_account(s, &f->u.account); break;
    case FACT_PEER: bind_peer(s, &f->u.peer); break;
    case FACT_ORIGIN: bind_succession(s, &f->u.origin); break;
    default: bind_document(s, f->t_us, &f->u.document); break;
    }
    return view_run(v, s, reterr);
}

/* ---- reading: a row becomes the fact it was made of; texts go to the view's arena ---- */

static enum err read_party(struct view *v, sqlite3_stmt *s, struct fact_party *p)
{
    column_uuid(s, 1, &p->id);
    column_uuid(s, 2, &p->account);
    return column_keep(v, s, 3, &p->name);
}

static enum err read_source(struct view *v, sqlite3_stmt *s, struct fact_source *p)
{
    column_uuid(s, 1, &p->id);
    column_uuid(s, 2, &p->account);
    column_uuid(s, 4, &p->party);
    p->default_tlp = (enum tlp)sqlite3_column_int(s, 5);
    p->incident_rule = sqlite3_column_int(s, 6);
    p->default_pap = (enum pap)sqlite3_column_int(s, 7);
    p->every_s = (uint32_t)column_u64(s, 12);
    p->paused = sqlite3_column_int(s, 13);
    const struct {
        int column;
        struct text *to;
    } texts[] = {{3, &p->name},    {8, &p->kind},   {9, &p->place},     {10, &p->collection},
                 {11, &p->format}, {14, &p->trust}, {15, &p->lifetimes}};
    enum err err = OK;
    for (size_t i = 0; err == OK && i < ARRAY_LEN(texts); i++)
        err = column_keep(v, s, texts[i].column, texts[i].to);
    return err;
}

static enum err read_account(struct view *v, sqlite3_stmt *s, struct fact_account *p)
{
    column_uuid(s, 1, &p->id);
    column_uuid(s, 2, &p->account);
    p->role = (enum role)sqlite3_column_int(s, 4);
    column_uuid(s, 5, &p->party);
    p->disabled = sqlite3_column_int(s, 6);
    return column_keep(v, s, 3, &p->name);
}

static enum err read_peer(struct view *v, sqlite3_stmt *s, struct fact_peer *p)
{
    column_uuid(s, 1, &p->party);
    column_uuid(s, 2, &p->account);
    p->ceiling = (enum tlp)sqlite3_column_int(s, 5);
    p->sightings = sqlite3_column_int(s, 6);
    p->expelled = sqlite3_column_int(s, 7);
    p->poll_ms = (uint32_t)column_u64(s, 8);
    column_key(s, 10, p->key);
    p->partner_kind = (enum recipient_kind)sqlite3_column_int(s, 12);
    p->knows_set = sqlite3_column_int(s, 13);
    p->knows = (uint32_t)column_u64(s, 14);
    column_uuid(s, 15, &p->identity);
    column_uuid(s, 16, &p->organisation);
    enum err err = column_keep(v, s, 3, &p->url);
    if (err == OK)
        err = column_keep(v, s, 4, &p->collection);
    if (err == OK)
        err = column_keep(v, s, 11, &p->country);
    return err == OK ? column_keep(v, s, 9, &p->origin) : err;
}

static enum err read_succession(struct view *v, sqlite3_stmt *s, struct fact_origin *o)
{
    column_uuid(s, 1, &o->account);
    column_key(s, 4, o->key);
    column_key(s, 5, o->previous_key);
    o->size = column_u64(s, 6);
    column_hash(s, 7, &o->root);
    o->reason = (enum origin_reason)sqlite3_column_int(s, 8);
    enum err err = column_keep(v, s, 2, &o->origin);
    if (err == OK)
        err = column_keep(v, s, 3, &o->previous);
    return err == OK ? column_keep(v, s, 9, &o->note) : err;
}

static enum err read_document(struct view *v, sqlite3_stmt *s, struct fact_document *d)
{
    column_hash(s, 2, &d->hash);
    column_uuid(s, 3, &d->account);
    column_uuid(s, 4, &d->party);
    column_uuid(s, 5, &d->source);
    d->part = (uint32_t)column_u64(s, 8);
    d->parts = (uint32_t)column_u64(s, 9);
    d->read = column_u64(s, 10);
    d->fresh = column_u64(s, 11);
    d->updated = column_u64(s, 12);
    d->unchanged = column_u64(s, 13);
    d->rejected = column_u64(s, 14);
    d->whole = sqlite3_column_int(s, 15);
    d->body = column_place(s, 16);
    enum err err = column_keep(v, s, 6, &d->name);
    return err == OK ? column_keep(v, s, 7, &d->format) : err;
}

static enum err read_fact(struct view *v, sqlite3_stmt *s, struct fact *f)
{
    f->n = column_u64(s, 0);
    switch (f->kind) {
    case FACT_PARTY: return read_party(v, s, &f->u.party);
    case FACT_SOURCE: return read_source(v, s, &f->u.source);
    case FACT_ACCOUNT: return read_account(v, s, &f->u.account);
    case FACT_PEER: return read_peer(v, s, &f->u.peer);
    case FACT_ORIGIN: return read_succession(v, s, &f->u.origin);
    case FACT_DOCUMENT: f->t_us = sqlite3_column_int64(s, 1); return read_document(v, s, &f->u.document);
    default: return view_read_sharing(v, s, f);
    }
}

/* The one row of a statement that is bound. */
static enum err read_one(struct view *v, sqlite3_stmt *s, enum fact_kind kind, struct fact *ret, struct fault *reterr)
{
    struct fact f = {.kind = kind};
    arena_reset(&v->arena);
    enum err err = view_step(v, s, reterr);
    if (err != OK)
        return err;
    if (read_fact(v, s, &f) != OK)
        err = view_nomem(reterr);
    sqlite3_reset(s);
    if (err == OK)
        *ret = f;
    return err;
}

/* *ret is the member of struct fact's union that belongs to kind; all of them begin where the union does. */
static enum err take_one(struct view *v, sqlite3_stmt *s, enum fact_kind kind, void *ret, size_t len,
                         struct fault *reterr)
{
    struct fact f;
    enum err err = read_one(v, s, kind, &f, reterr);
    if (err == OK)
        memcpy(ret, &f.u, len);
    return err;
}

static enum err by_id(struct view *v, enum sql sql, enum fact_kind kind, const struct uuid *id, void *ret, size_t len,
                      struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, sql);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, id);
    return take_one(v, s, kind, ret, len, reterr);
}

static enum err by_name(struct view *v, enum sql sql, enum fact_kind kind, struct text name, void *ret, size_t len,
                        struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, sql);
    if (!s)
        return view_fault(v, reterr);
    bind_text(s, 1, name);
    return take_one(v, s, kind, ret, len, reterr);
}

enum err view_genesis(struct view *v, struct fact_genesis *ret, struct fault *reterr)
{
    struct fact_genesis g;
    sqlite3_stmt *s = view_stmt(v, SQL_GENESIS);
    if (!s)
        return view_fault(v, reterr);
    arena_reset(&v->arena);
    enum err err = view_step(v, s, reterr);
    if (err != OK)
        return err;
    column_uuid(s, 0, &g.identity);
    struct text key = column_text(s, 6), collections = column_text(s, 7);
    if (key.len == sizeof g.key && collections.len == sizeof g.collections) {
        memcpy(g.key, key.ptr, key.len);
        memcpy(g.collections, collections.ptr, collections.len);
    } else {
        err = fault_set(reterr, ERR_VERSION, "the view's genesis row is damaged");
    }
    struct text *const texts[] = {&g.name, &g.country, &g.sector, &g.space, &g.origin};
    for (size_t i = 0; err == OK && i < ARRAY_LEN(texts); i++)
        if (column_keep(v, s, (int)i + 1, texts[i]) != OK)
            err = view_nomem(reterr);
    if (err == OK && column_keep(v, s, 8, &g.statement) != OK)
        err = view_nomem(reterr);
    sqlite3_reset(s);
    if (err == OK)
        *ret = g;
    return err;
}

enum err view_party(struct view *v, const struct uuid *id, struct fact_party *ret, struct fault *reterr)
{
    return by_id(v, SQL_PARTY, FACT_PARTY, id, ret, sizeof *ret, reterr);
}

enum err view_source(struct view *v, const struct uuid *id, struct fact_source *ret, struct fault *reterr)
{
    return by_id(v, SQL_SOURCE, FACT_SOURCE, id, ret, sizeof *ret, reterr);
}

enum err view_account(struct view *v, const struct uuid *id, struct fact_account *ret, struct fault *reterr)
{
    return by_id(v, SQL_ACCOUNT, FACT_ACCOUNT, id, ret, sizeof *ret, reterr);
}

enum err view_peer(struct view *v, const struct uuid *id, struct fact_peer *ret, struct fault *reterr)
{
    return by_id(v, SQL_PEER, FACT_PEER, id, ret, sizeof *ret, reterr);
}

enum err view_party_by_name(struct view *v, struct text name, struct fact_party *ret, struct fault *reterr)
{
    return by_name(v, SQL_PARTY_BY_NAME, FACT_PARTY, name, ret, sizeof *ret, reterr);
}

enum err view_source_by_name(struct view *v, struct text name, struct fact_source *ret, struct fault *reterr)
{
    return by_name(v, SQL_SOURCE_BY_NAME, FACT_SOURCE, name, ret, sizeof *ret, reterr);
}

enum err view_account_by_name(struct view *v, struct text name, struct fact_account *ret, struct fault *reterr)
{
    return by_name(v, SQL_ACCOUNT_BY_NAME, FACT_ACCOUNT, name, ret, sizeof *ret, reterr);
}

enum err view_document(struct view *v, const struct sha256 *hash, struct fact_document *ret, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_DOCUMENT);
    if (!s)
        return view_fault(v, reterr);
    bind_hash(s, 1, hash);
    return take_one(v, s, FACT_DOCUMENT, ret, sizeof *ret, reterr);
}

enum err view_facts(struct view *v, enum fact_kind kind, view_on_fact *on_row, void *self, struct fault *reterr)
{
    static const enum sql sqls[FACT_KINDS] = {
        [FACT_PARTY] = SQL_PARTIES, [FACT_SOURCE] = SQL_SOURCES,     [FACT_ACCOUNT] = SQL_ACCOUNTS,
        [FACT_PEER] = SQL_PEERS,    [FACT_DOCUMENT] = SQL_DOCUMENTS, [FACT_ORIGIN] = SQL_SUCCESSION,
        [FACT_GRANT] = SQL_GRANTS,  [FACT_GROUP] = SQL_GROUPS,       [FACT_AGREEMENT] = SQL_AGREEMENTS,
    };
    if (kind >= FACT_KINDS || !sqls[kind])
        return fault_set(reterr, ERR_USAGE, "facts of this kind are not listed");
    sqlite3_stmt *s = view_stmt(v, sqls[kind]);
    if (!s)
        return view_fault(v, reterr);
    return view_each_fact(v, s, kind, read_fact, on_row, self, reterr);
}
