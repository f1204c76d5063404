/* store/origin.c - which key and name the log has now, and the key files in agreement with it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "store/node_inside.h"

#define OVERLAP_US ((int64_t)ORIGIN_OVERLAP_DAYS * 24 * 3600 * 1000000)

const char *origin_old_key(uint64_t n, char out[OLD_KEY_NAME_MAX])
{
    snprintf(out, OLD_KEY_NAME_MAX, KEYS_FOLDER "/old-%llu.key", (unsigned long long)n);
    return out;
}

/* ---- what the log says ---- */

static bool put_name(struct node_origin *o, struct text name)
{
    if (name.len >= sizeof o->name)
        return false;
    memcpy(o->name, name.ptr, name.len);
    o->name[name.len] = 0;
    return true;
}

int64_t origin_stated_us(struct text note)
{
    struct stamp stamp;
    struct text time = TEXT("\ntime "), rest, word;
    ptrdiff_t at = text_find_text(note, time);
    rest = text_sub(note, at < 0 ? note.len : (size_t)at + time.len, note.len);
    return text_split(&rest, '\n', &word) && stamp_parse(word, &stamp, NULL) == OK ? stamp_us(stamp) : 0;
}

static enum err on_succession(void *self, const struct fact *f)
{
    const struct fact_origin *o = &f->u.origin;
    struct origin_newest *n = self;
    if (!put_name(&n->now, o->origin))
        return ERR_LIMIT;
    memcpy(n->now.key, o->key, sizeof n->now.key);
    memcpy(n->previous_key, o->previous_key, sizeof n->previous_key);
    n->now.n = f->n;
    n->reason = o->reason;
    n->t_us = origin_stated_us(o->note);
    return OK;
}

enum err origin_newest(struct node *node, struct view *v, struct origin_newest *ret, struct fault *reterr)
{
    struct origin_newest n = {.reason = 0};
    memcpy(n.now.key, node->genesis.key, sizeof n.now.key);
    enum err err = put_name(&n.now, node->genesis.origin) ? OK : ERR_LIMIT;
    if (err == OK)
        err = view_facts(v, FACT_ORIGIN, on_succession, &n, reterr);
    if (err == ERR_LIMIT)
        return fault_set(reterr, ERR_LIMIT, "the log's origin has more than %d bytes", ORIGIN_MAX - 1);
    if (err == OK)
        *ret = n;
    return err;
}

/* ---- the files ---- */

static enum err forget_next(struct node *node, struct fault *reterr)
{
    return key_wipe(node->io, node->home, KEY_NEXT, reterr);
}

/* The entry is durable and names next.key: it becomes node.key, and what was there goes. */
static enum err promote(struct node *node, const struct origin_newest *n, const struct key *current,
                        struct fault *reterr)
{
    char old[OLD_KEY_NAME_MAX];
    enum err err = OK;
    if (n->reason == ORIGIN_ROTATION && key_is(current, n->previous_key))
        err = key_write(node->io, node->home, origin_old_key(n->now.n, old), current, reterr);
    if (err == OK)
        err = key_wipe(node->io, node->home, KEY_NODE, reterr);
    if (err == OK)
        err = home_rename(node->io, node->home, KEY_NEXT, KEY_NODE, reterr);
    return err == OK ? home_sync(node->io, node->home, KEYS_FOLDER, reterr) : err;
}

static enum err not_the_key(const struct key *key, const struct node_origin *now, struct fault *reterr)
{
    char is[KEY_WORDS_MAX], named[KEY_WORDS_MAX];
    key_words(key_public(key), is);
    key_words(now->key, named);
    return fault_set(reterr, ERR_DENIED,
                     KEY_NODE
                     " is not the key of this log (%.17s..., the log names %.17s...): put the right one back "
                     "from a backup, or entente key replace --lost",
                     is, named);
}

/* Is the file of HOME/keys what a finished or given up change left: a retired key that signs no more, a file half
 * written? */
static bool is_left_over(const char *file, const char *retiring)
{
    struct text name = text_of(file);
    bool old = text_starts(name, TEXT("old-")) && text_ends(name, TEXT(".key"));
    return (old && strcmp(file, retiring) != 0) || text_ends(name, TEXT(".key.new"));
}

static enum err sweep(struct node *node, const struct origin_newest *n, struct fault *reterr)
{
    char retiring[OLD_KEY_NAME_MAX] = KEYS_FOLDER "/", name[sizeof(struct dirent) + sizeof KEYS_FOLDER];
    enum err err = OK;
    if (n->reason == ORIGIN_ROTATION && clock_now_us() - n->t_us < OVERLAP_US)
        origin_old_key(n->now.n, retiring);
    char *path = home_path(node->home, KEYS_FOLDER);
    DIR *d = path ? opendir(path) : NULL; /* no folder, no keys: told when somebody wants to sign */
    for (struct dirent *e; err == OK && d && (e = readdir(d));) {
        snprintf(name, sizeof name, KEYS_FOLDER "/%s", e->d_name);
        if (is_left_over(e->d_name, retiring + sizeof KEYS_FOLDER))
            err = key_wipe(node->io, node->home, name, reterr);
    }
    if (d)
        closedir(d);
    free(path);
    return err;
}

