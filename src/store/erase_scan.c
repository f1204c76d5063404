/* store/erase_scan.c - one pass over the log: which entries hold what is to be erased. The log and not the view is
 * asked: a view holds what counts today, the log all that was ever accepted. */
#include <stdlib.h>
#include <string.h>

#include "store/erase_inside.h"

bool erase_grow(void **list, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : 16;
    void *moved = realloc(*list, more * size);
    if (!moved)
        return false;
    *list = moved;
    *cap = more;
    return true;
}

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory for an erasure");
}

/* ---- lists of entries ---- */

struct doomed doomed_of(const struct log_read *read)
{
    struct doomed d = {
        .n = read->entry.n, .leaf = entry_leaf(read->entry_text), .at = {read->detail_at}, .at_count = 1};
    if (read->has_body)
        d.at[d.at_count++] = read->body;
    if (read->has_original)
        d.at[d.at_count++] = read->original;
    return d;
}

enum err doomed_add(struct doomed_list *l, const struct doomed *d)
{
    void *list = l->v;
    if (!erase_grow(&list, l->count, &l->cap, sizeof *l->v))
        return ERR_NOMEM;
    l->v = list;
    l->v[l->count++] = *d;
    return OK;
}

static int by_n(const void *a, const void *b)
{
    uint64_t x = ((const struct doomed *)a)->n, y = ((const struct doomed *)b)->n;
    return (x > y) - (x < y);
}

void doomed_sort(struct doomed_list *l)
{
    size_t kept = 0;
    if (l->count)
        qsort(l->v, l->count, sizeof *l->v, by_n);
    for (size_t i = 0; i < l->count; i++)
        if (kept == 0 || l->v[kept - 1].n != l->v[i].n)
            l->v[kept++] = l->v[i];
    l->count = kept;
}

void doomed_done(struct doomed_list *l)
{
    free(l->v);
    *l = (struct doomed_list){0};
}

/* ---- what an entry is to the erasure ---- */

static ptrdiff_t id_index(const struct erasing *e, struct text id)
{
    size_t low = 0, high = e->request->id_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = text_cmp(e->ids[middle], id);
        if (c == 0)
            return (ptrdiff_t)middle;
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static enum err see_object(struct erasing *e, const struct log_read *read, const struct fact *f, struct fault *reterr)
{
    ptrdiff_t i = id_index(e, f->u.object.id);
    if (i < 0)
        return OK;
    e->found[i] = true;
    e->finding[i] |= f->u.object.finding != NULL;
    e->result.versions++;
    struct doomed d = doomed_of(read);
    if (doomed_add(&e->doomed, &d) != OK)
        return no_memory(reterr);
    return erase_words_of(e, &f->u.object, reterr);
}

/* The note of a break-glass names the object and gives the reason. */
static enum err add_told(struct erasing *e, struct text id, struct fault *reterr)
{
    void *list = e->told;
    if (!erase_grow(&list, e->told_count, &e->told_cap, sizeof *e->told))
        return no_memory(reterr);
    e->told = list;
    e->told[e->told_count] = arena_text(&e->arena, id);
    return e->told[e->told_count++].ptr ? OK : no_memory(reterr);
}

/* An act about the object goes with it: its reason may quote what is erased. */
static enum err see_grant(struct erasing *e, const struct log_read *read, const struct fact *f, struct fault *reterr)
{
    struct doomed d = doomed_of(read);
    if (id_index(e, f->u.grant.object) < 0)
        return OK;
    if (doomed_add(&e->doomed, &d) != OK)
        return no_memory(reterr);
    return f->u.grant.told.len ? add_told(e, f->u.grant.told, reterr) : OK;
}

static enum err see_ruling(struct erasing *e, const struct log_read *read, const struct fact *f, struct fault *reterr)
{
    struct doomed d = doomed_of(read);
    if (id_index(e, f->u.ruling.object) < 0)
        return OK;
    return doomed_add(&e->doomed, &d) == OK ? OK : no_memory(reterr);
}

static enum err see_withdrawal(struct erasing *e, const struct log_read *read, const struct fact *f,
                               struct fault *reterr)
{
    struct doomed d = doomed_of(read);
    if (id_index(e, f->u.withdrawal.object) < 0)
        return OK;
    return doomed_add(&e->doomed, &d) == OK ? OK : no_memory(reterr);
}

static enum err see_act(struct erasing *e, const struct log_read *read, const struct fact *f, struct fault *reterr)
{
    struct doomed d = doomed_of(read);
    if (id_index(e, f->u.act.subject) < 0)
        return OK;
    return doomed_add(&e->doomed, &d) == OK ? OK : no_memory(reterr);
}

/* Is it one of the identifiers' UUIDs? Whether that one is a finding is known at the end only. */
static bool wanted(const struct erasing *e, const struct uuid *u, bool findings_only)
{
    for (size_t i = 0; i < e->uuid_count; i++)
        if (uuid_eq(&e->uuids[i], u) && (!findings_only || e->finding[i]))
            return true;
    return false;
}

/* A proof of an object names it: what vouches for an entry that goes, goes with it. */
static enum err see_vouch(struct erasing *e, const struct log_read *read, const struct fact *f, struct fault *reterr)
{
    size_t low = 0, high = e->doomed.count; /* in the log's order, as long as it is read */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (e->doomed.v[middle].n < f->u.vouch.entry)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == e->doomed.count || e->doomed.v[low].n != f->u.vouch.entry)
        return OK;
    struct doomed d = doomed_of(read);
    return doomed_add(&e->doomed, &d) == OK ? OK : no_memory(reterr);
}

