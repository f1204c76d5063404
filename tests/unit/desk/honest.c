/* Records that are true pass; each field that lies is seen. */
#include <dirent.h>
#include <sys/mman.h>
#include <unistd.h>

#include "desk/intake_honest.h"
#include "reader/core.h"
#include "support/scratch.h"
#include "support/test.h"

#define LIST_MAX 8

/* A record taken apart, to be put together again with one thing changed. */
struct parts {
    struct record_object o;
    struct record_value values[LIST_MAX];
    struct text refs[LIST_MAX], markings[LIST_MAX];
    size_t value_count, ref_count, marking_count;
    enum tlp filled;
    char room[8192]; /* a body of its own */
};

static int descriptor_of(struct text bytes)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.ptr, bytes.len), (ssize_t)bytes.len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* All records of a document, end to end. */
static struct buffer records_of(struct text document, const struct reader_options *options)
{
    struct reader_core *r;
    struct fault fault;
    struct text chunk;
    struct buffer all;
    int fd = descriptor_of(document);
    buffer_init(&all, GIB);
    if (reader_core_open(fd, options, &r, &fault)) { /* of no known format: no records */
        close(fd);
        return all;
    }
    while (reader_core_next(r, &chunk) == OK)
        buffer_add(&all, chunk);
    reader_core_free(r);
    close(fd);
    assert_ok(buffer_error(&all));
    return all;
}

static size_t all_honest(struct text document, const struct reader_options *options)
{
    struct buffer all = records_of(document, options);
    struct cursor c;
    struct record r;
    size_t objects = 0;
    cursor_init(&c, buffer_text(&all));
    while (record_next(&c, &r) == OK) {
        struct fault fault;
        if (r.kind == RECORD_REJECTED)
            assert_true(intake_honest_refusal(&r.u.rejected));
        if (r.kind != RECORD_OBJECT)
            continue;
        objects++;
        if (intake_honest(&r.u.object, (enum tlp)options->tlp, &fault))
            fail_msg("%s: " TEXT_FMT, fault.what, TEXT_ARG(r.u.object.body));
    }
    buffer_done(&all);
    return objects;
}

static size_t folder_honest(const char *folder, enum reader_format format)
{
    DIR *d = opendir(folder);
    size_t objects = 0;
    if (!d)
        return 0;
    for (struct dirent *e; (e = readdir(d));) {
        size_t len;
        char *content = e->d_type != DT_REG ? NULL : scratch_read(scratch_path(folder, e->d_name), &len);
        const struct reader_options plain = {.format = format, .party = TEXT("p")};
        const struct reader_options marked = {
            .format = format, .tlp = TLP_AMBER, .identity = TEXT("identity--00000000-0000-4000-8000-000000000001")};
        if (!content)
            continue;
        objects += all_honest((struct text){content, len}, &plain);
        objects += all_honest((struct text){content, len}, &marked);
        free(content);
    }
    closedir(d);
    return objects;
}

static void what_is_true_passes(void **state)
{
    (void)state;
    assert_true(folder_honest(test_path("data/stix/good"), READER_STIX) > 10);
    assert_true(folder_honest(test_path("data/stix/bad"), READER_STIX) > 5);
    assert_true(folder_honest(test_path("data/csv/good"), READER_CSV) > 20);
    assert_true(folder_honest(test_path("data/csv/bad"), READER_CSV) > 1);
}

static void what_others_publish_passes(void **state)
{
    (void)state;
    static const char *const folders[] = {"attack",
                                          "stix/cti-stix2-json-schemas-examples",
                                          "stix/elevator-idioms-2.1-valid",
                                          "stix/python-stix2-stix2_data-v21",
                                          "stix/rstix-interop",
                                          "stix/spec-2.1-errata01-examples"};
    size_t objects = 0;
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        const char *path = data_path(folders[i]);
        objects += path ? folder_honest(path, READER_STIX) : 0;
    }
    if (!data_path("attack"))
        skip();
    assert_true(objects > 1000);
}

/* ---- lies ---- */

#define AMBER "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"

static const char indicator[] =
    "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--00000000-0000-4000-8000-000000000001\","
    "\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-02T00:00:00.000Z\","
    "\"created_by_ref\":\"identity--00000000-0000-4000-8000-000000000002\",\"confidence\":50,\"revoked\":true,"
    "\"pattern\":\"[domain-name:value = 'a.example' OR domain-name:value = 'b.example']\",\"pattern_type\":\"stix\","
    "\"valid_from\":\"2026-01-01T00:00:00Z\",\"valid_until\":\"2026-02-01T00:00:00Z\","
    "\"object_marking_refs\":[\"" AMBER "\",\"marking-definition--00000000-0000-4000-8000-000000000003\"]}";
