/* Passwords and sessions: the right one gets in, guessing is slow, nobody is locked out, and taking back is at once.
 */
#include "support/test.h"

#include "base/time.h"
#include "store/login.h"
#include "store/password.h"
#include "store/tries.h"
#include "support/fault.h"
#include "support/scratch.h"
#include "support/tally.h"

#define SECOND ((int64_t)1000000)
#define RIGHT  "a heron on the pier"
#define HOME   "192.0.2.1"
#define AWAY   "198.51.100.7"

struct stage {
    char home[SCRATCH_PATH_MAX];
    struct local *local;
    struct logins *logins;
};

static const struct uuid anna = {{1}}, bert = {{2}}, nobody;

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    char hash[PASSWORD_HASH_MAX];
    scratch_new(s->home);
    assert_ok(local_open(s->home, true, &s->local, NULL));
    assert_ok(password_hash(TEXT(RIGHT), hash));
    assert_ok(local_password_set(s->local, &anna, text_of(hash), 1, NULL));
    assert_ok(logins_new(s->local, &s->logins));
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct stage *s = *state;
    logins_free(s->logins);
    local_close(s->local);
    scratch_remove(s->home);
    free(s);
    return 0;
}

static struct login_try try_of(const struct uuid *account, const char *password, const char *source)
{
    return (struct login_try){.name = uuid_eq(account, &anna)   ? TEXT("anna")
                                      : uuid_eq(account, &bert) ? TEXT("bert")
                                                                : TEXT("stranger"),
                              .password = text_of(password),
                              .source = text_of(source),
                              .account = *account};
}

static enum login_state in(struct stage *s, const struct uuid *account, const char *password, const char *source)
{
    struct login_answer a;
    struct login_try t = try_of(account, password, source);
    assert_ok(login_wait(s->logins, &t, &a));
    assert_true((a.state == LOGIN_LATER) == (a.wait_s > 0));
    return a.state;
}

static enum login_state at_once(struct stage *s, const struct uuid *account, const char *password, const char *source)
{
    struct login_answer a;
    struct login_try t = try_of(account, password, source);
    assert_ok(login_ask(s->logins, &t, &a));
    return a.state;
}

static void the_right_one_gets_in(void **state)
{
    struct stage *s = *state;
    assert_int_equal(at_once(s, &anna, RIGHT, HOME), LOGIN_WAITS);
    assert_int_equal(in(s, &anna, RIGHT, HOME), LOGIN_YES);
    assert_int_equal(at_once(s, &anna, RIGHT, HOME), LOGIN_YES); /* remembered */
    assert_int_equal(at_once(s, &anna, RIGHT, AWAY), LOGIN_YES);
    struct login_try t = try_of(&anna, RIGHT, AWAY);
    assert_true(login_remembered(s->logins, &t));
    t.account = bert;
    assert_false(login_remembered(s->logins, &t));
    logins_forget(s->logins, &anna);
    t.account = anna;
    assert_false(login_remembered(s->logins, &t));
    assert_int_equal(in(s, &anna, RIGHT, HOME), LOGIN_YES);
    assert_int_equal(in(s, &anna, RIGHT " ", HOME), LOGIN_NO);
    assert_int_equal(in(s, &anna, "", HOME), LOGIN_NO);
    assert_int_equal(in(s, &bert, RIGHT, HOME), LOGIN_NO); /* has none */
    assert_int_equal(in(s, &nobody, RIGHT, HOME), LOGIN_NO);
    char long_one[PASSWORD_MAX_BYTES + 2] = {0};
    memset(long_one, 'x', sizeof long_one - 1);
    assert_int_equal(in(s, &anna, long_one, HOME), LOGIN_NO);
}

/* Five slips, then it waits, and longer each time; a name that nobody has is told the same; from elsewhere the right
 * person comes in; and the right password waits, too, where guessing went on. */
