/* process/config.h - HOME/entente.yaml: where the node listens and its limits. Everything else is a log entry. */
#pragma once
#include "base/error.h"

#define CONFIG_PROXIES_MAX 16

struct config {
    char *listen;          /* "127.0.0.1:8443" */
    char *tls_certificate; /* PEM file, NULL: none */
    char *tls_key;
    unsigned reserve_percent; /* free disk below which bulk intake is refused */
    unsigned threads;         /* of the HTTP server */
    unsigned checkpoint_ms;   /* how often serve signs the log, when it grew */
    unsigned witness_ms;      /* how often partners are asked to cosign, at most */
    char *metrics_listen;     /* a second address that serves /metrics alone, on loopback; NULL: the first one does */
    char **trusted_proxies;   /* addresses, networks: their word for who asks is taken */
    unsigned trusted_proxies_count;
    char *log_format;           /* auto, text, json */
    char *log_level;            /* error, warning, info, debug */
    char *sandbox;              /* of readers: required, partial, off (process/sandbox.h) */
    unsigned archive_keep_days; /* logs of the archive go when their last event is older; 0: never */
    unsigned archive_max_gb;    /* and the oldest, beyond so much; 0: no limit */
    unsigned hunt_percent;      /* of one core, for hunts of new indicators in the archive */
    char *classification;       /* the highest that is taken in: none, restricted, confidential, secret, top-secret */
};

/* Reads and checks the file; unknown or mistyped keys are refused by name. A missing file gives the defaults. Files
 * that it names are not looked for: a certificate may be there for the service alone.
 * ERR_MALFORMED | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err config_load(const char *path, struct config **ret, struct fault *reterr);
/* The same for who wants every fault: each is told, with its line where it has one. A file that is no YAML, or has a
 * mistyped key, has that one fault, and *ret stays as it was; beside an unknown key the rest is looked at.
 * ERR_NOMEM */
typedef void config_on_fault(void *self, const struct fault *f);
MUST_CHECK enum err config_check(const char *path, struct config **ret, config_on_fault *on_fault, void *self,
                                 struct fault *reterr);
void config_free(struct config *c); /* accepts NULL */