static const char row[] = "value,type,valid_until,confidence,tlp,description,label\n"
                          "a.example,domain,2030-01-01T00:00:00Z,70,amber,words,x\n";

static void take_apart(const struct record_object *o, enum tlp filled, struct parts *ret)
{
    struct cursor c = o->values;
    *ret = (struct parts){.o = *o, .filled = filled};
    while (ret->value_count < LIST_MAX && record_next_value(&c, &ret->values[ret->value_count]))
        ret->value_count++;
    c = o->refs;
    while (ret->ref_count < LIST_MAX && record_next_text(&c, &ret->refs[ret->ref_count]))
        ret->ref_count++;
    c = o->markings;
    while (ret->marking_count < LIST_MAX && record_next_text(&c, &ret->markings[ret->marking_count]))
        ret->marking_count++;
}

/* Through the record's bytes, as a process would send it. */
static enum err judged(const struct parts *p)
{
    struct buffer b;
    struct cursor c;
    struct record r;
    struct fault fault;
    buffer_init(&b, MIB);
    record_add_object(&b, &p->o, p->values, p->value_count, p->refs, p->ref_count, p->markings, p->marking_count);
    assert_ok(buffer_error(&b));
    cursor_init(&c, buffer_text(&b));
    enum err e = record_next(&c, &r);
    if (e == OK)
        e = intake_honest(&r.u.object, p->filled, &fault);
    buffer_done(&b);
    return e;
}

static void lie_id(struct parts *p)
{
    p->o.id = TEXT("indicator--00000000-0000-4000-8000-000000000009");
}
static void lie_type(struct parts *p)
{
    p->o.id = TEXT("malware--00000000-0000-4000-8000-000000000001");
}
static void lie_no_id(struct parts *p)
{
    p->o.id = TEXT("nonsense");
}
static void lie_revoked(struct parts *p)
{
    p->o.revoked = !p->o.revoked;
}
static void lie_granular(struct parts *p)
{
    p->o.granular = true;
}
static void lie_label(struct parts *p)
{
    p->o.tlp = TLP_CLEAR;
}
static void lie_no_label(struct parts *p)
{
    p->o.tlp = TLP_NONE;
}
static void lie_author(struct parts *p)
{
    p->o.created_by = TEXT("identity--00000000-0000-4000-8000-000000000009");
}
static void lie_confidence(struct parts *p)
{
    p->o.confidence = 99;
}
static void lie_no_confidence(struct parts *p)
{
    p->o.confidence = -1;
}
static void lie_until(struct parts *p)
{
    p->o.valid_until_us += 1;
}
static void lie_hidden_until(struct parts *p)
{
    p->o.has_valid_until = false;
}
static void lie_marking_less(struct parts *p)
{
    p->marking_count--;
}
static void lie_marking_twice(struct parts *p)
{
    p->markings[p->marking_count++] = p->markings[0];
}
static void lie_marking_other(struct parts *p)
{
    p->markings[0] = TEXT("marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487");
}
static void lie_value_form(struct parts *p)
{
    p->values[0].value = TEXT("A.Example");
}
static void lie_value_kind(struct parts *p)
{
    p->values[0].kind = VALUE_MD5;
}
static void lie_value_bytes(struct parts *p)
{
    p->values[0].value = TEXT("a\xff.example");
}
static void lie_value_nul(struct parts *p)
{
    p->values[0].value = (struct text){"a\0.example", 10};
}
static void lie_value_empty(struct parts *p)
{
    p->values[0].value = TEXT("");
}
static void lie_original(struct parts *p)
{
    p->o.original = TEXT("\xff\xfe");
}
static void lie_body_text(struct parts *p)
{
    p->o.body = TEXT("this is no JSON");
}
static void lie_body_empty_object(struct parts *p)
{
    p->o.body = TEXT("{}");
}

static void lie_body_space(struct parts *p)
{
    memcpy(p->room, p->o.body.ptr, p->o.body.len);
    p->room[p->o.body.len] = ' ';
    p->o.body = (struct text){p->room, p->o.body.len + 1};
}

static void lie_body_byte(struct parts *p)
{
    memcpy(p->room, p->o.body.ptr, p->o.body.len);
    p->room[p->o.body.len / 2] = '\x01';
    p->o.body = (struct text){p->room, p->o.body.len};
}

/* of objects with versions */
static void lie_modified(struct parts *p)
{
    p->o.modified_us += 1000;
}
static void lie_modified_text(struct parts *p)
{
    p->o.modified = TEXT("2026-01-02T00:00:00.001Z");
}
static void lie_no_version(struct parts *p)
{
    p->o.has_modified = false;
}
static void lie_from(struct parts *p)
{
    p->o.valid_from_us -= 1;
}
static void lie_print(struct parts *p)
{
    p->o.print = 7;
}
static void lie_place(struct parts *p)
{
    p->o.modified_at = 100;
}

