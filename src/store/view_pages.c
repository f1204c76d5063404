/* store/view_pages.c - pages for a recipient: what it may see, in the order in which it became visible to it.
 *
 * An object's date is the time it was accepted, or the time its class was opened for the recipient when that was
 * later. Since a class has one type, collection and type filters choose classes, and a page reads nothing it does not
 * show but the beginnings of the other classes.
 *
 * Where a stream begins. The cursor (A, N) stands on the row last given; wanted is (date, n) > (A, N). With L the
 * first entry whose t_us is A or later: not opened, or own date: n >= L and n > N. (t_us(N) <= A, so N is no larger
 * than any entry at A that was given, and smaller than any later one.) opened at T by entry U, n < U, so date T: all
 * when T > A; n > N when T == A; none when T < A. */
#include <stdlib.h>
#include <string.h>

#include "store/view_ask.h"
#include "store/view_merge.h"

/* Which types a collection holds. Own extension types and sightings have a collection of their own; whatever is not
 * ours is intelligence. */
bool view_collection_holds(enum page_collection c, struct text type)
{
    static const char *const indicators[] = {"indicator", "identity", "marking-definition"};
    bool entente = text_starts(type, TEXT("x-entente-")) || text_eq(type, TEXT("sighting"));
    if (c == COLLECTION_ENTENTE)
        return entente;
    if (c == COLLECTION_INTELLIGENCE)
        return !text_starts(type, TEXT("x-entente-"));
    for (size_t i = 0; i < ARRAY_LEN(indicators); i++)
        if (text_eq(type, text_of(indicators[i])))
            return true;
    return false;
}

static bool type_wanted(const struct page_query *q, struct text type)
{
    bool wanted = q->type_count == 0;
    for (size_t i = 0; i < q->type_count && !wanted; i++)
        wanted = text_eq(q->types[i], type);
    return wanted && view_collection_holds(q->collection, type);
}

/* First entry whose t_us is after (with equal: or at) the time. */
static enum err first_entry(struct view *v, int64_t after_us, bool equal, uint64_t *ret, struct fault *reterr)
{
    uint64_t low = 0, high = view_position(v);
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        sqlite3_stmt *s = view_stmt(v, SQL_VERSION_FROM);
        if (!s)
            return view_fault(v, reterr);
        bind_u64(s, 1, middle);
        enum err err = view_step(v, s, reterr);
        if (err != OK && err != ERR_NOT_FOUND)
            return err;
        int64_t t = err == OK ? sqlite3_column_int64(s, 1) : INT64_MAX;
        uint64_t n = err == OK ? column_u64(s, 0) : high;
        sqlite3_reset(s);
        if (err == ERR_NOT_FOUND || t > after_us || (equal && t == after_us))
            high = middle;
        else
            low = n + 1;
    }
    *ret = low;
    return OK;
}

struct candidate {
    int64_t date_us;
    uint64_t n;
    bool opened;
};
struct candidates {
    struct candidate *list;
    size_t count, cap;
};

static int by_date(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->date_us != y->date_us)
        return x->date_us < y->date_us ? -1 : 1;
    return x->n < y->n ? -1 : x->n > y->n;
}

static bool class_cleared(const struct page_query *q, uint32_t class_id)
{
    size_t low = 0, high = q->class_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (q->classes[middle] < class_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < q->class_count && q->classes[low] == class_id;
}

static enum err keep(struct candidates *c, struct candidate one)
{
    if (c->count == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 32;
        struct candidate *moved = realloc(c->list, cap * sizeof *moved);
        if (!moved)
            return ERR_NOMEM;
        c->list = moved;
        c->cap = cap;
    }
    c->list[c->count++] = one;
    return OK;
}

struct pager {
    struct view *v;
    const struct page_query *q;
    uint64_t first; /* L of the opening comment */
    struct stream *streams;
    size_t stream_count;
    struct candidates apart; /* what stands in for withdrawn versions, by (date, n) */
    size_t apart_at;
    uint32_t given;
    view_on_page *on_row;
    void *self;
};

static enum err opening_of(struct view *v, const struct uuid *party, uint32_t class_id, bool *ret_opened,
                           uint64_t *ret_n, int64_t *ret_us, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_OPENING_GET);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, party);
    bind_u64(s, 2, class_id);
    enum err err = view_step(v, s, reterr);
    *ret_opened = err == OK;
    if (err == OK) {
        *ret_n = column_u64(s, 0);
        *ret_us = sqlite3_column_int64(s, 1);
        sqlite3_reset(s);
    }
    return err == ERR_NOT_FOUND ? OK : err;
}

