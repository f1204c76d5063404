/* store/tries.h - who failed how often, and how long it waits for its next try. A table of fixed size that forgets
 * the least: pure, handed its time. Not thread-safe.
 *
 * Counted by pairs (name, source) and by source. Never by name alone: then anybody could lock anybody out. */
#pragma once
#include "base/text.h"

#define TRIES_MAX 4096 /* entries, 32 bytes each */
struct tries;
MUST_CHECK enum err tries_new(struct tries **ret);
void tries_free(struct tries *t); /* accepts NULL */

/* Who tries: made once for a try, with a secret key, so that nobody can choose whose entry is pushed out. */
struct try_key {
    uint64_t pair, source; /* source 0: not counted by it (this machine's own addresses: a proxy's clients) */
};
struct try_key try_key_of(const struct tries *t, struct text name, struct text source);
/* Seconds until it may try again; 0: now. */
unsigned tries_wait_s(const struct tries *t, struct try_key k, int64_t mono_us);
void tries_failed(struct tries *t, struct try_key k, int64_t mono_us);
/* The pair's failures are forgotten, its source's are not; it is known from now on. */
void tries_succeeded(struct tries *t, struct try_key k, int64_t mono_us);
/* Has this pair ever succeeded, as far as the table remembers? */
bool tries_known(const struct tries *t, struct try_key k);
