/* store/log_format.h - the bytes of a segment file, as docs/FORMAT-log.md describes them. For log*.c only. */
#pragma once
#include "base/limits.h"
#include "base/text.h"
#include "store/log.h"

#define SEGMENT_MAGIC      "ENTLOG\r\n"
#define SEGMENT_VERSION    1u
#define SEGMENT_HEAD_BYTES 96u   /* the header proper, with its checksum */
#define SEGMENT_START      4096u /* the first record: the header has a page, and a sector, of its own */
#define SEGMENT_BYTES_MAX  GIB   /* an offset has 32 bits, and a segment may outgrow its size by a group */
#define RECORD_HEAD_BYTES  24u
#define RECORD_ALIGN       8u
#define COMMIT_BYTES       40u
#define BODY_HEAD_BYTES    36u /* raw length, SHA-256 of the raw bytes */
#define DETAIL_HEAD_BYTES  (2u * ENTRY_SALT + 8u)

/* Feature flags. A reader refuses an incompatible one it does not know and ignores a compatible one. */
#define SEGMENT_COMPATIBLE_KNOWN   0u
#define SEGMENT_INCOMPATIBLE_KNOWN 0u

enum record_kind { RECORD_NONE, RECORD_ENTRY, RECORD_DETAIL, RECORD_BODY, RECORD_COMMIT };

#define RECORD_ZSTD     0x01u /* BODY: compressed */
#define RECORD_DICT     0x02u /* BODY: compressed with dictionary 1 (log_dictionary.c) */
#define RECORD_ORIGINAL 0x10u /* BODY: the original beside the object's body */
#define RECORD_ERASED   0x80u /* DETAIL, BODY: the payload was overwritten with zeros */

struct segment_head {
    uint32_t compatible, incompatible;
    uint32_t number;
    uint64_t bytes; /* preallocated when the segment was made */
    uint8_t log_id[16];
    uint64_t first_n; /* entries before this segment */
    int64_t last_us;  /* t_us of the entry before; INT64_MIN: none */
    uint64_t chain;   /* of the commit before */
};

void segment_head_encode(const struct segment_head *h, uint8_t out[SEGMENT_HEAD_BYTES]);
/* ERR_MALFORMED | ERR_VERSION; *reterr says what, without naming the file. */
MUST_CHECK enum err segment_head_decode(const uint8_t in[SEGMENT_HEAD_BYTES], struct segment_head *ret,
                                        struct fault *reterr);

struct record_head {
    uint32_t len; /* of the payload */
    uint8_t kind, flags;
    uint64_t tag; /* chain of the commit before the record's group */
    uint64_t checksum;
};

/* What a record's checks are bound to beside its bytes: the log and the place. */
struct record_site {
    uint64_t log_seed;
    struct place place;
};

static inline size_t record_bytes(uint32_t payload_len)
{
    return (RECORD_HEAD_BYTES + (size_t)payload_len + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}

uint64_t log_seed_of(const uint8_t log_id[16]);
/* Writes head (checksum computed over payload) to out. */
void record_head_encode(const struct record_head *h, const struct record_site *site, const void *payload,
                        uint8_t out[RECORD_HEAD_BYTES]);
/* False: no whole record head stands here (kind, flags and length are known good when true, the payload is not). */
bool record_head_decode(const uint8_t in[RECORD_HEAD_BYTES], const struct record_site *site, struct record_head *ret);
bool record_payload_good(const struct record_head *h, const struct record_site *site, const void *payload);

struct commit {
    uint64_t first_n;
    uint32_t entries, records; /* records without the commit itself */
    uint32_t start;            /* offset of the group's first record */
    int64_t last_us;
    uint64_t fold; /* of all the group's records: record_fold() */
};
void commit_encode(const struct commit *c, uint8_t out[COMMIT_BYTES]);
void commit_decode(const uint8_t in[COMMIT_BYTES], struct commit *ret);
/* The chain value this commit hands on. */
uint64_t commit_chain(const uint8_t commit[COMMIT_BYTES], uint64_t tag);
/* One more record of a group. What erasing changes is left out, so that an erased group still adds up. */
uint64_t record_fold(uint64_t fold, const struct record_head *h, const void *payload);
