#include "stage.h"

#include <stdlib.h>

#include "history.h"

int stage_begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    scratch_new(s->home);
    fault_io_init(&s->io, io_system());
    *state = s;
    return 0;
}

int stage_begin_open(void **state)
{
    if (stage_begin(state) != 0)
        return -1;
    struct stage *s = *state;
    history_home(io_system(), s->home);
    return node_open(&s->io.io, s->home, NODE_OWN, &s->node, NULL) == OK ? 0 : -1;
}

int stage_end(void **state)
{
    struct stage *s = *state;
    node_close(s->node);
    assert_int_equal(s->io.open_files, 0);
    scratch_remove(s->home);
    free(s);
    return 0;
}

void stage_reopen(struct stage *s)
{
    struct fault f = {.err = OK};
    node_close(s->node);
    s->node = NULL;
    enum err err = node_open(&s->io.io, s->home, NODE_OWN, &s->node, &f);
    if (err != OK)
        fail_msg("%s", f.what);
}

enum err stage_act(struct txn *t, void *self, struct fault *reterr)
{
    struct fact f = {.kind = FACT_ACT};
    f.u.act.verb = *(struct text *)self;
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}
