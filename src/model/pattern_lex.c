/* model/pattern_lex.c - takes a pattern apart into words: white space and comments between them, the constants of
 * section 9.2 checked and read. Keywords are upper case, `true` and `false` lower case. */
#include "model/pattern_lex.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "model/pattern_hint.h"

static const char CONSTANTS[] = "STIX 2.1 9.2";

#define INTEGER_MAX ((int64_t)9007199254740991) /* 2^53 - 1, section 2.10 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static char peek(const struct pattern_lexer *l, size_t ahead)
{
    return ahead < l->in.len - l->at ? l->in.ptr[l->at + ahead] : '\0';
}

static enum err lex_fault(const struct pattern_lexer *l, size_t at, const char *what)
{
    return fault_at(l->fault, ERR_MALFORMED, (int64_t)at, CONSTANTS, "pattern, column %zu: %s", at + 1, what);
}

/* Bytes of the white space at t's start: code points with the property White_Space (section 9.1). */
static size_t blank_len(struct text t)
{
    const unsigned char *p = (const unsigned char *)t.ptr;

    if (t.len >= 1 && ((p[0] >= 0x09 && p[0] <= 0x0d) || p[0] == 0x20))
        return 1;
    if (t.len >= 2 && p[0] == 0xc2 && (p[1] == 0x85 || p[1] == 0xa0))
        return 2;
    if (t.len < 3)
        return 0;
    if (p[0] == 0xe2 && p[1] == 0x80)
        return (p[2] >= 0x80 && p[2] <= 0x8a) || p[2] == 0xa8 || p[2] == 0xa9 || p[2] == 0xaf ? 3 : 0;
    if ((p[0] == 0xe1 && p[1] == 0x9a && p[2] == 0x80) || (p[0] == 0xe2 && p[1] == 0x81 && p[2] == 0x9f) ||
        (p[0] == 0xe3 && p[1] == 0x80 && p[2] == 0x80))
        return 3;
    return 0;
}

static enum err skip_block_comment(struct pattern_lexer *l)
{
    struct text rest = text_sub(l->in, l->at + 2, l->in.len);
    ptrdiff_t end = text_find_text(rest, TEXT("*/"));

    if (end < 0)
        return lex_fault(l, l->at, "a comment without its end");
    l->at += (size_t)end + 4;
    return OK;
}

static void skip_line(struct pattern_lexer *l)
{
    while (l->at < l->in.len && peek(l, 0) != '\n' && peek(l, 0) != '\r')
        l->at++;
}

static enum err skip_blanks(struct pattern_lexer *l)
{
    while (l->at < l->in.len) {
        size_t blank = blank_len(text_sub(l->in, l->at, 3));

        if (blank > 0) {
            l->at += blank;
        } else if (peek(l, 0) == '/' && peek(l, 1) == '/') {
            skip_line(l);
        } else if (peek(l, 0) == '/' && peek(l, 1) == '*') {
            enum err err = skip_block_comment(l);

            if (err)
                return err;
        } else {
            break;
        }
    }
    return OK;
}

/* l->at is at the opening apostrophe: finds the closing one. */
static enum err quoted_take(struct pattern_lexer *l, struct text *ret, size_t *ret_escapes)
{
    size_t start = l->at + 1, at = start, escapes = 0;

    while (at < l->in.len && l->in.ptr[at] != '\'') {
        if (l->in.ptr[at] == '\\') {
            char next = at + 1 < l->in.len ? l->in.ptr[at + 1] : '\0';

            if (next != '\'' && next != '\\')
                return lex_fault(l, at, "only \\' and \\\\ are escapes; write \\\\ for a backslash");
            escapes++;
            at++;
        }
        at++;
    }
    if (at >= l->in.len)
        return lex_fault(l, l->at, "a quoted text without its closing apostrophe");
    *ret = text_sub(l->in, start, at - start);
    *ret_escapes = escapes;
    l->at = at + 1;
    return OK;
}

static enum err lex_string(struct pattern_lexer *l, struct pattern_literal *ret)
{
    struct text raw;
    size_t escapes, to = 0;
    enum err err = quoted_take(l, &raw, &escapes);
    char *copy;

