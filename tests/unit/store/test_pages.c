/* Pages against their definition, written out over plain lists: every filter, every cursor, openings, and writers
 * that append between two pages. */
#include "support/test.h"

#include <unistd.h>

#include "base/limits.h"
#include "base/time.h"
#include "facts_made.h"
#include "store/view.h"
#include "support/scratch.h"

#define OBJECTS  60
#define ROWS_MAX 4000
#define PARTIES  3
#define CLASSES  24

struct row {
    uint64_t n;
    int64_t t_us;
    size_t object;
    uint32_t cls;
    enum standing standing;
};

struct world {
    char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16];
    struct view *view;
    struct facts_made m;
    uint64_t n;
    int64_t t_us;
    struct row rows[ROWS_MAX];
    size_t row_count;
    size_t current[OBJECTS]; /* index into rows + 1 */
    uint64_t opened_n[PARTIES][CLASSES + 1];
    int64_t opened_us[PARTIES][CLASSES + 1];
    struct text keys[CLASSES + 1]; /* by the view's number */
    uint32_t class_count;
};

static const char *const types[] = {"indicator", "malware",           "sighting",
                                    "identity",  "x-entente-finding", "marking-definition"};

static bool in_collection(enum page_collection c, const char *type)
{
    bool ours = strncmp(type, "x-entente-", 10) == 0;
    switch (c) {
    case COLLECTION_INDICATORS:
        return !strcmp(type, "indicator") || !strcmp(type, "identity") || !strcmp(type, "marking-definition");
    case COLLECTION_INTELLIGENCE: return !ours;
    default: return ours || !strcmp(type, "sighting");
    }
}

static int begin(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w)
        return -1;
    scratch_new(w->dir);
    snprintf(w->path, sizeof w->path, "%s/view.db", w->dir);
    facts_made_init(&w->m, 77);
    w->t_us = 1000000;
    *state = w;
    return view_open_at(w->path, true, &w->view, NULL) == OK ? 0 : -1;
}

static int end(void **state)
{
    struct world *w = *state;
    view_close(w->view);
    facts_made_done(&w->m);
    scratch_remove(w->dir);
    free(w);
    return 0;
}

/* ---- writing the world and its view alike ---- */

static void tick(struct world *w)
{
    w->t_us += 1 + (int64_t)made_number(&w->m, 3);
}

static uint32_t class_number(struct world *w, struct text key)
{
    for (uint32_t i = 1; i <= w->class_count; i++)
        if (text_eq(w->keys[i], key))
            return i;
    w->keys[++w->class_count] = key;
    assert_true(w->class_count <= CLASSES);
    return w->class_count;
}

static struct text key_of(struct world *w, size_t type, uint64_t party)
{
    struct gate_class c = {.party = made_uuid_of("from", party), .tlp = TLP_GREEN};
    struct buffer b;
    snprintf(c.type, sizeof c.type, "%s", types[type]);
    buffer_init(&b, KIB);
    gate_class_key(&c, &b);
    struct text kept = made_text(&w->m, "%.*s", TEXT_ARG(buffer_text(&b)));
    buffer_done(&b);
    return kept;
}

static void id_of(size_t object, char out[IDENT_TEXT_MAX])
{
    struct uuid u = made_uuid_of("object", object);
    ident_format(text_of(types[object % ARRAY_LEN(types)]), &u, out);
}

static void add_version(struct world *w)
{
    size_t object = made_number(&w->m, OBJECTS);
    uint64_t party = made_number(&w->m, CLASSES / ARRAY_LEN(types));
    char id[IDENT_TEXT_MAX];
    struct fact f = {.kind = FACT_OBJECT, .n = w->n, .t_us = w->t_us};
    struct fact_object *o = &f.u.object;
    id_of(object, id);
    o->id = text_of(id);
    o->class_key = key_of(w, object % ARRAY_LEN(types), party);
    o->standing = made_chance(&w->m, 75) ? STANDING_CURRENT : (enum standing)(2 + made_number(&w->m, 4));
    o->supersedes = o->standing == STANDING_CURRENT && w->current[object];
    o->hash = sha256_of(&w->n, sizeof w->n);
    o->body = (struct place){0, 4096};
    o->original = PLACE_NONE;
    assert_ok(view_apply(w->view, &f, NULL));
    assert_true(w->row_count < ROWS_MAX);
    if (o->standing == STANDING_CURRENT) {
        if (w->current[object])
            w->rows[w->current[object] - 1].standing = STANDING_OLDER;
        w->current[object] = w->row_count + 1;
    }
    w->rows[w->row_count++] = (struct row){w->n, w->t_us, object, class_number(w, o->class_key), o->standing};
}

