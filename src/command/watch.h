/* command/watch.h - inside `watch`: the followed logs (or standard input), the indicators they are watched for, and
 * what was found on its way to the owner of the home.
 *
 * Invariants
 * 1 A hit is recorded once, whatever crashes: hits go to the owner together with how far the file is read
 *   (hit_batch.follow_*), and the owner drops what the log already holds below that point.
 * 2 A block's state is saved only after its hits are durable.
 * 3 Look-back reads what was logged before an indicator was known. Its range of entries [from, until) is saved before
 *   its first hit is handed over and names its hits (follow_key), so that a pass broken off is done again as the same
 *   pass; one that told nothing may be done again as another.
 * 4 Lists change only between blocks and right before look-back: no line is looked at by both for one indicator.
 * 5 The first hit of an indicator at an organisation is handed over with its block. Repeats wait for more of their
 * kind (watch_told.c), so that a machine that calls home each second does not cost a version of its finding each
 * second; the state waits with them (2). They wait only where a restart finds a state to go on from: what is rotated
 * away before is not looked for.
 *
 * 6 The windows of whole patterns are saved with the state, in one value: what is read below state.follow.offset is
 * in them, and nothing else of that log. Of a pattern whose look-back is announced and not over, nothing is: the pass
 * is done again. A log whose events made a pattern true is not saved without them before the hit is handed over.
 *
 * State of a log, in local.db under its path: struct log_state, and the windows of its events. */
#pragma once
#include "command/hits.h"
#include "command/hits_wire.h"
#include "command/log_patterns.h"
#include "command/session.h"
#include "match/logfile.h"
#include "store/beacon.h"

/* Look-back over a growing log stops paying; past this the archive is the place to hunt in. */
#define LOOKBACK_DEFAULT_BYTES ((uint64_t)1 << 30)
#define WATCH_TICK_MS          20
#define WATCH_LOGS_MAX         256
/* The large list, and what came since, the newest last: each at least twice as long as the next, so that what comes
 * is loaded a few times at most. */
#define WATCH_LISTS_MAX 12
/* Shorter ones are loaded anew with what came since. */
#define WATCH_LIST_SHORT 512
/* With so many values beside a mapped index it is time to look for a newer one. */
#define WATCH_BESIDE_MAX 4096
/* Progress without hits is saved after so many bytes. */
#define SAVE_BYTES ((uint64_t)64 << 20)

struct log_state {
    struct follow_state follow;
    uint64_t looked_back;           /* indicators of entries below it were looked for in the whole file */
    uint64_t back_from, back_until; /* the pass under way; equal: none */
};
void log_state_write(const struct log_state *st, struct buffer *out);
/* *ret_windows: what stands behind it (match/windows.h). ERR_MALFORMED */
MUST_CHECK enum err log_state_read(struct text bytes, struct log_state *ret, struct text *ret_windows);

/* One followed log, or standard input: how far it is read, and what was found in it and is not handed over yet. */
struct watch_log {
    char *path;       /* owned; NULL: standard input */
    struct text file; /* its name in findings */
    struct follower *follower;
    struct log_state state;
    bool state_known; /* there is one that a restart finds */
    bool caught_up, told_too_long;
    uint64_t unsaved_bytes;
    /* the batch under way */
    struct hit_report *hits; /* HITS_BATCH_MAX */
    size_t hit_count;
    int64_t due_us; /* when it is to be handed over at the latest, by the monotonic clock */
    struct arena texts;
    char key[64]; /* identity of the followed file */
    struct text follow_key;
    struct follow_state done; /* what is read once the batch stands */
    bool keep_state;
    struct watch_log *bound_by; /* whose hits, to be handed over first, hold events of this one; NULL */
    struct text held_line;      /* the line of the newest hit, copied once */
    uint64_t held_offset;
};

struct pattern_news {
    uint32_t *numbers;
    size_t count;
    struct index *index; /* NULL: none */
};

struct watch {
    struct session *s;
    struct watch_log *logs;
    size_t log_count;
    struct watch_log *log; /* the one at work */
    struct told *told;
    uint64_t lookback_bytes;
    /* what is looked for; lists[0] large, perhaps mapped, the others what came since */
    struct watchlist *lists[WATCH_LISTS_MAX];
    size_t list_count;
    const struct index *indexes[WATCH_LISTS_MAX]; /* theirs */
    uint32_t first_refs[WATCH_LISTS_MAX];         /* theirs */
    struct belief *belief;                        /* by which they were loaded */
    uint64_t generation;                          /* of it, when lists[0] was */
    uint64_t suppressed;                          /* values then */
    int64_t index_us;                             /* when a newer index was looked for */
    struct log_patterns patterns;                 /* that need more than one value */
    struct pattern_news news;                     /* those of them that the look-back under way is for */
    bool looking_back;                            /* for these alone */
    bool keeps_windows, told_windows;             /* over a restart; that some had no room was told */
    uint64_t patterns_generation, patterns_epoch; /* of the belief and the view that they were loaded under */
    struct hub_child *hub;                        /* keeps the line to the hub; NULL: there is none */
    bool hub_ended;                               /* it accepts this sensor no more */
    struct beacon *beacon;                        /* NULL: nobody tells when something happened */
    uint32_t beacon_at;                           /* when the view was looked at last: */
    int64_t looked_us, beacon_us;                 /* and when a beacon was looked for */
    struct constituency *constituency;
    uint64_t position;          /* of the log, when the lists were loaded */
    uint64_t view_epoch;        /* of the view they were loaded from */
    uint64_t register_position; /* the same of the register */
    int64_t register_us;        /* when it was loaded */
    struct scanner *scanner, *owners;
    int64_t now_us;
    const struct logline_header *header; /* of the lines that are scanned */
};

