/* desk/finding.h - hits become findings, findings become incidents by rule, and partners are told by sightings: all
 * of one batch in one durable group. A finding is (indicator, organisation, window): the window ends
 * FINDING_WINDOW_US after the last hit. Objects: docs/objects/finding.md (x-entente-finding), STIX incident, STIX
 * sighting (release.md 9: count, window rounded to the hour, our own identity; nothing of the constituent). */
#pragma once
#include "store/node.h"

struct hit_report {
    struct text indicator;         /* STIX id */
    struct uuid organisation;      /* zero: nobody's */
    struct text organisation_name; /* for the finding's name; may be empty */
    struct text value;             /* as logged */
    enum value_kind kind;          /* VALUE_NONE: a whole pattern, which is the value */
    uint64_t line, offset;         /* in the file */
    int64_t seen_us;               /* the event's own time where the line has one, else now */
    struct text text;              /* the line; kept up to EVIDENCE_LINE_MAX_BYTES */
    struct text client;            /* an own address on it, by the register; may be empty */
    /* Told by a constituent's sensor (desk/sensed.h): */
    uint64_t times;  /* hits that this one stands for; 0: itself */
    int64_t last_us; /* of the last of them; 0: seen_us */
    struct uuid party;
};
struct hit_batch {
    struct text file;
    struct text follow_key; /* identity of the followed file, and how far it is read once this batch stands: */
    uint64_t follow_offset, follow_line;
    struct uuid account;
    const struct hit_report *hits;
    size_t count;
};
/* What came of it, for those who watch. Texts in the arena. */
struct finding_news {
    uint64_t number;                                               /* F-number */
    struct text finding, indicator, value, organisation, incident; /* incident: empty unless one stands */
    bool fresh;                                                    /* a new finding, else it joined one */
    bool incident_opened, sighting_made;
    uint64_t count;
};
/* Hits on indicators that are gone, revoked, expired at seen_us or quarantined are dropped. Hits of a follow_key
 * below the offset that the log already knows are dropped too: a batch repeated after a crash counts once. ERR_IO |
 * ERR_FULL | ERR_NOMEM */
MUST_CHECK enum err findings_record(struct node *node, const struct hit_batch *batch, struct arena *arena,
                                    struct finding_news **ret, size_t *ret_count, struct fault *reterr);
const char *finding_severity_name(uint8_t severity); /* "info" to "critical"; "" when not said */
/* False positive: silences the finding for the team: its hits are counted on, without news, incident or sighting. */
MUST_CHECK enum err finding_set_state(struct node *node, const struct uuid *finding, uint8_t state,
                                      struct text reason, const struct uuid *account, struct fault *reterr);
