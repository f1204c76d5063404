/* store/node_publish.c - the log as others can check it: its tree, and the checkpoints over it.
 *
 * Invariants (tree.h, checkpoint.h): what is published was durable, log and tree, before it was signed; each
 * checkpoint extends the one before, which is looked at again from the tree each time; the file is durable before
 * anybody is told.
 *
 *   the log grew --tree_sync--> SYNCED --old root again? sign--> SIGNED --log/checkpoint replaced--> PUBLISHED */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "store/node_inside.h"

void publish_init(struct publish *p)
{
    pthread_mutex_init(&p->one_at_a_time, NULL);
    pthread_mutex_init(&p->lock, NULL);
}

void publish_done(struct publish *p)
{
    tree_close(p->tree);
    p->tree = NULL;
    kept_done(&p->kept);
    pthread_mutex_destroy(&p->one_at_a_time);
    pthread_mutex_destroy(&p->lock);
}

/* ---- what was published before ---- */

/* With the signatures that came in for it. */
static enum err load_kept(struct node *node, struct kept *ret, struct fault *reterr)
{
    struct kept k, cosigned = {.size = 0};
    enum err err = kept_load(node->io, node->home, CHECKPOINT_FILE, &k, reterr);
    if (err != OK)
        return err;
    /* Others' signatures can be had again: what is wrong with their file is verify's to tell. */
    if (kept_load(node->io, node->home, COSIGNED_FILE, &cosigned, NULL) == OK) {
        if (text_eq(cosigned.text, k.text)) {
            struct kept swap = k;
            k = cosigned;
            cosigned = swap;
        }
        kept_done(&cosigned);
    }
    *ret = k;
    return OK;
}

enum err publish_load(struct node *node, uint64_t *ret_size, struct fault *reterr)
{
    struct kept k;
    enum err err = load_kept(node, &k, reterr);
    if (err == ERR_NOT_FOUND) {
        *ret_size = 0;
        return OK;
    }
    if (err != OK)
        return err;
    node->publish.kept = k;
    *ret_size = k.size;
    return OK;
}

static void add_leaf(void *tree, const struct sha256 *leaf, struct place at)
{
    tree_add(tree, leaf, at);
}

/* A checkpoint that this node never signed says nothing about its log. One under an earlier name or key of ours is
 * verify's to look at. */
static enum err check_signature(struct node *node, const struct kept *k, struct fault *reterr)
{
    struct node_origin origin;
    struct note_key key;
    struct note *note;
    if (k->size == 0)
        return OK;
    node_origin(node, &origin);
    enum err err = note_key_make(text_of(origin.name), NOTE_ED25519, origin.key, &key);
    if (err != OK) /* then nothing was signed under it */
        return OK;
    note = calloc(1, sizeof *note);
    if (!note)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    err = note_parse(buffer_text(&k->bytes), note, reterr);
    if (err == OK)
        err = note_verify(note, &key, NULL, reterr);
    if (err == ERR_NOT_FOUND)
        err = OK;
    else if (err == ERR_DENIED)
        err = fault_set(reterr, ERR_MALFORMED,
                        CHECKPOINT_FILE " is damaged: its signature does not hold; put it back from a backup or from "
                                        "a partner who has it");
    free(note);
    return err;
}

enum err publish_open(struct node *node, struct fault *reterr)
{
    struct publish *p = &node->publish;
    enum err err = check_signature(node, &p->kept, reterr);
    if (err == OK)
        err = tree_open(node->io, node->home, node->log, true, p->kept.size, &p->kept.root, &p->tree, reterr);
    if (err == OK)
        log_on_leaf(node->log, add_leaf, p->tree);
    return err;
}

enum err publish_rebuild(struct node *node, struct fault *reterr)
{
    struct publish *p = &node->publish;
    if (!p->tree) /* not opened yet: publish_open() will see to it */
        return OK;
    pthread_mutex_lock(&p->lock);
    uint64_t size = p->kept.size;
    struct sha256 root = p->kept.root;
    pthread_mutex_unlock(&p->lock);
    return tree_rebuild(p->tree, size, &root, reterr);
}

