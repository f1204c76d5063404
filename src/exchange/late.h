/* exchange/late.h - objects that a recipient could not have, or not whole, only because of what they point to, and
 * then could: they get the date of that moment for it, so that no cursor is ahead of them (release.md, TAXII time).
 *
 * A relationship may come before its ends, a report before what it is about; the recipient's cursor goes on
 * meanwhile. What was passed over waits here under the targets that it lacks. When one of them comes, it is closed
 * again; when that succeeds it is late: from then on its date for this recipient is that of the newest entry, and its
 * place in the order of its own is left out. */
#pragma once
#include "exchange/page.h"

/* Waiting references of one recipient; beyond, the oldest are given up. Half of them at most are of objects that went
 * out cut: those are a loss of detail, the others of an object. */
#define LATE_WAITING_MAX 65536
#define LATE_ITEMS_MAX   1000000

struct late_item {
    int64_t date_us;
    uint64_t n;
};
struct late_list { /* immutable; reference counted */
    atomic_uint refs;
    uint64_t version; /* no other list of this book has it; from 1 */
    size_t count;
    struct late_item *items; /* by (date, n) */
    struct late_item *by_n;
};
void late_list_unref(struct late_list *l); /* accepts NULL */
/* The date of the object with that entry; false when it is not late. l may be NULL. */
bool late_list_date(const struct late_list *l, uint64_t n, int64_t *ret_date_us);
/* The first item after (date_us, n); its count when there is none. */
size_t late_list_after(const struct late_list *l, int64_t date_us, uint64_t n);

struct late_book;
MUST_CHECK enum err late_book_new(struct node *node, struct late_book **ret);
void late_book_free(struct late_book *b); /* accepts NULL */
/* Before a page is filled: looks at what came since the last time for the page's recipient. *ret is a reference, NULL
 * when nothing is late. Durable when it returns. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err late_update(struct late_book *b, struct page *p, struct late_list **ret, struct fault *reterr);
/* After a page is filled: what it passed over, or cut, waits from now on. Durable when it returns. */
MUST_CHECK enum err late_note(struct late_book *b, const struct page *p, struct fault *reterr);
