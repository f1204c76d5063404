/* exchange/page.h - a page of what one recipient may have: rows of the view, each through the gate and closed over
 * its references. Used by the server's answers and by what we post to others.
 *
 * A page is filled up to its limit whatever was withheld on the way, and `more` is said only when something that may
 * be had follows: neither its length nor `more` tells of what is withheld. */
#pragma once
#include "exchange/clearance.h"
#include "release/cleared.h"

/* Bodies in one page: what both sides hold in memory at once. At least one object is always given. */
#define TAXII_PAGE_MAX_BYTES (16 * MIB)

enum { VERSIONS_LAST = 1, VERSIONS_FIRST = 2, VERSIONS_ALL = 4 };

struct page_wanted {
    struct page_query query;    /* classes and all_versions are filled in here; limit: of the page */
    unsigned versions;          /* VERSIONS_*; 0 and no stamps: VERSIONS_LAST */
    const struct stamp *stamps; /* versions named by their time; OR with the above */
    size_t stamp_count;
    size_t bytes_max; /* of all bodies; 0: TAXII_PAGE_MAX_BYTES */
};
struct page_item {
    struct cleared *cleared;
    uint64_t n;
    int64_t date_us; /* when it became visible to the recipient */
};
/* What an object lacked: it waits for it (exchange/late.h). */
struct page_wait {
    uint64_t n, target; /* XXH3 of the id */
    bool denied;        /* the object did not go; else it went without */
};
#define PAGE_LACKING_MAX 16 /* of one object; more are not waited for */
struct late_list;
struct page {
    struct node *node;
    struct view *view; /* in a snapshot, for as long as the page is made */
    const struct clearance *clearance;
    int64_t now_us;
    struct arena *arena;
    struct page_item *items; /* in the arena; what they hold is given back by page_done() */
    size_t count;
    bool more;
    const struct late_list *late; /* whose dates are later for this recipient; NULL: none */
    struct page_wait *waits;      /* filled: what was passed over or cut; in the arena */
    size_t wait_count, wait_cap;
    uint64_t lacking[PAGE_LACKING_MAX]; /* inside: withheld targets of the object being closed */
    size_t lacking_count;
    struct page_memo *memo;           /* inside: what references were answered */
    enum err failed;                  /* inside: a look-up that could not be made */
    struct portion_cache *portions;   /* inside: what marking definitions mean */
    const struct gate_class *closing; /* inside: of the object that is being closed */
};
/* *p with node, view, clearance, now_us and arena set, the rest zero. ERR_NOMEM | ERR_IO | ERR_MALFORMED */
MUST_CHECK enum err page_fill(struct page *p, const struct page_wanted *wanted, struct fault *reterr);
void page_done(struct page *p);
