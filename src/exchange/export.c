/* exchange/export.c - pages for a file: one snapshot, one clearance, from the first object to the last. */
#include "exchange/export.h"

#include <string.h>

#include "base/time.h"
#include "exchange/page_refs.h"
#include "exchange/releases.h"
#include "exchange/taxii_server.h"

#define EXPORT_PAGE_OBJECTS 500
#define EXPORT_ARENA_BYTES  (64 * MIB)

struct place_in_order {
    bool has_cursor;
    int64_t after_us;
    uint64_t after_n;
    bool more;
};

static struct page_wanted wanted_of(const struct export_wanted *w, const struct place_in_order *at)
{
    return (struct page_wanted){.query = {.party = w->recipient.party,
                                          .collection = COLLECTION_INTELLIGENCE,
                                          .after_us = at->has_cursor ? at->after_us : w->since_us,
                                          .has_cursor = at->has_cursor,
                                          .after_n = at->after_n,
                                          .until_us = INT64_MAX,
                                          .types = w->types,
                                          .type_count = w->type_count,
                                          .limit = EXPORT_PAGE_OBJECTS}};
}

/* ---- who exports sees it, too ---- */

/* Is what was taken out for `fewer` taken out for `more` as well? Of a list that is cut off, nobody knows. */
static bool took_out_less(const char *fewer, const char *more)
{
    struct text rest = text_of(fewer), selector, other;
    if (strstr(fewer, "...") || strstr(more, "..."))
        return !*fewer;
    while (*fewer && text_split(&rest, ',', &selector)) {
        struct text among = text_of(more);
        bool found = false;
        while (!found && text_split(&among, ',', &other))
            found = text_eq(text_trim(other), text_trim(selector));
        if (!found)
            return false;
    }
    return true;
}

static enum err sees(struct page *eyes, const struct page_item *item, bool *ret, struct fault *reterr)
{
    struct version_row row;
    struct decision own, theirs = {0};
    struct cleared *form = NULL;
    char name[VERSION_NAME_MAX];
    *ret = false;
    enum err e = view_by_entry(eyes->view, item->n, &row, reterr);
    if (e)
        return e == ERR_NOT_FOUND ? OK : e;
    struct page_object o = {.id = arena_text(eyes->arena, row.id),
                            .version = arena_text(eyes->arena, version_name(&row, name)),
                            .class_id = row.class_id,
                            .body = row.body};
    if (!o.id.ptr || !o.version.ptr)
        return ERR_NOMEM;
    e = page_explain(eyes, &o, &own, &form, reterr);
    if (e == OK && form) {
        decision_close(&theirs, item->cleared);
        *ret = own.cleared && !own.tear && took_out_less(own.removed, theirs.removed);
    }
    cleared_free(form);
    if (e == OK && eyes->failed)
        e = eyes->failed;
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err drop_unseen(struct page *p, struct page *eyes, struct fault *reterr)
{
    size_t kept = 0;
    enum err e = OK;
    for (size_t i = 0; i < p->count; i++) {
        bool seen = false;
        if (e == OK)
            e = sees(eyes, &p->items[i], &seen, reterr);
        if (seen)
            p->items[kept++] = p->items[i];
        else
            cleared_free(p->items[i].cleared);
    }
    p->count = kept;
    return e;
}

static enum err one_page(struct export *x, struct page *p, struct page *eyes, struct place_in_order *at,
                         struct fault *reterr)
{
    struct page_wanted wanted = wanted_of(x->wanted, at);
    enum err e = page_fill(p, &wanted, reterr);
    if (e)
        return e;
    at->more = p->more;
    if (p->count) {
        at->has_cursor = true;
        at->after_us = p->items[p->count - 1].date_us;
        at->after_n = p->items[p->count - 1].n;
    }
    if (eyes->clearance)
        e = drop_unseen(p, eyes, reterr);
    if (e)
        return e;
    struct export_batch batch = {p->items, p->count, p};
    return p->count ? x->on_batch(x->self, x, &batch, reterr) : OK;
}

/* eyes: of who exports; NULL: none. */
static enum err all_pages(struct export *x, struct view *v, const struct clearance *c, const struct clearance *eyes,
                          int64_t now_us, struct fault *reterr)
{
    struct place_in_order at = {.more = true};
    enum err e = OK;
    while (e == OK && at.more) {
        struct arena arena;
        arena_init(&arena, EXPORT_ARENA_BYTES);
        struct page p = {.node = x->node, .view = v, .clearance = c, .now_us = now_us, .arena = &arena}, own = p;
        own.clearance = eyes;
        e = one_page(x, &p, &own, &at, reterr);
        struct export_batch none = {NULL, 0, &p};
        if (e == OK && !at.more && x->on_end)
            e = x->on_end(x->self, x, &none, reterr);
        page_done(&p);
        page_done(&own);
        arena_done(&arena);
    }
    return e;
}

static enum err run_in(struct export *x, struct view *v, struct fault *reterr)
{
    struct clearance *c = NULL, *eyes = NULL;
    int64_t now_us = clock_now_us();
    enum err e = view_snapshot(v, reterr);
    if (e)
        return e;
    e = clearance_make(v, &x->wanted->recipient, x->wanted->door, now_us, node_gate_counters(x->node), &c, reterr);
    if (e == OK && x->wanted->eyes)
        e = clearance_make(v, x->wanted->eyes, x->wanted->door, now_us, NULL, &eyes, reterr);
    if (e == OK)
        e = all_pages(x, v, c, eyes, now_us, reterr);
    clearance_unref(eyes);
    clearance_unref(c);
    view_end(v);
    return e;
}

enum err export_run(struct export *x, struct fault *reterr)
{
    const struct recipient *r = &x->wanted->recipient;
    struct view *v;
    bool opened;
    enum err e = OK;
    if (r->kind != RECIPIENT_OWN_ACCOUNT && r->kind != RECIPIENT_PUBLIC)
        e = taxii_openings_pass(x->node, &r->party, &opened, reterr);
    if (e == OK)
        e = node_reader(x->node, &v, reterr);
    if (e)
        return e;
    e = run_in(x, v, reterr);
    node_reader_done(x->node, v);
    return e;
}

enum err export_record(struct export *x, struct export_batch *batch, struct page_item *items, size_t count,
                       struct fault *reterr)
{
    struct page p = *batch->page;
    p.items = items;
    p.count = count;
    return releases_record(&p, NULL, &x->wanted->account, reterr);
}
