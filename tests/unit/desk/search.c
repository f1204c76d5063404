/* Searching against a scan of everything: in worlds made by chance, with old versions, revoked ones, claims,
 * quarantine, what was erased and accounts of every role, the answer is what a look into each body that the account
 * may see gives. */
#include "house.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/time.h"
#include "desk/about.h"
#include "desk/search.h"
#include "model/marking.h"
#include "store/erase.h"
#include "json/json.h"

struct world {
    struct house h;
    uint64_t state;
    struct uuid accounts[4]; /* reader, analyst, releaser, administrator */
};

static uint64_t chance(struct world *w, uint64_t below)
{
    w->state = w->state * 6364136223846793005u + 1442695040888963407u;
    return (w->state >> 33) % below;
}

/* ---- a world ---- */

static const char *const kinds[] = {"domain-name", "ipv4-addr", "ipv6-addr", "url", "email-addr", "ipv4-addr"};

static void add_value(struct world *w, unsigned kind, char *out, size_t size)
{
    static const char *const hosts[] = {"evil.example", "a.evil.example", "b.a.evil.example", "devil.example",
                                        "good.test"};
    const char *host = hosts[chance(w, ARRAY_LEN(hosts))];
    switch (kind) {
    case 0: snprintf(out, size, "%s%s", chance(w, 3) ? "" : "x.", host); return;
    case 1: snprintf(out, size, "192.0.%u.%u", (unsigned)chance(w, 2), (unsigned)chance(w, 8)); return;
    case 2: snprintf(out, size, "2001:db8:%x::%x", (unsigned)chance(w, 2), (unsigned)chance(w, 4) + 1); return;
    case 3: snprintf(out, size, "http://%s/P%u", chance(w, 4) ? host : "192.0.0.1", (unsigned)chance(w, 3)); return;
    case 4: snprintf(out, size, "u%u@%s", (unsigned)chance(w, 2), host); return;
    default: snprintf(out, size, "192.0.%u.0/%u", (unsigned)chance(w, 2), 16 + (unsigned)chance(w, 13)); return;
    }
}

static void add_marking(struct world *w, char *out, size_t size)
{
    static const char *const labels[] = {
        "94868c89-83c2-464b-929b-a1a8aa3c8487", "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        "55d920b0-5e8b-4f79-9ee9-91f868d9b421", "939a9414-2ddd-4d32-a0cd-375ea402b003",
        "e828b379-4e03-4974-9ac4-e53a884c97c1"};
    uint64_t i = chance(w, ARRAY_LEN(labels) + 1);
    out[0] = 0;
    if (i < ARRAY_LEN(labels))
        snprintf(out, size, ",\"object_marking_refs\":[\"marking-definition--%s\"]", labels[i]);
}

/* An object of few names and words, so that they meet. */
static void add_object(struct world *w, unsigned number, char *out, size_t size)
{
    static const char *const names[] = {"Fancy Bear",   "Emotet",     "APT28",
                                        "evil.example", "Großer Bär", "CVE-2026-1234"};
    static const char *const words[] = {"loader", "multi-stage", "of", "www.evil.example", "bank", "Emotet", "C2"};
    char marking[120], text[200] = "", value[80], other[80];
    unsigned kind = (unsigned)chance(w, 6), kind2 = (unsigned)chance(w, 6);
    add_marking(w, marking, sizeof marking);
    add_value(w, kind, value, sizeof value);
    add_value(w, kind2, other, sizeof other);
    for (uint64_t i = chance(w, 5); i > 0; i--)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s ", words[chance(w, ARRAY_LEN(words))]);
    const char *name = names[chance(w, ARRAY_LEN(names))];
    const bool indicator = chance(w, 4) > 0, revoked = chance(w, 9) == 0;
    int len = snprintf(out, size,
                       "{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"%s--00000000-0000-4000-8000-%012u\","
                       "\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-%02uT00:00:00.000Z\","
                       "\"name\":\"%s\",\"description\":\"%s\"%s%s",
                       indicator ? "indicator" : "malware", indicator ? "indicator" : "malware", number,
                       1 + (unsigned)chance(w, 20), name, text[0] ? text : "none", marking,
                       revoked ? ",\"revoked\":true" : "");
    if (indicator)
        snprintf(out + len, size - (size_t)len,
                 ",\"pattern\":\"[%s:value = '%s' %s %s:value = '%s']\",\"pattern_type\":\"stix\",\"valid_from\":"
                 "\"2026-01-01T00:00:00Z\"}",
                 kinds[kind], value, kind == kind2 && chance(w, 2) ? "AND" : "OR", kinds[kind2], other);
    else
        snprintf(out + len, size - (size_t)len, ",\"is_family\":true,\"aliases\":[\"%s\"]}",
                 names[chance(w, ARRAY_LEN(names))]);
}