/* ---- publishing ---- */

static enum err heal(struct txn *t, void *self, struct fault *reterr)
{
    (void)t;
    return tree_heal(self, reterr);
}

/* Brings a tree that fell behind up again: on the writer thread, or without one at closing. */
static enum err heal_tree(struct node *node, struct fault *reterr)
{
    struct tree *tree = node->publish.tree;
    if (!tree_behind(tree))
        return OK;
    return node->writer.running ? node_write(node, heal, tree, reterr) : tree_heal(tree, reterr);
}

static enum err sign(struct node *node, uint64_t size, const struct sha256 *root, struct kept *ret,
                     struct fault *reterr)
{
    struct node_origin origin, after;
    struct buffer text, note;
    node_origin(node, &origin);
    const struct checkpoint c = {.origin = text_of(origin.name), .size = size, .root = *root};
    buffer_init(&text, NOTE_MAX_BYTES);
    buffer_init(&note, NOTE_MAX_BYTES);
    checkpoint_format(&c, &text);
    buffer_add(&note, buffer_text(&text));
    buffer_add_char(&note, '\n');
    enum err err = buffer_error(&text);
    if (err != OK)
        err = fault_set(reterr, err, "the checkpoint cannot be written");
    else
        err = node_sign(node, NOTE_ED25519, buffer_text(&text), &note, reterr);
    node_origin(node, &after);
    if (err == OK && after.n != origin.n) /* it was signed under another name */
        err = fault_set(reterr, ERR_BUSY, "the log's origin was changed at this moment");
    if (err == OK && buffer_error(&note) != OK)
        err = fault_set(reterr, buffer_error(&note), "the checkpoint cannot be signed");
    if (err == OK)
        err = kept_from(buffer_text(&note), ret, reterr);
    buffer_done(&text);
    buffer_done(&note);
    return err;
}

/* Is the tree published last still the beginning of this one? */
static enum err still_there(const struct tree_source *tree, const struct kept *last, struct fault *reterr)
{
    struct sha256 root;
    if (last->size == 0)
        return OK;
    enum err err = tree_root(tree, last->size, &root, reterr);
    if (err == OK && !sha256_eq(&root, &last->root))
        err = fault_set(reterr, ERR_MALFORMED,
                        "the tree no longer gives the checkpoint published over %llu entries: nothing is signed; "
                        "`entente verify` says more, `entente rebuild` makes the tree again",
                        (unsigned long long)last->size);
    return err;
}

static void take_kept(struct node *node, const struct kept *k)
{
    struct publish *p = &node->publish;
    pthread_mutex_lock(&p->lock);
    kept_done(&p->kept);
    p->kept = *k;
    pthread_mutex_unlock(&p->lock);
}

static enum err publish(struct node *node, bool *ret_new, struct fault *reterr)
{
    struct publish *p = &node->publish;
    struct tree_source source = tree_source(p->tree);
    struct sha256 root;
    struct kept k;
    enum err err = heal_tree(node, reterr);
    const uint64_t size = tree_size(p->tree);
    *ret_new = false;
    if (err != OK || size == p->kept.size) /* only this thread changes kept now */
        return err;
    if (size < p->kept.size)
        return fault_set(reterr, ERR_MALFORMED, "the tree is shorter than what was published");
    err = tree_sync(p->tree, reterr);
    if (err == OK)
        err = still_there(&source, &p->kept, reterr);
    if (err == OK)
        err = tree_root(&source, size, &root, reterr);
    if (err == OK)
        err = sign(node, size, &root, &k, reterr);
    if (err != OK)
        return err;
    err = kept_save(node->io, node->home, CHECKPOINT_FILE, &k, reterr);
    if (err != OK) {
        kept_done(&k);
        return err;
    }
    take_kept(node, &k);
    *ret_new = true;
    return OK;
}

