/* command/desk_words.h - what a finding is about, in words: looked up for lists, by `finding`, `incident` and `demo`.
 */
#pragma once
#include "command/session.h"
#include "desk/dispute.h"
#include "desk/register.h"

struct desk_words {
    struct node *node;
    struct view *view;
    struct constituency *register_;
    struct arena arena;
};
struct finding_words {
    struct text organisation; /* "(nobody of ours)" when not owned */
    struct text contacts;
    bool owned;
    struct text value;    /* what was looked for, first of the indicator's values; what was reported or named */
    struct text party;    /* from whom the indicator is, or who reports */
    struct text marking;  /* its label */
    struct text incident; /* id, or empty */
    enum tlp label;
    /* of reported ones (docs/objects/finding.md); empty for others: */
    struct text report, classification, identifier, role;
    struct text values; /* JSON list */
    size_t value_count;
    int64_t occurrences;
    struct text words;        /* named: the source's own */
    struct text trust;        /* desk/trust.h; empty: neither originator nor we say anything of it */
    unsigned rank;            /* trust_rank() */
    struct dispute *disputes; /* for who reads to fill in (desk/dispute.h) */
    size_t dispute_count;
};

MUST_CHECK enum err desk_words_open(struct session *s, struct desk_words *ret); /* complains */
void desk_words_close(struct session *s, struct desk_words *w);
/* Texts live until desk_words_close(). */
struct finding_words desk_words_finding(struct desk_words *w, const struct finding_row *row);
/* Says on standard error that a list was cut at its limit. */
void tell_limit(struct session *s, uint64_t shown, uint64_t limit);
const char *finding_state_name(uint8_t state); /* "open", "closed", "false positive" */
