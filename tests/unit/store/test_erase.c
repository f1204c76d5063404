/* What is erased is gone from every byte of the home; what is not stays; entries, and so proofs, stay. */
#include "history.h"

#include "base/limits.h"
#include "secrets.h"
#include "store/erase_list.h"
#include "store/log_format.h"
#include "support/scratch.h"

struct stage {
    char home[SCRATCH_PATH_MAX];
    struct node *node;
    struct history h;
};

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    scratch_new(s->home);
    history_home(io_system(), s->home);
    history_init(&s->h, 5);
    assert_ok(node_open(io_system(), s->home, NODE_OWN, &s->node, NULL));
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct stage *s = *state;
    node_close(s->node);
    history_done(&s->h);
    scratch_remove(s->home);
    free(s);
    return 0;
}

static void reopen(struct stage *s)
{
    node_close(s->node);
    s->node = NULL;
    assert_ok(node_open(io_system(), s->home, NODE_OWN, &s->node, NULL));
}

static size_t leaves(const char *home, struct sha256 *ret, size_t max)
{
    struct log *log;
    struct log_reader *r;
    struct log_read read;
    size_t n = 0;
    assert_ok(log_open(io_system(), scratch_path(home, "log"), false, &log, NULL));
    assert_ok(log_reader_open(log, 0, &r, NULL));
    while (n < max && log_reader_next(r, &read, NULL) == OK)
        ret[n++] = entry_leaf(read.entry_text);
    log_reader_close(r);
    log_close(log);
    return n;
}

static void gone_from_every_byte(void **state)
{
    struct stage *s = *state;
    static struct sha256 before[1000], after[1000];
    struct erase_result result;
    assert_ok(history_write(&s->h, s->node, 50, false, NULL));
    assert_ok(secrets_write(s->node, NULL));
    assert_ok(history_write(&s->h, s->node, 50, false, NULL));
    assert_true(secrets_found(s->home) > 3); /* the search can find */
    size_t n = leaves(s->home, before, 1000);

    assert_ok(secrets_erase(s->node, &result, NULL));
    assert_int_equal(result.versions, 4);
    assert_int_equal(result.lines, 2);
    assert_int_equal(result.documents, 1);
    assert_int_equal(result.entries, 4 + 1 + 2);
    assert_int_equal(secrets_found(s->home), 0);
    secrets_others_stay(s->node);
    assert_view_is_replay(s->node);
    assert_true(leaves(s->home, after, 1000) == n + 2); /* the other line anew, and the erasure */
    assert_memory_equal(before, after, n * sizeof *before);

    assert_err(secrets_erase(s->node, &result, NULL), ERR_NOT_FOUND);
    assert_ok(history_write(&s->h, s->node, 50, false, NULL));
    reopen(s);
    assert_view_is_replay(s->node);
    assert_int_equal(secrets_found(s->home), 0);
    assert_ok(secrets_write(s->node, NULL)); /* erased is not forbidden */
}

/* Over many segments, and for readers that are open meanwhile. */
static void readers_go_on(void **state)
{
    struct stage *s = *state;
    struct erase_result result;
    struct node *reader;
    struct view *v;
    struct version_row row;
    struct buffer body;
    assert_ok(secrets_write(s->node, NULL));
    for (int i = 0; i < 40; i++)
        assert_ok(history_write(&s->h, s->node, 20, false, NULL));
    assert_ok(node_open(io_system(), s->home, NODE_READ, &reader, NULL));
    assert_ok(node_reader(reader, &v, NULL));
    assert_ok(view_current(v, text_of(secret_object), &row, NULL));
    assert_ok(secrets_erase(s->node, &result, NULL));
    buffer_init(&body, MIB);
    assert_err(node_body(reader, row.body, &body, NULL), ERR_NOT_FOUND);
    node_reader_done(reader, v);
    node_close(reader);
    buffer_done(&body);
    assert_view_is_replay(s->node);
}

