/* match/archive.h - logs kept compressed in files of their own, with a structure from which one sees quickly which
 * blocks of lines can hold a value. Form: docs/FORMAT-archive.md
 *
 * A file HOME/archive/NUMBER.log is one log as it was added: written beside, synced and renamed, so it is there whole
 * or not at all. Nothing in it changes. Whatever reads it reads bounded amounts, holds them against checksums, and
 * goes on behind what is damaged. */
#pragma once
#include "base/arena.h"
#include "base/hash.h"
#include "base/io.h"
#include "match/index.h"
#include "match/pack.h"

#define ARCHIVE_NAME_MAX    4096 /* bytes of a log's name, and of where it came from */
#define ARCHIVE_PATH_MAX    4096
#define ARCHIVE_THREADS_MAX 64
#define ARCHIVE_NO_TIME     INT64_MAX
#define ARCHIVE_BLOCK_MAX   PACK_MAX_BYTES
#define ARCHIVE_KEYS_MAX    ((size_t)128 << 20) /* bytes of one search structure */

struct archive_about {
    struct text name;   /* as it was added */
    struct text source; /* its absolute path then; empty: standard input */
    int64_t added_us;
    uint64_t bytes, lines;     /* uncompressed */
    int64_t first_us, last_us; /* events' own times; ARCHIVE_NO_TIME: no line has one */
    uint64_t untimed;          /* lines without one */
    struct sha256 hash;        /* of the uncompressed bytes */
    bool cut_short;            /* its compression was damaged: what came before is here */
};

struct archive_block {
    uint64_t offset; /* in the file */
    uint32_t packed_len, raw_len;
    uint64_t first_line, first_offset; /* as match/logfile.h gives them */
    uint32_t lines, untimed;
    int64_t first_us, last_us; /* earliest and latest time of an event; ARCHIVE_NO_TIME */
    uint64_t check;
};

/* ---- writing (archive_write.c) ---- */

struct archive_writer;
/* Into folder, which is made when it is not there. about: name, source, added_us; borrowed until the end. threads: at
 * most ARCHIVE_THREADS_MAX; however many, the file is the same. ERR_IO | ERR_FULL | ERR_DENIED |
 * ERR_NOMEM */
MUST_CHECK enum err archive_writer_new(const struct io *io, const char *folder, const struct archive_about *about,
                                       unsigned threads, struct archive_writer **ret, struct fault *reterr);
/* The next block of lines, as logfile_next() gives it. As above. */
MUST_CHECK enum err archive_writer_add(struct archive_writer *w, struct text lines, uint64_t offset, uint64_t line,
                                       bool continues, struct fault *reterr);
/* What of it is known so far; whole after archive_writer_finish(). */
const struct archive_about *archive_writer_about(const struct archive_writer *w);
/* Durable when OK. ERR_EXISTS: *ret_number is the log that holds the same bytes. */
MUST_CHECK enum err archive_writer_finish(struct archive_writer *w, bool cut_short, uint32_t *ret_number,
                                          uint64_t *ret_size, struct fault *reterr);
void archive_writer_free(struct archive_writer *w); /* accepts NULL; what is not finished goes */

/* ---- reading (archive_read.c) ---- */

struct archive_log;
/* Reads and checks what the file says of itself. ERR_MALFORMED | ERR_VERSION | ERR_NOT_FOUND | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err archive_log_open(const struct io *io, const char *folder, uint32_t number,
                                     struct archive_log **ret, struct fault *reterr);
void archive_log_free(struct archive_log *l); /* accepts NULL */
uint32_t archive_log_number(const struct archive_log *l);
uint64_t archive_log_size(const struct archive_log *l); /* of the file */
const struct archive_about *archive_log_about(const struct archive_log *l);
size_t archive_log_blocks(const struct archive_log *l);
const struct archive_block *archive_log_block(const struct archive_log *l, size_t nth);
/* Blocks share their search structure in parts: at most 64 each, in order. */
size_t archive_log_parts(const struct archive_log *l);
void archive_log_part(const struct archive_log *l, size_t nth, size_t *ret_first, size_t *ret_count);
/* A block as it is packed, appended to out, and held against its checksum. Any thread. ERR_MALFORMED | ERR_IO |
 * ERR_NOMEM */
MUST_CHECK enum err archive_log_read(const struct archive_log *l, size_t nth, struct buffer *out,
                                     struct fault *reterr);

/* What is looked for, as the search structure knows it. */
struct archive_query;
MUST_CHECK enum err archive_query_new(struct archive_query **ret);
void archive_query_free(struct archive_query *q);
/* value in normal form. Kinds that the structure does not know make every block a candidate. ERR_NOMEM */
MUST_CHECK enum err archive_query_add(struct archive_query *q, enum value_kind kind, struct text value);
bool archive_query_wants_all(const struct archive_query *q);
/* The blocks of one part that can hold one of them: a bit each, the first block the lowest. Any thread, after the
 * first call, with a scratch of its own. ERR_MALFORMED (all of them then) | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err archive_log_find(const struct archive_log *l, size_t part, const struct archive_query *q,
                                     struct buffer *scratch, uint64_t *ret_blocks, struct fault *reterr);

/* ---- the folder (archive_folder.c) ---- */

/* Numbers of the logs that are there, ascending; to be freed with free(). ERR_IO | ERR_NOMEM */
MUST_CHECK enum err archive_folder_list(const char *folder, uint32_t **ret, size_t *ret_count, struct fault *reterr);
/* Durable when OK. ERR_NOT_FOUND | ERR_IO */
MUST_CHECK enum err archive_folder_drop(const struct io *io, const char *folder, uint32_t number,
                                        struct fault *reterr);
/* One change of the folder at a time: fd to be closed. Waits. ERR_IO | ERR_DENIED */
MUST_CHECK enum err archive_folder_lock(const char *folder, int *ret_fd, struct fault *reterr);
/* Removes what a killed writer left behind. */
void archive_folder_sweep(const struct io *io, const char *folder);
/* "FOLDER/00000007.log" */
void archive_folder_path(const char *folder, uint32_t number, char out[ARCHIVE_PATH_MAX]);
/* The moment by which a log is old: its last event, or when it was added. */
int64_t archive_age_us(const struct archive_about *a);
