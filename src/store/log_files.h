/* store/log_files.h - the segment files of a log: names, headers, and a bounded number of open descriptors shared by
 * all threads. For log*.c only. */
#pragma once
#include <pthread.h>

#include "store/log_format.h"

struct segment {
    uint64_t first_n;
    int64_t last_us;
    uint64_t chain;
    int fd;        /* -1: not open now */
    uint32_t pins; /* users of fd */
};

struct log_files {
    const struct io *io;
    char *dir;
    pthread_mutex_t lock; /* of what follows */
    struct segment *v;
    size_t count, cap, open;
    uint8_t log_id[16]; /* of segment 0; fixed once it was read */
    uint64_t log_seed;
    uint64_t segment_bytes;
};

MUST_CHECK enum err files_init(struct log_files *f, const struct io *io, const char *dir);
void files_done(struct log_files *f);

/* Makes the file of h->number, whole or not at all: beside, synced, renamed, folder synced. The descriptor is open
 * for writing and the caller's. ERR_IO | ERR_FULL | ERR_NOMEM: nothing is left of it but perhaps a file ending in
 * .new. */
MUST_CHECK enum err files_create(const struct io *io, const char *dir, const struct segment_head *h, int *ret_fd,
                                 struct fault *reterr);
/* Removes what a crash left of a segment that was being made. */
MUST_CHECK enum err files_remove_unfinished(const struct log_files *f, uint32_t number, struct fault *reterr);

/* Opens the file and reads its header, which must fit the log. ERR_NOT_FOUND: no such file. ERR_MALFORMED |
 * ERR_VERSION | ERR_IO | ERR_NOMEM: the fault names the file. The descriptor is the caller's. */
MUST_CHECK enum err files_open(const struct log_files *f, uint32_t number, bool write, int *ret_fd,
                               struct segment_head *ret, struct fault *reterr);
/* Enters the next segment (number == count). */
MUST_CHECK enum err files_enter(struct log_files *f, const struct segment_head *h);

/* A descriptor for reading, to be given back. Thread-safe. A number just beyond those entered is looked for on disk
 * (another process may have made it). */
MUST_CHECK enum err files_get(struct log_files *f, uint32_t number, int *ret_fd, struct fault *reterr);
void files_put(struct log_files *f, uint32_t number);

size_t files_count(struct log_files *f);
struct segment files_at(struct log_files *f, uint32_t number);
/* "00000007.log", for faults. */
#define SEGMENT_NAME_MAX 16
const char *segment_name(uint32_t number, char out[SEGMENT_NAME_MAX]);
