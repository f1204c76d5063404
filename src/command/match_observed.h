/* command/match_observed.h - match --observed FILE: whole patterns over observed data; for command/match.c alone. */
#pragma once
#include "command/session.h"

int run_match_observed(struct session *s);
