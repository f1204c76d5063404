/* Class keys: equal keys, equal classes, there and back; and nothing but keys is read. */
#include "domain.h"

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
    static const char *const bad[] = {
        "",
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
        "1::000:-:-:-:0123456789012345678901234567890123456789012345678901234567890123"};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(every_member_counts),
        cmocka_unit_test(only_keys_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
