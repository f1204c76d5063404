/* Every fault of a document, with its place: bundles, lists, envelopes, lines, patterns, and what is no JSON. */
#include <dirent.h>

#include "base/limits.h"
#include "format/faults.h"
#include "support/scratch.h"
#include "support/test.h"

#define ID "identity--00000001-0000-4000-8000-00000000000"
#define IDENTITY(n)                                                                                                 \
    "{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"" ID n "\",\"created\":\"2025-03-01T10:00:00.000Z\"," \
    "\"modified\":\"2025-03-01T10:00:00.000Z\",\"name\":\"n\",\"identity_class\":\"organization\"}"
#define BUNDLE "{\"type\":\"bundle\",\"id\":\"bundle--00000001-0000-4000-8000-000000000000\",\"objects\":["

/* The faults of one document, a line each: "must 12 1:13 identity--... /name STIX 2.1 4.5". */
struct seen {
    struct buffer lines, words;
    struct document_sum sum;
    enum err err;
    size_t caret;
    char excerpt[200];
};

static void note(void *self, const struct document_fault *f)
{
    struct seen *s = self;
    buffer_addf(&s->lines, "%s %lld %lld:%lld " TEXT_FMT " " TEXT_FMT " " TEXT_FMT "\n",
                f->severity == STIX_MUST ? "must" : "should", (long long)f->at, (long long)f->line,
                (long long)f->column, TEXT_ARG(f->id), TEXT_ARG(f->pointer), TEXT_ARG(f->rule));
    buffer_addf(&s->words, TEXT_FMT "\n", TEXT_ARG(f->words));
    assert_true(f->rule.len > 0 && f->words.len > 0 && text_is_utf8(f->words) && text_is_utf8(f->pointer));
    snprintf(s->excerpt, sizeof s->excerpt, TEXT_FMT, TEXT_ARG(f->excerpt));
    s->caret = f->caret;
}

typedef enum err reading(int, struct text, const struct document_faults *, struct document_sum *, struct fault *);

static void look(struct seen *s, reading *read, struct text document)
{
    *s = (struct seen){.err = OK};
    buffer_init(&s->lines, 64 * MIB);
    buffer_init(&s->words, 64 * MIB);
    const struct document_faults to = {.on_fault = note, .self = s};
    s->err = read(-1, document, &to, &s->sum, NULL);
}

static void done(struct seen *s)
{
    buffer_done(&s->lines);
    buffer_done(&s->words);
}

static void has(const struct seen *s, const char *line)
{
    if (text_find_text(buffer_text(&s->lines), text_of(line)) >= 0)
        return;
    print_error("no %s in\n" TEXT_FMT, line, TEXT_ARG(buffer_text(&s->lines)));
    fail();
}

static void counts(const struct seen *s, uint64_t objects, uint64_t valid, enum err err)
{
    if (s->sum.objects == objects && s->sum.valid == valid && s->err == err)
        return;
    print_error("%llu objects, %llu valid, %s\n" TEXT_FMT TEXT_FMT, (unsigned long long)s->sum.objects,
                (unsigned long long)s->sum.valid, err_name(s->err), TEXT_ARG(buffer_text(&s->lines)),
                TEXT_ARG(buffer_text(&s->words)));
    fail();
}

