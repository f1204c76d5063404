/* match/linetime.h - the event's own time, where a log line has one. */
#pragma once
#include "base/text.h"

/* Looks near the start of the line and in JSON "timestamp"/"ts"/"time" members: RFC 3339 and ISO 8601, seconds since
 * 1970 with decimals (Zeek, squid), BIND's 21-Nov-2026 20:15:01.123, syslog's "Nov 21 20:15:01" (year from now_us,
 * UTC), Apache's [21/Nov/2026:20:15:01 +0000]. Times more than a day after now_us or before 1990 are no times. false:
 * none. */
bool line_time(struct text line, int64_t now_us, int64_t *ret_us);
/* The same of a field that holds nothing but a time: from its first byte on, seconds also without decimals. */
bool line_time_field(struct text field, int64_t now_us, int64_t *ret_us);
