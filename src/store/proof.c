/* store/proof.c - proofs made and checked with what a home knows. */
#include "store/proof.h"

#include <string.h>

#include "store/checkpoint.h"

/* ---- made ---- */

static enum err extra_of(struct node *node, uint64_t n, struct arena *arena, struct buffer *out, struct fault *reterr)
{
    struct log_read read;
    enum err err = node_entry(node, n, arena, &read, reterr);
    if (err != OK)
        return err;
    if (read.erased)
        return fault_set(reterr, ERR_NOT_FOUND, "the detail of entry %llu was erased: nothing of it can be shown",
                         (unsigned long long)n);
    struct proof_extra x = {.entry = read.entry_text, .public_part = read.detail.public_part};
    memcpy(x.salt1, read.detail.salt1, sizeof x.salt1);
    x.private_half = entry_half(read.detail.salt2, read.detail.private_part);
    proof_extra_encode(&x, out);
    return buffer_error(out) == OK ? OK : fault_set(reterr, buffer_error(out), "the entry is too large to be proven");
}

static enum err prove(struct node *node, uint64_t n, const struct kept *k, struct arena *arena, struct buffer *extra,
                      struct buffer *out, struct fault *reterr)
{
    struct tlog_proof p = {.index = n, .checkpoint = buffer_text(&k->bytes)};
    struct tree_source tree = node_tree(node);
    if (n >= k->size)
        return fault_set(reterr, ERR_NOT_FOUND,
                         "entry %llu is newer than the last checkpoint (%llu entries): a server publishes one at its "
                         "cadence, any command that writes one when it ends",
                         (unsigned long long)n, (unsigned long long)k->size);
    enum err err = extra_of(node, n, arena, extra, reterr);
    if (err == OK)
        err = tree_inclusion(&tree, n, k->size, &p.proof, reterr);
    if (err != OK)
        return err;
    p.extra = buffer_text(extra);
    tlog_proof_format(&p, out);
    return buffer_error(out) == OK ? OK : fault_set(reterr, buffer_error(out), "no memory for a proof");
}

enum err node_proof(struct node *node, uint64_t n, struct buffer *out, struct fault *reterr)
{
    struct buffer note, extra;
    struct arena arena;
    struct kept k = {.size = 0};
    buffer_init(&note, NOTE_MAX_BYTES);
    buffer_init(&extra, PROOF_EXTRA_MAX_BYTES);
    arena_init(&arena, 4 * LOG_RECORD_MAX_BYTES);
    enum err err = node_checkpoint(node, &note, reterr);
    if (err == OK)
        err = kept_from(buffer_text(&note), &k, reterr);
    if (err == OK)
        err = prove(node, n, &k, &arena, &extra, out, reterr);
    kept_done(&k);
    arena_done(&arena);
    buffer_done(&extra);
    buffer_done(&note);
    return err;
}

/* ---- checked ---- */

struct trial {
    struct text bytes;
    struct arena *arena;
    struct proved *ret;
    struct fault *why;
    enum err err; /* of the key that came furthest */
    bool named;   /* a key of a log by the proof's origin is known */
};

static enum err try_key(struct trial *t, struct text name, const uint8_t key[NOTE_KEY_BYTES])
{
    struct note_key k;
    struct fault why = {.offset = -1, .line = -1};
    if (t->err == OK || name.len == 0 || note_key_make(name, NOTE_ED25519, key, &k) != OK)
        return OK;
    enum err err = proof_check(t->bytes, &k, t->arena, t->ret, &why);
    bool other = err == ERR_DENIED && strcmp(why.rule, "origin") == 0;
    if (other || (t->named && err == ERR_DENIED && strcmp(why.rule, "signature") == 0))
        return OK; /* a key that did not sign this says nothing about it */
    t->named = true;
    t->err = err;
    *t->why = why;
    return OK;
}

static enum err on_fact(void *self, const struct fact *f)
{
    struct trial *t = self;
    if (f->kind == FACT_PEER)
        return try_key(t, f->u.peer.origin, f->u.peer.key);
    enum err err = try_key(t, f->u.origin.previous, f->u.origin.previous_key);
    return err == OK ? try_key(t, f->u.origin.origin, f->u.origin.key) : err;
}

enum err node_proof_check(struct node *node, struct text bytes, struct arena *arena, struct proved *ret,
                          struct fault *reterr)
{
    struct view *v;
    struct fault why = {.offset = -1, .line = -1};
    struct trial t = {.bytes = bytes, .arena = arena, .ret = ret, .why = &why, .err = ERR_NOT_FOUND};
    const struct fact_genesis *g = node_genesis(node);
    enum err err = node_reader(node, &v, reterr);
    if (err != OK)
        return err;
    (void)try_key(&t, g->origin, g->key);
    err = view_facts(v, FACT_ORIGIN, on_fact, &t, reterr);
    if (err == OK)
        err = view_facts(v, FACT_PEER, on_fact, &t, reterr);
    node_reader_done(node, v);
    if (err != OK)
        return err;
    if (t.err == ERR_NOT_FOUND)
        return fault_at(reterr, ERR_DENIED, -1, "origin",
                        "it is of a log of which no key is known here: give its key with --key");
    if (t.err != OK && reterr)
        *reterr = why;
    return t.err;
}
