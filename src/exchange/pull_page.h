/* exchange/pull_page.h - inside this room: one page that a partner sent, and the cursor behind it. */
#pragma once
#include "base/time.h"
#include "exchange/taxii_remote.h"

#define PULL_NEXT_MAX 1024 /* bytes of a foreign `next`; medallion's has 36, ours 48, OpenCTI's some 100 */

/* What is kept of a partner between pulls. State:
 *   START (nothing) -> PAGING (next) -> ... -> IDLE (after) -> PAGING ...
 * after: added_after of the question under way. last: X-TAXII-Date-Added-Last of the last page taken in. page: hash
 * of that page, so that a server whose dates are coarse or missing costs no intake when it repeats itself. */
struct pull_cursor {
    bool has_after, has_last, has_page;
    struct stamp after, last;
    char next[PULL_NEXT_MAX + 1]; /* empty: none */
    struct sha256 page;
};
MUST_CHECK enum err pull_cursor_load(struct local *l, struct text key, struct pull_cursor *ret, struct fault *reterr);
MUST_CHECK enum err pull_cursor_save(struct local *l, struct text key, const struct pull_cursor *c,
                                     struct fault *reterr);
bool pull_cursor_same(const struct pull_cursor *a, const struct pull_cursor *b);

struct pull_page {
    int fd; /* the body in memory; owned */
    uint64_t objects;
    bool more, has_last;
    char next[PULL_NEXT_MAX + 1];
    struct stamp last;
    struct sha256 hash;
};
/* Looks through the envelope without taking anything in. ERR_UNREACHABLE: not an envelope. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err pull_page_open(const struct http_answer *a, struct pull_page *ret, struct fault *reterr);
void pull_page_close(struct pull_page *p);
