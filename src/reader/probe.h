/* reader/probe.h - what sandbox a reader has here. */
#pragma once
#include "process/sandbox.h"

/* Starts a reader, asks, ends it. *ret is filled with ERR_DENIED too: the sandbox is less than the policy asks for.
 * ERR_DENIED | ERR_IO | ERR_NOMEM | ERR_MALFORMED */
MUST_CHECK enum err reader_probe(struct sandbox_state *ret, struct fault *reterr);
