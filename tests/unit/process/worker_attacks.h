/* unit/process/worker_attacks.h - workers that try what they may not: a role of this test program's own, started
 * again as src/main.c would start a reader. Each attack runs inside the real sandbox, against the real kernel. */
#pragma once
#include "process/worker_role.h"
#include "support/test.h"

#define ROLE "entente-test-worker"

enum { FRAME_RESULT = 40, FRAME_BYTES };

struct attack {
    const char *name; /* the job that runs it */
    long (*run)(void);
};
extern const struct attack attacks[];
extern const size_t attack_count;
extern const struct worker_role role;
