/* exchange/fetch_folder.h - inside this room: files below a source's place. */
#pragma once
#include "exchange/fetch.h"

/* Takes what is new or changed in these folders (what is added to the place's path; ends with NULL). maildir: each
 * file is a message, whole from its first moment, that may be renamed behind a colon. As fetch_folder(). */
MUST_CHECK enum err fetch_files(struct fetch *f, const char *const *folders, bool maildir, struct fault *reterr);
