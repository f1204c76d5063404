/* model/space.h - the real space and exercises beside it: what tells them apart in a log's name and in an object
 * (docs/EXERCISES.md, docs/objects/exercise.md). Pure.
 *
 * A space is "real" or an exercise's name. An exercise's log has an origin that says so, signed with everything it
 * signs: "entente-exercise/<16 hexadecimal digits of the name's hash>/CC/<16 of the key's>". Every object of an
 * exercise carries a mark, an extension with the name, from the moment it is written down. */
#pragma once
#include "base/buffer.h"

#define SPACE_REAL    TEXT("real")
#define EXT_EXERCISE  "extension-definition--cb3bb26b-43b7-42c7-b507-478fa5566002"
#define SPACE_RULE    "10 spaces" /* of docs/RELEASE.md: the rule that refuses */
#define SPACE_TAG_MAX 17          /* with its NUL */

bool space_is_real(struct text space);
/* The 16 digits that stand for an exercise in origins. */
void space_tag(struct text exercise, char ret[SPACE_TAG_MAX]);
/* What the origins of this space's own logs begin with: "entente/" or "entente-exercise/<tag>/". */
void space_origin_start(struct text space, struct buffer *out);
/* Is it the name of an exercise's log, whichever? */
bool space_origin_of_exercise(struct text origin);
/* May a log of that name have to do with a node of this space? In the real space: any but an exercise's. In an
 * exercise: one of the same exercise. OK, or ERR_DENIED and why. */
MUST_CHECK enum err space_check_origin(struct text space, struct text origin, struct fault *reterr);

enum space_mark { SPACE_UNMARKED, SPACE_THIS, SPACE_OTHER };
/* Which mark an object carries, seen from an exercise of that name (or "real": then every mark is OTHER). A mark that
 * cannot be read is OTHER. ERR_MALFORMED: no JSON. ERR_NOMEM */
MUST_CHECK enum err space_mark_of(struct text body, struct text space, enum space_mark *ret);
/* The canonical body with the exercise's mark, canonical again: one run of bytes is put in. *ret_at, *ret_len say
 * where and how many. ERR_MALFORMED: no object, or its `extensions` are none. Errors of out stick in it. */
MUST_CHECK enum err space_mark_add(struct text body, struct text exercise, struct buffer *out, size_t *ret_at,
                                   size_t *ret_len);
