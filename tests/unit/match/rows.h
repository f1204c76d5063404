/* unit/match/rows.h - lines and what they hit. */
#pragma once
#include <stddef.h>

struct row {
    const char *line, *hits; /* values of row_values, blanks in between, in order */
};

extern const char *const row_values[];

extern const struct row rows_ipv4[], rows_ipv6[], rows_names[], rows_urls[], rows_others[], rows_escapes[],
    rows_tokens[];
