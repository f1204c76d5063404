/* exchange/page.c - fills a page. */
#include "exchange/page.h"

#include <string.h>

#include "base/time.h"
#include "desk/portion.h"
#include "exchange/late.h"
#include "exchange/page_refs.h"

/* Rows asked for at once: enough for a page, and no more than a page wastes. */
#define BATCH_MIN 32

struct row {
    struct text id, modified, version;
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
    char name[VERSION_NAME_MAX];
    *r = (struct row){.id = arena_text(&b->texts, v->id),
                      .modified = arena_text(&b->texts, v->modified),
                      .version = arena_text(&b->texts, version_name(v, name)),
                      .n = v->n,
                      .modified_us = v->modified_us,
                      .date_us = page_row->date_added_us,
                      .standing = v->standing,
                      .class_id = v->class_id,
                      .body = v->body};
    if (!r->id.ptr || !r->modified.ptr || !r->version.ptr)
        return ERR_NOMEM;
    b->count++;
    return OK;
}

/* ---- match[version] ---- */

struct versions_seen {
    struct page *p;
    bool current_cleared, any;
    struct page_object current; /* its id, and texts in the page's arena; when cleared */
    uint64_t first_n, last_n;   /* of those that were not withdrawn */
    int64_t first_us, last_us;
};

static bool version_cleared(const struct page *p, const struct version_row *row)
{
    struct sharing_question asked;
    struct decision d;
    char name[VERSION_NAME_MAX];
    bool cleared;
    if (!clearance_class(p->clearance, row->class_id, &cleared))
        return false;
    if (cleared || !clearance_singled(p->clearance, row->id))
        return cleared;
    return clearance_decide(p->clearance, p->now_us, row->class_id, row->id, version_name(row, name), &asked, &d) &&
           d.cleared;
}

