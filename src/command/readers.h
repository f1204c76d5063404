/* command/readers.h - how strictly foreign documents are read here (entente.yaml's `sandbox`), and what that comes to
 * on this system. */
#pragma once
#include "process/config.h"
#include "process/sandbox.h"

/* Once a process owns the home. keep_spare: it lives long. ERR_MALFORMED (entente.yaml) | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err readers_configure(const char *home, bool keep_spare, struct fault *reterr);
/* The same from a configuration that is loaded. */
void readers_follow(const struct config *c, bool keep_spare);
/* What a reader started now reports: "seccomp + landlock ABI 3 + limits", and what it means where that is not all.
 * ERR_DENIED: documents are refused; *reterr says why, and words say what there is. Other errors leave words empty.
 */
#define READERS_WORDS_MAX 160
MUST_CHECK enum err readers_words(char words[READERS_WORDS_MAX], struct fault *reterr);
