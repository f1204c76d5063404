/* reader/formats.h - the table of all formats that can be read. */
#pragma once
#include "format/format.h"
#include "reader/reader.h"

/* NULL: none of that number. */
const struct format *format_of(enum reader_format f);
/* What reads a document that begins so. FORMAT_MORE: say more; FORMAT_NO: nobody. */
enum format_claim format_detect(const struct format_head *h, enum reader_format *ret);
