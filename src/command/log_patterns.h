/* command/log_patterns.h - the indicators whose patterns need more than one value, over logs: for `match` and `watch`
 * (match/streamed.h, docs/EVENTS-IN-LOGS.md). */
#pragma once
#include "command/hits_print.h"
#include "desk/pattern_list.h"
#include "match/streamed.h"

struct log_pattern {
    uint64_t n;       /* entry of the version that was loaded */
    struct uuid uuid; /* of indicator--... */
    struct uuid party;
    int64_t until_us;         /* its valid_until; INT64_MAX: none */
    int64_t counted_until_us; /* of news: what was true before then was told already */
    bool gone;                /* another version is in its place */
    enum whole_state state;
    struct text pattern; /* when it is looked for; else why not: */
    struct text why;
};
struct log_patterns {
    struct streamed *streamed;
    struct arena arena;
    struct log_pattern *list; /* by the number of streamed_add_known(); those that are not looked for, too */
    size_t count, cap, gone;
    uint64_t until;         /* entries below it are in */
    struct node *asked;     /* the view has moved on: each hit is asked for there; NULL: none has to be */
    size_t left_out;        /* beyond what can be held */
    size_t told;            /* not looked for, when that was told last */
    struct buffer *scratch; /* one hit; in the arena */
};

/* From where patterns come. base: a list that is mapped from an index file gives its own, and the view what came
 * since; NULL, or a list that was loaded: all from the view. */
struct pattern_view {
    struct session *s;
    struct view *v;
    const struct belief *belief;
    const struct watchlist *base;
    uint64_t until_n; /* entries from here on are left for later */
};
/* All that are current at this moment. ERR_NOMEM | ERR_IO | ERR_CANCELLED */
MUST_CHECK enum err log_patterns_load(const struct pattern_view *from, struct log_patterns *ret,
                                      struct fault *reterr);
/* Those of an index file alone. ERR_NOMEM */
MUST_CHECK enum err log_patterns_map(const struct watchlist *base, struct log_patterns *ret);
/* What is new in entries [from_n, until_n), as watchlist_load_news() has it for values. */
MUST_CHECK enum err log_patterns_load_news(const struct pattern_view *from, uint64_t from_n, struct log_patterns *ret,
                                           struct fault *reterr);
/* Adds what came since: windows stay, those of new versions with the same pattern, too. all: what is believed has
 * changed, so everything is loaded anew. On failure *p is whole. */
MUST_CHECK enum err log_patterns_renew(const struct pattern_view *from, bool all, struct log_patterns *p,
                                       struct fault *reterr);
/* complain()s of what is not looked for; nothing when there is none, or as many as were told last. */
void tell_not_looked_for(struct session *s, struct log_patterns *p);
void log_patterns_done(struct log_patterns *p); /* zeroed: nothing */
/* NULL: there is none to be looked for. */
const struct index *log_patterns_index(const struct log_patterns *p);
size_t log_patterns_wanted(const struct log_patterns *p); /* that are looked for */

/* Which line it is, and what its file says of it. */
struct log_line {
    const char *file;
    const struct logline_header *header;
    const struct scan_line_hits *hits;
    int64_t now_us;
    struct scanner *owners;     /* as hits_of_line() has it */
    int64_t since_us, until_us; /* events of other times are none; both 0: of all times */
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
    const struct streamed_event *whose; /* that, else the latest: client and direction are its */
};
typedef enum err pattern_hit_each(void *self, const struct pattern_hit *hit);
MUST_CHECK enum err log_patterns_take(struct log_patterns *p, struct text lines, pattern_hit_each *each, void *self);
/* One line, or one of JSON, appended to out. */
void pattern_hit_print(const struct party_names *names, bool json, const struct pattern_hit *hit, struct buffer *out);
/* What fell out of windows, and what was too expensive; nothing when nothing did. */
void tell_pattern_losses(struct session *s, const struct log_patterns *p);
