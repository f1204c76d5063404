/* STIX documents as records: every shape of document, what is refused with its place and rule, and cut documents. */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "model/marking.h"
#include "model/stix.h"
#include "records.h"
#include "support/scratch.h"
#include "support/test.h"
#include "json/json.h"

/* An accepted object's bytes in the document are JSON whose canonical form is the body. */
static void is_canonical(const struct record_object *o, struct text document)
{
    struct json_doc *doc;
    struct buffer b;
    buffer_init(&b, 16 * MIB);
    assert_ok(json_parse(o->body, &doc, NULL));
    json_canonical(json_root(doc), &b, NULL);
    assert_text_eq(buffer_text(&b), o->body);
    assert_text_eq(json_text(json_get(json_root(doc), "id")), o->id);
    assert_text_eq(json_text(json_get(json_root(doc), "modified")), o->modified);
    assert_true(o->at < (int64_t)document.len && document.ptr[o->at] == '{');
    assert_true(o->print == 0 && o->created_at == 0 && o->modified_at == 0 && o->valid_from_at == 0);
    json_free(doc);
    buffer_done(&b);
}

static void good_samples_are_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t objects;
    } good[] = {
        {"stix/good/bundle.json", 8},
        {"stix/good/markings.json", 19},
        {"stix/good/objects-first.json", 1},
        {"stix/good/empty-bundle.json", 0},
        {"stix/good/no-objects.json", 0},
        {"stix/good/taxii-envelope.json", 2},
        {"stix/good/taxii-empty.json", 0},
        {"stix/good/taxii-nothing-new.json", 0},
        {"stix/good/single.json", 1},
        {"stix/good/list.json", 2},
        {"stix/good/lines.json", 3},
        {"stix/good/crlf-lines.json", 2},
        {"stix/good/escaped-name.json", 1},
        {"stix/good/big-number.json", 1},
        {"stix/good/observed-2.0-objects.json", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        size_t len;
        char *json = sample(good[i].name, &len);
        struct records r = stix_records(-1, (struct text){json, len}, TLP_NONE);
        print_message("%s\n", good[i].name);
        assert_int_equal(r.objects, good[i].objects);
        assert_int_equal(r.rejected, 0);
        assert_true(r.end->err == OK && r.end->read == good[i].objects && r.end->at == (int64_t)len);
        for (size_t k = 0; k < r.objects; k++)
            is_canonical(object_at(&r, k), (struct text){json, len});
        records_done(&r);
        free(json);
    }
}

static void heads_are_copied(void **state)
{
    (void)state;
    size_t len = 0;
    char *json = sample("stix/good/bundle.json", &len);
    struct records r = stix_records(-1, (struct text){json, len}, TLP_NONE);
    struct record_object o = *object_at(&r, 1);
    struct record_value value;
    struct text t = TEXT_NONE;
    assert_true(o.cls == STIX_SDO && o.tlp == TLP_AMBER && o.confidence == 85 && !o.revoked && !o.unknown_marking);
    assert_text(o.modified, "2025-03-01T10:00:00.000Z");
    assert_int_equal(o.modified_us, INT64_C(1740823200000000));
    assert_true(o.has_valid_until && o.valid_until_us == INT64_C(2051222400000000));
    assert_int_equal(o.value_count, 2);
    assert_true(record_next_value(&o.values, &value) && value.kind == VALUE_DOMAIN);
    assert_text(value.value, "evil.example.com");
    assert_true(record_next_value(&o.values, &value) && value.kind == VALUE_IPV4);
    assert_text(o.created_by, "identity--00000001-0000-4000-8000-000000000000");
    assert_true(o.ref_count == 1 && record_next_text(&o.refs, &t));
    assert_text_eq(t, o.created_by);
    assert_true(o.marking_count == 1 && record_next_text(&o.markings, &t));
    assert_text(t, "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421");
    assert_int_equal(object_at(&r, 3)->cls, STIX_SCO);
    assert_false(object_at(&r, 3)->has_modified);
    assert_int_equal(object_at(&r, 4)->modified_us, INT64_C(1740823200123456));
    assert_int_equal(object_at(&r, 4)->ref_count, 2);
    assert_true(object_at(&r, 5)->revoked);
    records_done(&r);
    free(json);
}

/* The source's default counts only where an object brought no label; the body is left alone. */
static void a_default_fills_absent_labels(void **state)
{
    (void)state;
    size_t len = 0;
    char *json = sample("stix/good/bundle.json", &len);
    struct records with = stix_records(-1, (struct text){json, len}, TLP_RED);
    struct records without = stix_records(-1, (struct text){json, len}, TLP_NONE);
    assert_int_equal(object_at(&with, 1)->tlp, TLP_AMBER);
    assert_int_equal(object_at(&with, 2)->tlp, TLP_RED);
    assert_int_equal(object_at(&without, 2)->tlp, TLP_NONE);
    assert_text_eq(object_at(&with, 2)->body, object_at(&without, 2)->body);
    records_done(&with);
    records_done(&without);
    free(json);
}

