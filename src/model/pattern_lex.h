/* model/pattern_lex.h - the words of a STIX pattern; for model/pattern_parse.c alone. */
#pragma once
#include "model/pattern.h"

enum pattern_token_kind {
    TOKEN_END,
    TOKEN_WORD,        /* letters, digits, '_' */
    TOKEN_HYPHEN_WORD, /* with '-': an object type, no property name */
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_NOT,
    TOKEN_FOLLOWEDBY,
    TOKEN_LIKE,
    TOKEN_MATCHES,
    TOKEN_ISSUBSET,
    TOKEN_ISSUPERSET,
    TOKEN_EXISTS,
    TOKEN_IN,
    TOKEN_START,
    TOKEN_STOP,
    TOKEN_SECONDS,
    TOKEN_WITHIN,
    TOKEN_REPEATS,
    TOKEN_TIMES,
    TOKEN_LITERAL, /* a constant of section 9.2 */
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_COLON,
    TOKEN_DOT,
    TOKEN_COMMA,
    TOKEN_ASTERISK,
    TOKEN_LPAREN,
    TOKEN_RPAREN,
    TOKEN_LBRACK,
    TOKEN_RBRACK
};

struct pattern_token {
    enum pattern_token_kind kind;
    struct text text;               /* as written */
    size_t column;                  /* from 1, in bytes */
    struct pattern_literal literal; /* of TOKEN_LITERAL */
};

struct pattern_lexer {
    struct text in; /* UTF-8, checked by the caller; tokens borrow from it */
    size_t at;
    struct arena *arena; /* for strings with escapes */
    struct fault *fault; /* may be NULL */
};

/* The next token; after the last one TOKEN_END for ever.
 * ERR_MALFORMED (offset = column - 1, rule) | ERR_NOMEM */
MUST_CHECK enum err pattern_lex(struct pattern_lexer *l, struct pattern_token *ret);