static enum err add_accounts(struct txn *t, void *self, struct fault *reterr)
{
    struct world *w = self;
    static const enum role roles[] = {ROLE_READER, ROLE_ANALYST, ROLE_RELEASER};
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        random_bytes(&w->accounts[i], sizeof w->accounts[i]);
        struct fact f = {.kind = FACT_ACCOUNT,
                         .u.account = {.id = w->accounts[i],
                                       .account = w->h.account,
                                       .name = text_of(role_name(roles[i])),
                                       .role = roles[i]}};
        enum err err = txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
        if (err != OK)
            return err;
    }
    w->accounts[3] = w->h.account;
    return OK;
}

static void erase_one(struct world *w)
{
    char id[IDENT_TEXT_MAX];
    snprintf(id, sizeof id, "indicator--00000000-0000-4000-8000-%012u", (unsigned)chance(w, 40));
    struct text ids[] = {text_of(id)};
    const struct erase_request q = {.ids = ids, .id_count = 1, .account = w->h.account, .reason = TEXT("asked for")};
    struct erase_result r;
    enum err err = node_erase(w->h.node, &q, &r, NULL);
    assert_true(err == OK || err == ERR_NOT_FOUND);
}

static void make_world(struct world *w, uint64_t seed)
{
    static char bundle[60000];
    w->state = seed;
    house_open(&w->h);
    assert_ok(node_write(w->h.node, add_accounts, w, NULL));
    for (unsigned round = 0; round < 4; round++) {
        size_t len = 0;
        for (unsigned i = 0; i < 30; i++) {
            char object[1200];
            add_object(w, (unsigned)chance(w, 40), object, sizeof object);
            len += (size_t)snprintf(bundle + len, sizeof bundle - len, "%s%s", i ? "," : "", object);
        }
        const struct uuid *party = round == 0 ? NULL : round % 2 ? &w->h.a : &w->h.b;
        (void)house_import(&w->h, house_bundle("%s", bundle), party);
    }
    erase_one(w);
    erase_one(w);
}

/* ---- the scan ---- */

/* Written apart from what it judges: from the members of the objects above alone. */
struct oracle {
    const char *text;
    enum value_kind kind; /* of it; NONE: words */
    bool prefix;
    bool exact, contains, contained, below, host, begins;
    unsigned words; /* of the question that were met, as bits */
};

static struct text host_of(struct text url)
{
    ptrdiff_t at = text_find_text(url, TEXT("://"));
    struct text t = text_sub(url, at < 0 ? 0 : (size_t)at + 3, url.len);
    ptrdiff_t end = text_find(t, '/', 0), user = text_find(t, '@', 0);
    if (at < 0)
        return user < 0 ? t : text_sub(t, (size_t)user + 1, t.len);
    return text_sub(t, 0, end < 0 ? t.len : (size_t)end);
}

static bool nocase_begins(struct text t, struct text start)
{
    return text_eq_nocase(text_sub(t, 0, start.len), start);
}

