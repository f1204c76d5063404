/* ledger/proof_check.c - the chain from the public part to the signature, link by link. */
#include "ledger/proof_check.h"

#include <inttypes.h>

struct sha256 proof_extra_commitment(const struct proof_extra *x)
{
    struct sha256 half = entry_half(x->salt1, x->public_part);
    return entry_commitment_of(&half, &x->private_half);
}

static enum err no(struct fault *reterr, const char *link, const char *why)
{
    return fault_at(reterr, ERR_DENIED, -1, link, "%s", why);
}

/* The checkpoint: of the origin that is accepted, and signed by its key. */
static enum err check_head(const struct tlog_proof *p, const struct note_key *log, struct proved *w,
                           struct fault *reterr)
{
    enum err e = note_parse(p->checkpoint, &w->note, reterr);
    if (!e)
        e = checkpoint_parse(w->note.text, &w->checkpoint, reterr);
    if (e)
        return e;
    if (!text_eq(w->checkpoint.origin, text_of(log->name)))
        return no(reterr, "origin", "the checkpoint is of another log");
    e = note_verify(&w->note, log, NULL, reterr);
    if (e == ERR_NOT_FOUND)
        return no(reterr, "signature", "the checkpoint is not signed by the log's key");
    return e == ERR_DENIED ? no(reterr, "signature", "the checkpoint's signature does not verify") : e;
}

static enum err check_entry(const struct tlog_proof *p, const struct proof_extra *x, struct proved *w,
                            struct fault *reterr)
{
    enum err e = entry_decode(x->entry, &w->entry, reterr);
    if (e)
        return e;
    if (w->entry.n != p->index)
        return no(reterr, "entry", "the entry is not the one at this index");
    struct sha256 c = proof_extra_commitment(x);
    return sha256_eq(&c, &w->entry.c) ? OK : no(reterr, "commitment", "the public part is not what the entry says");
}

enum err proof_check(struct text bytes, const struct note_key *log, struct arena *arena, struct proved *ret,
                     struct fault *reterr)
{
    struct tlog_proof p;
    struct proof_extra x;
    struct proved w;
    struct buffer extra;
    if (bytes.len > PROOF_MAX_BYTES)
        return fault_at(reterr, ERR_LIMIT, 0, "FORMAT-proof", "a proof longer than %zu bytes", PROOF_MAX_BYTES);
    buffer_init(&extra, PROOF_EXTRA_MAX_BYTES);
    enum err e = tlog_proof_parse(bytes, &extra, &p, reterr);
    if (!e)
        e = proof_extra_decode(p.extra, arena, &x, reterr);
    buffer_done(&extra);
    if (!e)
        e = check_head(&p, log, &w, reterr);
    if (!e)
        e = check_entry(&p, &x, &w, reterr);
    if (e)
        return e;
    struct sha256 leaf = entry_leaf(x.entry);
    if (!proof_inclusion_holds(&p.proof, &leaf, p.index, w.checkpoint.size, &w.checkpoint.root))
        return no(reterr, "inclusion", "the entry is not under the checkpoint's root");
    w.public_part = x.public_part;
    *ret = w;
    return OK;
}
