/* store/origin_new.c - a succession written: see origin.h for the order of things and what a crash leaves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "ledger/succession.h"
#include "model/space.h"
#include "store/node_inside.h"

/* The entry's reasons are the statement's. */
_Static_assert((int)ORIGIN_ROTATION == (int)SUCCESSION_ROTATION &&
                   (int)ORIGIN_COMPROMISE == (int)SUCCESSION_COMPROMISE && (int)ORIGIN_LOSS == (int)SUCCESSION_LOSS &&
                   (int)ORIGIN_RESTORE == (int)SUCCESSION_RESTORE,
               "one numbering");

/* "entente/LV/<16 digits>", and a number behind it when the same key has begun anew */
#define ORIGIN_SLASHES 2

struct writing {
    struct node *node;
    const struct origin_change *change;
    struct node_origin before, after;
    const struct key *old_key, *new_key; /* old_key NULL: it does not sign */
    bool appended;
};

static bool needs_old_key(enum origin_reason r)
{
    return r == ORIGIN_ROTATION || r == ORIGIN_RESTORE;
}

/* ---- the new name ---- */

enum err origin_next_name(const char *before, uint32_t *ret_number, size_t *ret_base_len)
{
    struct text t = text_of(before), digits;
    size_t slashes = 0, last = 0;
    uint64_t number = 1;
    for (size_t i = 0; i < t.len; i++) {
        if (t.ptr[i] == '/') {
            slashes++;
            last = i;
        }
    }
    *ret_base_len = t.len;
    *ret_number = 2;
    if (slashes <= ORIGIN_SLASHES)
        return OK;
    digits = text_sub(t, last + 1, t.len);
    if (text_u64(digits, &number) != OK || number < 2 || number >= UINT32_MAX)
        return ERR_MALFORMED;
    *ret_base_len = last;
    *ret_number = (uint32_t)number + 1;
    return OK;
}

/* The clock's second where it is later: the same copy restored twice must not give two logs one name. */
static uint32_t never_twice(uint32_t number)
{
    int64_t now_s = clock_now_us() / 1000000;
    return now_s > (int64_t)number && now_s < (int64_t)UINT32_MAX ? (uint32_t)now_s : number;
}

static enum err name_after(struct writing *w, struct fault *reterr)
{
    int n = -1;
    uint32_t number;
    size_t base;
    char digits[SHA256_HEX];
    struct buffer start;
    const struct fact_genesis *g = node_genesis(w->node);
    struct sha256 hash = sha256_of(w->after.key, sizeof w->after.key);
    switch (w->change->reason) {
    case ORIGIN_ROTATION: n = snprintf(w->after.name, sizeof w->after.name, "%s", w->before.name); break;
    case ORIGIN_RESTORE:
        if (origin_next_name(w->before.name, &number, &base) == OK)
            n = snprintf(w->after.name, sizeof w->after.name, "%.*s/%lu", (int)base, w->before.name,
                         (unsigned long)never_twice(number));
        break;
    default:
        sha256_hex(&hash, digits);
        buffer_init(&start, ORIGIN_MAX);
        space_origin_start(g->space, &start);
        n = snprintf(w->after.name, sizeof w->after.name, TEXT_FMT TEXT_FMT "/%.16s", TEXT_ARG(buffer_text(&start)),
                     TEXT_ARG(g->country), digits);
        buffer_done(&start);
    }
    return n > 0 && (size_t)n < sizeof w->after.name
               ? OK
               : fault_set(reterr, ERR_LIMIT, "no name follows the log's origin %s", w->before.name);
}

/* ---- the statement ---- */

static enum err log_root(const struct log *log, uint64_t size, struct sha256 *ret, struct fault *reterr)
{
    struct log_reader *r;
    struct log_read read;
    struct merkle m;
    enum err err = log_reader_open(log, 0, &r, reterr);
    if (err != OK)
        return err;
    merkle_init(&m);
    while (err == OK && m.size < size) {
        err = log_reader_next(r, &read, reterr);
        if (err == OK) {
            struct sha256 leaf = entry_leaf(read.entry_text);
            merkle_add(&m, &leaf);
        }
    }
    log_reader_close(r);
    if (err == OK)
        *ret = merkle_root(&m);
    return err;
}

static enum err add_signature(const char *name, const struct key *key, struct text text, struct buffer *out,
                              struct fault *reterr)
{
    struct note_key k;
    if (note_key_make(text_of(name), NOTE_ED25519, key_public(key), &k) != OK)
        return fault_set(reterr, ERR_MALFORMED, "the log's origin %s cannot name a key", name);
    note_sign(text, &k, key_seed(key), 0, out);
    return OK;
}