static enum err add_survivor(struct erasing *e, const struct log_read *read, struct fault *reterr)
{
    void *list = e->survivors;
    if (!erase_grow(&list, e->survivor_count, &e->survivor_cap, sizeof *e->survivors))
        return no_memory(reterr);
    e->survivors = list;
    struct survivor s = {.entry = doomed_of(read)};
    enum err err = fact_decode(read, &e->arena, &s.fact, reterr); /* again, to stay */
    if (err == OK)
        e->survivors[e->survivor_count++] = s;
    return err;
}

static enum err see_hits(struct erasing *e, const struct log_read *read, const struct fact *f, struct fault *reterr)
{
    size_t i = 0;
    while (i < f->u.hits.hit_count && !wanted(e, &f->u.hits.hits[i].finding, false))
        i++;
    size_t k = 0;
    while (k < f->u.hits.print_count && !wanted(e, &f->u.hits.prints[k].finding, false))
        k++;
    bool named = i < f->u.hits.hit_count || k < f->u.hits.print_count;
    return named ? add_survivor(e, read, reterr) : OK;
}

static enum err see_document(struct erasing *e, const struct log_read *read, const struct fact *f,
                             struct fault *reterr)
{
    void *list = e->pieces;
    if (!read->has_body)
        return OK;
    if (!erase_grow(&list, e->piece_count, &e->piece_cap, sizeof *e->pieces))
        return no_memory(reterr);
    e->pieces = list;
    struct piece p = {.entry = doomed_of(read),
                      .party = f->u.document.party,
                      .hash = f->u.document.hash,
                      .part = f->u.document.part,
                      .parts = f->u.document.parts,
                      .body = read->body};
    e->pieces[e->piece_count++] = p;
    return OK;
}

