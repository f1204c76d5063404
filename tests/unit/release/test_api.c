/* The HTTP API as a way out: every combination of who asks, for what, with which token. */
#include "support/test.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/limits.h"
#include "release/api.h"

static const struct uuid ME = {{0x11}}, OTHER = {{0x22}}, NOBODY;

static struct recipient account_of(enum role role)
{
    return (struct recipient){.kind = RECIPIENT_OWN_ACCOUNT, .account = ME, .role = role, .ceiling = TLP_RED};
}

static enum err asked(const struct recipient *r, enum role least, bool scope, bool exercise)
{
    const struct api_question q = {r, least, scope, exercise};
    struct api_permit *p = NULL;
    const char *why = NULL;
    enum err e = api_permit(&q, &p, &why);
    assert_true((e == OK) == (p != NULL));
    assert_true((e == ERR_DENIED) == (why != NULL));
    if (p) {
        assert_true(uuid_eq(api_permit_account(p), &r->account));
        assert_int_equal(api_permit_role(p), r->role);
    }
    api_permit_free(p);
    return e;
}

/* Told once more here, as docs/API.md has it: nothing but what is written down is permitted. */
static bool expected(const struct recipient *r, enum role least, bool scope, bool exercise)
{
    return r->kind == RECIPIENT_OWN_ACCOUNT && !r->expelled && uuid_eq(&r->party, &NOBODY) &&
           !uuid_eq(&r->account, &NOBODY) && r->role != ROLE_NONE && least != ROLE_NONE && r->role >= least &&
           scope && r->exercise == exercise;
}

static void permission_is_default_deny(void **state)
{
    (void)state;
    size_t permitted = 0;
    assert_err(asked(NULL, ROLE_READER, true, false), ERR_DENIED);
    for (unsigned bits = 0; bits < 1u << 6; bits++)
        for (int kind = 0; kind <= RECIPIENT_AUTHORITY; kind++)
            for (int role = 0; role <= ROLE_ADMINISTRATOR; role++)
                for (int least = 0; least <= ROLE_ADMINISTRATOR; least++) {
                    struct recipient r = account_of((enum role)role);
                    r.kind = (enum recipient_kind)kind;
                    r.account = bits & 1 ? NOBODY : ME;
                    r.party = bits & 2 ? OTHER : NOBODY;
                    r.expelled = bits & 4;
                    r.exercise = bits & 8;
                    bool right = expected(&r, (enum role)least, bits & 16, bits & 32);
                    assert_int_equal(asked(&r, (enum role)least, bits & 16, bits & 32), right ? OK : ERR_DENIED);
                    permitted += right;
                }
    assert_int_equal(permitted, 2 * (1 + 2 + 3 + 4)); /* two spaces; each role for those up to its own */
}

static struct api_permit *permit(enum role role)
{
    const struct recipient r = account_of(role);
    const struct api_question q = {&r, ROLE_READER, true, false};
    struct api_permit *p = NULL;
    assert_ok(api_permit(&q, &p, NULL));
    return p;
}

/* A permission that was kept: another account, a lesser role or a partner's machine ends it. */
static void kept_permissions_end(void **state)
{
    (void)state;
    struct api_permit *p = permit(ROLE_RELEASER);
    struct recipient now = account_of(ROLE_RELEASER);
    assert_true(api_permit_same(p, &now));
    now.role = ROLE_ADMINISTRATOR;
    assert_true(api_permit_same(p, &now));
    now.role = ROLE_ANALYST;
    assert_false(api_permit_same(p, &now));
    now = account_of(ROLE_RELEASER);
    now.account = OTHER;
    assert_false(api_permit_same(p, &now));
    now = account_of(ROLE_RELEASER);
    now.expelled = true;
    assert_false(api_permit_same(p, &now));
    now = account_of(ROLE_RELEASER);
    now.kind = RECIPIENT_PARTNER;
    assert_false(api_permit_same(p, &now));
    api_permit_free(p);
}

