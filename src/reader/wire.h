/* reader/wire.h - what a reader and its owner say to each other, inside this room. Both are the same program, so
 * there is no version; the owner checks every byte all the same. */
#pragma once
#include "base/buffer.h"
#include "base/cursor.h"
#include "reader/reader.h"

/* argv[0] of a reader. */
#define READER_ROLE "entente-reader"
/* The same for containers (archives, mails), with the libraries for them loaded: only they pay for those. */
#define READER_CONTAINERS_ROLE "entente-reader-containers"

/* Frames (process/worker.h), in this order: STARTED or FAILED; CHUNK*; DONE or FAILED. */
enum reader_frame {
    READER_STARTED = 16, /* u8 format */
    READER_FAILED,       /* u8 err, u64 offset, u64 line, sized rule, sized what */
    READER_CHUNK,        /* whole records */
    READER_DONE,         /* nothing */
    READER_CONTAINER     /* instead of STARTED: a reader of containers is wanted */
};

/* The job: u8 format, u8 tlp, u32 chunk_bytes, u8 envelope, u32 elements, sized party, sized identity, sized
 * name, sized rules. */
void wire_put_job(struct buffer *to, const struct reader_options *options);
/* Texts borrow from job. ERR_MALFORMED */
MUST_CHECK enum err wire_take_job(struct text job, struct reader_options *ret);
void wire_put_fault(struct buffer *to, const struct fault *fault);
/* ERR_MALFORMED: no fault. Else what it says, with words that may be shown. */
MUST_CHECK enum err wire_take_fault(struct text bytes, struct fault *ret);