static enum err see(struct erasing *e, const struct log_read *read, struct arena *arena, struct fault *reterr)
{
    struct text kind = read->entry.kind;
    bool object = text_eq(kind, text_of(fact_kind_name(FACT_OBJECT)));
    bool hits = text_eq(kind, text_of(fact_kind_name(FACT_HITS)));
    bool document = text_eq(kind, text_of(fact_kind_name(FACT_DOCUMENT)));
    bool grant = text_eq(kind, text_of(fact_kind_name(FACT_GRANT)));
    bool vouch = text_eq(kind, text_of(fact_kind_name(FACT_VOUCH)));
    bool act = text_eq(kind, text_of(fact_kind_name(FACT_ACT)));
    bool ruling = text_eq(kind, text_of(fact_kind_name(FACT_RULING)));
    bool withdrawal = text_eq(kind, text_of(fact_kind_name(FACT_WITHDRAWAL)));
    struct fact f;
    if (read->erased || (!object && !hits && !document && !grant && !vouch && !act && !ruling && !withdrawal))
        return OK;
    arena_reset(arena);
    enum err err = fact_decode(read, arena, &f, reterr);
    if (err != OK)
        return err;
    return object       ? see_object(e, read, &f, reterr)
           : hits       ? see_hits(e, read, &f, reterr)
           : grant      ? see_grant(e, read, &f, reterr)
           : vouch      ? see_vouch(e, read, &f, reterr)
           : act        ? see_act(e, read, &f, reterr)
           : ruling     ? see_ruling(e, read, &f, reterr)
           : withdrawal ? see_withdrawal(e, read, &f, reterr)
                        : see_document(e, read, &f, reterr);
}

static bool is_told(const struct erasing *e, struct text id)
{
    for (size_t i = 0; i < e->told_count; i++)
        if (text_eq(e->told[i], id))
            return true;
    return false;
}

/* Such a note, and what approved it for its reader: both stand in the log before the grant that names the note. */
static enum err see_told(struct erasing *e, const struct log_read *read, struct arena *arena, struct fault *reterr)
{
    bool object = text_eq(read->entry.kind, text_of(fact_kind_name(FACT_OBJECT)));
    bool grant = text_eq(read->entry.kind, text_of(fact_kind_name(FACT_GRANT)));
    struct fact f;
    if (read->erased || (!object && !grant))
        return OK;
    arena_reset(arena);
    enum err err = fact_decode(read, arena, &f, reterr);
    if (err != OK || !is_told(e, object ? f.u.object.id : f.u.grant.object))
        return err;
    struct doomed d = doomed_of(read);
    return doomed_add(&e->doomed, &d) == OK ? OK : no_memory(reterr);
}

typedef enum err see_entry(struct erasing *e, const struct log_read *read, struct arena *arena, struct fault *reterr);

static enum err read_log(struct erasing *e, see_entry *see_one, struct fault *reterr)
{
    struct log_reader *r;
    struct arena arena;
    enum err err = log_reader_open(e->node->log, 0, &r, reterr);
    if (err != OK)
        return err;
    arena_init(&arena, 4 * LOG_RECORD_MAX_BYTES);
    for (;;) {
        struct log_read read;
        err = log_reader_next(r, &read, reterr);
        if (err == OK)
            err = see_one(e, &read, &arena, reterr);
        if (err != OK)
            break;
    }
    arena_done(&arena);
    log_reader_close(r);
    return err == ERR_NOT_FOUND ? OK : err;
}

/* ---- evidence ---- */

/* The prints of what goes go with it. */
static enum err judge_prints(struct erasing *e, struct survivor *s, bool *ret_doomed, struct fault *reterr)
{
    struct fact_hits *h = &s->fact.u.hits;
    struct fact_prints *kept = arena_alloc(&e->arena, (h->print_count + 1) * sizeof *kept);
    size_t count = 0;
    if (!kept)
        return no_memory(reterr);
    for (size_t i = 0; i < h->print_count; i++)
        if (!wanted(e, &h->prints[i].finding, true))
            kept[count++] = h->prints[i];
    *ret_doomed = s->dropped > 0 || count < h->print_count;
    h->prints = kept;
    h->print_count = count;
    return OK;
}

/* Which lines of the entry stay. *ret_doomed: the entry goes. */
static enum err judge(struct erasing *e, struct survivor *s, bool *ret_doomed, struct fault *reterr)
{
    const struct fact_hits *h = &s->fact.u.hits;
    bool *keep = arena_alloc(&e->arena, h->hit_count + 1);
    if (!keep)
        return no_memory(reterr);
    for (size_t i = 0; i < h->hit_count; i++) {
        keep[i] = !wanted(e, &h->hits[i].finding, true);
        s->kept += keep[i];
        s->dropped += !keep[i];
    }
    s->keep = keep;
    return judge_prints(e, s, ret_doomed, reterr);
}

