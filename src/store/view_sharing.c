/* store/view_sharing.c - grants, agreements and groups: of each the newest fact. What was granted and taken back
 * stays as a row, so that it is seen for ever. */
#include <string.h>

#include "store/view_inside.h"

/* ---- writing ---- */

static void bind_grant(sqlite3_stmt *s, int64_t t_us, const struct fact_grant *g)
{
    bind_uuid(s, 2, &g->id);
    sqlite3_bind_int64(s, 3, t_us);
    bind_uuid(s, 4, &g->account);
    bind_u64(s, 5, g->kind);
    bind_text(s, 6, g->object);
    bind_text(s, 7, g->version);
    bind_uuid(s, 8, &g->to);
    bind_u64(s, 9, g->to_account);
    bind_text(s, 10, g->properties);
    bind_u64(s, 11, g->leaves_as);
    sqlite3_bind_int64(s, 12, g->from_us);
    sqlite3_bind_int64(s, 13, g->until_us);
    bind_text(s, 14, g->reason);
    bind_uuid(s, 15, &g->originator);
    bind_uuid(s, 16, &g->second);
    bind_text(s, 17, g->told);
    sqlite3_bind_int64(s, 18, g->ended_us);
    bind_uuid(s, 19, &g->ended_by);
    bind_text(s, 20, g->end_reason);
}

static void bind_agreement(sqlite3_stmt *s, const struct fact_agreement *a)
{
    bind_uuid(s, 2, &a->party);
    bind_uuid(s, 3, &a->account);
    bind_u64(s, 4, a->authorities);
    bind_u64(s, 5, a->communities);
    sqlite3_bind_blob64(s, 6, a->red_count ? (const void *)a->red : "", a->red_count * sizeof *a->red, SQLITE_STATIC);
    bind_text(s, 7, a->tear);
    bind_u64(s, 8, a->tear_as);
    sqlite3_bind_int64(s, 9, a->until_us);
    bind_text(s, 10, a->reason);
}

static void bind_group(sqlite3_stmt *s, const struct fact_group *g)
{
    bind_uuid(s, 2, &g->id);
    bind_uuid(s, 3, &g->account);
    bind_text(s, 4, g->name);
    sqlite3_bind_int64(s, 5, g->until_us);
    bind_u64(s, 6, g->unreachable);
}

static enum err set_members(struct view *v, const struct fact_group *g, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_MEMBERS_CLEAR);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, &g->id);
    enum err err = view_run(v, s, reterr);
    for (size_t i = 0; err == OK && i < g->count; i++) {
        s = view_stmt(v, SQL_MEMBER_ADD);
        if (!s)
            return view_fault(v, reterr);
        bind_uuid(s, 1, &g->id);
        bind_uuid(s, 2, &g->members[i].party);
        sqlite3_bind_int64(s, 3, g->members[i].from_us);
        sqlite3_bind_int64(s, 4, g->members[i].until_us);
        err = view_run(v, s, reterr);
    }
    return err;
}

enum err apply_sharing(struct view *v, const struct fact *f, struct fault *reterr)
{
    enum sql sql = f->kind == FACT_GRANT       ? SQL_GRANT_SET
                   : f->kind == FACT_AGREEMENT ? SQL_AGREEMENT_SET
                                               : SQL_GROUP_SET;
    sqlite3_stmt *s = view_stmt(v, sql);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, f->n);
    if (f->kind == FACT_GRANT)
        bind_grant(s, f->t_us, &f->u.grant);
    else if (f->kind == FACT_AGREEMENT)
        bind_agreement(s, &f->u.agreement);
    else
        bind_group(s, &f->u.group);
    enum err err = view_run(v, s, reterr);
    return err == OK && f->kind == FACT_GROUP ? set_members(v, &f->u.group, reterr) : err;
}

/* ---- reading: texts go to the view's arena ---- */