static enum err on_version(void *self, const struct version_row *row)
{
    struct versions_seen *seen = self;
    char name[VERSION_NAME_MAX];
    if (!version_cleared(seen->p, row))
        return OK;
    if (row->standing == STANDING_CURRENT) {
        seen->current_cleared = true;
        seen->current.version = arena_text(seen->p->arena, version_name(row, name));
        seen->current.class_id = row->class_id;
        seen->current.body = row->body;
        if (!seen->current.version.ptr)
            return ERR_NOMEM;
    } else if (row->standing != STANDING_OLDER) {
        return OK;
    }
    if (row->withdrawn)
        return OK;
    if (!seen->any || row->modified_us < seen->first_us ||
        (row->modified_us == seen->first_us && row->n < seen->first_n)) {
        seen->first_us = row->modified_us;
        seen->first_n = row->n;
    }
    if (!seen->any || row->standing == STANDING_CURRENT || row->modified_us > seen->last_us) {
        seen->last_us = row->standing == STANDING_CURRENT ? INT64_MAX : row->modified_us;
        seen->last_n = row->n;
    }
    seen->any = true;
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

/* History never shows what its newest version no longer would: who may not have that one gets none, nor who gets it
 * cut; its first version is then the newest. That holds of a newest version that was withdrawn, too. */
static enum err version_wanted(struct page *p, const struct page_wanted *w, const struct row *r, bool *ret,
                               struct fault *reterr)
{
    struct versions_seen seen = {.p = p, .current.id = r->id};
    bool newest = r->standing == STANDING_CURRENT, history = true;
    *ret = !w->query.all_versions && newest;
    if (*ret)
        return OK;
    enum err e = view_versions(p->view, r->id, on_version, &seen, reterr);
    if (e || !seen.current_cleared)
        return e;
    if (!newest || ((w->versions & VERSIONS_FIRST) && seen.first_n != r->n))
        e = page_goes_uncut(p, &seen.current, &history, reterr);
    bool first = history ? seen.first_n == r->n : newest;
    bool last = (w->versions & VERSIONS_LAST) || !w->query.all_versions;
    bool named = (w->versions & VERSIONS_ALL) || (last && seen.last_n == r->n) ||
                 ((w->versions & VERSIONS_FIRST) && first) || names_stamp(w, r);
    *ret = named && (history || newest);
    return e;
}

/* ---- filling ---- */

static enum err note_waits(struct page *p, uint64_t n, bool denied)
{
    for (size_t i = 0; i < p->lacking_count; i++) {
        if (p->wait_count == p->wait_cap) {
            size_t cap = p->wait_cap ? p->wait_cap * 2 : 32;
            struct page_wait *more = arena_alloc(p->arena, cap * sizeof *more);
            if (!more)
                return ERR_NOMEM;
            if (p->wait_count)
                memcpy(more, p->waits, p->wait_count * sizeof *more);
            p->waits = more;
            p->wait_cap = cap;
        }
        p->waits[p->wait_count++] = (struct page_wait){n, p->lacking[i], denied};
    }
    return OK;
}

static enum err take(struct page *p, const struct page_wanted *w, const struct row *r, size_t *bytes,
                     struct fault *reterr)
{
    bool wanted;
    struct cleared *c = NULL;
    enum err e = version_wanted(p, w, r, &wanted, reterr);
    if (e || !wanted)
        return e;
    p->lacking_count = 0;
    e = page_clear(
        p, &(struct page_object){.id = r->id, .version = r->version, .class_id = r->class_id, .body = r->body}, &c,
        reterr);
    bool denied = e == ERR_DENIED;
    if ((e == OK || denied) && p->failed)
        e = p->failed;
    else if (denied)
        e = note_waits(p, r->n, true);
    size_t len = c ? cleared_body(c).len : 0;
    bool full = p->count == w->query.limit || (p->count && *bytes + len > w->bytes_max);
    if (e == OK && c && full)
        p->more = true;
    if (e == OK && c && !full)
        e = note_waits(p, r->n, false);
    if (e || denied || full) {
        cleared_free(c);
        return e;
    }
    *bytes += len;
    p->items[p->count++] = (struct page_item){c, r->n, r->date_us};
    return OK;
}

/* ---- two streams: the view's rows, and those whose dates are later for this recipient ---- */

struct filling {
    struct page *p;
    const struct page_wanted *w;
    struct batch *b;
    size_t late_at, single_at;
    size_t bytes;
};

static bool id_wanted(const struct page_query *q, struct text id)
{
    bool wanted = q->id_count == 0;
    for (size_t i = 0; i < q->id_count && !wanted; i++)
        wanted = text_eq(q->ids[i], id);
    return wanted;
}

struct one_row {
    struct batch batch;
    uint64_t n;
};

static enum err on_one_row(void *self, const struct page_row *row)
{
    struct one_row *one = self;
    return row->version.n == one->n ? on_row(&one->batch, row) : OK;
}

/* A version that does not come in the order of its class: with its own row where the question wants it; the view says
 * whether it does. */
static enum err take_apart(struct filling *f, int64_t date_us, uint64_t n, bool is_single, struct fault *reterr)
{
    struct version_row found;
    struct row row;
    struct one_row one = {.batch = {.rows = &row, .cap = 1}, .n = n};
    enum err e = view_by_entry(f->p->view, n, &found, reterr);
    if (e)
        return e == ERR_NOT_FOUND ? OK : e;
    if (!id_wanted(&f->w->query, found.id))
        return OK;
    arena_init(&one.batch.texts, 64 * KIB);
    struct text id = arena_text(&one.batch.texts, found.id);
    struct page_query q = f->w->query;
    q.ids = &id;
    q.id_count = 1;
    q.any_class = true;
    q.after_us = INT64_MIN;
    q.has_cursor = false;
    q.limit = UINT32_MAX;
    e = id.ptr ? view_page(f->p->view, &q, on_one_row, &one, reterr) : ERR_NOMEM;
    int64_t otherwise_us; /* its date but for being late */
    if (!clearance_single_date(f->p->clearance, n, &otherwise_us))
        otherwise_us = one.batch.count ? row.date_us : 0;
    bool due = is_single || otherwise_us < date_us;
    if (e == OK && one.batch.count && due && date_us <= f->w->query.until_us) {
        row.date_us = date_us;
        e = take(f->p, f->w, &row, &f->bytes, reterr);
    }
    arena_done(&one.batch.texts);
    return e;
}

static bool comes_before(int64_t date_us, uint64_t n, int64_t other_us, uint64_t other_n)
{
    return date_us < other_us || (date_us == other_us && n < other_n);
}

/* The next single that is not late; NULL: none. Late ones come with the later date only. */
static const struct single *next_single(struct filling *f)
{
    const struct clearance *c = f->p->clearance;
    int64_t late_us;
    for (; f->single_at < c->single_count; f->single_at++) {
        const struct single *s = &c->singles[f->single_at];
        bool late = late_list_date(f->p->late, s->n, &late_us) && late_us > s->date_us;
        if (!late && (!s->older || f->w->query.all_versions))
            return s;
    }
    return NULL;
}

/* Late items and singles before (date_us, n), in their common order. */
static enum err take_apart_before(struct filling *f, int64_t date_us, uint64_t n, struct fault *reterr)
{
    const struct late_list *late = f->p->late;
    enum err e = OK;
    while (e == OK && !f->p->more) {
        const struct late_item *item = late && f->late_at < late->count ? &late->items[f->late_at] : NULL;
        const struct single *single = next_single(f);
        bool is_single = single && (!item || comes_before(single->date_us, single->n, item->date_us, item->n));
        if (!item && !single)
            break;
        int64_t its_us = is_single ? single->date_us : item->date_us;
        uint64_t its_n = is_single ? single->n : item->n;
        if (!comes_before(its_us, its_n, date_us, n))
            break;
        e = take_apart(f, its_us, its_n, is_single, reterr);
        if (is_single)
            f->single_at++;
        else
            f->late_at++;
    }
    return e;
}

static enum err take_row(struct filling *f, const struct row *r, struct fault *reterr)
{
    int64_t late_us, single_us;
    enum err e = take_apart_before(f, r->date_us, r->n, reterr);
    if (e || f->p->more || (late_list_date(f->p->late, r->n, &late_us) && late_us > r->date_us) ||
        (clearance_single_date(f->p->clearance, r->n, &single_us) && single_us > r->date_us))
        return e;
    return take(f->p, f->w, r, &f->bytes, reterr);
}

/* One batch after another until the page is full, or nothing more is there. */
static enum err fill_from(struct filling *f, struct fault *reterr)
{
    struct page_query q = f->w->query;
    struct batch *b = f->b;
    bool asked_all = false;
    uint64_t after_n = q.has_cursor ? q.after_n : UINT64_MAX;
    f->late_at = late_list_after(f->p->late, q.after_us, after_n);
    f->single_at = clearance_single_after(f->p->clearance, q.after_us, after_n);
    q.limit = (uint32_t)b->cap;
    while (!f->p->more && !asked_all) {
        arena_reset(&b->texts);
        b->count = 0;
        enum err e = view_page(f->p->view, &q, on_row, b, reterr);
        for (size_t i = 0; e == OK && i < b->count && !f->p->more; i++)
            e = take_row(f, &b->rows[i], reterr);
        if (e)
            return e;
        asked_all = b->count < b->cap;
        if (b->count) {
            q.has_cursor = true;
            q.after_us = b->rows[b->count - 1].date_us;
            q.after_n = b->rows[b->count - 1].n;
        }
    }
    return take_apart_before(f, INT64_MAX, UINT64_MAX, reterr);
}

enum err page_fill(struct page *p, const struct page_wanted *wanted, struct fault *reterr)
{
    struct page_wanted w = *wanted;
    uint32_t limit = w.query.limit;
    if ((!p->clearance->id_count && !p->clearance->single_count) || !limit)
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
    struct filling f = {.p = p, .w = &w, .b = &b};
    enum err e = fill_from(&f, reterr);
    arena_done(&b.texts);
    return e;
}

void page_done(struct page *p)
{
    for (size_t i = 0; i < p->count; i++)
        cleared_free(p->items[i].cleared);
    p->count = 0;
    portion_cache_free(p->portions);
    p->portions = NULL;
}
