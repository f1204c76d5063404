/* reader/reader.h - one foreign document in, checked flat records out (format/record.h). The interface a sandboxed
 * process has: a file descriptor goes in, bytes come out, no pointer into a model crosses. */
#pragma once
#include "base/text.h"

enum reader_format { READER_DETECT, READER_STIX, READER_CSV };
const char *reader_format_name(enum reader_format f);     /* "stix", "csv" */
enum reader_format reader_format_parse(struct text name); /* READER_DETECT when unknown */

struct reader_options {
    enum reader_format format; /* READER_DETECT: from the first bytes */
    struct text party;         /* CSV: part of the derived ids, so that two parties' rows are two objects */
    uint8_t tlp;               /* enum tlp: fills absent markings only (release.md 2); TLP_NONE: none */
    struct text identity;      /* CSV taken in as our own: created_by_ref; else empty */
    size_t chunk_bytes;        /* a chunk is handed over when it passes this; 0: 1 MiB */
};

struct reader;

/* The fd is borrowed, read from where it stands to its end (pipes too). ERR_NOMEM | ERR_IO |
 * ERR_MALFORMED (no format fits; *reterr says what was looked for). */
MUST_CHECK enum err reader_open(int fd, const struct reader_options *options, struct reader **ret,
                                struct fault *reterr);
enum reader_format reader_format_of(const struct reader *r);
/* The next chunk of whole records; borrowed until the next call. The last chunk ends with a RECORD_END, after which
 * ERR_NOT_FOUND is returned. Faults of the document are records, not errors. ERR_NOMEM | ERR_CANCELLED. */
MUST_CHECK enum err reader_next(struct reader *r, struct text *ret_chunk);
void reader_free(struct reader *r);
