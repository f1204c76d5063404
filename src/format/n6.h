/* format/n6.h - events of n6 (CERT Polska), as its REST API and Stream API give them -> events. A list, one event, or
 * one a line. Source: n6.readthedocs.io, "REST API", and n6sdk's specification of the data. The mapping:
 * docs/EVENTS.md. */
#pragma once
#include "format/format.h"

extern const struct format FORMAT_N6;
