/* What a fact says survives its entry: any fact comes back from its canonical text; anything else is refused. */
#include "support/test.h"

#include "base/limits.h"
#include "facts_made.h"
#include "store/facts.h"
#include "json/json.h"

static struct log_read read_of(const struct fact *f, const struct buffer *public_part,
                               const struct buffer *private_part)
{
    return (struct log_read){
        .entry = {.n = f->n, .t_us = f->t_us, .kind = text_of(fact_kind_name(f->kind))},
        .detail = {.public_part = buffer_text(public_part), .private_part = buffer_text(private_part)},
        .has_body = true,
        .body = {1, 4096},
    };
}

static void encode(const struct fact *f, struct buffer *public_part, struct buffer *private_part)
{
    buffer_init(public_part, MIB);
    buffer_init(private_part, MIB);
    fact_encode(f, public_part, private_part);
    assert_ok(buffer_error(public_part));
    assert_ok(buffer_error(private_part));
}

static void assert_canonical(const struct buffer *b)
{
    struct json_doc *doc;
    struct buffer again;
    bool lossy = false;
    assert_ok(json_parse(buffer_text(b), &doc, NULL));
    buffer_init(&again, MIB);
    json_canonical(json_root(doc), &again, &lossy);
    assert_text_eq(buffer_text(&again), buffer_text(b));
    assert_false(lossy); /* no number that a reader could lose */
    buffer_done(&again);
    json_free(doc);
}

static void any_fact_comes_back(void **state)
{
    (void)state;
    struct facts_made made;
    facts_made_init(&made, 42);
    for (size_t i = 0; i < 4000; i++) {
        struct fact f = facts_made_any(&made, (enum fact_kind)(i % FACT_KINDS)), again;
        struct buffer public_part, private_part, public_again, private_again;
        struct arena arena;
        f.n = i;
        f.t_us = (int64_t)i * 1000;
        encode(&f, &public_part, &private_part);
        assert_canonical(&public_part);
        assert_canonical(&private_part);
        struct log_read read = read_of(&f, &public_part, &private_part);
        struct fault fault = {.err = OK};
        arena_init(&arena, MIB);
        if (fact_decode(&read, &arena, &again, &fault) != OK)
            fail_msg("%s: " TEXT_FMT, fault.what, TEXT_ARG(buffer_text(&private_part)));
        assert_int_equal(again.kind, f.kind);
        assert_int_equal(again.n, f.n);
        assert_int_equal(again.t_us, f.t_us);
        /* The same text again: nothing was lost on the way there and back. */
        encode(&again, &public_again, &private_again);
        assert_text_eq(buffer_text(&public_again), buffer_text(&public_part));
        assert_text_eq(buffer_text(&private_again), buffer_text(&private_part));
        facts_made_compare(&f, &again);
        arena_done(&arena);
        buffer_done(&public_part);
        buffer_done(&private_part);
        buffer_done(&public_again);
        buffer_done(&private_again);
    }
    facts_made_done(&made);
}

static enum err decode(const char *kind, const char *public_part, const char *private_part, struct fact *ret)
{
    static struct arena arena; /* texts of *ret live until the next call */
    struct log_read read = {
        .entry = {.kind = text_of(kind)},
        .detail = {.public_part = text_of(public_part), .private_part = text_of(private_part)},
        .has_body = true,
    };
    struct fault fault = {.err = OK};
    arena_done(&arena);
    arena_init(&arena, MIB);
    enum err err = fact_decode(&read, &arena, ret, &fault);
    if (err != OK) {
        assert_int_equal(fault.err, err);
        assert_true(fault.what[0] != 0);
        arena_done(&arena);
    }
    return err;
}

#define ID   "11111111-2222-4333-8444-555555555555"
#define HASH "\"2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6\""

