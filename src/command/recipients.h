/* command/recipients.h - from what a person types after --to to a recipient of the gate: a peer, an account of ours,
 * the public. */
#pragma once
#include "command/session.h"
#include "exchange/asker.h"

/* "public", "account NAME" ("account:NAME" too) or a party by name. Complains; name and lists in the arena. */
MUST_CHECK enum err find_recipient(struct session *s, struct view *v, const char *words, struct arena *arena,
                                   struct recipient *ret);
/* Door by its name; by_default when not given. Complains. */
MUST_CHECK enum err find_door(struct session *s, const char *given, enum door by_default, enum door *ret);
/* "partner CERT-NL", "account anna (analyst)", "the public": in the arena. */
struct text recipient_words(const struct recipient *r, struct arena *arena);
