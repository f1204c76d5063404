/* store/erase_finish.c - what follows once an erasure's entry is durable; and the same at opening, after a crash. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "store/backup.h"
#include "store/erase_inside.h"
#include "store/erase_list.h"

#define MARK_MAX_BYTES 32

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory for an erasure");
}

/* ---- the mark ---- */

enum err erase_mark(struct node *node, uint64_t from_n, struct fault *reterr)
{
    char text[MARK_MAX_BYTES], *path = home_path(node->home, ERASING_FILE);
    int len = snprintf(text, sizeof text, "%llu\n", (unsigned long long)from_n);
    enum err err = path ? OK : no_memory(reterr);
    if (path && io_replace_file(node->io, path, text, (size_t)len, 0600) != 0)
        err = fault_errno(reterr, "writing %s", path);
    free(path);
    return err;
}

enum err erase_unmark(struct node *node, struct fault *reterr)
{
    enum err err = home_remove(node->io, node->home, ERASING_FILE, reterr);
    return err == OK ? home_sync(node->io, node->home, NULL, reterr) : err;
}

/* ---- records, list, views ---- */

static enum err erase_records(struct node *node, const struct doomed_list *doomed, struct fault *reterr)
{
    struct place *places = calloc(doomed->count * ARRAY_LEN(doomed->v->at) + 1, sizeof *places);
    size_t count = 0;
    if (!places)
        return no_memory(reterr);
    for (size_t i = 0; i < doomed->count; i++)
        for (size_t k = 0; k < doomed->v[i].at_count; k++)
            places[count++] = doomed->v[i].at[k];
    enum err err = log_erase(node->log, places, count, reterr);
    free(places);
    return err;
}

static enum err list(struct node *node, const struct doomed_list *doomed, struct fault *reterr)
{
    struct erased_list l = {0};
    char *path = home_path(node->home, ERASURES_FILE);
    enum err err = path ? erased_list_load(node->io, path, &l, reterr) : no_memory(reterr);
    if (path && (err == ERR_NOT_FOUND || err == ERR_MALFORMED)) /* a damaged one is begun anew */
        err = OK;
    for (size_t i = 0; err == OK && i < doomed->count; i++)
        if (erased_list_add(&l, doomed->v[i].n, &doomed->v[i].leaf) != OK)
            err = no_memory(reterr);
    if (err == OK) {
        erased_list_sort(&l);
        err = erased_list_save(node->io, path, &l, reterr);
    }
    erased_list_done(&l);
    free(path);
    return err;
}

/* Where there is no room for two views the old one, which holds what was erased, goes first. */
static enum err views(struct node *node, struct fault *reterr)
{
    enum err err = replay_rebuild(node, reterr);
    if (err == ERR_FULL) {
        (void)node_make_room(node);
        err = replay_anew(node, reterr);
    }
    /* The old view's name must be gone for good before the mark is. */
    return err == OK ? home_sync(node->io, node->home, VIEW_FOLDER, reterr) : err;
}

/* Before the mark goes, so that a crash makes it be done again. A backup that is not there is no fault of this. */
static void tell_backups(struct node *node)
{
    struct fault why = {.offset = -1, .line = -1};
    struct buffer unreached;
    buffer_init(&unreached, MIB);
    if (backup_spread(node, &unreached, &why) != OK)
        log_warning("the list of erasures did not reach the backups: %s", why.what);
    else if (unreached.len && !node->writer.running) /* at opening; who asks for an erasure says it himself */
        log_warning("backups that hold what was erased, until the next backup into them: " TEXT_FMT,
                    TEXT_ARG(text_trim(buffer_text(&unreached))));
    buffer_done(&unreached);
}

enum err erase_finish(struct node *node, const struct doomed_list *doomed, bool tell, struct fault *reterr)
{
    enum err err = erase_records(node, doomed, reterr);
    if (err == OK)
        err = list(node, doomed, reterr);
    if (err == ERR_FULL && node_make_room(node))
        err = list(node, doomed, reterr);
    if (err == OK)
        err = views(node, reterr);
    if (err == OK && tell)
        tell_backups(node);
    return err == OK ? erase_unmark(node, reterr) : err;
}

/* ---- entries by number ---- */

