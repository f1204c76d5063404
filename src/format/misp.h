/* format/misp.h - MISP's JSON -> records: events of an export, a feed's file, a REST answer ("response"), a list of
 * events, a bare event or bare attributes (MISP core format; docs/MISP.md says what becomes what). */
#pragma once
#include "format/format.h"

extern const struct format FORMAT_MISP;
