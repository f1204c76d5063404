/* format/misp_feed.h - a MISP feed's manifest.json -> one ELEMENT record an event: `id` is "report--UUID" of the
 * event, `version` its timestamp as RFC 3339. Entries that name no event are REJECTED. docs/MISP.md */
#pragma once
#include "format/format.h"

extern const struct format FORMAT_MISP_FEED; /* claims documents named manifest.json */
