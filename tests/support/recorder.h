/* support/recorder.h - what a crash could leave behind.
 *
 * A recorder stands between a program and the kernel (recorder_io) and between SQLite and its VFS (recorder_vfs.h).
 * It keeps every change under one root folder in the order it was made, with its bytes, and lays out in another
 * folder any state the disk could be in had the machine stopped at any point. The program's own marks ("acked 7")
 * stand in the same order, so a test can ask what had been promised before the point it looks at.
 *
 * What is assumed of the disk. It is less than any file system we know keeps, so what passes here holds there:
 *   1. A change of contents or length is durable once a later sync of that file has returned; a change of names
 *      (create, rename, unlink) once a later sync of the folder, or of both folders, has returned.
 *   2. Until then each change may be there or not, whatever became of the others, before or after.
 *   3. A write may be there in part: whole aligned sectors of 512 bytes, old or new, never mixed.
 *   4. A write beyond the end may leave the new length with zeros where its bytes should be.
 *   5. A rename, a truncation, an allocation is whole or not at all. Unwritten bytes read as zeros.
 *   6. What was in the root folder when the recorder was made is durable.
 *
 * Recording is for one process; calls of several threads are put in one order. Folders are made by the program
 * without the recorder and reappear with the files in them. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/io.h"

struct recorder;

/* root must exist. Aborts when memory or the folder is not to be had: this is a test's tool. */
struct recorder *recorder_new(const char *root);
void recorder_free(struct recorder *r);
/* To fail calls as well, put the fault above: fault_io_init(&f, recorder_io(r)). Then what is recorded is what was
 * really done. */
const struct io *recorder_io(struct recorder *r);

/* A promise, a phase, anything a later check wants to know: word is kept by pointer and must outlive r. */
void recorder_mark(struct recorder *r, const char *word, uint64_t n);
/* Points are 0 .. recorder_len(): point p is the moment between operation p - 1 and operation p. */
size_t recorder_len(const struct recorder *r);
/* n of the last such mark before point, or -1. */
int64_t recorder_last_mark(const struct recorder *r, size_t point, const char *word);
bool recorder_has_mark(const struct recorder *r, size_t point, const char *word, uint64_t n);

enum crash_kind {
    CRASH_PREFIX,  /* every operation before the point is there */
    CRASH_DURABLE, /* only what was synced */
    CRASH_LOST,    /* all but one unsynced operation */
    CRASH_TORN,    /* all, but one unsynced write only in some of its sectors */
    CRASH_ZEROED,  /* all, but zeros where one unsynced write beyond the end should be */
    CRASH_SUBSET,  /* any of the unsynced operations, some of them torn */
};

struct crash {
    size_t point;
    enum crash_kind kind;
    size_t op;     /* of CRASH_LOST, CRASH_TORN, CRASH_ZEROED */
    uint64_t seed; /* of CRASH_TORN, CRASH_SUBSET */
};

#define CRASH_WORDS_MAX 160

/* "point 12 of 40: operation 9 (write log/0001 offset 512, 900 bytes) torn, seed 5". */
const char *crash_words(const struct recorder *r, const struct crash *crash, char out[CRASH_WORDS_MAX]);

/* Empties dir and lays that state out in it. */
void recorder_materialise(const struct recorder *r, const struct crash *crash, const char *dir);

struct crash_plan {
    uint64_t seed;    /* of the samples */
    size_t step;      /* only every such point (0: 1); those just after a mark are always looked at */
    size_t singles;   /* at each point, at most about so many unsynced operations are lost or torn singly: the newest
                         half, and a sample of the older (0: every one) */
    size_t torn;      /* ways to tear each unsynced write of more than one sector */
    size_t subsets;   /* samples at each point with more than one unsynced operation */
    size_t from, end; /* points; end 0: to the last */
    const size_t *enough; /* the walk ends when this is no longer 0: a planted bug was seen; NULL: never */
};

/* Calls check for each state in turn, laid out in dir. A point just before a mark is passed over: the state just
 * after is the same, with more promised. Returns the number of states. */
size_t recorder_each_crash(const struct recorder *r, const struct crash_plan *plan, const char *dir,
                           void (*check)(void *arg, const char *dir, const struct crash *crash), void *arg);
