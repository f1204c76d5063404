/* store/erase.c - an erasure, from the asking to the acknowledgement.
 *
 * Invariants:
 *   1. acknowledged implies gone: from the log's records and from the views, durably.
 *   2. the erasure's own entry is durable before a byte goes; it holds numbers of entries, nothing else to guess
 * from.
 *   3. evidence of other findings is written anew in the same group, or in one before: it is never missing.
 *   4. a crash leaves "not erased", or an erasure whose entry is there, which the next opening as owner finishes
 *      before anything is read. HOME/erasing says that there may be one.
 *   5. what cannot be read goes too: of spoiled objects and documents nobody can say that they hold nothing.
 *
 *   SCAN --> marked --> the group: evidence anew, the erasure's entry --> records flagged, synced, zeroed, synced
 *     --> HOME/erasures --> views made anew --> backups told --> unmarked --> acknowledged
 *   crash before the entry is durable: unmarked at the next opening. After it: done again from "records" on. */
#include <stdlib.h>
#include <string.h>

#include "store/erase_inside.h"
#include "json/json.h"

/* Evidence written anew in one group. */
#define BATCH_BYTES (4 * MIB)

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory for an erasure");
}

/* ---- evidence of others, anew ---- */

static void kept_lines(const struct survivor *s, const struct json_val *lines, struct buffer *out)
{
    struct json_iter it = json_iter_of(lines);
    bool first = true;
    buffer_add_char(out, '[');
    for (size_t i = 0; json_next(&it) && i < s->fact.u.hits.hit_count; i++) {
        if (!s->keep[i])
            continue;
        if (!first)
            buffer_add_char(out, ',');
        json_canonical(it.val, out, NULL);
        first = false;
    }
    buffer_add_char(out, ']');
}

/* Lines whose text is spoiled stay as hits without it: a damaged byte must not make an erasure impossible. */
static enum err kept_body(const struct erasing *e, const struct survivor *s, struct buffer *out, struct fault *reterr)
{
    struct json_doc *doc = NULL;
    struct buffer body;
    if (s->kept == 0)
        return OK;
    buffer_init(&body, LOG_RECORD_MAX_BYTES);
    enum err err = log_body(e->node->log, s->fact.u.hits.body, &body, reterr);
    if (err == OK)
        err = json_parse(buffer_text(&body), &doc, reterr);
    if (err == OK)
        kept_lines(s, json_root(doc), out);
    if (err == OK && buffer_error(out) != OK)
        err = no_memory(reterr);
    if (err == ERR_MALFORMED)
        err = OK;
    json_free(doc);
    buffer_done(&body);
    return err;
}

static enum err write_survivor(struct txn *t, struct erasing *e, const struct survivor *s, struct fault *reterr)
{
    struct fact f = {.kind = FACT_HITS, .u.hits = s->fact.u.hits};
    struct fact_hits *h = &f.u.hits;
    struct fact_hit *hits = calloc(s->kept + 1, sizeof *hits);
    struct buffer body;
    if (!hits)
        return no_memory(reterr);
    h->hit_count = 0;
    for (size_t i = 0; i < s->fact.u.hits.hit_count; i++)
        if (s->keep[i])
            hits[h->hit_count++] = s->fact.u.hits.hits[i];
    h->hits = hits;
    buffer_init(&body, LOG_RECORD_MAX_BYTES);
    enum err err = kept_body(e, s, &body, reterr);
    /* How far the file was read stands in the newest entry about it: not to go back to what this one said. */
    if (err == OK && h->follow_key.len)
        err = view_followed(txn_view(t), h->follow_key, &h->follow_offset, &h->follow_line, reterr);
    if (err == OK && (h->hit_count || h->print_count || h->follow_key.len))
        err = txn_append(t, &f, buffer_text(&body), TEXT_NONE, reterr);
    buffer_done(&body);
    free(hits);
    return err;
}

/* ---- the group ---- */

struct batch {
    struct erasing *e;
    size_t next; /* survivor */
    bool last;
};

static enum err write_erasure(struct txn *t, struct batch *b, const uint64_t *entries, size_t count,
                              struct fault *reterr)
{
    const struct erase_request *q = b->e->request;
    struct fact f = {.kind = FACT_ERASURE,
                     .u.erasure = {.account = q->account,
                                   .reason = q->reason,
                                   .entries = entries,
                                   .count = count,
                                   .last_finding = view_last_finding(txn_view(t))}};
    enum err err = txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
    if (err == OK)
        b->e->result.at = f.n;
    return err;
}

