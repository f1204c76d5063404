/* model/value_url.h - the URL's part of model/value.h; for model/value.c and its test alone. */
#pragma once
#include "model/value.h"

/* Appends the normal form and returns NULL; else says what is wrong and leaves out as it was. */
const char *value_url_normalise(struct text raw, struct buffer *out);
/* True when value_url_normalise() would accept it. */
bool value_url_check(struct text raw);