static void check_body(const struct api_answer *a, const char *wanted)
{
    struct api_permit *p = permit(ROLE_READER);
    struct outbound *o = NULL;
    assert_ok(outbound_api(p, a, &o));
    assert_int_equal(outbound_status(o), a->status);
    assert_text(outbound_body(o), wanted);
    assert_text(outbound_media_type(o), a->form == API_FILE ? a->media_type.ptr : "application/json");
    bool kept = true;
    for (size_t i = 0; i < outbound_header_count(o); i++) {
        struct text name, value;
        outbound_header(o, i, &name, &value);
        kept = kept && !(text_eq(name, TEXT("Cache-Control")) && text_eq(value, TEXT("no-store")));
    }
    assert_false(kept);
    outbound_free(o);
    api_permit_free(p);
}

static void lines_become_json(void **state)
{
    (void)state;
    check_body(&(struct api_answer){API_LINES, 200, TEXT_NONE, TEXT("{\"a\":1}\n{\"b\":2}\n")},
               "[{\"a\":1},{\"b\":2}]");
    check_body(&(struct api_answer){API_LINES, 200, TEXT_NONE, TEXT("{\"a\":1}\n")}, "[{\"a\":1}]");
    check_body(&(struct api_answer){API_LINES, 200, TEXT_NONE, TEXT("")}, "[]");
    check_body(&(struct api_answer){API_OBJECT, 201, TEXT_NONE, TEXT("{\"a\":1}\n")}, "{\"a\":1}");
    check_body(&(struct api_answer){API_OBJECT, 200, TEXT_NONE, TEXT("")}, "{}");
    check_body(&(struct api_answer){API_OBJECT, 200, TEXT_NONE, TEXT("{\"a\":1}\n{}\n")}, "[{\"a\":1},{}]");
    check_body(&(struct api_answer){API_OBJECT, 200, TEXT_NONE, TEXT("done \"so\"\n")},
               "{\"words\":\"done \\\"so\\\"\"}");
    /* what only looks like JSON cannot break out of the array */
    check_body(&(struct api_answer){API_LINES, 200, TEXT_NONE, TEXT("{\"a\":1},{\n[1]\n\xff\n")},
               "[{\"words\":\"{\\\"a\\\":1},{\"},{\"words\":\"[1]\"},{\"words\":\"(no UTF-8)\"}]");
    check_body(&(struct api_answer){API_FILE, 200, TEXT("text/csv; charset=utf-8"), TEXT("a,b\n")}, "a,b\n");
}

static void what_is_not_permitted_does_not_leave(void **state)
{
    (void)state;
    struct api_permit *p = permit(ROLE_READER);
    struct outbound *o = NULL;
    const struct api_answer fine = {API_LINES, 200, TEXT_NONE, TEXT("{}\n")};
    struct api_answer a = fine;
    assert_err(outbound_api(NULL, &a, &o), ERR_DENIED);
    a.status = 404;
    assert_err(outbound_api(p, &a, &o), ERR_DENIED);
    a = (struct api_answer){API_FILE, 200, TEXT("text/html"), TEXT("<script>")};
    assert_err(outbound_api(p, &a, &o), ERR_DENIED);
    struct api_problem problem = {.status = 404, .title = "Not found", .exit_code = -1};
    assert_err(outbound_api_problem(NULL, &problem, &o), ERR_DENIED);
    problem.status = 200;
    assert_err(outbound_api_problem(p, &problem, &o), ERR_DENIED);
    assert_null(o);
    api_permit_free(p);
}

