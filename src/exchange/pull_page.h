/* exchange/pull_page.h - inside this room: one page that a partner sent, and the cursor behind it. */
#pragma once
#include "base/time.h"
#include "exchange/taxii_remote.h"
#include "reader/envelope.h"

#define PULL_NEXT_MAX RECORD_NEXT_MAX

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
    int fd;           /* the body in memory; owned */
    struct text body; /* the answer's, borrowed */
    bool has_first, has_last;
    struct stamp first, last; /* X-TAXII-Date-Added-* */
    struct sha256 hash;
    bool read; /* with: */
    struct reader_enveloped envelope;
};
/* Keeps the page; nothing of it is read but an empty one's very bytes. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err pull_page_open(const struct http_answer *a, struct pull_page *ret, struct fault *reterr);
/* Has a reader say what the envelope says, where nobody did yet; takes nothing in. ERR_MALFORMED: not an envelope, or
 * its reader failed. As reader_open() else. */
MUST_CHECK enum err pull_page_read(struct pull_page *p, const atomic_bool *cancel, struct fault *reterr);
/* Of a page that was read: its hash without its `next`, which a server may count up over the same objects for ever.
 */
void pull_page_print(const struct pull_page *p, struct sha256 *ret);
void pull_page_close(struct pull_page *p);
