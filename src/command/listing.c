#include "command/listing.h"

#include "command/names.h"

struct rows {
    struct listing list;
    listing_row *row;
};

static enum err on_fact(void *self, const struct fact *f)
{
    struct rows *r = self;
    return r->row(&r->list, f);
}

int list_facts(struct session *s, enum fact_kind kind, const char *const *heads, const char *none, listing_row *row)
{
    struct rows r = {.list = {.s = s}, .row = row};
    struct view *v;
    if (open_view(s, &v))
        return EXIT_WRITE;
    if (open_view(s, &r.list.names)) {
        node_reader_done(s->node, v);
        return EXIT_WRITE;
    }
    arena_init(&r.list.arena, 64 * MIB);
    table_begin(&r.list.table, s, heads);
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = view_facts(v, kind, on_fact, &r, &fault);
    table_end(&r.list.table, s->json ? NULL : none);
    arena_done(&r.list.arena);
    node_reader_done(s->node, r.list.names);
    node_reader_done(s->node, v);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}
