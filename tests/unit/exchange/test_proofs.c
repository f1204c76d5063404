/* Proofs on the wire: asked for by POST /log/proofs, given of what the asker may have whole and of nothing else, and
 * held against what was sent by who asked. */
#include "unit/exchange/rig.h"

#include <stdio.h>

#include "exchange/proofs_ask.h"
#include "ledger/proof_check.h"
#include "store/proof.h"
#include "support/fault.h"

struct world {
    struct rig a, b; /* A takes from B */
    struct uuid b_at_a;
    struct rig_partner partner; /* of B */
    char nobody[128];
};

/* What stands on the wire between the two. Tests run one at a time; the way of asking has no room for more. */
static struct wire {
    struct buffer request, answer;
    int status;
    bool down; /* the request is kept, no answer comes */
} wire;

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    rig_open(&w->a, "CSIRT A");
    rig_open(&w->b, "CSIRT B");
    w->b_at_a = rig_connect(&w->a, &w->b);
    w->partner = rig_invite(&w->b, "CERT P");
    rig_account(&w->b, "nobody", ROLE_NONE, w->nobody);
    buffer_init(&wire.request, PROOFS_ASKED_MAX_BYTES);
    buffer_init(&wire.answer, 64 * MIB);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    rig_close(&w->a);
    rig_close(&w->b);
    buffer_done(&wire.request);
    buffer_done(&wire.answer);
    free(w);
    return 0;
}

static void publish(struct rig *r)
{
    bool fresh;
    assert_ok(node_publish(r->node, &fresh, NULL));
}

static void ask(struct rig *r, const char *token, const char *lines, struct rig_answer *ret)
{
    rig_ask(r, &(struct rig_ask){.path = "/log/proofs", .method = "POST", .token = token, .body = lines}, ret);
}

static int status_of(struct rig *r, const char *token, const char *lines)
{
    struct rig_answer a;
    ask(r, token, lines, &a);
    int status = a.status;
    rig_answer_done(&a);
    return status;
}

/* The lines of the request that were answered, "0 2 ", each with a proof that holds under B's key. */
static void answered(struct world *w, const struct rig_answer *a, char out[256])
{
    struct text rest = {a->body, a->len};
    struct node_origin o;
    struct note_key key;
    struct arena arena;
    size_t at = 0;
    node_origin(w->b.node, &o);
    assert_ok(note_key_make(text_of(o.name), NOTE_ED25519, o.key, &key));
    arena_init(&arena, 16 * MIB);
    out[0] = 0;
    while (rest.len) {
        unsigned line, len;
        struct proved proved;
        struct text head;
        assert_true(text_split(&rest, '\n', &head));
        assert_int_equal(sscanf(head.ptr, "proof %u %u", &line, &len), 2);
        assert_true(len <= rest.len);
        assert_ok(proof_check(text_sub(rest, 0, len), &key, &arena, &proved, NULL));
        rest = text_sub(rest, len, rest.len);
        at += (size_t)snprintf(out + at, 256 - at, "%u ", line);
    }
    arena_done(&arena);
}

static void assert_answered(struct world *w, const char *token, const char *lines, const char *which)
{
    struct rig_answer a;
    char seen[256];
    ask(&w->b, token, lines, &a);
    assert_int_equal(a.status, 200);
    answered(w, &a, seen);
    assert_string_equal(seen, which);
    rig_answer_done(&a);
}

#define UNKNOWN "indicator--00000000-0000-4000-8000-0000000000ee"

