/* format/text_chars.h - a document's characters, whatever its encoding: UTF-8, UTF-16 with a byte order mark, and
 * where neither fits Windows-1252, byte by byte; each with its place. And what a character stands for in a value:
 * ligatures, full-width forms, typographic quotes and blanks as ASCII, what has no width left out. */
#pragma once
#include "json/feed.h"

enum {
    TEXT_UNDONE = 1, /* as REFANG_UNDONE: the character stands for another */
    TEXT_LINK = 2    /* an attribute of a tag, not shown */
};
struct text_char {
    uint32_t code; /* Unicode */
    uint8_t flags;
    uint64_t at;           /* byte offset in the document */
    uint32_t line, column; /* from 1, in characters */
};

enum text_encoding { TEXT_UTF8, TEXT_UTF16_LE, TEXT_UTF16_BE };
struct text_decoder {
    struct feed feed;
    enum text_encoding encoding;
    uint32_t line, column;
    bool begun, broke; /* the last character ended its line */
};

/* `head`: bytes already taken off it. ERR_NOMEM; text_decoder_done() is to be called all the same. */
MUST_CHECK enum err text_decoder_init(struct text_decoder *d, struct feed_from from, struct text head);
void text_decoder_done(struct text_decoder *d);
/* false: the end, or d->feed.err. */
bool text_decoder_next(struct text_decoder *d, struct text_char *ret);
/* A document that begins so can be decoded: text in one of the encodings, no program or picture. */
bool text_decodable(struct text head);

#define TEXT_FOLDED_MAX 4
/* What c stands for, as bytes (UTF-8); 0: nothing. *flags is added to. */
size_t text_fold(uint32_t code, char out[TEXT_FOLDED_MAX], uint8_t *flags);
