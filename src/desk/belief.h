/* desk/belief.h - all that decides whether an indicator is looked for beside its own words: assumed lifetimes, and
 * what is suppressed. Read once, immutable, shared between threads. */
#pragma once
#include <stdatomic.h>

#include "desk/lifetime.h"
#include "desk/suppress.h"

struct belief;

/* As of the view's state. With *io_belief from an earlier call it is left as it is when nothing changed since, else
 * let go and replaced; NULL at first. v must not be in the middle of a question. ERR_IO | ERR_NOMEM | ERR_MALFORMED
 * (rules that cannot be used); *io_belief untouched. */
MUST_CHECK enum err belief_refresh(struct node *node, struct view *v, struct belief **io_belief,
                                   struct fault *reterr);
struct belief *belief_ref(struct belief *b);
void belief_unref(struct belief *b); /* accepts NULL */
const struct suppress *belief_suppress(const struct belief *b);
const struct lifetimes *belief_lifetimes(const struct belief *b);
/* Rises when what is loaded with an older one has to be loaded anew as a whole: not for a renewal. */
uint64_t belief_generation(const struct belief *b);