static void begin_stream(const struct pager *p, struct stream *s)
{
    const struct page_query *q = p->q;
    uint64_t own = p->first;
    if (q->has_cursor && q->after_n + 1 > own)
        own = q->after_n + 1;
    s->next_n = own;
    if (!s->opened || (!q->has_cursor && q->after_us == INT64_MIN))
        return; /* no cursor and no time: from the start, and first is 0 */
    if (s->opened_us > q->after_us)
        s->next_n = 0;
    else if (q->has_cursor && s->opened_us == q->after_us)
        s->next_n = q->after_n + 1;
    else if (s->next_n < s->opened_n)
        s->next_n = s->opened_n;
}

static enum err add_streams(struct pager *p, uint32_t class_id, struct fault *reterr)
{
    const struct gate_class *cls;
    struct stream s = {.class_id = class_id, .standing = STANDING_CURRENT};
    enum err err = view_class_row(p->v, class_id, &cls, reterr);
    if (err != OK) /* a class that came after this snapshot has nothing in it */
        return err == ERR_NOT_FOUND ? OK : err;
    if (!type_wanted(p->q, text_of(cls->type)))
        return OK;
    err = opening_of(p->v, &p->q->party, class_id, &s.opened, &s.opened_n, &s.opened_us, reterr);
    if (err != OK)
        return err;
    begin_stream(p, &s);
    p->streams[p->stream_count++] = s;
    if (p->q->all_versions) {
        s.standing = STANDING_OLDER;
        p->streams[p->stream_count++] = s;
    }
    return OK;
}

static enum err give(struct pager *p, uint64_t n, bool opened, int64_t opened_us, bool *ret_stop,
                     struct fault *reterr)
{
    struct version_texts texts;
    struct page_row row;
    enum err err = view_version(p->v, n, &texts, &row.version, NULL, reterr);
    if (err != OK)
        return err;
    if (row.version.withdrawn)
        return OK;
    row.date_added_us = opened ? opened_us : row.version.added_us;
    if (row.date_added_us > p->q->until_us) {
        *ret_stop = true;
        return OK;
    }
    p->given++;
    return p->on_row(p->self, &row);
}

/* ---- what stands in ---- */

static bool comes_after(const struct page_query *q, const struct candidate *c)
{
    return (c->date_us > q->after_us || (q->after_us == INT64_MIN && !q->has_cursor) ||
            (q->has_cursor && c->date_us == q->after_us && c->n > q->after_n)) &&
           c->date_us <= q->until_us;
}

/* It is visible since it stands in, or since its class was opened when that was later. */
static enum err date_apart(struct pager *p, uint32_t class_id, struct candidate *c, struct fault *reterr)
{
    bool opened;
    uint64_t opened_n = 0;
    int64_t opened_us = 0;
    enum err err = opening_of(p->v, &p->q->party, class_id, &opened, &opened_n, &opened_us, reterr);
    if (err == OK && opened && c->n < opened_n && opened_us > c->date_us)
        c->date_us = opened_us;
    return err;
}

static bool type_of_class_wanted(struct pager *p, uint32_t class_id, enum err *ret_err, struct fault *reterr)
{
    const struct gate_class *cls;
    *ret_err = view_class_row(p->v, class_id, &cls, reterr);
    return *ret_err == OK && type_wanted(p->q, text_of(cls->type));
}

/* From the cursor on, in the order of time; where an opening gave one of them a later date, all of them. */
static enum err load_apart(struct pager *p, struct fault *reterr)
{
    const struct page_query *q = p->q;
    bool late = false;
    sqlite3_stmt *s = view_stmt(p->v, SQL_STAND_INS);
    enum err err;
    if (!s)
        return view_fault(p->v, reterr);
    for (size_t i = 0; i < p->stream_count; i++)
        late |= p->streams[i].opened && p->streams[i].opened_us > q->after_us;
    sqlite3_bind_int64(s, 1, late ? INT64_MIN : q->after_us);
    while ((late || p->apart.count <= q->limit) && view_more(p->v, s, &err, reterr)) {
        struct candidate c = {sqlite3_column_int64(s, 1), column_u64(s, 0), true};
        uint32_t class_id = (uint32_t)column_u64(s, 2);
        bool wanted = class_cleared(q, class_id) && type_of_class_wanted(p, class_id, &err, reterr);
        if (wanted)
            err = date_apart(p, class_id, &c, reterr);
        if (err == OK && wanted && comes_after(q, &c) && keep(&p->apart, c) != OK)
            err = view_nomem(reterr);
        if (err != OK)
            break;
    }
    sqlite3_reset(s);
    if (err == OK && late && p->apart.count > 1)
        qsort(p->apart.list, p->apart.count, sizeof *p->apart.list, by_date);
    return err;
}

