/* model/form.h - one version of an object in two forms: is the one what is left of the other? Pure. */
#pragma once
#include "json/json.h"

/* Does `whole` hold everything that `part` does, and more? Members of `part` are members of `whole`, and their values
 * are contained in turn; a list's elements come in the same order, some of them left out; all else is equal. Marking
 * references count the other way round: a reduced form may carry more of them, never fewer. Where nothing but they
 * differ nothing was left out, and the form with more of them holds the other: it is the stricter. false for equal
 * ones. */
bool form_contains(const struct json_val *whole, const struct json_val *part);
