/* store/view_belief.c - see view_belief.h. Of a list the newest parts, of a ruling its newest fact.
 *
 * Invariant: no row of a list with a part that its newest text does not have. A list whose parts are not all there,
 * or not of one text, was broken off while it was added: who reads it tells (desk/suppress.h). */
#include "store/view_belief.h"

#include "store/references.h"
#include "store/view_inside.h"

/* ---- writing ---- */

static enum err use_list(struct view *v, const struct fact *f, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_LIST_USE);
    if (!s)
        return view_fault(v, reterr);
    bind_text(s, 1, f->u.list.name);
    bind_u64(s, 2, f->u.list.disabled);
    bind_u64(s, 3, f->n);
    bind_uuid(s, 4, &f->u.list.account);
    return view_run(v, s, reterr);
}

enum err apply_list(struct view *v, const struct fact *f, struct fault *reterr)
{
    const struct fact_list *l = &f->u.list;
    if (l->parts == 0)
        return use_list(v, f, reterr);
    sqlite3_stmt *s = view_stmt(v, SQL_LIST_CUT);
    if (!s)
        return view_fault(v, reterr);
    bind_text(s, 1, l->name);
    bind_u64(s, 2, l->parts);
    enum err err = view_run(v, s, reterr);
    s = err == OK ? view_stmt(v, SQL_LIST_PUT) : NULL;
    if (!s)
        return err ? err : view_fault(v, reterr);
    bind_text(s, 1, l->name);
    bind_u64(s, 2, l->part);
    bind_u64(s, 3, l->parts);
    bind_u64(s, 4, f->n);
    sqlite3_bind_int64(s, 5, f->t_us);
    bind_uuid(s, 6, &l->account);
    bind_text(s, 7, l->type);
    bind_u64(s, 8, l->version);
    bind_u64(s, 9, l->entries);
    bind_hash(s, 10, &l->hash);
    bind_u64(s, 11, l->disabled);
    bind_place(s, 12, l->body);
    return view_run(v, s, reterr);
}

enum err apply_ruling(struct view *v, const struct fact *f, struct fault *reterr)
{
    const struct fact_ruling *r = &f->u.ruling;
    sqlite3_stmt *s = view_stmt(v, SQL_RULING_SET);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, f->n);
    bind_uuid(s, 2, &r->id);
    bind_uuid(s, 3, &r->account);
    bind_u64(s, 4, r->kind);
    bind_u64(s, 5, r->scope);
    bind_text(s, 6, r->object);
    bind_uuid(s, 7, &r->organisation);
    bind_uuid(s, 8, &r->finding);
    bind_u64(s, 9, r->value_kind);
    bind_text(s, 10, r->value);
    sqlite3_bind_int64(s, 11, r->from_us);
    sqlite3_bind_int64(s, 12, r->until_us);
    bind_text(s, 13, r->reason);
    bind_text(s, 14, r->told);
    sqlite3_bind_int64(s, 15, r->ended_us);
    bind_uuid(s, 16, &r->ended_by);
    bind_text(s, 17, r->end_reason);
    return view_run(v, s, reterr);
}

/* Not ours: what we see again and again may be our own false positive. Never later than it arrived. */
enum err apply_renewal(struct view *v, const struct fact *f, struct fault *reterr)
{
    const struct fact_object *o = &f->u.object;
    uint64_t keys[REFERENCES_MAX];
    size_t count = 0;
    if (!text_eq(o->type, TEXT("sighting")) || o->sighting || o->unseen || o->revoked ||
        o->standing != STANDING_CURRENT || o->refs.len == 0)
        return OK;
    enum err err = references_read(o->refs, keys, &count);
    if (err != OK)
        return err == ERR_NOMEM ? view_nomem(reterr) : OK; /* apply_references() has told */
    for (size_t i = 0; err == OK && i < count; i++) {
        sqlite3_stmt *s = view_stmt(v, SQL_RENEWAL_SET);
        if (!s)
            return view_fault(v, reterr);
        bind_u64(s, 1, keys[i]);
        sqlite3_bind_int64(s, 2, o->modified_us < f->t_us ? o->modified_us : f->t_us);
        bind_u64(s, 3, f->n);
        err = view_run(v, s, reterr);
    }
    return err;
}

/* ---- reading ---- */

