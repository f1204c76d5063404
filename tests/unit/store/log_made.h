/* log_made.h - a log whose every entry is known from its number: written by one function, checked by another. */
#pragma once
#include "support/test.h"

#include "base/io.h"
#include "store/log.h"

#define MADE_SEGMENT_BYTES ((size_t)64 * 1024)

/* Stages entry n as it is known to be; some have a body, some an original too, some of the bodies are large. */
void made_stage(struct log *log, uint64_t n);
/* Stages and commits entries first .. first + count - 1. */
enum err made_group(struct log *log, uint64_t first, size_t count);
/* Everything in the log is what it should be: entries 0 .. log_size - 1, bodies included. */
void made_check(const struct log *log);
/* The same, for damaged logs: false when the log says that it is damaged; fails the test when it lies. */
bool made_check_or_damaged(const struct log *log);
