/* desk/register_import.c - the register's CSV. A row that cannot be read whole is refused whole: half an organisation
 * would let its addresses go to someone else. Organisations that a later file does not name stay as they are. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "desk/register_inside.h"
#include "format/csv.h"

/* Rows of one write, and memory for all rows of a file. */
#define ROWS_AT_ONCE   4096
#define ROWS_MAX_BYTES GIB

struct import {
    struct node *node;
    const struct uuid *account;
    register_on_rejected *on_rejected;
    void *self;
    struct arena arena;
    struct organisation_record *rows; /* malloc */
    size_t count, cap;
    struct name_table seen; /* names of this file; grown by rebuilding */
    struct register_totals totals;
};

static void refuse(struct import *im, int64_t line, const char *reason)
{
    im->totals.rejected++;
    if (im->on_rejected)
        im->on_rejected(im->self, line, reason);
}

/* ---- reading ---- */

struct columns {
    int name, sector, networks, domains, contacts;
};

static enum err find_columns(struct csv_reader *csv, struct columns *ret, struct fault *reterr)
{
    struct {
        struct text name;
        int *at;
    } wanted[] = {{TEXT("name"), &ret->name},
                  {TEXT("sector"), &ret->sector},
                  {TEXT("networks"), &ret->networks},
                  {TEXT("domains"), &ret->domains},
                  {TEXT("contacts"), &ret->contacts}};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        *wanted[i].at = csv_column(csv, wanted[i].name);
        if (*wanted[i].at < 0)
            return fault_at(reterr, ERR_MALFORMED, 0, NULL,
                            "the header lacks `" TEXT_FMT "`: wanted is name,sector,networks,domains,contacts",
                            TEXT_ARG(wanted[i].name));
    }
    return OK;
}

static enum err remember_name(struct import *im, struct text name, bool *ret_again)
{
    if (im->seen.slots == NULL || (im->seen.count + 1) * 2 > im->seen.mask + 1) {
        struct name_table larger;
        if (names_init(&larger, im->count * 2 + 64) != OK)
            return ERR_NOMEM;
        for (size_t i = 0; i < im->count; i++)
            names_add(&larger, im->rows[i].name, 0);
        names_done(&im->seen);
        im->seen = larger;
    }
    size_t before = im->seen.count;
    names_add(&im->seen, name, 0);
    *ret_again = im->seen.count == before;
    return OK;
}

static enum err take_row(struct import *im, const struct csv_row *row, const struct columns *col)
{
    const char *reason = NULL;
    if (im->count == im->cap) {
        size_t cap = im->cap ? im->cap * 2 : 256;
        struct organisation_record *rows = realloc(im->rows, cap * sizeof *rows);
        if (!rows)
            return ERR_NOMEM;
        im->rows = rows;
        im->cap = cap;
    }
    struct organisation_record *r = &im->rows[im->count];
    enum err e = organisation_of_row(&im->arena, csv_cell(row, col->name), csv_cell(row, col->sector),
                                     csv_cell(row, col->networks), csv_cell(row, col->domains),
                                     csv_cell(row, col->contacts), r, &reason);
    bool again = false;
    if (e == OK)
        e = remember_name(im, r->name, &again);
    if (e == OK && !again) {
        im->count++;
        return OK;
    }
    if (e != OK && e != ERR_MALFORMED)
        return e;
    refuse(im, row->line, again ? "the name stands in this file twice" : reason);
    return OK;
}

static enum err read_rows(struct import *im, struct csv_reader *csv, struct fault *reterr)
{
    struct columns col;
    enum err e = csv_header(csv, NULL, reterr);
    if (e == OK)
        e = find_columns(csv, &col, reterr);
    while (e == OK) {
        struct csv_row row;
        struct fault fault = {.line = -1};
        e = csv_next(csv, &row, &fault);
        if (e == ERR_NOT_FOUND)
            return OK;
        if (e == OK || e == ERR_MALFORMED || e == ERR_LIMIT)
            im->totals.rows++;
        if (e == OK) {
            e = take_row(im, &row, &col);
            if (e != OK)
                return fault_set(reterr, e, "no memory for the register's rows");
        } else if (e == ERR_MALFORMED || e == ERR_LIMIT) {
            refuse(im, fault.line, fault.what);
            e = OK;
        } else if (reterr) {
            *reterr = fault;
        }
    }
    return e;
}

