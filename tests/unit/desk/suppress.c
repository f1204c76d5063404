/* Warning lists: taken in by the reader, kept in the log, asked; against a matcher that knows no tables. */
#include "house.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "desk/lists.h"
#include "desk/watchlist.h"
#include "json/json.h"

static struct house house;

static int setup(void **state)
{
    *state = &house;
    house_open(&house);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

static enum err take_fd(struct house *h, int fd, struct list_taken *ret, struct fault *fault)
{
    const struct list_told told = {NULL, NULL, NULL};
    enum err err = list_take(h->node, fd, &h->account, &told, ret, fault);
    close(fd);
    return err;
}

static enum err take(struct house *h, const char *document, struct list_taken *ret, struct fault *fault)
{
    char path[sizeof h->folder + 16];
    snprintf(path, sizeof path, "%s/list.json", h->folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(document, f);
    fclose(f);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return take_fd(h, fd, ret, fault);
}

static struct list_taken taken(struct house *h, const char *document)
{
    struct list_taken t;
    struct fault fault = {.err = OK};
    if (take(h, document, &t, &fault) != OK)
        fail_msg("%s", fault.what);
    return t;
}

static struct suppress *loaded(struct house *h)
{
    struct view *v;
    struct suppress *s;
    struct fault fault;
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(suppress_load(h->node, v, &s, &fault));
    node_reader_done(h->node, v);
    return s;
}

static const char *asked(const struct suppress *s, enum value_kind kind, const char *value)
{
    static char words[SUPPRESS_WORDS_MAX];
    const struct suppressed found = suppress_check(s, kind, text_of(value));
    suppress_words(&found, words);
    return words;
}

#define LIST(type, attributes, entries)                                             \
    "{\"name\":\"a " type "\",\"version\":3,\"description\":\"d\",\"type\":\"" type \
    "\",\"matching_attributes\":[" attributes "],\"list\":[" entries "]}"

/* Each type as MISP means it, for the kinds that it names only. */
static void types(void **state)
{
    struct house *h = *state;
    struct list_taken t =
        taken(h, LIST("cidr", "\"ip-src\",\"url\"", "\"198.51.100.0/24\",\"203.0.113.7\",\"no\",7"));
    assert_string_equal(t.name, "a cidr");
    assert_int_equal(t.entries, 2);
    assert_int_equal(t.rejected, 2);
    assert_int_equal(t.version, 3);
    taken(h, LIST("hostname", "\"domain|ip\",\"url\"", "\".Bank.example.\",\"one.two.example\""));
    taken(h, LIST("string", "\"domain\",\"md5\"", "\"Exact.example\",\"D41D8CD98F00B204E9800998ECF8427E\",\"\""));
    taken(h, LIST("substring", "\"url\"", "\"/wp-login\",\"long-enough-to-be-hashed\""));
    taken(h, LIST("regex", "\"email-src\"", "\"/^(soc|noc)@.*$/i\",\"/(/\",\"/a/x\""));
    struct suppress *s = loaded(h);
    assert_string_equal(asked(s, VALUE_IPV4, "198.51.100.9"), "\"a cidr\"");
    assert_string_equal(asked(s, VALUE_IPV4, "203.0.113.7"), "\"a cidr\"");
    assert_string_equal(asked(s, VALUE_IPV4, "203.0.113.8"), "");
    assert_string_equal(asked(s, VALUE_CIDR, "198.51.100.128/25"), "\"a cidr\"");
    assert_string_equal(asked(s, VALUE_CIDR, "198.51.0.0/16"), "");
    assert_string_equal(asked(s, VALUE_URL, "http://198.51.100.9:8080/x"), "\"a cidr\"");
    assert_string_equal(asked(s, VALUE_DOMAIN, "bank.example"), "\"a hostname\"");
    assert_string_equal(asked(s, VALUE_DOMAIN, "www.bank.example"), "\"a hostname\"");
    assert_string_equal(asked(s, VALUE_DOMAIN, "notbank.example"), "");
    assert_string_equal(asked(s, VALUE_DOMAIN, "two.example"), "");
    assert_string_equal(asked(s, VALUE_URL, "https://u@www.bank.example/x"), "\"a hostname\"");
    assert_string_equal(asked(s, VALUE_URL, "https://x.example/?bank.example"), "");
    assert_string_equal(asked(s, VALUE_EMAIL, "a@bank.example"), "");
    assert_string_equal(asked(s, VALUE_DOMAIN, "exact.example"), "\"a string\"");
    assert_string_equal(asked(s, VALUE_DOMAIN, "www.exact.example"), "");
    assert_string_equal(asked(s, VALUE_MD5, "d41d8cd98f00b204e9800998ecf8427e"), "\"a string\"");
    assert_string_equal(asked(s, VALUE_URL, "http://x.example/WP-Login.php"), "\"a substring\"");
    assert_string_equal(asked(s, VALUE_URL, "http://x.example/long-enough-to-be-hashe"), "");
    assert_string_equal(asked(s, VALUE_EMAIL, "noc@x.example"), "\"a regex\"");
    assert_string_equal(asked(s, VALUE_EMAIL, "anoc@x.example"), "");
    suppress_free(s);
}

/* What needs no list. */
static void everything(void **state)
{
    struct suppress *s = loaded(*state);
    assert_string_equal(asked(s, VALUE_DOMAIN, "co.uk"), "public suffix");
    assert_string_equal(asked(s, VALUE_DOMAIN, "github.io"), "public suffix");
    assert_string_equal(asked(s, VALUE_DOMAIN, "evil.github.io"), "");
    assert_string_equal(asked(s, VALUE_DOMAIN, "example.co.uk"), "");
    assert_string_equal(asked(s, VALUE_CIDR, "0.0.0.0/0"), "network too wide");
    assert_string_equal(asked(s, VALUE_CIDR, "2.0.0.0/7"), "network too wide");
    assert_string_equal(asked(s, VALUE_CIDR, "2.0.0.0/8"), "");
    assert_string_equal(asked(s, VALUE_CIDR, "::/0"), "network too wide");
    assert_string_equal(asked(s, VALUE_IPV4, "127.0.0.1"), "address of no other machine");
    assert_string_equal(asked(s, VALUE_IPV4, "0.0.0.0"), "address of no other machine");
    assert_string_equal(asked(s, VALUE_IPV6, "::1"), "address of no other machine");
    assert_string_equal(asked(s, VALUE_IPV4, "8.8.8.8"), "");
    suppress_free(s);
}

/* Not there as a whole is not there; a newer one takes the place; what is disabled is kept so. */
static void lists_change(void **state)
{
    struct house *h = *state;
    struct list_taken t;
    struct fault fault;
    static const char *const bad[] = {"",
                                      "{",
                                      "[]",
                                      "{\"name\":\"a\"}",
                                      "{\"name\":\"\",\"list\":[]}",
                                      "{\"name\":\"a\",\"list\":[],\"type\":\"other\"}",
                                      "{\"name\":1,\"list\":[]}"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        fault = (struct fault){.err = OK};
        assert_int_equal(take(h, bad[i], &t, &fault), ERR_MALFORMED);
        assert_true(fault.what[0]);
    }
    assert_true(taken(h, LIST("cidr", "\"ip-src\"", "\"198.51.100.0/24\"")).changed);
    assert_false(taken(h, LIST("cidr", "\"ip-src\"", "\"198.51.100.0/24\"")).changed);
    assert_ok(list_use(h->node, TEXT("a cidr"), false, &h->account, &fault));
    struct suppress *s = loaded(h);
    assert_string_equal(asked(s, VALUE_IPV4, "198.51.100.9"), "");
    suppress_free(s);
    assert_true(taken(h, LIST("cidr", "\"ip-src\"", "\"203.0.113.0/24\"")).changed);
    s = loaded(h);
    assert_string_equal(asked(s, VALUE_IPV4, "203.0.113.9"), "");
    suppress_free(s);
    assert_ok(list_use(h->node, TEXT("a cidr"), true, &h->account, &fault));
    house_reopen(h);
    uint64_t entries;
    assert_ok(node_rebuild(h->node, &entries, &fault));
    s = loaded(h);
    assert_string_equal(asked(s, VALUE_IPV4, "203.0.113.9"), "\"a cidr\"");
    assert_string_equal(asked(s, VALUE_IPV4, "198.51.100.9"), "");
    suppress_free(s);
    assert_int_equal(list_use(h->node, TEXT("none"), true, &h->account, &fault), ERR_NOT_FOUND);
}

static size_t watched(struct house *h, struct belief **io_belief, uint64_t *ret_suppressed)
{
    struct view *v;
    struct watchlist *w;
    struct fault fault;
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(belief_refresh(h->node, v, io_belief, &fault));
    assert_ok(watchlist_load(v, *io_belief, 0, 0, &w, &fault));
    size_t count = watchlist_size(w);
    *ret_suppressed = watchlist_suppressed(w)->total;
    watchlist_unref(w);
    node_reader_done(h->node, v);
    return count;
}

/* Held and not looked for, until a person says so of that indicator; what is loaded with an older belief is stale. */
static void watchlists(void **state)
{
    struct house *h = *state;
    struct belief *belief = NULL;
    struct fault fault;
    uint64_t suppressed;
    bool changed;
    house_import(h,
                 house_bundle("%s,%s", house_indicator(1, "2026-11-01T00:00:00.000Z", ""),
                              house_indicator(2, "2026-11-01T00:00:00.000Z", "")),
                 &h->a);
    assert_int_equal(watched(h, &belief, &suppressed), 2);
    assert_int_equal(suppressed, 0);
    uint64_t generation = belief_generation(belief);
    taken(h, LIST("hostname", "\"domain\"", "\"evil1.example\""));
    assert_int_equal(watched(h, &belief, &suppressed), 1);
    assert_int_equal(suppressed, 1);
    assert_true(belief_generation(belief) > generation);
    assert_ok(list_allow(h->node, text_of(house_indicator_id(1)), true, TEXT("ours to know"), &h->account, &changed,
                         &fault));
    assert_true(changed);
    assert_int_equal(watched(h, &belief, &suppressed), 2);
    assert_ok(
        list_allow(h->node, text_of(house_indicator_id(1)), true, TEXT("again"), &h->account, &changed, &fault));
    assert_false(changed);
    assert_ok(list_allow(h->node, text_of(house_indicator_id(1)), false, TEXT("no"), &h->account, &changed, &fault));
    assert_int_equal(watched(h, &belief, &suppressed), 1);
    assert_int_equal(
        list_allow(h->node, text_of(house_indicator_id(7)), true, TEXT("x"), &h->account, &changed, &fault),
        ERR_NOT_FOUND);
    belief_unref(belief);
}

/* ---- against a matcher without tables ---- */

static unsigned dice;

static unsigned roll(unsigned sides)
{
    dice = dice * 1103515245u + 12345u;
    return (dice >> 16) % sides;
}

#define NAIVE_ENTRIES 60

/* Short names over few letters, so that they meet. */
static void random_name(char out[64], unsigned most_labels)
{
    size_t n = 0;
    unsigned labels = 1 + roll(most_labels);
    for (unsigned i = 0; i < labels; i++) {
        for (unsigned k = 1 + roll(3); k > 0; k--)
            out[n++] = (char)('a' + roll(3));
        out[n++] = '.';
    }
    snprintf(out + n, 64 - n, "test");
}

static bool naive(enum warninglist_type type, const char *entry, const char *value)
{
    size_t e = strlen(entry), v = strlen(value);
    if (type == WARNINGLIST_STRING)
        return strcmp(entry, value) == 0;
    if (type == WARNINGLIST_SUBSTRING)
        return strstr(value, entry) != NULL;
    return v >= e && strcmp(value + v - e, entry) == 0 && (v == e || value[v - e - 1] == '.');
}

static void random_names_once(enum warninglist_type type)
{
    char entries[NAIVE_ENTRIES][64], value[64];
    struct buffer list;
    struct suppress *s;
    buffer_init(&list, MIB);
    struct json_out o = json_out_to(&list);
    json_open(&o, '{');
    json_key(&o, TEXT("entries"));
    json_open(&o, '[');
    for (size_t i = 0; i < NAIVE_ENTRIES; i++) {
        random_name(entries[i], 3);
        if (type == WARNINGLIST_SUBSTRING) /* any piece of one */
            entries[i][1 + roll((unsigned)strlen(entries[i]))] = 0;
        json_put_text(&o, text_of(entries[i]));
    }
    json_close(&o, ']');
    json_member_raw(&o, "kinds", TEXT("[\"domain\"]"));
    json_member_text(&o, "name", TEXT("random"));
    json_member_text(&o, "type", text_of(warninglist_type_name(type)));
    json_close(&o, '}');
    assert_ok(suppress_new(&s));
    assert_ok(suppress_add(s, buffer_text(&list), NULL));
    assert_ok(suppress_ready(s));
    for (unsigned i = 0; i < 400; i++) {
        bool expected = false;
        random_name(value, 4);
        for (size_t k = 0; k < NAIVE_ENTRIES; k++)
            expected = expected || naive(type, entries[k], value);
        const struct suppressed found = suppress_check(s, VALUE_DOMAIN, text_of(value));
        if ((found.why == SUPPRESS_LIST) != expected)
            fail_msg("%s: %s", warninglist_type_name(type), value);
    }
    suppress_free(s);
    buffer_done(&list);
}

static void random_names(void **state)
{
    (void)state;
    for (dice = 1; dice < 40;) {
        unsigned seed = dice;
        random_names_once(WARNINGLIST_STRING);
        random_names_once(WARNINGLIST_HOSTNAME);
        random_names_once(WARNINGLIST_SUBSTRING);
        dice = seed + 1;
    }
}

static void random_networks(void **state)
{
    (void)state;
    struct ipnet nets[NAIVE_ENTRIES];
    char words[IPADDR_TEXT_MAX], text[64];
    struct buffer list;
    struct suppress *s;
    dice = 7;
    buffer_init(&list, MIB);
    buffer_add(&list, TEXT("{\"entries\":["));
    for (size_t i = 0; i < NAIVE_ENTRIES; i++) {
        snprintf(text, sizeof text, "%u.%u.%u.%u/%u", 40 + roll(3), roll(4), roll(8), roll(256), 14 + roll(19));
        assert_ok(ipnet_parse(text_of(text), &nets[i]));
        buffer_addf(&list, "%s\"" TEXT_FMT "/%u\"", i ? "," : "", TEXT_ARG(ipaddr_format(&nets[i].addr, words)),
                    nets[i].len);
    }
    buffer_add(&list, TEXT("],\"kinds\":[\"ipv4\"],\"name\":\"n\",\"type\":\"cidr\"}"));
    assert_ok(suppress_new(&s));
    assert_ok(suppress_add(s, buffer_text(&list), NULL));
    assert_ok(suppress_ready(s));
    for (unsigned i = 0; i < 20000; i++) {
        struct ipaddr a;
        bool expected = false;
        snprintf(text, sizeof text, "%u.%u.%u.%u", 40 + roll(3), roll(4), roll(8), roll(256));
        assert_ok(ipaddr_parse(text_of(text), &a));
        for (size_t k = 0; k < NAIVE_ENTRIES; k++)
            expected = expected || ipnet_has(&nets[k], &a);
        const struct suppressed found = suppress_check(s, VALUE_IPV4, text_of(text));
        assert_int_equal(found.why == SUPPRESS_LIST, expected);
    }
    suppress_free(s);
    buffer_done(&list);
}

/* ---- MISP's own ---- */

static void real_lists(void **state)
{
    struct house *h = *state;
    char pattern[4096];
    glob_t found;
    const char *data = data_path("misp");
    if (!data)
        skip();
    snprintf(pattern, sizeof pattern, "%s/warninglists/*/list.json", data);
    if (glob(pattern, 0, NULL, &found) != 0 || found.gl_pathc == 0)
        skip();
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct list_taken t;
        struct fault fault = {.err = OK};
        int fd = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        if (take_fd(h, fd, &t, &fault) != OK)
            fail_msg("%s: %s", found.gl_pathv[i], fault.what);
        assert_true(t.entries > 0);
    }
    globfree(&found);
    struct suppress *s = loaded(h);
    assert_int_equal(suppress_broken(s, NULL), 0);
    suppress_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(types, setup, teardown),
        cmocka_unit_test_setup_teardown(everything, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_change, setup, teardown),
        cmocka_unit_test_setup_teardown(watchlists, setup, teardown),
        cmocka_unit_test(random_names),
        cmocka_unit_test(random_networks),
        cmocka_unit_test_setup_teardown(real_lists, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
