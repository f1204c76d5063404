/* store/view_vouch.c - who vouches for what: further paths by which a content came, and proofs of it; and which
 * contents a partner's log may still prove.
 *
 * A voucher is of a content (object and hash), whichever entries hold it. Rows of erased entries are not entered: the
 * voucher's own entry may outlive them. */
#include "store/view_inside.h"

static enum err content_of(struct view *v, const struct version_row *row, struct ident *ret_ident, uint32_t *ret_type,
                           struct fault *reterr)
{
    enum err err = ident_parse(row->id, ret_ident, reterr);
    return err == OK ? view_type_number(v, ret_ident->type, false, ret_type, reterr) : err;
}

static sqlite3_stmt *vouchers_of(struct view *v, const struct uuid *uuid, uint32_t type)
{
    sqlite3_stmt *s = view_stmt(v, SQL_VOUCHERS);
    if (s) {
        bind_uuid(s, 1, uuid);
        bind_u64(s, 2, type);
    }
    return s;
}

static void read_voucher(sqlite3_stmt *s, struct voucher_row *ret)
{
    *ret = (struct voucher_row){.n = column_u64(s, 0),
                                .entry = column_u64(s, 1),
                                .authority = (enum authority)sqlite3_column_int(s, 5),
                                .leaf = column_u64(s, 6),
                                .logged_us = sqlite3_column_int64(s, 7),
                                .body = column_place(s, 8)};
    column_hash(s, 2, &ret->hash);
    column_uuid(s, 3, &ret->party);
    column_uuid(s, 4, &ret->source);
}

enum err view_vouchers(struct view *v, struct text id, view_on_voucher *on_row, void *self, struct fault *reterr)
{
    struct ident ident;
    uint32_t type;
    if (ident_parse(id, &ident, NULL) != OK)
        return OK;
    enum err err = view_type_number(v, ident.type, false, &type, reterr);
    if (err != OK)
        return err == ERR_NOT_FOUND ? OK : err;
    sqlite3_stmt *s = vouchers_of(v, &ident.uuid, type);
    if (!s)
        return view_fault(v, reterr);
    while (view_more(v, s, &err, reterr)) {
        struct voucher_row row;
        read_voucher(s, &row);
        err = on_row(self, &row);
        if (err != OK)
            break;
    }
    sqlite3_reset(s);
    return err;
}

/* A word that a proof took back names no source: it is nobody's path. */
enum err view_refused(struct view *v, const struct uuid *party, uint64_t *ret, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, party ? SQL_REFUSED : SQL_REFUSED_ALL);
    if (!s)
        return view_fault(v, reterr);
    if (party)
        bind_uuid(s, 1, party);
    enum err err = view_step(v, s, reterr);
    if (err == OK)
        *ret = column_u64(s, 0);
    sqlite3_reset(s);
    return err;
}

/* ---- what may still be proven ---- */

static enum err is_proven(struct view *v, const struct content *c, bool *ret, struct fault *reterr)
{
    enum err err = OK;
    sqlite3_stmt *s = vouchers_of(v, c->uuid, c->type);
    *ret = false;
    if (!s)
        return view_fault(v, reterr);
    while (!*ret && view_more(v, s, &err, reterr)) {
        struct voucher_row row;
        read_voucher(s, &row);
        *ret = row.authority >= AUTHORITY_LOGGED && sha256_eq(&row.hash, c->hash);
    }
    sqlite3_reset(s);
    return *ret ? OK : err;
}

enum err note_unproven(struct view *v, const struct content *c, const struct uuid *party, uint64_t n,
                       struct fault *reterr)
{
    bool proven = false;
    enum err err = is_proven(v, c, &proven, reterr);
    sqlite3_stmt *s = err == OK && !proven ? view_stmt(v, SQL_UNPROVEN_ADD) : NULL;
    if (!s)
        return err == OK && !proven ? view_fault(v, reterr) : err;
    bind_u64(s, 1, n);
    bind_uuid(s, 2, party);
    return view_run(v, s, reterr);
}

static enum err drop_unproven(struct view *v, uint64_t n, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_UNPROVEN_DROP);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, n);
    return view_run(v, s, reterr);
}

enum err view_unproven(struct view *v, const struct uuid *party, uint64_t after_n, uint64_t *ret, size_t max,
                       size_t *ret_count, struct fault *reterr)
{
    enum err err = OK;
    sqlite3_stmt *s = view_stmt(v, SQL_UNPROVEN);
    *ret_count = 0;
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, party);
    bind_u64(s, 2, after_n);
    bind_u64(s, 3, max);
    while (*ret_count < max && view_more(v, s, &err, reterr))
        ret[(*ret_count)++] = column_u64(s, 0);
    sqlite3_reset(s);
    return *ret_count == max ? OK : err;
}

/* ---- writing ---- */

static enum err add_voucher(struct view *v, const struct fact *f, const struct content *c, struct fault *reterr)
{
    const struct fact_vouch *p = &f->u.vouch;
    sqlite3_stmt *s = view_stmt(v, SQL_VOUCHER_ADD);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, c->uuid);
    bind_u64(s, 2, c->type);
    bind_u64(s, 3, f->n);
    bind_u64(s, 4, p->entry);
    bind_hash(s, 5, c->hash);
    bind_uuid(s, 6, &p->party);
    bind_uuid(s, 7, &p->source);
    sqlite3_bind_int(s, 8, p->authority);
    bind_u64(s, 9, p->leaf);
    sqlite3_bind_int64(s, 10, p->logged_us);
    bind_place(s, 11, p->body);
    return view_run(v, s, reterr);
}

enum err apply_vouch(struct view *v, const struct fact *f, struct fault *reterr)
{
    const struct fact_vouch *p = &f->u.vouch;
    struct version_texts texts;
    struct version_row row;
    struct ident ident;
    uint32_t type;
    enum err err = view_version(v, p->entry, &texts, &row, NULL, reterr);
    if (err == ERR_NOT_FOUND)
        return apply_standings(v, &p->standings, f->t_us, reterr);
    if (err == OK)
        err = content_of(v, &row, &ident, &type, reterr);
    if (err != OK)
        return err;
    const struct content c = {&ident.uuid, type, &row.hash};
    err = add_voucher(v, f, &c, reterr);
    if (err == OK && p->authority >= AUTHORITY_LOGGED)
        err = drop_unproven(v, p->entry, reterr);
    if (err == OK && p->line && p->authority < AUTHORITY_LOGGED)
        err = note_unproven(v, &c, &p->party, p->entry, reterr);
    return err == OK ? apply_standings(v, &p->standings, f->t_us, reterr) : err;
}
