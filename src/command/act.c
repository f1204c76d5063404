#include "command/act.h"

static enum err append_one(struct txn *t, void *self, struct fault *reterr)
{
    return txn_append(t, self, TEXT_NONE, TEXT_NONE, reterr);
}

int append_fact(struct session *s, struct fact *f)
{
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = node_write(s->node, append_one, f, &fault);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}
