/* exchange/taxii_accept.h - media types (TAXII 2.1 section 1.6.8; RFC 9110 sections 8.3 and 12.5.1). Pure. */
#pragma once
#include "base/text.h"

/* May the answer be application/taxii+json;version=2.1? An absent or empty header means yes. */
bool taxii_accepts(struct text accept);
/* Is it application/taxii+json, of version 2.1 or without one? */
bool taxii_is_ours(struct text content_type);