static void add_opening(struct world *w)
{
    struct text keys[3];
    size_t party = made_number(&w->m, PARTIES);
    struct fact f = {.kind = FACT_OPENING, .n = w->n, .t_us = w->t_us};
    f.u.opening.party = made_uuid_of("recipient", party);
    f.u.opening.count = 1 + made_number(&w->m, 3);
    for (size_t i = 0; i < f.u.opening.count; i++) {
        keys[i] = key_of(w, made_number(&w->m, ARRAY_LEN(types)), made_number(&w->m, CLASSES / ARRAY_LEN(types)));
        uint32_t number = class_number(w, keys[i]);
        w->opened_n[party][number] = w->n;
        w->opened_us[party][number] = w->t_us;
    }
    f.u.opening.class_keys = keys;
    assert_ok(view_apply(w->view, &f, NULL));
}

/* Some group of entries, as the writer would commit them. */
static void live(struct world *w, size_t entries, unsigned openings_percent)
{
    assert_ok(view_begin(w->view, NULL));
    for (size_t i = 0; i < entries; i++) {
        tick(w);
        if (made_chance(&w->m, openings_percent))
            add_opening(w);
        else
            add_version(w);
        w->n++;
    }
    assert_ok(view_commit(w->view, NULL));
}

/* ---- the definition ---- */

struct dated {
    int64_t date;
    uint64_t n;
};

static int by_date(const void *a, const void *b)
{
    const struct dated *x = a, *y = b;
    return x->date != y->date ? (x->date < y->date ? -1 : 1) : x->n < y->n ? -1 : x->n > y->n;
}

static bool has_text(const struct text *list, size_t count, struct text t)
{
    bool has = count == 0;
    for (size_t i = 0; i < count; i++)
        has |= text_eq(list[i], t);
    return has;
}

static bool wanted(const struct world *w, const struct page_query *q, size_t party, const struct row *r,
                   struct dated *ret)
{
    char id[IDENT_TEXT_MAX];
    const char *type = types[r->object % ARRAY_LEN(types)];
    bool cleared = false;
    id_of(r->object, id);
    for (size_t i = 0; i < q->class_count; i++)
        cleared |= q->classes[i] == r->cls;
    if (!cleared || !in_collection(q->collection, type) || !has_text(q->types, q->type_count, text_of(type)) ||
        !has_text(q->ids, q->id_count, text_of(id)))
        return false;
    if (r->standing != STANDING_CURRENT && !(q->all_versions && r->standing == STANDING_OLDER))
        return false;
    ret->n = r->n;
    ret->date = r->t_us;
    if (r->n < w->opened_n[party][r->cls] && w->opened_us[party][r->cls] > r->t_us)
        ret->date = w->opened_us[party][r->cls];
    if (q->has_cursor ? ret->date < q->after_us || (ret->date == q->after_us && ret->n <= q->after_n)
                      : ret->date <= q->after_us)
        return false;
    return ret->date <= q->until_us;
}

static size_t define_page(const struct world *w, const struct page_query *q, size_t party, struct dated *ret)
{
    size_t count = 0;
    for (size_t i = 0; i < w->row_count; i++)
        count += wanted(w, q, party, &w->rows[i], &ret[count]);
    qsort(ret, count, sizeof *ret, by_date);
    return count < q->limit ? count : q->limit;
}

/* ---- comparing ---- */

struct got {
    struct dated list[ROWS_MAX];
    size_t count;
    struct view *asked; /* from within the callback: any other question may be asked there */
};

static enum err take(void *self, const struct page_row *row)
{
    struct got *g = self;
    struct version_row again;
    struct gate_class cls;
    char id[IDENT_TEXT_MAX];
    assert_true(row->version.id.len < sizeof id);
    memcpy(id, row->version.id.ptr, row->version.id.len);
    assert_ok(view_by_entry(g->asked, row->version.n, &again, NULL));
    assert_ok(view_class(g->asked, row->version.class_id, &cls, NULL));
    assert_text_eq(row->version.id, again.id);
    assert_int_equal(row->version.n, again.n);
    assert_memory_equal(id, again.id.ptr, again.id.len);
    g->list[g->count++] = (struct dated){row->date_added_us, row->version.n};
    return OK;
}

