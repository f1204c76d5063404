/* command/demo.h - inside `demo`: two nodes on loopback, a sample country, logs with planted hits, and a stopwatch.
 */
#pragma once
#include "command/session.h"
#include "process/spawn.h"

#define DEMO_STEP_PATIENCE_MS 60000 /* a step that takes longer has failed */

struct demo_node {
    const char *title; /* "CSIRT Examplia" */
    char home[256];
    char url[128]; /* once it serves */
    struct child serving;
    struct node *node; /* for reading, from outside */
};

/* A moment of the chain, as the logs of the two nodes have it. */
struct demo_event {
    int64_t at_us; /* 0: it did not happen */
    char words[320];
};
enum { EVENT_PUBLISHED, EVENT_TAKEN_IN, EVENT_FOUND, EVENT_INCIDENT, EVENT_SIGHTING, EVENT_RETURNED, EVENT_COUNT };

struct demo {
    struct session *s;
    char folder[200];
    struct demo_node ours, partner;
    struct child watching;
    int messages; /* file that takes the children's standard error */
    struct demo_event events[EVENT_COUNT];
    char finding[16]; /* "F-7" */
    char indicator[IDENT_TEXT_MAX], incident[IDENT_TEXT_MAX], sighting[IDENT_TEXT_MAX];
};

/* ---- demo_nodes.c ---- */
/* Runs `entente --home NODE words...` to its end; complains with its words when it fails. */
MUST_CHECK enum err demo_command(struct demo *d, const struct demo_node *n, const char *const *words);
MUST_CHECK enum err demo_make_nodes(struct demo *d); /* init, register, serve */
MUST_CHECK enum err demo_connect(struct demo *d);    /* invitations both ways, settings */
MUST_CHECK enum err demo_watch(struct demo *d, const char *log);
/* Ends the children; removes the folder unless keep. */
void demo_end(struct demo *d, bool keep);

/* ---- demo_chain.c ---- */
/* Writes the logs, publishes at the partner, and follows the chain by looking into both nodes from outside. */
MUST_CHECK enum err demo_run_chain(struct demo *d);

/* ---- demo_story.c ---- */
void demo_story(struct demo *d, bool stays); /* the timeline, and what comes next; stays: the nodes go on */
