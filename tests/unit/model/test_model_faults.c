/* The 1st, 2nd, … allocation fails, once and then for good: no leak, no crash, ERR_NOMEM and nothing else. */
#include "base/limits.h"
#include "model/pattern_equal.h"
#include "model/stix.h"
#include "model/stix_validate.h"
#include "support/fault.h"
#include "support/test.h"

static const struct json_val *object;

static bool read_head(void *arg)
{
    (void)arg;
    struct arena arena;
    struct stix_head head;
    struct fault fault = {0};
    arena_init(&arena, 16 * MIB);
    enum err e = stix_head_read(object, &arena, &head, &fault);
    if (e) {
        assert_err(e, ERR_NOMEM);
        assert_err(fault.err, ERR_NOMEM);
    } else {
        assert_int_equal(head.value_count, 2000);
        assert_true(head.values_whole);
    }
    arena_done(&arena);
    return e == OK;
}

/* ---- several objects together ---- */

static const char *const twins[] = {
    "{\"id\":\"tool--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0061\",\"modified\":\"2024-01-01T00:00:00.000Z\",\"name\":"
    "\"a\"}",
    "{\"id\":\"tool--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0061\",\"modified\":\"2024-01-01T00:00:00.000Z\",\"name\":"
    "\"b\"}",
    "{\"id\":\"malware--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0062\",\"is_family\":true}",
    "{\"id\":\"malware--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0063\",\"is_family\":false}",
    "{\"id\":\"relationship--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0064\",\"relationship_type\":\"variant-of\",\"source_"
    "ref\":"
    "\"malware--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0062\",\"target_ref\":"
    "\"malware--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0063\"}",
};
static struct json_doc *twin_docs[ARRAY_LEN(twins)];

static void count_fault(void *self, const struct stix_fault *f)
{
    (void)f;
    ++*(uint64_t *)self;
}

/* Some hundred objects more, so that its tables grow. */
static enum err add_many(struct stix_together *t, uint64_t *told, uint64_t *ret_musts)
{
    uint64_t musts = 0;
    enum err e = OK;
    for (size_t i = 0; !e && i < ARRAY_LEN(twins); i++) {
        e = stix_together_add(t, json_root(twin_docs[i]), count_fault, told, &musts);
        *ret_musts += e ? 0 : musts;
    }
    for (size_t i = 0; !e && i < 300; i++) {
        char text[100];
        struct json_doc *doc;
        snprintf(text, sizeof text, "{\"id\":\"tool--0c7b5b88-8ff7-4a4d-aa9d-feb398c%05zu\"}", i);
        e = json_parse(text_of(text), &doc, NULL);
        if (e)
            break;
        e = stix_together_add(t, json_root(doc), count_fault, told, &musts);
        json_free(doc);
    }
    return e;
}

static bool compare_all(void *arg)
{
    (void)arg;
    struct stix_together *t;
    uint64_t told = 0, musts = 0;
    enum err e = stix_together_new(1 * MIB, &t);
    if (e) {
        assert_err(e, ERR_NOMEM);
        return false;
    }
    e = add_many(t, &told, &musts);
    if (e)
        assert_err(e, ERR_NOMEM);
    else
        assert_true(musts == 2 && told >= musts && !stix_together_full(t));
    stix_together_free(t);
    return e == OK;
}

static void together_survives(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(twins); i++)
        assert_ok(json_parse(text_of(twins[i]), &twin_docs[i], NULL));
    const struct fault_op op = {.run = compare_all};
    assert_true(fault_each_allocation(&op) > 300);
    for (size_t i = 0; i < ARRAY_LEN(twins); i++)
        json_free(twin_docs[i]);
}

static void head_reading_survives(void **state)
{
    (void)state;
    struct buffer b;
    struct json_doc *doc;
    buffer_init(&b, 1 * MIB);
    buffer_add(&b, TEXT("{\"type\":\"indicator\",\"spec_version\":\"2.1\","
                        "\"id\":\"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\","
                        "\"created\":\"2024-01-01T00:00:00.000Z\",\"modified\":\"2024-01-01T00:00:00.000Z\","
                        "\"valid_from\":\"2024-01-01T00:00:00Z\",\"pattern_type\":\"stix\",\"pattern\":\"["));
    for (int i = 0; i < 2000; i++)
        buffer_addf(&b, "%sdomain-name:value = 'x%d.example'", i ? " OR " : "", i);
    buffer_add(&b, TEXT("]\"}"));
    assert_ok(json_parse(buffer_text(&b), &doc, NULL));
    object = json_root(doc);
    const struct fault_op op = {.run = read_head};
    assert_true(fault_each_allocation(&op) > 5);
    json_free(doc);
    buffer_done(&b);
}

static bool normalise(void *arg)
{
    (void)arg;
    struct buffer out;
    enum value_kind kind;
    buffer_init(&out, 1 * MIB);
    assert_ok(value_normalise(VALUE_URL, TEXT("HTTP://User@[2001:DB8::1]:8080?x#y"), &out, &kind, NULL));
    enum err e = buffer_error(&out);
    if (e)
        assert_err(e, ERR_NOMEM);
    else
        assert_text(buffer_text(&out), "http://User@[2001:db8::1]:8080/?x");
    buffer_done(&out);
    return e == OK;
}

static void normalising_survives(void **state)
{
    (void)state;
    const struct fault_op op = {.run = normalise};
    assert_true(fault_each_allocation(&op) > 0);
}

static bool compare_patterns(void *arg)
{
    static const char *const both[] = {
        "[ipv4-addr:value = '10.1.2.3/8' OR a:b IN (1, 2, 1) AND a:c = b'QUI=']  OR [a:b = 1] AND [a:b = 1]",
        "[a:c = h'4142' AND a:b IN (2, 1.0) OR ipv4-addr:value = '10.0.0.0/8'] OR ([a:b = 1.0] AND [a:b = 1])",
    };
    struct arena arena;
    struct pattern_node *a, *b;
    enum pattern_verdict verdict = PATTERN_UNDECIDED;
    (void)arg;
    arena_init(&arena, 4 * MIB);
    enum err e = pattern_parse(text_of(both[0]), &arena, &a, NULL);
    if (!e)
        e = pattern_parse(text_of(both[1]), &arena, &b, NULL);
    if (!e)
        e = pattern_equivalent(a, b, &arena, &verdict);
    assert_true(e == ERR_NOMEM || verdict == PATTERN_EQUIVALENT);
    arena_done(&arena);
    return e == OK;
}

static void comparing_patterns_survives(void **state)
{
    (void)state;
    const struct fault_op op = {.run = compare_patterns};
    assert_true(fault_each_allocation(&op) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_reading_survives),
        cmocka_unit_test(together_survives),
        cmocka_unit_test(normalising_survives),
        cmocka_unit_test(comparing_patterns_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
