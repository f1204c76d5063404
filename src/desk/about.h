/* desk/about.h - what a person wants to know of an object that is here: whose word it is, when, under which marking
 * in words, what it says (desk/describe.h), what it refers to and what refers to it by name, its versions, what was
 * found by it here, who was given it. Through the gate for the account that reads. */
#pragma once
#include "desk/describe.h"
#include "store/node.h"
#include "store/view_ask.h"

#define ABOUT_ARENA_BYTES (64 * MIB)
/* Others that are named, that refer to it, its versions and findings: what is shown before "and N more". */
#define ABOUT_NAMED_MAX     400
#define ABOUT_REFERRING_MAX 20
#define ABOUT_VERSIONS_MAX  10
#define ABOUT_FINDINGS_MAX  10

struct about_question {
    uint64_t n;          /* entry of the version */
    struct uuid account; /* who reads */
    int64_t now_us;
    struct text lang; /* RFC 5646; empty: as it was written */
    bool brief;       /* of an older version: without what is the same for all of them */
    bool all;         /* every version and claim in the list */
};
/* Fills *ret, all in the arena. v is the caller's; nothing else may ask it meanwhile.
 * OK. ERR_DENIED: that account may not see it, and *ret says nothing but that and why. ERR_NOT_FOUND: no such entry.
 * ERR_IO | ERR_MALFORMED (the body cannot be had) | ERR_NOMEM */
MUST_CHECK enum err about_object(struct node *node, struct view *v, const struct about_question *q,
                                 struct arena *arena, struct description *ret, struct fault *reterr);
/* May the account see that version at all? false, too, when it cannot be told. */
bool about_may_read(struct node *node, struct view *v, const struct about_question *q);
/* The body of that version as the account may see it (portions that are not for it are cut), appended.
 * ERR_DENIED: not for this account. ERR_NOT_FOUND | ERR_IO | ERR_MALFORMED | ERR_NOMEM */
MUST_CHECK enum err about_body(struct node *node, struct view *v, const struct about_question *q, struct buffer *out,
                               struct fault *reterr);
/* The title of the object for that account, "(not here)" and "(withheld)" included; in the arena. */
struct text about_name(struct node *node, struct view *v, const struct uuid *account, int64_t now_us, struct text id,
                       struct arena *arena);
