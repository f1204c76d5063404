/* Readers that were taken over: what the document says they do, and it costs one refused document each time. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "desk/intake_inside.h"
#include "house.h"
#include "process/worker.h"
#include "process/worker_role.h"
#include "reader/core.h"
#include "reader/wire.h"

#define T1 "2026-02-01T00:00:00.000Z"

/* ---- the reader's side: honest up to the lie that its document names ---- */

static void *find_lie(const char *head, size_t len)
{
    return memmem(head, len, "lie:", 4);
}

static void send_started(char format)
{
    worker_send(READER_STARTED, (struct text){&format, 1});
}

static void send_fault(uint8_t err, struct text what)
{
    struct buffer b;
    buffer_init(&b, MIB);
    buffer_add_u8(&b, err);
    buffer_add_u64(&b, 0);
    buffer_add_u64(&b, 0);
    buffer_add_sized(&b, TEXT("rule"));
    buffer_add_sized(&b, what);
    worker_send(READER_FAILED, buffer_text(&b));
    buffer_done(&b);
}

static void send_refusals(void)
{
    struct buffer b;
    struct record_rejected r = {.at = 0, .line = -1, .id = TEXT("x"), .rule = TEXT("y"), .reason = TEXT("z")};
    buffer_init(&b, MIB);
    while (b.len < 100 * KIB)
        record_add_rejected(&b, &r);
    for (;;)
        worker_send(READER_CHUNK, buffer_text(&b));
}

/* The first object, as if it stood elsewhere. */
static void send_moved(struct text chunk, int64_t at)
{
    static char copy[64 * KIB];
    memcpy(copy, chunk.ptr, chunk.len);
    for (size_t i = 0; i < 8; i++)
        copy[5 + i] = (char)(at >> (8 * i) & 0xff);
    worker_send(READER_CHUNK, (struct text){copy, chunk.len});
}

static void send_end(void)
{
    struct buffer b;
    const struct record_end end = {.read = 1};
    buffer_init(&b, KIB);
    record_add_end(&b, &end);
    worker_send(READER_CHUNK, buffer_text(&b));
    buffer_done(&b);
}

static bool is(const char *lie, const char *name)
{
    return strncmp(lie, name, strlen(name)) == 0 && lie[strlen(name)] == '"';
}

static bool lie_at_start(const char *lie)
{
    static char long_words[4096];
    if (is(lie, "chunk first"))
        worker_send(READER_CHUNK, TEXT("x"));
    else if (is(lie, "format"))
        send_started(READER_FORMATS);
    else if (is(lie, "no format"))
        worker_send(READER_STARTED, TEXT_NONE);
    else if (is(lie, "other format"))
        send_started(READER_CSV);
    else if (is(lie, "unknown frame"))
        worker_send(99, TEXT("x"));
    else if (is(lie, "memory"))
        send_fault(ERR_NOMEM, TEXT("no memory"));
    else if (is(lie, "fault bytes"))
        worker_send(READER_FAILED, TEXT("\x03"));
    else if (is(lie, "fault words"))
        send_fault(ERR_MALFORMED, TEXT("\xff\xfe"));
    else if (is(lie, "fault long"))
        send_fault(ERR_MALFORMED, (struct text){long_words, sizeof long_words});
    else if (is(lie, "fault denied"))
        send_fault(ERR_DENIED, TEXT("x"));
    else if (is(lie, "quit"))
        _exit(0);
    else
        return false;
    return true;
}

/* After the first object was sent. */
static void lie_later(const char *lie, struct text first)
{
    if (is(lie, "crash"))
        __builtin_trap();
    else if (is(lie, "twice"))
        worker_send(READER_CHUNK, first);
    else if (is(lie, "elsewhere"))
        send_moved(first, 1 << 30);
    else if (is(lie, "negative"))
        send_moved(first, -1);
    else if (is(lie, "garbage"))
        worker_send(READER_CHUNK, TEXT("garbage, and more of it"));
    else if (is(lie, "cut"))
        worker_send(READER_CHUNK, text_sub(first, 0, first.len - 1));
    else if (is(lie, "empty chunk"))
        worker_send(READER_CHUNK, TEXT_NONE);
    else if (is(lie, "no end"))
        worker_send(READER_DONE, TEXT_NONE);
    else if (is(lie, "done with words"))
        worker_send(READER_DONE, TEXT("x"));
    else if (is(lie, "started again"))
        send_started(READER_STIX);
    else if (is(lie, "failed later"))
        send_fault(ERR_NOMEM, TEXT("no memory"));
    else if (is(lie, "refusals"))
        send_refusals();
}

