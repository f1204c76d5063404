/* Other people's objects through the gate, each with many choices of what is withheld: what leaves is valid STIX and
 * canonical, holds no withheld reference, and is the object itself when nothing had to go. */
#include "gateway.h"

#include <dirent.h>
#include <stdio.h>

#include "model/stix.h"
#include "support/scratch.h"

#define ROUNDS 27

/* Withholds a share of all identifiers, another choice each round. */
struct choice {
    uint64_t seed;
    unsigned of_eight; /* withheld */
};

static enum ref_state choose(void *self, struct text id)
{
    const struct choice *c = self;
    return xxh3_seeded(id.ptr, id.len, c->seed) % 8 < c->of_eight ? REF_WITHHELD : REF_CLEARED;
}

struct tally {
    size_t objects, whole, renditions, withheld;
};

static bool head_of(struct text body, struct arena *arena, struct json_doc **ret_doc, struct stix_head *ret)
{
    if (json_parse(body, ret_doc, NULL))
        return false;
    if (stix_head_read(json_root(*ret_doc), arena, ret, NULL) == OK)
        return true;
    json_free(*ret_doc);
    return false;
}

static void check_leaving(const struct cleared *c, struct text body, const struct choice *choice, bool add,
                          size_t withheld_refs)
{
    struct arena arena;
    struct json_doc *doc;
    struct stix_head head;
    struct text left = cleared_body(c);
    arena_init(&arena, 64 * MIB);
    bool valid = head_of(left, &arena, &doc, &head);
    if (!valid)
        print_error("not valid: " TEXT_FMT "\n", TEXT_ARG(left));
    assert_true(valid);
    struct buffer again;
    buffer_init(&again, 64 * MIB);
    json_canonical(json_root(doc), &again, NULL);
    assert_text_eq(buffer_text(&again), left);
    for (size_t i = 0; i < head.ref_count; i++)
        assert_int_not_equal(choose((void *)(uintptr_t)choice, head.refs[i]), REF_WITHHELD);
    if (add)
        assert_int_equal(head.tlp, TLP_GREEN);
    assert_int_equal(cleared_form(c), text_eq(left, body) ? FORM_WHOLE : FORM_RENDITION);
    assert_int_equal(cleared_form(c) == FORM_WHOLE, withheld_refs == 0 && !add);
    buffer_done(&again);
    json_free(doc);
    arena_done(&arena);
}

static size_t withheld_refs_of(const struct stix_head *head, struct choice *choice)
{
    size_t n = 0;
    for (size_t i = 0; i < head->ref_count; i++)
        n += choose(choice, head->refs[i]) == REF_WITHHELD;
    return n;
}

/* Unmarked objects by their source's default, and as if the store had found a label; marked ones as GREEN. */
static void check_round(struct text body, const struct stix_head *head, unsigned round, struct tally *t)
{
    struct recipient r = partner_x(TLP_GREEN);
    struct choice choice = {round, round % 9};
    bool add = head->tlp == TLP_NONE && round / 9 % 2;
    struct gate_class cls = {.tlp = add ? TLP_NONE : TLP_GREEN, .source_default = TLP_GREEN};
    struct cleared *c = NULL;
    struct decision_rule why = {0};
    struct decision d;
    size_t withheld = withheld_refs_of(head, &choice);
    gate_decide(&QUESTION(&cls, &r, DOOR_TAXII), &d);
    assert_true(d.cleared && d.add_marking == add);
    enum err e = gate_clear(&QUESTION(&cls, &r, DOOR_TAXII), &d, body, &LOOKUP(choose, &choice), &c, &why);
    if (e == ERR_DENIED) {
        assert_true(withheld > 0);
        assert_string_equal(why.id, "5 references");
        t->withheld++;
        return;
    }
    assert_ok(e);
    check_leaving(c, body, &choice, add, withheld);
    t->whole += cleared_form(c) == FORM_WHOLE;
    t->renditions += cleared_form(c) == FORM_RENDITION;
    cleared_free(c);
}

