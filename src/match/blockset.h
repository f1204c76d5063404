/* match/blockset.h - a sorted set of numbers, each with the blocks it stands in: the archive's search structure.
 * Some 12 to 20 bits a number. Format: docs/FORMAT-archive.md */
#pragma once
#include "base/buffer.h"
#include "base/cursor.h"

/* Blocks of one set: a bit each in an answer. */
#define BLOCKSET_BLOCKS     64
#define BLOCKSET_BLOCK_BITS 6
/* Bits of a hashed number beyond those that tell the set's own numbers apart: a number that is not there is taken for
 * one that is once in 2^BLOCKSET_SURE_BITS times, and then costs as many blocks as that one stands in: some ten. A
 * thousand numbers over the 150 sets of 10 GB cost some hundred and fifty blocks read in vain. */
#define BLOCKSET_SURE_BITS 13

/* pairs: a number above the lowest BLOCKSET_BLOCK_BITS, which are its block; in any order, repeated as may be; sorted
 * and used up (spare: as much room). bits: of a number. sure: for hashed numbers, bits that are kept beyond those
 * that tell them apart (one that is not there is taken for one that is once in 2^sure times); 0: all. Errors stick in
 * out. */
void blockset_write(uint64_t *pairs, uint64_t *spare, size_t count, unsigned bits, unsigned sure, struct buffer *out);

struct blockset {
    const uint8_t *groups, *stream; /* borrowed */
    size_t group_count, stream_bits;
    unsigned dropped; /* lowest bits of a number that are not kept */
    unsigned bits;    /* that are */
};
/* Takes one set off the cursor, whose error sticks; bytes are borrowed for as long as it is used. Any bytes are safe;
 * what they mean is up to a checksum. */
void blockset_read(struct cursor *c, struct blockset *ret);
/* The blocks that hold a number of [low, high] (of those asked about, in full length); all bits where the set is
 * damaged. */
uint64_t blockset_find(const struct blockset *set, uint64_t low, uint64_t high);
