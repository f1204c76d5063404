/* exchange/page_cache.h - answers that were asked for twice while the log stood still: many clients of one partner,
 * and clients that ask again. Whatever changes anything (an object, a setting, an expulsion) is an entry, and an
 * answer is of one log position; who asks is found out before. */
#pragma once
#include "exchange/page.h"

struct page_cache;
struct page_kept; /* immutable; reference counted */
MUST_CHECK enum err page_cache_new(struct page_cache **ret);
void page_cache_free(struct page_cache *c); /* accepts NULL */

/* The page answered for this question (recipient and all parameters, as text) at this position; NULL: none. Its
 * releases are recorded. */
struct page_kept *page_cache_find(struct page_cache *c, struct text question, const struct page *p);
/* Fills p's items, count and more; valid while kept is held. p is not to be given to page_done(). */
void page_kept_lend(const struct page_kept *kept, struct page *p);
void page_kept_unref(struct page_kept *kept); /* accepts NULL */
/* After the answer was made: keeps the page when the question was asked before at this position; then p's items are
 * taken over and p is empty. */
void page_cache_offer(struct page_cache *c, struct text question, struct page *p);
