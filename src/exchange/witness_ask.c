/* exchange/witness_ask.c - one cosignature asked for, and what the answers mean.
 *
 *   ASK -200-> verified, kept          -404, 403-> introduce once, ASK
 *       -409-> its size: prove from there, ASK; larger than our tree: LOOK
 *       -422-> LOOK: what does it hold that we signed? not our log's beginning: BEHIND, else its own fault
 * A number or a status alone proves nothing: only our own signature under a tree that is not ours opens a new origin.
 */
#include <inttypes.h>
#include <stdio.h>

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
    struct note_key witness, own;
    struct buffer bytes; /* our checkpoint, as it is published */
    struct buffer sent;  /* with our own signatures alone: who else cosigns is not the witness's business */
    struct note note;
    struct checkpoint head;
    uint64_t old_size;
    bool introduced, followed, done;
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
    for (size_t i = 0; !e && i < note.count; i++)
        if (note.signature[i].id == a->witness.id && text_eq(note.signature[i].name, text_of(a->witness.name)))
            note_signature_format(&note.signature[i], &good);
    if (!e)
        e = buffer_error(&good);
    if (!e)
        e = save_size(a, reterr);
    if (!e) {
        e = node_add_cosignatures(a->node, a->note.text, buffer_text(&good), reterr);
        e = e == ERR_NOT_FOUND ? OK : e; /* a newer one was published meanwhile */
    }
    buffer_done(&whole);
    buffer_done(&good);
    a->done = !e;
    a->result->new_cosignature = !e;
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
        !text_eq(shown.origin, a->head.origin) || note_verify(&note, &a->own, NULL, NULL) != OK)
        return refused("it claims to hold a checkpoint of ours, but shows none that we signed", reterr);
    bool ours = shown.size <= node_tree_size(a->node);
    enum err e = ours ? tree_root(&tree, shown.size, &root, reterr) : OK;
    if (e)
        return e;
    if (ours && sha256_eq(&root, &shown.root))
        return refused("it refuses a checkpoint that extends the one it holds", reterr);
    a->result->behind = a->done = true;
    witness_behind(a->node, &a->remote->peer.party, &shown);
    return OK;
}

static enum err look(struct ask *a, struct fault *reterr)
{
    struct sha256 hash = sha256_of(a->head.origin.ptr, a->head.origin.len);
    struct http_answer answer = {0};
    char hex[SHA256_HEX], path[SHA256_HEX + 32];
    snprintf(path, sizeof path, "witness/%s/checkpoint", sha256_hex(&hash, hex).ptr);
    enum err e = ledger_remote_get(a->remote, path, &answer, reterr);
    if (e)
        return e;
    e = answer.status == 200 ? compare_held(a, buffer_text(&answer.body), reterr)
                             : refused("it does not show the checkpoint that it says it holds", reterr);
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
    return ledger_remote_introduce(a->node, a->remote, reterr);
}

static enum err take_answer(struct ask *a, const struct http_answer *answer, struct fault *reterr)
{
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
    struct node_origin own;
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
    node_origin(a->node, &own);
    if (!text_eq(a->head.origin, text_of(own.name)))
        return ERR_NOT_FOUND; /* of the origin before: the next one is about to be published */
    if (!ledger_remote_pinned(a->remote, &a->witness, NOTE_COSIGNATURE))
        return fault_set(reterr, ERR_UNREACHABLE,
                         "as a witness: its key is not known: accept a new invitation of it");
    e = note_key_make(a->head.origin, NOTE_ED25519, own.key, &a->own);
    return e ? fault_set(reterr, e, "the origin is no name of a key") : load_size(a, reterr);
}

enum err witness_ask(struct node *node, struct ledger_remote *r, struct witness_asked *ret, struct fault *reterr)
{
    struct ask a = {.node = node, .remote = r, .result = ret};
    *ret = (struct witness_asked){.size = 0};
    buffer_init(&a.bytes, NOTE_MAX_BYTES);
    buffer_init(&a.sent, NOTE_MAX_BYTES);
    enum err e = prepare(&a, reterr);
    if (!e)
        a.done = note_verify(&a.note, &a.witness, NULL, NULL) == OK; /* it has cosigned this one */
    for (int i = 0; !e && !a.done && i < TRIES_MAX; i++)
        e = ask_once(&a, reterr);
    if (!e && !a.done)
        e = refused("it changes its mind too often", reterr);
    if (!e && !ret->behind)
        ret->size = a.head.size;
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