static void lost_numbers_keep_the_original(void **state)
{
    (void)state;
    size_t len = 0;
    char *json = sample("stix/good/big-number.json", &len);
    struct records r = stix_records(-1, (struct text){json, len}, TLP_NONE);
    const struct record_object *o = object_at(&r, 0);
    assert_true(text_find_text(o->original, TEXT("9007199254740993")) > 0);
    assert_true(text_find_text(o->body, TEXT("9007199254740992")) > 0);
    assert_memory_equal(json + o->at, o->original.ptr, o->original.len);
    records_done(&r);
    json[text_find_text((struct text){json, len}, TEXT("40993")) + 4] = '1'; /* ...991: kept exactly */
    r = stix_records(-1, (struct text){json, len}, TLP_NONE);
    assert_int_equal(object_at(&r, 0)->original.len, 0);
    records_done(&r);
    free(json);
}

static void refuses(const char *name, enum err err, size_t objects, const char *want)
{
    size_t len = 0;
    char *json = sample(name, &len), got[500] = "";
    struct records r = stix_records(-1, (struct text){json, len}, TLP_NONE);
    for (size_t i = 0; i < r.rejected; i++) {
        const struct record_rejected *x = rejected_at(&r, i);
        size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%.*s %.*s\n", TEXT_ARG(x->id), TEXT_ARG(x->rule));
        assert_true(x->reason.len > 0 && x->line == -1 && x->at >= 0 && x->at < (int64_t)len);
    }
    if (strcmp(got, want) != 0 || r.end->err != err || r.objects != objects)
        fail_msg("%s: %s, %zu objects\n%s", name, err_name(r.end->err), r.objects, got);
    assert_true(err == OK ? r.end->what.len == 0 : r.end->what.len > 0 && r.end->at >= 0);
    for (size_t i = 0; i < r.objects; i++)
        is_canonical(object_at(&r, i), (struct text){json, len});
    records_done(&r);
    free(json);
}

#define IND(n) "indicator--0000000" n "-0000-4000-8000-000000000000"
#define BUN    "bundle--00000001-0000-4000-8000-000000000000"

static void bad_samples_fall_object_by_object(void **state)
{
    (void)state;
    refuses("stix/bad/no-created.json", OK, 2, IND("1") " STIX 2.1 3.2\n");
    refuses("stix/bad/object-id.json", OK, 1, "indicator--1 STIX 2.1 2.9\n");
    refuses("stix/bad/february-30.json", OK, 1, IND("1") " STIX 2.1 2.16\n");
    refuses("stix/bad/pattern.json", OK, 1, IND("4") " STIX 2.1 9.5\n");
    refuses("stix/bad/twin-names.json", OK, 1, IND("1") " RFC 7493 2.3\n");
    refuses("stix/bad/utf8.json", OK, 1, IND("1") " RFC 8259\n");
    refuses("stix/bad/not-objects.json", OK, 1, " STIX 2.1 3.2\n STIX 2.1 3.2\n STIX 2.1 3.2\n STIX 2.1 3.2\n");
    refuses("stix/bad/nested-bundle.json", OK, 1, BUN " STIX 2.1 8\n");
    refuses("stix/bad/deep.json", OK, 1, IND("1") " JSON_DEPTH_MAX\n");
    refuses("stix/bad/element-syntax.json", OK, 1, IND("9") " RFC 8259\n");
    refuses("stix/bad/line-syntax.json", OK, 2, " RFC 8259\n");
    refuses("stix/bad/empty-object-type.json", OK, 0, " STIX 2.1 3.1\n");
}

/* A bundle's own faults are told; its objects are read. */
static void bad_envelopes_keep_their_objects(void **state)
{
    (void)state;
    refuses("stix/bad/bundle-id.json", OK, 1, "bundle--1 STIX 2.1 8\n");
    refuses("stix/bad/bundle-type.json", OK, 1, "report--00000001-0000-4000-8000-000000000000 STIX 2.1 8\n");
    refuses("stix/bad/empty-bundle-id.json", OK, 0, " STIX 2.1 8\n");
    refuses("stix/bad/twin-envelope.json", OK, 3, BUN " STIX 2.1 8\n");
    refuses("stix/bad/objects-not-a-list.json", OK, 0, BUN " STIX 2.1 8\n");
}

