/* What is found in a body: each value, name and word, whatever member it stands in, and nothing of what is no
 * content. */
#include <string.h>

#include "base/limits.h"
#include "model/words.h"
#include "support/test.h"

struct seen {
    struct buffer all; /* "kind text\n" each */
    size_t count, most;
};

static const char *kind_of(const struct word *w)
{
    return w->kind == WORD_TEXT ? "text" : w->kind == WORD_NAME ? "name" : value_kind_name(w->value_kind);
}

static bool see(void *self, const struct word *w)
{
    struct seen *s = self;
    buffer_addf(&s->all, "%s " TEXT_FMT "\n", kind_of(w), TEXT_ARG(w->text));
    return ++s->count < s->most;
}

static void expect(const char *body, const char *words)
{
    struct words w;
    struct seen s = {.most = SIZE_MAX};
    words_init(&w);
    buffer_init(&s.all, MIB);
    assert_ok(words_of(&w, text_of(body), see, &s));
    buffer_add_char(&s.all, 0);
    assert_string_equal(s.all.ptr, words);
    buffer_done(&s.all);
    words_done(&w);
}

static void values_of_members(void **state)
{
    (void)state;
    expect("{\"type\":\"ipv4-addr\",\"value\":\"192.0.2.1\"}", "ipv4 192.0.2.1\n");
    expect("{\"hashes\":{\"MD5\":\"D41D8CD98F00B204E9800998ECF8427E\",\"SSDEEP\":\"3:ab\"}}",
           "md5 d41d8cd98f00b204e9800998ecf8427e\nnone 3:ab\ntext 3\n");
    expect("{\"values\":[\"Evil.EXAMPLE\",\"http://evil.example\"]}",
           "domain evil.example\nurl http://evil.example/\n");
    expect("{\"x_misp_value\":\"Global\\\\Mutex\"}", "none global\\mutex\ntext global\ntext mutex\n");
    /* observed data that holds its objects */
    expect("{\"objects\":{\"0\":{\"type\":\"file\",\"hashes\":{\"MD5\":\"d41d8cd98f00b204e9800998ecf8427e\"}},"
           "\"1\":{\"value\":\"a@evil.example\"}}}",
           "md5 d41d8cd98f00b204e9800998ecf8427e\nemail a@evil.example\n");
}

static void values_of_patterns(void **state)
{
    (void)state;
    expect("{\"pattern\":\"[domain-name:value = 'evil.example' AND file:hashes.'SHA-1' ="
           " 'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709']\"}",
           "domain evil.example\nsha1 da39a3ee5e6b4b0d3255bfef95601890afd80709\n");
    expect("{\"pattern\":\"[ipv4-addr:value IN ('192.0.2.1','192.0.2.0/24')] START t'2026-01-01T00:00:00Z'\"}",
           "ipv4 192.0.2.1\ncidr 192.0.2.0/24\n");
    /* escaped in the pattern, and that in JSON */
    expect("{\"pattern\":\"[windows-registry-key:key = 'HKLM\\\\\\\\Run\\\\\\\\It\\\\'s']\"}",
           "name hklm\\run\\it's\ntext hklm\ntext run\n");
    expect("{\"pattern\":\"[file:name = 'not closed\"}", "name not closed\ntext closed\n");
}

static void names_and_texts(void **state)
{
    (void)state;
    expect("{\"aliases\":[\"Fancy Bear\",\"APT28\"],\"name\":\"Sofacy\"}",
           "name fancy bear\ntext fancy\ntext bear\nname apt28\ntext apt28\nname sofacy\ntext sofacy\n");
    /* one named by its value: once */
    expect("{\"name\":\"Evil.example\"}", "domain evil.example\n");
    expect("{\"external_references\":[{\"external_id\":\"CVE-2026-1234\",\"source_name\":\"cve\"}]}",
           "name cve-2026-1234\ntext cve\ntext 2026\ntext 1234\ntext cve-2026-1234\ntext cve\n");
    expect("{\"description\":\"The multi-stage loader of Emotet.\\nC2: a_b, www.evil.example; it is 7\"}",
           "text multi\ntext stage\ntext multi-stage\ntext loader\ntext emotet\ntext c2\n"
           "text a_b\ntext www\ntext evil\ntext evil.example\ntext example\ntext www.evil.example\ntext 7\n");
    expect("{\"description\":\"M\xc3\x9cNCHEN \xd0\x9a\xd0\xbe\xd0\xbc\xd0\xb0\xd0\xbd\xd0\xb4\xd0\xb0 "
           "\xe2\x80\x9ewort\xe2\x80\x9c\"}",
           "text m\xc3\xbcnchen\ntext \xd0\xba\xd0\xbe\xd0\xbc\xd0\xb0\xd0\xbd\xd0\xb4\xd0\xb0\ntext wort\n");
}

static void no_content(void **state)
{
    (void)state;
    expect("{\"created\":\"2026-01-01T00:00:00.000Z\",\"created_by_ref\":\"identity--11111111-1111-4111-8111-"
           "111111111111\",\"id\":\"x--1\",\"object_refs\":[\"evil.example\"],\"type\":\"malware\",\"spec_version\":"
           "\"2.1\"}",
           "");
    expect("", "");
    expect("\"value\"", "text value\n");
    expect("[[[[", "");
    expect("{\"value\":", "");
    expect("{\"value\":\"\"}", "");
}

/* Every prefix is read without a step too far, and deep nesting ends it. */
static void hostile_bodies(void **state)
{
    (void)state;
    static const char whole[] =
        "{\"hashes\":{\"MD5\":\"d41d8cd98f00b204e9800998ecf8427e\"},\"name\":\"\xc3\x9c\\\\\\\"x\","
        "\"pattern\":\"[a:b = 'c\\\\\\\\' OR x:value='\xd0\x9a']\",\"v_value\":[\"h\\u0001\"]}";
    struct words w;
    struct seen s = {.most = SIZE_MAX};
    words_init(&w);
    buffer_init(&s.all, MIB);
    for (size_t len = 0; len < sizeof whole; len++) {
        char *copy = malloc(len + 1);
        memcpy(copy, whole, len);
        char *exact = realloc(copy, len ? len : 1);
        assert_ok(words_of(&w, (struct text){exact, len}, see, &s));
        free(exact);
    }
    char deep[4000];
    memset(deep, '[', sizeof deep);
    assert_ok(words_of(&w, (struct text){deep, sizeof deep}, see, &s));
    s.count = 0;
    s.most = 2;
    assert_ok(words_of(&w, TEXT("{\"name\":\"one two three four five\"}"), see, &s));
    assert_int_equal(s.count, 2);
    /* a word is cut, a name too long is none */
    char text[600] = "{\"name\":\"";
    memset(text + strlen(text), 'x', 500);
    strcat(text, "\"}");
    buffer_clear(&s.all);
    s.most = SIZE_MAX;
    assert_ok(words_of(&w, text_of(text), see, &s));
    assert_int_equal(s.all.len, strlen("text ") + WORDS_WORD_MAX + 1);
    buffer_done(&s.all);
    words_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_members), cmocka_unit_test(values_of_patterns), cmocka_unit_test(names_and_texts),
        cmocka_unit_test(no_content),        cmocka_unit_test(hostile_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
