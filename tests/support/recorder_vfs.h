/* support/recorder_vfs.h - SQLite's database, journal and WAL in the same recording, and failing on request.
 *
 * Not recorded: the -shm file (SQLite rebuilds it) and temporary files. Two things SQLite's unix VFS does out of our
 * sight are noted as it does them: the first sync of a new journal or WAL syncs the folder too, and so does a delete
 * that asks for it. A new database has no such sync of its own: its name becomes durable with its journal's. */
#pragma once
#include "support/fault.h"
#include "support/recorder.h"

/* Registers a VFS over the default one. r and f may each be NULL; f's own struct io is not used, only its plan.
 * One at a time; connections through it must be closed before recorder_vfs_unregister. */
void recorder_vfs_register(const char *name, bool make_default, struct recorder *r, struct fault_io *f);
void recorder_vfs_unregister(void);