enum err erase_collect(struct node *node, const uint64_t *entries, size_t count, bool whole_only,
                       struct doomed_list *ret, struct fault *reterr)
{
    struct log_reader *r;
    struct doomed_list all = {0};
    size_t i = 0;
    if (count == 0 || entries[0] >= log_size(node->log))
        return OK;
    enum err err = log_reader_open(node->log, entries[0], &r, reterr);
    if (err != OK)
        return err;
    while (i < count) {
        struct log_read read;
        err = log_reader_next(r, &read, reterr);
        if (err != OK)
            break;
        while (i < count && entries[i] < read.entry.n)
            i++;
        struct doomed d = doomed_of(&read);
        if (i < count && entries[i] == read.entry.n && !(whole_only && read.erased) && doomed_add(&all, &d) != OK)
            err = no_memory(reterr);
        if (err != OK)
            break;
        while (i < count && entries[i] == read.entry.n)
            i++;
    }
    log_reader_close(r);
    if (err != OK && err != ERR_NOT_FOUND) {
        doomed_done(&all);
        return err;
    }
    *ret = all;
    return OK;
}

/* ---- after a crash ---- */

struct numbers {
    uint64_t *v;
    size_t count, cap;
};

static enum err add_numbers(struct numbers *to, const struct fact_erasure *f)
{
    for (size_t i = 0; i < f->count; i++) {
        void *v = to->v;
        if (!erase_grow(&v, to->count, &to->cap, sizeof *to->v))
            return ERR_NOMEM;
        to->v = v;
        to->v[to->count++] = f->entries[i];
    }
    return OK;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* What the erasures from entry from_n on name. */
static enum err read_erasures(struct node *node, uint64_t from_n, struct numbers *ret, struct fault *reterr)
{
    struct log_reader *r;
    struct arena arena;
    enum err err = log_reader_open(node->log, from_n, &r, reterr);
    if (err != OK)
        return err;
    arena_init(&arena, 4 * LOG_RECORD_MAX_BYTES);
    while (err == OK) {
        struct log_read read;
        struct fact f;
        err = log_reader_next(r, &read, reterr);
        if (err != OK || read.erased || !text_eq(read.entry.kind, text_of(fact_kind_name(FACT_ERASURE))))
            continue;
        arena_reset(&arena);
        err = fact_decode(&read, &arena, &f, reterr);
        if (err == OK && add_numbers(ret, &f.u.erasure) != OK)
            err = no_memory(reterr);
    }
    arena_done(&arena);
    log_reader_close(r);
    if (ret->count)
        qsort(ret->v, ret->count, sizeof *ret->v, by_number);
    return err == ERR_NOT_FOUND ? OK : err;
}

/* Entries before the erasure; of a mark that cannot be read, 0: all are looked at. */
static enum err read_mark(struct node *node, uint64_t *ret, struct fault *reterr)
{
    struct buffer b;
    char *path = home_path(node->home, ERASING_FILE);
    if (!path)
        return no_memory(reterr);
    enum err err = home_read(node->io, path, MARK_MAX_BYTES, &b, reterr);
    free(path);
    if (err == ERR_LIMIT) {
        *ret = 0;
        return OK;
    }
    if (err != OK)
        return err;
    if (text_u64(text_trim(buffer_text(&b)), ret) != OK || *ret > log_size(node->log))
        *ret = 0;
    buffer_done(&b);
    return OK;
}

enum err erase_redo(struct node *node, struct fault *reterr)
{
    uint64_t from_n;
    struct numbers numbers = {0};
    struct doomed_list doomed = {0};
    enum err err = home_has(node->home, ERASING_FILE, reterr);
    if (err != OK)
        return err == ERR_NOT_FOUND ? OK : err;
    err = read_mark(node, &from_n, reterr);
    if (err == OK)
        err = read_erasures(node, from_n, &numbers, reterr);
    if (err == OK)
        err = erase_collect(node, numbers.v, numbers.count, false, &doomed, reterr);
    if (err == OK)
        err = doomed.count ? erase_finish(node, &doomed, true, reterr) : erase_unmark(node, reterr);
    doomed_done(&doomed);
    free(numbers.v);
    return err;
}
