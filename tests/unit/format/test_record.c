/* Records: what goes in comes out, and whatever a lying writer sends is refused or safe to walk. */
#include <stdio.h>

#include "base/limits.h"
#include "format/record.h"
#include "model/marking.h"
#include "model/stix.h"
#include "support/test.h"

static const struct record_value values[] = {{VALUE_DOMAIN, {"a.example", 9}}, {VALUE_MD5, {"0123", 4}}};
static const struct text refs[] = {{"identity--1", 11}, {"malware--2", 10}, {"x", 1}};
static const struct text markings[] = {{"marking-definition--3", 21}};

static void add_sample(struct buffer *b)
{
    struct record_object o = {
        .at = 12345678901,
        .id = TEXT("indicator--1"),
        .body = TEXT("{\"a\":\"0000-00-00T00:00:00.000Z\"}"),
        .original = TEXT("{ }"),
        .has_modified = true,
        .modified_us = -5,
        .modified = TEXT("2025-01-01T00:00:00Z"),
        .revoked = true,
        .cls = STIX_SCO,
        .tlp = TLP_RED,
        .unknown_marking = true,
        .granular = true,
        .created_by = TEXT("identity--1"),
        .has_valid_from = true,
        .has_valid_until = true,
        .valid_from_us = 1,
        .valid_until_us = INT64_MAX,
        .confidence = -1,
        .warned_rule = TEXT("STIX 2.1 3.8"),
        .warned = TEXT("reserved"),
        .print = UINT64_MAX,
        .created_at = 6,
        .modified_at = 7,
        .valid_from_at = 8,
    };
    struct record_rejected r = {.at = 7, .line = -1, .rule = TEXT("STIX 2.1 3.2"), .reason = TEXT("why")};
    struct record_end e = {.err = ERR_MALFORMED, .at = 99, .read = 2, .what = TEXT("cut")};
    record_add_object(b, &o, values, 2, refs, 3, markings, 1);
    record_add_rejected(b, &r);
    record_add_end(b, &e);
}

static void same_object(struct record_object *o)
{
    assert_true(o->at == 12345678901 && o->has_modified && o->modified_us == -5 && o->revoked);
    assert_true(o->cls == STIX_SCO && o->tlp == TLP_RED && o->unknown_marking && o->granular);
    assert_true(o->has_valid_from && o->has_valid_until && o->valid_from_us == 1 && o->valid_until_us == INT64_MAX);
    assert_true(o->confidence == -1 && o->print == UINT64_MAX);
    assert_true(o->created_at == 6 && o->modified_at == 7 && o->valid_from_at == 8);
    assert_text(o->id, "indicator--1");
    assert_text(o->body, "{\"a\":\"0000-00-00T00:00:00.000Z\"}");
    assert_text(o->original, "{ }");
    assert_text(o->modified, "2025-01-01T00:00:00Z");
    assert_text(o->created_by, "identity--1");
    assert_text(o->warned_rule, "STIX 2.1 3.8");
    assert_text(o->warned, "reserved");
    assert_true(o->value_count == 2 && o->ref_count == 3 && o->marking_count == 1);
    struct record_value value;
    struct text t;
    for (size_t i = 0; i < 2; i++) {
        assert_true(record_next_value(&o->values, &value) && value.kind == values[i].kind);
        assert_text_eq(value.value, values[i].value);
    }
    assert_false(record_next_value(&o->values, &value));
    for (size_t i = 0; i < 3; i++) {
        assert_true(record_next_text(&o->refs, &t));
        assert_text_eq(t, refs[i]);
    }
    assert_false(record_next_text(&o->refs, &t));
    assert_true(record_next_text(&o->markings, &t));
    assert_false(record_next_text(&o->markings, &t));
}

static void what_goes_in_comes_out(void **state)
{
    (void)state;
    struct buffer b;
    struct cursor c;
    struct record r;
    buffer_init(&b, 1 * MIB);
    add_sample(&b);
    assert_ok(buffer_error(&b));
    cursor_init(&c, buffer_text(&b));
    assert_ok(record_next(&c, &r));
    assert_int_equal(r.kind, RECORD_OBJECT);
    same_object(&r.u.object);
    assert_ok(record_next(&c, &r));
    assert_true(r.kind == RECORD_REJECTED && r.u.rejected.at == 7 && r.u.rejected.line == -1);
    assert_text(r.u.rejected.id, "");
    assert_text(r.u.rejected.rule, "STIX 2.1 3.2");
    assert_text(r.u.rejected.reason, "why");
    assert_ok(record_next(&c, &r));
    assert_true(r.kind == RECORD_END && r.u.end.err == ERR_MALFORMED && r.u.end.at == 99 && r.u.end.read == 2);
    assert_text(r.u.end.what, "cut");
    assert_err(record_next(&c, &r), ERR_NOT_FOUND);
    buffer_done(&b);
}