static void only_what_is_known_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *public_part, *private_part;
        enum err err;
    } rows[] = {
        {"party", "{}", "{\"id\":\"" ID "\",\"name\":\"CERT\"}", OK},
        {"party", "{}", "{\"id\":\"" ID "\",\"name\":\"CERT\",\"zeal\":1}", ERR_MALFORMED},
        {"party", "{}", "{\"name\":\"CERT\",\"id\":\"" ID "\"}", ERR_MALFORMED}, /* order */
        {"party", "{}", "{\"id\":\"" ID "\"}", ERR_MALFORMED},                   /* name missing */
        {"party", "{}", "{\"name\":\"CERT\"}", ERR_MALFORMED},
        {"party", "{}", "{\"id\":\"00000000-0000-0000-0000-000000000000\",\"name\":\"C\"}", ERR_MALFORMED},
        {"party", "{}", "{\"id\":7,\"name\":\"CERT\"}", ERR_MALFORMED},
        {"party", "{}", "[]", ERR_MALFORMED},
        {"party", "{}", "", ERR_MALFORMED},
        {"party", "{\"a\":1}", "{\"id\":\"" ID "\",\"name\":\"CERT\"}", ERR_MALFORMED},
        {"treaty", "{}", "{}", ERR_VERSION},
        {"act", "{}", "{\"verb\":\"note\"}", OK},
        {"act", "{}", "{\"reason\":null,\"verb\":\"note\"}", ERR_MALFORMED},
        {"peer", "{}", "{\"party\":\"" ID "\",\"poll_ms\":4294967296}", ERR_MALFORMED},
        {"peer", "{}", "{\"party\":\"" ID "\",\"poll_ms\":-1}", ERR_MALFORMED},
        {"peer", "{}", "{\"party\":\"" ID "\",\"sightings\":1}", ERR_MALFORMED},
        {"peer", "{}", "{\"ceiling\":\"TLP:PINK\",\"party\":\"" ID "\"}", ERR_MALFORMED},
        {"account", "{}", "{\"id\":\"" ID "\",\"name\":\"a\",\"role\":\"king\"}", ERR_MALFORMED},
        {"object", "{\"hash\":" HASH ",\"id\":\"indicator--" ID "\"}", "{\"class\":\"x\",\"standing\":\"current\"}",
         OK},
        {"object", "{\"hash\":" HASH ",\"id\":\"indicator-" ID "\"}", "{\"class\":\"x\",\"standing\":\"current\"}",
         ERR_MALFORMED},
        {"object", "{\"hash\":" HASH ",\"id\":\"indicator--" ID "\"}", "{\"class\":\"x\",\"standing\":\"great\"}",
         ERR_MALFORMED},
        {"object", "{\"hash\":\"2e7d\",\"id\":\"indicator--" ID "\"}", "{\"class\":\"x\",\"standing\":\"current\"}",
         ERR_MALFORMED},
        {"object", "{\"hash\":" HASH ",\"id\":\"indicator--" ID "\"}",
         "{\"class\":\"x\",\"standing\":\"current\",\"values\":[[\"domain\"]]}", ERR_MALFORMED},
        {"object", "{\"hash\":" HASH ",\"id\":\"indicator--" ID "\"}",
         "{\"class\":\"x\",\"standing\":\"current\",\"values\":[[\"smell\",\"x\"]]}", ERR_MALFORMED},
        {"object", "{\"hash\":" HASH ",\"id\":\"indicator--" ID "\"}",
         "{\"class\":\"x\",\"finding\":{\"count\":1},\"standing\":\"current\"}", ERR_MALFORMED},
        {"object", "{\"hash\":" HASH ",\"id\":\"indicator--" ID "\"}",
         "{\"class\":\"x\",\"confidence\":101,\"standing\":\"current\"}", ERR_MALFORMED},
        {"hits", "{}", "{\"hits\":[[\"" ID "\",1,2]]}", ERR_MALFORMED},
        {"hits", "{}", "{\"hits\":[[\"" ID "\",1,2,3]]}", OK},
        {"release", "{\"root\":" HASH "}", "{\"door\":\"window\",\"items\":[],\"party\":\"" ID "\"}", ERR_MALFORMED},
        {"release", "{\"root\":" HASH "}", "{\"door\":\"taxii\",\"items\":[[1," HASH ",256]],\"party\":\"" ID "\"}",
         ERR_MALFORMED},
        {"release", "{\"root\":" HASH "}", "{\"door\":\"taxii\",\"items\":[[1," HASH ",0]],\"party\":\"" ID "\"}",
         OK},
        {"opening", "{}", "{\"classes\":[1],\"party\":\"" ID "\"}", ERR_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fact f = {.kind = FACT_KINDS};
        enum err err = decode(rows[i].kind, rows[i].public_part, rows[i].private_part, &f);
        if (err != rows[i].err)
            print_error("row %zu: %s\n", i, rows[i].private_part);
        assert_err(err, rows[i].err);
        if (err != OK)
            assert_int_equal(f.kind, FACT_KINDS); /* untouched */
    }
    struct fact last;
    assert_err(decode("none", "{}", "{}", &last), ERR_VERSION); /* lets go of the arena */
}

/* A path that is no UTF-8 must not make the log unreadable. */
static void foreign_names_are_kept_readable(void **state)
{
    (void)state;
    struct fact f = {.kind = FACT_HITS}, again;
    struct buffer public_part, private_part;
    struct arena arena;
    f.u.hits.file = TEXT("/var/log/caf\xe9.log");
    encode(&f, &public_part, &private_part);
    struct log_read read = read_of(&f, &public_part, &private_part);
    arena_init(&arena, MIB);
    assert_ok(fact_decode(&read, &arena, &again, NULL));
    assert_text(again.u.hits.file, "/var/log/caf\xEF\xBF\xBD.log");
    arena_done(&arena);
    buffer_done(&public_part);
    buffer_done(&private_part);
}

static void erased_detail_is_told_apart(void **state)
{
    (void)state;
    struct log_read read = {.entry = {.kind = TEXT("act")}, .erased = true};
    struct arena arena;
    struct fact f;
    arena_init(&arena, MIB);
    assert_err(fact_decode(&read, &arena, &f, NULL), ERR_MALFORMED);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_fact_comes_back),
        cmocka_unit_test(only_what_is_known_is_read),
        cmocka_unit_test(foreign_names_are_kept_readable),
        cmocka_unit_test(erased_detail_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
