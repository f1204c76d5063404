/* desk/portion.h - what a marking definition means for what a party gave us (release.md 1, 3).
 *
 * Whose word counts: the party's and our own, all they ever said of it, and of that the strictest. What a third party
 * says of a definition is nothing to this party's objects, or one partner could take the force from another's
 * markings by sending their ids first. */
#pragma once
#include "release/cleared.h"
#include "store/node.h"

/* A marking definition larger than this is not read: a statement fills a page, not a book. */
#define MARKING_DEFINITION_MAX_BYTES (64 * KIB)

/* Of one canonical body that json_is_proper() holds good. What cannot be read is unknown; terms.classification is
 * then still what was found of one. ERR_NOMEM */
MUST_CHECK enum err portion_of_body(struct text body, struct gate_portion *ret, struct fault *reterr);
/* The stricter of both in all that they say. What does not fit is unknown. */
void portion_add(struct gate_portion *to, const struct gate_portion *more);
bool portion_same(const struct gate_portion *a, const struct gate_portion *b);

/* The definition `id` (no TLP marking of marking.h) for objects from `party` (zero: unknown; ours: our identity), by
 * what is held. ERR_NOT_FOUND: nobody whose word counts has given it; *ret is then unknown, and filled. */
MUST_CHECK enum err portion_held(struct node *node, struct view *v, struct text id, const struct uuid *party,
                                 struct gate_portion *ret, struct fault *reterr);

/* Answers remembered for one state of the view. */
struct portion_cache;
/* ERR_NOMEM */
MUST_CHECK enum err portion_cache_new(struct node *node, struct portion_cache **ret);
void portion_cache_free(struct portion_cache *c); /* accepts NULL */
/* portion_held(), and TLP markings by their ids. Never fails to answer: whatever goes wrong is unknown, which does
 * not leave. The view may be another from call to call; when its log has moved on, everything is looked up anew. */
void portion_look_up(struct portion_cache *c, struct view *v, struct text id, const struct uuid *party,
                     struct gate_portion *ret);
