/* support/tally.h - how much a run made fail, for the table of tests/fault. */
#pragma once
#include <stddef.h>

/* Adds `points` of a sort ("allocation", "io", "crash") to the file named by ENTENTE_FAULT_TALLY; nothing without it.
 */
void tally_add(const char *sort, size_t points);
