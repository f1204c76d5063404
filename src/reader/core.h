/* reader/core.h - one foreign document in, records out, in the process that calls it: what a reader process does
 * inside its sandbox, and what the fuzzers feed. Owners of a home use reader.h. */
#pragma once
#include "base/limits.h"
#include "reader/reader.h"

/* A chunk when the options name no size, and by how much it may pass it: one record, of a body and an original of
 * STIX_OBJECT_MAX_BYTES each and their lists. */
#define READER_CHUNK_BYTES      (1 * MIB)
#define READER_RECORD_MAX_BYTES (64 * MIB)

struct reader_core;

/* The fd is borrowed, read from where it stands to its end (pipes too). ERR_NOMEM | ERR_IO |
 * ERR_MALFORMED (no format fits; *reterr says what was looked for) | ERR_VERSION (options->plain, and it is a
 * container). */
MUST_CHECK enum err reader_core_open(int fd, const struct reader_options *options, struct reader_core **ret,
                                     struct fault *reterr);
enum reader_format reader_core_format(const struct reader_core *r);
/* The next chunk of whole records; borrowed until the next call. The last chunk ends with a RECORD_END, after which
 * ERR_NOT_FOUND is returned. Faults of the document are records, not errors. ERR_NOMEM */
MUST_CHECK enum err reader_core_next(struct reader_core *r, struct text *ret_chunk);
void reader_core_free(struct reader_core *r);
