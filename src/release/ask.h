/* release/ask.h - inside this room: one way of letting an object go, weighed. gate_decide() tries several: as its
 * label says, by its originator's consent, as its tear line, by break-glass. */
#pragma once
#include "release/cleared.h"

/* Whose word lets it go; the rows of the tables speak of sets of them. */
enum whose {
    OURS = 1,
    RECEIVED = 2,
    GOING_BACK = 4,
    PUBLIC_TEXT = 8,
    BY_CONSENT = 16,
    BY_BREAK_GLASS = 32,
    TO_HUB = 64 /* a sighting of the hub's own indicator, by its sensor */
};
enum whom { ACCOUNT = 1, PARTNER = 2, COMMUNITY = 4, PUBLIC = 8, CONSTITUENT = 16, AUTHORITY = 32, HUB = 64 };
#define ORGANISATIONS (PARTNER | COMMUNITY | CONSTITUENT | AUTHORITY)
#define OUTSIDE       (ORGANISATIONS | PUBLIC) /* a hub is neither: one row of the table speaks of it */

struct ask {
    const struct gate_question *q;
    const struct gate_class *c;
    const struct recipient *r;
    enum door door;
    enum whose whose;
    unsigned whom;    /* one of enum whom; 0: nobody we know */
    enum tlp label;   /* that counts, and that it leaves with */
    unsigned granted; /* bits 1 << enum grant_kind of what may be reckoned with */
    bool tear;        /* only its tear line */
};
#define GRANTED(a, grant) (((a)->granted >> (grant)) & 1)

#define REMARK_DETAIL_MAX 80
/* A row: when it speaks, and what a duty officer reads then; `detail` (may be NULL) ends the sentence. */
struct remark {
    bool (*speaks)(const struct ask *a);
    unsigned lifted; /* by these of enum whose, it says nothing */
    const char *rule, *words;
    void (*detail)(const struct ask *a, char out[REMARK_DETAIL_MAX]);
};

/* Adds a rule's words while there is room. */
void ask_say(struct decision *d, const char *rule, const char *format, ...) PRINTF_LIKE(3, 4);
void ask_remark(struct decision *d, const struct remark *row, const struct ask *a);

/* What bars it whatever its label says: how many rows spoke, each said in d (may be NULL). */
size_t ask_bars(const struct ask *a, struct decision *d);
/* An account of ours, or a releaser or administrator at the console. */
bool ask_account(const struct ask *a);
bool ask_releaser(const struct ask *a);
bool ask_some(const struct uuid *u); /* not all zero */

/* The kinds of grants that hold now for this recipient. */
unsigned grants_held(const struct gate_question *q);
/* Of the consents that hold: the one that lets most go. To the whole, or (tear) to some properties. NULL: none. */
const struct grant *grants_consent(const struct gate_question *q, bool tear);
bool grants_hold(const struct gate_question *q, const struct grant *g);
/* The first moment behind now at which a grant to this recipient, a membership that the class speaks of, or an
 * embargo begins or ends; INT64_MAX: never. */
int64_t grants_change_us(const struct gate_question *q);

/* A portion of the object with a marking of its own (rule 5): a class as strict as both together. No consent to the
 * object counts for what its portion adds. */
bool gate_portion_goes(const struct gate_question *q, const struct decision *d, const struct gate_portion *p);
