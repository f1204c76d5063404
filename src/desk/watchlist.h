/* desk/watchlist.h - the indicators that count now, ready for the scanner: an index, and what a hit needs to say.
 * Immutable once loaded. In memory, or mapped from a file that all matchers share (desk/watchlist_file.h). */
#pragma once
#include <stdatomic.h>

#include "desk/belief.h"
#include "match/index.h"

struct watchlist;

struct watch_item {
    uint64_t n;       /* entry of the version that was loaded */
    struct uuid uuid; /* of indicator--... */
    enum value_kind kind;
    struct text value; /* normal form; borrowed from the watchlist */
    bool has_valid_until;
    int64_t valid_until_us;
    bool has_assumed_until; /* it says no end: by its assumed lifetime (desk/lifetime.h) */
    int64_t assumed_until_us;
    struct uuid party; /* from whom; zero: unknown */
    bool asked;        /* a value that somebody asks for: no indicator stands behind it (n, uuid, party zero) */
    /* In a list of news: an earlier version counted until then; what was seen before is not news. Else INT64_MIN. */
    int64_t counted_until_us;
};

/* Indicators of entries from_n on (0: all) that are current, not revoked, not quarantined and not suppressed; their
 * refs count from first_ref, so that several lists can be scanned for at once. v and belief are used for the time of
 * the call. ERR_NOMEM | ERR_IO | ERR_LIMIT */
MUST_CHECK enum err watchlist_load(struct view *v, const struct belief *belief, uint64_t from_n, uint32_t first_ref,
                                   struct watchlist **ret, struct fault *reterr);
/* What entries [from_n, until_n) made worth looking for in older lines: as above, without the values that an earlier
 * version of the same indicator (entry below from_n) had for good. */
MUST_CHECK enum err watchlist_load_news(struct node *node, struct view *v, const struct belief *belief,
                                        uint64_t from_n, uint64_t until_n, struct watchlist **ret,
                                        struct fault *reterr);
/* A list of values somebody asks for, in normal form, whether an indicator holds them or not; they never expire.
 * ERR_NOMEM | ERR_LIMIT | ERR_MALFORMED */
struct watch_value {
    enum value_kind kind;
    struct text value;
};
MUST_CHECK enum err watchlist_of_values(const struct watch_value *values, size_t count, struct watchlist **ret);
struct watchlist *watchlist_ref(struct watchlist *w);
void watchlist_unref(struct watchlist *w);
const struct index *watchlist_index(const struct watchlist *w);
size_t watchlist_size(const struct watchlist *w); /* (indicator, value) pairs */
bool watchlist_has(const struct watchlist *w, uint32_t ref);
/* What stands behind a ref of this list, as a scan_hit gives it. */
struct watch_item watchlist_at(const struct watchlist *w, uint32_t ref);
/* Values that are held and not looked for (desk/suppress.h). */
const struct suppress_counts *watchlist_suppressed(const struct watchlist *w);
/* Values in it that are past their assumed lifetime already: they hit in older lines only. */
size_t watchlist_over(const struct watchlist *w);
/* The next entry that is not in it: from_n of the next load. */
uint64_t watchlist_until(const struct watchlist *w);
/* The view has moved on since the list was loaded: from now on what a hit says is asked for there, under that belief
 * (a reference is taken). node must live as long as the list; NULL ends it. Not while the list is in use. */
void watchlist_ask(struct watchlist *w, struct node *node, struct belief *belief);
/* Does the item still count: is that version of the indicator the current one, and not revoked? Its assumed lifetime
 * is put right. Always so where nobody has to be asked. Any thread. ERR_IO | ERR_NOMEM | ERR_BUSY (the view is being
 * made) */
MUST_CHECK enum err watchlist_confirm(const struct watchlist *w, struct watch_item *io_item, bool *ret_stands);
/* Was the item valid at that moment, by its own word or by its assumed lifetime? Hunts ignore valid_from: what is
 * known now counts for what was logged before. */
bool watch_item_valid(const struct watch_item *item, int64_t at_us);
