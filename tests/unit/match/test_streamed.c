/* Whole patterns over a stream of events, against what the evaluator says of all events at once: seeded logs and
 * patterns. And single cases: what is bound, what falls out, what is not looked for. */
#include "base/limits.h"
#include "match/observe_line.h"
#include "match/scan.h"
#include "match/streamed.h"
#include "match/triggers.h"
#include "support/test.h"

#define NOW_US   ((int64_t)1795305600 * 1000000)
#define START_S  1769000000
#define LINES    60
#define PATTERNS 12
#define ROUNDS   60

static uint64_t seed = 20261122;

static unsigned below(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

/* ---- a small world ---- */

static const char *const names[] = {"evil.example", "bad.example", "www.evil.example", "good.example"};
static const char *const addresses[] = {"203.0.113.9", "203.0.113.77", "198.51.100.1", "2001:db8:ffff::9"};
static const char *const clients[] = {"10.1.2.3", "10.1.2.4"};
static const char *const hashes[] = {"d41d8cd98f00b204e9800998ecf8427e", "0cc175b9c0f1b6a831c399e269772661"};
#define ANY(list) list[below(ARRAY_LEN(list))]

static void make_line(unsigned second, struct buffer *out)
{
    unsigned ms = below(1000);
    switch (below(6)) {
    case 0:
        buffer_addf(out, "%u.%03u    250 %s TCP_MISS/200 1 GET http://%s/%s - HIER_DIRECT/%s text/html",
                    START_S + second, ms, ANY(clients), ANY(names), below(2) ? "a" : "b", ANY(addresses));
        break;
    case 1:
        buffer_addf(out, "%u.%06u\tCaaaaaaaaaaaaaaaaa\t%s\t%u\t%s\t%u\ttcp\tssl", START_S + second, ms * 1000,
                    ANY(clients), 1024 + below(9), ANY(addresses), below(2) ? 443u : 80u);
        break;
    case 2:
        buffer_addf(
            out,
            "{\"timestamp\":\"2026-01-21T12:%02u:%02u.%03u+0000\",\"event_type\":\"dns\",\"src_ip\":\"%s\","
            "\"src_port\":%u,\"dest_ip\":\"10.0.0.53\",\"dest_port\":53,\"dns\":{\"version\":2,\"rrname\":\"%s\","
            "\"answers\":[{\"rdata\":\"%s\"}]}}",
            53 + (20 + second) / 60, (20 + second) % 60, ms, ANY(clients), 1024 + below(9), ANY(names),
            ANY(addresses));
        break;
    case 3:
        buffer_addf(out,
                    "{\"ts\":%u.%03u,\"fuid\":\"F1\",\"tx_hosts\":[\"%s\"],\"rx_hosts\":[\"%s\"],\"filename\":\"%s\","
                    "\"md5\":\"%s\"}",
                    START_S + second, ms, ANY(addresses), ANY(clients), below(2) ? "a.exe" : "b.doc", ANY(hashes));
        break;
    case 4:
        buffer_addf(out,
                    "{\"ts\":%u.%03u,\"uid\":\"C1\",\"id.orig_h\":\"%s\",\"id.resp_h\":\"%s\",\"mailfrom\":\"<boss@%"
                    "s>\",\"rcptto\":[\"clerk@ministry.example\"]}",
                    START_S + second, ms, ANY(addresses), ANY(clients), ANY(names));
        break;
    default: buffer_addf(out, "no event %s %s", ANY(names), ANY(addresses));
    }
}

static void make_comparison(struct buffer *out)
{
    switch (below(9)) {
    case 8: buffer_addf(out, "file:name = '%s'", below(2) ? "a.exe" : "b.doc"); break;
    case 0: buffer_addf(out, "domain-name:value = '%s'", ANY(names)); break;
    case 1: buffer_addf(out, "domain-name:value IN ('%s', '%s')", ANY(names), ANY(names)); break;
    case 2: buffer_addf(out, "network-traffic:dst_ref.value = '%s'", ANY(addresses)); break;
    case 3: buffer_addf(out, "ipv4-addr:value ISSUBSET '203.0.113.0/%u'", 24 + below(8)); break;
    case 4: buffer_addf(out, "url:value = 'http://%s/a'", ANY(names)); break;
    case 5: buffer_addf(out, "file:hashes.MD5 = '%s'", ANY(hashes)); break;
    case 6: buffer_addf(out, "email-addr:value = 'boss@%s'", ANY(names)); break;
    default: buffer_addf(out, "ipv4-addr:value = '%s'", ANY(clients));
    }
}

/* Expressions of one object type with what names no value of its own. */
static void make_narrow(struct buffer *out)
{
    switch (below(4)) {
    case 0:
        buffer_addf(out, "[network-traffic:dst_ref.value = '%s' AND network-traffic:dst_port = 443]", ANY(addresses));
        break;
    case 1: buffer_addf(out, "[file:hashes.MD5 = '%s' AND file:name LIKE '%%.exe']", ANY(hashes)); break;
    case 2: buffer_addf(out, "[ipv4-addr:value = '%s' AND ipv4-addr:value MATCHES '^203']", ANY(addresses)); break;
    default: buffer_addf(out, "[url:value LIKE 'http%%' AND url:value = 'http://%s/a']", ANY(names));
    }
}

static void make_pattern(struct buffer *out, unsigned depth)
{
    static const char *const joints[] = {" AND ", " FOLLOWEDBY ", " OR ", " FOLLOWEDBY "};
    if (depth == 0 || below(4) == 0) {
        struct buffer one;
        buffer_init(&one, 4096);
        if (below(3) == 0) {
            make_narrow(&one);
        } else {
            buffer_add_char(&one, '[');
            make_comparison(&one);
            if (below(3) == 0) {
                buffer_add(&one, TEXT(" OR "));
                make_comparison(&one);
            }
            buffer_add_char(&one, ']');
        }
        buffer_add(out, buffer_text(&one));
        buffer_done(&one);
        if (below(4) == 0)
            buffer_addf(out, " REPEATS %u TIMES", 2 + below(2));
        return;
    }
    buffer_add_char(out, '(');
    make_pattern(out, depth - 1);
    buffer_add(out, text_of(ANY(joints)));
    make_pattern(out, depth - 1);
    buffer_add_char(out, ')');
    if (below(2))
        buffer_addf(out, " WITHIN %u SECONDS", 1 + below(10));
    else if (below(6) == 0)
        buffer_add(out, TEXT(" START t'2026-01-21T12:53:30Z' STOP t'2026-01-21T12:53:50Z'"));
}

/* ---- both ways ---- */

struct world {
    struct text lines[LINES];
    struct buffer text, all, observed[LINES]; /* all: every event in one document */
    struct buffer patterns[PATTERNS];
    struct streamed *s;
    struct scanner *scanner;
    unsigned told[PATTERNS];
};

static void observe_all(struct world *w)
{
    buffer_add_char(&w->all, '[');
    for (size_t i = 0; i < LINES; i++) {
        struct logline e;
        buffer_init(&w->observed[i], 1 * MIB);
        if (logline_read(NULL, w->lines[i], NOW_US, &e))
            continue;
        if (observe_line(&e, i, &w->observed[i])) {
            if (w->all.len > 1)
                buffer_add_char(&w->all, ',');
            buffer_add(&w->all, buffer_text(&w->observed[i]));
        }
        logline_done(&e);
    }
    buffer_add_char(&w->all, ']');
}

static enum pattern_answer answer_of(struct text pattern, struct text document)
{
    struct arena arena;
    struct observed *o;
    struct pattern_node *tree;
    struct pattern_match m;
    arena_init(&arena, 64 * MIB);
    assert_ok(observed_read(document, NULL, NULL, &o, NULL));
    assert_ok(pattern_parse(pattern, &arena, &tree, NULL));
    assert_ok(pattern_evaluate(tree, o, &arena, &m, NULL));
    observed_free(o);
    arena_done(&arena);
    return m.answer;
}

/* What is said to make a pattern true does so, alone. */
static enum err check_match(void *self, const struct streamed_match *m)
{
    struct world *w = self;
    struct buffer some;
    buffer_init(&some, 16 * MIB);
    buffer_add_char(&some, '[');
    for (size_t i = 0; i < m->count; i++) {
        if (i)
            buffer_add_char(&some, ',');
        buffer_add(&some, buffer_text(&w->observed[m->bound[i]->line]));
        assert_true(i == 0 || m->bound[i]->time_us >= m->bound[i - 1]->time_us);
    }
    buffer_add_char(&some, ']');
    assert_int_equal(answer_of(buffer_text(&w->patterns[m->number]), buffer_text(&some)), PATTERN_YES);
    buffer_done(&some);
    w->told[m->number]++;
    return OK;
}

static void offer_line(struct world *w, size_t i)
{
    const struct index *index = streamed_index(w->s);
    const struct scan_hit *hits;
    size_t count;
    struct logline e;
    assert_ok(scan_line(w->scanner, &index, 1, w->lines[i], &hits, &count));
    if (!count || !w->observed[i].len || logline_read(NULL, w->lines[i], NOW_US, &e))
        return;
    struct streamed_event event = {
        .file = TEXT("log"), .line = i, .time_us = e.time_us, .observed = buffer_text(&w->observed[i])};
    logline_done(&e);
    for (size_t h = 0; h < count; h++)
        assert_ok(streamed_offer(w->s, hits[h].ref & ~STREAMED_REF, &event, check_match, w));
}

static void one_round(unsigned *yes, unsigned *no)
{
    static struct world w;
    w = (struct world){0};
    buffer_init(&w.text, 1 * MIB);
    buffer_init(&w.all, 16 * MIB);
    size_t starts[LINES + 1];
    for (unsigned i = 0; i < LINES; i++) {
        starts[i] = w.text.len;
        make_line(i / 2 + below(3), &w.text); /* not in the order of their times */
    }
    starts[LINES] = w.text.len;
    for (size_t i = 0; i < LINES; i++)
        w.lines[i] = text_sub(buffer_text(&w.text), starts[i], starts[i + 1] - starts[i]);
    observe_all(&w);
    assert_ok(streamed_new(&w.s));
    assert_ok(scanner_new(&w.scanner));
    for (unsigned i = 0; i < PATTERNS; i++) {
        const char *why;
        uint32_t number;
        buffer_init(&w.patterns[i], 64 * KIB);
        make_pattern(&w.patterns[i], 1 + below(2));
        assert_ok(streamed_add(w.s, buffer_text(&w.patterns[i]), &number, &why));
        if (why)
            fail_msg("%s: " TEXT_FMT, why, TEXT_ARG(buffer_text(&w.patterns[i])));
        assert_int_equal(number, i);
    }
    assert_ok(streamed_build(w.s));
    for (size_t i = 0; i < LINES; i++)
        offer_line(&w, i);
    for (unsigned i = 0; i < PATTERNS; i++) {
        enum pattern_answer answer = answer_of(buffer_text(&w.patterns[i]), buffer_text(&w.all));
        if ((answer == PATTERN_YES) != (w.told[i] > 0))
            fail_msg("over everything %s, streamed %u times: " TEXT_FMT "\n" TEXT_FMT,
                     answer == PATTERN_YES ? "yes" : "no", w.told[i], TEXT_ARG(buffer_text(&w.patterns[i])),
                     TEXT_ARG(buffer_text(&w.all)));
        *(answer == PATTERN_YES ? yes : no) += 1;
        buffer_done(&w.patterns[i]);
    }
    assert_int_equal(streamed_losses(w.s).fell_out, 0);
    for (size_t i = 0; i < LINES; i++)
        buffer_done(&w.observed[i]);
    streamed_free(w.s);
    scanner_free(w.scanner);
    buffer_done(&w.text);
    buffer_done(&w.all);
}

static void as_over_everything(void **state)
{
    (void)state;
    unsigned yes = 0, no = 0;
    for (unsigned i = 0; i < ROUNDS; i++)
        one_round(&yes, &no);
    print_message("# %u true, %u not\n", yes, no);
    assert_true(yes > ROUNDS && no > ROUNDS);
}

/* ---- single cases ---- */

static void not_looked_for_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        bool looked_for;
    } asked[] = {
        {"[domain-name:value = 'a.example'] AND [ipv4-addr:value = '192.0.2.1']", true},
        {"[network-traffic:dst_port = 443]", false},
        {"[domain-name:value = 'a.example'] FOLLOWEDBY [network-traffic:dst_port = 443]", false},
        {"[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443]", true},
        {"[network-traffic:dst_ref.value = '192.0.2.1' OR network-traffic:dst_port = 443]", false},
        {"[ipv4-addr:value ISSUBSET '10.0.0.0/8'] AND [domain-name:value = 'a.example']", false},
        {"[domain-name:value != 'a.example']", false},
        {"[NOT domain-name:value = 'a.example']", false},
        {"[domain-name:value LIKE '%.example'] AND [url:value = 'http://a.example/x']", false},
        {"[url:value = 'http://a.example/x'] REPEATS 2 TIMES", true},
        {"[email-message:from_ref.value = 'a@b.example' AND email-message:subject LIKE '%invoice%']", true},
        {"[file:name = 'x.exe'", false},
    };
    struct streamed *s;
    size_t looked_for = 0;
    assert_ok(streamed_new(&s));
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        const char *why;
        uint32_t number;
        assert_ok(streamed_add(s, text_of(asked[i].pattern), &number, &why));
        if ((why == NULL) != asked[i].looked_for)
            fail_msg("%s: %s", asked[i].pattern, why ? why : "looked for");
        looked_for += asked[i].looked_for;
    }
    assert_int_equal(streamed_count(s), looked_for);
    streamed_free(s);
}

