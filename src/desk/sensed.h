/* desk/sensed.h - what a constituent's sensor tells its hub (docs/HUB.md): a sighting of an indicator that was given
 * to it becomes hits of its organisation, as if our own watch had seen them: they join the finding of indicator,
 * organisation and window.
 *
 * Invariants
 * 1 A sighting counts by what it says more than the version of it that counted before: the same again is nothing, and
 *   what is sent twice counts once. Version and finding stand or fall together, in one group.
 * 2 It speaks of its own organisation, of an indicator that was released to it, and of what has been; else it is
 *   refused whole. That it is refused says nothing of what is held here. */
#pragma once
#include "desk/finding_inside.h"

struct sensed_entry {
    char indicator[IDENT_TEXT_MAX];
    int64_t first_us, last_us; /* of what is new */
    uint64_t times;
    enum value_kind kind;
    struct text value, words; /* in the list's arena; words: evidence for people */
};
/* Those of one group. */
struct sensed_list {
    struct arena arena;
    const struct constituency *owners; /* borrowed */
    struct uuid party;                 /* whose sensor speaks */
    struct text name;                  /* of the party; borrowed */
    struct uuid organisation;          /* zero: nobody's sensor */
    struct sensed_entry *entries;
    size_t count, cap, fresh;
    bool pending; /* the last entry waits for sensed_keep() */
};
void sensed_init(struct sensed_list *l);
void sensed_clear(struct sensed_list *l); /* before another try of the group */
void sensed_done(struct sensed_list *l);

/* Looks at one sighting. before: the version that counts now, NULL: none. *ret_refused: why it may not come in, in
 * fixed words; NULL: it may. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err sensed_look(struct sensed_list *l, struct txn *t, struct text body,
                                const struct version_row *before, const char **ret_refused, struct fault *reterr);
/* What was looked at last counts; without it, it is forgotten by the next. */
void sensed_keep(struct sensed_list *l);
/* Findings of what was kept. Inside a write. */
MUST_CHECK enum err sensed_append(struct txn *t, struct sensed_list *l, const struct uuid *account,
                                  struct fault *reterr);
