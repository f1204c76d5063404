/* format/stix.h - STIX 2.1 JSON -> records: a bundle, a TAXII envelope, a list of objects, one object, or objects
 * one a line. */
#pragma once
#include "format/format.h"

struct stix_reader;

/* `head`: bytes already taken off it. tlp (enum tlp): what objects without a TLP marking count as; TLP_NONE: nothing.
 * ERR_NOMEM */
MUST_CHECK enum err stix_reader_open(struct feed_from from, struct text head, uint8_t tlp, struct stix_reader **ret);
/* Appends the record of the next object, or those that end the document. ERR_NOT_FOUND after that. ERR_NOMEM */
MUST_CHECK enum err stix_reader_next(struct stix_reader *r, struct buffer *to);
void stix_reader_free(struct stix_reader *r);

extern const struct format FORMAT_STIX; /* JSON that no other format is sure of */
