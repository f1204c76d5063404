/* desk/misp_feed.h - a MISP feed (manifest.json and one file an event) taken in: the manifest says which events there
 * are and as of when, those that are new or changed since what is held are fetched and taken in, one by one. Where
 * the files come from is the caller's: a folder, an HTTP client. docs/MISP.md */
#pragma once
#include "desk/intake.h"

/* File names of a feed that are ever asked for: "manifest.json", "hashes.csv" and "UUID.json" in lower case, never
 * with a folder in them. */
#define MISP_FEED_NAME_MAX 64

struct misp_feed_from {
    /* *ret_fd: a seekable file with all of that file's bytes, standing at its start; closed by who asked.
     * ERR_NOT_FOUND (there is none) and others: *reterr says what; costs that event, or the feed when it is the
     * manifest. */
    enum err (*get)(void *self, const char *name, int *ret_fd, struct fault *reterr);
    void *self;
};

struct misp_feed_options {
    const struct intake_options *intake; /* of each event: party, source, marking, callbacks; `format` and `name` are
                                            set here */
    bool all;                            /* events that are held as of the same moment, too */
    /* After each event that was asked for: what its intake came to. `name` is the file's. May be NULL. */
    void (*on_event)(void *self, const char *name, enum err err, const struct intake_totals *totals,
                     const struct fault *fault);
    /* An entry of the manifest that names no event. May be NULL. */
    void (*on_rejected)(void *self, const struct record_rejected *r);
    void *self;
};

struct misp_feed_totals {
    uint64_t listed; /* events in the manifest */
    uint64_t held;   /* of them, held as of that moment or a later one: not asked for */
    uint64_t taken;  /* taken in, with changes or without */
    uint64_t broken; /* not to be had, or not readable: the feed's fault or the line's; tried again next time */
    uint64_t entries_rejected; /* of the manifest */
    struct intake_totals
        sum; /* of the events' intakes; `whole`: each of them, and the manifest, was read to its end */
};

#define MISP_FEED_EVENTS_MAX \
    1000000 /* of one manifest; CIRCL's has some 2,000. More: the rest is left for next time */

/* OK: the manifest was read and each event it names was tried. ERR_MALFORMED: no manifest. What get() returned for
 * the manifest. ERR_FULL | ERR_CANCELLED | ERR_IO | ERR_NOMEM: up to here. *ret is always filled. */
MUST_CHECK enum err misp_feed_run(struct node *node, const struct misp_feed_from *from,
                                  const struct misp_feed_options *options, struct misp_feed_totals *ret,
                                  struct fault *reterr);
