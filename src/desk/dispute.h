/* desk/dispute.h - what others say against an indicator: STIX opinions that disagree, and sightings that say it was a
 * false positive. Shown beside it and in the words of trust; nothing is renewed, ended or removed by them. */
#pragma once
#include "desk/trust.h"
#include "store/node.h"

/* A sighting that says that the thing was not seen: a count of 0 (STIX 2.1 section 5.2), or MISP's false positive, as
 * a label or a property. body: canonical. */
bool sighting_denies(struct text body);

/* Others' word that counts, newest first: more is not looked at. */
#define DISPUTES_MAX 64
struct dispute {
    struct uuid party;       /* that said it; its own latest word alone counts */
    const char *said;        /* "strongly-disagree", "disagree", "false positive" */
    struct text why;         /* its explanation; in the arena, may be empty */
    char id[IDENT_TEXT_MAX]; /* of the opinion or sighting */
    int64_t said_us;
};
struct dispute_question {
    struct text indicator; /* STIX id */
    struct uuid account;   /* who asks: what it may not see is not counted */
    int64_t now_us;
};
/* Texts and *ret in the arena. v must not be in the middle of a question. ERR_DENIED: not one of our accounts.
 * ERR_IO | ERR_NOMEM | ERR_MALFORMED (no identifier) */
MUST_CHECK enum err disputes_of(struct node *node, struct view *v, const struct dispute_question *q,
                                struct arena *arena, struct dispute **ret, size_t *ret_count, struct fault *reterr);

#define DISPUTED_WORDS_MAX (TRUST_WORDS_MAX + 64)
/* The words of trust, and behind them "disputed by 2 others"; empty when there is nothing to say. */
struct text disputed_words(struct text trust, size_t disputes, char out[DISPUTED_WORDS_MAX]);
/* trust_rank(), lower by each that disputes it, down to none. */
unsigned disputed_rank(unsigned rank, size_t disputes);
