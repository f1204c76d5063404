/* command/validate.h - the parts of `validate`: which files, one document in a locked-in copy of this process, and
 * what is said of it. */
#pragma once
#include "command/session.h"
#include "format/faults.h"
#include "process/sandbox.h"

/* ---- validate_walk.c: files, and folders with what is in them ---- */

struct validate_files {
    struct session *s;
    /* A file to be looked at; fd is borrowed. */
    void (*each)(void *self, const char *name, int fd);
    void *self;
    uint64_t seen; /* files handed over */
    int code;      /* of what could not be opened: EXIT_DATA | EXIT_DENIED | EXIT_WRITE; EXIT_DONE */
};
/* A file, `-`, or a folder: in it every *.json, recursively, names in order; names that begin with a dot are passed
 * over, links are followed unless they lead back. What cannot be opened is complained of. */
void validate_walk(struct validate_files *f, const char *operand);

/* ---- validate_locked.c ---- */

struct validate_job {
    bool pattern;
    enum sandbox_policy policy;
    const atomic_bool *cancel;
};
/* Reads the document in a process that can do nothing else. OK: to its end. ERR_MALFORMED: it is not JSON (or no
 * pattern), and that was told; or, *ret_ended false, its reader crashed, hung or lied, and *reterr says so.
 * ERR_DENIED: there is no sandbox. ERR_CANCELLED | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err validate_document(const struct validate_job *job, int fd, const struct document_faults *to,
                                      struct document_sum *ret_sum, bool *ret_ended, struct fault *reterr);

/* ---- validate_say.c ---- */

struct validate_report {
    struct session *s;
    bool strict, pattern;
    const char *file;    /* at hand */
    uint64_t file_bytes; /* 0: not known */
    struct buffer lines; /* of people: its faults, until its verdict is known */
    bool flooded;        /* there are too many of them to wait */
    bool progress_shown;
    int64_t began_us;
    char last[FAULT_WHAT_MAX + 80]; /* the last fault, with its place: why a document could not be read on */
    uint64_t files, files_invalid;
    struct document_sum total;
};
void report_init(struct validate_report *r, struct session *s);
void report_done(struct validate_report *r);
void report_file(struct validate_report *r, const char *file, int fd);
void report_fault(void *self, const struct document_fault *f);      /* document_faults.on_fault */
void report_progress(void *self, uint64_t bytes, uint64_t objects); /* document_faults.on_progress */
/* The file's verdict. readable: it was read to its end. True: it is valid. */
bool report_end(struct validate_report *r, const struct document_sum *sum, bool readable);
void report_total(struct validate_report *r);