static enum err give_apart_before(struct pager *p, int64_t date_us, uint64_t n, bool *ret_stop, struct fault *reterr)
{
    enum err err = OK;
    while (err == OK && p->apart_at < p->apart.count && p->given < p->q->limit && !*ret_stop) {
        const struct candidate *c = &p->apart.list[p->apart_at];
        if (c->date_us > date_us || (c->date_us == date_us && c->n > n))
            break;
        p->apart_at++;
        err = give(p, c->n, true, c->date_us, ret_stop, reterr);
    }
    return err;
}

static enum err give_in_order(struct pager *p, uint64_t n, bool opened, int64_t opened_us, bool *ret_stop,
                              struct fault *reterr)
{
    struct version_texts texts;
    struct version_row row = {.added_us = opened_us};
    enum err err = OK;
    if (p->apart_at < p->apart.count && !opened)
        err = view_version(p->v, n, &texts, &row, NULL, reterr);
    if (err == OK)
        err = give_apart_before(p, row.added_us, n, ret_stop, reterr);
    return err == OK && p->given < p->q->limit && !*ret_stop ? give(p, n, opened, opened_us, ret_stop, reterr) : err;
}

static enum err page_by_class(struct pager *p, struct fault *reterr)
{
    const struct page_query *q = p->q;
    struct merge merge;
    p->streams = malloc((2 * q->class_count + 1) * sizeof *p->streams);
    if (!p->streams)
        return view_nomem(reterr);
    enum err err = OK;
    for (size_t i = 0; err == OK && i < q->class_count; i++)
        err = add_streams(p, q->classes[i], reterr);
    if (err == OK && !q->all_versions)
        err = load_apart(p, reterr);
    if (err == OK) {
        uint32_t batch = (uint32_t)(p->stream_count ? 2 * (size_t)q->limit / p->stream_count : 1);
        err = merge_start(&merge, p->v, p->streams, p->stream_count, false, batch + 2, reterr);
    }
    if (err == OK) {
        bool stop = false;
        while (err == OK && p->given < q->limit && !stop) {
            uint64_t n;
            bool opened;
            int64_t date;
            if (!merge_next(&merge, &n, &opened, &date, &err, reterr))
                break;
            err = give_in_order(p, n, opened, date, &stop, reterr);
        }
        if (err == OK)
            err = give_apart_before(p, INT64_MAX, UINT64_MAX, &stop, reterr);
        merge_done(&merge);
    }
    free(p->apart.list);
    free(p->streams);
    return err;
}

/* ---- named objects ---- */

/* since_us: a version that stands in for the one that counts, since then; INT64_MIN: any other. */
static enum err consider(struct pager *p, const struct version_row *row, int64_t since_us, struct candidates *c,
                         struct fault *reterr)
{
    const struct page_query *q = p->q;
    struct candidate one = {row->added_us, row->n, false};
    bool stands_in = since_us != INT64_MIN, opened;
    uint64_t opened_n = 0;
    int64_t opened_us = 0;
    bool wanted =
        row->standing == STANDING_CURRENT || (row->standing == STANDING_OLDER && (q->all_versions || stands_in));
    enum err err = OK;
    if (!wanted || row->withdrawn || (!q->any_class && !class_cleared(q, row->class_id)) ||
        !type_of_class_wanted(p, row->class_id, &err, reterr))
        return err;
    err = opening_of(p->v, &q->party, row->class_id, &opened, &opened_n, &opened_us, reterr);
    if (err != OK)
        return err;
    one.opened = stands_in || (opened && row->n < opened_n);
    if (opened && row->n < opened_n)
        one.date_us = opened_us;
    if (since_us > one.date_us)
        one.date_us = since_us;
    return !comes_after(q, &one) || keep(c, one) == OK ? OK : view_nomem(reterr);
}