static void only_what_one_may_have_whole(void **state)
{
    struct world *w = *state;
    struct rig_answer with, without;
    char lines[1200], report[1500];
    static const char report_id[] = "report--00000000-0000-4000-8000-000000000031";
    rig_import(&w->b, "self", rig_indicator(1, 0, TLP_GREEN));
    rig_import(&w->b, "self", rig_indicator(2, 0, TLP_AMBER));
    rig_import(&w->b, "self", rig_indicator(3, 0, TLP_GREEN));
    snprintf(report, sizeof report,
             "{\"type\":\"report\",\"spec_version\":\"2.1\",\"id\":\"%s\",\"created\":\"2026-01-01T00:00:00.000Z\","
             "\"modified\":\"2026-01-01T00:00:00.000Z\",\"name\":\"r\",\"published\":\"2026-01-01T00:00:00Z\","
             "\"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"],"
             "\"object_refs\":[\"%s\",\"%s\"]}",
             report_id, rig_indicator_id(1), rig_indicator_id(2));
    rig_import(&w->b, "self", report);
    publish(&w->b);
    snprintf(lines, sizeof lines, "%s 2026-01-02T00:00:00.000Z\n%s\n%s\n%s\n%s 2026-01-02T09:00:00Z\n",
             rig_indicator_id(1), rig_indicator_id(2), report_id, rig_indicator_id(3), rig_indicator_id(1));
    assert_answered(w, w->partner.token, lines, "0 3 ");

    /* What is there and not for the asker reads as what is not there at all: byte by byte. */
    ask(&w->b, w->partner.token, lines, &with);
    snprintf(lines, sizeof lines, "%s 2026-01-02T00:00:00.000Z\n%s\n%s\n%s\n%s\n", rig_indicator_id(1), UNKNOWN,
             UNKNOWN, rig_indicator_id(3), UNKNOWN);
    ask(&w->b, w->partner.token, lines, &without);
    assert_int_equal(with.len, without.len);
    assert_memory_equal(with.body, without.body, with.len);
    rig_answer_done(&with);
    rig_answer_done(&without);
}

/* What no checkpoint covers is published for who may have it, and for nobody else. */
static uint64_t published(struct rig *r)
{
    struct buffer b;
    struct note n;
    struct checkpoint c;
    buffer_init(&b, NOTE_MAX_BYTES);
    assert_ok(node_checkpoint(r->node, &b, NULL));
    assert_ok(note_parse(buffer_text(&b), &n, NULL));
    assert_ok(checkpoint_parse(n.text, &c, NULL));
    buffer_done(&b);
    return c.size;
}

static void published_for_whom_it_is(void **state)
{
    struct world *w = *state;
    char line[200];
    publish(&w->b);
    uint64_t before = published(&w->b);
    rig_import(&w->b, "self", rig_indicator(1, 0, TLP_GREEN));
    rig_import(&w->b, "self", rig_indicator(2, 0, TLP_AMBER));
    snprintf(line, sizeof line, "%s\n", rig_indicator_id(2));
    assert_answered(w, w->partner.token, line, "");
    assert_int_equal(published(&w->b), before);
    snprintf(line, sizeof line, "%s\n", rig_indicator_id(1));
    assert_answered(w, w->partner.token, line, "0 ");
    assert_true(published(&w->b) > before);
}

static void malformed_and_too_much(void **state)
{
    struct world *w = *state;
    static const char *const bad[] = {"\n",
                                      "x\n",
                                      UNKNOWN,
                                      UNKNOWN " \n",
                                      UNKNOWN " yesterday\n",
                                      UNKNOWN " 2026-01-02T00:00:00Z more\n",
                                      " " UNKNOWN "\n",
                                      UNKNOWN "\r\n",
                                      UNKNOWN "\n\n"};
    struct buffer lines;
    buffer_init(&lines, MIB);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (status_of(&w->b, w->partner.token, bad[i]) != 400)
            fail_msg("taken: %s", bad[i]);
    for (size_t i = 0; i <= PROOFS_ASKED_MAX; i++) {
        buffer_add(&lines, TEXT(UNKNOWN "\n"));
        buffer_add_char(&lines, 0);
        lines.len--;
        if (i + 1 >= PROOFS_ASKED_MAX)
            assert_int_equal(status_of(&w->b, w->partner.token, lines.ptr), i < PROOFS_ASKED_MAX ? 200 : 400);
    }
    while (lines.len <= PROOFS_ASKED_MAX_BYTES)
        buffer_add_char(&lines, 'a');
    buffer_add_char(&lines, 0);
    assert_int_equal(status_of(&w->b, w->partner.token, lines.ptr), 413);
    buffer_done(&lines);
    assert_int_equal(status_of(&w->b, NULL, UNKNOWN "\n"), 401);
    assert_int_equal(status_of(&w->b, w->nobody, UNKNOWN "\n"), 403);
    assert_int_equal(status_of(&w->b, w->partner.token, ""), 200);
    node_hold(w->b.node, INT64_MAX);
    assert_int_equal(status_of(&w->b, w->partner.token, UNKNOWN "\n"), 503);
    node_hold_end(w->b.node, false);
    assert_int_equal(status_of(&w->b, w->partner.token, UNKNOWN "\n"), 200);
}

