/* model/pattern_hint.h - what somebody who wrote a pattern probably meant; for model/pattern_lex.c and
 * pattern_parse.c alone. Asked only once a fault is found. */
#pragma once
#include "model/pattern_lex.h"

/* What to write instead of the token that stands where `what` is expected: a sentence; NULL when nothing is known. */
const char *pattern_hint(const struct pattern_token *found, const char *what);
/* The same for the character that rest begins with and no word can. */
const char *pattern_hint_character(struct text rest);