static void page(struct view *v, const struct page_query *q, struct got *g)
{
    struct fault f = {.err = OK};
    g->count = 0;
    g->asked = v;
    enum err err = view_page(v, q, take, g, &f);
    if (err != OK)
        fail_msg("%s", f.what);
}

static void random_classes(struct world *w, uint32_t list[CLASSES], struct page_query *q)
{
    unsigned percent = (unsigned)made_number(&w->m, 101);
    q->classes = list;
    q->class_count = 0;
    for (uint32_t i = 1; i <= w->class_count; i++)
        if (made_chance(&w->m, percent))
            list[q->class_count++] = i;
}

static void random_names(struct world *w, struct text ids[8], char id_texts[8][IDENT_TEXT_MAX],
                         struct text some_types[3], struct page_query *q)
{
    q->ids = ids;
    q->types = some_types;
    q->id_count = made_chance(&w->m, 30) ? 1 + made_number(&w->m, 8) : 0;
    q->type_count = made_chance(&w->m, 30) ? 1 + made_number(&w->m, 3) : 0;
    for (size_t i = 0; i < q->id_count; i++) {
        id_of(made_number(&w->m, OBJECTS + 5), id_texts[i]); /* some are not there, some twice */
        ids[i] = text_of(id_texts[i]);
    }
    for (size_t i = 0; i < q->type_count; i++)
        some_types[i] = text_of(types[made_number(&w->m, ARRAY_LEN(types))]);
}

static void pages_follow_the_definition(void **state)
{
    struct world *w = *state;
    static struct dated expected[ROWS_MAX];
    static struct got got;
    size_t full = 0;
    for (size_t round = 0; round < 40; round++) {
        live(w, 1 + made_number(&w->m, 60), round < 10 ? 0 : 5);
        for (size_t k = 0; k < 60; k++) {
            uint32_t classes[CLASSES];
            struct text ids[8], some_types[3];
            char id_texts[8][IDENT_TEXT_MAX];
            size_t party = made_number(&w->m, PARTIES);
            struct page_query q = {.party = made_uuid_of("recipient", party),
                                   .collection = (enum page_collection)made_number(&w->m, 3),
                                   .after_us = INT64_MIN,
                                   .until_us = INT64_MAX,
                                   .all_versions = made_chance(&w->m, 40),
                                   .limit = 1 + (uint32_t)made_number(&w->m, made_chance(&w->m, 50) ? 5 : 400)};
            random_classes(w, classes, &q);
            random_names(w, ids, id_texts, some_types, &q);
            if (made_chance(&w->m, 70))
                q.after_us = 1000000 + (int64_t)made_number(&w->m, (uint64_t)(w->t_us - 1000000) + 2);
            if (q.after_us != INT64_MIN && made_chance(&w->m, 60)) {
                q.has_cursor = true;
                q.after_n = made_number(&w->m, w->n + 1);
                if (w->row_count) { /* a cursor stands on a row that was given: its date and number belong together */
                    const struct row *r = &w->rows[made_number(&w->m, w->row_count)];
                    q.after_n = r->n;
                    q.after_us = r->t_us;
                    if (r->n < w->opened_n[party][r->cls])
                        q.after_us = w->opened_us[party][r->cls];
                }
            }
            if (made_chance(&w->m, 20))
                q.until_us = 1000000 + (int64_t)made_number(&w->m, (uint64_t)(w->t_us - 1000000) + 2);
            size_t count = define_page(w, &q, party, expected);
            page(w->view, &q, &got);
            assert_int_equal(got.count, count);
            for (size_t i = 0; i < count; i++) {
                assert_int_equal(got.list[i].date, expected[i].date);
                assert_int_equal(got.list[i].n, expected[i].n);
            }
            full += count > 0;
        }
    }
    assert_true(full > 500);
}

/* Following the cursor while others append and classes are opened: at the end all that can be seen was given with the
 * date it has, and nothing twice with one date. */
