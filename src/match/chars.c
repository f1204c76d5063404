/* match/chars.c - the class table and the few questions about neighbours. */
#include "match/chars.h"

#include <string.h>

/* clang-format off */
#define D CHAR_DIGIT
#define H CHAR_HEX
#define L CHAR_LETTER
#define S CHAR_SIGN
#define X CHAR_HIGH, CHAR_HIGH, CHAR_HIGH, CHAR_HIGH
#define N X, X, X, X
const uint8_t char_classes[256] = {
    ['0'] = D, D, D, D, D, D, D, D, D, D,
    ['A'] = H, H, H, H, H, H, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
    ['a'] = H, H, H, H, H, H, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
    ['.'] = CHAR_DOT, ['-'] = CHAR_DASH, ['_'] = CHAR_UNDER,
    [':'] = S, ['@'] = S, ['%'] = S, ['\\'] = S, ['#'] = S,
    [0x80] = N, N, N, N, N, N, N, N,
};
#undef D
#undef H
#undef L
#undef S
#undef X
#undef N
/* clang-format on */

bool char_is_local(uint8_t c)
{
    return char_is(c, CHAR_ALNUM) || (c != 0 && strchr(".!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Blanks, quotation marks, dashes and signs of the blocks where texts in practice take them from; a whole table of
 * Unicode categories would not make this less of a choice. */
bool char_is_separator(uint32_t c)
{
    if (c >= 0x80 && c <= 0xBF)
        return c != 0xAA && c != 0xB5 && c != 0xBA;
    return c == 0xD7 || c == 0xF7 ||       /* multiplication and division sign */
           (c >= 0x2000 && c <= 0x206F) || /* General Punctuation */
           (c >= 0x2190 && c <= 0x2BFF) || /* arrows, technical, box drawing, shapes */
           (c >= 0x3000 && c <= 0x3004) || (c >= 0x3008 && c <= 0x3020) || c == 0x3030 || /* CJK punctuation */
           (c >= 0xFF01 && c <= 0xFF0F) || (c >= 0xFF1A && c <= 0xFF20) || (c >= 0xFF3B && c <= 0xFF3D) ||
           (c >= 0xFF5B && c <= 0xFF65) ||                /* the same in full width */
           c == 0xFEFF || (c >= 0x1F300 && c <= 0x1FAFF); /* byte order mark; pictures */
}

/* One sequence of RFC 3629; 0 when it is none. */
static size_t decode(const uint8_t *p, size_t len, uint32_t *ret)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] >= 0xC2 && p[0] < 0xE0   ? 2
               : p[0] >= 0xE0 && p[0] < 0xF0 ? 3
               : p[0] >= 0xF0 && p[0] < 0xF5 ? 4
                                             : 0;
    if (n == 0 || n > len)
        return 0;
    uint32_t c = p[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3F);
    }
    if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return 0;
    *ret = c;
    return n;
}

size_t char_separator_len(const uint8_t *p, size_t len)
{
    uint32_t c;
    size_t n = len ? decode(p, len, &c) : 0;
    return n && char_is_separator(c) ? n : 0;
}

bool char_high_before(const uint8_t *p, size_t at)
{
    if (at == 0 || p[at - 1] < 0x80)
        return false;
    for (size_t n = 2; n <= 4 && n <= at; n++)
        if (char_separator_len(p + at - n, n) == n)
            return false;
    return true;
}

bool char_high_at(const uint8_t *p, size_t len, size_t at)
{
    return at < len && p[at] >= 0x80 && char_separator_len(p + at, len - at) == 0;
}

bool char_word_before(const uint8_t *p, size_t at)
{
    return at > 0 && (char_is(p[at - 1], CHAR_WORD) || char_high_before(p, at));
}

bool char_word_at(const uint8_t *p, size_t len, size_t at)
{
    return at < len && (char_is(p[at], CHAR_WORD) || char_high_at(p, len, at));
}