static enum err write_batch(struct txn *t, void *self, struct fault *reterr)
{
    struct batch *b = self;
    struct erasing *e = b->e;
    const size_t first = b->next, room = txn_room_bytes(t);
    uint64_t *entries = calloc(e->doomed.count + 1, sizeof *entries);
    size_t count = 0;
    enum err err = entries ? OK : no_memory(reterr);
    for (; err == OK && b->next < e->survivor_count && room - txn_room_bytes(t) < BATCH_BYTES; b->next++)
        err = write_survivor(t, e, &e->survivors[b->next], reterr);
    b->last = b->next == e->survivor_count;
    for (size_t i = 0; err == OK && b->last && i < e->doomed.count; i++)
        entries[count++] = e->doomed.v[i].n;
    for (size_t i = first; err == OK && !b->last && i < b->next; i++)
        entries[count++] = e->survivors[i].entry.n;
    if (err == OK)
        err = write_erasure(t, b, entries, count, reterr);
    free(entries);
    return err;
}

static enum err write_groups(struct erasing *e, struct fault *reterr)
{
    struct batch b = {.e = e};
    enum err err = OK;
    while (err == OK && !b.last)
        err = writer_group(e->node, write_batch, &b, reterr);
    return err;
}

/* ---- the whole of it, on the writer thread ---- */

static void not_finished(struct node *node, enum err err, struct fault *f)
{
    struct fault why = *f;
    fault_set(f, err, "%.120s; the erasure, where it is recorded, is finished when the home is opened the next time",
              why.what);
    writer_stop_writing(node, err, f);
}

/* A group that failed may be durable all the same: the view's part came after the log's, or a failed sync left it on
 * the disk. Only a log that is as it was, and knows it, holds nothing of the erasure. */
static bool may_be_recorded(const struct node *node, uint64_t from_n)
{
    return log_failed(node->log) || log_size(node->log) != from_n;
}

/* Doomed is filled: records it, and does it. */
static enum err carry_out(struct erasing *e, struct fault *reterr)
{
    struct node *node = e->node;
    const uint64_t from_n = log_size(node->log);
    doomed_sort(&e->doomed);
    e->result.entries = e->doomed.count;
    enum err err = erase_mark(node, from_n, reterr);
    if (err == ERR_FULL && node_make_room(node))
        err = erase_mark(node, from_n, reterr);
    if (err != OK)
        return err;
    struct fault why = {.offset = -1, .line = -1};
    err = write_groups(e, &why);
    if (err == OK)
        err = erase_finish(node, &e->doomed, e->request->id_count > 0, &why);
    if (err != OK && may_be_recorded(node, from_n))
        not_finished(node, err, &why);
    else if (err != OK && erase_unmark(node, NULL) != OK)
        writer_stop_writing(node, err,
                            &why); /* the mark must not stand before later entries: looked at again first */
    if (err != OK && reterr)
        *reterr = why;
    return err;
}

static enum err erase_alone(struct node *node, void *self, struct fault *reterr)
{
    struct erasing *e = self;
    e->node = node;
    enum err err = erase_scan(e, reterr);
    return err == OK ? carry_out(e, reterr) : err;
}

/* ---- asking for it ---- */

static int by_text(const void *a, const void *b)
{
    return text_cmp(*(const struct text *)a, *(const struct text *)b);
}

static enum err take_ids(struct erasing *e, struct node *node, struct fault *reterr)
{
    size_t count = e->request->id_count;
    e->ids = calloc(count + 1, sizeof *e->ids);
    e->uuids = calloc(count + 1, sizeof *e->uuids);
    e->found = calloc(count + 1, sizeof *e->found);
    e->finding = calloc(count + 1, sizeof *e->finding);
    if (!e->ids || !e->uuids || !e->found || !e->finding)
        return no_memory(reterr);
    e->uuid_count = count;
    memcpy(e->ids, e->request->ids, count * sizeof *e->ids);
    qsort(e->ids, count, sizeof *e->ids, by_text);
    for (size_t i = 0; i < count; i++) {
        struct ident id;
        if (ident_parse(e->ids[i], &id, NULL) != OK)
            return fault_set(reterr, ERR_USAGE, TEXT_FMT ": not an identifier such as indicator--UUID",
                             TEXT_ARG(text_sub(e->ids[i], 0, 100)));
        e->uuids[i] = id.uuid;
        if (text_eq(id.type, TEXT("identity")) && uuid_eq(&id.uuid, &node->genesis.identity))
            return fault_set(reterr, ERR_DENIED, TEXT_FMT " is this node itself: it stays", TEXT_ARG(e->ids[i]));
    }
    return OK;
}