static void problems(void **state)
{
    (void)state;
    struct api_permit *p = permit(ROLE_READER);
    struct outbound *o = NULL;
    const struct api_problem problem = {.status = 422,
                                        .title = "Refused",
                                        .detail = TEXT("line 3: \"no\""),
                                        .said = TEXT("{\"acked\":2}\n"),
                                        .exit_code = 65,
                                        .retry_after_s = 7};
    assert_ok(outbound_api_problem(p, &problem, &o));
    assert_text(outbound_media_type(o), "application/problem+json");
    assert_text(outbound_body(o),
                "{\"title\":\"Refused\",\"status\":422,\"detail\":\"line 3: \\\"no\\\"\",\"exit\":65,"
                "\"lines\":[{\"acked\":2}]}");
    outbound_free(o);
    api_permit_free(p);
}

static void events(void **state)
{
    (void)state;
    struct api_permit *reader = permit(ROLE_READER), *admin = permit(ROLE_ADMINISTRATOR);
    struct outbound *o = NULL;
    struct api_event e = {.kind = API_EVENT_FINDING, .n = 7, .id = TEXT("x--1"), .type = TEXT("a\nid: 9")};
    assert_err(outbound_api_stream(NULL, &o), ERR_DENIED);
    assert_err(outbound_api_events(NULL, &e, 1, &o), ERR_DENIED);
    assert_ok(outbound_api_events(reader, &e, 1, &o));
    assert_text(outbound_body(o), "id: 7\nevent: finding\ndata: {\"n\":7,\"at\":\"1970-01-01T00:00:00.000000Z\","
                                  "\"id\":\"x--1\",\"type\":\"a\\nid: 9\"}\n\n");
    outbound_free(o);
    o = NULL;
    e.kind = API_EVENT_ACT;
    assert_err(outbound_api_events(reader, &e, 1, &o), ERR_DENIED);
    assert_null(o);
    assert_ok(outbound_api_events(admin, &e, 1, &o));
    outbound_free(o);
    assert_ok(outbound_api_events(reader, NULL, 0, &o));
    assert_text(outbound_body(o), ":\n\n");
    outbound_free(o);
    api_permit_free(reader);
    api_permit_free(admin);
}

/* ---- the page ---- */

static struct outbound *page_of(enum role role, const char *overview)
{
    struct api_permit *p = permit(role);
    struct outbound *o = NULL;
    assert_ok(outbound_api_page(p, text_of(overview), &o));
    assert_int_equal(outbound_status(o), 200);
    assert_text(outbound_media_type(o), "text/html; charset=utf-8");
    api_permit_free(p);
    return o;
}

static bool shows(const struct outbound *o, const char *words)
{
    return text_find_text(outbound_body(o), text_of(words)) >= 0;
}

static size_t times(const struct outbound *o, const char *words)
{
    size_t count = 0;
    struct text rest = outbound_body(o);
    for (ptrdiff_t at; (at = text_find_text(rest, text_of(words))) >= 0; count++)
        rest = text_sub(rest, (size_t)at + 1, rest.len);
    return count;
}

/* No permission, no page; what is no overview is none either. */
static void the_page_wants_a_permission(void **state)
{
    (void)state;
    struct api_permit *p = permit(ROLE_READER);
    struct outbound *o = NULL;
    assert_err(outbound_api_page(NULL, TEXT("{}"), &o), ERR_DENIED);
    assert_err(outbound_api_page(p, TEXT("[]"), &o), ERR_MALFORMED);
    assert_err(outbound_api_page(p, TEXT("{"), &o), ERR_MALFORMED);
    assert_null(o);
    api_permit_free(p);
    outbound_free(page_of(ROLE_READER, "{}"));
}

