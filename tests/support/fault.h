/* support/fault.h - the Nth allocation or file operation fails: once, and then for good. N = 1, 2, ... until the
 * operation completes without having been hit (house rule 11).
 *
 *     static bool build(void *arg) { ... return index_build(...) == OK; }     // frees what it made
 *     static void old_still_opens(void *arg, bool completed) { ... }          // nothing fails in here
 *     const struct fault_op op = {.run = build, .verify = old_still_opens, .arg = &state};
 *     assert_true(fault_each_allocation(&op) > 0);
 *     assert_true(fault_each_io(&op, &state.io) > 0);                         // the operation uses &state.io.io
 *
 * After each round nothing may be left allocated or open; if so the calling cmocka test fails with the round's
 * number, which repeats exactly. Allocations are seen only by programs listed under unit_fault_tests, and only those
 * that our own objects make: not those inside shared libraries (for SQLite see fault_sqlite_install). */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/io.h"

struct fault_op {
    void (*prepare)(void *arg);                /* before each round, nothing armed; may be NULL */
    bool (*run)(void *arg);                    /* true: it completed */
    void (*verify)(void *arg, bool completed); /* after each round, nothing armed; may be NULL */
    void *arg;
};

/* Rounds that were hit; the last round, which was not, must complete. */
size_t fault_each_allocation(const struct fault_op *op);

/* Arms allocation number nth from here (1: the next); 0 counts only. */
void fault_alloc_arm(size_t nth, bool for_good);
/* Ends it; true when an allocation was refused. */
bool fault_alloc_disarm(void);
size_t fault_alloc_calls(void); /* since arming */
size_t fault_alloc_live(void);  /* allocated by our objects and not freed */

/* Makes SQLite allocate through the wrapped functions. Before any other use of SQLite; calls sqlite3_shutdown(). */
void fault_sqlite_install(void);

enum fault_io_kind {
    FAULT_EIO,   /* the call does nothing and fails */
    FAULT_TORN,  /* a write lands in half and fails with EIO */
    FAULT_FULL,  /* ENOSPC from what needs room: write, allocate, create */
    FAULT_SYNC,  /* only syncs fail (EIO); what was written stays visible */
    FAULT_SHORT, /* not a failure: a transfer moves half of what was asked for, at least a byte */
    FAULT_INTR,  /* not a failure: EINTR, of reads and writes */
    FAULT_KINDS,
};

struct fault_io {
    struct io io; /* hand out &f->io */
    const struct io *under;
    enum fault_io_kind kind;
    size_t nth; /* 0: nothing fails */
    size_t calls;
    bool for_good, hit;
    int open_files;
};

void fault_io_init(struct fault_io *f, const struct io *under);
void fault_io_arm(struct fault_io *f, enum fault_io_kind kind, size_t nth, bool for_good);
bool fault_io_disarm(struct fault_io *f); /* true when a call was hit */
/* All kinds, once and for good. Rounds of FAULT_SHORT and (once) FAULT_INTR must complete. */
size_t fault_each_io(const struct fault_op *op, struct fault_io *f);

/* For other shims than struct io (recorder_vfs.c): does a call of this sort fail now? 0, or the errno. */
enum fault_call { FAULT_CALL_READ, FAULT_CALL_WRITE, FAULT_CALL_ROOM, FAULT_CALL_SYNC, FAULT_CALL_OTHER };
int fault_io_strikes(struct fault_io *f, enum fault_call call);