static enum err write_note(const struct writing *w, const struct succession *s, struct buffer *out,
                           struct fault *reterr)
{
    struct buffer text;
    buffer_init(&text, NOTE_MAX_BYTES);
    succession_format(s, &text);
    buffer_add(out, buffer_text(&text));
    buffer_add_char(out, '\n');
    enum err err = add_signature(w->after.name, w->new_key, buffer_text(&text), out, reterr);
    if (err == OK && w->old_key)
        err = add_signature(w->before.name, w->old_key, buffer_text(&text), out, reterr);
    if (err == OK && (buffer_error(&text) != OK || buffer_error(out) != OK))
        err = fault_set(reterr, ERR_NOMEM, "no memory for the succession");
    buffer_done(&text);
    return err;
}

static enum err append_both(struct txn *t, struct writing *w, const struct succession *s, struct text note,
                            struct fault *reterr)
{
    static const char *const verbs[] = {[ORIGIN_ROTATION] = "key rotated",
                                        [ORIGIN_COMPROMISE] = "key replaced, compromised",
                                        [ORIGIN_LOSS] = "key replaced, lost",
                                        [ORIGIN_RESTORE] = "new origin, the log was behind"};
    struct fact f = {.kind = FACT_ORIGIN}, act = {.kind = FACT_ACT};
    struct fact_origin *o = &f.u.origin;
    o->origin = s->new_origin;
    o->previous = s->old_origin;
    memcpy(o->key, s->new_key, sizeof o->key);
    memcpy(o->previous_key, s->old_key, sizeof o->previous_key);
    o->size = s->size;
    o->root = s->root;
    o->reason = w->change->reason;
    o->note = note;
    o->account = w->change->account;
    enum err err = txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
    if (err != OK)
        return err;
    w->after.n = f.n;
    act.u.act = (struct fact_act){.account = w->change->account,
                                  .verb = text_of(verbs[w->change->reason]),
                                  .subject = s->new_origin,
                                  .reason = w->change->words};
    return txn_append(t, &act, TEXT_NONE, TEXT_NONE, reterr);
}

/* From the tree's files where they are as far as the log, else from the log itself. */
static enum err root_of(struct node *node, uint64_t size, struct sha256 *ret, struct fault *reterr)
{
    struct tree_source tree = node_tree(node);
    if (node_tree_size(node) >= size && tree_root(&tree, size, ret, NULL) == OK)
        return OK;
    return log_root(node->log, size, ret, reterr);
}

/* On the writer thread: what is durable now is where the old one stops. */
static enum err write_succession(struct txn *t, void *self, struct fault *reterr)
{
    struct writing *w = self;
    struct succession s = {.old_origin = text_of(w->before.name),
                           .new_origin = text_of(w->after.name),
                           .size = log_size(w->node->log),
                           .reason = (enum succession_reason)w->change->reason,
                           .t_us = txn_now_us(t)};
    struct buffer note;
    memcpy(s.old_key, w->before.key, sizeof s.old_key);
    memcpy(s.new_key, w->after.key, sizeof s.new_key);
    enum err err = root_of(w->node, s.size, &s.root, reterr);
    if (err != OK)
        return err;
    buffer_init(&note, NOTE_MAX_BYTES);
    err = write_note(w, &s, &note, reterr);
    if (err == OK)
        err = append_both(t, w, &s, buffer_text(&note), reterr);
    w->appended = err == OK;
    buffer_done(&note);
    return err;
}

/* ---- the order of things ---- */

static enum err begin_change(struct node *node, const struct origin_change *change, struct writing *w,
                             struct fault *reterr)
{
    struct origin_state *o = &node->origin;
    enum err err = OK;
    if (node->mode != NODE_OWN)
        return fault_set(reterr, ERR_DENIED, "this node was opened for reading only");
    pthread_mutex_lock(&o->lock);
    if (o->changing) {
        err = fault_set(reterr, ERR_BUSY, "the key is being changed at this moment");
    } else if (needs_old_key(change->reason) && !o->key) {
        err = o->key_fault.err;
        if (reterr)
            *reterr = o->key_fault;
    } else {
        o->changing = true;
        w->before = o->now;
        w->old_key = needs_old_key(change->reason) ? o->key : NULL; /* nobody frees it meanwhile */
    }
    pthread_mutex_unlock(&o->lock);
    return err;
}

static void end_change(struct node *node)
{
    pthread_mutex_lock(&node->origin.lock);
    node->origin.changing = false;
    pthread_mutex_unlock(&node->origin.lock);
}

