/* desk/ruling.h - what the team ruled to be a false positive, beyond one finding: hits on an indicator or on a value,
 * at one organisation or everywhere, are counted in findings that are silent from the start. docs/LIFETIMES.md */
#pragma once
#include "base/arena.h"
#include "model/value.h"
#include "store/node.h"

struct rulings {
    struct fact_ruling *list; /* false positives that stand; in the arena */
    size_t count, cap;
    struct arena *arena;
    int64_t now_us;
    bool with_told; /* of which the originator was told, too: also over, or of one finding */
};
/* ERR_IO | ERR_NOMEM */
MUST_CHECK enum err rulings_load(struct view *v, int64_t now_us, struct arena *arena, struct rulings *ret,
                                 struct fault *reterr);
struct ruling_hit {
    struct text indicator; /* STIX id */
    struct uuid organisation;
    enum value_kind kind;
    struct text value; /* as logged */
};
bool ruling_covers(const struct fact_ruling *r, const struct ruling_hit *hit);
bool rulings_silence(const struct rulings *r, const struct ruling_hit *hit);

struct ruling_words {
    enum ruling_scope scope; /* RULING_FINDING: of the finding alone */
    bool everywhere;         /* not at the finding's organisation only */
    int64_t until_us;        /* 0: no end */
    struct text reason;
    bool tell; /* the party that the indicator came from, by an opinion of ours (docs/objects/finding.md) */
};
/* The finding is a false positive, and what the words cover with it: open findings by the same indicator become so
 * too, further hits are silent. ERR_NOT_FOUND: no such finding. ERR_USAGE: a reported finding has no indicator; there
 * is nobody to tell. ERR_DENIED: the reason holds what is not told, or the party takes no sightings. */
MUST_CHECK enum err finding_rule(struct node *node, const struct uuid *finding, const struct ruling_words *words,
                                 const struct uuid *account, struct fault *reterr);
/* Open again; every ruling that covers it is taken back, and findings that one on its indicator covered are open
 * again, too. ERR_NOT_FOUND */
MUST_CHECK enum err finding_reopen(struct node *node, const struct uuid *finding, struct text reason,
                                   const struct uuid *account, struct fault *reterr);
