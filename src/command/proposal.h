/* command/proposal.h - what was found in text and waits for a person: how it is told. */
#pragma once
#include "command/session.h"
#include "format/record.h"

#define PROPOSALS_SHOWN 100 /* told one by one at an import; the list has them all */

/* What a proposed indicator's body says of where it was found; texts borrow from the body's document. */
struct proposal_words {
    struct text value, kind, document, place, why, context;
    int64_t confidence;
};
/* false: it is none that we made. */
bool proposal_words_of(const struct json_val *body, struct proposal_words *ret);

/* "report.txt: line 12, column 5: domain evil.example (defanged): words around" */
void proposal_tell(struct session *s, const char *file, struct text body);
/* What of it no object carries: a line for people, or one of --json. */
void lost_words(struct buffer *to, const char *file, const struct record_lost *l);
void lost_tell(struct session *s, const char *file, const struct record_lost *l);
/* How to accept them, where there are any. */
void proposals_tell_how(struct session *s, const char *file, uint64_t count);