static bool named_before(const struct page_query *q, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (text_eq(q->ids[j], q->ids[i]))
            return true;
    return false;
}

static enum err consider_current(struct pager *p, const struct object_row *object, struct text id,
                                 struct candidates *c, struct fault *reterr)
{
    struct version_texts texts;
    struct version_row row;
    int64_t since_us = INT64_MIN;
    if (object->current == UINT64_MAX)
        return OK;
    enum err err = view_version(p->v, object->current, &texts, &row, NULL, reterr);
    if (err == OK && row.withdrawn)
        err = view_stand_in(p->v, id, &row, &since_us, reterr);
    if (err == ERR_NOT_FOUND && row.withdrawn)
        return OK;
    return err == OK ? consider(p, &row, since_us, c, reterr) : err;
}

static enum err consider_object(struct pager *p, struct text id, struct candidates *c, struct fault *reterr)
{
    struct object_row object;
    struct version_texts texts;
    struct version_row row;
    enum err err = view_object(p->v, id, &object, reterr);
    if (err != OK)
        return err == ERR_NOT_FOUND ? OK : err;
    if (!p->q->all_versions)
        return consider_current(p, &object, id, c, reterr);
    for (uint64_t n = object.newest, older; err == OK && n != UINT64_MAX; n = older) {
        err = view_version(p->v, n, &texts, &row, &older, reterr);
        if (err == OK)
            err = consider(p, &row, INT64_MIN, c, reterr);
    }
    return err;
}

static enum err page_by_id(struct pager *p, struct fault *reterr)
{
    struct candidates c = {0};
    enum err err = OK;
    for (size_t i = 0; err == OK && i < p->q->id_count; i++)
        if (!named_before(p->q, i))
            err = consider_object(p, p->q->ids[i], &c, reterr);
    if (err == OK && c.count > 1)
        qsort(c.list, c.count, sizeof *c.list, by_date);
    bool stop = false;
    for (size_t i = 0; err == OK && i < c.count && p->given < p->q->limit && !stop; i++)
        err = give(p, c.list[i].n, c.list[i].opened, c.list[i].date_us, &stop, reterr);
    free(c.list);
    return err;
}

enum err view_page(struct view *v, const struct page_query *q, view_on_page *on_row, void *self, struct fault *reterr)
{
    struct pager p = {.v = v, .q = q, .on_row = on_row, .self = self};
    if (q->limit == 0 || (q->class_count == 0 && !q->any_class))
        return OK;
    if (q->id_count)
        return page_by_id(&p, reterr);
    enum err err = OK;
    if (q->has_cursor || q->after_us != INT64_MIN)
        err = first_entry(v, q->after_us, q->has_cursor, &p.first, reterr);
    return err == OK ? page_by_class(&p, reterr) : err;
}

/* ---- newest of a type ---- */

enum err view_of_type(struct view *v, struct text type, uint32_t limit, view_on_version *on_row, void *self,
                      struct fault *reterr)
{
    enum err err = view_load_names(v, reterr);
    size_t count = 0;
    struct merge merge;
    if (err != OK)
        return err;
    struct stream *streams = malloc((v->classes.count + 1) * sizeof *streams);
    if (!streams)
        return view_nomem(reterr);
    for (size_t i = 0; i < v->classes.count; i++)
        if (text_eq(text_of(v->classes.rows[i].cls.type), type))
            streams[count++] = (struct stream){
                .class_id = (uint32_t)i + 1, .standing = STANDING_CURRENT, .next_n = (uint64_t)INT64_MAX};
    err = merge_start(&merge, v, streams, count, true, limit < STREAM_BATCH ? limit : STREAM_BATCH, reterr);
    for (uint32_t given = 0; err == OK && given < limit; given++) {
        struct version_texts texts;
        struct version_row row;
        uint64_t n;
        bool opened;
        int64_t date;
        if (!merge_next(&merge, &n, &opened, &date, &err, reterr))
            break;
        err = view_version(v, n, &texts, &row, NULL, reterr);
        if (err == OK)
            err = on_row(self, &row);
    }
    merge_done(&merge);
    free(streams);
    return err;
}

/* ---- releases and openings ---- */