static void erasing_init(struct erasing *e, const struct erase_request *request)
{
    *e = (struct erasing){.request = request};
    arena_init(&e->arena, GIB);
}

static void erasing_done(struct erasing *e)
{
    free(e->ids);
    free(e->told);
    free(e->uuids);
    free(e->found);
    free(e->finding);
    free(e->survivors);
    free(e->needles);
    free(e->pieces);
    doomed_done(&e->doomed);
    arena_done(&e->arena);
}

static enum err run_alone(struct node *node, struct job *job, struct fault *reterr)
{
    if (node->mode != NODE_OWN)
        return fault_set(reterr, ERR_DENIED, "this node was opened for reading only");
    pthread_mutex_lock(&node->keep_lock);
    pthread_rwlock_wrlock(&node->erase_lock);
    enum err err = writer_run(node, job, reterr);
    pthread_rwlock_unlock(&node->erase_lock);
    pthread_mutex_unlock(&node->keep_lock);
    return err;
}

enum err node_erase(struct node *node, const struct erase_request *request, struct erase_result *ret,
                    struct fault *reterr)
{
    struct erasing e;
    if (request->id_count == 0)
        return fault_set(reterr, ERR_USAGE, "nothing was named that should be erased");
    erasing_init(&e, request);
    struct job job = {.alone = erase_alone, .self = &e};
    enum err err = take_ids(&e, node, reterr);
    if (err == OK)
        err = run_alone(node, &job, reterr);
    if (err == OK)
        *ret = e.result;
    erasing_done(&e);
    return err;
}

/* ---- entries by number ---- */

struct again {
    const struct erased_list *list;
    struct erase_request request;
    uint64_t count;
};

/* Those whose leaf is the listed one, and whose detail is still there. */
static enum err pick(struct erasing *e, const struct erased_list *list, struct fault *reterr)
{
    struct doomed_list all = {0};
    uint64_t *entries = calloc(list->count + 1, sizeof *entries);
    if (!entries)
        return no_memory(reterr);
    for (size_t i = 0; i < list->count; i++)
        entries[i] = list->v[i].n;
    enum err err = erase_collect(e->node, entries, list->count, true, &all, reterr);
    for (size_t i = 0, k = 0; err == OK && i < all.count; i++) {
        while (k < list->count && list->v[k].n < all.v[i].n)
            k++;
        for (size_t same = k; same < list->count && list->v[same].n == all.v[i].n; same++)
            if (sha256_eq(&list->v[same].leaf, &all.v[i].leaf) && doomed_add(&e->doomed, &all.v[i]) != OK)
                err = no_memory(reterr);
    }
    doomed_done(&all);
    free(entries);
    return err;
}

static enum err again_alone(struct node *node, void *self, struct fault *reterr)
{
    struct again *a = self;
    struct erasing e;
    erasing_init(&e, &a->request);
    e.node = node;
    enum err err = pick(&e, a->list, reterr);
    doomed_sort(&e.doomed);
    if (err == OK)
        err = erase_scan_again(&e, reterr);
    if (err == OK && e.doomed.count)
        err = carry_out(&e, reterr);
    if (err == OK)
        a->count = e.doomed.count;
    erasing_done(&e);
    return err;
}

enum err node_erase_entries(struct node *node, const struct erased_list *list, const struct uuid *account,
                            struct text reason, uint64_t *ret_count, struct fault *reterr)
{
    struct again a = {.list = list, .request = {.account = *account, .reason = reason}};
    struct job job = {.alone = again_alone, .self = &a};
    enum err err = run_alone(node, &job, reterr);
    if (err == OK)
        *ret_count = a.count;
    return err;
}
