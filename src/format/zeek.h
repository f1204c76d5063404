/* format/zeek.h - FORMAT_ZEEK: files of Zeek's intelligence framework ("#fields" and tabs) -> one STIX 2.1 indicator
 * a row. meta.desc becomes its description, meta.source and meta.url its reference. A bad row is refused alone. */
#pragma once
#include "format/format.h"

extern const struct format FORMAT_ZEEK; /* a line "#fields" that names `indicator` */
