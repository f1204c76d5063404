/* format/text.h - FORMAT_TEXT: indicators out of text that people wrote - reports, mails, pages, the text of PDFs.
 * What is found is proposed (struct record_object: proposed): it counts when a person says so. Each value once, with
 * its place and the words around it; what was left out is told by reason (RECORD_LOST). Rules: docs/TEXT.md. */
#pragma once
#include "format/format.h"

/* Silence while it is read has an end (READER_SILENCE_MS), and nobody writes so much. */
#define TEXT_DOCUMENT_MAX (512 * MIB)

extern const struct format FORMAT_TEXT; /* what looks like prose, and nothing else claims */
