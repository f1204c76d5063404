/* exchange/ledger_check.c - a partner's log, checked from its checkpoint and its tiles.
 *
 * A tile is believed for nothing by itself: every proof made of tiles is checked against two roots that its key
 * signed. */
#include "exchange/ledger_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exchange/ledger_remote.h"
#include "exchange/witness.h"
#include "ledger/checkpoint.h"

#define WITNESS_SPACE "witness" /* of witness.c */
#define TILES_MAX     512       /* of one check: a proof takes a few a level */

struct tile {
    unsigned level;
    uint64_t index;
    size_t width;
    struct sha256 *hashes; /* in the arena */
    struct tile *next;
};
struct check {
    struct node *node;
    struct ledger_remote remote;
    struct buffer bytes; /* its checkpoint */
    struct note note;
    struct checkpoint head;
    struct tile *tiles;
    unsigned tile_count;
    struct ledger_checked result;
};

static enum err unreachable(const char *what, int status, struct fault *reterr)
{
    return fault_set(reterr, ERR_UNREACHABLE, "it does not show %s: HTTP %d", what, status);
}

static enum err fails(const char *check, const char *why, struct fault *reterr)
{
    return fault_at(reterr, ERR_DENIED, -1, check, "%s", why);
}

/* ---- its tree, by tiles ---- */

static enum err fetch_tile(struct check *c, struct tile *t, struct fault *reterr)
{
    struct http_answer answer = {0};
    struct buffer path;
    if (++c->tile_count > TILES_MAX)
        return fault_set(reterr, ERR_LIMIT, "a proof wants more than %d tiles", TILES_MAX);
    buffer_init(&path, 256);
    buffer_addf(&path, "tile/%u/", t->level);
    tree_tile_path(t->index, (unsigned)t->width, &path);
    buffer_add_char(&path, 0);
    enum err e = buffer_error(&path);
    if (!e)
        e = ledger_remote_get(&c->remote, path.ptr, &answer, reterr);
    buffer_done(&path);
    if (e)
        return e;
    if (answer.status != 200 || answer.body.len != t->width * SHA256_BYTES)
        e = unreachable("a tile that its checkpoint covers", answer.status, reterr);
    else
        memcpy(t->hashes, answer.body.ptr, answer.body.len);
    http_answer_done(&answer);
    return e;
}

static enum err tile_of(struct check *c, unsigned level, uint64_t index, struct tile **ret, struct fault *reterr)
{
    for (struct tile *t = c->tiles; t; t = t->next)
        if (t->level == level && t->index == index) {
            *ret = t;
            return OK;
        }
    uint64_t there = tree_level_count(c->head.size, level) - index * TREE_TILE_HASHES;
    struct tile *t = arena_alloc(&c->remote.arena, sizeof *t);
    if (!t)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    *t = (struct tile){.level = level, .index = index, .width = there < TREE_TILE_HASHES ? there : TREE_TILE_HASHES};
    t->hashes = arena_alloc(&c->remote.arena, t->width * sizeof *t->hashes);
    enum err e = t->hashes ? fetch_tile(c, t, reterr) : ERR_NOMEM;
    if (e)
        return e;
    t->next = c->tiles;
    c->tiles = t;
    *ret = t;
    return OK;
}

/* What is asked for never crosses a tile's end: it is a full subtree of at most half a tile. */
static enum err read_tile(void *self, unsigned level, uint64_t index, size_t count, struct sha256 *ret,
                          struct fault *reterr)
{
    struct tile *t = NULL;
    enum err e = tile_of(self, level, index / TREE_TILE_HASHES, &t, reterr);
    size_t at = index % TREE_TILE_HASHES;
    if (e || !t)
        return e;
    if (at + count > t->width)
        return fault_set(reterr, ERR_UNREACHABLE, "a tile of its tree is too short");
    memcpy(ret, t->hashes + at, count * sizeof *ret);
    return OK;
}

/* Does the tree of now begin with that one? */
static enum err extends(struct check *c, const struct checkpoint *before, struct fault *reterr)
{
    struct tree_source tree = {.self = c, .read = read_tile};
    struct proof p;
    if (before->size > c->head.size)
        return fault_at(reterr, ERR_DENIED, -1, "rollback",
                        "it shows a log of %" PRIu64 " entries and had signed one of %" PRIu64, c->head.size,
                        before->size);
    if (before->size == c->head.size)
        return sha256_eq(&before->root, &c->head.root)
                   ? OK
                   : fails("fork", "it signed two different trees of one size", reterr);
    enum err e = tree_consistency(&tree, before->size, c->head.size, &p, reterr);
    if (e)
        return e;
    return proof_consistency_holds(&p, before->size, c->head.size, &before->root, &c->head.root)
               ? OK
               : fails("consistency", "its log is not a continuation of the one it had signed", reterr);
}

