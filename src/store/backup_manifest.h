/* store/backup_manifest.h - DIR/manifest.json of a backup. For backup*.c and restore*.c. */
#pragma once
#include "base/arena.h"
#include "base/hash.h"
#include "base/limits.h"

#define MANIFEST_MAX_BYTES  (64 * MIB)
#define MANIFEST_FILES_MAX  262144 /* segments of 64 MiB: 16 TiB */
#define BACKUP_LOG_ID_BYTES 16

struct backup_file {
    struct text name; /* in the home: "log/00000000.log" */
    struct sha256 hash;
    uint64_t bytes;
    bool sealed; /* a segment that was not the last: it changes by erasures only */
};
struct manifest {
    uint8_t log_id[BACKUP_LOG_ID_BYTES];
    uint64_t entries;
    struct text node, made; /* for people */
    struct backup_file *files;
    size_t count, cap;
    struct arena arena; /* of the texts */
};
void manifest_init(struct manifest *m);
void manifest_done(struct manifest *m);
/* The name is copied. ERR_NOMEM */
MUST_CHECK enum err manifest_add(struct manifest *m, const struct backup_file *f);
const struct backup_file *manifest_find(const struct manifest *m, struct text name); /* NULL */
void manifest_write(const struct manifest *m, struct buffer *out);
/* Foreign bytes: names are those a home can have, each once; numbers in range. *ret is to be given to
 * manifest_done(). ERR_MALFORMED | ERR_VERSION | ERR_LIMIT | ERR_NOMEM */
MUST_CHECK enum err manifest_parse(struct text t, struct manifest *ret, struct fault *reterr);
