/* format/iodef.h - IODEF version 2 as XML (RFC 7970) and JSON (RFC 8727), version 1 (RFC 5070) as far as it is the
 * same
 * -> events, and STIX indicators of its Indicator and BulkObservable. The mapping: docs/EVENTS.md. */
#pragma once
#include "format/format.h"

extern const struct format FORMAT_IODEF;
