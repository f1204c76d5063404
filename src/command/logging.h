/* command/logging.h - how this process's messages are written, as entente.yaml says. */
#pragma once
#include "process/config.h"

/* Level and form; `auto`: with priorities where standard error is journald's (JOURNAL_STREAM names its device and
 * inode), plain elsewhere. May be called again. */
void logging_follow(const struct config *c);
