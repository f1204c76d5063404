/* format/intelmq.h - IntelMQ's events (its "data harmonization": names with dots, flat or nested) -> events. One
 * event, a list of them, or one a line. Source: docs.intelmq.org, "Event" and "Classification". The mapping:
 * docs/EVENTS.md. */
#pragma once
#include "format/format.h"

extern const struct format FORMAT_INTELMQ;