static void visit(const struct json_val *object, struct tally *t)
{
    struct arena arena;
    struct stix_head head;
    struct json_doc *doc;
    struct buffer body;
    if (json_type(object) != JSON_OBJECT || text_eq(json_text(json_get(object, "type")), TEXT("bundle")))
        return;
    arena_init(&arena, 64 * MIB);
    buffer_init(&body, 64 * MIB);
    json_canonical(object, &body, NULL);
    if (head_of(buffer_text(&body), &arena, &doc, &head)) {
        t->objects++;
        for (unsigned round = 0; round < ROUNDS; round++)
            check_round(buffer_text(&body), &head, round, t);
        json_free(doc);
    }
    buffer_done(&body);
    arena_done(&arena);
}

static void visit_file(const char *path, struct tally *t)
{
    size_t len;
    struct json_doc *doc;
    char *bytes = scratch_read(path, &len);
    if (bytes && json_parse((struct text){bytes, len}, &doc, NULL) == OK) {
        const struct json_val *root = json_root(doc), *objects = json_get(root, "objects");
        visit(root, t);
        for (struct json_iter it = json_iter_of(objects ? objects : root); json_next(&it);)
            visit(it.val, t);
        json_free(doc);
    }
    free(bytes);
}

static void visit_folder(const char *path, int depth, struct tally *t)
{
    DIR *folder = opendir(path);
    if (!folder)
        return;
    for (struct dirent *e; (e = readdir(folder));) {
        char below[1024];
        if (snprintf(below, sizeof below, "%s/%s", path, e->d_name) >= (int)sizeof below)
            continue;
        size_t len = strlen(e->d_name);
        if (e->d_type == DT_DIR && e->d_name[0] != '.' && depth > 0)
            visit_folder(below, depth - 1, t);
        else if (len > 5 && strcmp(e->d_name + len - 5, ".json") == 0)
            visit_file(below, t);
    }
    closedir(folder);
}

static void other_peoples_objects(void **state)
{
    (void)state;
    const char *path = data_path("stix");
    struct tally t = {0};
    if (!path)
        skip();
    char copy[1024];
    snprintf(copy, sizeof copy, "%s", path);
    visit_folder(copy, 3, &t);
    print_message("%zu objects: %zu whole, %zu renditions, %zu withheld\n", t.objects, t.whole, t.renditions,
                  t.withheld);
    assert_true(t.objects > 100 && t.whole > 100 && t.renditions > 100 && t.withheld > 100);
}

/* The same for objects made here, so that something is checked without the collection. */
static void own_objects(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"type\":\"report\",\"spec_version\":\"2.1\",\"id\":\"report--84e4d88f-44ea-4bcd-bbf3-b2c1c320bcb3\","
        "\"created_by_ref\":\"identity--a463ffb3-1bd9-4d94-b02d-74e4f1658283\",\"created\":\"2015-12-21T19:59:11."
        "000Z\","
        "\"modified\":\"2015-12-21T19:59:11.000Z\",\"name\":\"n\",\"published\":\"2016-01-20T17:00:00.000Z\","
        "\"object_refs\":[\"indicator--26ffb872-1dd9-446e-b6f5-d58527e5b5d2\",\"campaign--83422c77-904c-4dc1-aff5-"
        "5c38f3a2c55c\","
        "\"relationship--f82356ae-fe6c-437c-9c24-6b64314ae68a\"]}",
        "{\"type\":\"relationship\",\"spec_version\":\"2.1\",\"id\":\"relationship--44298a74-ba52-4f0c-87a3-"
        "1824e67d7fad\","
        "\"created\":\"2016-04-06T20:06:37.000Z\",\"modified\":\"2016-04-06T20:06:37.000Z\",\"relationship_type\":"
        "\"indicates\","
        "\"source_ref\":\"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"target_ref\":\"malware--31b940d4-6f7f-"
        "459a-80ea-9c1f17b58abc\"}",
    };
    struct tally t = {0};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct json_doc *doc;
        assert_ok(json_parse(text_of(texts[i]), &doc, NULL));
        visit(json_root(doc), &t);
        json_free(doc);
    }
    assert_true(t.objects == 2 && t.renditions > 10 && t.withheld > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_objects),
        cmocka_unit_test(other_peoples_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
