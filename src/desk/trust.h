/* desk/trust.h - one plain word for how much an indicator is trusted: its STIX confidence in the words of STIX 2.1
 * Appendix A (DNI Scale), and its source's Admiralty letters in theirs. Pure. */
#pragma once
#include "desk/source.h"

#define TRUST_WORDS_MAX 120
/* confidence: 0..100, -1: not said. "likely (confidence 65), source usually reliable (B2)"; empty when neither is
 * said. */
struct text trust_words(int confidence, struct source_trust source, char out[TRUST_WORDS_MAX]);
/* 0..100, for sorting: what is said by whom nobody knows is in the middle. */
unsigned trust_rank(int confidence, struct source_trust source);
