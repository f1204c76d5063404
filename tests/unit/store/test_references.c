/* What an object refers to is read off its body, kept by its entry, and found again from the other side; and the rows
 * are the same however the entries were committed. */
#include "support/test.h"

#include <sqlite3.h>

#include "base/limits.h"
#include "facts_made.h"
#include "store/references.h"
#include "store/view_ask.h"
#include "support/scratch.h"

#define A "indicator--11111111-1111-4111-8111-111111111111"
#define B "identity--22222222-2222-4222-8222-222222222222"
#define C "malware--33333333-3333-4333-8333-333333333333"

/* ---- off a body ---- */

static void expect_refs(const char *body, const char *const *ids)
{
    struct buffer out;
    uint64_t keys[REFERENCES_MAX];
    size_t count = 0, i = 0;
    buffer_init(&out, KIB);
    references_of(text_of(body), &out);
    assert_ok(buffer_error(&out));
    assert_ok(references_read(buffer_text(&out), keys, &count));
    for (; ids[i]; i++) {
        struct ident id;
        assert_ok(ident_parse(text_of(ids[i]), &id, NULL));
        assert_true(i < count);
        assert_int_equal(keys[i], reference_key(&id.uuid));
        assert_true(references_hold(text_of(body), text_of(ids[i])));
    }
    assert_int_equal(count, i);
    buffer_done(&out);
}

static void read_off_a_body(void **state)
{
    (void)state;
    expect_refs("{}", (const char *const[]){NULL});
    expect_refs("{\"created_by_ref\":\"" B "\",\"x\":{\"object_refs\":[\"" A "\",\"" C "\"]}}",
                (const char *const[]){B, A, C, NULL});
    /* once each; TLP's own definitions are not worth a question */
    expect_refs("{\"a_ref\":\"" B "\",\"b_refs\":[\"" B "\",\"" A "\"],\"object_marking_refs\":"
                "[\"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487\"]}",
                (const char *const[]){B, A, NULL});
    /* words that look like a member are none */
    expect_refs("{\"name\":\"x_ref\\\":\\\"" B "\\\"\",\"z\":\"_ref\",\"z_ref\":7,\"z_refs\":[],\"zz_ref\":\"none\"}",
                (const char *const[]){NULL});
    expect_refs("{\"a_refs\":[7,\"" B "\"],\"b_refs\":[\"" A "\",{\"c_ref\":\"" C "\"}]}",
                (const char *const[]){A, C, NULL});
    assert_false(references_hold(TEXT("{\"name\":\"" A "\"}"), TEXT(A)));
    /* every prefix is read without a step too far */
    static const char whole[] = "{\"created_by_ref\":\"" B "\",\"x\":{\"object_refs\":[\"" A "\",\"" C "\"]}}";
    for (size_t len = 0; len < sizeof whole; len++) {
        char *copy = malloc(len + 1);
        struct buffer out;
        memcpy(copy, whole, len);
        buffer_init(&out, KIB);
        references_of((struct text){copy, len}, &out);
        assert_ok(buffer_error(&out));
        buffer_done(&out);
        free(copy);
    }
    uint64_t keys[REFERENCES_MAX];
    size_t count;
    assert_err(references_read(TEXT("AAECAwQ="), keys, &count), ERR_MALFORMED);
    assert_err(references_read(TEXT("!!!!!!!!"), keys, &count), ERR_MALFORMED);
}

/* ---- in the view ---- */

static struct uuid target(uint64_t i)
{
    return made_uuid_of("target", i);
}

static void id_of(const struct uuid *u, char out[IDENT_TEXT_MAX])
{
    ident_format(TEXT("malware"), u, out);
}

/* Entry n: an object that refers to target(n % 97), and every third one to target(0). Others are no objects. */
static void apply(struct view *v, uint64_t n)
{
    char id[IDENT_TEXT_MAX];
    struct uuid own = made_uuid_of("own", n), to[2] = {target(n % 97), target(0)};
    struct buffer refs;
    struct fact f = {.kind = n % 5 == 4 ? FACT_ACT : FACT_OBJECT, .n = n, .t_us = (int64_t)n};
    buffer_init(&refs, KIB);
    if (f.kind == FACT_OBJECT) {
        uint8_t bytes[2 * REFERENCE_KEY_BYTES];
        for (size_t i = 0; i < 2; i++)
            memcpy(bytes + i * REFERENCE_KEY_BYTES, to[i].b, REFERENCE_KEY_BYTES);
        base64_write(&refs, bytes, (n % 3 == 0 && n % 97 ? 2 : 1) * REFERENCE_KEY_BYTES);
        f.u.object = (struct fact_object){.id = ident_format(TEXT("report"), &own, id),
                                          .standing = n % 7 == 0 ? STANDING_CLAIM : STANDING_CURRENT,
                                          .class_key = TEXT("1::000:-:-:-:report"),
                                          .refs = buffer_text(&refs),
                                          .original = PLACE_NONE};
    } else {
        f.u.act = (struct fact_act){.verb = TEXT("none")};
    }
    assert_ok(view_apply(v, &f, NULL));
    buffer_done(&refs);
}

