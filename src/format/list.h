/* format/list.h - FORMAT_LIST: one value a line -> one STIX 2.1 indicator a line, as a CSV row makes one. Comments
 * ('#', ';', '//', '!'), blank lines, remarks behind a value, lines of a hosts file ("0.0.0.0 evil.example"), of
 * Adblock lists ("||evil.example^") and defanged values are read. A bad line is refused alone. */
#pragma once
#include "format/format.h"

extern const struct format FORMAT_LIST; /* most of its first lines are one value each */
