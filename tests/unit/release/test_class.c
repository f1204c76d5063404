/* Class keys: equal keys, equal classes, there and back; and nothing but keys is read. */
#include "domain.h"

#include <stdio.h>

#include "base/limits.h"

static struct text key_of(const struct gate_class *c, struct buffer *b)
{
    buffer_clear(b);
    gate_class_key(c, b);
    assert_ok(buffer_error(b));
    return buffer_text(b);
}

static void there_and_back(void **state)
{
    (void)state;
    struct buffer b, again;
    buffer_init(&b, 4096);
    buffer_init(&again, 4096);
    uint64_t size = domain_size();
    for (uint64_t i = 0; i < size; i += 97) {
        struct question q;
        struct gate_class back;
        domain_at(i, &q);
        q.c.source = i % 2 ? PARTY_ELSEWHERE : (struct uuid){0};
        assert_ok(gate_class_parse(key_of(&q.c, &b), &back));
        assert_memory_equal(&back, &q.c, sizeof back);
        assert_text_eq(key_of(&back, &again), buffer_text(&b));
    }
    buffer_done(&b);
    buffer_done(&again);
}

/* Each member of the class is in the key: changing one changes it. */
static void every_member_counts(void **state)
{
    (void)state;
    struct gate_class base = {.type = "indicator"}, changed[] = {
                                                        {.type = "indicator", .ours = true},
                                                        {.type = "indicator", .party = {{1}}},
                                                        {.type = "indicator", .source = {{1}}},
                                                        {.type = "indicator", .tlp = TLP_RED},
                                                        {.type = "indicator", .unknown_marking = true},
                                                        {.type = "indicator", .granular = true},
                                                        {.type = "indicator", .source_default = TLP_RED},
                                                        {.type = "indicator", .protocol_object = true},
                                                        {.type = "indicator", .own_identity = true},
                                                        {.type = "indicator", .sighting = true},
                                                        {.type = "indicator", .sighting_of = {{1}}},
                                                        {.type = "indicator", .sighting_of_ours = true},
                                                        {.type = "indicator", .sighting_tlp = TLP_RED},
                                                        {.type = "indicator", .internal_only = true},
                                                        {.type = "indicator", .quarantined = true},
                                                        {.type = "indicator", .exercise = true},
                                                        {.type = "indicator", .source_pap = PAP_RED},
                                                        {.type = "indicator", .tear = TLP_CLEAR},
                                                        {.type = "indicator", .terms.pap = PAP_AMBER},
                                                        {.type = "indicator", .terms.has_rel_to = true},
                                                        {.type = "indicator", .terms.originator_control = true},
                                                        {.type = "indicator", .terms.embargo_until_us = -1},
                                                        {.type = "indicator", .terms.purposes = 255},
                                                        {.type = "indicator", .terms.classification = 4},
                                                        {.type = "indicator", .terms.personal_data = true},
                                                        {.type = "malware"},
                                                        {.type = ""},
                                                        {.type = "odd:type"},
                                                    };
    struct buffer a, b;
    buffer_init(&a, 4096);
    buffer_init(&b, 4096);
    key_of(&base, &a);
    for (size_t i = 0; i < ARRAY_LEN(changed); i++) {
        struct gate_class back;
        assert_false(text_eq(buffer_text(&a), key_of(&changed[i], &b)));
        assert_ok(gate_class_parse(buffer_text(&b), &back));
        assert_memory_equal(&back, &changed[i], sizeof back);
    }
    buffer_done(&a);
    buffer_done(&b);
}

