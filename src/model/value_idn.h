/* model/value_idn.h - internationalised domain names: the A-label form (xn--...) that registries hold and resolvers
 * ask for. UTS 46, non-transitional, by libidn2. */
#pragma once
#include "base/limits.h"
#include "base/text.h"

#define VALUE_IDN_BYTES (DOMAIN_MAX_BYTES + 1)

/* Does a name hold bytes beyond ASCII? */
bool value_is_idn(struct text name);
/* The A-label form of a name in UTF-8, lower case, in out; empty when there is none (no UTF-8, a character that no
 * name may have, too long, no memory). */
struct text value_idn_to_ascii(struct text name, char out[VALUE_IDN_BYTES]);