static enum err count_match(void *self, const struct streamed_match *m)
{
    unsigned *told = self;
    assert_int_equal(m->count, 2);
    ++*told;
    return OK;
}

static void offer_domain(struct streamed *s, const char *name, int64_t at_s, unsigned *told)
{
    char line[256];
    struct logline e;
    struct buffer out;
    snprintf(line, sizeof line, "%lld.000 1 10.1.2.3 TCP_MISS/200 1 CONNECT %s:443 - HIER_NONE/- -", (long long)at_s,
             name);
    assert_ok(logline_read(NULL, text_of(line), NOW_US, &e));
    buffer_init(&out, 1 * MIB);
    assert_true(observe_line(&e, 1, &out));
    struct streamed_event event = {.time_us = e.time_us, .observed = buffer_text(&out)};
    assert_ok(streamed_offer(s, 0, &event, count_match, told));
    buffer_done(&out);
    logline_done(&e);
}

/* One event makes a pattern true once; the window is bounded, and what falls out is counted. */
static void the_window_is_bounded(void **state)
{
    (void)state;
    struct streamed *s;
    const char *why;
    uint32_t number;
    unsigned told = 0;
    assert_ok(streamed_new(&s));
    assert_ok(streamed_add(s, TEXT("[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']"),
                           &number, &why));
    assert_null(why);
    assert_ok(streamed_build(s));
    offer_domain(s, "b.example", START_S, &told);
    offer_domain(s, "a.example", START_S + 1, &told);
    assert_int_equal(told, 0); /* the wrong way round */
    offer_domain(s, "b.example", START_S + 2, &told);
    assert_int_equal(told, 1);
    offer_domain(s, "b.example", START_S + 3, &told);
    assert_int_equal(told, 1); /* what was told of counts no more */
    offer_domain(s, "other.example", START_S + 3, &told);
    for (int i = 0; i < STREAMED_WINDOW_MAX + 8; i++)
        offer_domain(s, "a.example", START_S + 10 + i, &told);
    assert_int_equal(streamed_losses(s).fell_out, 10);
    assert_int_equal(told, 1);
    offer_domain(s, "b.example", START_S + 9000, &told);
    assert_int_equal(told, 2);
    streamed_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_over_everything), cmocka_unit_test(not_looked_for_is_said),
                                       cmocka_unit_test(the_window_is_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
