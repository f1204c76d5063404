/* format/suricata.h - FORMAT_SURICATA: rules of Suricata and Snort. A rule becomes an indicator whose pattern is the
 * rule itself (pattern_type "suricata" or "snort"): held, shared, never matched by us. What in it is certainly one
 * value and nothing else - a whole host name in dns.query or tls.sni, an address in the header - becomes an
 * indicator of its own. A line that is no rule is refused alone. */
#pragma once
#include "format/format.h"

extern const struct format FORMAT_SURICATA; /* its first line that says something is a rule */