/* ---- who asks ---- */

/* No asserts: the Nth allocation may fail in here. */
static enum err by_wire(struct ledger_remote *r, const char *path, struct outbound *request, struct http_answer *ret,
                        struct fault *reterr)
{
    (void)r;
    (void)path;
    if (wire.down)
        buffer_add(&wire.request, outbound_body(request));
    outbound_free(request);
    if (wire.down)
        return fault_set(reterr, ERR_UNREACHABLE, "down");
    ret->status = wire.status;
    buffer_init(&ret->body, 64 * MIB);
    buffer_add(&ret->body, buffer_text(&wire.answer));
    if (buffer_error(&ret->body) == OK)
        return OK;
    buffer_done(&ret->body);
    return fault_set(reterr, ERR_NOMEM, "no memory for an answer");
}

static enum err a_asks(struct world *w)
{
    struct fault f = {0};
    return proofs_ask_by(w->a.node, NULL, by_wire, &w->b_at_a, NULL, &f);
}

/* Over B's line, as a pull takes it in. */
static void a_takes(struct world *w, const char *object)
{
    const struct intake_options o = {.format = READER_STIX,
                                     .party = w->b_at_a,
                                     .account = *node_admin(w->a.node),
                                     .provable = true,
                                     .name = TEXT("B's line")};
    rig_import_as(&w->a, &o, object);
}

/* What A asks for, answered by B: of that, or of `instead` in each line. */
static void prepare_answer(struct world *w, const char *instead)
{
    struct rig_answer a;
    char party[UUID_TEXT_MAX], line[200];
    assert_ok(local_delete(node_local(w->a.node), "proof-cursor", uuid_format(&w->b_at_a, party), NULL));
    buffer_clear(&wire.request);
    buffer_clear(&wire.answer);
    wire.down = true;
    assert_err(a_asks(w), ERR_UNREACHABLE);
    wire.down = false;
    buffer_add_char(&wire.request, 0);
    snprintf(line, sizeof line, "%s\n", instead ? instead : "");
    ask(&w->b, w->partner.token, instead ? line : wire.request.ptr, &a);
    wire.status = a.status;
    buffer_add(&wire.answer, (struct text){a.body, a.len});
    assert_ok(buffer_error(&wire.answer));
    rig_answer_done(&a);
}

struct words {
    size_t logged, none;
};

static enum err count_word(void *self, const struct voucher_row *row)
{
    struct words *n = self;
    n->logged += row->authority >= AUTHORITY_LOGGED;
    n->none += row->authority == AUTHORITY_NONE;
    return OK;
}

static struct words words_for(struct world *w, const char *id)
{
    struct view *v;
    struct words n = {0};
    assert_ok(node_reader(w->a.node, &v, NULL));
    assert_ok(view_vouchers(v, text_of(id), count_word, &n, NULL));
    node_reader_done(w->a.node, v);
    return n;
}

static uint64_t refused(struct world *w, const struct uuid *party)
{
    struct view *v;
    uint64_t n = 99;
    assert_ok(node_reader(w->a.node, &v, NULL));
    assert_ok(view_refused(v, party, &n, NULL));
    node_reader_done(w->a.node, v);
    return n;
}

static void a_proof_of_other_bytes(void **state)
{
    struct world *w = *state;
    const struct uuid other = {{1}};
    for (unsigned i = 1; i <= 3; i++)
        rig_import(&w->b, "self", rig_indicator(i, 0, TLP_GREEN));
    a_takes(w, rig_indicator(1, 0, TLP_GREEN));
    prepare_answer(w, rig_indicator_id(2));
    for (int i = 0; i < 2; i++) { /* said once */
        assert_ok(a_asks(w));
        assert_int_equal(words_for(w, rig_indicator_id(1)).logged, 0);
        assert_int_equal(words_for(w, rig_indicator_id(1)).none, 1);
        assert_int_equal(refused(w, &w->b_at_a), 1);
        assert_int_equal(refused(w, NULL), 1);
        assert_int_equal(refused(w, &other), 0);
        prepare_answer(w, rig_indicator_id(2));
    }
    a_takes(w, rig_indicator(3, 0, TLP_GREEN)); /* another object is not touched by it */
    prepare_answer(w, NULL);
    assert_ok(a_asks(w));
    assert_int_equal(words_for(w, rig_indicator_id(3)).logged, 1);
    assert_int_equal(refused(w, &w->b_at_a), 1);
}

