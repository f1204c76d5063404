/* command/verify_peer.h - `verify --peer P`: a partner's log, checked from here. */
#pragma once
#include "command/session.h"

/* The option "peer" names it. An exit code; EXIT_CHECK: a check does not hold, and which one was said. */
int verify_peer(struct session *s);
