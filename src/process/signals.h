/* process/signals.h - the end of a process, asked for from outside: SIGINT and SIGTERM set one flag and wake whoever
 * waits; SIGHUP asks a process that wants to know for its configuration. SIGPIPE is ignored: a closed output is an
 * error of the write. */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"

/* Once, early in main. */
void signals_install(void);
/* True once the end was asked for. */
const atomic_bool *signals_stop(void);
/* From now on SIGHUP ends nothing; signals_reload() tells once of each time. */
void signals_take_reload(void);
bool signals_reload(void);
/* Sleeps until the end or a reload is asked for or ms have passed (-1: no limit). */
void signals_wait(int ms);