    if (err)
        return err;
    ret->kind = LITERAL_STRING;
    ret->text = raw;
    if (escapes == 0)
        return OK;
    copy = arena_alloc(l->arena, raw.len - escapes + 1);
    if (!copy)
        return ERR_NOMEM;
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.ptr[i] == '\\')
            i++;
        copy[to++] = raw.ptr[i];
    }
    ret->text = (struct text){copy, to};
    return OK;
}

static bool hex_valid(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = (char)(t.ptr[i] | 0x20);

        if (!is_digit(t.ptr[i]) && (c < 'a' || c > 'f'))
            return false;
    }
    return t.len % 2 == 0;
}

/* RFC 4648 with line feeds, which section 9.2 wants ignored. */
static bool base64_valid(struct text t)
{
    size_t digits = 0, pads = 0;

    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];

        if (c == '\n' || c == '\r')
            continue;
        if (c == '=')
            pads++;
        else if (pads > 0 || !(is_digit(c) || (is_word_start(c) && c != '_') || c == '+' || c == '/'))
            return false;
        else
            digits++;
    }
    return pads <= 2 && (digits + pads) % 4 == 0;
}

/* t'…', h'…' or b'…': l->at is at the letter. */
static enum err lex_prefixed(struct pattern_lexer *l, struct pattern_literal *ret)
{
    size_t column = l->at, escapes;
    char prefix = peek(l, 0);
    struct stamp stamp;
    enum err err;

    l->at++;
    err = quoted_take(l, &ret->text, &escapes);
    if (err)
        return err;
    if (prefix == 't') {
        ret->kind = LITERAL_TIMESTAMP;
        if (stamp_parse(ret->text, &stamp, NULL))
            return lex_fault(l, column, "t'…' holds a timestamp, YYYY-MM-DDTHH:MM:SS[.s]Z");
    } else if (prefix == 'h') {
        ret->kind = LITERAL_HEX;
        if (!hex_valid(ret->text))
            return lex_fault(l, column, "h'…' holds an even number of hexadecimal digits");
    } else {
        ret->kind = LITERAL_BINARY;
        if (!base64_valid(ret->text))
            return lex_fault(l, column, "b'…' holds base64 (RFC 4648)");
    }
    return OK;
}

static enum err read_integer(const struct pattern_lexer *l, struct text t, struct pattern_literal *ret)
{
    bool negative = t.ptr[0] == '-';
    struct text digits = text_sub(t, negative ? 1 : 0, t.len);
    int64_t value = 0;

    if (digits.len > 1 && digits.ptr[0] == '0')
        return lex_fault(l, (size_t)(t.ptr - l->in.ptr), "an integer has no leading zero");
    for (size_t i = 0; i < digits.len; i++) {
        value = value * 10 + (digits.ptr[i] - '0');
        if (value > INTEGER_MAX)
            return lex_fault(l, (size_t)(t.ptr - l->in.ptr), "an integer is within -(2^53)+1 and (2^53)-1");
    }
    ret->kind = LITERAL_INTEGER;
    ret->integer = negative ? -value : value;
    ret->number = (double)ret->integer;
    return OK;
}

static enum err read_float(const struct pattern_lexer *l, struct text t, struct pattern_literal *ret)
{
    struct text copy = arena_text(l->arena, t); /* for its NUL */

    if (!copy.ptr)
        return ERR_NOMEM;
    ret->kind = LITERAL_FLOAT;
    ret->number = strtod(copy.ptr, NULL);
    if (!isfinite(ret->number))
        return lex_fault(l, (size_t)(t.ptr - l->in.ptr), "a number beyond IEEE 754 double precision");
    return OK;
}

static enum err lex_number(struct pattern_lexer *l, struct pattern_literal *ret)
{
    size_t start = l->at, whole;
    bool real;

    if (peek(l, 0) == '-')
        l->at++;
    whole = l->at;
    while (is_digit(peek(l, 0)))
        l->at++;
    real = peek(l, 0) == '.' && is_digit(peek(l, 1));
    if (!real && l->at == whole)
        return lex_fault(l, start, "'-' belongs to a number here");
    if (real) {
        l->at++;
        while (is_digit(peek(l, 0)))
            l->at++;
    }
    ret->text = text_sub(l->in, start, l->at - start);
    return real ? read_float(l, ret->text, ret) : read_integer(l, ret->text, ret);
}

