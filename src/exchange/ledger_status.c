/* exchange/ledger_status.c - from the published and the cosigned checkpoint, and the keys that are pinned. */
#include "exchange/ledger_status.h"

#include "ledger/checkpoint.h"

struct counting {
    const struct note *note; /* NULL: nothing is cosigned */
    struct ledger_status *to;
};

static enum err on_peer(void *self, const struct fact *f)
{
    struct counting *c = self;
    const struct fact_peer *p = &f->u.peer;
    struct note_key key;
    uint64_t t_s = 0;
    if (p->expelled || !p->origin.len || note_key_make(p->origin, NOTE_COSIGNATURE, p->key, &key) != OK)
        return OK;
    c->to->partners += p->url.len > 0;
    if (!c->note || note_verify(c->note, &key, &t_s, NULL) != OK)
        return OK;
    c->to->by++;
    if ((int64_t)t_s > c->to->last_s)
        c->to->last_s = (int64_t)t_s;
    return OK;
}

/* ERR_NOT_FOUND of the reading function: zero, and no note. */
static enum err size_of(enum err e, const struct buffer *bytes, struct note *note, uint64_t *ret,
                        struct fault *reterr)
{
    struct checkpoint c;
    if (!e)
        e = note_parse(buffer_text(bytes), note, reterr);
    if (!e)
        e = checkpoint_parse(note->text, &c, reterr);
    *ret = e ? 0 : c.size;
    return e == ERR_NOT_FOUND ? OK : e;
}

enum err ledger_status(struct node *node, struct view *v, struct ledger_status *ret, struct fault *reterr)
{
    struct ledger_status s = {.published = 0};
    struct note note;
    struct buffer published, cosigned;
    buffer_init(&published, NOTE_MAX_BYTES);
    buffer_init(&cosigned, NOTE_MAX_BYTES);
    enum err e = size_of(node_checkpoint(node, &published, reterr), &published, &note, &s.published, reterr);
    /* Signatures of others can be had again: what is wrong with their file is `verify`'s to tell. */
    if (!e && size_of(node_cosigned(node, &cosigned, NULL), &cosigned, &note, &s.cosigned, NULL) == ERR_NOMEM)
        e = fault_set(reterr, ERR_NOMEM, "out of memory");
    struct counting c = {.note = s.cosigned ? &note : NULL, .to = &s};
    if (!e)
        e = view_facts(v, FACT_PEER, on_peer, &c, reterr);
    buffer_done(&published);
    buffer_done(&cosigned);
    if (!e)
        *ret = s;
    return e;
}