static void a_walk_misses_nothing(void **state)
{
    struct world *w = *state;
    static struct dated expected[ROWS_MAX];
    static struct got got;
    struct view *reader;
    live(w, 300, 5);
    assert_ok(view_open_at(w->path, false, &reader, NULL));
    for (size_t walk = 0; walk < 30; walk++) {
        static struct dated seen[ROWS_MAX];
        uint32_t classes[CLASSES];
        size_t party = made_number(&w->m, PARTIES), seen_count = 0;
        struct page_query q = {.party = made_uuid_of("recipient", party),
                               .collection = (enum page_collection)made_number(&w->m, 2),
                               .after_us = INT64_MIN,
                               .until_us = INT64_MAX,
                               .all_versions = true};
        random_classes(w, classes, &q);
        got.count = 1;
        for (size_t turn = 0; turn < 25 || got.count; turn++) {
            q.limit = 1 + (uint32_t)made_number(&w->m, 40);
            page(reader, &q, &got);
            for (size_t i = 0; i < got.count; i++) {
                assert_true(seen_count == 0 || by_date(&seen[seen_count - 1], &got.list[i]) < 0);
                seen[seen_count++] = got.list[i];
            }
            if (got.count) {
                q.has_cursor = true;
                q.after_us = got.list[got.count - 1].date;
                q.after_n = got.list[got.count - 1].n;
            }
            if (turn < 25)
                live(w, 1 + made_number(&w->m, 4), 8);
            if (turn == 24)
                got.count = 1; /* one more look */
        }
        q.has_cursor = false;
        q.after_us = INT64_MIN;
        q.limit = ROWS_MAX;
        page(reader, &q, &got);
        size_t at = 0, count = define_page(w, &q, party, expected);
        assert_int_equal(got.count, count);
        for (size_t i = 0; i < count; i++) {
            while (at < seen_count && by_date(&seen[at], &expected[i]) < 0)
                at++;
            assert_true(at < seen_count && by_date(&seen[at], &expected[i]) == 0);
        }
    }
    view_close(reader);
}

static enum err stop_at_three(void *self, const struct page_row *row)
{
    (void)row;
    return ++*(size_t *)self == 3 ? ERR_NOT_FOUND : OK;
}

static void the_callback_may_stop(void **state)
{
    struct world *w = *state;
    uint32_t classes[CLASSES];
    size_t count = 0;
    live(w, 200, 0);
    struct page_query q = {.collection = COLLECTION_INTELLIGENCE,
                           .after_us = INT64_MIN,
                           .until_us = INT64_MAX,
                           .all_versions = true,
                           .limit = 100,
                           .classes = classes};
    for (uint32_t i = 1; i <= w->class_count; i++)
        classes[q.class_count++] = i;
    assert_err(view_page(w->view, &q, stop_at_three, &count, NULL), ERR_NOT_FOUND);
    assert_int_equal(count, 3);
    q.class_count = 0;
    assert_ok(view_page(w->view, &q, stop_at_three, &count, NULL));
    assert_int_equal(count, 3);
    static const uint32_t later[] = {9999}; /* a class that this snapshot does not know yet */
    q.classes = later;
    q.class_count = 1;
    assert_ok(view_page(w->view, &q, stop_at_three, &count, NULL));
}

struct newest {
    uint64_t last;
    size_t count;
};

static enum err take_newest(void *self, const struct version_row *row)
{
    struct newest *x = self;
    assert_true(row->n < x->last);
    assert_int_equal(row->standing, STANDING_CURRENT);
    assert_true(text_starts(row->id, TEXT("malware--")));
    x->last = row->n;
    x->count++;
    return OK;
}

static void newest_of_a_type(void **state)
{
    struct world *w = *state;
    live(w, 1500, 0);
    size_t expected = 0;
    for (size_t i = 0; i < OBJECTS; i++)
        expected += i % ARRAY_LEN(types) == 1 && w->current[i];
    for (uint32_t limit = 0; limit < expected + 3; limit++) {
        struct newest x = {UINT64_MAX, 0};
        assert_ok(view_of_type(w->view, TEXT("malware"), limit, take_newest, &x, NULL));
        assert_int_equal(x.count, limit < expected ? limit : expected);
    }
    struct newest x = {UINT64_MAX, 0};
    assert_ok(view_of_type(w->view, TEXT("malware"), UINT32_MAX, take_newest, &x, NULL));
    assert_int_equal(x.count, expected);
    assert_ok(view_of_type(w->view, TEXT("never-seen"), 10, take_newest, &x, NULL));
    assert_int_equal(x.count, expected);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pages_follow_the_definition),
        TEST(a_walk_misses_nothing),
        TEST(the_callback_may_stop),
        TEST(newest_of_a_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
