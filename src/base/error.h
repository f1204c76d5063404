/* base/error.h - the one error type, and what a caller is told when something fails.
 * Libraries return it, programs log it. On failure outputs are untouched. */
#pragma once
#include <stdint.h>

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))

enum err {
    OK = 0,
    ERR_NOMEM,       /* an allocation failed */
    ERR_IO,          /* reading or writing failed; fault.what carries errno's words */
    ERR_FULL,        /* no room on the disk, or below the reserve */
    ERR_MALFORMED,   /* foreign bytes do not follow their format */
    ERR_LIMIT,       /* a named limit of base/limits.h was reached */
    ERR_USAGE,       /* the caller's own words are wrong: an option, a name */
    ERR_NOT_FOUND,   /* no such object, file, account */
    ERR_EXISTS,      /* already there, with other content */
    ERR_DENIED,      /* not permitted: the gate, a role, a file mode */
    ERR_BUSY,        /* owned by another process; try again */
    ERR_UNREACHABLE, /* a peer or service did not answer as it should */
    ERR_VERSION,     /* written by a newer program, or a feature unknown here */
    ERR_CANCELLED,   /* stopped on request */
};

#define FAULT_WHAT_MAX 240
#define FAULT_RULE_MAX 64

/* Where and why. `offset` and `line` are -1 where they mean nothing. `line` counts from 1. */
struct fault {
    enum err err;
    int64_t offset;            /* byte offset in the input */
    int64_t line;              /* line in the input, from 1 */
    char rule[FAULT_RULE_MAX]; /* the rule broken: a specification and section, or our own name for it */
    char what[FAULT_WHAT_MAX]; /* one line of text: what is wrong, and what to do where that is known */
};

/* Fills *fault (which may be NULL) and returns err, so that `return fault_set(f, ERR_X, "...")` reads well. */
enum err fault_set(struct fault *fault, enum err err, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same with a byte offset and a rule (NULL: none). */
enum err fault_at(struct fault *fault, enum err err, int64_t offset, const char *rule, const char *format, ...)
    PRINTF_LIKE(5, 6);
/* ERR_IO (ERR_FULL for ENOSPC/EDQUOT, ERR_NOMEM for ENOMEM, ERR_DENIED for EACCES/EPERM) from errno. */
enum err fault_errno(struct fault *fault, const char *format, ...) PRINTF_LIKE(2, 3);

/* A word for each error, for messages and JSON: "malformed", "limit", ... Never NULL. */
const char *err_name(enum err err);
