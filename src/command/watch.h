/* command/watch.h - inside `watch`: one followed log (or standard input), the indicators it is watched for, and what
 * was found on its way to the owner of the home.
 *
 * Invariants
 * 1 A hit is recorded once, whatever crashes: hits go to the owner together with how far the file is read
 *   (hit_batch.follow_*), and the owner drops what the log already holds below that point.
 * 2 A block's state is saved only after its hits are durable.
 * 3 Look-back reads what was logged before an indicator was known. Its range of entries [from, until) is saved before
 * it starts and names its hits (follow_key), so that a pass broken off is done again as the same pass. 4 Lists change
 * only between blocks and right before look-back: no line is looked at by both for one indicator.
 *
 * State of a log, in local.db under its path: struct log_state. */
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
MUST_CHECK enum err log_state_read(struct text bytes, struct log_state *ret);

struct watch {
    struct session *s;
    const char *path;
    struct log_state state;
    bool state_known, caught_up, told_too_long;
    uint64_t unsaved_bytes, lookback_bytes;
    /* what is looked for; lists[0] large, perhaps mapped, the others what came since */
    struct watchlist *lists[WATCH_LISTS_MAX];
    size_t list_count;
    const struct index *indexes[WATCH_LISTS_MAX]; /* theirs */
    uint32_t first_refs[WATCH_LISTS_MAX];         /* theirs */
    struct belief *belief;                        /* by which they were loaded */
    uint64_t generation;                          /* of it, when lists[0] was */
    uint64_t suppressed;                          /* values then */
    int64_t index_us;                             /* when a newer index was looked for */
    struct log_patterns patterns;                 /* that need more than one value; not in a look-back */
    uint64_t patterns_until;                      /* entries below it were asked for them */
    struct beacon *beacon;                        /* NULL: nobody tells when something happened */
    uint32_t beacon_at;                           /* when the view was looked at last: */
    int64_t looked_us, beacon_us;                 /* and when a beacon was looked for */
    struct constituency *constituency;
    uint64_t position;          /* of the log, when the lists were loaded */
    uint64_t view_epoch;        /* of the view they were loaded from */
    uint64_t register_position; /* the same of the register */
    int64_t register_us;        /* when it was loaded */
    struct scanner *scanner, *owners;
    /* the batch under way */
    struct hit_report *hits;
    size_t hit_count;
    struct arena texts;
    struct text file, follow_key;
    uint64_t block_line, block_offset;
    struct follow_state done; /* what is read once the batch stands */
    bool keep_state;
    int64_t now_us;
    const struct logline_header *header; /* of the lines that are scanned */
    struct text held_line;               /* the line of the newest hit, copied once */
    uint64_t held_offset;
};

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
