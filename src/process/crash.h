/* process/crash.h - what is left of a process that dies of a signal: HOME/crash/TIME.txt (0600) with version, build
 * ids, signal, instruction pointer, backtrace as module and offset, the thread's name and the log's position. Nothing
 * of the memory: no strings of heap or stack. Then the signal takes its course, so that who started us sees it. */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

#include "base/error.h"

#define CRASH_FOLDER    "crash"
#define CRASH_FILES_MAX 32 /* with so many there, no further one is written */

/* Once, by who owns the home. position (may be NULL): entries that are durable; lives until the end. What it needs is
 * got now, since at the time there is no memory to be had. ERR_IO */
MUST_CHECK enum err crash_install(const char *home, const char *version, const _Atomic uint64_t *position,
                                  struct fault *reterr);
/* The name of the newest file, in `out`, and how many there are; 0: none. */
#define CRASH_NAME_MAX 64
unsigned crash_newest(const char *home, char out[CRASH_NAME_MAX]);
