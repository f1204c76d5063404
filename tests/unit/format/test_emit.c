/* One object of a format of ours as a record: canonical, checked, in the forms that the intake takes. */
#include "format/emit.h"
#include "model/marking.h"
#include "support/test.h"

#define INDICATOR(times)                                                          \
    "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"pattern_type\":\"stix\"," \
    "\"id\":\"indicator--5d0f9c7e-2b1a-4e0c-8d55-000000000001\","                 \
    "\"pattern\":\"[ipv4-addr:value = '192.0.2.1']\"," times "}"
#define OF_ITS_OWN                                                                        \
    "\"modified\":\"2026-01-02T00:00:00.000Z\",\"created\":\"2026-01-01T00:00:00.000Z\"," \
    "\"valid_from\":\"2026-01-01T00:00:00Z\""
#define STAMPED                                                                                   \
    "\"modified\":\"" EMIT_STAMP "\",\"created\":\"" EMIT_STAMP "\",\"valid_from\":\"" EMIT_STAMP \
    "\",\"name\":\"\\\"created\\\":\\\"" EMIT_STAMP "\\\"\""

static struct record_object only(const struct buffer *b)
{
    struct cursor c;
    cursor_init(&c, buffer_text(b));
    struct record r;
    assert_ok(record_next(&c, &r));
    assert_int_equal(r.kind, RECORD_OBJECT);
    return r.u.object;
}

static void object_becomes_a_record(void **state)
{
    (void)state;
    struct emit e;
    struct buffer b;
    emit_init(&e);
    buffer_init(&b, MIB);
    const struct emit_as as = {.at = 17, .tlp = TLP_AMBER, .proposed = true};
    assert_ok(emit_text(&e, TEXT(INDICATOR(OF_ITS_OWN)), &as, &b, NULL));
    struct record_object o = only(&b);
    assert_int_equal(o.at, 17);
    assert_int_equal(o.tlp, TLP_AMBER);
    assert_true(o.proposed && o.has_modified && o.has_valid_from && o.print == 0);
    assert_int_equal(o.value_count, 1);
    assert_true(text_starts(o.body, TEXT("{\"created\":\"2026-01-01T00:00:00.000Z\",\"id\":")));
    buffer_done(&b);
    emit_done(&e);
}

static void stamped_has_its_places(void **state)
{
    (void)state;
    struct emit e;
    struct buffer b;
    emit_init(&e);
    buffer_init(&b, MIB);
    const struct emit_as as = {.stamped = true};
    assert_ok(emit_text(&e, TEXT(INDICATOR(STAMPED)), &as, &b, NULL));
    struct record_object o = only(&b);
    assert_true(!o.proposed && !o.has_modified && !o.has_valid_from && o.print != 0 && o.modified.len == 0);
    const uint32_t at[] = {o.created_at, o.modified_at, o.valid_from_at};
    static const char *const names[] = {"\"created\":\"", "\"modified\":\"", "\"valid_from\":\""};
    for (size_t i = 0; i < ARRAY_LEN(at); i++) {
        struct text name = text_of(names[i]);
        assert_text_eq(text_sub(o.body, at[i] - name.len, name.len), name);
        assert_text_eq(text_sub(o.body, at[i], 24), TEXT(EMIT_STAMP));
    }
    assert_int_equal(o.created_at, 12); /* of the top level, not inside the name */
    buffer_clear(&b);
    assert_int_equal(emit_text(&e, TEXT(INDICATOR(OF_ITS_OWN)), &as, &b, NULL), ERR_MALFORMED);
    assert_int_equal(b.len, 0);
    buffer_done(&b);
    emit_done(&e);
}

static void what_is_no_stix_is_not_appended(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "[]",
                                      "7",
                                      "{\"type\":\"indicator\"}",
                                      INDICATOR("\"created\":\"2026-01-01T00:00:00.000Z\""),
                                      INDICATOR(OF_ITS_OWN) "x"};
    struct emit e;
    struct buffer b;
    struct fault why;
    emit_init(&e);
    buffer_init(&b, MIB);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const struct emit_as as = {.at = 3};
        why.what[0] = 0;
        assert_int_equal(emit_text(&e, text_of(bad[i]), &as, &b, &why), ERR_MALFORMED);
        assert_true(b.len == 0 && why.what[0] != 0);
    }
    buffer_done(&b);
    emit_done(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(object_becomes_a_record),
        cmocka_unit_test(stamped_has_its_places),
        cmocka_unit_test(what_is_no_stix_is_not_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
