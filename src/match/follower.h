/* match/follower.h - for the tests of match/follower.c alone; its interface is in match/logfile.h. */
#pragma once
#include "match/logfile.h"

/* Microseconds of another clock than the machine's. */
void follower_set_clock(struct follower *f, int64_t (*clock)(void));