static void guessing_is_slow_and_locks_nobody_out(void **state)
{
    struct stage *s = *state;
    char guess[32];
    assert_int_equal(in(s, &anna, RIGHT, HOME), LOGIN_YES);
    for (int i = 0; i < 5; i++) {
        snprintf(guess, sizeof guess, "guess number %d", i);
        assert_int_equal(in(s, &anna, guess, HOME), LOGIN_NO);
        assert_int_equal(in(s, &nobody, guess, HOME), LOGIN_NO);
    }
    assert_int_equal(at_once(s, &anna, "guess number 5", HOME), LOGIN_LATER);
    assert_int_equal(at_once(s, &nobody, "guess number 5", HOME), LOGIN_LATER);
    assert_int_equal(at_once(s, &anna, RIGHT, HOME), LOGIN_LATER);
    assert_int_equal(in(s, &anna, RIGHT, AWAY), LOGIN_YES);
    assert_int_equal(at_once(s, &bert, RIGHT, HOME), LOGIN_WAITS);
}

static void taking_back_is_at_once(void **state)
{
    struct stage *s = *state;
    char hash[PASSWORD_HASH_MAX];
    assert_int_equal(in(s, &anna, RIGHT, HOME), LOGIN_YES);
    logins_forget(s->logins, &bert);
    assert_int_equal(at_once(s, &anna, RIGHT, HOME), LOGIN_YES);
    assert_ok(password_hash(TEXT("another heron"), hash));
    assert_ok(local_password_set(s->local, &anna, text_of(hash), 2, NULL));
    logins_forget(s->logins, &anna);
    assert_int_equal(in(s, &anna, RIGHT, HOME), LOGIN_NO);
    assert_int_equal(in(s, &anna, "another heron", HOME), LOGIN_YES);
    /* while it is being hashed */
    logins_forget(s->logins, &anna);
    assert_int_equal(at_once(s, &anna, "another heron", AWAY), LOGIN_WAITS);
    logins_forget(s->logins, &anna);
    assert_int_equal(in(s, &anna, "another heron", AWAY), LOGIN_NO);
    assert_ok(local_password_drop(s->local, &anna, NULL));
    logins_forget(s->logins, &anna);
    assert_int_equal(in(s, &anna, "another heron", HOME), LOGIN_NO);
}

static int64_t time_of(struct stage *s, const struct uuid *account, int i)
{
    char guess[32], source[32];
    snprintf(guess, sizeof guess, "guess of time %d", i);
    snprintf(source, sizeof source, "203.0.113.%d", i);
    int64_t begun = clock_mono_us();
    assert_int_equal(in(s, account, guess, source), LOGIN_NO);
    return clock_mono_us() - begun;
}

/* An unknown name, one without a password and a wrong password: the best of a few takes the same time. */
static void time_tells_nothing(void **state)
{
    struct stage *s = *state;
    const struct uuid *who[] = {&anna, &bert, &nobody};
    int64_t best[3] = {INT64_MAX, INT64_MAX, INT64_MAX};
    for (int i = 0; i < 12; i++) {
        int64_t took = time_of(s, who[i % 3], i);
        best[i % 3] = took < best[i % 3] ? took : best[i % 3];
    }
    for (int i = 1; i < 3; i++)
        assert_true(best[i] * 3 > best[0] && best[0] * 3 > best[i]);
}

static void failures_are_told(void **state)
{
    struct stage *s = *state;
    struct login_failures f;
    assert_ok(login_failures(s->local, &anna, &f, NULL));
    assert_true(f.count == 0 && f.last_us == 0);
    for (int i = 0; i < 4; i++) {
        char guess[32];
        snprintf(guess, sizeof guess, "guess told %d", i);
        assert_int_equal(in(s, &anna, guess, HOME), LOGIN_NO);
        assert_int_equal(in(s, &nobody, guess, HOME), LOGIN_NO);
    }
    logins_free(s->logins);
    s->logins = NULL;
    assert_ok(login_failures(s->local, &anna, &f, NULL));
    assert_int_equal(f.count, 4);
    assert_true(f.last_us > 0);
    assert_ok(login_failures(s->local, &nobody, &f, NULL));
    assert_int_equal(f.count, 4);
}