enum err view_lists(struct view *v, view_on_list *on_row, void *self, struct fault *reterr)
{
    enum err err;
    sqlite3_stmt *s = view_stmt(v, SQL_LISTS);
    if (!s)
        return view_fault(v, reterr);
    while (view_more(v, s, &err, reterr)) {
        struct list_row r = {.name = column_text(s, 0),
                             .part = (uint32_t)column_u64(s, 1),
                             .parts = (uint32_t)column_u64(s, 2),
                             .n = column_u64(s, 3),
                             .added_us = sqlite3_column_int64(s, 4),
                             .type = column_text(s, 6),
                             .version = column_u64(s, 7),
                             .entries = column_u64(s, 8),
                             .disabled = sqlite3_column_int(s, 10),
                             .body = column_place(s, 11)};
        column_uuid(s, 5, &r.account);
        column_hash(s, 9, &r.hash);
        err = on_row(self, &r);
        if (err != OK)
            break;
    }
    sqlite3_reset(s);
    return err;
}

static enum err read_ruling(struct view *v, sqlite3_stmt *s, struct fact *f)
{
    struct fact_ruling *r = &f->u.ruling;
    struct text *const texts[] = {&r->object, &r->value, &r->reason, &r->told, &r->end_reason};
    static const int at[] = {5, 9, 12, 13, 16};
    f->n = column_u64(s, 0);
    column_uuid(s, 1, &r->id);
    column_uuid(s, 2, &r->account);
    r->kind = (enum ruling_kind)sqlite3_column_int(s, 3);
    r->scope = (enum ruling_scope)sqlite3_column_int(s, 4);
    column_uuid(s, 6, &r->organisation);
    column_uuid(s, 7, &r->finding);
    r->value_kind = (uint8_t)sqlite3_column_int(s, 8);
    r->from_us = sqlite3_column_int64(s, 10);
    r->until_us = sqlite3_column_int64(s, 11);
    r->ended_us = sqlite3_column_int64(s, 14);
    column_uuid(s, 15, &r->ended_by);
    enum err err = OK;
    for (size_t i = 0; err == OK && i < ARRAY_LEN(at); i++)
        err = column_keep(v, s, at[i], texts[i]);
    return err;
}

enum err view_ruling(struct view *v, const struct uuid *id, struct fact_ruling *ret, struct fault *reterr)
{
    struct fact f = {.kind = FACT_RULING};
    sqlite3_stmt *s = view_stmt(v, SQL_RULING);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, id);
    arena_reset(&v->arena);
    enum err err = view_step(v, s, reterr);
    if (err != OK)
        return err;
    if (read_ruling(v, s, &f) != OK)
        err = view_nomem(reterr);
    sqlite3_reset(s);
    if (err == OK)
        *ret = f.u.ruling;
    return err;
}

enum err view_rulings(struct view *v, view_on_fact *on_row, void *self, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_RULINGS);
    return s ? view_each_fact(v, s, FACT_RULING, read_ruling, on_row, self, reterr) : view_fault(v, reterr);
}

bool ruling_stands(const struct fact_ruling *r, int64_t now_us)
{
    return r->ended_us == 0 && (r->until_us == 0 || now_us < r->until_us);
}

enum err view_renewals(struct view *v, view_on_renewal *on_row, void *self, struct fault *reterr)
{
    enum err err;
    sqlite3_stmt *s = view_stmt(v, SQL_RENEWALS);
    if (!s)
        return view_fault(v, reterr);
    while (view_more(v, s, &err, reterr)) {
        const struct renewal_row r = {column_u64(s, 0), sqlite3_column_int64(s, 1)};
        err = on_row(self, &r);
        if (err != OK)
            break;
    }
    sqlite3_reset(s);
    return err;
}

enum err view_renewal(struct view *v, uint64_t target, int64_t *ret_us, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_RENEWAL);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, target);
    enum err err = view_step(v, s, reterr);
    if (err != OK)
        return err;
    *ret_us = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return OK;
}

enum err view_belief_newest(struct view *v, struct belief_newest *ret, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_BELIEF_NEWEST);
    if (!s)
        return view_fault(v, reterr);
    enum err err = view_step(v, s, reterr);
    if (err != OK)
        return err;
    *ret = (struct belief_newest){column_u64(s, 0), column_u64(s, 1)}; /* -1 is UINT64_MAX */
    sqlite3_reset(s);
    return OK;
}
