/* match/chars.h - what each byte may be part of, and what stands beside a token. */
#pragma once
#include "base/text.h"

/* Runs of host name characters are what the tokeniser walks over. Bytes from 0x80 on belong to them until it is known
 * whether they are letters or punctuation (char_is_separator). */
enum char_class {
    CHAR_DIGIT = 1,
    CHAR_HEX = 2,    /* a-f A-F */
    CHAR_LETTER = 4, /* g-z G-Z */
    CHAR_DOT = 8,
    CHAR_DASH = 16,
    CHAR_UNDER = 32,
    CHAR_HIGH = 64,  /* not ASCII */
    CHAR_RUN = 127,  /* any of them */
    CHAR_SIGN = 128, /* : @ % \ #: begins something that is looked at more closely */
};
#define CHAR_ALNUM  (CHAR_DIGIT | CHAR_HEX | CHAR_LETTER)
#define CHAR_WORD   (CHAR_ALNUM | CHAR_UNDER)
#define CHAR_XDIGIT (CHAR_DIGIT | CHAR_HEX)

extern const uint8_t char_classes[256];

static inline bool char_is(uint8_t c, unsigned classes)
{
    return (char_classes[c] & classes) != 0;
}

/* Of a host name: letters, digits, dot, hyphen, underscore. */
static inline bool char_is_name(uint8_t c)
{
    return char_is(c, CHAR_RUN & ~CHAR_HIGH);
}

static inline uint8_t char_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Ends every token and every context: white space, control characters, " < > and `. */
static inline bool char_is_hard(uint8_t c)
{
    return c <= 0x20 || c == '"' || c == '<' || c == '>' || c == '`' || c == 0x7f;
}

/* Of the part of an e-mail address before the @ (RFC 5322 atext, and the dot). */
bool char_is_local(uint8_t c);
/* Of the scheme of a URL (RFC 3986 section 3.1). */
static inline bool char_is_scheme(uint8_t c)
{
    return char_is(c, CHAR_ALNUM | CHAR_DOT | CHAR_DASH) || c == '+';
}

/* Of a hex digit: 0..15 */
static inline unsigned char_hex(uint8_t c)
{
    return (c & 15u) + (c >> 6) * 9u;
}

/* Length of the well-formed UTF-8 sequence of two or more bytes at p that is punctuation or a blank (a quotation
 * mark, a dash, a no-break space, a byte order mark); 0 for anything else: letters, and bytes that are no UTF-8. */
size_t char_separator_len(const uint8_t *p, size_t len);
bool char_is_separator(uint32_t code_point);

/* Is the character before p[at], or the one at p[at], a letter, a digit, an underscore or a letter outside ASCII? */
bool char_word_before(const uint8_t *p, size_t at);
bool char_word_at(const uint8_t *p, size_t len, size_t at);
/* The same for non-ASCII letters alone. */
bool char_high_before(const uint8_t *p, size_t at);
bool char_high_at(const uint8_t *p, size_t len, size_t at);