/* A document, its objects, how many of them are valid, and one of its faults (NULL: it has none). */
static void each_form_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *document;
        int objects, valid;
        enum err err;
        const char *fault;
    } cases[] = {
        {IDENTITY("1"), 1, 1, OK, NULL},
        {BUNDLE IDENTITY("1") "," IDENTITY("2") "]}", 2, 2, OK, NULL},
        {"[" IDENTITY("1") "," IDENTITY("2") "]", 2, 2, OK, NULL},
        {"{\"more\":false,\"objects\":[" IDENTITY("1") "]}", 1, 1, OK, NULL},
        {"{\"more\":false}", 0, 0, OK, NULL},
        {"{\"objects\":[]}", 0, 0, OK, NULL},
        {"[]", 0, 0, OK, "must 0 1:1   STIX 2.1 2.12\n"},
        {"\n []\n", 0, 0, OK, "STIX 2.1 2.12\n"},
        {IDENTITY("1") "\n" IDENTITY("2") "\n", 2, 2, OK, NULL},
        {BUNDLE IDENTITY("1") "]}\n" BUNDLE IDENTITY("2") "]}\n", 2, 2, OK, NULL},
        {"{}", 1, 0, OK, "must 0 1:1  "},
        {"5", 1, 0, OK, "must 0 1:1   STIX 2.1 3.2\n"},
        {"[null," IDENTITY("1") "]", 2, 1, OK, "must 1 1:2   STIX 2.1 3.2\n"},
        {"{\"more\":1,\"objects\":[" IDENTITY("1") "]}", 1, 1, OK, "must 0 1:1  /more TAXII 2.1 3.7\n"},
        {BUNDLE "]}", 0, 0, OK, "/objects STIX 2.1 2.12\n"},
        {BUNDLE BUNDLE IDENTITY("1") "]}]}", 1, 0, OK, "STIX 2.1 8\n"},
        {"\n{\"id\":\"bundle--00000001-0000-4000-8000-000000000000\",\"objects\":[" IDENTITY("1") "]}", 1, 1, OK,
         "must 1 2:1 bundle--00000001-0000-4000-8000-000000000000 "},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct seen s;
        look(&s, stix_faults, text_of(cases[i].document));
        counts(&s, (uint64_t)cases[i].objects, (uint64_t)cases[i].valid, cases[i].err);
        assert_int_equal(s.sum.musts > 0, cases[i].fault != NULL);
        if (cases[i].fault)
            has(&s, cases[i].fault);
        done(&s);
    }
}

/* A list is taken for what holds objects, and a bundle in it is told that it should not be. */
static void a_bundle_in_a_list(void **state)
{
    (void)state;
    struct seen s;
    look(&s, stix_faults, TEXT("[" BUNDLE IDENTITY("1") "," IDENTITY("2") "]}]"));
    counts(&s, 2, 2, OK);
    assert_int_equal(s.sum.musts, 0);
    has(&s, "STIX 2.1 8\n");
    done(&s);
    look(&s, stix_faults, TEXT("[{\"type\":\"bundle\",\"id\":\"bundle--00000001-0000-4000-8000-000000000000\"}]"));
    counts(&s, 0, 0, OK);
    has(&s, "should 1 1:2 bundle--00000001-0000-4000-8000-000000000000  STIX 2.1 8\n");
    done(&s);
}

/* What is no JSON: the very byte, its line and column, and what to do. */
static void unreadable(const char *document, size_t len, enum err err, const char *fault, const char *advice)
{
    struct seen s;
    look(&s, stix_faults, (struct text){document, len});
    assert_err(s.err, err);
    has(&s, fault);
    if (text_find_text(buffer_text(&s.words), text_of(advice)) < 0) {
        print_error("no %s in " TEXT_FMT, advice, TEXT_ARG(buffer_text(&s.words)));
        fail();
    }
    assert_int_equal(s.sum.unreadable, 1);
    done(&s);
}
#define UNREADABLE(document, ...) unreadable(document, sizeof(document) - 1, __VA_ARGS__)

static void what_is_no_json_has_a_place(void **state)
{
    (void)state;
    UNREADABLE("{\"a\": 1,\n \"b\": 2,\n}", ERR_MALFORMED, "must 18 3:1   RFC 8259", "comma before it");
    UNREADABLE("{\"a\": 'x'}", ERR_MALFORMED, "must 6 1:7   RFC 8259", "double quotes");
    UNREADABLE("{\"a\": 1, // x\n\"b\":2}", ERR_MALFORMED, "1:10   RFC 8259", "no comments");
    UNREADABLE("{\"a\": {\"b\": [1, 2", ERR_MALFORMED, "RFC 8259", "cut short");
    UNREADABLE("", ERR_MALFORMED, "must 0 1:1   RFC 8259", "empty");
    UNREADABLE("\xEF\xBB\xBF{}", ERR_MALFORMED, "must 0 1:1   RFC 8259", "byte order mark");
    UNREADABLE("\xFF\xFE{\0}\0", ERR_MALFORMED, "must 0 1:1   RFC 8259", "UTF-16");
    UNREADABLE("{\0\"\0a\0", ERR_MALFORMED, "must 0 1:1   RFC 8259", "UTF-16");
    UNREADABLE("\x1f\x8b\x08", ERR_MALFORMED, "must 0 1:1   RFC 8259", "gunzip");
    UNREADABLE("\x7f"
               "ELF\1\2",
               ERR_MALFORMED, "must 0 1:1   RFC 8259", "a value was due");
    UNREADABLE("{\"a\":\n1,\"a\":2}", ERR_MALFORMED, "2:3   RFC 7493 2.3", "stands twice");
    UNREADABLE("[1.0e]", OK, "must 5 1:6   RFC 8259", "the value ends too early: a value is true, false");
    UNREADABLE("[nul]", OK, "RFC 8259", "a value is true, false");
    UNREADABLE("[\"a]\"", ERR_MALFORMED, "RFC 8259", "cut short");
    UNREADABLE("[\"\t\"]", OK, "RFC 8259", "in a string, control characters");
    UNREADABLE("123\0", ERR_MALFORMED, "RFC 8259", "take it away");
    UNREADABLE("[1\0]", ERR_MALFORMED, "RFC 8259", "take it away");
    UNREADABLE("{\"a\": 1.0e", ERR_MALFORMED, "RFC 8259", "cut short");
    UNREADABLE("1.0e", ERR_MALFORMED, "RFC 8259", "get the whole of it again");
    UNREADABLE("{\"objects\":[\n{\"a\":1},\n{\"b\":\"\xff\"}]}", OK, "must 28 3:7   RFC 8259", "UTF-8");
}