/* What the tables do not name is not shown; what may be missing is left out. */
static void the_page_shows_what_it_names(void **state)
{
    (void)state;
    struct outbound *o =
        page_of(ROLE_READER, "{\"now\":\"2026-11-22T13:20:01.5Z\",\"account\":\"ann\",\"role\":\"reader\","
                             "\"secret\":\"s3cr3t\",\"status\":{\"name\":\"N\",\"space\":\"real\","
                             "\"home\":\"/srv/home\",\"objects\":1234567,\"quarantined\":1,"
                             "\"unmarked\":2}}");
    assert_true(shows(o, "2026-11-22 13:20:01Z") && shows(o, "1,234,567") && shows(o, "<bdi>ann</bdi> (reader)"));
    assert_true(shows(o, "<strong>1</strong> object is in quarantine"));
    assert_true(shows(o, "<strong>2</strong> objects stay here"));
    assert_false(shows(o, "s3cr3t") || shows(o, "/srv/home") || shows(o, "EXERCISE") || shows(o, "Partners"));
    outbound_free(o);
    o = page_of(ROLE_READER,
                "{\"status\":{\"name\":\"N\",\"space\":\"Locked <Shields>\"},\"peers\":[],\"sources\":[]}");
    assert_true(shows(o, "EXERCISE \xE2\x80\x9C<bdi>Locked &lt;Shields&gt;</bdi>") && shows(o, "Nothing waits."));
    assert_true(shows(o, "No partners yet.") && shows(o, "No sources yet."));
    outbound_free(o);
}

/* What fails is counted, and stands first. */
static void what_fails_stands_first(void **state)
{
    (void)state;
    struct outbound *o = page_of(
        ROLE_READER, "{\"peers\":[{\"peer\":\"Good\",\"state\":\"ok\",\"last\":\"2026-11-22 13:20:01Z\"},"
                     "{\"peer\":\"Bad\",\"state\":\"no route\",\"last\":\"2026-11-22 13:20:02Z\"},"
                     "{\"peer\":\"Gone\",\"state\":\"expelled\",\"expelled\":true,\"last\":\"-\"},"
                     "{\"peer\":\"Quiet\",\"state\":\"-\",\"last\":\"-\",\"url\":\"\"},7,{}],"
                     "\"sources\":[{\"source\":\"S\",\"kind\":\"\",\"last\":null},"
                     "{\"source\":\"F\",\"kind\":\"url\",\"last\":{\"state\":\"malformed\",\"words\":\"no JSON\","
                     "\"at\":\"2026-11-22T13:20:03Z\"}}]}");
    assert_true(shows(o, "<strong>1</strong> partner fails") && shows(o, "<strong>1</strong> source fails"));
    struct text body = outbound_body(o);
    assert_true(text_find_text(body, TEXT("<bdi>Bad</bdi>")) < text_find_text(body, TEXT("<bdi>Good</bdi>")));
    assert_true(text_find_text(body, TEXT("<bdi>F</bdi>")) < text_find_text(body, TEXT("<bdi>S</bdi>")));
    assert_true(shows(o, "fails: <bdi>no route</bdi>") && shows(o, "fails: <bdi>no JSON</bdi>"));
    assert_true(shows(o, "<bdi>takes from us only</bdi>") && shows(o, "<bdi>by hand</bdi>"));
    outbound_free(o);
}

/* Whatever a partner or a source is called: no element, no attribute, no script, and nothing that moves what stands
 * beside it. */
static void hostile_names_are_words(void **state)
{
    (void)state;
    static const char *const names[] = {"<script>alert(1)</script>",
                                        "\\\" onmouseover=\\\"x",
                                        "' onclick='x",
                                        "</table></style><style>*{}",
                                        "<!--",
                                        "&lt;b&gt;",
                                        "a\\u0000b\\u001bc\\u0085d",
                                        "\\u202egnp.exe\\u2066",
                                        "`${x}`",
                                        "]]><img src=x>",
                                        "\\ufffe\\ufeff"};
    struct outbound *plain =
        page_of(ROLE_READER, "{\"status\":{\"name\":\"N\",\"space\":\"E\"},\"peers\":[{\"peer\":\"P\","
                             "\"state\":\"S\"}],\"sources\":[]}");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char overview[1000];
        snprintf(overview, sizeof overview,
                 "{\"status\":{\"name\":\"%s\",\"space\":\"%s\",\"version\":\"%s\",\"sandbox\":\"%s\"},"
                 "\"peers\":[{\"peer\":\"%s\",\"state\":\"%s\"}],\"sources\":[],\"now\":\"%s\",\"role\":\"%s\"}",
                 names[i], names[i], names[i], names[i], names[i], names[i], names[i], names[i]);
        struct outbound *o = page_of(ROLE_READER, overview);
        assert_int_equal(times(o, "<"), times(plain, "<"));
        assert_int_equal(times(o, "\""), times(plain, "\""));
        assert_int_equal(times(o, "'"), times(plain, "'"));
        struct text body = outbound_body(o);
        assert_true(text_is_utf8(body));
        for (size_t k = 0; k < body.len; k++)
            assert_true((uint8_t)body.ptr[k] >= 0x20 || body.ptr[k] == '\n');
        assert_false(shows(o, "\x7f") || shows(o, "\xC2\x85") || shows(o, "\xE2\x80\xAE") ||
                     shows(o, "\xE2\x81\xA6") || shows(o, "\xEF\xBB\xBF") || shows(o, "\xEF\xBF\xBE"));
        outbound_free(o);
    }
    outbound_free(plain);
}

