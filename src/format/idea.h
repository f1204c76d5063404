/* format/idea.h - IDEA0 (CESNET: Warden, Mentat, Nemea) -> events. One message, a list of them, or one a line.
 * Source: https://idea.cesnet.cz/en/definition and /en/classifications. The mapping: docs/EVENTS.md. */
#pragma once
#include "format/format.h"

extern const struct format FORMAT_IDEA;
