/* exchange/sharing.h - what was agreed with parties and granted to one recipient, as the gate takes it. A function of
 * a state of the log and a moment: what is over by then, or was not confirmed, is not among it. */
#pragma once
#include "store/view.h"

/* Grants that run for one recipient: those beyond are not looked at, the oldest first. */
#define GRANTS_RUNNING_MAX 65536
/* That speak of one object for one recipient: the newest count. */
#define GRANTS_OF_OBJECT_MAX 16

struct sharing_grant {
    struct uuid id;
    struct text object, version; /* version empty: every one; else its version_name() */
    struct uuid originator;      /* of a consent or a break-glass: for what came from it alone */
    struct grant grant;
    int64_t date_us; /* since when, as the log has it: of its entry, or of an opening that names it */
};
struct sharing_agreement {
    struct uuid party;
    struct agreement agreement;
};
struct sharing {
    struct arena arena;
    struct sharing_grant *grants; /* by object, newest first */
    size_t grant_count, grant_cap;
    struct sharing_agreement *agreements; /* by party */
    size_t agreement_count, agreement_cap;
    int64_t now_us, holds_until_us; /* the first moment at which something begins or ends; INT64_MAX: none */
};
/* OK: *ret is given back by sharing_done(). ERR_NOMEM | ERR_IO */
MUST_CHECK enum err sharing_load(struct view *v, const struct recipient *r, int64_t now_us, struct sharing *ret,
                                 struct fault *reterr);
void sharing_done(struct sharing *s);
/* The agreements as text, and back: for who compares with what was agreed before. ERR_MALFORMED | ERR_NOMEM */
void sharing_agreements_write(const struct sharing *s, struct buffer *out);
MUST_CHECK enum err sharing_agreements_parse(struct text t, struct sharing *ret);
/* Whom grants name: an account of ours, or a party. */
const struct uuid *sharing_key(const struct recipient *r);
/* The grants of that object; *ret_count may be 0. */
const struct sharing_grant *sharing_of(const struct sharing *s, struct text object, size_t *ret_count);

/* Does more of an object go by `now` than went by `before`: it, all of it and not its tear line alone, or its
 * portions too, which a consent does not move? */
bool sharing_wider(const struct decision *before, const struct decision *now);

/* A question with what it points to; not to be copied. */
struct sharing_question {
    struct gate_question q;
    struct grant grants[GRANTS_OF_OBJECT_MAX];
};
/* What the gate is asked about an object of that class; object empty: about the class alone. version: its
 * version_name(). All borrowed. Returns how many grants speak of it. */
size_t sharing_ask(const struct sharing *s, const struct gate_class *cls, const struct recipient *r, enum door door,
                   int64_t now_us, struct text object, struct text version, struct sharing_question *ret);