static enum pattern_token_kind keyword(struct text word)
{
    static const struct {
        struct text word;
        enum pattern_token_kind kind;
    } keywords[] = {
        {{"AND", 3}, TOKEN_AND},           {{"OR", 2}, TOKEN_OR},
        {{"NOT", 3}, TOKEN_NOT},           {{"FOLLOWEDBY", 10}, TOKEN_FOLLOWEDBY},
        {{"LIKE", 4}, TOKEN_LIKE},         {{"MATCHES", 7}, TOKEN_MATCHES},
        {{"ISSUBSET", 8}, TOKEN_ISSUBSET}, {{"ISSUPERSET", 10}, TOKEN_ISSUPERSET},
        {{"EXISTS", 6}, TOKEN_EXISTS},     {{"IN", 2}, TOKEN_IN},
        {{"START", 5}, TOKEN_START},       {{"STOP", 4}, TOKEN_STOP},
        {{"SECONDS", 7}, TOKEN_SECONDS},   {{"WITHIN", 6}, TOKEN_WITHIN},
        {{"REPEATS", 7}, TOKEN_REPEATS},   {{"TIMES", 5}, TOKEN_TIMES},
    };

    if (word.ptr[0] < 'A' || word.ptr[0] > 'Z')
        return TOKEN_WORD;
    for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
        if (text_eq(word, keywords[i].word))
            return keywords[i].kind;
    return TOKEN_WORD;
}

static void lex_word(struct pattern_lexer *l, struct pattern_token *ret)
{
    size_t start = l->at;
    bool hyphen = false;
    struct text word;

    while (is_word_start(peek(l, 0)) || is_digit(peek(l, 0)) || peek(l, 0) == '-') {
        hyphen |= peek(l, 0) == '-';
        l->at++;
    }
    word = text_sub(l->in, start, l->at - start);
    ret->kind = hyphen ? TOKEN_HYPHEN_WORD : keyword(word);
    if (text_eq(word, TEXT("true")) || text_eq(word, TEXT("false"))) {
        ret->kind = TOKEN_LITERAL;
        ret->literal = (struct pattern_literal){.kind = LITERAL_BOOL, .text = word, .boolean = word.len == 4};
    }
}

static enum err lex_sign(struct pattern_lexer *l, struct pattern_token *ret)
{
    static const struct {
        char sign[3];
        enum pattern_token_kind kind;
    } signs[] = {
        {"==", TOKEN_EQ},    {"!=", TOKEN_NE},    {"<>", TOKEN_NE},    {"<=", TOKEN_LE},
        {">=", TOKEN_GE},    {"=", TOKEN_EQ},     {"<", TOKEN_LT},     {">", TOKEN_GT},
        {":", TOKEN_COLON},  {".", TOKEN_DOT},    {",", TOKEN_COMMA},  {"*", TOKEN_ASTERISK},
        {"(", TOKEN_LPAREN}, {")", TOKEN_RPAREN}, {"[", TOKEN_LBRACK}, {"]", TOKEN_RBRACK},
    };

    for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
        size_t len = signs[i].sign[1] ? 2 : 1;

        if (peek(l, 0) == signs[i].sign[0] && (len == 1 || peek(l, 1) == signs[i].sign[1])) {
            ret->kind = signs[i].kind;
            l->at += len;
            return OK;
        }
    }
    return lex_fault(l, l->at, pattern_hint_character(text_sub(l->in, l->at, l->in.len)));
}

enum err pattern_lex(struct pattern_lexer *l, struct pattern_token *ret)
{
    enum err err = skip_blanks(l);
    size_t start = l->at;
    char c;

    if (err)
        return err;
    *ret = (struct pattern_token){.kind = TOKEN_END, .column = start + 1};
    if (start >= l->in.len)
        return OK;
    c = peek(l, 0);
    ret->kind = TOKEN_LITERAL;
    if (c == '\'')
        err = lex_string(l, &ret->literal);
    else if ((c == 't' || c == 'h' || c == 'b') && peek(l, 1) == '\'')
        err = lex_prefixed(l, &ret->literal);
    else if (is_digit(c) || c == '-' || (c == '.' && is_digit(peek(l, 1))))
        err = lex_number(l, &ret->literal);
    else if (is_word_start(c))
        lex_word(l, ret);
    else
        err = lex_sign(l, ret);
    ret->text = text_sub(l->in, start, l->at - start);
    return err;
}
