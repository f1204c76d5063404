/* store/tree_file.h - one file of the tree: a checked head, then items of one size, in order. Written from the front,
 * what is behind the items that count is overwritten. For tree.c only. Format: docs/FORMAT-tree.md. */
#pragma once
#include "store/tree.h"

#define TREE_HEAD_BYTES 64u
#define TREE_PLACES     255u /* the level that view/places has in its head */
#define TREE_RUN        TREE_TILE_HASHES

struct tree_head {
    uint32_t compatible, incompatible, level;
    uint8_t log_id[LOG_ID_BYTES];
};
void tree_head_encode(const struct tree_head *h, uint8_t out[TREE_HEAD_BYTES]);
/* ERR_VERSION: damaged, of another kind, or of a newer program; *reterr says what, without naming the file. */
MUST_CHECK enum err tree_head_decode(const uint8_t in[TREE_HEAD_BYTES], struct tree_head *ret, struct fault *reterr);
/* "view/tree.0", "view/places". */
#define TREE_NAME_MAX 24
const char *tree_name(unsigned level, char out[TREE_NAME_MAX]);
size_t tree_item_bytes(unsigned level);
/* A place as it stands in view/places. */
void tree_place_encode(struct place p, uint8_t out[8]);
struct place tree_place_decode(const uint8_t in[8]);

struct tree_file {
    const struct io *io;
    char *path;
    unsigned level;
    size_t item;                          /* bytes of one */
    int fd;                               /* -1: not there (yet) */
    uint64_t count, written;              /* items; those before written are in the file */
    uint8_t run[TREE_RUN * SHA256_BYTES]; /* the items from the last multiple of TREE_RUN on */
    bool unsynced;
};

MUST_CHECK enum err tree_file_init(struct tree_file *f, const struct io *io, const char *home, unsigned level);
void tree_file_close(struct tree_file *f);
void tree_file_done(struct tree_file *f); /* closes, and frees its path */
/* ERR_NOT_FOUND | ERR_VERSION (its head) | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err tree_file_open(struct tree_file *f, bool write, const uint8_t log_id[LOG_ID_BYTES],
                                   struct fault *reterr);
/* A new, empty file in the old one's place, without its head: as long as that is missing, nobody trusts it. */
MUST_CHECK enum err tree_file_make(struct tree_file *f, struct fault *reterr);
MUST_CHECK enum err tree_file_put_head(struct tree_file *f, const uint8_t log_id[LOG_ID_BYTES], struct fault *reterr);
/* Exactly the first count items count. ERR_VERSION: there are fewer. */
MUST_CHECK enum err tree_file_trust(struct tree_file *f, uint64_t count, struct fault *reterr);
/* Appends; *ret_full: the run of TREE_RUN is full (and written): f->run has it until the next item. */
MUST_CHECK enum err tree_file_push(struct tree_file *f, const void *item, bool *ret_full, struct fault *reterr);
MUST_CHECK enum err tree_file_flush(struct tree_file *f, struct fault *reterr);
/* Copies what of items [index, index + count) is only in memory: those from *ret_from on. index + count <= f->count.
 */
void tree_file_peek(const struct tree_file *f, uint64_t index, size_t count, void *out, uint64_t *ret_from);
/* From the file alone: items that were written. ERR_IO: not there, or cut short. */
MUST_CHECK enum err tree_file_read(const struct tree_file *f, uint64_t index, size_t count, void *out,
                                   struct fault *reterr);