static enum err read_grant(struct view *v, sqlite3_stmt *s, struct fact_grant *g)
{
    struct text *const texts[] = {&g->object, &g->version, &g->properties, &g->reason, &g->told, &g->end_reason};
    static const int at[] = {5, 6, 9, 13, 16, 19};
    column_uuid(s, 1, &g->id);
    column_uuid(s, 3, &g->account);
    g->kind = (enum grant_kind)sqlite3_column_int(s, 4);
    column_uuid(s, 7, &g->to);
    g->to_account = sqlite3_column_int(s, 8);
    g->leaves_as = (enum tlp)sqlite3_column_int(s, 10);
    g->from_us = sqlite3_column_int64(s, 11);
    g->until_us = sqlite3_column_int64(s, 12);
    column_uuid(s, 14, &g->originator);
    column_uuid(s, 15, &g->second);
    g->ended_us = sqlite3_column_int64(s, 17);
    column_uuid(s, 18, &g->ended_by);
    g->opened_us = sqlite3_column_int64(s, 20);
    enum err err = OK;
    for (size_t i = 0; err == OK && i < ARRAY_LEN(at); i++)
        err = column_keep(v, s, at[i], texts[i]);
    return err;
}

static enum err read_agreement(struct view *v, sqlite3_stmt *s, struct fact_agreement *a)
{
    column_uuid(s, 1, &a->party);
    column_uuid(s, 2, &a->account);
    a->authorities = sqlite3_column_int(s, 3);
    a->communities = sqlite3_column_int(s, 4);
    a->tear_as = (enum tlp)sqlite3_column_int(s, 7);
    a->until_us = sqlite3_column_int64(s, 8);
    struct text red = column_text(s, 5);
    a->red_count = red.len / sizeof *a->red;
    if (a->red_count) {
        struct uuid *list = arena_alloc(&v->arena, a->red_count * sizeof *list);
        if (!list)
            return ERR_NOMEM;
        memcpy(list, red.ptr, a->red_count * sizeof *list);
        a->red = list;
    }
    enum err err = column_keep(v, s, 6, &a->tear);
    return err == OK ? column_keep(v, s, 9, &a->reason) : err;
}

static enum err read_group(struct view *v, sqlite3_stmt *s, struct fact_group *g)
{
    column_uuid(s, 1, &g->id);
    column_uuid(s, 2, &g->account);
    g->until_us = sqlite3_column_int64(s, 4);
    g->unreachable = sqlite3_column_int(s, 5);
    return column_keep(v, s, 3, &g->name);
}

enum err view_read_sharing(struct view *v, sqlite3_stmt *s, struct fact *f)
{
    f->n = column_u64(s, 0);
    switch (f->kind) {
    case FACT_GRANT: f->t_us = sqlite3_column_int64(s, 2); return read_grant(v, s, &f->u.grant);
    case FACT_AGREEMENT: return read_agreement(v, s, &f->u.agreement);
    case FACT_GROUP: return read_group(v, s, &f->u.group);
    default: return ERR_USAGE;
    }
}

/* The one row of a bound statement. */
static enum err read_one(struct view *v, sqlite3_stmt *s, enum fact_kind kind, struct fact *ret, struct fault *reterr)
{
    struct fact f = {.kind = kind};
    arena_reset(&v->arena);
    enum err err = view_step(v, s, reterr);
    if (err != OK)
        return err;
    if (view_read_sharing(v, s, &f) != OK)
        err = view_nomem(reterr);
    sqlite3_reset(s);
    if (err == OK)
        *ret = f;
    return err;
}

enum err view_grant(struct view *v, const struct uuid *id, struct fact *ret, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_GRANT);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, id);
    return read_one(v, s, FACT_GRANT, ret, reterr);
}

enum err view_grants_to(struct view *v, const struct uuid *recipient, uint64_t from_n, int64_t now_us, uint32_t limit,
                        view_on_fact *on_row, void *self, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_GRANTS_TO);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, recipient);
    bind_u64(s, 2, from_n);
    sqlite3_bind_int64(s, 3, now_us);
    bind_u64(s, 4, limit);
    return view_each_fact(v, s, FACT_GRANT, view_read_sharing, on_row, self, reterr);
}

