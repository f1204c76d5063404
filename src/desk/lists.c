/* desk/lists.c - see lists.h. */
#include "desk/lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/own.h"
#include "reader/reader.h"
#include "store/view_belief.h"

/* ---- taking a list ---- */

struct taking {
    const struct list_told *told;
    struct list_taken *taken;
    struct buffer text;
    uint32_t part, parts;
    bool ended;
    struct fault end;
};

static enum err broken(struct fault *reterr)
{
    return fault_set(reterr, ERR_MALFORMED, "its reader broke the record form");
}

static enum err take_piece(struct taking *t, const struct record_list *l, struct fault *reterr)
{
    if (l->part != t->part || (t->part && l->parts != t->parts) || l->name.len > WARNINGLIST_NAME_MAX_BYTES ||
        l->type.len >= sizeof t->taken->type || !text_is_utf8(l->name) ||
        warninglist_type_parse(l->type) == WARNINGLIST_NONE)
        return broken(reterr);
    t->part++;
    t->parts = l->parts;
    snprintf(t->taken->name, sizeof t->taken->name, TEXT_FMT, TEXT_ARG(l->name));
    snprintf(t->taken->type, sizeof t->taken->type, TEXT_FMT, TEXT_ARG(l->type));
    t->taken->version = l->version;
    t->taken->entries = l->entries;
    buffer_add(&t->text, l->text);
    return buffer_error(&t->text);
}

static enum err take_chunk(struct taking *t, struct text chunk, struct fault *reterr)
{
    struct cursor c;
    struct record r;
    enum err err;
    cursor_init(&c, chunk);
    while ((err = record_next(&c, &r)) == OK) {
        if (t->ended)
            return broken(reterr);
        if (r.kind == RECORD_REJECTED) {
            t->taken->rejected++;
            if (t->told->rejected)
                t->told->rejected(t->told->self, &r.u.rejected);
        } else if (r.kind == RECORD_LIST) {
            err = take_piece(t, &r.u.list, reterr);
            if (err != OK)
                return err;
        } else if (r.kind == RECORD_END) {
            t->ended = true;
            if (r.u.end.err)
                fault_set(&t->end, (enum err)r.u.end.err, "%.*s",
                          (int)(r.u.end.what.len < 200 ? r.u.end.what.len : 200), r.u.end.what.ptr);
        } else {
            return broken(reterr);
        }
    }
    return err == ERR_NOT_FOUND ? OK : broken(reterr);
}

static enum err read_document(struct taking *t, int fd, struct fault *reterr)
{
    const struct reader_options options = {.format = READER_WARNINGLIST, .cancel = t->told->cancel};
    struct reader *r;
    struct text chunk;
    enum err err = reader_open(fd, &options, &r, reterr);
    if (err != OK)
        return err;
    while ((err = reader_next(r, &chunk, reterr)) == OK && (err = take_chunk(t, chunk, reterr)) == OK)
        ;
    reader_free(r);
    if (err != ERR_NOT_FOUND)
        return err;
    if (t->end.err) {
        *reterr = t->end;
        return t->end.err;
    }
    return t->ended && t->parts && t->part == t->parts ? OK : broken(reterr);
}

struct held {
    struct text name;
    const struct sha256 *hash;
    bool there, same, disabled;
    uint32_t parts_there;
};

static enum err look_at(void *self, const struct list_row *row)
{
    struct held *h = self;
    if (!text_eq(row->name, h->name))
        return OK;
    h->same = (!h->there || h->same) && sha256_eq(&row->hash, h->hash) && row->body.segment != UINT32_MAX;
    h->there = true;
    h->disabled = row->disabled;
    h->parts_there++;
    return OK;
}

struct part_write {
    struct fact fact;
    struct text text;
};

static enum err write_part(struct txn *t, void *self, struct fault *reterr)
{
    struct part_write *w = self;
    return txn_append(t, &w->fact, w->text, TEXT_NONE, reterr);
}

/* Each part is a group of its own: a list may be larger than one holds. */
static enum err write_parts(struct node *node, const struct taking *t, const struct held *held,
                            const struct uuid *account, struct fault *reterr)
{
    struct text text = buffer_text(&t->text);
    enum err err = OK;
    for (uint32_t part = 0; err == OK && part < t->parts; part++) {
        struct part_write w = {.fact = {.kind = FACT_LIST},
                               .text = text_sub(text, (size_t)part * WARNINGLIST_PART_BYTES, WARNINGLIST_PART_BYTES)};
        w.fact.u.list = (struct fact_list){.account = *account,
                                           .name = held->name,
                                           .type = text_of(t->taken->type),
                                           .version = t->taken->version,
                                           .entries = t->taken->entries,
                                           .hash = *held->hash,
                                           .part = part,
                                           .parts = t->parts,
                                           .disabled = held->disabled};
        err = node_write(node, write_part, &w, reterr);
    }
    return err;
}

static enum err look_for(struct node *node, struct held *held, struct fault *reterr)
{
    struct view *v;
    enum err err = node_reader(node, &v, reterr);
    if (err != OK)
        return err;
    err = view_lists(v, look_at, held, reterr);
    node_reader_done(node, v);
    return err;
}

