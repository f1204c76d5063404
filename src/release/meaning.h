/* release/meaning.h - inside this room: what an object cannot lose without becoming invalid, or saying something
 * else. Properties are those of the object itself, not of what lies in them. */
#pragma once
#include "base/text.h"

/* What happens to a property whose reference is withheld, or whose elements all are. */
enum list { NO_LIST, MAY_GO, NEEDS_ONE };
struct optional {
    const char *type; /* NULL: any */
    const char *property;
    enum list list; /* a list that would be empty: the property goes, or the object is withheld */
};
/* NULL: the object makes no sense, or misleads, without what this property points to. */
const struct optional *meaning_optional(struct text type, struct text property);

/* What a sighting of ours says when it leaves: a count, a window, our own organisation (rule 9); an opinion of ours
 * that goes the same way: what we think of the indicator, and why. */
bool meaning_sighting_field(struct text type, struct text property);

/* A property that can be cut for its marking (rule 5). Of a type that is not in the table, hardly any. */
bool meaning_may_be_cut(struct text type, struct text property);
/* Without it the object is no valid STIX, or holds longer or for more than it did: a tear line keeps it. */
bool meaning_required(struct text type, struct text property);
/* Not required, but without it the rest says something else. */
bool meaning_misleads_without(struct text type, struct text property);
bool meaning_known(struct text type);
