/* command/export_inside.h - what the files of `export` share; for them alone. */
#pragma once
#include "command/export_out.h"
#include "exchange/export.h"

struct export_job {
    struct session *s;
    struct export_wanted wanted;
    struct text to;          /* the recipient, for words */
    const char *as;          /* the form */
    uint64_t written;        /* objects */
    uint64_t left_out;       /* may go, and have no place in that form */
    uint64_t files;          /* not of a single one */
    struct buffer bytes;     /* of the batch at hand */
    struct export_file file; /* the one that is written */
    bool begun;              /* something left already */
};
/* The objects as a bundle, and as a list: batch by batch. */
int export_stix(struct export_job *j);
int export_csv(struct export_job *j);
int export_misp(struct export_job *j);
/* Runs it; what may go to the recipient changing meanwhile is met by starting again, while nothing left. */
int export_job_run(struct export_job *j, struct export *x);
/* Writes j->bytes and empties them; the file is begun when it was not. ERR_IO after complaining, with *reterr empty.
 */
MUST_CHECK enum err export_job_flush(struct export_job *j, struct fault *reterr);
