/* exchange/witness.c - add-checkpoint, in the order of the specification's checks. */
#include "exchange/witness.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ledger/checkpoint.h"
#include "model/space.h"

#define STATE_SPACE    "witness"      /* origin hash -> the last cosigned checkpoint */
#define EVIDENCE_SPACE "witness-fork" /* origin hash -> a note that cannot be true beside it */

#define OTHER_LINES_MAX 3 /* of a log's keys beside the pinned one: a rotation leaves one */

struct witness {
    struct node *node;
    pthread_mutex_t one_at_a_time; /* invariant 1 */
};

enum err witness_new(struct node *node, struct witness **ret)
{
    struct witness *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_NOMEM;
    w->node = node;
    pthread_mutex_init(&w->one_at_a_time, NULL);
    *ret = w;
    return OK;
}

void witness_free(struct witness *w)
{
    if (!w)
        return;
    pthread_mutex_destroy(&w->one_at_a_time);
    free(w);
}

static struct text key_of(struct text origin, char out[SHA256_HEX])
{
    struct sha256 hash = sha256_of(origin.ptr, origin.len);
    return sha256_hex(&hash, out);
}

/* ---- what is asked ---- */

struct request {
    struct add_checkpoint add;
    struct note note;
    struct checkpoint head;
    struct note_key log; /* the pinned key */
    bool known, expelled;
};

static enum err on_peer(void *self, const struct fact *f)
{
    struct request *r = self;
    const struct fact_peer *p = &f->u.peer;
    if (r->known || p->origin.len == 0 || !text_eq(p->origin, r->head.origin) ||
        note_key_make(p->origin, NOTE_ED25519, p->key, &r->log) != OK)
        return OK;
    r->known = true;
    r->expelled = p->expelled;
    return OK;
}

/* 0, or the status to refuse with. */
static enum err read_request(struct view *v, struct text body, struct request *r, int *ret_status,
                             struct fault *reterr)
{
    struct fault words;
    enum err e = add_checkpoint_parse(body, &r->add, &words);
    if (!e)
        e = note_parse(r->add.checkpoint, &r->note, &words);
    if (!e)
        e = checkpoint_parse(r->note.text, &r->head, &words);
    /* Extension lines are words of others, and what we cosign we also show: not through us. */
    if (e == ERR_MALFORMED || e == ERR_LIMIT || (!e && r->head.extensions.len)) {
        *ret_status = 400;
        return OK;
    }
    if (!e)
        e = view_facts(v, FACT_PEER, on_peer, r, reterr);
    if (e)
        return e;
    *ret_status = !r->known ? 404 : r->expelled ? 403 : 0;
    if (*ret_status)
        return OK;
    e = note_verify(&r->note, &r->log, NULL, reterr);
    if (e == ERR_NOMEM)
        return e;
    *ret_status = e ? 403 : r->add.old_size > r->head.size ? 400 : 0;
    return OK;
}

/* ---- what is held ---- */

struct held {
    struct buffer bytes;
    uint64_t size;
    struct sha256 root;
};

static enum err load(struct node *node, struct text key, struct held *h, struct fault *reterr)
{
    struct note note;
    struct checkpoint c;
    h->size = 0;
    h->root = sha256_of(NULL, 0);
    enum err e = local_get(node_local(node), STATE_SPACE, key, &h->bytes, reterr);
    if (e == ERR_NOT_FOUND)
        return OK;
    if (!e)
        e = note_parse(buffer_text(&h->bytes), &note, reterr);
    if (!e)
        e = checkpoint_parse(note.text, &c, reterr);
    if (!e) {
        h->size = c.size;
        h->root = c.root;
    }
    return e;
}

/* Two trees of one size under one key: nothing explains that but a fork. Said once. */
static enum err keep_evidence(struct node *node, const struct request *r, struct text key, struct fault *reterr)
{
    struct buffer before;
    buffer_init(&before, NOTE_MAX_BYTES);
    enum err e = local_get(node_local(node), EVIDENCE_SPACE, key, &before, NULL);
    buffer_done(&before);
    if (e != ERR_NOT_FOUND)
        return OK;
    log_warning("the log with origin hash " TEXT_FMT " signed two different trees of %" PRIu64
                " entries: it has forked; both checkpoints are kept",
                TEXT_ARG(key), r->head.size);
    return local_set(node_local(node), EVIDENCE_SPACE, key, r->add.checkpoint, reterr);
}

