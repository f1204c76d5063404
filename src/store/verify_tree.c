/* store/verify_tree.c - the tree's files beside the tree that the log gives, item by item, in order. */
#include <stdlib.h>
#include <string.h>

#include "store/verify_inside.h"

#define LEVELS (TREE_LEVELS + 1)
#define PLACES TREE_LEVELS

static unsigned level_of(size_t i)
{
    return i == PLACES ? TREE_PLACES : (unsigned)i;
}

enum err verify_tree_open(struct verify_tree *t, const struct io *io, const char *home, struct verify_check *check,
                          struct fault *reterr)
{
    t->check = check;
    merkle_init(&t->merkle);
    for (size_t i = 0; i < LEVELS; i++)
        if (tree_file_init(&t->level[i].file, io, home, level_of(i)) != OK)
            return fault_set(reterr, ERR_NOMEM, "no memory");
    return OK;
}

void verify_tree_close(struct verify_tree *t)
{
    for (size_t i = 0; i < LEVELS; i++)
        tree_file_done(&t->level[i].file);
}

enum err verify_tree_heads(struct verify_tree *t, const uint8_t log_id[LOG_ID_BYTES], struct fault *reterr)
{
    char name[TREE_NAME_MAX];
    for (size_t i = 0; i < LEVELS; i++) {
        struct verify_level *l = &t->level[i];
        struct fault why = {.offset = -1, .line = -1};
        enum err err = tree_file_open(&l->file, false, log_id, &why);
        if (err == ERR_NOT_FOUND)
            continue;
        if (err == ERR_VERSION) {
            check_fault(t->check, tree_name(level_of(i), name), why.offset, -1, "%s", why.what);
            continue;
        }
        if (err != OK) {
            if (reterr)
                *reterr = why;
            return err;
        }
        int64_t size = l->file.io->size(l->file.io->self, l->file.fd);
        if (size > (int64_t)TREE_HEAD_BYTES)
            l->stored = ((uint64_t)size - TREE_HEAD_BYTES) / l->file.item;
    }
    return OK;
}

/* The stored item, or NULL when there is none. */
static enum err stored_item(struct verify_level *l, uint64_t index, const uint8_t **ret, struct fault *reterr)
{
    *ret = NULL;
    if (index >= l->stored)
        return OK;
    if (index >= l->first + l->have || index < l->first) {
        l->first = index;
        l->have = l->stored - index < TREE_RUN ? (size_t)(l->stored - index) : TREE_RUN;
        enum err err = tree_file_read(&l->file, index, l->have, l->window, reterr);
        if (err != OK)
            return err;
    }
    *ret = l->window + (index - l->first) * l->file.item;
    return OK;
}

/* The item that the log gives, against the stored one. used: a published checkpoint stands on it. */
static enum err compare(struct verify_tree *t, size_t i, const void *item, bool used, uint64_t entry,
                        struct fault *reterr)
{
    struct verify_level *l = &t->level[i];
    char name[TREE_NAME_MAX];
    const uint8_t *there;
    uint64_t index = l->count++;
    enum err err = stored_item(l, index, &there, reterr);
    if (err != OK || (there && memcmp(there, item, l->file.item) == 0))
        return err;
    if (!used) {
        t->beyond += there != NULL;
        return OK;
    }
    check_fault(t->check, tree_name(level_of(i), name), (int64_t)(TREE_HEAD_BYTES + index * l->file.item),
                (int64_t)entry,
                !there        ? "the item is missing"
                : i == PLACES ? "the place is not where the entry lies"
                              : "the hash is not what the log gives");
    return OK;
}

static struct sha256 run_root(const struct sha256 run[TREE_RUN])
{
    struct sha256 h[TREE_RUN];
    memcpy(h, run, sizeof h);
    for (size_t width = TREE_RUN; width > 1; width /= 2)
        for (size_t i = 0; i < width / 2; i++)
            h[i] = merkle_inner(&h[2 * i], &h[2 * i + 1]);
    return h[0];
}

static void look_at_marks(struct verify_tree *t)
{
    for (size_t i = 0; i < ARRAY_LEN(t->mark); i++) {
        if (t->mark[i].reached || t->mark[i].size != t->merkle.size || t->merkle.size == 0)
            continue;
        t->mark[i].root = merkle_root(&t->merkle);
        t->mark[i].reached = true;
    }
}

enum err verify_tree_leaf(struct verify_tree *t, const struct sha256 *leaf, struct place at, struct fault *reterr)
{
    uint8_t place[8];
    struct sha256 hash = *leaf;
    const uint64_t n = t->merkle.size;
    bool used = n < t->used;
    tree_place_encode(at, place);
    enum err err = compare(t, PLACES, place, used, n, reterr);
    for (size_t i = 0; err == OK && i < TREE_LEVELS; i++) {
        struct verify_level *l = &t->level[i];
        l->run[l->count % TREE_RUN] = hash;
        err = compare(t, i, &hash, used, n, reterr);
        if (l->count % TREE_RUN)
            break;
        hash = run_root(l->run);
    }
    merkle_add(&t->merkle, leaf);
    look_at_marks(t);
    return err;
}