static void only_keys_are_read(void **state)
{
    (void)state;
    static const char good[] = "1:ougpiswnqx:521:00010203-0405-0607-0809-0a0b0c0d0e0f:-:-:indicator";
    static const char *const bad[] = {"",
                                      "1",
                                      "1:",
                                      "2::000:-:-:-:x",
                                      "1:uo:000:-:-:-:x",
                                      "1:oo:000:-:-:-:x",
                                      "1:z:000:-:-:-:x",
                                      "1::00:-:-:-:x",
                                      "1::0000:-:-:-:x",
                                      "1::006:-:-:-:x",
                                      "1::00a:-:-:-:x",
                                      "1::000:-:-:-",
                                      "1::000::-:-:x",
                                      "1::000:x:-:-:x",
                                      "1::000:00000000-0000-0000-0000-000000000000:-:-:x",
                                      "1::000:00010203-0405-0607-0809-0A0B0C0D0E0F:-:-:x",
                                      "1::000:-:-:-:0123456789012345678901234567890123456789012345678901234567890123",
                                      "2::00000:-:-:-::x", /* what form 1 can say is said in form 1 */
                                      "2::000:-:-:-:d:x",
                                      "2::00000:-:-:-:d",
                                      "2::00050:-:-:-::x",
                                      "2::00006:-:-:-::x",
                                      "3::00000:-:-:-:d:x",
                                      "2::00000:-:-:-:;d:x",
                                      "2::00000:-:-:-:d;:x",
                                      "2::00000:-:-:-:d;d:x",
                                      "2::00000:-:-:-:d;o:x",
                                      "2::00000:-:-:-:d1:x",
                                      "2::00000:-:-:-:o1:x",
                                      "2::00000:-:-:-:p:x",
                                      "2::00000:-:-:-:p0:x",
                                      "2::00000:-:-:-:p5:x",
                                      "2::00000:-:-:-:p03:x",
                                      "2::00000:-:-:-:c5:x",
                                      "2::00000:-:-:-:u256:x",
                                      "2::00000:-:-:-:e0:x",
                                      "2::00000:-:-:-:e-0:x",
                                      "2::00000:-:-:-:e9223372036854775808:x",
                                      "2::00000:-:-:-:n:x",
                                      "2::00000:-:-:-:rcNL,:x",
                                      "2::00000:-:-:-:r,cNL:x",
                                      "2::00000:-:-:-:rcnl:x",
                                      "2::00000:-:-:-:rcNLD:x",
                                      "2::00000:-:-:-:rxNL:x",
                                      "2::00000:-:-:-:rcNL,cNL:x",
                                      "2::00000:-:-:-:rcNL,cBE:x",
                                      "2::00000:-:-:-:ro00010203-0405-0607-0809-0a0b0c0d0e0f,cNL:x",
                                      "2::00000:-:-:-:ro00010203-0405-0607-0809-0A0B0C0D0E0F:x",
                                      "2::00000:-:-:-:zz:x"};
    struct gate_class c;
    assert_ok(gate_class_parse(text_of(good), &c));
    assert_true(c.ours && c.exercise && c.quarantined && c.tlp == TLP_RED && c.sighting_tlp == TLP_CLEAR);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        memset(&c, 0x5a, sizeof c);
        assert_err(gate_class_parse(text_of(bad[i]), &c), ERR_MALFORMED);
        assert_int_equal(c.type[0], 0x5a);
    }
    for (size_t len = 0; len + sizeof "indicator" < sizeof good; len++)
        assert_err(gate_class_parse((struct text){good, len}, &c), ERR_MALFORMED);
    assert_err(gate_class_parse((struct text){"1::000:-:-:-:a\0b", 16}, &c), ERR_MALFORMED);
}

static const char widest[] =
    "2:ougpiswnqx:52133:00010203-0405-0607-0809-0a0b0c0d0e0f:-:-:"
    "p4;rcBE,cNL,o00010203-0405-0607-0809-0a0b0c0d0e0f,"
    "g00010203-0405-0607-0809-0a0b0c0d0e0f;ncAA;o;e-9223372036854775807;u255;c4;d:in:dicator";

static void terms_are_read(void **state)
{
    (void)state;
    struct gate_class c, empty;
    struct buffer b;
    buffer_init(&b, GATE_CLASS_KEY_MAX);
    assert_ok(gate_class_parse(text_of(widest), &c));
    assert_int_equal(c.source_pap, PAP_AMBER);
    assert_int_equal(c.tear, TLP_AMBER);
    assert_int_equal(c.terms.pap, PAP_RED);
    assert_int_equal(c.terms.rel_to_count, 4);
    assert_memory_equal(c.terms.rel_to[1].who.b, "NL", 3);
    assert_int_equal(c.terms.rel_to[3].kind, NAMED_GROUP);
    assert_int_equal(c.terms.not_to_count, 1);
    assert_true(c.terms.embargo_until_us == -INT64_MAX && c.terms.personal_data && c.terms.originator_control);
    assert_string_equal(c.type, "in:dicator");
    assert_text_eq(key_of(&c, &b), text_of(widest));
    assert_ok(gate_class_parse(TEXT("2::00000:-:-:-:r:x"), &empty));
    assert_true(empty.terms.has_rel_to && empty.terms.rel_to_count == 0);
    for (size_t len = 0; len + sizeof "in:dicator" < sizeof widest; len++)
        assert_err(gate_class_parse((struct text){widest, len}, &c), ERR_MALFORMED);
    buffer_done(&b);
}

static void the_longest_key_fits(void **state)
{
    (void)state;
    struct gate_class c, back;
    struct buffer b;
    char key[GATE_CLASS_KEY_MAX];
    buffer_init(&b, GATE_CLASS_KEY_MAX);
    assert_ok(gate_class_parse(text_of(widest), &c));
    c.source = c.sighting_of = c.party;
    memset(c.type, 'x', sizeof c.type - 1);
    c.terms.rel_to_count = c.terms.not_to_count = TERMS_NAMES_MAX;
    for (size_t i = 0; i < TERMS_NAMES_MAX; i++)
        c.terms.rel_to[i] = c.terms.not_to[i] = (struct named){NAMED_GROUP, {{[15] = (uint8_t)i}}};
    struct text longest = key_of(&c, &b);
    memcpy(key, longest.ptr, longest.len);
    assert_ok(gate_class_parse((struct text){key, longest.len}, &back));
    assert_text_eq(key_of(&back, &b), ((struct text){key, longest.len}));
    char *one_more = strstr(key, ";ng");
    assert_non_null(one_more);
    char text[2 * GATE_CLASS_KEY_MAX];
    int len = snprintf(text, sizeof text, "%.*s,gffffffff-ffff-ffff-ffff-ffffffffffff%.*s", (int)(one_more - key),
                       key, (int)(longest.len - (size_t)(one_more - key)), one_more);
    assert_err(gate_class_parse((struct text){text, (size_t)len}, &back), ERR_MALFORMED);
    buffer_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),       cmocka_unit_test(every_member_counts),
        cmocka_unit_test(only_keys_are_read),   cmocka_unit_test(terms_are_read),
        cmocka_unit_test(the_longest_key_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