/* ---- its checkpoint ---- */

static enum err fetch_checkpoint(struct check *c, struct fault *reterr)
{
    struct http_answer answer = {0};
    enum err e = ledger_remote_get(&c->remote, "checkpoint", &answer, reterr);
    if (e)
        return e;
    if (answer.status != 200)
        e = unreachable("a checkpoint", answer.status, reterr);
    else
        buffer_add(&c->bytes, buffer_text(&answer.body));
    http_answer_done(&answer);
    if (!e)
        e = buffer_error(&c->bytes);
    if (!e && (note_parse(buffer_text(&c->bytes), &c->note, NULL) != OK ||
               checkpoint_parse(c->note.text, &c->head, NULL) != OK))
        e = fault_set(reterr, ERR_UNREACHABLE, "what it shows is no checkpoint");
    return e;
}

static bool signed_by(const struct check *c, const struct pin *pin)
{
    struct note_key key;
    return note_key_make(text_of(pin->origin), NOTE_ED25519, pin->key, &key) == OK &&
           text_eq(c->head.origin, text_of(pin->origin)) && note_verify(&c->note, &key, NULL, NULL) == OK;
}

static enum err follow(struct check *c, const struct uuid *account, struct pin *pin, struct fault *reterr)
{
    struct http_answer answer = {0};
    enum err e = ledger_remote_get(&c->remote, "origins", &answer, reterr);
    if (e)
        return e;
    if (answer.status != 200)
        e = unreachable("its statements of succession", answer.status, reterr);
    else
        e = peer_pin_follow(c->node, &c->remote.peer.party, account, buffer_text(&answer.body), pin, reterr);
    http_answer_done(&answer);
    return e;
}

static enum err check_signature(struct check *c, const struct uuid *account, struct fault *reterr)
{
    struct pin pin = {.origin = ""}, before;
    struct note_key key;
    struct text origin = c->remote.peer.origin;
    if (origin.len >= sizeof pin.origin || !ledger_remote_pinned(&c->remote, &key, NOTE_ED25519))
        return fault_set(reterr, ERR_NOT_FOUND, "no key of this partner's log is known: accept its invitation anew");
    memcpy(pin.key, key.key, sizeof pin.key);
    memcpy(pin.origin, origin.ptr, origin.len);
    before = pin;
    enum err e = signed_by(c, &pin) ? OK : follow(c, account, &pin, reterr);
    if (e)
        return e;
    c->result.moved = !pin_same(&before, &pin);
    return signed_by(c, &pin) ? OK
                              : fails("signature",
                                      "its checkpoint is not signed by the key that is pinned for it, nor "
                                      "by one that its statements lead to",
                                      reterr);
}

/* ---- what we know of it ---- */

/* A kept note about its log, under whichever name; false: none. */
static enum err kept_head(struct check *c, const char *space, struct text key, struct buffer *room,
                          struct checkpoint *ret, bool *ret_any, struct fault *reterr)
{
    struct note note;
    enum err e = local_get(node_local(c->node), space, key, room, reterr);
    *ret_any = false;
    if (e == ERR_NOT_FOUND)
        return OK;
    if (!e)
        e = note_parse(buffer_text(room), &note, reterr);
    if (!e)
        e = checkpoint_parse(note.text, ret, reterr);
    *ret_any = !e;
    return e;
}

/* Its statements vouch for the new name, not for what is missing under it. */
static enum err lost(const struct check *c, const struct checkpoint *before, struct fault *reterr)
{
    return fault_at(reterr, ERR_DENIED, -1, "lost",
                    "its log goes on as " TEXT_FMT ", without all of the %" PRIu64
                    " entries that it had signed as " TEXT_FMT
                    ": ask what was lost; entente peer set NAME --key VKEY accepts it",
                    TEXT_ARG(c->head.origin), before->size, TEXT_ARG(before->origin));
}

static enum err check_kept(struct check *c, const char *space, struct text key, uint64_t *ret_size,
                           struct fault *reterr)
{
    struct checkpoint before;
    struct buffer room;
    bool any;
    buffer_init(&room, NOTE_MAX_BYTES);
    enum err e = kept_head(c, space, key, &room, &before, &any, reterr);
    if (!e && any) {
        if (ret_size)
            *ret_size = before.size;
        e = extends(c, &before, reterr);
        if (e == ERR_DENIED && !text_eq(before.origin, c->head.origin))
            e = lost(c, &before, reterr);
    }
    buffer_done(&room);
    return e;
}