/* ---- sessions ---- */

struct token {
    char text[64];
};

static struct token open_session(struct stage *s, const struct uuid *account)
{
    struct token t;
    struct buffer b;
    buffer_init(&b, 64);
    assert_ok(session_open(s->logins, account, &b));
    assert_int_equal(b.len, 4 + 43);
    assert_true(session_is_token(buffer_text(&b)));
    snprintf(t.text, sizeof t.text, TEXT_FMT, TEXT_ARG(buffer_text(&b)));
    buffer_done(&b);
    return t;
}

static void sessions_end(void **state)
{
    struct stage *s = *state;
    struct uuid got;
    struct token a = open_session(s, &anna), b = open_session(s, &anna), c = open_session(s, &bert);
    assert_ok(session_find(s->logins, text_of(a.text), &got));
    assert_true(uuid_eq(&got, &anna));
    assert_ok(session_close(s->logins, text_of(a.text)));
    assert_err(session_find(s->logins, text_of(a.text), &got), ERR_NOT_FOUND);
    assert_err(session_close(s->logins, text_of(a.text)), ERR_NOT_FOUND);
    assert_ok(session_find(s->logins, text_of(b.text), &got));
    logins_forget(s->logins, &anna);
    assert_err(session_find(s->logins, text_of(b.text), &got), ERR_NOT_FOUND);
    assert_ok(session_find(s->logins, text_of(c.text), &got));
    for (int i = 0; i < SESSIONS_OF_ONE_MAX + 3; i++)
        a = open_session(s, &anna);
    assert_int_equal(session_count(s->logins, &anna), SESSIONS_OF_ONE_MAX);
    assert_ok(session_find(s->logins, text_of(a.text), &got));
    for (uint8_t i = 0; i < SESSIONS_MAX / SESSIONS_OF_ONE_MAX + 2; i++)
        for (int n = 0; n < SESSIONS_OF_ONE_MAX; n++)
            open_session(s, &(struct uuid){{9, i}});
    assert_err(session_find(s->logins, text_of(c.text), &got), ERR_NOT_FOUND); /* the oldest went */
}

/* ---- waiting ---- */

static struct tries *new_tries(void)
{
    struct tries *t;
    assert_ok(tries_new(&t));
    return t;
}

static void waits_grow_and_end(void **state)
{
    static const unsigned waits[] = {0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900};
    struct tries *t = new_tries();
    int64_t now = 5 * SECOND;
    struct try_key k = try_key_of(t, TEXT("anna"), TEXT(HOME));
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        tries_failed(t, k, now);
        assert_int_equal(tries_wait_s(t, k, now), waits[i]);
        if (waits[i])
            assert_int_equal(tries_wait_s(t, k, now + SECOND / 2), waits[i]);
        assert_int_equal(tries_wait_s(t, k, now + waits[i] * SECOND), 0);
        now += waits[i] * SECOND;
    }
    assert_int_equal(tries_wait_s(t, try_key_of(t, TEXT("anna"), TEXT(AWAY)), now), 0);
    assert_false(tries_known(t, k));
    tries_succeeded(t, k, now);
    assert_int_equal(tries_wait_s(t, k, now), 0);
    assert_true(tries_known(t, k));
    for (int i = 0; i < 8; i++)
        tries_failed(t, k, now);
    assert_true(tries_wait_s(t, k, now) > 0);
    assert_int_equal(tries_wait_s(t, k, now + 3601 * SECOND), 0); /* forgotten */
    tries_failed(t, k, now + 3601 * SECOND);
    assert_int_equal(tries_wait_s(t, k, now + 3601 * SECOND), 0);
    tries_free(t);
}