/* The pointer's line, not the object's. */
static void a_fault_has_its_line(void **state)
{
    (void)state;
    static const char document[] =
        "{\"type\": \"bundle\",\n \"id\": \"bundle--00000001-0000-4000-8000-000000000000\",\n"
        " \"objects\": [\n  {\"type\": \"identity\",\n   \"spec_version\": \"2.1\",\n"
        "   \"id\": \"" ID "1\",\n   \"created\": \"yesterday\",\n"
        "   \"modified\": \"2025-03-01T10:00:00.000Z\", \"name\": \"n\",\n"
        "   \"identity_class\": \"organization\"}\n ]\n}\n";
    struct seen s;
    look(&s, stix_faults, text_of(document));
    counts(&s, 1, 0, OK);
    if (buffer_text(&s.lines).len && text_find_text(buffer_text(&s.lines), TEXT("/created")) >= 0)
        has(&s, "7:4 " ID "1 /created ");
    done(&s);
}

/* Identifiers that are not the deterministic ones are told, and are no fault of validity. */
static void identifiers_are_judged(void **state)
{
    (void)state;
    struct seen s;
    look(&s, stix_faults,
         TEXT("[{\"type\":\"ipv4-addr\",\"spec_version\":\"2.1\",\"value\":\"198.51.100.3\","
              "\"id\":\"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c5\"},\n"
              "{\"type\":\"ipv4-addr\",\"spec_version\":\"2.1\",\"value\":\"198.51.100.3\","
              "\"id\":\"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4\"}]"));
    counts(&s, 2, 2, OK);
    has(&s, "should 1 1:66 ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c5 /id STIX 2.1 2.9\n");
    assert_true(text_find_text(buffer_text(&s.words), TEXT("28bb3599-77cd-5a82-a950-b5bc3caf07c4")) > 0);
    assert_int_equal(s.sum.shoulds, 1);
    done(&s);
}

static void an_object_too_long_is_passed_over(void **state)
{
    (void)state;
    struct buffer b;
    struct seen s;
    buffer_init(&b, 64 * MIB);
    buffer_add(&b, TEXT("[\n {\"x\":\""));
    char *fill = buffer_reserve(&b, STIX_OBJECT_MAX_BYTES);
    assert_non_null(fill);
    memset(fill, 'a', STIX_OBJECT_MAX_BYTES);
    buffer_add(&b, TEXT("\"}," IDENTITY("1") "]"));
    look(&s, stix_faults, buffer_text(&b));
    counts(&s, 2, 1, OK);
    has(&s, "must 3 2:2   STIX_OBJECT_MAX_BYTES\n");
    done(&s);
    buffer_done(&b);
}

/* ---- patterns ---- */