static void answers_that_are_none(void **state)
{
    struct world *w = *state;
    static const char *const junk[] = {"x",           "proof\n",      "proof 0\n",     "proof 0 9999999\n",
                                       "proof 1 0\n", "proof 0 -1\n", "proof 0 0 0\n", "PROOF 0 0\n"};
    rig_import(&w->b, "self", rig_indicator(1, 0, TLP_GREEN));
    a_takes(w, rig_indicator(1, 0, TLP_GREEN));
    for (size_t i = 0; i < ARRAY_LEN(junk); i++) {
        prepare_answer(w, NULL);
        buffer_clear(&wire.answer);
        buffer_add(&wire.answer, text_of(junk[i]));
        assert_err(a_asks(w), ERR_UNREACHABLE);
    }
    prepare_answer(w, NULL);
    struct text whole = text_of(strdup((buffer_add_char(&wire.answer, 0), wire.answer.ptr)));
    for (size_t len = 1; len < whole.len; len += 37) {
        buffer_clear(&wire.answer);
        buffer_add(&wire.answer, text_sub(whole, 0, len));
        assert_err(a_asks(w), ERR_UNREACHABLE);
    }
    buffer_clear(&wire.answer);
    buffer_add(&wire.answer, whole);
    buffer_add(&wire.answer, whole); /* a line twice */
    assert_err(a_asks(w), ERR_UNREACHABLE);
    free((char *)(uintptr_t)whole.ptr);
    wire.status = 500;
    assert_err(a_asks(w), ERR_UNREACHABLE);
    wire.status = 404; /* its program knows no such request */
    assert_ok(a_asks(w));
    assert_int_equal(words_for(w, rig_indicator_id(1)).logged + words_for(w, rig_indicator_id(1)).none, 0);
    assert_int_equal(refused(w, NULL), 0);
    prepare_answer(w, NULL);
    assert_ok(a_asks(w));
    assert_int_equal(words_for(w, rig_indicator_id(1)).logged, 1);
}

/* ---- the Nth allocation ---- */

struct rounds {
    struct world *w;
    unsigned made;
};

static void one_more(void *arg)
{
    struct rounds *r = arg;
    r->made++;
    rig_import(&r->w->b, "self", rig_indicator(r->made, 0, TLP_GREEN));
    a_takes(r->w, rig_indicator(r->made, 0, TLP_GREEN));
    prepare_answer(r->w, NULL);
}

/* What failed is asked for again: by the same words. */
static void one_more_if_proven(void *arg)
{
    struct rounds *r = arg;
    if (words_for(r->w, rig_indicator_id(r->made)).logged)
        one_more(r);
}

static bool asks(void *arg)
{
    return a_asks(((struct rounds *)arg)->w) == OK;
}

/* Nobody is blamed for our want of memory. */
static void all_or_none(void *arg, bool completed)
{
    struct rounds *r = arg;
    struct words n = words_for(r->w, rig_indicator_id(r->made));
    assert_int_equal(n.none, 0);
    assert_true(n.logged == 1 || (n.logged == 0 && !completed));
}

static void asking_survives(void **state)
{
    struct rounds r = {.w = *state};
    const struct fault_op op = {.prepare = one_more_if_proven, .run = asks, .verify = all_or_none, .arg = &r};
    one_more(&r);
    assert_true(asks(&r));
    size_t hits = fault_each_allocation(&op);
    print_message("# %zu allocations\n", hits);
    assert_true(hits > 10);
    assert_int_equal(refused(r.w, NULL), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(only_what_one_may_have_whole), TEST(published_for_whom_it_is),
                                       TEST(malformed_and_too_much),       TEST(a_proof_of_other_bytes),
                                       TEST(answers_that_are_none),        TEST(asking_survives)};
    return cmocka_run_group_tests_name("proofs", tests, NULL, NULL);
}
