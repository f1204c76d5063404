#include "store/repair.h"

#include "store/node_inside.h"

struct search {
    struct node *node;
    node_on_spoiled *on_spoiled;
    void *self;
    struct buffer raw;
    struct arena arena;
};

static void describe(struct search *s, const struct log_read *read, struct spoiled *ret)
{
    struct fact f;
    if (read->erased || fact_decode(read, &s->arena, &f, NULL) != OK || f.kind != FACT_OBJECT)
        return;
    ret->id = f.u.object.id;
    ret->modified = f.u.object.modified;
    ret->hash = f.u.object.hash;
}

static enum err look_at(struct search *s, const struct log_read *read, struct place place, bool original,
                        struct fault *reterr)
{
    struct spoiled found = {.n = read->entry.n, .place = place, .original = original};
    buffer_clear(&s->raw);
    arena_reset(&s->arena);
    enum err err = log_body(s->node->log, place, &s->raw, reterr);
    if (err != ERR_MALFORMED)
        return err == ERR_NOT_FOUND ? OK : err; /* erased */
    describe(s, read, &found);
    return s->on_spoiled(s->self, &found);
}

enum err node_spoiled(struct node *node, node_on_spoiled *on_spoiled, void *self, const atomic_bool *cancel,
                      struct fault *reterr)
{
    struct search s = {.node = node, .on_spoiled = on_spoiled, .self = self};
    struct log_reader *r;
    enum err err = log_reader_open(node->log, 0, &r, reterr);
    if (err != OK)
        return err;
    buffer_init(&s.raw, LOG_RECORD_MAX_BYTES);
    arena_init(&s.arena, 4 * LOG_RECORD_MAX_BYTES);
    while (err == OK) {
        struct log_read read;
        if (cancel && atomic_load(cancel))
            err = fault_set(reterr, ERR_CANCELLED, "stopped");
        else
            err = log_reader_next(r, &read, reterr);
        if (err == OK && read.has_body)
            err = look_at(&s, &read, read.body, false, reterr);
        if (err == OK && read.has_original)
            err = look_at(&s, &read, read.original, true, reterr);
    }
    arena_done(&s.arena);
    buffer_done(&s.raw);
    log_reader_close(r);
    return err == ERR_NOT_FOUND ? OK : err;
}

struct putting {
    struct place place;
    struct text raw;
};

static enum err put(struct node *node, void *self, struct fault *reterr)
{
    const struct putting *p = self;
    return log_mend_body(node->log, p->place, p->raw, reterr);
}

enum err node_put_body(struct node *node, struct place place, struct text raw, struct fault *reterr)
{
    struct putting p = {place, raw};
    struct job job = {.alone = put, .self = &p};
    if (node->mode != NODE_OWN)
        return fault_set(reterr, ERR_DENIED, "this node was opened for reading only");
    return writer_run(node, &job, reterr);
}