enum err list_take(struct node *node, int fd, const struct uuid *account, const struct list_told *told,
                   struct list_taken *ret, struct fault *reterr)
{
    struct list_taken taken = {.name = ""};
    struct fault why = {.offset = -1, .line = -1};
    struct taking t = {.told = told, .taken = &taken, .end = {.offset = -1, .line = -1}};
    buffer_init(&t.text, 2 * WARNINGLIST_MAX_BYTES);
    enum err err = node_has_room(node, &why);
    if (err == OK)
        err = read_document(&t, fd, &why);
    struct sha256 hash = {{0}};
    struct held held = {.name = text_of(taken.name), .hash = &hash};
    if (err == OK) {
        hash = sha256_of(t.text.ptr ? t.text.ptr : "", t.text.len);
        err = look_for(node, &held, &why);
    }
    taken.changed = !held.same || held.parts_there != t.parts;
    if (err == OK && taken.changed)
        err = write_parts(node, &t, &held, account, &why);
    buffer_done(&t.text);
    if (err != OK && reterr)
        *reterr = why;
    else if (err == OK)
        *ret = taken;
    return err;
}

enum err list_use(struct node *node, struct text name, bool use, const struct uuid *account, struct fault *reterr)
{
    static const struct sha256 none;
    struct held held = {.name = name, .hash = &none};
    enum err err = look_for(node, &held, reterr);
    if (err != OK)
        return err;
    if (!held.there)
        return fault_set(reterr, ERR_NOT_FOUND, "no warning list of that name; entente warninglist list shows them");
    if (held.disabled == !use)
        return OK;
    struct part_write w = {.fact = {.kind = FACT_LIST}};
    w.fact.u.list = (struct fact_list){.account = *account, .name = name, .disabled = !use};
    return node_write(node, write_part, &w, reterr);
}

/* ---- allowing one indicator ---- */

struct allow_write {
    struct text indicator, reason;
    bool allow, changed;
    const struct uuid *account;
    struct fact_ruling standing; /* texts cleared; id zero: none */
};

static enum err find_allowed(void *self, const struct fact *f)
{
    struct allow_write *w = self;
    const struct fact_ruling *r = &f->u.ruling;
    if (r->kind == RULING_ALLOW && !r->ended_us && text_eq(r->object, w->indicator))
        w->standing = (struct fact_ruling){.id = r->id, .from_us = r->from_us, .account = r->account};
    return OK;
}

static enum err write_allow(struct txn *t, void *self, struct fault *reterr)
{
    struct allow_write *w = self;
    struct version_row row;
    w->standing = (struct fact_ruling){.from_us = 0};
    w->changed = false;
    enum err err = view_current(txn_view(t), w->indicator, &row, reterr);
    if (err == ERR_NOT_FOUND)
        return fault_set(reterr, err, "no such indicator counts here");
    if (err == OK)
        err = view_rulings(txn_view(t), find_allowed, w, reterr);
    bool there = !uuid_is_zero(&w->standing.id);
    if (err != OK || there == w->allow)
        return err;
    struct fact f = {.kind = FACT_RULING};
    f.u.ruling = (struct fact_ruling){.id = there ? w->standing.id : uuid_random(),
                                      .account = there ? w->standing.account : *w->account,
                                      .kind = RULING_ALLOW,
                                      .scope = RULING_INDICATOR,
                                      .object = w->indicator,
                                      .from_us = there ? w->standing.from_us : txn_now_us(t),
                                      .reason = there ? TEXT_NONE : w->reason};
    if (there) {
        f.u.ruling.ended_us = txn_now_us(t);
        f.u.ruling.ended_by = *w->account;
        f.u.ruling.end_reason = w->reason;
    }
    w->changed = true;
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

enum err list_allow(struct node *node, struct text indicator, bool allow, struct text reason,
                    const struct uuid *account, bool *ret_changed, struct fault *reterr)
{
    struct allow_write w = {.indicator = indicator, .reason = reason, .allow = allow, .account = account};
    enum err err = node_write(node, write_allow, &w, reterr);
    if (err == OK)
        *ret_changed = w.changed;
    return err;
}

/* ---- counting ---- */

struct counting {
    const struct suppress *s;
    struct suppress_counts *counts;
};

static enum err count_one(void *self, const struct indicator_row *row)
{
    struct counting *c = self;
    struct ident id;
    if (row->revoked || ident_parse(row->id, &id, NULL) != OK)
        return OK;
    const struct suppressed found = suppress_indicator(c->s, &id.uuid, row->kind, row->value);
    suppress_count(c->counts, &found);
    return OK;
}

enum err suppress_counts_since(struct view *v, const struct suppress *s, uint64_t from_n, struct suppress_counts *ret,
                               struct fault *reterr)
{
    struct counting c = {s, ret};
    *ret = (struct suppress_counts){.total = 0};
    return view_indicators(v, from_n, count_one, &c, reterr);
}
