/* format/csv_indicators.h - a CSV of indicators -> records: one STIX 2.1 indicator a row.
 * The header must have `value`; `type`, `valid_until`, `confidence`, `tlp`, `description` and `label` are read when
 * present. The id is derived from party, kind and value: the same row of the same party is the same object. */
#pragma once
#include "format/format.h"

struct csv_indicators_options {
    struct text party;    /* part of the derived ids */
    struct text identity; /* created_by_ref of every indicator; empty: none */
    uint8_t tlp;          /* enum tlp for rows without one of their own; TLP_NONE: none */
};

struct csv_indicators;

/* `head`: bytes already taken off it. Texts of options are copied. ERR_NOMEM */
MUST_CHECK enum err csv_indicators_open(struct feed_from from, struct text head,
                                        const struct csv_indicators_options *options, struct csv_indicators **ret);
/* Appends the record of the next row, or the one that ends the document. ERR_NOT_FOUND after that. ERR_NOMEM */
MUST_CHECK enum err csv_indicators_next(struct csv_indicators *c, struct buffer *to);
void csv_indicators_free(struct csv_indicators *c);

extern const struct format FORMAT_CSV; /* its header names a column `value` */
