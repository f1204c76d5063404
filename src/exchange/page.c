/* exchange/page.c - fills a page. */
#include "exchange/page.h"

#include <string.h>

#include "base/time.h"
#include "exchange/page_refs.h"

/* Rows asked for at once: enough for a page, and no more than a page wastes. */
#define BATCH_MIN 32

struct row {
    struct text id, modified;
    uint64_t n;
    int64_t modified_us, date_us;
    enum standing standing;
    uint32_t class_id;
    struct place body;
};
struct batch {
    struct arena texts; /* of the rows; emptied for each batch */
    struct row *rows;   /* in the page's arena */
    size_t count, cap;
};
/* A batch of TAXII_PAGE_MAX + 1 rows with their ids and times. */
#define BATCH_MAX_BYTES (2 * MIB)

static enum err on_row(void *self, const struct page_row *page_row)
{
    struct batch *b = self;
    if (b->count == b->cap)
        return OK;
    const struct version_row *v = &page_row->version;
    struct row *r = &b->rows[b->count];
    *r = (struct row){.id = arena_text(&b->texts, v->id),
                      .modified = arena_text(&b->texts, v->modified),
                      .n = v->n,
                      .modified_us = v->modified_us,
                      .date_us = page_row->date_added_us,
                      .standing = v->standing,
                      .class_id = v->class_id,
                      .body = v->body};
    if (!r->id.ptr || !r->modified.ptr)
        return ERR_NOMEM;
    b->count++;
    return OK;
}

/* ---- match[version] ---- */

struct versions_seen {
    const struct page *p;
    bool current_cleared, any;
    uint64_t first_n;
    int64_t first_us;
};

static enum err on_version(void *self, const struct version_row *row)
{
    struct versions_seen *seen = self;
    bool cleared;
    if (!clearance_class(seen->p->clearance, row->class_id, &cleared) || !cleared)
        return OK;
    if (row->standing == STANDING_CURRENT)
        seen->current_cleared = true;
    else if (row->standing != STANDING_OLDER)
        return OK;
    if (!seen->any || row->modified_us < seen->first_us ||
        (row->modified_us == seen->first_us && row->n < seen->first_n)) {
        seen->any = true;
        seen->first_us = row->modified_us;
        seen->first_n = row->n;
    }
    return OK;
}

static bool names_stamp(const struct page_wanted *w, const struct row *r)
{
    struct stamp s;
    if (!r->modified.len || stamp_parse(r->modified, &s, NULL))
        s = stamp_from_us(r->date_us, 6); /* section 3.4: an object without versions has the time it was added */
    for (size_t i = 0; i < w->stamp_count; i++)
        if (stamp_cmp(w->stamps[i], s) == 0)
            return true;
    return false;
}

/* History never shows what its newest version no longer would: who may not have that one gets none. */
static enum err version_wanted(struct page *p, const struct page_wanted *w, const struct row *r, bool *ret,
                               struct fault *reterr)
{
    struct versions_seen seen = {.p = p};
    if (!w->query.all_versions) {
        *ret = true;
        return OK;
    }
    enum err e = view_versions(p->view, r->id, on_version, &seen, reterr);
    if (e)
        return e;
    bool named = (w->versions & VERSIONS_ALL) || ((w->versions & VERSIONS_LAST) && r->standing == STANDING_CURRENT) ||
                 ((w->versions & VERSIONS_FIRST) && seen.any && seen.first_n == r->n) || names_stamp(w, r);
    *ret = named && seen.current_cleared;
    return OK;
}

/* ---- filling ---- */

static enum err take(struct page *p, const struct page_wanted *w, const struct row *r, size_t *bytes,
                     struct fault *reterr)
{
    bool wanted;
    struct cleared *c;
    enum err e = version_wanted(p, w, r, &wanted, reterr);
    if (e || !wanted)
        return e;
    e = page_clear(p, r->class_id, r->body, &c, reterr);
    if (e == OK && p->failed) {
        cleared_free(c);
        return p->failed;
    }
    if (e)
        return e == ERR_DENIED ? p->failed : e;
    size_t len = cleared_body(c).len;
    if (p->count == w->query.limit || (p->count && *bytes + len > w->bytes_max)) {
        p->more = true;
        cleared_free(c);
        return OK;
    }
    *bytes += len;
    p->items[p->count++] = (struct page_item){c, r->n, r->date_us};
    return OK;
}

/* One batch after another until the page is full, or the view has nothing more. */
static enum err fill_from(struct page *p, const struct page_wanted *w, struct batch *b, struct fault *reterr)
{
    struct page_query q = w->query;
    size_t bytes = 0;
    bool asked_all = false;
    q.limit = (uint32_t)b->cap;
    while (!p->more && !asked_all) {
        arena_reset(&b->texts);
        b->count = 0;
        enum err e = view_page(p->view, &q, on_row, b, reterr);
        for (size_t i = 0; e == OK && i < b->count && !p->more; i++)
            e = take(p, w, &b->rows[i], &bytes, reterr);
        if (e)
            return e;
        asked_all = b->count < b->cap;
        if (b->count) {
            q.has_cursor = true;
            q.after_us = b->rows[b->count - 1].date_us;
            q.after_n = b->rows[b->count - 1].n;
        }
    }
    return OK;
}

enum err page_fill(struct page *p, const struct page_wanted *wanted, struct fault *reterr)
{
    struct page_wanted w = *wanted;
    uint32_t limit = w.query.limit;
    if (!p->clearance->id_count || !limit)
        return OK;
    w.bytes_max = w.bytes_max ? w.bytes_max : TAXII_PAGE_MAX_BYTES;
    w.query.all_versions = (w.versions != 0 && w.versions != VERSIONS_LAST) || w.stamp_count > 0;
    w.query.classes = p->clearance->ids;
    w.query.class_count = p->clearance->id_count;

    struct batch b = {.cap = limit < BATCH_MIN ? BATCH_MIN : limit + 1};
    b.rows = arena_alloc(p->arena, b.cap * sizeof *b.rows);
    p->items = arena_alloc(p->arena, limit * sizeof *p->items);
    if (!b.rows || !p->items)
        return ERR_NOMEM;
    arena_init(&b.texts, BATCH_MAX_BYTES);
    enum err e = fill_from(p, &w, &b, reterr);
    arena_done(&b.texts);
    return e;
}

void page_done(struct page *p)
{
    for (size_t i = 0; i < p->count; i++)
        cleared_free(p->items[i].cleared);
    p->count = 0;
}