static void run_reader(int document, struct text job)
{
    static char head[4096 + 1], first_copy[64 * KIB];
    struct reader_options options;
    struct reader_core *r;
    struct text first;
    ssize_t len = read(document, head, sizeof head - 1);
    const char *lie = len > 0 ? find_lie(head, (size_t)len) : NULL;
    (void)!lseek(document, 0, SEEK_SET);
    if (wire_take_job(job, &options) || (lie && lie_at_start(lie + 4)))
        return;
    options.chunk_bytes = 1;
    if (reader_core_open(document, &options, &r, NULL))
        return;
    send_started(READER_STIX);
    if (lie && reader_core_next(r, &first) == OK) {
        memcpy(first_copy, first.ptr, first.len);
        first.ptr = first_copy;
        worker_send(READER_CHUNK, first);
        lie_later(lie + 4, first);
        if (is(lie + 4, "after the end")) {
            send_end();
            worker_send(READER_CHUNK, first);
        }
        return;
    }
    while (reader_core_next(r, &first) == OK)
        worker_send(READER_CHUNK, first);
    worker_send(READER_DONE, TEXT_NONE);
}

static const struct worker_role role = {READER_ROLE, NULL, run_reader};

__attribute__((constructor)) static void become_reader(int argc, char **argv)
{
    if (worker_role_asked(&role, argc, argv))
        worker_role_main(&role, argv);
}

/* ---- the owner's side ---- */

static int setup(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    house_open(h);
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    house_close(*state);
    free(*state);
    workers_stop();
    return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? 0 : -1; /* nobody is left behind */
}

/* A bundle of three, whose reader does that. */
static const char *bundle(const char *lie)
{
    char name[64];
    snprintf(name, sizeof name, ",\"name\":\"lie:%s\"", lie ? lie : "none");
    return house_bundle("%s,%s,%s", house_indicator(1, T1, lie ? name : ""), house_indicator(2, T1, ""),
                        house_indicator(3, T1, ""));
}

static struct intake_totals costs_one_document(struct house *h, const char *lie, const char *words)
{
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    struct fault fault = {.what = ""};
    const char *document = bundle(lie);
    int fd = memfd_create("document", MFD_CLOEXEC);
    o.format = READER_STIX;
    assert_int_equal(write(fd, document, strlen(document)), (ssize_t)strlen(document));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    enum err e = intake_run(h->node, fd, &o, &t, &fault);
    close(fd);
    if (e != ERR_MALFORMED || !strstr(fault.what, words))
        fail_msg("%s: %s, \"%s\"", lie, err_name(e), fault.what);
    assert_false(t.whole);
    return t;
}

static void a_lie_at_the_start_leaves_nothing(void **state)
{
    static const char *const lies[][2] = {
        {"chunk first", "broke the record form"},   {"format", "broke the record form"},
        {"no format", "broke the record form"},     {"other format", "broke the record form"},
        {"unknown frame", "broke the record form"}, {"memory", "needed more than 1024 MiB"},
        {"fault bytes", "broke the record form"},   {"fault words", "broke the record form"},
        {"fault long", "broke the record form"},    {"fault denied", "broke the record form"},
        {"quit", "stopped without a word"}};
    struct house *h = *state;
    uint64_t entries = house_entries(h);
    for (size_t i = 0; i < ARRAY_LEN(lies); i++)
        assert_int_equal(costs_one_document(h, lies[i][0], lies[i][1]).read, 0);
    assert_int_equal(house_entries(h), entries);
}

