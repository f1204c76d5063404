/* format/part.h - inside this room: a piece of a container (a file of an archive, an attachment of a mail), read by
 * the format that it is of. Its records become records of the container: their place is where the piece begins, and
 * what is refused or lost names the piece. */
#pragma once
#include "format/format.h"

/* Containers in containers. A zip in a mail that was forwarded in a mail is three. */
#define CONTAINER_DEPTH_MAX 4
/* What all pieces of a document unpack to: a floor, and beyond it so many times the document's bytes. Reports in CSV
 * shrink to a tenth or a fiftieth; what is beyond is made to fill a machine. */
#define CONTAINER_FLOOR_BYTES ((uint64_t)32 * MIB)
#define CONTAINER_RATIO_MAX   250
#define CONTAINER_MAX_BYTES   ((uint64_t)8 * GIB)
#define CONTAINER_PARTS_MAX   10000
/* A container inside another has to be held whole, since its parts are looked up by their places. */
#define CONTAINER_HELD_MAX_BYTES (128 * MIB)

/* Shared by a document's containers at all depths. */
struct container_budget {
    uint64_t left;
    bool spent; /* more was asked for */
};

struct part_sums { /* of all parts of a container */
    uint64_t read;
    uint8_t err; /* the first part that was not whole */
    struct buffer what;
};
void part_sums_init(struct part_sums *s);
void part_sums_done(struct part_sums *s);
/* The container's END record: as good as its parts. */
void part_sums_end(const struct part_sums *s, int64_t at, struct buffer *to);
/* A part that is not whole. */
void part_sums_fail(struct part_sums *s, struct text name, const char *why);

struct part {
    const struct format *ops; /* NULL: no part is open */
    void *reading;
    struct buffer scratch;
    char *name; /* owned */
    int64_t at;
};
void part_init(struct part *p);
void part_done(struct part *p);
/* Finds out what the piece is and begins to read it; `from` is used until the part is closed. job: the container's
 * own. as: the name of a format, NULL: found out. at: where it begins in the container. What no format reads is one
 * LOST record, and OK with no part open. ERR_NOMEM */
MUST_CHECK enum err part_open(struct part *p, const struct format_job *job, struct text name, const char *as,
                              int64_t at, struct feed_from from, struct part_sums *sums, struct buffer *to);
/* Its next record; at its end the part is closed. ERR_NOMEM */
MUST_CHECK enum err part_next(struct part *p, struct part_sums *sums, struct buffer *to);
void part_lost(struct buffer *to, int64_t at, struct text name, const char *why);

/* All that is left of a job's bytes, its head first. ERR_LIMIT: more than max_bytes | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err part_hold(const struct format_job *job, size_t max_bytes, struct buffer *ret);
/* The job with texts of its own, which lie in *ret_texts (owned). ERR_NOMEM */
MUST_CHECK enum err part_copy_job(const struct format_job *job, struct format_job *ret, char **ret_texts);
/* A root's budget by its bytes. */
struct container_budget container_budget_of(uint64_t bytes);
/* Takes so many bytes off; -EFBIG when there are no more. */
ptrdiff_t container_take(struct container_budget *b, ptrdiff_t bytes);
