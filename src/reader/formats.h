/* reader/formats.h - the table of all formats that can be read. */
#pragma once
#include "format/format.h"
#include "reader/reader.h"

/* NULL: none of that number. */
const struct format *format_of(enum reader_format f);
/* What reads a document that begins so. FORMAT_MORE: say more; FORMAT_NO: nobody. */
/* One that holds documents of other formats. */
bool format_is_container(enum reader_format f);
/* struct format_job: inner, by this table. */
const struct format *format_inner(const struct format_job *job, const struct format_head *h, const char *as,
                                  bool *ret_more);
enum format_claim format_detect(const struct format_head *h, enum reader_format *ret);
