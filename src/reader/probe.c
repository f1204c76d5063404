#include "reader/probe.h"

#include "process/worker.h"
#include "reader/wire.h"

enum err reader_probe(struct sandbox_state *ret, struct fault *reterr)
{
    return workers_probe(READER_ROLE, ret, reterr);
}
