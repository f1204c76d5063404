/* store/log_scan.h - one segment's records in order, each checked, and the groups they make. For log*.c only. */
#pragma once
#include "store/log_files.h"

struct scan {
    const struct io *io;
    int fd; /* borrowed */
    uint64_t log_seed;
    uint32_t segment;
    uint32_t at;  /* offset of the next record */
    uint32_t end; /* nothing is read at or beyond it */
    char *bytes;  /* owned: the window of the file in memory */
    size_t cap, len;
    uint32_t from; /* offset of bytes[0] */
};

struct scanned {
    struct record_head head;
    struct place place;
    const uint8_t *payload; /* borrowed until the next call */
};

enum scan_found {
    SCAN_RECORD,
    SCAN_NOTHING, /* zeros, or the end */
    SCAN_DAMAGED, /* what stands here is no record */
    SCAN_SPOILED  /* a BODY whose head is whole and whose payload is not; moves on, as a record does */
};

void scan_init(struct scan *s, const struct io *io, int fd, uint64_t log_seed, struct place from, uint32_t end);
void scan_done(struct scan *s);
/* OK: *ret_found says what stands at s->at, which moves on when it is a record. ERR_IO | ERR_NOMEM */
MUST_CHECK enum err scan_next(struct scan *s, enum scan_found *ret_found, struct scanned *ret, struct fault *reterr);

/* A group as its records come by. */
struct group {
    uint64_t first_n;
    uint64_t tag;
    uint64_t fold;
    uint32_t start;
    uint32_t entries, records;
};
void group_init(struct group *g, uint64_t first_n, uint64_t tag, uint32_t start);
/* False: the record does not belong to this group. */
bool group_add(struct group *g, const struct scanned *r);
/* True: r is the commit of exactly what was added. */
bool group_closes(const struct group *g, const struct scanned *r, struct commit *ret);