static void patterns_a_line_or_one(void **state)
{
    (void)state;
    static const struct {
        const char *document;
        int patterns, valid;
        enum err err;
        const char *fault;
    } cases[] = {
        {"[url:value = 'a']", 1, 1, OK, NULL},
        {"\n[url:value = 'a']\r\n\n[url:value = 'b']\n", 2, 2, OK, NULL},
        {"[url:value = 'a'\n  OR url:value = 'b']\n", 1, 1, OK, NULL},
        {"\xEF\xBB\xBF[url:value = 'a']\n", 1, 1, OK, NULL},
        {"[url:value = 'a']\n  [url:value == ]\n[url:value = 'b']", 3, 2, OK, "must 3"},
        {"[url:value = 'a'\n  OR url:value = = 'b']\n", 1, 0, OK, " 2:"},
        {"", 0, 0, ERR_MALFORMED, "must 0 1:1"},
        {" \n \n", 0, 0, ERR_MALFORMED, "must 0 1:1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct seen s;
        look(&s, pattern_faults, text_of(cases[i].document));
        counts(&s, (uint64_t)cases[i].patterns, (uint64_t)cases[i].valid, cases[i].err);
        assert_int_equal(s.sum.musts > 0, cases[i].fault != NULL);
        if (cases[i].fault)
            has(&s, cases[i].fault);
        done(&s);
    }
}

/* Beyond the grammar: warnings, each in its place. */
static void patterns_beyond_the_grammar(void **state)
{
    (void)state;
    struct seen s;
    look(&s, pattern_faults,
         TEXT("[url:value = 'a']\n [url:value = 'a' AND file:name = 'b']\n[url:x_Y = 1]\n[url:value = 'c']"));
    counts(&s, 4, 4, OK);
    assert_true(s.sum.musts == 0 && s.sum.shoulds == 2);
    has(&s, "should 20 2:3 ");
    has(&s, "should 58 3:2 ");
    done(&s);
}

/* The caret stands under the character, however many bytes those before it have. */
static void the_caret_stands_under_the_fault(void **state)
{
    (void)state;
    struct seen s;
    look(&s, pattern_faults, TEXT("[url:value = 'gr\xc3\xbc\xc3\xa7\xe2\x82\xac' ! ]"));
    counts(&s, 1, 0, OK);
    has(&s, "must 25 1:26 ");
    assert_int_equal(s.caret, 21);
    assert_true(strncmp(s.excerpt, "[url:value = 'gr", 16) == 0);
    done(&s);
    char line[5000];
    memset(line, ' ', sizeof line);
    memcpy(line, "[url:value", 10);
    memcpy(line + 4000, "= !", 3);
    look(&s, pattern_faults, (struct text){line, sizeof line});
    assert_true(s.caret < strlen(s.excerpt) && s.excerpt[s.caret] == '!');
    done(&s);
}

/* ---- other people's files: JSONTestSuite ---- */

static bool is_json(const struct seen *s)
{
    return text_find_text(buffer_text(&s->lines), TEXT("RFC 8259")) < 0 &&
           text_find_text(buffer_text(&s->lines), TEXT("RFC 7493")) < 0 &&
           text_find_text(buffer_text(&s->lines), TEXT("JSON_DEPTH_MAX")) < 0;
}

static void the_json_test_suite(void **state)
{
    (void)state;
    const char *path = data_path("json-csv/JSONTestSuite/test_parsing");
    DIR *dir = path ? opendir(path) : NULL;
    char folder[SCRATCH_PATH_MAX];
    if (!dir)
        skip();
    snprintf(folder, sizeof folder, "%s", path);
    size_t seen = 0, wrong = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t len;
        char *content = entry->d_name[0] == '.' ? NULL : scratch_read(scratch_path(folder, entry->d_name), &len);
        if (!content)
            continue;
        struct seen s;
        look(&s, stix_faults, (struct text){content, len});
        /* Lines of objects are a form of ours; a name twice in an object is refused (RFC 7493). */
        bool ours = strstr(entry->d_name, "duplicated_key") != NULL;
        bool bad = (entry->d_name[0] == 'n' && is_json(&s)) || (entry->d_name[0] == 'y' && is_json(&s) == ours);
        bad |= is_json(&s) != (s.sum.unreadable == 0);
        if (bad)
            print_error("%s: %s\n" TEXT_FMT, entry->d_name, err_name(s.err), TEXT_ARG(buffer_text(&s.words)));
        wrong += bad;
        seen++;
        done(&s);
        free(content);
    }
    closedir(dir);
    assert_int_equal(wrong, 0);
    assert_true(seen > 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_read),
        cmocka_unit_test(a_bundle_in_a_list),
        cmocka_unit_test(what_is_no_json_has_a_place),
        cmocka_unit_test(a_fault_has_its_line),
        cmocka_unit_test(identifiers_are_judged),
        cmocka_unit_test(an_object_too_long_is_passed_over),
        cmocka_unit_test(patterns_a_line_or_one),
        cmocka_unit_test(patterns_beyond_the_grammar),
        cmocka_unit_test(the_caret_stands_under_the_fault),
        cmocka_unit_test(the_json_test_suite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
