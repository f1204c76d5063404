/* store/view_stand_in.c - the version that stands in on pages where the one that counts was withdrawn: the newest
 * older one that was not. It counts as visible from the moment at which it began to stand in, so that it is behind
 * nobody's cursor.
 *
 * Invariant: an object has a row here if its current version was withdrawn and an older one was not, and no other. */
#include <stdlib.h>

#include "store/view_inside.h"

#define NONE UINT64_MAX

static enum err find(struct view *v, uint64_t newest, uint64_t *ret, struct fault *reterr)
{
    struct version_texts texts;
    struct version_row row;
    int64_t newest_us = INT64_MIN;
    enum err err = OK;
    *ret = NONE;
    for (uint64_t n = newest, older; err == OK && n != NONE; n = older) {
        err = view_version(v, n, &texts, &row, &older, reterr);
        bool better = err == OK && row.standing == STANDING_OLDER && !row.withdrawn &&
                      (*ret == NONE || row.modified_us > newest_us);
        if (better) {
            *ret = n;
            newest_us = row.modified_us;
        }
    }
    return err;
}

static enum err get(struct view *v, const struct uuid *uuid, uint32_t type, uint64_t *ret_n, int64_t *ret_us,
                    struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_STAND_IN_GET);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, uuid);
    bind_u64(s, 2, type);
    enum err err = view_step(v, s, reterr);
    if (err != OK)
        return err;
    *ret_n = column_u64(s, 0);
    *ret_us = sqlite3_column_int64(s, 1);
    sqlite3_reset(s);
    return OK;
}

static enum err set(struct view *v, const struct uuid *uuid, uint32_t type, uint64_t n, int64_t t_us,
                    struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, n == NONE ? SQL_STAND_IN_DROP : SQL_STAND_IN_SET);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, uuid);
    bind_u64(s, 2, type);
    if (n != NONE) {
        bind_u64(s, 3, n);
        sqlite3_bind_int64(s, 4, t_us);
    }
    return view_run(v, s, reterr);
}

static enum err numbers_of(struct view *v, struct text id, struct uuid *ret_uuid, uint32_t *ret_type,
                           struct fault *reterr)
{
    struct ident ident;
    if (ident_parse(id, &ident, NULL) != OK)
        return ERR_NOT_FOUND;
    *ret_uuid = ident.uuid;
    return view_type_number(v, ident.type, false, ret_type, reterr);
}

enum err stand_in_settle(struct view *v, struct text id, int64_t t_us, struct fault *reterr)
{
    struct object_row object;
    struct version_texts texts;
    struct version_row row;
    struct uuid uuid;
    uint32_t type;
    uint64_t n = NONE, before = NONE;
    int64_t before_us = 0;
    enum err err = numbers_of(v, id, &uuid, &type, reterr);
    if (err == OK)
        err = view_object(v, id, &object, reterr);
    if (err == OK && object.current != NONE)
        err = view_version(v, object.current, &texts, &row, NULL, reterr);
    if (err == OK && object.current != NONE && row.withdrawn)
        err = find(v, object.newest, &n, reterr);
    if (err == OK)
        err = get(v, &uuid, type, &before, &before_us, reterr);
    if (err == ERR_NOT_FOUND)
        err = OK;
    return err == OK && n != before ? set(v, &uuid, type, n, t_us, reterr) : err;
}

enum err view_stand_in(struct view *v, struct text id, struct version_row *ret, int64_t *ret_since_us,
                       struct fault *reterr)
{
    struct uuid uuid;
    uint32_t type;
    uint64_t n = NONE;
    int64_t since_us = 0;
    enum err err = numbers_of(v, id, &uuid, &type, reterr);
    if (err == OK)
        err = get(v, &uuid, type, &n, &since_us, reterr);
    if (err == OK)
        err = view_version(v, n, &v->texts, ret, NULL, reterr);
    if (err == OK && ret_since_us)
        *ret_since_us = since_us;
    return err;
}
