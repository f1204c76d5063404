/* What a TAXII envelope says of itself, told by the core and by a real reader. */
#include <sys/mman.h>
#include <unistd.h>

#include "reader/core.h"
#include "reader/envelope.h"
#include "support/test.h"

#define OBJECT(n)                                                                                                    \
    "{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"identity--0000000" n "-0000-4000-8000-000000000000\"," \
    "\"created\":\"2025-01-01T00:00:00.000Z\",\"modified\":\"2025-01-02T00:00:00.000Z\",\"name\":\"x\"}"

static int descriptor_of(struct text bytes)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.ptr, bytes.len), (ssize_t)bytes.len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

struct told {
    struct record_envelope envelope;
    size_t elements, objects, rejected, ends;
    struct buffer bytes; /* what the texts borrow from */
};

/* All that the core says, in its order: elements, the envelope, objects, the end. */
static struct told tell(struct text document, enum reader_envelope how, uint32_t elements)
{
    const struct reader_options options = {
        .format = READER_STIX, .envelope = how, .elements = elements, .chunk_bytes = 1};
    struct told t = {0};
    struct reader_core *r;
    struct text chunk;
    struct cursor c;
    struct record record;
    struct fault fault;
    bool enveloped = false;
    int fd = descriptor_of(document);
    buffer_init(&t.bytes, MIB);
    assert_ok(reader_core_open(fd, &options, &r, &fault));
    while (reader_core_next(r, &chunk) == OK)
        buffer_add(&t.bytes, chunk);
    reader_core_free(r);
    close(fd);
    cursor_init(&c, buffer_text(&t.bytes));
    while (record_next(&c, &record) == OK) {
        assert_int_equal(t.ends, 0);
        assert_true(enveloped || record.kind == RECORD_ELEMENT || record.kind == RECORD_ENVELOPE);
        t.elements += record.kind == RECORD_ELEMENT;
        t.objects += record.kind == RECORD_OBJECT;
        t.rejected += record.kind == RECORD_REJECTED;
        t.ends += record.kind == RECORD_END;
        if (record.kind == RECORD_ENVELOPE) {
            assert_false(enveloped);
            enveloped = true;
            t.envelope = record.u.envelope;
        }
    }
    assert_ok(cursor_error(&c));
    assert_true(enveloped && t.ends == 1);
    return t;
}

static void it_comes_before_the_objects(void **state)
{
    (void)state;
    struct told t = tell(TEXT("{\"more\":true,\"next\":\"abc\",\"objects\":[" OBJECT("1") "," OBJECT("2") ",7]}"),
                         READER_ENVELOPE, 2);
    assert_true(t.envelope.err == OK && t.envelope.list && t.envelope.more && t.envelope.objects == 3);
    assert_text(t.envelope.next, "abc");
    assert_true(t.elements == 2 && t.objects == 2 && t.rejected == 1);
    buffer_done(&t.bytes);
    t = tell(TEXT("{\"objects\":[" OBJECT("1") "],\"next\":17,\"more\":true}"), READER_ENVELOPE_ALONE, 9);
    assert_true(t.envelope.more && t.envelope.objects == 1 && t.elements == 1 && t.objects == 0);
    assert_text(t.envelope.next, "17");
    buffer_done(&t.bytes);
    t = tell(TEXT("{}"), READER_ENVELOPE, 0);
    assert_true(t.envelope.err == OK && !t.envelope.list && !t.envelope.more && t.envelope.objects == 0);
    buffer_done(&t.bytes);
}

/* Nothing of what is no envelope, or was cut off, is handed over. */
static void what_is_none_gives_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *document;
        enum err err;
    } none[] = {{"", ERR_MALFORMED},
                {"nonsense", ERR_MALFORMED},
                {"{\"objects\":[" OBJECT("1") ",", ERR_MALFORMED},
                {"{\"objects\":[" OBJECT("1") "]", ERR_MALFORMED},
                {"{\"a\":1,\"a\":2,\"objects\":[" OBJECT("1") "]}", ERR_MALFORMED},
                {"{\"next\":\"a\\u0000b\",\"objects\":[" OBJECT("1") "]}", ERR_MALFORMED},
                {"7", ERR_USAGE},
                {"\"x\"", ERR_USAGE}};
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        struct told t = tell(text_of(none[i].document), READER_ENVELOPE, 0);
        if (t.envelope.err != none[i].err || t.objects || !t.envelope.what.len)
            fail_msg("%s: %s", none[i].document, err_name((enum err)t.envelope.err));
        buffer_done(&t.bytes);
    }
    static char long_next[RECORD_NEXT_MAX + 64];
    for (size_t len = RECORD_NEXT_MAX; len <= RECORD_NEXT_MAX + 1; len++) {
        size_t n = (size_t)snprintf(long_next, sizeof long_next, "{\"next\":\"");
        memset(long_next + n, 'x', len);
        memcpy(long_next + n + len, "\"}", 3);
        struct told t = tell(text_of(long_next), READER_ENVELOPE, 0);
        assert_int_equal(t.envelope.err, len > RECORD_NEXT_MAX ? ERR_MALFORMED : OK);
        buffer_done(&t.bytes);
    }
}

/* What is no identifier and no time is not repeated. */
static void elements_are_named(void **state)
{
    (void)state;
    struct told t =
        tell(TEXT("[{\"id\":\"<script>\",\"modified\":\"now\"}," OBJECT("1") ",[],\"x\"]"), READER_ENVELOPE_ALONE, 9);
    struct cursor c;
    struct record r;
    cursor_init(&c, buffer_text(&t.bytes));
    assert_int_equal(t.elements, 4);
    assert_ok(record_next(&c, &r));
    assert_true(r.u.element.at == 1 && !r.u.element.id.len && !r.u.element.version.len);
    assert_ok(record_next(&c, &r));
    assert_text(r.u.element.id, "identity--00000001-0000-4000-8000-000000000000");
    assert_text(r.u.element.version, "2025-01-02T00:00:00.000Z");
    buffer_done(&t.bytes);
}

static void a_real_reader_says_the_same(void **state)
{
    (void)state;
    struct reader_enveloped got;
    struct fault fault;
    int fd = descriptor_of(TEXT("{\"more\":true,\"next\":\"abc\",\"objects\":[" OBJECT("1") "]}"));
    assert_ok(reader_envelope(fd, NULL, &got, &fault));
    assert_true(got.more && got.list && got.objects == 1);
    assert_string_equal(got.next, "abc");
    close(fd);
    fd = descriptor_of(TEXT("{\"more\":tr"));
    assert_err(reader_envelope(fd, NULL, &got, &fault), ERR_MALFORMED);
    assert_non_null(strstr(fault.what, "no envelope"));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_before_the_objects),
        cmocka_unit_test(what_is_none_gives_nothing),
        cmocka_unit_test(elements_are_named),
        cmocka_unit_test(a_real_reader_says_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