static void judge_value(struct oracle *o, struct text v)
{
    struct text q = text_of(o->text);
    struct ipnet net, asked;
    enum value_kind kind = value_detect(v);
    struct text host = host_of(v);
    if (o->prefix) {
        ptrdiff_t at = text_find_text(v, TEXT("://"));
        o->begins |= nocase_begins(v, q) || (at >= 0 && nocase_begins(text_sub(v, (size_t)at + 3, v.len), q));
        return;
    }
    bool is_net = (kind == VALUE_IPV4 || kind == VALUE_IPV6 || kind == VALUE_CIDR) && ipnet_parse(v, &net) == OK;
    bool asks_net =
        (o->kind == VALUE_IPV4 || o->kind == VALUE_IPV6 || o->kind == VALUE_CIDR) && ipnet_parse(q, &asked) == OK;
    if (is_net && asks_net) {
        bool same = net.len == asked.len && ipaddr_eq(&net.addr, &asked.addr);
        o->exact |= same;
        o->contains |= !same && net.len < asked.len && ipnet_has(&net, &asked.addr);
        o->contained |= !same && net.len > asked.len && ipnet_has(&asked, &net.addr);
        return;
    }
    o->exact |= text_eq(v, q);
    if (o->kind == VALUE_DOMAIN && (kind == VALUE_DOMAIN || kind == VALUE_URL || kind == VALUE_EMAIL))
        o->below |= host.len > q.len && text_ends(host, q) && host.ptr[host.len - q.len - 1] == '.';
    if (o->kind == VALUE_DOMAIN || o->kind == VALUE_IPV4)
        o->host |= (kind == VALUE_URL || kind == VALUE_EMAIL) && text_eq(host, q);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

/* Word `word` of the text, wherever it stands between what is no letter; compounds count as they are written. */
static bool has_word(struct text t, struct text word)
{
    for (size_t i = 0; i + word.len <= t.len; i++)
        if (text_eq_nocase(text_sub(t, i, word.len), word) && (i == 0 || !is_letter(t.ptr[i - 1])) &&
            (i + word.len == t.len || !is_letter(t.ptr[i + word.len])))
            return true;
    return false;
}

static void judge_text(struct oracle *o, struct text t)
{
    struct text rest = text_of(o->text), word;
    if (o->prefix) {
        for (size_t i = 0; i < t.len; i++)
            o->begins |= (i == 0 || !is_letter(t.ptr[i - 1])) && is_letter(t.ptr[i]) &&
                         nocase_begins(text_sub(t, i, t.len), text_of(o->text));
        return;
    }
    for (unsigned i = 0; text_split(&rest, ' ', &word); i++)
        if (has_word(t, word))
            o->words |= 1u << i;
}

static void judge_name(struct oracle *o, struct text name)
{
    if (value_detect(name) != VALUE_NONE) {
        judge_value(o, name);
        return;
    }
    judge_text(o, name);
    if (o->prefix)
        o->begins |= nocase_begins(name, text_of(o->text));
    else
        o->exact |= text_eq_nocase(name, text_of(o->text));
}

static void judge_pattern(struct oracle *o, struct text p)
{
    ptrdiff_t open = text_find(p, '\'', 0);
    while (open >= 0) {
        ptrdiff_t close = text_find(p, '\'', (size_t)open + 1);
        char normal[200];
        struct buffer b;
        enum value_kind kind;
        struct text v = text_sub(p, (size_t)open + 1, (size_t)(close - open) - 1);
        buffer_init(&b, sizeof normal);
        assert_ok(value_normalise(value_detect(v), v, &b, &kind, NULL));
        judge_value(o, buffer_text(&b));
        buffer_done(&b);
        open = text_find(p, '\'', (size_t)close + 1);
    }
}

/* -1: it does not fit; else the best kind of match. */
static int judge(struct oracle *o, const struct json_val *object, unsigned word_count)
{
    const struct json_val *aliases = json_get(object, "aliases");
    o->exact = o->contains = o->contained = o->below = o->host = o->begins = false;
    o->words = 0;
    judge_name(o, json_text(json_get(object, "name")));
    judge_text(o, json_text(json_get(object, "description")));
    for (struct json_iter it = json_iter_of(aliases); aliases && json_next(&it);)
        judge_name(o, json_text(it.val));
    if (json_get(object, "pattern"))
        judge_pattern(o, json_text(json_get(object, "pattern")));
    if (o->prefix)
        return o->begins ? MATCH_PREFIX : -1;
    if (o->exact)
        return MATCH_EXACT;
    if (o->contains || o->contained)
        return o->contains ? MATCH_CONTAINS : MATCH_CONTAINED;
    if (o->below || o->host)
        return o->below ? MATCH_SUBDOMAIN : MATCH_HOST;
    return o->words == (1u << word_count) - 1 ? MATCH_TEXT : -1;
}

static unsigned words_in(const char *text)
{
    unsigned n = 1;
    for (; *text; text++)
        n += *text == ' ';
    return n;
}

static bool standing_counts(enum standing st)
{
    return st == STANDING_CURRENT || st == STANDING_CLAIM || st == STANDING_QUARANTINED;
}

/* What of entry n fits, for that account. */
static int expected(struct world *w, struct view *v, struct oracle *o, uint64_t n, const struct uuid *account,
                    int64_t now_us)
{
    const struct about_question q = {.n = n, .account = *account, .now_us = now_us};
    struct version_row row;
    struct buffer body;
    struct json_doc *doc;
    int match = -1;
    if (view_by_entry(v, n, &row, NULL) != OK || !standing_counts(row.standing) ||
        (!text_starts(row.id, TEXT("indicator--")) && !text_starts(row.id, TEXT("malware--"))))
        return -1;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    if (about_body(w->h.node, v, &q, &body, NULL) == OK) {
        assert_ok(json_parse(buffer_text(&body), &doc, NULL));
        match = judge(o, json_root(doc), words_in(o->text));
        json_free(doc);
    }
    buffer_done(&body);
    return match;
}

static const struct search_result *found(const struct search_answer *a, uint64_t n)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->results[i].n == n)
            return &a->results[i];
    return NULL;
}