enum err view_grants_newest(struct view *v, const struct uuid *recipient, uint64_t *ret, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_GRANTS_NEWEST);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, recipient);
    enum err err = view_step(v, s, reterr);
    if (err != OK)
        return err;
    *ret = column_u64(s, 0); /* -1 is UINT64_MAX */
    sqlite3_reset(s);
    return OK;
}

static const struct uuid nobody;

bool grant_stands(const struct fact_grant *g)
{
    return g->kind != GRANT_BREAK_GLASS || (!uuid_eq(&g->second, &nobody) && !uuid_eq(&g->second, &g->account));
}

bool grant_is_for(enum grant_kind kind, const struct uuid *originator, const struct gate_class *cls)
{
    bool by_originator = kind == GRANT_CONSENT || kind == GRANT_BREAK_GLASS;
    return !by_originator || uuid_eq(originator, cls->ours ? &nobody : &cls->party);
}

enum err view_grants_of(struct view *v, struct text object, view_on_fact *on_row, void *self, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_GRANTS_OF);
    if (!s)
        return view_fault(v, reterr);
    bind_text(s, 1, object);
    return view_each_fact(v, s, FACT_GRANT, view_read_sharing, on_row, self, reterr);
}

enum err view_agreement(struct view *v, const struct uuid *party, struct fact_agreement *ret, struct fault *reterr)
{
    struct fact f;
    sqlite3_stmt *s = view_stmt(v, SQL_AGREEMENT);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, party);
    enum err err = read_one(v, s, FACT_AGREEMENT, &f, reterr);
    if (err == OK)
        *ret = f.u.agreement;
    return err;
}

/* ---- groups ---- */

static enum err read_members(struct view *v, struct fact_group *g, struct fault *reterr)
{
    size_t cap = 0;
    struct fact_group_member *list = NULL;
    sqlite3_stmt *s = view_stmt(v, SQL_MEMBERS);
    enum err err;
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, &g->id);
    while (view_more(v, s, &err, reterr)) {
        if (g->count == cap) {
            cap = cap ? 2 * cap : 16;
            struct fact_group_member *more = arena_alloc(&v->arena, cap * sizeof *more);
            if (!more) {
                sqlite3_reset(s);
                return view_nomem(reterr);
            }
            if (g->count)
                memcpy(more, list, g->count * sizeof *more);
            g->members = list = more;
        }
        column_uuid(s, 0, &list[g->count].party);
        list[g->count].from_us = sqlite3_column_int64(s, 1);
        list[g->count++].until_us = sqlite3_column_int64(s, 2);
    }
    sqlite3_reset(s);
    return err;
}

static enum err one_group(struct view *v, sqlite3_stmt *s, struct fact_group *ret, struct fault *reterr)
{
    struct fact f;
    enum err err = read_one(v, s, FACT_GROUP, &f, reterr);
    if (err == OK)
        err = read_members(v, &f.u.group, reterr);
    if (err == OK)
        *ret = f.u.group;
    return err;
}

enum err view_group(struct view *v, const struct uuid *id, struct fact_group *ret, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_GROUP);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, id);
    return one_group(v, s, ret, reterr);
}

enum err view_group_by_name(struct view *v, struct text name, struct fact_group *ret, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_GROUP_BY_NAME);
    if (!s)
        return view_fault(v, reterr);
    bind_text(s, 1, name);
    return one_group(v, s, ret, reterr);
}

enum err view_memberships(struct view *v, const struct uuid *party, view_on_membership *on_row, void *self,
                          struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_MEMBERSHIPS);
    enum err err;
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, party);
    while (view_more(v, s, &err, reterr)) {
        struct membership_row row = {.from_us = sqlite3_column_int64(s, 1),
                                     .until_us = sqlite3_column_int64(s, 2),
                                     .list_until_us = sqlite3_column_int64(s, 3),
                                     .unreachable = sqlite3_column_int(s, 4),
                                     .absent = sqlite3_column_int(s, 5)};
        column_uuid(s, 0, &row.group);
        err = on_row(self, &row);
        if (err != OK)
            break;
    }
    sqlite3_reset(s);
    return err;
}
