/* match/archive_inside.h - the form of an archive's file, shared by archive_write.c and archive_read.c
 * (docs/FORMAT-archive.md):
 *
 *   head   8 bytes "EntLog\r\n", u32 version, u32 features that a reader must know
 *   parts  packed blocks, then the search structure of these blocks: one blockset for each enum key_set
 *   table  what the file is, its parts, its blocks
 *   tail   u64 table's offset, u64 its length, u64 its XXH3, 8 bytes "EntLogT\n" */
#pragma once
#include "match/archive.h"
#include "match/blockset.h"
#include "match/keys.h"

#define ARCHIVE_HEAD          "EntLog\r\n"
#define ARCHIVE_TAIL          "EntLogT\n"
#define ARCHIVE_VERSION       2
#define ARCHIVE_WITHOUT_WORDS 1 /* the version before: still read */
#define ARCHIVE_FEATURES      0 /* known here */
#define ARCHIVE_HEAD_SIZE     16
#define ARCHIVE_TAIL_SIZE     32
#define ARCHIVE_CUT_SHORT     1 /* of the table's flags */

/* Bytes of a row of the table. */
#define ARCHIVE_BLOCK_ROW  64
#define ARCHIVE_PART_ROW   (16 + 12 * KEY_SETS)
#define ARCHIVE_PART_ROW_1 24 /* of version 1 */

/* A table of 2^22 blocks is one of 4 TB of logs. */
#define ARCHIVE_TABLE_MAX ((size_t)320 << 20)
/* Keys of one part: a part ends early when lines are made of nothing but names. */
#define ARCHIVE_PART_KEYS ((size_t)4 << 20)

/* What one set of a part's search structure says: a bit for each block, also beyond those there are. ERR_MALFORMED */
MUST_CHECK enum err archive_query_ask(const struct archive_query *q, enum key_set set, struct cursor *c,
                                      uint64_t *ret_blocks);
/* Is anything looked for in this set? */
bool archive_query_wants(const struct archive_query *q, enum key_set set);
/* Does the version's search structure say nothing about something that is looked for? Then every block can hold it.
 */
bool archive_query_beyond(const struct archive_query *q, unsigned version);