/* Its own style, by hash, and nothing else: of this page, the welcome and what is refused. */
static void pages_have_a_policy(void **state)
{
    (void)state;
    const struct page_field welcome[] = {{"name", FIELD_TEXT, TEXT("N"), 0},
                                         {"version", FIELD_TEXT, TEXT("1"), 0},
                                         {"uptime_s", FIELD_NUMBER, TEXT_NONE, 1}},
                            refusal[] = {{"title", FIELD_TEXT, TEXT("No"), 0}, {"detail", FIELD_TEXT, TEXT("d"), 0}};
    struct outbound *o[3] = {page_of(ROLE_READER, "{}"), NULL, NULL};
    assert_ok(outbound_protocol(PAGE_WELCOME, 200, welcome, 3, NULL, 0, &o[1]));
    assert_ok(outbound_protocol(PAGE_REFUSAL, 401, refusal, 2, NULL, 0, &o[2]));
    for (size_t i = 0; i < ARRAY_LEN(o); i++) {
        struct text body = outbound_body(o[i]), policy = TEXT_NONE;
        for (size_t k = 0; k < outbound_header_count(o[i]); k++) {
            struct text name, value;
            outbound_header(o[i], k, &name, &value);
            if (text_eq(name, TEXT("Content-Security-Policy")))
                policy = value;
        }
        ptrdiff_t from = text_find_text(body, TEXT("<style>")), to = text_find_text(body, TEXT("</style>"));
        assert_true(from > 0 && to > from);
        struct sha256 hash = sha256_of(body.ptr + from + 7, (size_t)(to - from - 7));
        struct buffer b;
        buffer_init(&b, KIB);
        buffer_add(&b, TEXT("default-src 'none'; style-src 'sha256-"));
        base64_write(&b, hash.b, sizeof hash.b);
        buffer_add(&b, TEXT("'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"));
        assert_true(text_eq(policy, buffer_text(&b)));
        buffer_done(&b);
        assert_false(shows(o[i], "<script") || shows(o[i], " style=") || shows(o[i], "http:") || shows(o[i], "src="));
        assert_true(shows(o[i], "<html lang=\"en\">") && shows(o[i], "<main id=\"main\">") &&
                    times(o[i], "<h1") == 1);
        outbound_free(o[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permission_is_default_deny),
        cmocka_unit_test(kept_permissions_end),
        cmocka_unit_test(lines_become_json),
        cmocka_unit_test(what_is_not_permitted_does_not_leave),
        cmocka_unit_test(problems),
        cmocka_unit_test(events),
        cmocka_unit_test(the_page_wants_a_permission),
        cmocka_unit_test(the_page_shows_what_it_names),
        cmocka_unit_test(what_fails_stands_first),
        cmocka_unit_test(hostile_names_are_words),
        cmocka_unit_test(pages_have_a_policy),
    };
    return cmocka_run_group_tests_name("release_api", tests, NULL, NULL);
}