#define ENTRIES 10000

/* Commits of `step` entries (0: of changing size), and something taken back before each. */
static struct view *make(const char *path, uint64_t step)
{
    struct view *v;
    uint64_t n = 0, state = 1;
    assert_ok(view_open_at(path, true, &v, NULL));
    while (n < ENTRIES) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint64_t count = step ? step : 1 + (state >> 33) % 5000;
        assert_ok(view_begin(v, NULL));
        assert_ok(view_savepoint(v, NULL));
        for (uint64_t i = 0; i < 3; i++)
            apply(v, n + i);
        assert_ok(view_rollback_to(v, NULL));
        for (uint64_t i = 0; i < count && n < ENTRIES; i++)
            apply(v, n++);
        assert_ok(view_commit(v, NULL));
    }
    return v;
}

struct seen {
    uint64_t n[ENTRIES];
    size_t count;
};

static enum err see(void *self, const struct version_row *row)
{
    struct seen *s = self;
    s->n[s->count++] = row->n;
    return OK;
}

static void ask(struct view *v, uint64_t i, uint32_t limit, struct seen *s, uint64_t *ret_more)
{
    char id[IDENT_TEXT_MAX];
    struct uuid u = target(i);
    id_of(&u, id);
    s->count = 0;
    assert_ok(view_referring(v, text_of(id), limit, see, s, ret_more, NULL));
}

static void found_from_the_other_side(void **state)
{
    (void)state;
    char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16];
    scratch_new(dir);
    snprintf(path, sizeof path, "%s/view.db", dir);
    struct view *v = make(path, 0);
    struct seen *s = calloc(1, sizeof *s);
    uint64_t more;
    for (uint64_t i = 1; i < 97; i += 19) {
        ask(v, i, ENTRIES, s, &more);
        assert_int_equal(more, 0);
        size_t at = 0;
        for (uint64_t n = ENTRIES; n-- > 0;)
            if (n % 97 == i && n % 5 != 4 && n % 7 != 0) {
                assert_true(at < s->count);
                assert_int_equal(s->n[at++], n);
            }
        assert_int_equal(s->count, at);
    }
    ask(v, 0, 5, s, &more); /* often referred to: the newest, and how many besides */
    assert_int_equal(s->count, 5);
    assert_true(more > 2600 && more < 2800);
    ask(v, 98, 5, s, &more);
    assert_int_equal(s->count + more, 0);
    assert_err(view_referring(v, TEXT("nothing"), 1, see, s, &more, NULL), ERR_MALFORMED);
    view_close(v);
    free(s);
    scratch_remove(dir);
}

static void dump(const char *path, struct buffer *out)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT n, keys FROM reference ORDER BY n", -1, &s, NULL), SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        buffer_addf(out, "%lld:", (long long)sqlite3_column_int64(s, 0));
        buffer_add_bytes(out, sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1));
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    assert_ok(buffer_error(out));
}

static void rows_do_not_tell_the_commits(void **state)
{
    (void)state;
    static const uint64_t steps[] = {0, 1, 64, 63, 4096, ENTRIES};
    char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 32];
    struct buffer first, other;
    scratch_new(dir);
    buffer_init(&first, 16 * MIB);
    buffer_init(&other, 16 * MIB);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        snprintf(path, sizeof path, "%s/view%zu.db", dir, i);
        view_close(make(path, steps[i]));
        buffer_clear(&other);
        dump(path, i ? &other : &first);
        assert_true(first.len > ENTRIES * 8);
        if (i)
            assert_true(text_eq(buffer_text(&first), buffer_text(&other)));
    }
    buffer_done(&first);
    buffer_done(&other);
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_off_a_body),
        cmocka_unit_test(found_from_the_other_side),
        cmocka_unit_test(rows_do_not_tell_the_commits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
