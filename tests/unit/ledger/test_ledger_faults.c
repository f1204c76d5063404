/* The 1st, 2nd, ... allocation fails: ERR_NOMEM and nothing else, and above all no "does not verify". */
#include "support/test.h"

#include "base/limits.h"
#include "ledger/proof_check.h"
#include "support/fault.h"

static const uint8_t seed[NOTE_SEED_BYTES] = {4};

static bool note_run(void *arg)
{
    (void)arg;
    struct note_key k;
    struct note n;
    struct buffer b;
    struct fault f = {0};
    uint8_t public[NOTE_KEY_BYTES];
    note_public_key(seed, public);
    assert_ok(note_key_make(TEXT("a"), NOTE_COSIGNATURE, public, &k));
    buffer_init(&b, 4096);
    buffer_add(&b, TEXT("text\n\n"));
    note_sign(TEXT("text\n"), &k, seed, 5, &b);
    enum err e = buffer_error(&b);
    if (!e)
        e = note_parse(buffer_text(&b), &n, &f);
    if (!e)
        e = note_verify(&n, &k, NULL, &f);
    buffer_done(&b);
    if (e)
        assert_err(e, ERR_NOMEM);
    return e == OK;
}

static bool extra_run(void *arg)
{
    (void)arg;
    struct proof_extra x = {.entry = TEXT("{}"), .public_part = TEXT("{\"a\":[1,2]}")}, again;
    struct arena arena;
    struct buffer b;
    struct fault f = {0};
    arena_init(&arena, 64 * KIB);
    buffer_init(&b, 64 * KIB);
    proof_extra_encode(&x, &b);
    enum err e = buffer_error(&b);
    if (!e)
        e = proof_extra_decode(buffer_text(&b), &arena, &again, &f);
    if (e)
        assert_err(e, ERR_NOMEM);
    buffer_done(&b);
    arena_done(&arena);
    return e == OK;
}

static void notes_survive(void **state)
{
    (void)state;
    assert_true(fault_each_allocation(&(struct fault_op){.run = note_run}) > 3);
}

static void extras_survive(void **state)
{
    (void)state;
    assert_true(fault_each_allocation(&(struct fault_op){.run = extra_run}) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_survive),
        cmocka_unit_test(extras_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
