/* command/listing.h - lists of recorded facts (accounts, sources, peers): a table for people, JSON lines for
 * programs. */
#pragma once
#include "command/table.h"

struct listing {
    struct session *s;
    struct view *names; /* a second view for look-ups: rows borrow from the first */
    struct table table;
    struct arena arena;
};

/* One row: cells into l->table, or a JSON line when l->s->json. */
typedef enum err listing_row(struct listing *l, const struct fact *f);

/* Newest fact of every id of this kind. `none`: said when there is no row. */
int list_facts(struct session *s, enum fact_kind kind, const char *const *heads, const char *none, listing_row *row);
