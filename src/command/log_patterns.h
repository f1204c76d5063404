/* command/log_patterns.h - the indicators whose patterns need more than one value, over logs: for `match` and `watch`
 * (match/streamed.h, docs/EVENTS-IN-LOGS.md). */
#pragma once
#include "command/hits_print.h"
#include "match/streamed.h"

struct log_pattern {
    struct uuid uuid; /* of indicator--... */
    struct uuid party;
    bool has_valid_until;
    int64_t valid_until_us;
    struct text pattern;
};
struct log_patterns {
    struct streamed *streamed;
    struct arena arena;
    struct log_pattern *list; /* by the number of streamed_add() */
    size_t count, cap;
    size_t not_looked_for;
    struct text first_not; /* id of one, and why */
    const char *first_why;
    struct buffer scratch; /* one hit */
};

/* All that are current at this moment. ERR_NOMEM | ERR_IO | ERR_CANCELLED */
MUST_CHECK enum err log_patterns_load(struct session *s, struct view *v, struct log_patterns *ret,
                                      struct fault *reterr);
/* The same where some came since entry from_n, in place of *p: patterns that are the same keep their windows. On
 * failure *p is what it was. */
MUST_CHECK enum err log_patterns_renew(struct session *s, struct view *v, uint64_t from_n, struct log_patterns *p,
                                       struct fault *reterr);
/* complain()s of what is not looked for; nothing when there is none. */
void tell_not_looked_for(struct session *s, const struct log_patterns *p);
void log_patterns_done(struct log_patterns *p); /* zeroed: nothing */
/* NULL: there is none to be looked for. */
const struct index *log_patterns_index(const struct log_patterns *p);

/* Which line it is, and what its file says of it. */
struct log_line {
    const char *file;
    const struct logline_header *header;
    const struct scan_line_hits *hits;
    int64_t now_us;
};
/* What log_patterns_take() has to know of a line that holds values of patterns, appended to out; nothing of any other
 * line. Any thread. ERR_NOMEM */
MUST_CHECK enum err log_patterns_line(const struct constituency *c, const struct log_line *line, struct buffer *out);
/* Offers such lines, in their order, to the patterns; one thread. Indicators that had ended at the event's own time
 * are not asked. */
struct pattern_hit {
    const struct log_pattern *pattern;
    const struct streamed_event *const *bound;
    size_t count;
    const struct streamed_event *owned; /* the first that is somebody's of ours; NULL */
};
typedef enum err pattern_hit_each(void *self, const struct pattern_hit *hit);
MUST_CHECK enum err log_patterns_take(struct log_patterns *p, struct text lines, pattern_hit_each *each, void *self);
/* One line, or one of JSON, appended to out. */
void pattern_hit_print(const struct party_names *names, bool json, const struct pattern_hit *hit, struct buffer *out);
/* What fell out of windows, and what was too expensive; nothing when nothing did. */
void tell_pattern_losses(struct session *s, const struct log_patterns *p);
