/* process/config.h - HOME/entente.yaml: where the node listens and its limits. Everything else is a log entry. */
#pragma once
#include "base/error.h"

struct config {
    char *listen;          /* "127.0.0.1:8443" */
    char *tls_certificate; /* PEM file, NULL: none */
    char *tls_key;
    unsigned reserve_percent; /* free disk below which bulk intake is refused */
    unsigned threads;         /* of the HTTP server */
    unsigned checkpoint_ms;   /* how often serve signs the log, when it grew */
    unsigned witness_ms;      /* how often partners are asked to cosign, at most */
    char *log_level;          /* error, warning, info, debug */
    char *sandbox;            /* of readers: required, partial, off (process/sandbox.h) */
};

/* Reads and checks the file; unknown or mistyped keys are refused by name. A missing file gives the defaults.
 * ERR_MALFORMED | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err config_load(const char *path, struct config **ret, struct fault *reterr);
void config_free(struct config *c);