/* of rows */
static void lie_no_print(struct parts *p)
{
    p->o.print = 0;
}
static void lie_swapped(struct parts *p)
{
    uint32_t created = p->o.created_at;
    p->o.created_at = p->o.modified_at;
    p->o.modified_at = created;
}
static void lie_over_id(struct parts *p)
{
    p->o.created_at = (uint32_t)text_find_text(p->o.body, TEXT("indicator--"));
}
static void lie_no_place(struct parts *p)
{
    p->o.valid_from_at = 0;
}
static void lie_version(struct parts *p)
{
    p->o.has_modified = true;
}

struct lie {
    const char *name;
    void (*tell)(struct parts *p);
};
#define LIE(x)      \
    {               \
#x, lie_##x \
    }
static const struct lie of_all[] = {LIE(id),
                                    LIE(type),
                                    LIE(no_id),
                                    LIE(revoked),
                                    LIE(granular),
                                    LIE(label),
                                    LIE(no_label),
                                    LIE(author),
                                    LIE(confidence),
                                    LIE(no_confidence),
                                    LIE(until),
                                    LIE(hidden_until),
                                    LIE(marking_less),
                                    LIE(marking_twice),
                                    LIE(marking_other),
                                    LIE(value_form),
                                    LIE(value_kind),
                                    LIE(value_bytes),
                                    LIE(value_nul),
                                    LIE(value_empty),
                                    LIE(original),
                                    LIE(body_text),
                                    LIE(body_empty_object),
                                    LIE(body_space),
                                    LIE(body_byte)};
static const struct lie of_versions[] = {LIE(modified), LIE(modified_text), LIE(no_version),
                                         LIE(from),     LIE(print),         LIE(place)};
static const struct lie of_rows[] = {LIE(no_print), LIE(swapped), LIE(over_id), LIE(no_place), LIE(version)};

static void tell_lies(const char *document, enum reader_format format, const struct lie *lies, size_t count)
{
    const struct reader_options options = {.format = format, .party = TEXT("p")};
    struct buffer all = records_of(text_of(document), &options);
    struct cursor c;
    struct record r;
    struct parts p;
    cursor_init(&c, buffer_text(&all));
    assert_ok(record_next(&c, &r));
    assert_true(r.kind == RECORD_OBJECT);
    take_apart(&r.u.object, TLP_NONE, &p);
    assert_ok(judged(&p));
    for (size_t i = 0; i < count; i++) {
        take_apart(&r.u.object, TLP_NONE, &p);
        lies[i].tell(&p);
        if (judged(&p) != ERR_MALFORMED)
            fail_msg("%s was believed", lies[i].name);
    }
    buffer_done(&all);
}

static void every_lie_of_an_object_is_seen(void **state)
{
    (void)state;
    tell_lies(indicator, READER_STIX, of_all, ARRAY_LEN(of_all));
    tell_lies(indicator, READER_STIX, of_versions, ARRAY_LEN(of_versions));
}

static void every_lie_of_a_row_is_seen(void **state)
{
    (void)state;
    tell_lies(row, READER_CSV, of_all, ARRAY_LEN(of_all));
    tell_lies(row, READER_CSV, of_rows, ARRAY_LEN(of_rows));
}

/* Only indicators have values, and an unmarked object has the label that was asked for. */
static void values_and_fillings(void **state)
{
    (void)state;
    static const char identity[] =
        "{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"identity--00000000-0000-4000-8000-000000000001\","
        "\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\",\"name\":\"x\"}";
    const struct reader_options options = {.format = READER_STIX, .tlp = TLP_GREEN};
    struct buffer all = records_of(text_of(identity), &options);
    struct cursor c;
    struct record r;
    struct parts p;
    cursor_init(&c, buffer_text(&all));
    assert_ok(record_next(&c, &r));
    take_apart(&r.u.object, TLP_GREEN, &p);
    assert_ok(judged(&p));
    p.filled = TLP_AMBER;
    assert_err(judged(&p), ERR_MALFORMED);
    take_apart(&r.u.object, TLP_GREEN, &p);
    p.values[p.value_count++] = (struct record_value){VALUE_DOMAIN, TEXT("a.example")};
    assert_err(judged(&p), ERR_MALFORMED);
    buffer_done(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_true_passes),
        cmocka_unit_test(what_others_publish_passes),
        cmocka_unit_test(every_lie_of_an_object_is_seen),
        cmocka_unit_test(every_lie_of_a_row_is_seen),
        cmocka_unit_test(values_and_fillings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