/* A next.key that an earlier attempt left may be the one that the log names by now: it is never written over. */
static enum err write_next(struct node *node, const struct key *key, struct fault *reterr)
{
    enum err err = home_has(node->home, KEY_NEXT, reterr);
    if (err == OK)
        return fault_set(reterr, ERR_BUSY,
                         "an earlier change of the key was cut short; the next program that opens "
                         "this home finishes it: end this one, then try again");
    if (err != ERR_NOT_FOUND)
        return err;
    char *folder = home_path(node->home, KEYS_FOLDER);
    err = folder ? home_make_folder(folder, reterr) : fault_set(reterr, ERR_NOMEM, "no memory");
    free(folder);
    return err == OK ? key_write(node->io, node->home, KEY_NEXT, key, reterr) : err;
}

/* Under the lock. */
static void give_up_key(struct node *node, enum err why, const char *words)
{
    struct origin_state *o = &node->origin;
    key_free(o->key);
    o->key = NULL;
    fault_set(&o->key_fault, why, "%s", words);
}

/* The entry is durable: from here on the new key is the key, whatever becomes of the files. */
static enum err take_over(struct node *node, const struct writing *w, struct fault *reterr)
{
    struct view *v;
    struct origin_newest newest;
    enum err err = node_reader(node, &v, reterr);
    if (err == OK) {
        err = origin_newest(node, v, &newest, reterr);
        node_reader_done(node, v);
    }
    if (err == OK)
        err = origin_settle(node, &newest, reterr);
    if (err == OK)
        return OK;
    pthread_mutex_lock(&node->origin.lock);
    node->origin.now = w->after;
    if (!key_is(node->origin.key, w->after.key))
        give_up_key(node, err,
                    "the key was changed, but " KEYS_FOLDER
                    "/ could not be put in order; the next program that opens this home tries again");
    pthread_mutex_unlock(&node->origin.lock);
    return err;
}

/* Nobody can say whether the entry will be there when the home is next opened: neither key may sign until then. */
static void stop_signing(struct node *node, enum err why)
{
    pthread_mutex_lock(&node->origin.lock);
    give_up_key(node, why,
                "a change of the key may or may not have been written; the next program that opens this home "
                "finds out and signs again");
    pthread_mutex_unlock(&node->origin.lock);
}

static enum err change_with(struct node *node, struct writing *w, struct key *fresh, struct fault *reterr)
{
    enum err err = OK;
    w->node = node;
    w->new_key = fresh ? fresh : w->old_key;
    memcpy(w->after.key, key_public(w->new_key), sizeof w->after.key);
    err = name_after(w, reterr);
    if (err == OK && fresh)
        err = write_next(node, fresh, reterr);
    if (err != OK)
        return err;
    err = node_write(node, write_succession, w, reterr);
    if (err == OK)
        return take_over(node, w, reterr);
    /* Only where it is certain that no entry names it is the new key given up. */
    if (w->appended && (log_failed(node->log) || log_size(node->log) > w->after.n))
        stop_signing(node, err);
    else if (fresh)
        (void)!key_wipe(node->io, node->home, KEY_NEXT, NULL);
    return err;
}

enum err node_new_origin(struct node *node, const struct origin_change *change, struct node_origin *ret,
                         struct fault *reterr)
{
    struct writing w = {.change = change};
    struct key *fresh = NULL;
    enum err err = begin_change(node, change, &w, reterr);
    if (err != OK)
        return err;
    if (change->reason != ORIGIN_RESTORE)
        err = key_new(&fresh, reterr);
    if (err == OK) {
        pthread_mutex_lock(&node->keep_lock); /* a backup has the keys of before or of after, never some of each */
        err = change_with(node, &w, fresh, reterr);
        pthread_mutex_unlock(&node->keep_lock);
    }
    key_free(fresh);
    end_change(node);
    if (err == OK)
        *ret = w.after;
    return err;
}

enum err node_retire_key(struct node *node, struct fault *reterr)
{
    struct origin_state *o = &node->origin;
    char name[OLD_KEY_NAME_MAX];
    if (node->mode != NODE_OWN)
        return fault_set(reterr, ERR_DENIED, "this node was opened for reading only");
    pthread_mutex_lock(&o->lock);
    enum err err = o->retiring ? key_wipe(node->io, node->home, origin_old_key(o->now.n, name), reterr)
                               : fault_set(reterr, ERR_NOT_FOUND, "no retired key signs any more");
    if (err == OK) {
        key_free(o->retiring);
        o->retiring = NULL;
    }
    pthread_mutex_unlock(&o->lock);
    return err;
}
