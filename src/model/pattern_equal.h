/* model/pattern_equal.h - do two patterns say the same? Pure.
 * Both are brought into one normal form: inside [ ], disjunctive with nothing superfluous (duplicates, absorbed
 * terms, terms that join different object types); outside, AND and FOLLOWEDBY distributed over OR, AND in one order,
 * OR without duplicates and without what a simpler alternative contains. Constants compare by what they mean: 1
 * and 1.0, moments, hex and base64 of the same octets. */
#pragma once
#include "model/pattern.h"

enum pattern_verdict {
    PATTERN_DIFFERENT, /* not the same as far as this normal form can tell */
    PATTERN_EQUIVALENT,
    PATTERN_UNDECIDED /* a normal form would pass PATTERN_TERMS_MAX or PATTERN_NORMAL_BYTES */
};

/* Equivalent patterns are true of the same observations. Values that mean the same in other letters are taken for the
 * same, though section 9.6.2 compares code points: ipv4-addr:value and ipv6-addr:value (other spellings, host bits
 * behind a prefix, /32 and /128), and ASCII letters of either case in windows-registry-key:key and values[].name.
 * What it needs comes from the arena. Public for the tests, which hold the printer and the evaluation to it.
 * ERR_NOMEM */
MUST_CHECK enum err pattern_equivalent(const struct pattern_node *a, const struct pattern_node *b,
                                       struct arena *arena, enum pattern_verdict *ret);
/* The normal form of p as text, for who compares many: equal texts, equivalent patterns. Not a pattern to be parsed.
 * In the arena. ERR_LIMIT (undecided) | ERR_NOMEM */
MUST_CHECK enum err pattern_normal(const struct pattern_node *p, struct arena *arena, struct text *ret);
