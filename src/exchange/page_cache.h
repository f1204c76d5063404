/* exchange/page_cache.h - answers that were asked for twice while the log stood still: many clients of one partner,
 * and clients that ask again. What is kept is the answer itself, so what is sent is what was sent.
 *
 * An answer holds for one question of one recipient and one state. Whatever changes anything (an object, a setting,
 * an expulsion, a withdrawal) is an entry, and moves the position; time ends what it was cleared for; what came late
 * for the recipient has a list of another version; a view made anew (after an erasure) has another epoch. Who asks,
 * and whether it still may, is found out before each look. */
#pragma once
#include "base/error.h"
#include "base/outbound.h"

struct page_state {
    uint64_t position, epoch, late_version;
    int64_t now_us, holds_until_us;
};
struct page_cache;
MUST_CHECK enum err page_cache_new(struct page_cache **ret);
void page_cache_free(struct page_cache *c); /* accepts NULL */
/* The answer to this question (recipient, resource and all parameters, as text) in this state, the caller's own;
 * NULL: none. Its releases are recorded. Thread-safe, as the next. */
struct outbound *page_cache_find(struct page_cache *c, struct text question, const struct page_state *now);
/* After an answer was made, its releases recorded and all its headers added: keeps it when the question was asked
 * before in this position. */
void page_cache_offer(struct page_cache *c, struct text question, const struct page_state *now, struct outbound *o);
