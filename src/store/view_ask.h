/* store/view_ask.h - what a person's reading asks of the view, beyond store/view.h: what begins so, what refers to
 * this, what was found by it, who was given it. */
#pragma once
#include "store/postings.h"
#include "store/view.h"

/* Identifiers of objects with UUIDs from `from` to `upto`, in their order; of that type, or any where it is empty.
 * on_id must not ask the view. */
typedef enum err view_on_id(void *self, struct text id);
MUST_CHECK enum err view_ids(struct view *v, const struct uuid *from, const struct uuid *upto, struct text type,
                             uint32_t limit, view_on_id *on_id, void *self, struct fault *reterr);

/* Versions that count and may refer to `id`, newest first, at most `limit`; quarantined ones are not among them. A
 * filter: their bodies are for the caller to look into (references_hold()), and what on_row returns when it is not OK
 * ends it. *ret_more: how many more entries refer to it that were not looked at, old versions included. */
MUST_CHECK enum err view_referring(struct view *v, struct text id, uint32_t limit, view_on_version *on_row,
                                   void *self, uint64_t *ret_more, struct fault *reterr);

/* Entries of objects with a key in the range, newest first, whatever their standing; at most `max` into ret_n, which
 * has room for them. *ret_more: there may be older ones. A filter: their bodies say whether they hold what was asked
 * for (words_of()). */
MUST_CHECK enum err view_holding(struct view *v, struct posting_range range, uint64_t *ret_n, size_t max,
                                 size_t *ret_count, bool *ret_more, struct fault *reterr);

/* Of that indicator, newest first. */
MUST_CHECK enum err view_findings_about(struct view *v, const struct uuid *indicator, uint32_t limit,
                                        view_on_finding *on_row, void *self, struct fault *reterr);

struct release_row {
    struct sha256 hash; /* of the form that left */
    uint8_t form;       /* enum form */
    int64_t t_us;       /* of the release's entry */
};
/* What of the version at entry n was first released to the party, oldest first. on_row must not ask the view. */
typedef enum err view_on_release(void *self, const struct release_row *row);
MUST_CHECK enum err view_releases_of(struct view *v, const struct uuid *party, uint64_t n, view_on_release *on_row,
                                     void *self, struct fault *reterr);
