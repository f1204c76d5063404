/* desk/misp_feed.c - see misp_feed.h. The manifest is read first, whole, in a process of its own; then the events,
 * one after the other, each an intake like any other. */
#include "desk/misp_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct listed {
    struct uuid uuid;
    bool dated;
    int64_t us;
};

struct feed_run {
    struct node *node;
    const struct misp_feed_from *from;
    const struct misp_feed_options *options;
    struct misp_feed_totals *totals;
    struct listed *list; /* owned */
    size_t count, cap;
    struct fault end; /* of the manifest */
};

/* ---- the manifest ---- */

static enum err add_listed(struct feed_run *f, const struct record_element *e)
{
    struct ident id;
    struct stamp when;
    if (ident_parse(e->id, &id, NULL) != OK || f->count == MISP_FEED_EVENTS_MAX)
        return OK;
    if (f->count == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 256;
        struct listed *grown = realloc(f->list, cap * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        f->list = grown;
        f->cap = cap;
    }
    bool dated = stamp_parse(e->version, &when, NULL) == OK;
    f->list[f->count++] = (struct listed){id.uuid, dated, dated ? stamp_us(when) : 0};
    f->totals->listed++;
    return OK;
}

static enum err take_records(struct feed_run *f, struct text chunk, struct fault *reterr)
{
    struct cursor c;
    struct record r;
    enum err e;
    cursor_init(&c, chunk);
    while ((e = record_next(&c, &r)) == OK) {
        if (r.kind == RECORD_ELEMENT && add_listed(f, &r.u.element) != OK)
            return fault_set(reterr, ERR_NOMEM, "no memory for a feed's manifest");
        if (r.kind == RECORD_REJECTED) {
            f->totals->entries_rejected++;
            if (f->options->on_rejected)
                f->options->on_rejected(f->options->self, &r.u.rejected);
        }
        if (r.kind == RECORD_END && r.u.end.err != OK)
            fault_at(&f->end, ERR_MALFORMED, r.u.end.at, NULL, "the manifest: " TEXT_FMT, TEXT_ARG(r.u.end.what));
    }
    return e == ERR_NOT_FOUND ? OK : fault_set(reterr, ERR_MALFORMED, "its reader broke the record form");
}

static enum err read_manifest(struct feed_run *f, int fd, struct fault *reterr)
{
    const struct reader_options options = {
        .format = READER_MISP_FEED, .name = TEXT("manifest.json"), .cancel = f->options->intake->cancel};
    struct reader *reader;
    struct text chunk;
    enum err e = reader_open(fd, &options, &reader, reterr);
    if (e != OK)
        return e;
    while ((e = reader_next(reader, &chunk, reterr)) == OK) {
        e = take_records(f, chunk, reterr);
        if (e != OK)
            break;
    }
    reader_free(reader);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    if (f->end.err != OK && f->count == 0) {
        if (reterr)
            *reterr = f->end;
        return f->end.err;
    }
    f->totals->sum.whole = f->end.err == OK;
    return OK;
}

/* ---- the events ---- */

static enum err held_as(struct feed_run *f, struct view *v, const char *type, const struct listed *l, bool *ret,
                        struct fault *reterr)
{
    char id[IDENT_TEXT_MAX];
    struct version_row row;
    enum err e = view_current(v, ident_format(text_of(type), &l->uuid, id), &row, reterr);
    if (e == OK)
        *ret = *ret ||
               (row.modified.len > 0 && row.modified_us >= l->us && uuid_eq(&row.party, &f->options->intake->party));
    return e == ERR_NOT_FOUND ? OK : e;
}

/* An event without a time in the manifest is asked for each time. */
static enum err is_held(struct feed_run *f, const struct listed *l, bool *ret, struct fault *reterr)
{
    struct view *v;
    *ret = false;
    if (f->options->all || !l->dated)
        return OK;
    enum err e = node_reader(f->node, &v, reterr);
    if (e != OK)
        return e;
    e = held_as(f, v, "report", l, ret, reterr);
    if (e == OK && !*ret)
        e = held_as(f, v, "grouping", l, ret, reterr);
    node_reader_done(f->node, v);
    return e;
}

static void add_totals(struct intake_totals *sum, const struct intake_totals *one)
{
    sum->read += one->read;
    sum->fresh += one->fresh;
    sum->updated += one->updated;
    sum->unchanged += one->unchanged;
    sum->rejected += one->rejected;
    sum->claims += one->claims;
    sum->older += one->older;
    sum->conflicts += one->conflicts;
    sum->quarantined += one->quarantined;
    sum->renditions += one->renditions;
    sum->warned += one->warned;
    sum->lost += one->lost;
    sum->events += one->events;
    sum->findings += one->findings;
    sum->proposed += one->proposed;
    sum->named += one->named;
    sum->red += one->red;
    sum->reclassed += one->reclassed;
    sum->at = one->at ? one->at : sum->at;
    sum->whole = sum->whole && one->whole;
}

/* What ends the whole feed, and not this event alone. */
static bool is_ours(enum err e)
{
    return e == ERR_FULL || e == ERR_CANCELLED || e == ERR_NOMEM || e == ERR_BUSY;
}

static enum err one_event(struct feed_run *f, const struct listed *l, struct fault *reterr)
{
    char name[MISP_FEED_NAME_MAX], uuid[UUID_TEXT_MAX];
    struct intake_options options = *f->options->intake;
    struct intake_totals totals = {.format = READER_MISP};
    struct fault fault = {.offset = -1, .line = -1};
    int fd = -1;
    uuid_format(&l->uuid, uuid);
    snprintf(name, sizeof name, "%s.json", uuid);
    enum err e = f->from->get(f->from->self, name, &fd, &fault);
    if (e == OK) {
        options.format = READER_MISP;
        options.name = text_of(name);
        e = intake_run(f->node, fd, &options, &totals, &fault);
        close(fd);
    }
    add_totals(&f->totals->sum, &totals);
    f->totals->sum.whole = f->totals->sum.whole && e == OK;
    f->totals->taken += e == OK;
    f->totals->broken += e != OK;
    if (f->options->on_event)
        f->options->on_event(f->options->self, name, e, &totals, &fault);
    if (!is_ours(e))
        return OK;
    if (reterr)
        *reterr = fault;
    return e;
}

static enum err events(struct feed_run *f, struct fault *reterr)
{
    enum err e = OK;
    const atomic_bool *cancel = f->options->intake->cancel;
    for (size_t i = 0; e == OK && i < f->count; i++) {
        bool held;
        if (cancel && atomic_load(cancel))
            return fault_set(reterr, ERR_CANCELLED, "stopped on request");
        e = is_held(f, &f->list[i], &held, reterr);
        if (e == OK && held)
            f->totals->held++;
        else if (e == OK)
            e = one_event(f, &f->list[i], reterr);
    }
    return e;
}

enum err misp_feed_run(struct node *node, const struct misp_feed_from *from, const struct misp_feed_options *options,
                       struct misp_feed_totals *ret, struct fault *reterr)
{
    struct feed_run f = {.node = node, .from = from, .options = options, .totals = ret};
    int fd = -1;
    *ret = (struct misp_feed_totals){.sum = {.format = READER_MISP_FEED}};
    enum err e = from->get(from->self, "manifest.json", &fd, reterr);
    if (e != OK)
        return e;
    e = read_manifest(&f, fd, reterr);
    close(fd);
    if (e == OK)
        e = events(&f, reterr);
    free(f.list);
    return e;
}