static void cut_documents_keep_what_was_whole(void **state)
{
    (void)state;
    refuses("stix/bad/cut-in-object.json", ERR_MALFORMED, 2, "");
    refuses("stix/bad/cut-in-tail.json", ERR_MALFORMED, 3, "");
    refuses("stix/bad/garbage-behind.json", ERR_MALFORMED, 3, "");
    refuses("stix/bad/objects-twice.json", ERR_MALFORMED, 3, "");
    refuses("stix/bad/missing-comma.json", ERR_MALFORMED, 1, "");
    refuses("stix/bad/mark.json", ERR_MALFORMED, 0, "");
    refuses("stix/bad/single-syntax.json", ERR_MALFORMED, 0, IND("1") " RFC 8259\n");
    refuses("stix/bad/number.json", ERR_MALFORMED, 0, " STIX 2.1 3.2\n");
}

static void every_prefix_ends_malformed(void **state)
{
    (void)state;
    size_t len, last = 0;
    char *json = sample("stix/good/bundle.json", &len);
    for (size_t cut = 0; cut < len; cut++) {
        struct records r = stix_records(-1, (struct text){json, cut}, TLP_NONE);
        assert_true(r.end->err == ERR_MALFORMED && r.end->at == (int64_t)cut);
        assert_true(r.objects >= last && r.rejected == 0);
        last = r.objects;
        records_done(&r);
    }
    assert_int_equal(last, 8);
    free(json);
}

/* One object over the limit, one of many references: refused, the others go in. */
static void large_objects_fall_alone(void **state)
{
    (void)state;
    size_t len, huge = STIX_OBJECT_MAX_BYTES;
    char *single = sample("stix/good/single.json", &len);
    struct buffer b;
    buffer_init(&b, 64 * MIB);
    buffer_add(&b, TEXT("[{\"id\":\""));
    memset(buffer_reserve(&b, huge), 'x', huge);
    buffer_add(&b, TEXT("\"},"));
    buffer_add_bytes(&b, single, len);
    buffer_add(&b, TEXT(",{\"type\":\"report\",\"x\":[1e20"));
    for (int i = 0; i < 500000; i++) /* grows over the limit in canonical form only */
        buffer_add(&b, TEXT(",1e20"));
    buffer_add(&b, TEXT("]}]"));
    struct records r = stix_records(-1, buffer_text(&b), TLP_NONE);
    assert_true(r.objects == 1 && r.rejected == 2 && r.end->err == OK && r.end->read == 3);
    assert_text(rejected_at(&r, 0)->rule, "STIX_OBJECT_MAX_BYTES");
    assert_int_equal(rejected_at(&r, 0)->at, 1);
    records_done(&r);
    buffer_done(&b);
    free(single);
}

/* ---- other people's documents: none of them stops us ---- */

static size_t folder(const char *path, int depth)
{
    size_t seen = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char inside[SCRATCH_PATH_MAX];
        struct stat st;
        snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || stat(inside, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode)) {
            seen += depth ? folder(inside, depth - 1) : 0;
            continue;
        }
        size_t len;
        char *content = scratch_read(inside, &len);
        assert_non_null(content);
        struct records r = stix_records(-1, (struct text){content, len}, TLP_NONE);
        assert_true(r.end->err == OK || r.end->err == ERR_MALFORMED);
        seen += r.objects;
        records_done(&r);
        free(content);
    }
    closedir(dir);
    return seen;
}

static void other_peoples_documents(void **state)
{
    (void)state;
    const char *path = data_path("stix");
    if (!path)
        skip();
    char copy[SCRATCH_PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    assert_true(folder(copy, 4) > 300);
}

static void attack_is_accepted_whole(void **state)
{
    (void)state;
    const char *path = data_path("attack/ics-attack.json");
    size_t len = 0;
    char *content = path ? scratch_read(path, &len) : NULL;
    if (!content)
        skip();
    struct records r = stix_records(-1, (struct text){content, len}, TLP_NONE);
    assert_int_equal(r.rejected, 0);
    assert_int_equal(r.objects, 1826);
    records_done(&r);
    free(content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_samples_are_accepted),         cmocka_unit_test(heads_are_copied),
        cmocka_unit_test(a_default_fills_absent_labels),     cmocka_unit_test(lost_numbers_keep_the_original),
        cmocka_unit_test(bad_samples_fall_object_by_object), cmocka_unit_test(bad_envelopes_keep_their_objects),
        cmocka_unit_test(cut_documents_keep_what_was_whole), cmocka_unit_test(every_prefix_ends_malformed),
        cmocka_unit_test(large_objects_fall_alone),          cmocka_unit_test(other_peoples_documents),
        cmocka_unit_test(attack_is_accepted_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
