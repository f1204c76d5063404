/* command/hits_print.h - hits as `match` and `hunt` print them. */
#pragma once
#include "command/hits.h"

/* Party names by id: asked once each, before threads start; a hit only reads. */
struct party_names {
    struct arena arena;
    struct uuid *ids;
    struct text *names;
    size_t count;
};
void party_names_init(struct party_names *p);
void party_names_done(struct party_names *p);
/* name is copied. ERR_NOMEM */
MUST_CHECK enum err party_names_add(struct party_names *p, const struct uuid *id, struct text name);
MUST_CHECK enum err party_names_load(struct view *v, struct party_names *p, struct fault *reterr);
struct text party_names_of(const struct party_names *p, const struct uuid *party); /* empty: unknown */

/* One line, or one of JSON, appended to out. */
void hit_print(const struct party_names *names, bool json, const char *file, const struct scan_line_hits *line,
               const struct hit *hit, struct buffer *out);
