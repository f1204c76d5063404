/* local.db: tokens with scopes and an end, and what an older version's become. */
#include "support/test.h"

#include <sqlite3.h>

#include "base/limits.h"
#include "store/local.h"
#include "support/fault.h"
#include "support/scratch.h"
#include "support/tally.h"

#define HOUR_US TOKEN_USED_STEP_US

struct stage {
    char home[SCRATCH_PATH_MAX];
    struct local *local;
};

static const struct uuid anna = {{1}}, bert = {{2}};

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    scratch_new(s->home);
    assert_ok(local_open(s->home, true, &s->local, NULL));
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct stage *s = *state;
    local_close(s->local);
    scratch_remove(s->home);
    free(s);
    return 0;
}

static void reopen(struct stage *s)
{
    local_close(s->local);
    s->local = NULL;
    assert_ok(local_open(s->home, false, &s->local, NULL));
}

struct made {
    char text[64], id[TOKEN_ID_MAX];
};

static struct made make(struct stage *s, const struct local_token *t)
{
    struct made m;
    struct buffer b;
    buffer_init(&b, 64);
    assert_ok(local_token_new(s->local, t, &b, m.id, NULL));
    assert_int_equal(b.len, 4 + 43);
    snprintf(m.text, sizeof m.text, TEXT_FMT, TEXT_ARG(buffer_text(&b)));
    buffer_done(&b);
    return m;
}

static enum err find(struct stage *s, const struct made *m, int64_t now_us, struct local_token *ret)
{
    return local_token_find(s->local, text_of(m->text), now_us, ret, NULL);
}

/* What a list said, a line a token. */
static enum err add_line(void *self, const struct local_token *t)
{
    buffer_addf(self, "%s " TEXT_FMT " %u %lld %lld %lld\n", uuid_eq(&t->account, &anna) ? "anna" : "bert",
                TEXT_ARG(t->label), t->scopes, (long long)t->created_us, (long long)t->expires_us,
                (long long)t->used_us);
    return buffer_error(self);
}

static void check_list(struct stage *s, const struct uuid *account, const char *expected)
{
    struct buffer b;
    buffer_init(&b, 4 * KIB);
    assert_ok(local_tokens(s->local, account, add_line, &b, NULL));
    assert_text(buffer_text(&b), expected);
    buffer_done(&b);
}

static void scopes_and_an_end(void **state)
{
    struct stage *s = *state;
    struct local_token got;
    struct made m = make(s, &(struct local_token){.account = anna,
                                                  .label = TEXT("laptop"),
                                                  .scopes = SCOPE_TAXII_READ | SCOPE_LOG,
                                                  .created_us = 10,
                                                  .expires_us = 5 * HOUR_US});
    for (int round = 0; round < 2; round++) {
        assert_ok(find(s, &m, 5 * HOUR_US - 1, &got));
        assert_int_equal(got.scopes, SCOPE_TAXII_READ | SCOPE_LOG);
        assert_true(uuid_eq(&got.account, &anna));
        assert_string_equal(got.id, m.id);
        assert_err(find(s, &m, 5 * HOUR_US, &got), ERR_NOT_FOUND);
        reopen(s);
    }
    check_list(s, NULL, "anna laptop 33 10 18000000000 14400000000\n");
}

static int changes(struct stage *s)
{
    char path[SCRATCH_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/local.db", s->home);
    /* the file change counter of SQLite's header */
    unsigned char head[28];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(head, 1, sizeof head, f), sizeof head);
    fclose(f);
    return head[24] << 24 | head[25] << 16 | head[26] << 8 | head[27];
}

/* A use is noted once an hour, not by every request. */
static void a_use_is_noted_coarsely(void **state)
{
    struct stage *s = *state;
    struct local_token got;
    struct made m = make(s, &(struct local_token){.account = anna, .scopes = 1});
    assert_ok(find(s, &m, 7 * HOUR_US + 5, &got));
    int before = changes(s);
    for (int i = 0; i < 100; i++)
        assert_ok(find(s, &m, 7 * HOUR_US + 6 + i, &got));
    assert_int_equal(changes(s), before);
    check_list(s, &anna, "anna  1 0 0 25200000000\n");
    assert_ok(find(s, &m, 8 * HOUR_US, &got));
    assert_int_equal(changes(s), before + 1);
    assert_ok(find(s, &m, 2 * HOUR_US, &got)); /* the clock was put back */
    check_list(s, &anna, "anna  1 0 0 7200000000\n");
}

static void one_or_all_are_revoked(void **state)
{
    struct stage *s = *state;
    struct local_token got;
    struct made one =
        make(s, &(struct local_token){.account = anna, .label = TEXT("a"), .created_us = 1, .scopes = 1});
    struct made two =
        make(s, &(struct local_token){.account = anna, .label = TEXT("b"), .created_us = 2, .scopes = 2});
    struct made his =
        make(s, &(struct local_token){.account = bert, .label = TEXT("c"), .created_us = 3, .scopes = 4});
    assert_err(local_token_revoke(s->local, &anna, text_of(his.id), NULL), ERR_NOT_FOUND);
    assert_err(local_token_revoke(s->local, &anna, TEXT(""), NULL), ERR_NOT_FOUND);
    assert_ok(local_token_revoke(s->local, &anna, text_of(one.id), NULL));
    assert_err(find(s, &one, 1, &got), ERR_NOT_FOUND);
    check_list(s, NULL, "anna b 2 2 0 0\nbert c 4 3 0 0\n");
    assert_ok(find(s, &two, 1, &got));
    assert_ok(local_token_revoke_all(s->local, &anna, NULL));
    assert_err(find(s, &two, 1, &got), ERR_NOT_FOUND);
    assert_ok(find(s, &his, 1, &got));
}