static void a_later_lie_leaves_what_was_before(void **state)
{
    static const char *const lies[][2] = {
        {"crash", "its reader "}, /* the sanitizer has its own way to go */
        {"twice", "no object is there"},
        {"elsewhere", "no object is there"},
        {"negative", "broke the record form"},
        {"garbage", "broke the record form"},
        {"cut", "broke the record form"},
        {"empty chunk", "broke the record form"},
        {"no end", "stopped without a word"},
        {"done with words", "broke the record form"},
        {"started again", "broke the record form"},
        {"failed later", "needed more than 1024 MiB"},
    };
    struct house *h = *state;
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        struct intake_totals t = costs_one_document(h, lies[i][0], lies[i][1]);
        assert_int_equal(t.read, 1);
        assert_int_equal(t.fresh + t.updated + t.unchanged, 1);
        assert_true(house_current(h, house_indicator_id(1), NULL, NULL));
        assert_false(house_current(h, house_indicator_id(2), NULL, NULL));
    }
    /* And the owner goes on. */
    struct intake_totals t = house_import(h, bundle(NULL), &h->a);
    assert_int_equal(t.read, 3);
}

static void endless_records_end(void **state)
{
    struct house *h = *state;
    costs_one_document(h, "refusals", "more than 256 times");
}

/* What comes behind the end is not looked at. */
static void the_end_is_the_end(void **state)
{
    struct house *h = *state;
    struct intake_totals t = house_import(h, bundle("after the end"), &h->a);
    assert_int_equal(t.read, 1);
}

static unsigned told_envelopes, told_elements;

static enum err on_envelope(void *self, const struct record_envelope *e, struct fault *reterr)
{
    (void)self;
    (void)e;
    (void)reterr;
    told_envelopes++;
    return OK;
}

static void on_element(void *self, const struct record_element *e)
{
    (void)self;
    (void)e;
    told_elements++;
}

/* Asked for, it comes once and first; not asked for, never. And nothing comes behind the end. */
static void an_envelope_has_its_place(void **state)
{
    (void)state;
    const struct record_end end = {.read = 1};
    const struct record_envelope envelope = {.list = true};
    const struct record_element element = {.at = 0};
    const struct record_object object = {
        .id = TEXT("x-note--00000000-0000-4000-8000-000000000001"),
        .body = TEXT("{\"id\":\"x-note--00000000-0000-4000-8000-000000000001\",\"type\":\"x-note\"}"),
        .confidence = -1};
    static const struct {
        const char *records; /* l: element, e: envelope, o: object, z: end */
        bool asked, good;
    } orders[] = {{"oz", false, true}, {"ozo", false, false}, {"ozz", false, false}, {"leoz", true, true},
                  {"ez", true, true},  {"eoz", false, false}, {"loz", false, false}, {"oz", true, false},
                  {"z", true, false},  {"eeoz", true, false}, {"eloz", true, false}, {"eoe", true, false},
                  {"eol", true, false}};
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        struct intake_options options = {.name = TEXT("lie")};
        struct intake in = {.options = &options, .space = SPACE_REAL};
        struct intake_items items;
        struct buffer chunk;
        struct fault fault;
        if (orders[i].asked) {
            options.on_envelope = on_envelope;
            options.on_element = on_element;
        }
        buffer_init(&chunk, MIB);
        for (const char *c = orders[i].records; *c; c++) {
            if (*c == 'l')
                record_add_element(&chunk, &element);
            else if (*c == 'e')
                record_add_envelope(&chunk, &envelope);
            else if (*c == 'o')
                record_add_object(&chunk, &object, NULL, 0, NULL, 0, NULL, 0);
            else
                record_add_end(&chunk, &end);
        }
        intake_items_init(&items);
        enum err e = intake_items_take(&in, &items, buffer_text(&chunk), &fault);
        if (e != (orders[i].good ? OK : ERR_MALFORMED))
            fail_msg("%s: %s", orders[i].records, err_name(e));
        intake_items_done(&items);
        buffer_done(&chunk);
    }
    assert_true(told_envelopes > 1 && told_elements == 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_lie_at_the_start_leaves_nothing),
        TEST(a_later_lie_leaves_what_was_before),
        TEST(endless_records_end),
        TEST(the_end_is_the_end),
        TEST(an_envelope_has_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
