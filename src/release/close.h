/* release/close.h - inside this room: what an object looks like once what may not leave is out of it. First
 * close_mark() finds what goes (close.c), then close_write() writes the rest (render.c). */
#pragma once
#include "release/cleared.h"
#include "release/gone.h"

/* Where a selector stood in a list: the next one goes on from there, if it can. */
struct walk {
    const struct json_val *list;
    struct json_iter it;
    int64_t kept; /* elements before it that are not gone */
};
struct closing {
    const struct gate_question *question;
    const struct decision *decision;
    const struct gate_lookup *lookup;
    bool sighting_out; /* one of our sightings, leaving: a closed list of fields (rule 9) */
    const struct json_val *object;
    struct text type, created_by; /* of the object; borrowed */
    struct gone gone;             /* gone_done() */
    bool cut;                     /* something went for its own marking, or for not being in the tear line */
    struct walk walk;             /* of what is being read now: marking, or writing */
    size_t steps, steps_max;      /* of walks to what selectors name */
    struct decision_rule *why;    /* may be NULL */
};

/* ERR_DENIED, *c->why filled: what is left would be no valid STIX or would mislead. ERR_MALFORMED | ERR_NOMEM */
MUST_CHECK enum err close_mark(struct closing *c);
/* Nothing changes: the object leaves as it is held. */
bool close_leaves_whole(const struct closing *c);
/* Writes the object as it may leave, canonical, and the selectors of what was taken out, comma between.
 * ERR_MALFORMED. Errors of the buffers stick in them. */
MUST_CHECK enum err close_write(struct closing *c, struct buffer *out, struct buffer *removed);

/* One step of a selector (STIX 2.1 section 7.2.3) from v: a member, or "[3]". NULL: nothing there. *ret_at: the
 * index, once what is gone before it is taken out; -1: a member. Counts in c->steps. */
const struct json_val *close_step(struct closing *c, const struct json_val *v, struct text part, int64_t *ret_at);
/* ERR_DENIED, *c->why filled: more steps were taken than its size allows. */
MUST_CHECK enum err close_tired(struct closing *c);
/* The marking as the recipient knows it: an identifier of TLP 1 for who knows no other, TLP 2.0's for a foreign one;
 * any other as it is. */
struct text close_marking(const struct closing *c, struct text id, char out[IDENT_TEXT_MAX]);
/* The label in the TLP that the recipient knows. */
struct text close_label(const struct closing *c, enum tlp label, char out[IDENT_TEXT_MAX]);