static void sql(struct stage *s, const char *words)
{
    sqlite3 *db;
    char path[SCRATCH_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/local.db", s->home);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, words, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* As version 2 left them: with anna's token "ent_old". */
static void make_old(struct stage *s)
{
    char words[1024], hex[SHA256_HEX];
    struct sha256 hash = sha256_of("ent_old", 7);
    local_close(s->local);
    s->local = NULL;
    snprintf(words, sizeof words,
             "DROP TABLE token; DROP TABLE password;"
             "CREATE TABLE token(hash BLOB PRIMARY KEY, account BLOB NOT NULL, label TEXT NOT NULL) WITHOUT ROWID;"
             "CREATE INDEX token_account ON token(account);"
             "INSERT INTO token VALUES(x'" TEXT_FMT "', x'01000000000000000000000000000000', 'old');"
             "INSERT INTO token VALUES(x'00', x'02000000000000000000000000000000', 'other');"
             "PRAGMA user_version = 2;",
             TEXT_ARG(sha256_hex(&hash, hex)));
    sql(s, words);
}

static void an_old_token_keeps_its_rights(void **state)
{
    struct stage *s = *state;
    struct local_token got;
    make_old(s);
    assert_ok(local_open(s->home, false, &s->local, NULL));
    assert_ok(local_token_find(s->local, TEXT("ent_old"), HOUR_US, &got, NULL));
    assert_int_equal(got.scopes, SCOPES_ALL);
    assert_int_equal(got.created_us, 0);
    assert_int_equal(got.expires_us, 0);
    assert_int_equal(strlen(got.id), TOKEN_ID_MAX - 1);
    assert_ok(local_token_revoke(s->local, &anna, text_of(got.id), NULL));
    check_list(s, NULL, "bert other 63 0 0 0\n");
}

static void a_later_version_is_refused(void **state)
{
    struct stage *s = *state;
    struct fault f = {.err = OK};
    local_close(s->local);
    s->local = NULL;
    sql(s, "PRAGMA user_version = 4");
    assert_err(local_open(s->home, false, &s->local, &f), ERR_VERSION);
    assert_non_null(strstr(f.what, "version 4"));
}

static void scopes_by_name(void **state)
{
    unsigned got = 77;
    struct text bad;
    struct buffer b;
    (void)state;
    assert_ok(scopes_parse(TEXT("log, taxii-read"), &got, &bad));
    assert_int_equal(got, SCOPE_LOG | SCOPE_TAXII_READ);
    assert_err(scopes_parse(TEXT("log,,report"), &got, &bad), ERR_USAGE);
    assert_err(scopes_parse(TEXT(""), &got, &bad), ERR_USAGE);
    assert_err(scopes_parse(TEXT("log,Root"), &got, &bad), ERR_USAGE);
    assert_text(bad, "Root");
    buffer_init(&b, 128);
    scopes_write(SCOPES_ALL, &b);
    assert_text(buffer_text(&b), "taxii-read,taxii-write,api-read,api-write,report,log");
    assert_ok(scopes_parse(buffer_text(&b), &got, NULL));
    assert_int_equal(got, SCOPES_ALL);
    buffer_done(&b);
    for (enum role r = ROLE_NONE; r <= ROLE_ADMINISTRATOR; r++) {
        assert_int_equal(scopes_default(false, r) & ~scopes_allowed(false, r), 0);
        assert_int_equal(scopes_allowed(true, r) & (SCOPE_API_READ | SCOPE_API_WRITE), 0);
    }
    assert_int_equal(scopes_allowed(false, ROLE_NONE), 0);
    assert_int_equal(scopes_allowed(false, ROLE_READER) & (SCOPE_TAXII_WRITE | SCOPE_API_WRITE | SCOPE_REPORT), 0);
    assert_int_equal(scopes_default(true, ROLE_NONE), SCOPE_TAXII_READ | SCOPE_TAXII_WRITE | SCOPE_LOG);
}

/* ---- every allocation fails ---- */

static void prepare(void *arg)
{
    make_old(arg);
}

static bool upgrade_and_use(void *arg)
{
    struct stage *s = arg;
    struct local *l;
    struct local_token got;
    struct buffer b;
    buffer_init(&b, 4 * KIB);
    const struct local_token t = {.account = bert, .label = TEXT("new"), .scopes = SCOPE_LOG};
    enum err e = local_open(s->home, false, &l, NULL);
    if (e == OK) {
        e = local_token_new(l, &t, &b, NULL, NULL);
        if (e == OK)
            e = local_token_find(l, buffer_text(&b), HOUR_US, &got, NULL);
        buffer_clear(&b);
        if (e == OK)
            e = local_tokens(l, NULL, add_line, &b, NULL);
        if (e == OK)
            e = local_token_revoke_all(l, &bert, NULL);
        local_close(l);
    }
    buffer_done(&b);
    return e == OK;
}

static void old_token_lives(void *arg, bool completed)
{
    struct stage *s = arg;
    struct local_token got;
    (void)completed;
    assert_ok(local_open(s->home, false, &s->local, NULL));
    assert_ok(local_token_find(s->local, TEXT("ent_old"), HOUR_US, &got, NULL));
}

static void every_allocation_fails(void **state)
{
    const struct fault_op op = {prepare, upgrade_and_use, old_token_lives, *state};
    size_t rounds = fault_each_allocation(&op);
    assert_true(rounds > 20);
    tally_add("allocation", rounds);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    fault_sqlite_install();
    const struct CMUnitTest tests[] = {
        TEST(scopes_and_an_end),          TEST(a_use_is_noted_coarsely),
        TEST(one_or_all_are_revoked),     TEST(an_old_token_keeps_its_rights),
        TEST(a_later_version_is_refused), cmocka_unit_test(scopes_by_name),
        TEST(every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
