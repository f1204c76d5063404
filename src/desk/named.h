/* desk/named.h - look at ourselves: a partner's indicator that names an address, a domain, a URL or an e-mail address
 * of one of our organisations is a finding about that organisation (kind `named`), at most one for an indicator and
 * an organisation, ever. Revoked and ended indicators name nobody, nor do values that are suppressed
 * (desk/suppress.h). */
#pragma once
#include "desk/register.h"
#include "desk/suppress.h"

struct named_news {
    uint64_t number; /* F-number */
    struct text value, organisation;
};

/* ---- while objects are taken in: those of one group ---- */
struct named_entry {
    struct uuid indicator, organisation, source;
    enum tlp label;
    uint8_t kind; /* of the value */
    struct text value, organisation_name, words;
    uint64_t number; /* of the finding made; 0: there was one */
};
struct named_list {
    struct arena arena;
    struct named_entry *entries;
    size_t count, cap;
    struct node *node;
    struct suppress *suppress; /* loaded when the first value of ours is named */
};
void named_init(struct named_list *l, struct node *node);
void named_clear(struct named_list *l);
void named_done(struct named_list *l);

struct named_indicator {
    struct uuid uuid, source; /* where it came from */
    enum tlp label;
    struct text body; /* canonical; its name and description are the source's words */
    const struct fact_value *values;
    size_t value_count;
};
/* Adds whom the indicator names. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err named_look(struct named_list *l, const struct constituency *owners,
                               const struct named_indicator *i, struct fault *reterr);
/* Makes the findings that are not there, and opens incidents by the source's rule. Inside a write. */
MUST_CHECK enum err named_append(struct txn *t, struct named_list *l, const struct uuid *account,
                                 struct fault *reterr);

/* ---- when the register changed ---- */
/* Looks at all indicators that are held: one pass over their values. on_named (may be NULL) is told of each finding
 * made. ERR_NOMEM | ERR_IO | ERR_FULL */
MUST_CHECK enum err named_look_back(struct node *node, const struct uuid *account,
                                    void (*on_named)(void *self, const struct named_news *news), void *self,
                                    uint64_t *ret_count, struct fault *reterr);