/* One source that tries many names; an IPv6 network is one source; this machine is many. */
static void a_source_is_slowed(void **state)
{
    static const struct {
        const char *guesses, *then;
        bool slowed;
    } cases[] = {{HOME, HOME, true},
                 {HOME, AWAY, false},
                 {"2001:db8::1", "2001:db8::2:3", true},
                 {"2001:db8::1", "2001:db8:0:1::1", false},
                 {"127.0.0.1", "127.0.0.1", false},
                 {"::1", "::1", false},
                 {"a socket", "a socket", true}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tries *t = new_tries();
        for (int n = 0; n < 60; n++) {
            char name[16];
            snprintf(name, sizeof name, "name %d", n);
            tries_failed(t, try_key_of(t, text_of(name), text_of(cases[i].guesses)), SECOND);
        }
        unsigned wait = tries_wait_s(t, try_key_of(t, TEXT("anna"), text_of(cases[i].then)), SECOND);
        assert_int_equal(wait > 0, cases[i].slowed);
        tries_free(t);
    }
}

/* A flood of names does not push out who failed often, nor who is known. */
static void a_flood_pushes_out_nobody(void **state)
{
    struct tries *t = new_tries();
    struct try_key guesser = try_key_of(t, TEXT("anna"), TEXT(HOME)), known = try_key_of(t, TEXT("anna"), TEXT(AWAY));
    (void)state;
    tries_succeeded(t, known, SECOND);
    for (int i = 0; i < 12; i++)
        tries_failed(t, guesser, SECOND);
    for (int n = 0; n < 4 * TRIES_MAX; n++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", n);
        tries_failed(t, try_key_of(t, text_of(name), TEXT("127.0.0.1")), 2 * SECOND);
    }
    assert_true(tries_wait_s(t, guesser, 2 * SECOND) > 0);
    assert_true(tries_known(t, known));
    tries_free(t);
}

/* ---- rules ---- */

static void rules_of_passwords(void **state)
{
    static const struct {
        const char *password;
        bool good;
    } cases[] = {
        {RIGHT, true},
        {"elevenchars", false},
        {"twelve chars", true},
        {"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa9", false},
        {"Password1234!", false},
        {"passwordpassword", false},
        {"aaaaaaaaaaaaaaaa", false},
        {"123456789012", false},
        {"111222333444", false},
        {"anna12345678", false},
        {"anna hat einen Hund", true},
        {"tab\tin the middle", false},
        {"not \xff utf-8 at all", false},
        {"Qwertyuiop123", false},
        {"", false},
        {"847261905738", true},
    };
    struct fault f;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        f = (struct fault){.err = OK};
        enum err e = password_check(text_of(cases[i].password), TEXT("anna"), &f);
        if ((e == OK) != cases[i].good)
            fail_msg("\"%s\": %s", cases[i].password, err_name(e));
        if (e)
            assert_true(e == ERR_USAGE && f.what[0] && (!cases[i].password[0] || !strstr(f.what, cases[i].password)));
    }
}

/* ---- every allocation fails ---- */

static bool make_and_use(void *arg)
{
    struct stage *s = arg;
    struct logins *l;
    struct buffer b;
    struct uuid got;
    enum err e = logins_new(s->local, &l);
    if (e)
        return false;
    buffer_init(&b, 64);
    e = session_open(l, &anna, &b);
    if (e == OK)
        e = session_find(l, buffer_text(&b), &got);
    buffer_done(&b);
    logins_free(l);
    return e == OK;
}

static void every_allocation_fails(void **state)
{
    const struct fault_op op = {.run = make_and_use, .arg = *state};
    size_t rounds = fault_each_allocation(&op);
    assert_true(rounds >= 3);
    tally_add("allocation", rounds);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_right_one_gets_in),
        TEST(guessing_is_slow_and_locks_nobody_out),
        TEST(taking_back_is_at_once),
        TEST(time_tells_nothing),
        TEST(failures_are_told),
        TEST(sessions_end),
        cmocka_unit_test(waits_grow_and_end),
        cmocka_unit_test(a_source_is_slowed),
        cmocka_unit_test(a_flood_pushes_out_nobody),
        cmocka_unit_test(rules_of_passwords),
        TEST(every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
