/* command/ask_password.h - a password typed at the terminal, twice, without being shown. */
#pragma once
#include "command/session.h"

/* *ret becomes an input with what was typed in it (a memfd), as if it had been given in a file. Complains: there is
 * no terminal, the two are not the same. Returns an exit code. */
int ask_password(struct session *s, struct input *ret);
