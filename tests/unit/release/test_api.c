/* The HTTP API as a way out: every combination of who asks, for what, with which token. */
#include "support/test.h"

#include <stdio.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permission_is_default_deny),
        cmocka_unit_test(kept_permissions_end),
        cmocka_unit_test(lines_become_json),
        cmocka_unit_test(what_is_not_permitted_does_not_leave),
        cmocka_unit_test(problems),
        cmocka_unit_test(events),
    };
    return cmocka_run_group_tests_name("release_api", tests, NULL, NULL);
}
