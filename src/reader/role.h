/* reader/role.h - the reader's side: the same program, started again as a reader (src/main.c asks before anything
 * else). */
#pragma once
#include "process/worker_role.h"

extern const struct worker_role READER, READER_CONTAINERS;

/* What the libraries that readers use ask the system once: before any sandbox. */
void reader_prepare(void);