/* Reads all there is, touching every byte. */
static enum err walk(struct text bytes, size_t *ret_count)
{
    struct cursor c;
    struct record r;
    struct record_value value;
    struct text t;
    enum err e;
    size_t sum = 0;
    cursor_init(&c, bytes);
    for (*ret_count = 0; !(e = record_next(&c, &r)); (*ret_count)++) {
        if (r.kind != RECORD_OBJECT)
            continue;
        size_t seen = 0;
        for (; record_next_value(&r.u.object.values, &value); seen++)
            sum += value.value.len ? (unsigned char)value.value.ptr[value.value.len - 1] : 0;
        assert_true(seen == r.u.object.value_count);
        for (seen = 0; record_next_text(&r.u.object.refs, &t); seen++)
            sum += t.len ? (unsigned char)t.ptr[t.len - 1] : 0;
        assert_true(seen == r.u.object.ref_count);
    }
    return sum == SIZE_MAX ? OK : e;
}

static void prefixes_are_refused(void **state)
{
    (void)state;
    struct buffer b;
    size_t count, ends = 0;
    buffer_init(&b, 1 * MIB);
    add_sample(&b);
    for (size_t len = 0; len < b.len; len++) {
        char *exact = malloc(len ? len : 1); /* so that reading past it is seen */
        assert_non_null(exact);
        memcpy(exact, b.ptr, len);
        enum err e = walk((struct text){exact, len}, &count);
        ends += e == ERR_NOT_FOUND; /* only between records */
        assert_true(e == ERR_NOT_FOUND || e == ERR_MALFORMED);
        free(exact);
    }
    assert_int_equal(ends, 3);
    buffer_done(&b);
}

/* Every byte changed to every value: refused, or still whole. */
static void changed_bytes_are_safe(void **state)
{
    (void)state;
    struct buffer b;
    size_t count;
    buffer_init(&b, 1 * MIB);
    add_sample(&b);
    for (size_t i = 0; i < b.len; i++) {
        char was = b.ptr[i];
        for (int v = 0; v < 256; v++) {
            b.ptr[i] = (char)v;
            enum err e = walk(buffer_text(&b), &count);
            assert_true(e == ERR_MALFORMED || (e == ERR_NOT_FOUND && count == 3));
        }
        b.ptr[i] = was;
    }
    buffer_done(&b);
}

static enum err with(void (*change)(struct record_object *o))
{
    struct record_object o = {.id = TEXT("a--1"), .body = TEXT("0000-00-00T00:00:00.000Z..")};
    struct buffer b;
    struct cursor c;
    struct record r;
    change(&o);
    buffer_init(&b, 1 * MIB);
    record_add_object(&b, &o, NULL, 0, NULL, 0, NULL, 0);
    cursor_init(&c, buffer_text(&b));
    enum err e = record_next(&c, &r);
    buffer_done(&b);
    return e;
}

static void nothing(struct record_object *o)
{
    (void)o;
}
static void late_place(struct record_object *o)
{
    o->valid_from_at = 3;
}
static void last_place(struct record_object *o)
{
    o->valid_from_at = 2;
}
static void huge_place(struct record_object *o)
{
    o->created_at = UINT32_MAX;
}
static void no_body(struct record_object *o)
{
    o->body = TEXT_NONE;
}
static void no_id(struct record_object *o)
{
    o->id = TEXT_NONE;
}
static void wrong_class(struct record_object *o)
{
    o->cls = STIX_CUSTOM + 1;
}
static void wrong_tlp(struct record_object *o)
{
    o->tlp = TLP_RED + 1;
}
static void wrong_confidence(struct record_object *o)
{
    o->confidence = 101;
}
static void wrong_offset(struct record_object *o)
{
    o->at = -1;
}

static void ranges_are_checked(void **state)
{
    (void)state;
    assert_ok(with(nothing));
    assert_ok(with(last_place));
    assert_err(with(late_place), ERR_MALFORMED);
    assert_err(with(huge_place), ERR_MALFORMED);
    assert_err(with(no_body), ERR_MALFORMED);
    assert_err(with(no_id), ERR_MALFORMED);
    assert_err(with(wrong_class), ERR_MALFORMED);
    assert_err(with(wrong_tlp), ERR_MALFORMED);
    assert_err(with(wrong_confidence), ERR_MALFORMED);
    assert_err(with(wrong_offset), ERR_MALFORMED);
}

/* A record that does not fit leaves the buffer as it was before it. */
static void a_full_buffer_holds_whole_records(void **state)
{
    (void)state;
    struct buffer whole, b;
    size_t count;
    buffer_init(&whole, 1 * MIB);
    add_sample(&whole);
    for (size_t max = 0; max < whole.len; max++) {
        buffer_init(&b, max);
        add_sample(&b);
        assert_err(buffer_error(&b), ERR_LIMIT);
        assert_err(walk(buffer_text(&b), &count), ERR_NOT_FOUND);
        assert_true(count < 3);
        buffer_done(&b);
    }
    buffer_done(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(prefixes_are_refused),
        cmocka_unit_test(changed_bytes_are_safe),
        cmocka_unit_test(ranges_are_checked),
        cmocka_unit_test(a_full_buffer_holds_whole_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
