/* format/csv_write.h - indicators that the gate cleared -> CSV, one row a value (RFC 4180): the columns that
 * csv_indicators.h reads, and what else a list's user asks for. */
#pragma once
#include "release/cleared.h"

/* The header, once. Errors stick in `to`. */
void csv_write_header(struct buffer *to);
/* The rows of one object. *ret_rows 0: it has no place in a list: no indicator, revoked, or a pattern that no single
 * value stands for. The label in its row is the one it leaves with. ERR_NOMEM; errors of `to` stick there. */
MUST_CHECK enum err csv_write_one(const struct cleared *c, struct buffer *to, size_t *ret_rows);