static void refused(void **state)
{
    struct stage *s = *state;
    struct erase_result result;
    struct fault f = {.err = OK};
    char id[IDENT_TEXT_MAX];
    static const char nobody[] = "indicator--99999999-9999-4999-8999-999999999999";
    const struct text one_missing[] = {text_of(secret_object), text_of(nobody)};
    struct erase_request q = {.ids = one_missing, .id_count = 2, .reason = TEXT("r")};
    assert_ok(secrets_write(s->node, NULL));
    assert_err(node_erase(s->node, &q, &result, &f), ERR_NOT_FOUND);
    assert_non_null(strstr(f.what, nobody));
    struct text self = ident_format(TEXT("identity"), &node_genesis(s->node)->identity, id);
    q.ids = &self;
    q.id_count = 1;
    assert_err(node_erase(s->node, &q, &result, &f), ERR_DENIED);
    q.id_count = 0;
    assert_err(node_erase(s->node, &q, &result, &f), ERR_USAGE);
    assert_true(secrets_found(s->home) > 0); /* nothing went */
    assert_ok(secrets_erase(s->node, &result, NULL));
}

/* ---- spoiled bodies ---- */

static void spoil(const struct stage *s, struct place at)
{
    char path[SCRATCH_PATH_MAX + 32];
    size_t len;
    snprintf(path, sizeof path, "%s/log/%08u.log", s->home, at.segment);
    char *bytes = scratch_read(path, &len);
    assert_non_null(bytes);
    assert_true(at.offset + RECORD_HEAD_BYTES + BODY_HEAD_BYTES + 4 < len);
    bytes[at.offset + RECORD_HEAD_BYTES + BODY_HEAD_BYTES + 3] ^= 0x10;
    scratch_write(path, bytes, len);
    free(bytes);
}

static enum err keep_place(void *self, const struct evidence_row *row)
{
    *(struct place *)self = row->body;
    return OK;
}

static struct place evidence_of(const struct stage *s, const char *id, size_t *ret_lines)
{
    struct place at = PLACE_NONE;
    struct ident finding;
    struct view *v;
    assert_ok(ident_parse(text_of(id), &finding, NULL));
    assert_ok(node_reader(s->node, &v, NULL));
    struct finding_row row;
    enum err err = view_finding(v, &finding.uuid, &row, NULL);
    *ret_lines = err == OK ? 1 : 0;
    if (err == OK)
        assert_ok(view_evidence(v, &finding.uuid, 100, keep_place, &at, NULL));
    node_reader_done(s->node, v);
    return at;
}

/* A byte that a disk has spoiled must not keep an object, or its words, for ever. */
static void spoiled_bodies_go(void **state)
{
    struct stage *s = *state;
    struct erase_result result;
    struct version_row row;
    struct fact_document document;
    struct view *v;
    struct fault f = {.err = OK};
    struct sha256 first, second;
    struct buffer body;
    size_t lines;
    memset(first.b, 1, sizeof first.b);
    memset(second.b, 2, sizeof second.b);
    assert_ok(secrets_write(s->node, NULL));
    assert_ok(node_reader(s->node, &v, NULL));
    assert_ok(view_current(v, text_of(secret_object), &row, NULL));
    struct place object = row.body;
    assert_ok(view_document(v, &first, &document, NULL));
    node_reader_done(s->node, v);
    spoil(s, evidence_of(s, secret_finding, &lines));
    spoil(s, object);
    spoil(s, document.body);
    if (secrets_erase(s->node, &result, &f) != OK)
        fail_msg("%s", f.what);
    assert_int_equal(result.versions, 4);
    assert_int_equal(result.documents, 1);
    assert_int_equal(secrets_found(s->home), 0);
    /* the other party's document is whole, so it was looked through, and stays */
    assert_ok(node_reader(s->node, &v, NULL));
    assert_ok(view_document(v, &second, &document, NULL));
    assert_err(view_document(v, &first, &document, NULL), ERR_NOT_FOUND);
    node_reader_done(s->node, v);
    /* the other finding keeps its line, without the text nobody can read */
    struct place at = evidence_of(s, plain_finding, &lines);
    assert_int_equal(lines, 1);
    buffer_init(&body, MIB);
    assert_err(node_body(s->node, at, &body, NULL), ERR_MALFORMED);
    buffer_done(&body);
    assert_view_is_replay(s->node);
}

