/* Checkpoint texts, proof files, requests to a witness, the extra line: an accepted one is written again byte for
 * byte. */
#include "base/limits.h"
#include "ledger/proof_check.h"
#include "support/fuzz.h"

static struct buffer again;

static void same(struct text t)
{
    fuzz_assert(buffer_error(&again) == OK && text_eq(buffer_text(&again), t));
    buffer_clear(&again);
}

static void refused(enum err e, const struct fault *f)
{
    fuzz_assert((e == ERR_MALFORMED || e == ERR_LIMIT) && f->err == e);
}

static void checkpoint(struct text t)
{
    struct checkpoint c;
    struct fault f = {.err = OK};
    enum err e = checkpoint_parse(t, &c, &f);
    if (e) {
        refused(e, &f);
        return;
    }
    checkpoint_format(&c, &again);
    same(t);
}

static void request(struct text t)
{
    struct add_checkpoint a;
    struct fault f = {.err = OK};
    enum err e = add_checkpoint_parse(t, &a, &f);
    if (e) {
        refused(e, &f);
        return;
    }
    add_checkpoint_format(&a, &again);
    same(t);
}

static void extra(struct text t)
{
    struct proof_extra x;
    struct arena arena;
    struct fault f = {.err = OK};
    arena_init(&arena, 4 * MIB);
    enum err e = proof_extra_decode(t, &arena, &x, &f);
    if (e) {
        refused(e, &f);
    } else {
        proof_extra_encode(&x, &again);
        same(t);
    }
    arena_done(&arena);
}

static void proof(struct text t)
{
    struct tlog_proof p;
    struct buffer room;
    struct fault f = {.err = OK};
    buffer_init(&room, 1 * MIB);
    enum err e = tlog_proof_parse(t, &room, &p, &f);
    if (e) {
        refused(e, &f);
    } else {
        tlog_proof_format(&p, &again);
        same(t);
        extra(p.extra);
    }
    buffer_done(&room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text t = {(const char *)data, len};
    buffer_init(&again, 4 * MIB);
    checkpoint(t);
    request(t);
    proof(t);
    extra(t);
    buffer_done(&again);
    return 0;
}