static enum err judge_evidence(struct erasing *e, struct fault *reterr)
{
    size_t left = 0;
    for (size_t i = 0; i < e->survivor_count; i++) {
        bool doomed = false;
        enum err err = judge(e, &e->survivors[i], &doomed, reterr);
        if (err != OK)
            return err;
        if (!doomed)
            continue;
        if (doomed_add(&e->doomed, &e->survivors[i].entry) != OK)
            return no_memory(reterr);
        e->result.lines += e->survivors[i].dropped;
        e->survivors[left++] = e->survivors[i];
    }
    e->survivor_count = left;
    return OK;
}

static enum err all_found(const struct erasing *e, struct fault *reterr)
{
    for (size_t i = 0; i < e->request->id_count; i++)
        if (!e->found[i])
            return fault_set(reterr, ERR_NOT_FOUND,
                             TEXT_FMT ": no such object here, or it was erased before; nothing was erased",
                             TEXT_ARG(e->ids[i]));
    return OK;
}

enum err erase_scan(struct erasing *e, struct fault *reterr)
{
    enum err err = read_log(e, see, reterr);
    if (err == OK && e->told_count)
        err = read_log(e, see_told, reterr);
    if (err == OK)
        err = all_found(e, reterr);
    if (err == OK)
        err = judge_evidence(e, reterr);
    if (err == OK)
        err = erase_documents(e, reterr);
    return err;
}

/* ---- entries by number ---- */

static enum err add_finding(struct erasing *e, const struct fact *f, struct fault *reterr)
{
    struct ident id;
    enum err err = ident_parse(f->u.object.id, &id, reterr);
    if (err != OK || wanted(e, &id.uuid, true))
        return err;
    e->uuids[e->uuid_count] = id.uuid;
    e->finding[e->uuid_count++] = true;
    return OK;
}

static enum err see_again(struct erasing *e, const struct log_read *read, struct arena *arena, struct fault *reterr)
{
    struct fact f;
    if (read->erased)
        return OK;
    if (text_eq(read->entry.kind, text_of(fact_kind_name(FACT_HITS))))
        return add_survivor(e, read, reterr);
    if (!text_eq(read->entry.kind, text_of(fact_kind_name(FACT_OBJECT))))
        return OK;
    arena_reset(arena);
    enum err err = fact_decode(read, arena, &f, reterr);
    return err == OK && f.u.object.finding ? add_finding(e, &f, reterr) : err;
}

static enum err read_doomed(struct erasing *e, struct fault *reterr)
{
    struct log_reader *r;
    struct log_read read;
    struct arena arena;
    size_t i = 0;
    enum err err = log_reader_open(e->node->log, e->doomed.v[0].n, &r, reterr);
    if (err != OK)
        return err;
    arena_init(&arena, 4 * LOG_RECORD_MAX_BYTES);
    while (err == OK && i < e->doomed.count) {
        err = log_reader_next(r, &read, reterr);
        if (err != OK || read.entry.n != e->doomed.v[i].n)
            continue;
        i++;
        err = see_again(e, &read, &arena, reterr);
    }
    arena_done(&arena);
    log_reader_close(r);
    return err;
}

/* An erasure takes a finding whole, so the list that names a line of its evidence names the finding's entries too:
 * lines of all others are no part of what was erased. An entry of which no line is known to be goes whole. */
enum err erase_scan_again(struct erasing *e, struct fault *reterr)
{
    if (e->doomed.count == 0)
        return OK;
    e->uuids = calloc(e->doomed.count, sizeof *e->uuids);
    e->finding = calloc(e->doomed.count, sizeof *e->finding);
    if (!e->uuids || !e->finding)
        return no_memory(reterr);
    enum err err = read_doomed(e, reterr);
    return err == OK ? judge_evidence(e, reterr) : err;
}