static uint64_t number_of(const struct stage *s, const char *id)
{
    struct ident finding;
    struct finding_row row;
    struct view *v;
    assert_ok(ident_parse(text_of(id), &finding, NULL));
    assert_ok(node_reader(s->node, &v, NULL));
    assert_ok(view_finding(v, &finding.uuid, &row, NULL));
    node_reader_done(s->node, v);
    return row.number;
}

/* Who noted F-2 must find the same finding under F-2 when F-1 is gone. */
static void numbers_stay(void **state)
{
    struct stage *s = *state;
    struct erase_result result;
    assert_ok(secrets_write(s->node, NULL));
    assert_int_equal(number_of(s, secret_finding), 1);
    assert_int_equal(number_of(s, plain_finding), 2);
    assert_ok(secrets_erase(s->node, &result, NULL));
    assert_int_equal(number_of(s, plain_finding), 2);
    assert_ok(history_write(&s->h, s->node, 50, false, NULL)); /* whose findings have no number of their own */
    reopen(s);
    assert_int_equal(number_of(s, plain_finding), 2);
    assert_view_is_replay(s->node);
}

/* A list of another copy: only what this log holds under that leaf goes. */
static void entries_by_leaf(void **state)
{
    struct stage *s = *state;
    static struct sha256 all[1000];
    struct erased_list list = {0};
    uint64_t count = 99;
    assert_ok(secrets_write(s->node, NULL));
    size_t n = leaves(s->home, all, 1000);
    for (uint64_t i = 3; i < n; i++) {
        struct sha256 leaf = all[i];
        leaf.b[0] ^= 1;
        assert_ok(erased_list_add(&list, i, &leaf));
    }
    assert_ok(erased_list_add(&list, 1000000, &all[0]));
    assert_ok(node_erase_entries(s->node, &list, node_admin(s->node), TEXT("r"), &count, NULL));
    assert_int_equal(count, 0);
    assert_true(secrets_found(s->home) > 0);
    for (uint64_t i = 3; i < n; i++)
        assert_ok(erased_list_add(&list, i, &all[i]));
    erased_list_sort(&list);
    assert_ok(node_erase_entries(s->node, &list, node_admin(s->node), TEXT("r"), &count, NULL));
    assert_int_equal(count, n - 3);
    assert_int_equal(secrets_found(s->home), 0);
    assert_ok(node_erase_entries(s->node, &list, node_admin(s->node), TEXT("r"), &count, NULL));
    assert_int_equal(count, 0);
    erased_list_done(&list);
}

static void lists_are_checked(void **state)
{
    (void)state;
#define LEAF "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const char *const bad[] = {"",
                                      "entente erasure 1\n",
                                      "entente erasures 1\n1 " LEAF "0\n",
                                      "entente erasures 1\n1 " LEAF "\n\n2 " LEAF "\n",
                                      "entente erasures 1\n-1 " LEAF "\n",
                                      "entente erasures 1\n1" LEAF "\n",
                                      "entente erasures 1\n99999999999999999999 " LEAF "\n"};
    struct erased_list l = {0};
    struct fault f = {.err = OK};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_err(erased_list_parse(text_of(bad[i]), &l, &f), ERR_MALFORMED);
    assert_err(erased_list_parse(TEXT("entente erasures 2\n"), &l, &f), ERR_VERSION);
    assert_ok(erased_list_parse(TEXT("entente erasures 1\n"), &l, &f));
    assert_int_equal(l.count, 0);
    assert_ok(erased_list_parse(TEXT("entente erasures 1\n7 " LEAF "\n5 " LEAF "\n7 " LEAF "\n"), &l, &f));
    assert_int_equal(l.count, 2);
    assert_int_equal(l.v[0].n, 5);
    struct buffer out;
    buffer_init(&out, MIB);
    erased_list_write(&l, &out);
    assert_text(buffer_text(&out), "entente erasures 1\n5 " LEAF "\n7 " LEAF "\n");
    buffer_done(&out);
    erased_list_done(&l);
}

#define HOME(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOME(gone_from_every_byte),
        HOME(readers_go_on),
        HOME(refused),
        HOME(spoiled_bodies_go),
        HOME(numbers_stay),
        HOME(entries_by_leaf),
        cmocka_unit_test(lists_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
