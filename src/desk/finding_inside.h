/* desk/finding_inside.h - what the files of findings, incidents and sightings share; no one else includes it. */
#pragma once
#include "desk/finding.h"
#include "desk/incident.h"
#include "desk/own.h"
#include "model/sensed.h"

/* What a hit needs to know of its indicator. */
struct hit_indicator {
    struct uuid uuid;
    bool gone; /* unknown, revoked or quarantined */
    bool has_valid_until;
    int64_t valid_until_us;
    int64_t said_us;           /* the later of `valid_from` and `modified` */
    struct uuid party, source; /* where its current version came from */
    enum tlp label;            /* effective; TLP_NONE: unmarked */
    bool unreadable;           /* markings that we cannot read, or on portions */
    bool ours;
    struct terms terms;
};
/* ERR_NOT_FOUND never: a missing one is `gone`. */
MUST_CHECK enum err hit_indicator_load(struct txn *t, struct text id, struct hit_indicator *ret,
                                       struct fault *reterr);

/* What a reported finding says beside; texts in the batch's arena. */
struct finding_report {
    struct text report, type, identifier; /* as record_event; type is RSIT's */
    struct text role;                     /* "source", "target", "other"; empty: nobody's */
    struct text by;                       /* the reporter, in words */
    uint64_t occurrences;                 /* that the events stand for */
    struct text *values;                  /* distinct, up to the limits above */
    size_t value_count, value_bytes;
};

/* A finding that a batch touches. */
struct finding_work {
    struct uuid id, indicator, organisation, incident;
    bool fresh;                /* made by this batch */
    bool silenced;             /* false positive: counts on, says nothing */
    uint64_t known_count;      /* before this batch */
    struct version_row before; /* !fresh; texts cleared */
    int64_t first_us, last_us;
    uint64_t count;
    uint8_t state;
    struct text value, kind, organisation_name; /* in the batch's arena */
    size_t indicator_at;                        /* in the batch's list */
    bool incident_opened, sighting_made;
    uint64_t number;
    uint8_t finding_kind; /* enum finding_kind */
    uint8_t severity;     /* reported: the highest so far */
    struct uuid party;    /* reported: the reporter; by hits: whose sensor it began with, zero: our own watch */
    struct text clients[SENSED_CLIENTS_MAX]; /* of this batch's hits, each once; in its arena */
    size_t client_count;
    struct uuid source; /* whose incident rule counts; in the log for reported ones only */
    enum tlp label;
    struct text words;             /* named: the source's own */
    struct finding_report *report; /* reported */
};
/* The body of a finding and its version in the log. */
MUST_CHECK enum err finding_append(struct txn *t, struct finding_work *w, const struct uuid *account,
                                   struct fault *reterr);
/* Its label as of now: the indicator's, where it has one. */
MUST_CHECK enum err finding_label(struct txn *t, struct finding_work *w, struct fault *reterr);
/* A finding that is held: times, count, state and texts. Texts go to the arena. Label and source of one by hits are
 * its indicator's: for the caller to fill in. */
MUST_CHECK enum err finding_load(struct txn *t, const struct finding_row *row, struct arena *arena,
                                 struct finding_work *ret, struct fault *reterr);
/* Text as JSON can hold it: bytes that are not UTF-8 become U+FFFD, at most max bytes are taken. .ptr NULL: no memory
 */
struct text finding_clean(struct arena *arena, struct text t, size_t max);

/* ---- incidents ---- */
struct incident_rule {
    struct uuid source, organisation;
    struct text organisation_name, source_name;
};
/* Appends the incident only, and says nothing in the findings; rule may be NULL. */
MUST_CHECK enum err incident_append(struct txn *t, const struct incident_open *o, const struct incident_rule *rule,
                                    struct uuid *ret_id, struct fault *reterr);
/* Is the incident open, and of this rule? */
MUST_CHECK enum err incident_matches(struct txn *t, const struct uuid *id, const struct incident_rule *rule,
                                     bool *ret, struct fault *reterr);

/* ---- sightings ---- */
/* Tells who may know, when it takes sightings: the party the indicator came from; of our own, whoever may have it. A
 * new sighting, or a further version when what a partner sees would differ enough (see sighting.c). *ret_made:
 * something was appended. */
MUST_CHECK enum err sighting_update(struct txn *t, const struct hit_indicator *indicator, const struct uuid *account,
                                    bool *ret_made, struct fault *reterr);
/* The same for the hub whose sensor this node is, of one finding and exactly (sighting_hub.c). false in *ret_hub: the
 * indicator did not come from a hub. */
MUST_CHECK enum err sighting_for_hub(struct txn *t, const struct hit_indicator *indicator,
                                     const struct finding_work *w, const struct uuid *account, bool *ret_hub,
                                     struct fault *reterr);
/* Has the hub that it came from ended this sensor? Then what came from it is looked for no more. */
MUST_CHECK enum err hub_has_ended(struct view *v, const struct uuid *party, bool *ret, struct fault *reterr);
/* A finding was a false positive: it no longer counts, and the last one that did was an error. */
MUST_CHECK enum err sighting_withdraw(struct txn *t, const struct uuid *indicator, const struct uuid *account,
                                      struct fault *reterr);

/* ---- opinions (opinion.c) ---- */
/* A reason that leaves the node: a sentence or two, which a person can look through for what it gives away. */
#define OPINION_REASON_MAX_BYTES 1000
/* May the reason leave the node? ERR_DENIED: it names somebody, or a value, of the register. ERR_USAGE: none, or
 * several lines. ERR_LIMIT */
MUST_CHECK enum err opinion_may_say(struct node *node, struct text reason, struct fault *reterr);
/* Tells the party that the indicator came from that it was a false positive here. ERR_USAGE: there is nobody to tell.
 * ERR_DENIED: it takes no sightings */
MUST_CHECK enum err opinion_tell(struct txn *t, const struct uuid *indicator, struct text reason,
                                 const struct uuid *account, char ret_id[IDENT_TEXT_MAX], struct fault *reterr);
/* It was none after all: revoked, once. */
MUST_CHECK enum err opinion_withdraw(struct txn *t, struct text id, const struct uuid *indicator,
                                     const struct uuid *account, struct fault *reterr);
