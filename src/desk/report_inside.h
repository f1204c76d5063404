/* desk/report_inside.h - what the files of reported events share; no one else includes it. */
#pragma once
#include "desk/finding_batch.h"
#include "desk/print_set.h"
#include "desk/report.h"

/* One group: rows, bytes of evidence and findings that it may touch. */
#define REPORT_ROWS_MAX   32768
#define REPORT_BYTES_MAX  (4 * MIB)
#define REPORT_GROUPS_MAX 256
/* Kinds of report (report, type, identifier, role) of one document: what a sender makes up beyond joins others. */
#define REPORT_KINDS_MAX 1024
/* An event so much older than a finding's first begins a finding of its own. */
#define REPORT_BACK_US ((int64_t)30 * 24 * 3600 * 1000000)
/* Findings of one kind at one organisation that are looked at: times that a sender makes up do not make more. */
#define REPORT_WINDOWS_MAX 400
/* Of them, those that are held, newest first. */
#define REPORT_HELD_MAX 16
/* Findings of one write. */
#define REPORT_FINDINGS_MAX 1024

/* What reports of one kind share, as the document names it. Texts in the batch's lasting arena. */
struct report_kind {
    uint64_t hash;
    struct uuid subject; /* fact_finding.indicator */
    struct text report, type, identifier;
    uint8_t role;
    bool nobodys;
};
/* One kind at one organisation: its findings. */
struct report_group {
    uint32_t kind;
    struct uuid organisation;
    struct text organisation_name; /* in the lasting arena */
    uint64_t copied;               /* rows whose text was kept so far in this document */
    size_t in_batch;               /* rows in the batch at hand */
    /* of the write at hand: */
    bool looked_up;
    size_t count; /* findings in the writer's list */
    struct print_set known;
};
struct report_row {
    uint32_t group, event; /* event: number in the batch */
    bool has_time;
    uint8_t value_kind, tlp, severity;
    int64_t line, at, first_us, last_us;
    uint64_t at_count; /* how many events of the document begin at that offset up to this one */
    uint64_t occurrences, print;
    struct text value, raw; /* in the batch's own arena */
};

/* A finding that rows may join: held, or made by this write. */
struct report_finding {
    struct finding_work work; /* texts of a held one when it is loaded */
    struct finding_row row;   /* held ones; its text in the writer's arena */
    uint32_t group;
    bool loaded, touched;
    struct print_set values; /* those that are told apart */
    struct buffer prints;    /* counted by this write */
    size_t value_cap;
};

struct report_batch {
    struct node *node;
    struct report_origin origin;
    struct report_totals totals;
    struct arena lasting, passing; /* of the document; of the rows at hand */
    struct report_kind *kinds;
    size_t kind_count, kind_cap;
    struct report_group *groups;
    size_t group_count, group_cap;
    uint32_t *group_slots; /* open addressing: number + 1 */
    size_t group_slot_count;
    struct report_row *rows;
    size_t row_count, row_cap, bytes, groups_touched;
    uint32_t event_count; /* in rows */
    /* How far the document is read: offset of the last event, and events at that offset. */
    int64_t at;
    uint64_t at_count;
    int64_t known_at; /* and how far it was before */
    uint64_t known_count;
    bool known;
    uint64_t skipped;                         /* events of before, since the last write */
    struct print_set findings, organisations; /* of the document */
    /* the write: */
    struct finding_batch out;
    struct hit_batch hits;
    struct report_finding *list;
    size_t list_count, list_cap;
    size_t from, until;                   /* rows of the write at hand */
    uint64_t fresh_events, fresh_nobodys; /* of it */
};

/* A node_write_fn. */
enum err report_write(struct txn *t, void *self, struct fault *reterr);
void report_write_done(struct report_batch *b);
