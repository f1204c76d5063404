/* stage.h - a home in a scratch folder, opened as its owner through functions that can be made to fail. */
#pragma once
#include "store/node.h"
#include "support/fault.h"
#include "support/scratch.h"

struct stage {
    char home[SCRATCH_PATH_MAX];
    struct node *node;
    struct fault_io io;
};

/* cmocka's set-up and tear-down; *state is a struct stage. */
int stage_begin(void **state);      /* the folder alone */
int stage_begin_open(void **state); /* and a home in it (history_home()), opened */
int stage_end(void **state);        /* fails the test where a file is left open */
void stage_reopen(struct stage *s); /* fails the test when it cannot be opened again */
/* A write (node_write()) of one act; self: its verb, a struct text. */
enum err stage_act(struct txn *t, void *self, struct fault *reterr);

#define STAGE_NEW(test)  cmocka_unit_test_setup_teardown(test, stage_begin, stage_end)
#define STAGE_OPEN(test) cmocka_unit_test_setup_teardown(test, stage_begin_open, stage_end)
