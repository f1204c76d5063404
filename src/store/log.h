/* store/log.h - the truth: entries, their erasable details and bodies, in preallocated segment files.
 * Format: docs/FORMAT-log.md. All file access through struct io.
 *
 * Invariants: 1 acknowledged implies durable. 2 the log never shrinks, no entry changes. 4 one order. 5 a group is
 * there whole or not at all. 6 disk full, read-only disk, short write, failed sync: a clear error and no
 * acknowledgement; after a failed sync the log refuses every further append until it is opened again. */
#pragma once
#include "base/io.h"
#include "ledger/entry.h"

struct log;

/* Where a record lies. */
struct place {
    uint32_t segment;
    uint32_t offset;
};
#define PLACE_NONE ((struct place){UINT32_MAX, 0})

/* Creates an empty log in dir (which exists). ERR_EXISTS | ERR_IO | ERR_FULL | ERR_NOMEM */
MUST_CHECK enum err log_create(const struct io *io, const char *dir, struct fault *reterr);
/* With segments of another size than LOG_SEGMENT_BYTES, kept in their headers. ERR_USAGE: under 64 KiB or over 1 GiB.
 */
MUST_CHECK enum err log_create_sized(const struct io *io, const char *dir, size_t segment_bytes,
                                     struct fault *reterr);
/* Opens and recovers: the last whole group is found, what a crash left behind it is cleared. write false: reading up
 * to the last whole group, nothing is changed. ERR_MALFORMED (damage before the end: names file and offset) |
 * ERR_VERSION | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err log_open(const struct io *io, const char *dir, bool write, struct log **ret,
                             struct fault *reterr);
/* The same for who knows more: known_n entries were acknowledged (0: not known). A log that ends before is not one
 * that a crash cut short, but damaged: ERR_MALFORMED, and nothing is changed. */
MUST_CHECK enum err log_open_known(const struct io *io, const char *dir, bool write, uint64_t known_n,
                                   struct log **ret, struct fault *reterr);
/* Looks again for what another process has committed since; for logs opened with write false. */
MUST_CHECK enum err log_refresh(struct log *log, struct fault *reterr);
void log_close(struct log *log); /* accepts NULL */

/* Of the log's header: random, the same for as long as the log lives. */
#define LOG_ID_BYTES 16
void log_id(const struct log *log, uint8_t ret[LOG_ID_BYTES]);
/* Called by log_commit(), once the group is durable, for each of its entries in order: the leaf of the Merkle tree
 * and the place of the entry's record. NULL: nobody. */
typedef void log_leaf_fn(void *self, const struct sha256 *leaf, struct place entry);
void log_on_leaf(struct log *log, log_leaf_fn *fn, void *self);

uint64_t log_size(const struct log *log);   /* entries */
int64_t log_last_us(const struct log *log); /* t_us of the last one; INT64_MIN when empty */

/* How far the log reaches on the disk: for a copy of it. Any thread but while log_commit() runs. */
struct log_extent {
    uint8_t id[16]; /* of the log: random, the same for ever */
    uint32_t segments;
    uint32_t last_bytes; /* used of the last one */
    uint64_t entries;
};
void log_extent(struct log *log, struct log_extent *ret);
/* Gives a segment file that was copied as far as it is used the length it was made with. ERR_MALFORMED | ERR_VERSION
 * | ERR_IO | ERR_FULL */
MUST_CHECK enum err log_lengthen(const struct io *io, const char *path, struct fault *reterr);
uint32_t log_segment_of(struct log *log, uint64_t n); /* the segment that entry n lies in */

/* A body packed outside the writer's turn, so that this costs the one who stages nothing: any thread, a packer of its
 * own each. The bytes are the same as log_stage() would make. */
struct log_packer;
MUST_CHECK enum err log_packer_new(const struct log *log, struct log_packer **ret);
void log_packer_free(struct log_packer *p); /* accepts NULL */
struct log_packed {
    struct text payload; /* of its record; empty: not packed yet */
    uint8_t flags;
};
/* hash: of raw. The payload is appended; errors stick in `to`. Returns its flags. */
uint8_t log_pack(struct log_packer *p, struct text raw, const struct sha256 *hash, struct buffer *to);