static size_t compare(struct world *w, const char *typed, struct oracle *o, const struct uuid *account)
{
    const struct search_question q = {
        .text = text_of(typed), .account = *account, .now_us = clock_now_us(), .limit = SEARCH_LIMIT_MAX};
    struct search_answer answer;
    struct arena arena;
    struct view *v;
    size_t fit = 0;
    arena_init(&arena, 64 * MIB);
    assert_ok(node_reader(w->h.node, &v, NULL));
    assert_ok(search_ask(w->h.node, v, &q, &arena, &answer, NULL));
    uint64_t entries = view_position(v);
    for (uint64_t n = 0; n < entries; n++) {
        int match = expected(w, v, o, n, account, q.now_us);
        const struct search_result *r = found(&answer, n);
        fit += match >= 0;
        if ((match >= 0) != (r != NULL) || (r && (int)r->match != match))
            fail_msg("%s: entry %llu is %s by scan, %s by search", typed, (unsigned long long)n,
                     match < 0 ? "nothing" : search_match_name((enum search_match)match),
                     r ? search_match_name(r->match) : "nothing");
    }
    assert_int_equal(answer.count, fit);
    assert_false(answer.more);
    uint64_t exact = 0;
    for (size_t i = 0; i < answer.count; i++) {
        exact += answer.results[i].match == MATCH_EXACT;
        assert_true(i == 0 || answer.results[i].match >= answer.results[i - 1].match);
    }
    assert_int_equal(answer.held_by, exact);
    node_reader_done(w->h.node, v);
    arena_done(&arena);
    return fit;
}

static const char *const questions[] = {
    "evil.example",
    "a.evil.example",
    "devil.example",
    "good.test",
    "x.good.test",
    "192.0.0.1",
    "192.0.1.7",
    "192.0.0.0/24",
    "192.0.0.0/16",
    "192.0.1.0/28",
    "0.0.0.0/0",
    "2001:db8::1",
    "2001:db8:1::3",
    "2001:db8::/32",
    "2001:db8:1::/48",
    "::/0",
    "http://evil.example/P1",
    "u1@evil.example",
    "nobody.example",
    "10.0.0.1",
    "www.evil.example",
};
static const char *const texts[] = {
    "fancy bear",  "bear",          "emotet",     "apt28", "cve-2026-1234", "loader bank",       "stage",
    "multi-stage", "gro\303\237er", "b\xc3\xa4r", "c2",    "nothing",       "loader loader bank"};
static const char *const starts[] = {
    "evil",    "e",        "192.0.",    "http://e", "a.evil.exampl", "b.a.evil.example", "emo",
    "fancy b", "cve-2026", "2001:db8:", "zz"};

/* For every account and question. */
static void search_is_a_scan(void **state)
{
    (void)state;
    size_t fit = 0;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct world w;
        make_world(&w, seed);
        for (size_t a = 0; a < ARRAY_LEN(w.accounts); a++) {
            for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
                struct oracle o = {.text = questions[i], .kind = value_detect(text_of(questions[i]))};
                fit += compare(&w, questions[i], &o, &w.accounts[a]);
            }
            for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                struct oracle o = {.text = texts[i]};
                fit += compare(&w, texts[i], &o, &w.accounts[a]);
            }
            for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
                char typed[100];
                struct oracle o = {.text = starts[i], .prefix = true};
                snprintf(typed, sizeof typed, "%s*", starts[i]);
                fit += compare(&w, typed, &o, &w.accounts[a]);
            }
        }
        house_close(&w.h);
    }
    assert_true(fit > 3000); /* else it compares nothing */
}

/* ---- what a text is taken for ---- */

