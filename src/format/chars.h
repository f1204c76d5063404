/* format/chars.h - ASCII characters as values and prose use them; others are in none of these. */
#pragma once
#include "base/text.h"

static inline bool char_is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static inline bool char_is_alpha(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static inline bool char_is_upper(char c)
{
    return (unsigned char)(c - 'A') < 26;
}

static inline bool char_is_alnum(char c)
{
    return char_is_digit(c) || char_is_alpha(c);
}

static inline bool char_is_hex(char c)
{
    return char_is_digit(c) || (unsigned char)((c | 0x20) - 'a') < 6;
}

/* Of a domain's label. */
static inline bool char_is_label(char c)
{
    return char_is_alnum(c) || c == '-' || c == '_';
}

static inline bool char_is_host(char c)
{
    return char_is_label(c) || c == '.';
}

static inline bool char_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static inline char char_lower(char c)
{
    return (char)(char_is_upper(c) ? c | 0x20 : c);
}
