/* process/signals.h - the end of a process, asked for from outside: SIGINT and SIGTERM set one flag and wake whoever
 * waits. SIGPIPE is ignored: a closed output is an error of the write. */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"

/* Once, early in main. */
void signals_install(void);
/* True once the end was asked for. */
const atomic_bool *signals_stop(void);
/* Sleeps until the end is asked for or ms have passed (-1: no limit). */
void signals_wait(int ms);
