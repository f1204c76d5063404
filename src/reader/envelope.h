/* reader/envelope.h - what a TAXII envelope (TAXII 2.1 section 3.7) says of itself, without its objects. */
#pragma once
#include "base/buffer.h"
#include "format/record.h"
#include "reader/reader.h"

/* The reader's side: fd is looked through from where it stands to its end. Appends at most `elements` ELEMENT records
 * and one ENVELOPE; *ret_usable: it is one. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err envelope_records(int fd, uint32_t elements, struct buffer *to, bool *ret_usable,
                                     struct fault *reterr);

/* The owner's side, where only the envelope matters. */
struct reader_enveloped {
    bool list, more;
    uint64_t objects;
    char next[RECORD_NEXT_MAX + 1]; /* empty: none */
};
/* ERR_MALFORMED: it is none, or its reader failed; as reader_open() else. */
MUST_CHECK enum err reader_envelope(int fd, const atomic_bool *cancel, struct reader_enveloped *ret,
                                    struct fault *reterr);
/* A record's words, kept; ERR_MALFORMED with a sentence when it is no envelope. */
MUST_CHECK enum err reader_envelope_keep(const struct record_envelope *e, struct reader_enveloped *ret,
                                         struct fault *reterr);