enum err node_publish(struct node *node, bool *ret_new, struct fault *reterr)
{
    struct publish *p = &node->publish;
    if (node->mode != NODE_OWN || !p->tree)
        return fault_set(reterr, ERR_DENIED, "this node was opened for reading only");
    if (node_held(node))
        return fault_set(reterr, ERR_BUSY, "partners are being asked what they hold of this log");
    pthread_mutex_lock(&p->one_at_a_time);
    enum err err = publish(node, ret_new, reterr);
    pthread_mutex_unlock(&p->one_at_a_time);
    return err;
}

void node_hold(struct node *node, int64_t until_us)
{
    atomic_store(&node->publish.held_until_us, until_us);
}

bool node_held(struct node *node)
{
    int64_t until_us = atomic_load(&node->publish.held_until_us);
    return until_us && clock_mono_us() < until_us;
}

void node_hold_end(struct node *node, bool publish_first)
{
    struct publish *p = &node->publish;
    struct fault why = {.offset = -1, .line = -1};
    bool fresh;
    pthread_mutex_lock(&p->one_at_a_time);
    if (publish_first && publish(node, &fresh, &why) != OK)
        log_warning("no checkpoint is published: %s", why.what);
    pthread_mutex_unlock(&p->one_at_a_time);
    atomic_store(&p->held_until_us, 0);
}

void publish_last(struct node *node)
{
    struct fault why = {.offset = -1, .line = -1};
    bool fresh;
    if (node->mode != NODE_OWN || !node->publish.tree || log_failed(node->log) || node_held(node))
        return;
    if (node_publish(node, &fresh, &why) != OK)
        log_warning("no checkpoint was published: %s", why.what);
}

/* ---- what readers of a home see ---- */

/* A reader's tree goes as far as the checkpoint it has read: with the lock held. */
static enum err follow(struct node *node, struct fault *reterr)
{
    struct publish *p = &node->publish;
    struct kept k;
    enum err err = load_kept(node, &k, reterr);
    if (err != OK)
        return err;
    if (k.size > log_size(node->log))
        err = log_refresh(node->log, reterr);
    if (err == OK)
        err = p->tree ? tree_refresh(p->tree, k.size, &k.root, reterr)
                      : tree_open(node->io, node->home, node->log, false, k.size, &k.root, &p->tree, reterr);
    if (err != OK) {
        kept_done(&k);
        return err;
    }
    kept_done(&p->kept);
    p->kept = k;
    return OK;
}

/* The tree, which a reader opens when it is first asked for. */
static enum err have_tree(struct node *node, bool newest, struct fault *reterr)
{
    struct publish *p = &node->publish;
    enum err err = OK;
    if (node->mode == NODE_OWN)
        return OK;
    pthread_mutex_lock(&p->lock);
    if (newest || !p->tree) {
        err = follow(node, reterr);
        if (err == ERR_VERSION && node_put_in_order(node, NULL) == OK)
            err = follow(node, reterr);
    }
    pthread_mutex_unlock(&p->lock);
    return err;
}

enum err node_checkpoint(struct node *node, struct buffer *ret_note, struct fault *reterr)
{
    struct publish *p = &node->publish;
    enum err err = have_tree(node, true, reterr);
    if (err != OK)
        return err;
    pthread_mutex_lock(&p->lock);
    if (p->kept.size == 0) {
        err = fault_set(reterr, ERR_NOT_FOUND, "no checkpoint was published yet");
    } else {
        buffer_add(ret_note, buffer_text(&p->kept.bytes));
        if (buffer_error(ret_note) != OK)
            err = fault_set(reterr, buffer_error(ret_note), "no memory for the checkpoint");
    }
    pthread_mutex_unlock(&p->lock);
    return err;
}

uint64_t node_tree_size(struct node *node)
{
    return have_tree(node, false, NULL) == OK ? tree_size(node->publish.tree) : 0;
}

struct tree_source node_tree(struct node *node)
{
    (void)node_tree_size(node);
    return tree_source(node->publish.tree);
}

