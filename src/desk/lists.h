/* desk/lists.h - warning lists into the log, and what people rule about indicators on them. */
#pragma once
#include <stdatomic.h>

#include "desk/suppress.h"

struct list_told {
    void (*rejected)(void *self, const struct record_rejected *r); /* an entry that is left out; may be NULL */
    void *self;
    const atomic_bool *cancel; /* or NULL */
};
struct list_taken {
    char name[WARNINGLIST_NAME_MAX_BYTES + 1];
    char type[16];
    uint64_t version, entries, rejected;
    bool changed; /* false: this very list is held already */
};
/* The document on fd, read by a sandboxed reader. It takes the place of the list of that name, and stays disabled
 * where that one is. ERR_MALFORMED: no list, or cut off; nothing is changed. ERR_LIMIT | ERR_FULL | ERR_CANCELLED |
 * ERR_IO | ERR_NOMEM | ERR_DENIED */
MUST_CHECK enum err list_take(struct node *node, int fd, const struct uuid *account, const struct list_told *told,
                              struct list_taken *ret, struct fault *reterr);
/* ERR_NOT_FOUND: no list of that name. */
MUST_CHECK enum err list_use(struct node *node, struct text name, bool use, const struct uuid *account,
                             struct fault *reterr);
/* The indicator is looked for though a list or rule would suppress it; allow false: no longer. ERR_NOT_FOUND: no such
 * indicator counts, or nothing was allowed. *ret_changed false: it was so already. */
MUST_CHECK enum err list_allow(struct node *node, struct text indicator, bool allow, struct text reason,
                               const struct uuid *account, bool *ret_changed, struct fault *reterr);

/* What of the indicators of entries [from_n, position) is suppressed. */
MUST_CHECK enum err suppress_counts_since(struct view *v, const struct suppress *s, uint64_t from_n,
                                          struct suppress_counts *ret, struct fault *reterr);
