/* command/owner.h - runs a writing command where it may write: here, when nobody owns the home, or in the process
 * that does. */
#pragma once
#include "command/session.h"
#include "process/ctl.h"

/* An owner: a node opened for writing, and the control socket by which others reach it. */
struct owner {
    struct node *node;
    struct server *server;   /* handed to every session; NULL outside `serve` */
    struct peer_loop *peers; /* handed to every session, too; NULL where nobody keeps the lines */
    struct ctl_server *ctl;
};

/* ERR_BUSY: somebody else has the home. */
MUST_CHECK enum err owner_open(const char *home, struct owner *ret, struct fault *reterr);
/* Lets commands of others in. */
MUST_CHECK enum err owner_listen(struct owner *o, struct fault *reterr);
/* Waits for (cancel: ends) the commands of others, then closes. */
void owner_close(struct owner *o, bool cancel);

/* Runs the parsed session as its command needs; words: what to hand to the owner, the command's name first. */
int owner_run(struct session *s, char **words, size_t word_count);
