/* exchange/source_loop.c - looks at every source at its own pace: what rounds.h does, for sources. Only what somebody
 * configured is looked at: a kind, a place, and how often. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "exchange/rounds.h"
#include "exchange/source.h"

#define LOOP_WORKERS 4
#define LOOP_TURN_S  60 /* then another source has its turn */

struct line {       /* to one source */
    uint64_t print; /* of its settings */
    /* of the last look: */
    enum err err;
    struct source_result result;
    struct fault fault;
};
struct source_loop {
    struct node *node;
    struct rounds *rounds;
};

/* ---- the list ---- */

static uint64_t print_of(const struct fact_source *s)
{
    const struct text texts[] = {s->kind, s->place, s->collection, s->format};
    uint64_t print = s->paused;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        print = xxh3_seeded(texts[i].len ? texts[i].ptr : "", texts[i].len, print + texts[i].len);
    return print;
}

/* After a restart a source is due when it would have been: nobody is asked by all nodes that come up at once. */
static int64_t first_look_us(struct node *node, const struct fact_source *s)
{
    struct source_result r;
    const int64_t now_us = clock_mono_us();
    if (source_result_load(node_local(node), &s->id, &r, NULL) != OK)
        return now_us;
    int64_t pause_us = (int64_t)s->every_s * 1000000;
    const uint32_t wish_s = r.retry_after_s < ROUNDS_RETRY_MAX_S ? r.retry_after_s : ROUNDS_RETRY_MAX_S;
    if (r.err && (int64_t)wish_s * 1000000 > pause_us)
        pause_us = (int64_t)wish_s * 1000000;
    const int64_t wait_us = r.at_us + pause_us - clock_now_us();
    return wait_us <= 0 || wait_us > pause_us ? now_us : now_us + wait_us;
}

struct listing {
    struct source_loop *loop;
    struct rounds *rounds;
};

static enum err on_source(void *self, const struct fact *f)
{
    struct listing *l = self;
    const struct fact_source *s = &f->u.source;
    void *of;
    bool under_way;
    if (!s->kind.len)
        return OK;
    const uint64_t pace_ms = s->paused ? 0 : (uint64_t)s->every_s * 1000, print = print_of(s);
    enum err e = rounds_keep(l->rounds, &s->id, pace_ms,
                             rounds_has(l->rounds, &s->id) ? 0 : first_look_us(l->loop->node, s), &of, &under_way);
    if (e || under_way)
        return e;
    struct line *line = of;
    if (line->print && line->print != print)
        rounds_hurry(l->rounds, &s->id);
    line->print = print;
    return OK;
}

static enum err list(void *self, struct rounds *r, struct view *v, struct fault *reterr)
{
    struct listing l = {self, r};
    return view_facts(v, FACT_SOURCE, on_source, &l, reterr);
}

/* ---- one look ---- */

/* That it fails is news once, and that it works again; a document that is not whole, when it is another one. */
static void tell(const struct uuid *id, const struct source_result *before, const struct source_result *r)
{
    char name[UUID_TEXT_MAX];
    uuid_format(id, name);
    const struct log_field fields[] = {{"source", name}, {"code", err_name(r->err)}};
    if (r->err && r->failures == 1)
        log_fields(LOG_WARNING, fields, ARRAY_LEN(fields), "source %s: %s", name, r->words);
    else if (r->err == OK && before->err)
        log_fields(LOG_INFO, fields, 1, "source %s: answers again", name);
    if (r->err == OK && r->words[0] && strcmp(before->words, r->words) != 0)
        log_fields(LOG_WARNING, fields, 1, "source %s: %s", name, r->words);
}

static struct rounds_outcome run(void *self, const struct uuid *id, void *of, const atomic_bool *stop)
{
    struct source_loop *l = self;
    struct line *line = of;
    const struct source_result before = line->result;
    line->fault = (struct fault){.offset = -1, .line = -1};
    line->err = source_poll(l->node, id, LOOP_TURN_S, stop, &line->result, &line->fault);
    if (line->err != ERR_CANCELLED)
        tell(id, &before, &line->result);
    return (struct rounds_outcome){.failed = line->err && line->err != ERR_CANCELLED,
                                   .unfinished = line->err == OK && line->result.unfinished,
                                   .retry_after_s = line->result.retry_after_s};
}

static void free_line(void *of)
{
    (void)of;
}

/* ---- life ---- */

enum err source_loop_start(struct node *node, struct source_loop **ret, struct fault *reterr)
{
    struct source_loop *l = calloc(1, sizeof *l);
    if (!l)
        return fault_set(reterr, ERR_NOMEM, "no memory for the sources' loop");
    l->node = node;
    const struct rounds_job job = {.what = "sources",
                                   .list = list,
                                   .run = run,
                                   .free_line = free_line,
                                   .line_bytes = sizeof(struct line),
                                   .workers = LOOP_WORKERS,
                                   .self = l};
    enum err e = rounds_start(node, &job, &l->rounds, reterr);
    if (e)
        free(l);
    else
        *ret = l;
    return e;
}

const struct pulse *source_loop_pulse(const struct source_loop *l)
{
    return rounds_pulse(l->rounds);
}

void source_loop_stop(struct source_loop *l)
{
    if (!l)
        return;
    rounds_stop(l->rounds);
    free(l);
}

struct answer {
    enum err err;
    struct source_result *result;
    struct fault *fault;
};

static void look(void *to, const void *of)
{
    struct answer *a = to;
    const struct line *line = of;
    a->err = line->err;
    *a->result = line->result;
    if (a->fault)
        *a->fault = line->fault;
}

enum err source_loop_poll(struct source_loop *l, const struct uuid *source, struct source_result *ret,
                          struct fault *reterr)
{
    struct answer a = {OK, ret, reterr};
    enum err e = rounds_run(l->rounds, source);
    if (e == ERR_NOT_FOUND) /* nothing says where it comes from: told in the same words as without a server */
        return source_poll(l->node, source, 0, NULL, ret, reterr);
    if (e)
        return fault_set(reterr, e, "the server is stopping");
    (void)rounds_look(l->rounds, source, look, &a);
    return a.err;
}

int64_t source_loop_next(struct source_loop *l, const struct uuid *source)
{
    const int64_t due_us = rounds_due(l->rounds, source);
    return due_us == INT64_MAX ? 0 : clock_now_us() + due_us - clock_mono_us();
}
