/* exchange/witness_ask.c - one cosignature asked for, and what the answers mean.
 *
 *   ASK -200-> verified, kept          -404, 403-> introduce once, ASK
 *       (introduction refused: LOOK)
 *       -409-> its size: prove from there, ASK; larger than our tree: LOOK
 *       -422-> LOOK: what does it hold that we signed? not our log's beginning: BEHIND, else its own fault
 * The first time after opening it LOOKs before it asks: a home that was put back is to sign nothing before it knows.
 * A number or a status alone proves nothing: only our own signature under a tree that is not ours opens a new origin.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "exchange/witness_loop.h"
#include "ledger/checkpoint.h"
#include "release/outbound.h"
#include "store/origin.h"

#define SIZE_SPACE "witnessed" /* party -> "origin size" of ours that it has cosigned */
#define TRIES_MAX  5

struct ask {
    struct node *node;
    struct ledger_remote *remote;
    const struct witness_how *how;
    struct note_key witness;
    struct node_origin own; /* as the log names it now, published or not */
    struct buffer bytes;    /* our checkpoint, as it is published */
    struct buffer sent;     /* with our own signatures alone: who else cosigns is not the witness's business */
    struct note note;
    struct checkpoint head;
    uint64_t old_size;
    bool introduced, followed, done;
    bool ahead_only; /* looking before asking: a beginning of our log is what is hoped for */
    struct witness_asked *result;
};

/* ---- what it has of ours, as far as we know ---- */

