/* store/reserve.h - room kept for what must go on when the disk is full: incidents, erasure, verification.
 * HOME/reserve is a preallocated file that is given up when an essential write meets a full disk, and made again when
 * there is room. Bulk intake never gets that far: node_has_room() refuses it long before. */
#pragma once
#include "base/io.h"
#include "base/limits.h"
#include "base/text.h"

#define RESERVE_FILE "reserve"

/* Makes the file where it is not there, or is small, and the disk has room to spare for it. again: it was given up,
 * and without that room as much of it is taken as there is. True: it is there, whole. */
bool reserve_hold(const struct io *io, const char *home, bool again);
/* True: it was there, and its room is free now. */
bool reserve_give_up(const struct io *io, const char *home);