/* What was cosigned here of its log under the names that it had before. */
static enum err check_names(struct check *c, struct text party, struct fault *reterr)
{
    char hex[SHA256_HEX];
    struct buffer names;
    struct text rest, name;
    buffer_init(&names, PEER_NAMES_MAX_BYTES);
    enum err e = local_get(node_local(c->node), PEER_NAMES_SPACE, party, &names, reterr);
    rest = buffer_text(&names);
    while (!e && rest.len && text_split(&rest, '\n', &name)) {
        struct sha256 hash = sha256_of(name.ptr, name.len);
        e = check_kept(c, WITNESS_SPACE, sha256_hex(&hash, hex), NULL, reterr);
    }
    buffer_done(&names);
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err check_past(struct check *c, struct fault *reterr)
{
    struct sha256 hash = sha256_of(c->head.origin.ptr, c->head.origin.len);
    char hex[SHA256_HEX], party[UUID_TEXT_MAX];
    struct buffer evidence;
    buffer_init(&evidence, NOTE_MAX_BYTES);
    enum err e = witness_evidence(c->node, c->head.origin, &evidence);
    buffer_done(&evidence);
    if (e == OK)
        return fails("fork", "it signed two different trees of one size; both checkpoints are kept here", reterr);
    if (e != ERR_NOT_FOUND)
        return e;
    e = check_kept(c, PEER_HEAD_SPACE, uuid_format(&c->remote.peer.party, party), &c->result.seen, reterr);
    if (!e)
        e = check_kept(c, WITNESS_SPACE, sha256_hex(&hash, hex), NULL, reterr);
    return e ? e : check_names(c, text_of(party), reterr);
}

/* ---- cosignatures ---- */

struct cosigners {
    struct check *c;
    enum err err;
    struct fault *reterr;
};

static void try_cosigner(struct cosigners *s, struct text origin, const uint8_t key[NOTE_KEY_BYTES])
{
    struct note_key k;
    if (s->err || note_key_make(origin, NOTE_COSIGNATURE, key, &k) != OK)
        return;
    enum err e = note_verify(&s->c->note, &k, NULL, NULL);
    if (e == ERR_DENIED)
        s->err = fault_at(s->reterr, ERR_DENIED, -1, "cosignature", "the cosignature of %s does not verify", k.name);
    else if (e == ERR_NOMEM)
        s->err = e;
    s->c->result.cosigners += e == OK;
}

static enum err on_peer(void *self, const struct fact *f)
{
    struct cosigners *s = self;
    if (f->u.peer.origin.len && !f->u.peer.expelled)
        try_cosigner(s, f->u.peer.origin, f->u.peer.key);
    return s->err;
}

static enum err check_cosignatures(struct check *c, struct fault *reterr)
{
    struct cosigners s = {.c = c, .reterr = reterr};
    struct node_origin own;
    struct view *v;
    node_origin(c->node, &own);
    try_cosigner(&s, text_of(own.name), own.key);
    enum err e = s.err ? s.err : node_reader(c->node, &v, reterr);
    if (e)
        return e;
    e = view_facts(v, FACT_PEER, on_peer, &s, reterr);
    node_reader_done(c->node, v);
    return s.err ? s.err : e;
}

/* ---- all of it ---- */

static enum err run(struct check *c, const struct uuid *account, struct fault *reterr)
{
    char party[UUID_TEXT_MAX];
    enum err e = fetch_checkpoint(c, reterr);
    if (!e)
        e = check_signature(c, account, reterr);
    if (!e)
        e = check_past(c, reterr);
    if (!e)
        e = check_cosignatures(c, reterr);
    if (!e)
        e = local_set(node_local(c->node), PEER_HEAD_SPACE, uuid_format(&c->remote.peer.party, party),
                      buffer_text(&c->bytes), reterr);
    if (!e) {
        c->result.size = c->head.size;
        snprintf(c->result.origin, sizeof c->result.origin, TEXT_FMT, TEXT_ARG(c->head.origin));
    }
    return e;
}

enum err ledger_check_peer(struct node *node, const struct uuid *party, const struct uuid *account,
                           struct ledger_checked *ret, struct fault *reterr)
{
    struct check c = {.node = node};
    struct http_client *http = NULL;
    buffer_init(&c.bytes, NOTE_MAX_BYTES);
    enum err e = ledger_remote_open(node, party, &c.remote, reterr);
    if (!e)
        e = ledger_remote_client(c.remote.peer.url, &http, reterr);
    c.remote.http = http;
    if (!e)
        e = run(&c, account, reterr);
    if (!e)
        *ret = c.result;
    http_client_free(http);
    ledger_remote_done(&c.remote);
    buffer_done(&c.bytes);
    return e;
}