static enum err load_size(struct ask *a, struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    struct buffer kept;
    struct text rest, origin;
    buffer_init(&kept, 1 * KIB);
    enum err e = local_get(node_local(a->node), SIZE_SPACE, uuid_format(&a->remote->peer.party, key), &kept, reterr);
    rest = buffer_text(&kept);
    if (!e && (!text_split(&rest, ' ', &origin) || !rest.ptr || !text_eq(origin, a->head.origin) ||
               text_u64(rest, &a->old_size) != OK || a->old_size > a->head.size))
        a->old_size = 0;
    buffer_done(&kept);
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err save_size(struct ask *a, struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    struct buffer b;
    buffer_init(&b, 1 * KIB);
    buffer_addf(&b, TEXT_FMT " %" PRIu64, TEXT_ARG(a->head.origin), a->head.size);
    enum err e = buffer_error(&b);
    if (!e)
        e = local_set(node_local(a->node), SIZE_SPACE, uuid_format(&a->remote->peer.party, key), buffer_text(&b),
                      reterr);
    buffer_done(&b);
    return e;
}

/* ---- its answers ---- */

static enum err refused(const char *why, struct fault *reterr)
{
    return fault_set(reterr, ERR_UNREACHABLE, "as a witness: %s", why);
}

static bool stopped(const struct ask *a)
{
    return a->how->stopped && a->how->stopped(a->how->self);
}

/* Its key may have changed, as its own statements say. */
static enum err follow(struct ask *a, struct fault *reterr)
{
    struct http_answer answer = {0};
    struct pin pin;
    if (a->followed)
        return refused("its cosignature is by another key than the one that is pinned for it", reterr);
    a->followed = true;
    enum err e = ledger_remote_get(a->remote, "origins", &answer, reterr);
    if (e)
        return e;
    if (answer.status != 200)
        e = refused("it does not show how its key changed", reterr);
    else
        e = peer_pin_follow(a->node, &a->remote->peer.party, &a->remote->peer.account, buffer_text(&answer.body),
                            &pin, reterr);
    http_answer_done(&answer);
    return e ? e : note_key_make(text_of(pin.origin), NOTE_COSIGNATURE, pin.key, &a->witness);
}

/* ERR_NOT_FOUND: by no key that we know. */
static enum err verify_cosignature(const struct ask *a, const struct note *note, struct fault *reterr)
{
    uint64_t t_s = 0;
    enum err e = note_verify(note, &a->witness, &t_s, NULL);
    if (e == ERR_DENIED || (!e && t_s == 0))
        return refused("its cosignature does not verify by the key that is pinned for it", reterr);
    return e;
}

static uint64_t cosigned_at_s(const struct note_signature *s)
{
    uint64_t t_s = 0;
    for (size_t i = 0; i < 8; i++)
        t_s = t_s << 8 | s->bytes[i];
    return t_s;
}

/* One line of a witness is enough, and many would fill the note. All of that key were verified: there is one. */
static const struct note_signature *newest_of(const struct note *n, const struct note_key *k)
{
    const struct note_signature *newest = NULL;
    for (size_t i = 0; i < n->count; i++) {
        const struct note_signature *s = &n->signature[i];
        if (s->id == k->id && text_eq(s->name, text_of(k->name)) &&
            (!newest || cosigned_at_s(s) > cosigned_at_s(newest)))
            newest = s;
    }
    return newest;
}

/* The lines behind our text make a note: of it, the partner's own signatures are kept, when they verify. */
static enum err take_cosignature(struct ask *a, struct text lines, struct fault *reterr)
{
    struct buffer whole, good;
    struct note note;
    buffer_init(&whole, NOTE_MAX_BYTES);
    buffer_init(&good, NOTE_MAX_BYTES);
    buffer_add(&whole, a->note.text);
    buffer_add_char(&whole, '\n');
    buffer_add(&whole, lines);
    enum err e = buffer_error(&whole);
    if (!e && (note_parse(buffer_text(&whole), &note, NULL) != OK || !text_eq(note.text, a->note.text)))
        e = refused("its answer is no signature", reterr);
    if (!e)
        e = verify_cosignature(a, &note, reterr);
    if (e == ERR_NOT_FOUND)
        e = follow(a, reterr);
    if (!e)
        e = verify_cosignature(a, &note, reterr);
    if (e == ERR_NOT_FOUND)
        e = follow(a, reterr); /* says so */
    if (!e) {
        note_signature_format(newest_of(&note, &a->witness), &good);
        e = buffer_error(&good);
    }
    if (!e)
        e = save_size(a, reterr);
    if (!e) {
        e = node_add_cosignatures(a->node, a->note.text, buffer_text(&good), reterr);
        /* a newer one was published meanwhile, or others have filled it: nothing that this witness did */
        e = e == ERR_NOT_FOUND || e == ERR_LIMIT ? OK : e;
    }
    buffer_done(&whole);
    buffer_done(&good);
    a->done = !e;
    a->result->new_cosignature = !e;
    return e;
}

struct our_keys {
    const struct note *note;
    struct text origin;
    bool good;
};

static void try_key(struct our_keys *k, struct text origin, const uint8_t key[NOTE_KEY_BYTES])
{
    struct note_key made;
    if (!k->good && text_eq(origin, k->origin) && note_key_make(origin, NOTE_ED25519, key, &made) == OK)
        k->good = note_verify(k->note, &made, NULL, NULL) == OK;
}

static enum err on_our_origin(void *self, const struct fact *f)
{
    try_key(self, f->u.origin.origin, f->u.origin.key);
    return OK;
}

/* By any key that our log ever had under its name: a witness may hold what was signed before a rotation. */
static enum err signed_by_us(struct ask *a, const struct note *note, struct fault *reterr)
{
    struct our_keys k = {.note = note, .origin = text_of(a->own.name)};
    const struct fact_genesis *g = node_genesis(a->node);
    struct view *v;
    try_key(&k, g->origin, g->key);
    enum err e = node_reader(a->node, &v, reterr);
    if (e)
        return e;
    e = view_facts(v, FACT_ORIGIN, on_our_origin, &k, reterr);
    node_reader_done(a->node, v);
    if (!e && !k.good)
        e = refused("it holds a checkpoint of this log by a key that this home does not know: was the home put back "
                    "to before a change of its key? then put a newer backup back",
                    reterr);
    return e;
}

/* Is what it holds, signed by our key, a beginning of our log? */
static enum err compare_held(struct ask *a, struct text bytes, struct fault *reterr)
{
    struct note note;
    struct checkpoint shown;
    struct sha256 root;
    struct tree_source tree = node_tree(a->node);
    if (note_parse(bytes, &note, NULL) != OK || checkpoint_parse(note.text, &shown, NULL) != OK ||
        !text_eq(shown.origin, text_of(a->own.name)))
        return refused("it claims to hold a checkpoint of ours, but shows none", reterr);
    enum err e = signed_by_us(a, &note, reterr);
    if (e)
        return e;
    bool ours = shown.size <= node_tree_size(a->node);
    e = ours ? tree_root(&tree, shown.size, &root, reterr) : OK;
    if (e)
        return e;
    if (ours && sha256_eq(&root, &shown.root))
        return a->ahead_only ? OK : refused("it refuses a checkpoint that extends the one it holds", reterr);
    a->result->behind = a->done = true;
    witness_behind(a->node, &a->remote->peer.party, &shown);
    return OK;
}

static enum err look(struct ask *a, struct fault *reterr)
{
    struct sha256 hash = sha256_of(a->own.name, strlen(a->own.name));
    struct http_answer answer = {0};
    char hex[SHA256_HEX], path[SHA256_HEX + 32];
    snprintf(path, sizeof path, "witness/%s/checkpoint", sha256_hex(&hash, hex).ptr);
    enum err e = ledger_remote_get(a->remote, path, &answer, reterr);
    if (e)
        return e;
    a->result->answered |= answer.status < 500;
    if (answer.status == 200)
        e = compare_held(a, buffer_text(&answer.body), reterr);
    else if (!a->ahead_only || answer.status != 404) /* 404: it holds nothing */
        e = refused("it does not show the checkpoint that it holds", reterr);
    http_answer_done(&answer);
    return e;
}

static enum err other_size(struct ask *a, struct text body, struct fault *reterr)
{
    uint64_t size;
    if (!text_ends(body, TEXT("\n")) || text_u64(text_sub(body, 0, body.len - 1), &size) != OK)
        return refused("HTTP 409 without the size that it has", reterr);
    if (size > a->head.size)
        return look(a, reterr);
    if (size == a->old_size)
        return refused("it names the very size that it was asked from", reterr);
    a->old_size = size;
    return OK;
}

static enum err introduce(struct ask *a, int status, struct fault *reterr)
{
    if (a->introduced)
        return fault_set(reterr, ERR_UNREACHABLE, "as a witness: it does not accept our log: HTTP %d", status);
    a->introduced = true;
    struct fault ignored;
    enum err e = ledger_remote_introduce(a->node, a->remote, reterr);
    if (e && !stopped(a) && look(a, &ignored) == OK) /* our name or key went on, and this home was put back? */
        return OK;
    return e;
}

static enum err take_answer(struct ask *a, const struct http_answer *answer, struct fault *reterr)
{
    if (stopped(a) && answer->status != 200) /* what follows are further requests */
        return refused("stopped", reterr);
    switch (answer->status) {
    case 200: return take_cosignature(a, buffer_text(&answer->body), reterr);
    case 409: return other_size(a, buffer_text(&answer->body), reterr);
    case 403:
    case 404: return introduce(a, answer->status, reterr);
    case 422: return look(a, reterr);
    case 401: return refused("it does not accept our token", reterr);
    default: return fault_set(reterr, ERR_UNREACHABLE, "as a witness: HTTP %d", answer->status);
    }
}

/* ---- asking ---- */

static enum err ask_once(struct ask *a, struct fault *reterr)
{
    struct tree_source tree = node_tree(a->node);
    struct add_checkpoint add = {.old_size = a->old_size, .checkpoint = buffer_text(&a->sent)};
    struct outbound *request = NULL;
    struct http_answer answer = {0};
    struct buffer body;
    enum err e = tree_consistency(&tree, a->old_size, a->head.size, &add.proof, reterr);
    if (e)
        return e;
    buffer_init(&body, 2 * (size_t)NOTE_MAX_BYTES);
    add_checkpoint_format(&add, &body);
    e = buffer_error(&body);
    if (!e)
        e = outbound_log_text(LOG_ADD_CHECKPOINT, 0, buffer_text(&body), &request);
    buffer_done(&body);
    if (e)
        return fault_set(reterr, e, "the request to a witness could not be made: %s", err_name(e));
    e = ledger_remote_post(a->remote, "witness/add-checkpoint", request, &answer, reterr);
    if (e)
        return e;
    e = take_answer(a, &answer, reterr);
    http_answer_done(&answer);
    return e;
}

static enum err own_signatures(struct ask *a)
{
    buffer_add(&a->sent, a->note.text);
    buffer_add_char(&a->sent, '\n');
    for (size_t i = 0; i < a->note.count; i++) /* two of them after a rotation */
        if (text_eq(a->note.signature[i].name, a->head.origin))
            note_signature_format(&a->note.signature[i], &a->sent);
    return buffer_error(&a->sent);
}

static enum err prepare(struct ask *a, struct fault *reterr)
{
    enum err e = node_checkpoint(a->node, &a->bytes, reterr);
    if (e)
        return e;
    e = note_parse(buffer_text(&a->bytes), &a->note, reterr);
    if (!e)
        e = checkpoint_parse(a->note.text, &a->head, reterr);
    if (!e)
        e = own_signatures(a);
    if (e)
        return e;
    if (!text_eq(a->head.origin, text_of(a->own.name)))
        return ERR_NOT_FOUND; /* of the origin before: the next one is about to be published */
    return load_size(a, reterr);
}

static enum err look_first(struct ask *a, struct fault *reterr)
{
    a->ahead_only = true;
    enum err e = look(a, reterr);
    a->ahead_only = false;
    return e;
}

static enum err ask(struct ask *a, struct fault *reterr)
{
    enum err e = prepare(a, reterr);
    if (!e)
        a->done = note_verify(&a->note, &a->witness, NULL, NULL) == OK; /* it has cosigned this one */
    for (int i = 0; !e && !a->done && i < TRIES_MAX; i++)
        e = stopped(a) ? refused("stopped", reterr) : ask_once(a, reterr);
    if (!e && !a->done)
        e = refused("it changes its mind too often", reterr);
    if (!e && !a->result->behind)
        a->result->size = a->head.size;
    return e;
}

enum err witness_ask(struct node *node, struct ledger_remote *r, const struct witness_how *how,
                     struct witness_asked *ret, struct fault *reterr)
{
    struct ask a = {.node = node, .remote = r, .how = how, .result = ret};
    *ret = (struct witness_asked){.size = 0};
    buffer_init(&a.bytes, NOTE_MAX_BYTES);
    buffer_init(&a.sent, NOTE_MAX_BYTES);
    node_origin(node, &a.own);
    enum err e = OK;
    if (!ledger_remote_pinned(r, &a.witness, NOTE_COSIGNATURE))
        e = fault_set(reterr, ERR_UNREACHABLE, "as a witness: its key is not known: accept a new invitation of it");
    if (!e && how->look_first)
        e = look_first(&a, reterr);
    if (!e && !a.done && !node_held(node)) /* held: what is published may be of a log put back */
        e = ask(&a, reterr);
    buffer_done(&a.bytes);
    buffer_done(&a.sent);
    return e == ERR_NOT_FOUND ? OK : e;
}

void witness_behind(struct node *node, const struct uuid *party, const struct checkpoint *shown)
{
    char id[UUID_TEXT_MAX];
    struct node_origin origin;
    struct fault fault = {0};
    const struct origin_change change = {.reason = ORIGIN_RESTORE,
                                         .account = *node_admin(node),
                                         .words = TEXT("a witness holds a checkpoint that this log does not extend")};
    log_error("party %s holds a checkpoint over %" PRIu64
              " entries that this node signed and its log does not extend: "
              "the home was put back to an earlier state; a new log origin is opened",
              uuid_format(party, id).ptr, shown->size);
    if (node_new_origin(node, &change, &origin, &fault))
        log_error("no new origin could be opened: %s", fault.what[0] ? fault.what : err_name(fault.err));
    else
        log_warning("the log goes on as %s", origin.name);
}
