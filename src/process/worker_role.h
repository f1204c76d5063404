/* process/worker_role.h - the child's side of worker.h: what a sandboxed reader does between its first instruction
 * and its end. */
#pragma once
#include "base/text.h"

struct worker_role {
    const char *name;      /* argv[0] */
    void (*prepare)(void); /* before the sandbox: what libraries must open or look up once; may be NULL */
    /* In the sandbox, with the document's descriptor and the owner's words. */
    void (*run)(int document, struct text job);
    bool refuses_opening; /* opening a file is answered with EACCES instead of death: its libraries try */
};
/* True when this process was started for that role. */
bool worker_role_asked(const struct worker_role *role, int argc, char **argv);
/* Does it; does not return. */
_Noreturn void worker_role_main(const struct worker_role *role, char **argv);
/* One frame to the owner. Ends the process when the owner is gone. */
void worker_send(uint8_t kind, struct text bytes);