static void load_retiring(struct node *node, const struct origin_newest *n)
{
    char name[OLD_KEY_NAME_MAX];
    struct origin_state *o = &node->origin;
    struct key *old = NULL;
    if (n->reason == ORIGIN_ROTATION &&
        key_read(node->io, node->home, origin_old_key(n->now.n, name), &old, NULL) != OK)
        old = NULL; /* its time is over, or nobody misses it */
    if (old && !key_is(old, n->previous_key)) {
        key_free(old);
        old = NULL;
    }
    pthread_mutex_lock(&o->lock);
    key_free(o->retiring);
    o->retiring = old;
    o->retiring_until_us = n->t_us + OVERLAP_US;
    pthread_mutex_unlock(&o->lock);
}

/* node.key, or why it cannot be had. */
static void load_key(struct node *node, struct key *key, const struct fault *why, const struct node_origin *now)
{
    struct origin_state *o = &node->origin;
    struct fault fault = *why;
    if (key && !key_is(key, now->key)) {
        not_the_key(key, now, &fault);
        key_free(key);
        key = NULL;
    }
    pthread_mutex_lock(&o->lock);
    key_free(o->key);
    o->key = key;
    o->key_fault = key ? (struct fault){.err = OK, .offset = -1, .line = -1} : fault;
    o->now = *now;
    pthread_mutex_unlock(&o->lock);
}

enum err origin_settle(struct node *node, const struct origin_newest *newest, struct fault *reterr)
{
    struct key *current = NULL, *next = NULL;
    struct fault why = {.offset = -1, .line = -1};
    enum err err = key_read(node->io, node->home, KEY_NODE, &current, &why);
    if (err == OK && key_is(current, newest->now.key)) {
        err = forget_next(node, reterr);
    } else if (key_read(node->io, node->home, KEY_NEXT, &next, NULL) == OK && key_is(next, newest->now.key)) {
        err = promote(node, newest, current, reterr);
        key_free(current);
        current = next;
        next = NULL;
    } else {
        err = OK; /* neither: told when somebody wants to sign */
    }
    key_free(next);
    if (err != OK) {
        key_free(current);
        return err;
    }
    load_key(node, current, &why, &newest->now);
    err = sweep(node, newest, reterr);
    if (err == OK)
        load_retiring(node, newest);
    return err;
}

/* ---- life ---- */

void origin_init(struct origin_state *o)
{
    pthread_mutex_init(&o->lock, NULL);
    fault_set(&o->key_fault, ERR_DENIED, "this node was opened for reading only");
}

enum err origin_open(struct node *node, struct view *v, struct fault *reterr)
{
    struct origin_newest newest;
    enum err err = origin_newest(node, v, &newest, reterr);
    if (err != OK)
        return err;
    node->origin.now = newest.now;
    if (node->mode == NODE_OWN)
        return origin_settle(node, &newest, reterr);
    char old[OLD_KEY_NAME_MAX];
    node->origin.has_retiring =
        newest.reason == ORIGIN_ROTATION && home_has(node->home, origin_old_key(newest.now.n, old), NULL) == OK;
    memcpy(node->origin.retiring_key, newest.previous_key, KEY_BYTES);
    return OK;
}

void origin_done(struct origin_state *o)
{
    key_free(o->key);
    key_free(o->retiring);
    pthread_mutex_destroy(&o->lock);
}

/* ---- questions ---- */

void node_origin(struct node *node, struct node_origin *ret)
{
    pthread_mutex_lock(&node->origin.lock);
    *ret = node->origin.now;
    pthread_mutex_unlock(&node->origin.lock);
}

enum err node_can_sign(struct node *node, struct fault *reterr)
{
    struct origin_state *o = &node->origin;
    struct key *key = NULL;
    if (node->mode != NODE_OWN) {
        enum err err = key_read(node->io, node->home, KEY_NODE, &key, reterr);
        if (err == OK && !key_is(key, o->now.key))
            err = not_the_key(key, &o->now, reterr);
        key_free(key);
        return err;
    }
    pthread_mutex_lock(&o->lock);
    enum err err = o->key_fault.err;
    if (err != OK && reterr)
        *reterr = o->key_fault;
    pthread_mutex_unlock(&o->lock);
    return err;
}

bool node_retiring_key(struct node *node, uint8_t ret_key[KEY_BYTES])
{
    struct origin_state *o = &node->origin;
    pthread_mutex_lock(&o->lock);
    bool there = o->retiring || o->has_retiring;
    if (there)
        memcpy(ret_key, o->retiring ? key_public(o->retiring) : o->retiring_key, KEY_BYTES);
    pthread_mutex_unlock(&o->lock);
    return there;
}