static void expect_taken(struct world *w, const char *typed, const char *as, const char *value)
{
    const struct search_question q = {.text = text_of(typed), .account = w->h.account, .now_us = clock_now_us()};
    struct search_answer a;
    struct arena arena;
    struct view *v;
    arena_init(&arena, 64 * MIB);
    assert_ok(node_reader(w->h.node, &v, NULL));
    assert_ok(search_ask(w->h.node, v, &q, &arena, &a, NULL));
    assert_string_equal(search_kind_name(&a), as);
    if (value)
        assert_true(text_eq(a.value, text_of(value)));
    node_reader_done(w->h.node, v);
    arena_done(&arena);
}

static void taken_for(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"Evil.Example", "domain", "evil.example"},
        {"evil[.]example", "domain", "evil.example"},
        {" 'evil(dot)example' ", "domain", "evil.example"},
        {"hxxps[://]evil[.]example/X", "url", "https://evil.example/X"},
        {"<hXXp://evil.example>", "url", "http://evil.example/"},
        {"a[at]evil[.]example", "email", "a@evil.example"},
        {"192[.]0[.]2[.]1", "ipv4", "192.0.2.1"},
        {"192.0.2.1/24", "cidr", "192.0.2.0/24"},
        {"2001:DB8::1", "ipv6", "2001:db8::1"},
        {"D41D8CD98F00B204E9800998ECF8427E", "md5", "d41d8cd98f00b204e9800998ecf8427e"},
        {"evil*", "prefix", "evil"},
        {"evil***", "prefix", "evil"},
        {"F-12", "finding", NULL},
        {"malware--00000000-0000-4000-8000-000000000001", "identifier", NULL},
        {"Fancy  Bear", "text", "fancy  bear"},
        {"*", "text", "*"},
        {"", "text", ""},
        {"\"", "text", "\""},
        {"a AND b OR NEAR(c) -d ^e {f} col:g \"unclosed", "text", NULL},
        {"'; DROP TABLE posting; --", "text", NULL},
        {"%_\\%", "text", NULL},
        {"\xff\xfe\x80", "text", NULL},
        {"\xc3", "text", NULL},
    };
    struct world w = {.state = 1};
    house_open(&w.h);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        expect_taken(&w, cases[i][0], cases[i][1], cases[i][2]);
    static char longest[100000];
    for (size_t i = 0; i + 1 < sizeof longest; i++)
        longest[i] = "abcdefg h.[]*\xc3\x9f"[i % 15];
    expect_taken(&w, longest, "text", NULL);
    house_close(&w.h);
}

/* A limit is kept, and that there is more is said; a value of many is counted. */
static void limited_and_counted(void **state)
{
    (void)state;
    struct world w = {.state = 1};
    static char bundle[60000];
    struct search_answer a;
    struct arena arena;
    struct view *v;
    house_open(&w.h);
    for (unsigned part = 0; part < 4; part++) {
        size_t len = 0;
        for (unsigned i = 0; i < 40; i++)
            len += (size_t)snprintf(
                bundle + len, sizeof bundle - len, "%s%s", i ? "," : "",
                house_indicator(part * 40 + i, "2026-01-02T00:00:00.000Z", ",\"name\":\"10.0.0.1\""));
        (void)house_import(&w.h, house_bundle("%s", bundle), NULL);
    }
    arena_init(&arena, 64 * MIB);
    assert_ok(node_reader(w.h.node, &v, NULL));
    struct search_question q = {
        .text = TEXT("10.0.0.1"), .account = w.h.account, .now_us = clock_now_us(), .limit = 7};
    assert_ok(search_ask(w.h.node, v, &q, &arena, &a, NULL));
    assert_int_equal(a.count, 7);
    assert_true(a.more);
    assert_int_equal(a.held_by, 160);
    for (size_t i = 1; i < a.count; i++)
        assert_true(a.results[i].n < a.results[i - 1].n);
    struct search_shared *shared;
    size_t count;
    struct buffer body;
    struct version_row row;
    assert_true(house_current(&w.h, house_indicator_id(3), &row, &body));
    assert_ok(
        search_shared(w.h.node, v, &w.h.account, q.now_us, row.n, buffer_text(&body), &arena, &shared, &count, NULL));
    assert_int_equal(count, 1);
    assert_int_equal(shared[0].others, 159);
    assert_int_equal(shared[0].count, 0); /* not a lead */
    buffer_done(&body);
    node_reader_done(w.h.node, v);
    arena_done(&arena);
    house_close(&w.h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search_is_a_scan),
        cmocka_unit_test(taken_for),
        cmocka_unit_test(limited_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
