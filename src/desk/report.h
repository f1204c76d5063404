/* desk/report.h - reported events become findings: each value of an event is looked up in the register, and there is
 * one finding for (reporter, kind of report, type, identifier, role; organisation; window). What touches nobody's
 * value joins the finding "nobody's" of that kind of report in that window, so that nothing is lost and a million
 * rows make a handful of findings. A batch of thousands of events is one durable group. docs/REPORTS.md.
 *
 * Repeats. The same document from the same party is known as a whole: how far it was taken in stands in the log with
 * each group, as for followed files, so that a crash in the middle costs nothing and counts nothing twice. An event
 * that comes again in another document is known by its print (its sender's id, else all that it says), as long as it
 * is among the newest FINDING_PRINTS_MAX of its finding. */
#pragma once
#include "desk/register.h"
#include "format/record.h"

/* Who reports; texts are borrowed as long as the batch lives. */
struct report_origin {
    struct uuid party, source, account;
    struct text by;                    /* the reporter in words: the party's name, else the format */
    struct text file;                  /* for people */
    enum tlp label;                    /* of events without one; TLP_NONE: none */
    struct text key;                   /* of the document: the same bytes from the same party, the same key */
    const struct constituency *owners; /* borrowed */
};
struct report_totals {
    uint64_t events;        /* durable, repeats included */
    uint64_t unchanged;     /* repeats */
    uint64_t nobodys;       /* of the others: at nobody's organisation */
    uint64_t findings;      /* made or joined, each once */
    uint64_t organisations; /* affected, each once */
    uint64_t at;            /* last durable entry */
    bool changed;           /* something was appended */
};

struct report_batch;
/* `node` is asked how far the document was taken in before. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err report_batch_new(struct node *node, const struct report_origin *origin, struct report_batch **ret,
                                     struct fault *reterr);
void report_batch_free(struct report_batch *b); /* accepts NULL; what was not written is forgotten */
/* Copies what counts. Events come in the order of their places in the document. ERR_NOMEM */
MUST_CHECK enum err report_batch_add(struct report_batch *b, const struct record_event *e, struct fault *reterr);
/* Enough for one group? Then it is to be written before more is added. */
bool report_batch_full(const struct report_batch *b);
/* Makes what was added durable, and empties the batch. Totals are of the whole document so far. ERR_IO | ERR_FULL |
 * ERR_NOMEM */
MUST_CHECK enum err report_batch_write(struct report_batch *b, struct fault *reterr);
const struct report_totals *report_batch_totals(const struct report_batch *b);
