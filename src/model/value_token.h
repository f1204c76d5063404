/* model/value_token.h - normal forms of values that are plain tokens of a log; for model/value.c alone. */
#pragma once
#include "model/value.h"

/* VALUE_ASN or VALUE_JA4 where t shows that it is one, beyond doubt: "AS65001", a JA4 fingerprint; else VALUE_NONE.
 */
enum value_kind value_token_detect(struct text t);
/* kind: VALUE_ASN, VALUE_JA4, VALUE_MUTEX or VALUE_FILENAME; raw without white space around it. Appends the normal
 * form to out and returns NULL, or what is wrong. */
const char *value_token_normalise(enum value_kind kind, struct text raw, struct buffer *out);