static enum err copy_read(const struct log_read *read, struct arena *arena, struct log_read *ret)
{
    struct log_read copy = *read;
    struct text *const texts[] = {&copy.entry_text, &copy.detail.public_part, &copy.detail.private_part};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i]->len == 0)
            continue;
        *texts[i] = arena_text(arena, *texts[i]);
        if (!texts[i]->ptr)
            return ERR_NOMEM;
    }
    if (entry_decode(copy.entry_text, &copy.entry, NULL) != OK) /* its kind is the copy's */
        return ERR_MALFORMED;
    *ret = copy;
    return OK;
}

enum err node_entry(struct node *node, uint64_t n, struct arena *arena, struct log_read *ret, struct fault *reterr)
{
    struct log_reader *r;
    struct log_read read;
    struct place at;
    enum err err = have_tree(node, false, reterr);
    if (err == OK)
        err = tree_place(node->publish.tree, n, &at, reterr);
    if (err == OK)
        err = log_reader_open_at(node->log, n, at, &r, reterr);
    if (err != OK)
        return err;
    err = log_reader_next(r, &read, reterr);
    if (err == OK) {
        err = copy_read(&read, arena, ret);
        if (err != OK)
            fault_set(reterr, err, "entry %llu cannot be kept in memory", (unsigned long long)n);
    }
    log_reader_close(r);
    return err;
}

/* ---- witnesses ---- */

/* Are these signatures newer than those kept? */
static enum err keep_cosigned(struct node *node, struct text note_text, struct text lines, struct fault *reterr)
{
    struct kept old = {.size = 0}, k = {.size = 0}, with = {.size = 0};
    struct buffer note;
    enum err err = kept_load(node->io, node->home, COSIGNED_FILE, &old, reterr);
    if (err != OK && err != ERR_NOT_FOUND && err != ERR_MALFORMED)
        return err;
    bool there = err == OK;
    buffer_init(&note, NOTE_MAX_BYTES);
    buffer_add(&note, note_text);
    buffer_add_char(&note, '\n');
    buffer_add(&note, lines);
    err = buffer_error(&note);
    err = err == OK ? kept_from(buffer_text(&note), &k, reterr) : fault_set(reterr, err, "a checkpoint too large");
    if (err == OK && there && text_eq(old.text, k.text)) {
        err = kept_with(&old, lines, &with, reterr);
        if (err == OK)
            err = kept_save(node->io, node->home, COSIGNED_FILE, &with, reterr);
    } else if (err == OK && (!there || k.size > old.size)) {
        err = kept_save(node->io, node->home, COSIGNED_FILE, &k, reterr);
    }
    buffer_done(&note);
    kept_done(&old);
    kept_done(&k);
    kept_done(&with);
    return err;
}

enum err node_add_cosignatures(struct node *node, struct text note_text, struct text lines, struct fault *reterr)
{
    struct publish *p = &node->publish;
    struct kept with = {.size = 0};
    struct text all = lines;
    if (node->mode != NODE_OWN)
        return fault_set(reterr, ERR_DENIED, "this node was opened for reading only");
    pthread_mutex_lock(&p->one_at_a_time); /* only who has this changes kept */
    bool current = p->kept.size > 0 && text_eq(p->kept.text, note_text);
    enum err err = OK;
    if (current) {
        err = kept_with(&p->kept, lines, &with, reterr);
        if (err == OK) {
            all = buffer_text(&with.bytes);
            all = text_sub(all, with.text.len + 1, all.len); /* our own line goes with them */
        }
    }
    if (err == OK)
        err = keep_cosigned(node, note_text, all, reterr);
    if (err == OK && current)
        take_kept(node, &with);
    else
        kept_done(&with);
    pthread_mutex_unlock(&p->one_at_a_time);
    if (err == OK && !current)
        return fault_set(reterr, ERR_NOT_FOUND, "this checkpoint is no longer the published one");
    return err;
}

enum err node_cosigned(struct node *node, struct buffer *ret_note, struct fault *reterr)
{
    struct kept k;
    enum err err = kept_load(node->io, node->home, COSIGNED_FILE, &k, reterr);
    if (err != OK)
        return err;
    buffer_add(ret_note, buffer_text(&k.bytes));
    kept_done(&k);
    return buffer_error(ret_note);
}
