/* ledger/note_inside.h - shared by note.c and note_key.c only. */
#pragma once
#include "ledger/note.h"

/* Not empty, no white space, no '+', within NOTE_NAME_MAX. */
bool note_name_is_valid(struct text name);
