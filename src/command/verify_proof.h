/* command/verify_proof.h - the part of `verify` that checks proof files. */
#pragma once
#include "command/session.h"

int verify_proofs(struct session *s); /* the operands; the exit code */