/* ---- writing ---- */

struct rows_write {
    struct import *im;
    size_t from, count;
    struct register_totals totals;
};

static enum err body_from_txn(void *self, struct place place, struct buffer *out, struct fault *reterr)
{
    return txn_body(self, place, out, reterr);
}

/* *ret_same: what is held says the same, nothing was appended. */
static enum err append_row(struct txn *t, const struct organisation_record *r, const struct uuid *known,
                           const struct uuid *account, bool *ret_same, struct fault *reterr)
{
    char id[IDENT_TEXT_MAX];
    struct uuid uuid = known ? *known : uuid_random();
    struct version_row before;
    struct json_doc *doc = NULL;
    struct buffer body, old;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    buffer_init(&old, STIX_OBJECT_MAX_BYTES);
    ident_format(TEXT("identity"), &uuid, id);
    enum err e = known ? own_load(t, text_of(id), &before, &old, &doc, reterr) : OK;
    if (e == OK) {
        struct own_times times = own_times(t, known ? &before : NULL);
        organisation_write(r, text_of(id), node_genesis(txn_node(t)), &times, &body);
        struct own_object object = {
            .id = text_of(id), .times = &times, .before = known ? &before : NULL, .account = *account};
        *ret_same = false;
        if (known)
            e = own_same(t, &body, buffer_text(&old), ret_same, reterr);
        if (e == OK && !*ret_same)
            e = own_append(t, &object, &body, reterr);
    }
    json_free(doc);
    buffer_done(&old);
    buffer_done(&body);
    return e;
}

static int record_by_name(const void *a, const void *b)
{
    const struct organisation_record *x = a, *y = b;
    return text_cmp(x->name, y->name);
}

static enum err write_rows(struct txn *t, void *self, struct fault *reterr)
{
    struct rows_write *w = self;
    struct arena arena;
    struct organisation_record *held = NULL;
    size_t held_count = 0;
    w->totals = (struct register_totals){0};
    arena_init(&arena, ROWS_MAX_BYTES);
    enum err e = organisations_read(txn_view(t), &node_genesis(txn_node(t))->identity, body_from_txn, t, &arena,
                                    &held, &held_count, reterr);
    if (e == OK && held_count > 0)
        qsort(held, held_count, sizeof *held, record_by_name);
    for (size_t i = 0; e == OK && i < w->count; i++) {
        const struct organisation_record *r = &w->im->rows[w->from + i];
        const struct organisation_record *known =
            held_count > 0 ? bsearch(r, held, held_count, sizeof *held, record_by_name) : NULL;
        bool same = false;
        e = append_row(t, r, known ? &known->id : NULL, w->im->account, &same, reterr);
        uint64_t *counter = same ? &w->totals.unchanged : known ? &w->totals.updated : &w->totals.fresh;
        *counter += e == OK;
    }
    free(held);
    arena_done(&arena);
    return e;
}

static enum err write_all_rows(struct import *im, struct fault *reterr)
{
    for (size_t from = 0; from < im->count; from += ROWS_AT_ONCE) {
        size_t left = im->count - from;
        struct rows_write w = {.im = im, .from = from, .count = left < ROWS_AT_ONCE ? left : ROWS_AT_ONCE};
        enum err e = node_write(im->node, write_rows, &w, reterr);
        if (e != OK)
            return e;
        im->totals.fresh += w.totals.fresh;
        im->totals.updated += w.totals.updated;
        im->totals.unchanged += w.totals.unchanged;
    }
    return OK;
}

enum err register_import(struct node *node, int fd, const struct uuid *account, register_on_rejected *on_rejected,
                         void *self, struct register_totals *ret, struct fault *reterr)
{
    struct import im = {.node = node, .account = account, .on_rejected = on_rejected, .self = self};
    struct csv_reader *csv;
    enum err e = csv_open(fd, &csv);
    if (e != OK)
        return fault_set(reterr, e, "no memory to read the register");
    arena_init(&im.arena, ROWS_MAX_BYTES);
    e = read_rows(&im, csv, reterr);
    csv_free(csv);
    if (e == OK)
        e = write_all_rows(&im, reterr);
    names_done(&im.seen);
    free(im.rows);
    arena_done(&im.arena);
    if (e == OK)
        *ret = im.totals;
    return e;
}
