/* match/pack_inside.h - form 2 of a packed block: its lines taken apart into columns.
 *
 * A line is separators and tokens (pack_split.c). Tokens that look like values are taken out; what is left, with the
 * class of each token where it stood, is the line's shape. Lines of one shape are rows, their tokens columns, and
 * each column is written in the way that suits it (pack_columns.c): an address as four numbers, a time as numbers
 * that differ little, a hash as bits. Order of the streams:
 *   meta   shapes, and how each column is written       zstd
 *   rows   the shape of each line, numbers of a byte    zstd
 *   text   what is text                                 zstd
 *   bits   numbers of few bits                          as they are */
#pragma once
#include <zstd.h>

#include "base/limits.h"
#include "match/bits.h"
#include "match/pack.h"
#include "match/pack_masks.h"

#define PACK_SHAPES_MAX  255
#define PACK_COLUMNS_MAX 128
#define PACK_SHAPE_MAX   2048                     /* bytes of one */
#define PACK_TOKENS_MAX  (PACK_MAX_BYTES / 2 + 1) /* a separator or newline stands between two */
#define PACK_DIGITS_MAX  18                       /* of a number */
#define PACK_STREAM_MAX  (2 * PACK_MAX_BYTES)

/* In a shape, where a token stood. */
enum pack_class {
    PACK_TEXT = 1,
    PACK_NUMBER,  /* decimal, without leading zeros */
    PACK_DIGITS,  /* any other digits */
    PACK_QUAD,    /* four numbers up to 255 */
    PACK_DECIMAL, /* digits, a dot, digits; a number in front without leading zeros */
    PACK_CLASSES
};

/* How a column is written. Numbers are part of the format. */
enum pack_column {
    COLUMN_CONST = 1, /* meta: sized text */
    COLUMN_SAME,      /* as column n of the same rows */
    COLUMN_NUMBER,    /* numbers */
    COLUMN_DECIMAL,   /* digits behind the dot; numbers without the dot */
    COLUMN_QUAD,      /* four times numbers */
    COLUMN_LAYOUT,    /* sized text; its digits are one number */
    COLUMN_PARTS,     /* sized text; each run of its digits is one number */
    COLUMN_HEX,       /* sized prefix, digits: four bits a digit, lower case */
    COLUMN_FIXED,     /* length: text of that length, without ends */
    COLUMN_LINES,     /* text ended by newlines */
};

/* How numbers are written. */
enum pack_numbers {
    NUMBERS_CONST = 1, /* u64 */
    NUMBERS_BITS,      /* least, u8 bits: what is above the least */
    NUMBERS_STEPS,     /* first, least step, u8 bits: steps, what is above the least */
    NUMBERS_LIST,      /* u8 count, so many u64; u8 bits: places in it */
    NUMBERS_BYTES,     /* least: what is above it, a byte of rows each */
    NUMBERS_LIST_BYTES /* u8 count, so many u64: places in it, a byte of rows each */
};

struct token {
    uint32_t at, len;
};

struct shape {
    uint32_t at, len; /* in packer.shapes_text, or of meta */
    uint32_t rows, columns;
    uint32_t first; /* of its rows in packer.order; of its tokens while it is read */
    uint64_t hash;
};

struct packer {
    ZSTD_CCtx *in;
    ZSTD_DCtx *out;
    char *lines; /* PACK_MAX_BYTES */
    /* a block taken apart */
    uint8_t classes[256];
    enum masks_way way;
    struct pack_masks *masks; /* of a line */
    struct token *tokens;     /* PACK_TOKENS_MAX */
    uint8_t *line_shapes;     /* shape of each line */
    uint32_t *line_tokens;    /* its first token */
    uint32_t *order;          /* the same, lines of one shape together */
    struct token *cells;      /* of a column; PACK_TOKENS_MAX */
    size_t token_count, line_count;
    struct shape shapes[PACK_SHAPES_MAX];
    size_t shape_count;
    uint16_t slots[1024]; /* shapes by hash; number + 1 */
    struct buffer shapes_text;
    uint64_t *numbers; /* of a column, and what they are parts of: twice PACK_TOKENS_MAX */
    char *values;      /* PACK_MAX_BYTES: tokens that are written anew when a block is read */
    struct buffer meta, rows, text, bits;
};

/* ---- pack_split.c ---- */
void pack_classes_init(uint8_t classes[256]);
/* Takes a block apart. False where it cannot: the block is packed whole then. */
bool pack_split(struct packer *p, struct text lines);

/* ---- pack_columns.c: fills the four streams ---- */
void pack_columns(struct packer *p, struct text lines);

/* ---- pack_rows.c: and back, out of streams with BITS_PAD readable behind bits. len: of the lines, which go to
 * p->lines. ERR_MALFORMED */
struct pack_streams {
    struct text meta, rows, text, bits;
};
MUST_CHECK enum err pack_rows(struct packer *p, const struct pack_streams *in, size_t len);