/* One entry with its detail and up to two bodies (object, and its original when canonical form was not exact). */
struct log_item {
    struct text kind;
    int64_t t_us; /* the clock; the log takes the later of this and a microsecond after the previous */
    struct text public_part, private_part;
    struct text body, original; /* raw; compressed here; empty: none */
    struct log_packed packed;   /* body, where it was packed before */
};
/* Stages an entry of the group under way: assigns n and salts, copies everything. Nothing is written yet.
 * *ret_n, *ret_t_us, *ret_body, *ret_original (places they will have; PLACE_NONE). ERR_LIMIT (a part or body over
 * LOG_RECORD_MAX_BYTES, the group over four times LOG_GROUP_MAX_BYTES) | ERR_NOMEM */
MUST_CHECK enum err log_stage(struct log *log, const struct log_item *item, uint64_t *ret_n, int64_t *ret_t_us,
                              struct place *ret_body, struct place *ret_original);
size_t log_staged_bytes(const struct log *log);
/* Position to which log_unstage() can go back (a part of the group is given up). */
struct log_mark {
    size_t bytes;
    uint64_t n;
    int64_t t_us;
    struct place at;
};
struct log_mark log_mark(const struct log *log);
void log_unstage(struct log *log, const struct log_mark *mark);
/* Writes the staged group with its commit record and syncs once. OK: durable. Else nothing of it counts, and nothing
 * is staged any more. After a failed write or sync the same error for good until reopened; when only room could not
 * be reserved (ERR_FULL), the next group may be tried. */
MUST_CHECK enum err log_commit(struct log *log, struct fault *reterr);
/* Asked when no room can be had for a group: true when some was made, and the reserving is tried once more. */
void log_on_full(struct log *log, bool (*make_room)(void *self), void *self);
bool log_failed(const struct log *log); /* true: for good */

/* Decompresses the body at place into out (appended). Thread-safe. ERR_NOT_FOUND: erased. ERR_MALFORMED: damaged
 * (place and offset in the fault). */
MUST_CHECK enum err log_body(const struct log *log, struct place place, struct buffer *out, struct fault *reterr);
/* The same for the writer, which also sees what is staged. */
MUST_CHECK enum err log_staged_body(const struct log *log, struct place place, struct buffer *out,
                                    struct fault *reterr);

/* Erases the DETAIL and BODY records at these places, sorted: flagged first, durably, then overwritten with zeros,
 * durably. What is erased already is no error. By the thread that commits, between two groups. After a failure some
 * are erased, some not: to be done again. ERR_MALFORMED (no such record there) | ERR_IO | ERR_NOMEM | ERR_DENIED */
MUST_CHECK enum err log_erase(struct log *log, const struct place *places, size_t count, struct fault *reterr);

/* Writes a spoiled body back in its place, synced, when these raw bytes, packed again, have the checksum of its
 * record's head. By the thread that commits, between two groups. ERR_VERSION: they have not. ERR_NOT_FOUND: erased.
 * ERR_MALFORMED | ERR_IO | ERR_NOMEM | ERR_DENIED */
MUST_CHECK enum err log_mend_body(struct log *log, struct place place, struct text raw, struct fault *reterr);

/* Reading in order, for a replay. */
struct log_reader;
struct log_read {
    struct entry entry;
    struct text entry_text;
    struct place at; /* of the entry's record */
    bool erased;     /* detail is gone */
    struct entry_detail detail;
    bool has_body, has_original;
    struct place detail_at, body, original;
    /* Where bodies are asked for: */
    struct text body_text; /* raw; empty: none, or erased */
    bool body_spoiled;     /* it cannot be read: damaged */
};
MUST_CHECK enum err log_reader_open(const struct log *log, uint64_t from_n, struct log_reader **ret,
                                    struct fault *reterr);
/* From the entry n on, whose record lies at `at`. What else lies there is ERR_MALFORMED from the first reading. */
MUST_CHECK enum err log_reader_open_at(const struct log *log, uint64_t n, struct place at, struct log_reader **ret,
                                       struct fault *reterr);
/* For who wants the entries alone: details are neither checked against them nor given. */
void log_reader_skip_details(struct log_reader *r);
/* For who wants the bodies, too (not the originals). */
void log_reader_give_bodies(struct log_reader *r);
/* Borrowed until the next call. ERR_NOT_FOUND at the end of what is committed. ERR_MALFORMED */
MUST_CHECK enum err log_reader_next(struct log_reader *r, struct log_read *ret, struct fault *reterr);
void log_reader_close(struct log_reader *r);