enum err view_was_released(struct view *v, const struct uuid *party, uint64_t n, const struct sha256 *hash, bool *ret,
                           struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_RELEASED);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, party);
    bind_u64(s, 2, n);
    bind_hash(s, 3, hash);
    enum err err = view_step(v, s, reterr);
    sqlite3_reset(s);
    if (err != OK && err != ERR_NOT_FOUND)
        return err;
    *ret = err == OK;
    return OK;
}

enum err view_releases_of(struct view *v, const struct uuid *party, uint64_t n, view_on_release *on_row, void *self,
                          struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_RELEASES_OF);
    enum err err;
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, party);
    bind_u64(s, 2, n);
    while (view_more(v, s, &err, reterr)) {
        struct release_row row = {.form = (uint8_t)sqlite3_column_int(s, 1), .t_us = sqlite3_column_int64(s, 2)};
        column_hash(s, 0, &row.hash);
        err = on_row(self, &row);
        if (err != OK)
            break;
    }
    sqlite3_reset(s);
    return err;
}

enum err apply_release(struct view *v, const struct fact *f, struct fault *reterr)
{
    const struct fact_release *r = &f->u.release;
    for (size_t i = 0; i < r->count; i++) {
        sqlite3_stmt *s = view_stmt(v, SQL_RELEASE_ADD);
        if (!s)
            return view_fault(v, reterr);
        bind_uuid(s, 1, &r->party);
        bind_u64(s, 2, r->items[i].n);
        bind_hash(s, 3, &r->items[i].hash);
        bind_u64(s, 4, r->items[i].form);
        sqlite3_bind_int64(s, 5, f->t_us);
        enum err err = view_run(v, s, reterr);
        if (err != OK)
            return err;
        v->now.releases += (uint64_t)sqlite3_changes(v->db);
    }
    return OK;
}

static enum err open_grants(struct view *v, const struct fact *f, struct fault *reterr)
{
    const struct fact_opening *o = &f->u.opening;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < o->grant_count; i++) {
        sqlite3_stmt *s = view_stmt(v, SQL_GRANT_OPENED);
        if (!s)
            return view_fault(v, reterr);
        bind_uuid(s, 1, &o->grants[i]);
        sqlite3_bind_int64(s, 2, f->t_us);
        err = view_run(v, s, reterr);
    }
    return err;
}

enum err apply_opening(struct view *v, const struct fact *f, struct fault *reterr)
{
    const struct fact_opening *o = &f->u.opening;
    for (size_t i = 0; i < o->count; i++) {
        uint32_t number;
        enum err err = view_class_number(v, o->class_keys[i], &number, reterr);
        if (err != OK)
            return err;
        sqlite3_stmt *s = view_stmt(v, SQL_OPENING_SET);
        if (!s)
            return view_fault(v, reterr);
        bind_uuid(s, 1, &o->party);
        bind_u64(s, 2, number);
        bind_u64(s, 3, f->n);
        sqlite3_bind_int64(s, 4, f->t_us);
        err = view_run(v, s, reterr);
        if (err != OK)
            return err;
    }
    return open_grants(v, f, reterr);
}

/* ---- indicators that no value stands for ---- */

static enum err without_values(struct view *v, uint32_t class_id, uint64_t from_n, view_on_version *on_row,
                               void *self, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_WITHOUT_VALUES);
    enum err err;
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, class_id);
    bind_u64(s, 2, STANDING_CURRENT);
    bind_u64(s, 3, from_n);
    while (view_more(v, s, &err, reterr)) {
        struct version_texts texts;
        struct version_row row;
        err = view_version(v, column_u64(s, 0), &texts, &row, NULL, reterr);
        if (err == OK)
            err = on_row(self, &row);
        if (err != OK)
            break;
    }
    sqlite3_reset(s);
    return err;
}

enum err view_without_values(struct view *v, uint64_t from_n, view_on_version *on_row, void *self,
                             struct fault *reterr)
{
    enum err err = view_load_names(v, reterr);
    for (size_t i = 0; err == OK && i < v->classes.count; i++) {
        const struct gate_class *cls = &v->classes.rows[i].cls;
        if (text_eq(text_of(cls->type), TEXT("indicator")) && !cls->quarantined)
            err = without_values(v, (uint32_t)i + 1, from_n, on_row, self, reterr);
    }
    return err;
}
