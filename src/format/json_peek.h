/* format/json_peek.h - the names at the top of a JSON document that has only begun, to tell what it is. Nothing is
 * checked here: the document is parsed when it is read. */
#pragma once
#include "format/format.h"

struct json_peek {
    struct text rest;
    bool whole; /* nothing follows `rest` */
    bool begun;
};
enum json_peeked {
    PEEK_NAME, /* there is one */
    PEEK_CUT,  /* more bytes are needed to say */
    PEEK_END   /* the object ended, or this is no JSON object (nor a list of them) */
};
/* Of the first object: the document itself, or the first of a list. */
struct json_peek json_peek_of(const struct format_head *h);
/* The next of its members: the name as it is written, and the value's first bytes: whole unless it is a list or an
 * object, of which its first bytes up to where the head ends. */
enum json_peeked json_peek_next(struct json_peek *p, struct text *ret_name, struct text *ret_value);
/* The value is the string. */
bool json_peek_is(struct text value, struct text string);