/* ---- watch_told.c ---- */
/* What was told lately: pairs of indicator and organisation, by a hash; a collision delays a report, no more. */
MUST_CHECK enum err told_new(struct told **ret);
void told_free(struct told *t); /* accepts NULL */
/* How long a hit may wait for others: 0 for what was not told within the hour, then 1 s, twice as long each time it
 * is told again, TOLD_HOLD_MAX_US at most. */
#define TOLD_HOLD_MAX_US ((int64_t)64 * 1000000)
int64_t told_hold_us(const struct told *t, const struct hit_report *h, int64_t now_us);
void told_now(struct told *t, const struct hit_report *h, int64_t now_us);

/* ---- watch_hub.c: a sensor of a hub (docs/HUB.md) ---- */
struct hub_child;
/* The home that there is, or a new one called as the hub calls us; the hub in it as a peer. Complains; exit code. */
int watch_hub_prepare(struct session *s);
MUST_CHECK enum err watch_hub_start(struct session *s, struct hub_child **ret);
/* Has every hub of the home ended this sensor? ERR_IO | ERR_NOMEM */
MUST_CHECK enum err watch_hub_ended(struct view *v, bool *ret, struct fault *reterr);
void watch_hub_tend(struct hub_child *h); /* starts it again when it ended; cheap; accepts NULL */
void watch_hub_stop(struct hub_child *h); /* accepts NULL */

/* ---- watch_batch.c ---- */
/* Hands the batch over and saves the state; complains. The batch is empty afterwards. */
MUST_CHECK enum err watch_flush(struct watch *w);
/* Adds the hits of one line (a scan_on_hit). */
enum err watch_line(void *self, const struct scan_line_hits *line);
/* The state kept for w->path; fresh when there is none. */
MUST_CHECK enum err watch_restore(struct watch *w);

/* Scans lines that come from one file, in pieces, each under one header of the file's own; headers NULL: none. */
MUST_CHECK enum err watch_scan(struct watch *w, struct logline_stream *headers, struct text lines, uint64_t line,
                               uint64_t offset);

/* Adds one hit found on a line; its texts are copied. */
MUST_CHECK enum err watch_report(struct watch *w, const struct scan_line_hits *line, struct hit_report report);

/* ---- watch_patterns.c ---- */
MUST_CHECK enum err watch_patterns_refresh(struct watch *w, struct view *v, struct fault *fault);
/* What the line makes true of whole patterns. */
MUST_CHECK enum err watch_patterns_line(struct watch *w, const struct scan_line_hits *line);
/* By what lines are chosen for them; NULL: by nothing. */
const struct index *watch_patterns_index(const struct watch *w);
/* Which of the patterns are new in entries [from_n, until_n), for a look-back: w->news. */
MUST_CHECK enum err watch_patterns_news(struct watch *w, struct view *v, uint64_t from_n, uint64_t until_n,
                                        struct fault *fault);
/* A pass begins: for the news alone, and with nothing of the file in their windows. */
void watch_patterns_back(struct watch *pass);
void watch_patterns_news_done(struct watch *w);
/* The windows of w->log's events, behind its state; and back into their patterns. */
MUST_CHECK enum err watch_patterns_save(struct watch *w, struct buffer *out);
MUST_CHECK enum err watch_patterns_restore(struct watch *w, struct text windows);
/* Invariant 6: what holds events of w->log is handed over before it. */
MUST_CHECK enum err watch_patterns_before(struct watch *w);
/* w->log's hits stand: logs whose events they hold are to be saved soon. */
void watch_patterns_stand(struct watch *w);

/* ---- watch_lists.c ---- */
/* Loads what changed since the last call; cheap when nothing did. */
MUST_CHECK enum err watch_refresh(struct watch *w);
/* Did something happen since the view was looked at? One atomic load where a server tells; without one, who knows. */
bool watch_is_due(const struct watch *w);
/* Until something happens, or the tick is over. */
void watch_wait(const struct watch *w);
void watch_lists_done(struct watch *w);
/* The next entry that is in no list. */
uint64_t watch_until(const struct watch *w);
/* Looks for indicators that came since the last pass in what the file already holds. */
MUST_CHECK enum err watch_look_back(struct watch *w);