enum err witness_evidence(struct node *node, struct text origin, struct buffer *out)
{
    char hex[SHA256_HEX];
    return local_get(node_local(node), EVIDENCE_SPACE, key_of(origin, hex), out, NULL);
}

/* Lines by the log's name and another key than the pinned one are kept unverified: after a rotation there are two,
 * and the log itself, put back, may know only one of them. It verifies them when it looks. */
static void keep_lines(const struct request *r, struct buffer *out)
{
    const struct note *n = &r->note;
    size_t pinned = 0, others = 0;
    for (size_t i = 0; i < n->count; i++) {
        const struct note_signature *s = &n->signature[i];
        if (!text_eq(s->name, text_of(r->log.name)) || s->len != NOTE_SIGNATURE_BYTES)
            continue;
        if (s->id == r->log.id ? pinned++ == 0 : others++ < OTHER_LINES_MAX)
            note_signature_format(s, out);
    }
}

/* The text, the log's own signatures, and ours: durable before anybody sees the latter. */
static enum err keep(struct node *node, const struct request *r, struct text key, struct text lines,
                     struct fault *reterr)
{
    struct buffer b;
    buffer_init(&b, NOTE_MAX_BYTES);
    buffer_add(&b, r->note.text);
    buffer_add_char(&b, '\n');
    keep_lines(r, &b);
    buffer_add(&b, lines);
    enum err e = buffer_error(&b);
    if (!e)
        e = local_set(node_local(node), STATE_SPACE, key, buffer_text(&b), reterr);
    buffer_done(&b);
    return e;
}

/* ---- the step ---- */

static enum err cosign(struct witness *w, const struct request *r, struct text key, struct witness_answer *ret,
                       struct fault *reterr)
{
    enum err e = node_sign(w->node, NOTE_COSIGNATURE, r->note.text, ret->text, reterr);
    if (!e)
        e = buffer_error(ret->text);
    if (!e)
        e = keep(w->node, r, key, buffer_text(ret->text), reterr);
    ret->status = 200;
    return e;
}

static enum err compare(struct witness *w, const struct request *r, const struct held *h, struct text key,
                        struct witness_answer *ret, struct fault *reterr)
{
    if (r->add.old_size != h->size) {
        ret->status = 409;
        buffer_addf(ret->text, "%" PRIu64 "\n", h->size);
        return buffer_error(ret->text);
    }
    if (!proof_extension_holds(&r->add.proof, h->size, r->head.size, &h->root, &r->head.root)) {
        ret->status = 422;
        bool fork = r->head.size == h->size && h->size > 0 && !sha256_eq(&h->root, &r->head.root);
        return fork ? keep_evidence(w->node, r, key, reterr) : OK;
    }
    return cosign(w, r, key, ret, reterr);
}

enum err witness_add(struct witness *w, struct view *v, struct text body, struct witness_answer *ret,
                     struct fault *reterr)
{
    struct request r = {.known = false};
    struct held h;
    char hex[SHA256_HEX];
    int status = 0;
    enum err e = read_request(v, body, &r, &status, reterr);
    ret->status = status;
    if (e || status)
        return e;
    if (space_check_origin(node_genesis(w->node)->space, r.head.origin, NULL) != OK) {
        ret->status = 403;
        return OK;
    }
    struct text key = key_of(r.head.origin, hex);
    buffer_init(&h.bytes, NOTE_MAX_BYTES);
    pthread_mutex_lock(&w->one_at_a_time);
    e = load(w->node, key, &h, reterr);
    if (!e)
        e = compare(w, &r, &h, key, ret, reterr);
    pthread_mutex_unlock(&w->one_at_a_time);
    buffer_done(&h.bytes);
    return e;
}

enum err witness_latest(struct witness *w, struct text origin_hash, struct buffer *out, struct fault *reterr)
{
    struct sha256 hash;
    char hex[SHA256_HEX];
    if (sha256_from_hex(origin_hash, &hash) != OK || !text_eq(sha256_hex(&hash, hex), origin_hash))
        return ERR_NOT_FOUND;
    return local_get(node_local(w->node), STATE_SPACE, origin_hash, out, reterr);
}
