/* json/split.h - takes a huge JSON document apart element by element without holding it: memory is bounded by the
 * largest element. Finds the array member `name` of the top-level object (a STIX bundle's "objects"), or the
 * elements of a top-level array, or gives a single other value whole. Only structure is looked at here (brackets,
 * strings); each element is parsed by json_parse() afterwards. Further top-level objects or arrays, each beginning on
 * a line of its own, are taken the same way; after a single object on one line every further line is an element
 * (newline-delimited JSON).
 * State: START -> ENVELOPE -> ELEMENTS -> TAIL -> BETWEEN -> END, START again, or LINES; FAILED from any. */
#pragma once
#include "json/feed.h"

struct json_split;

/* name NUL-terminated. max_element_bytes: a longer element is passed over, reported as ERR_LIMIT by
 * json_split_next() and does not end the reading. The fd is borrowed and read from where it stands; -1: only what
 * is pushed. ERR_NOMEM */
MUST_CHECK enum err json_split_open(int fd, const char *name, size_t max_element_bytes, struct json_split **ret);
MUST_CHECK enum err json_split_open_from(struct feed_from from, const char *name, size_t max_element_bytes,
                                         struct json_split **ret);
/* Bytes already taken off the descriptor (to detect a format): they come first. Before the first next. ERR_NOMEM */
MUST_CHECK enum err json_split_push(struct json_split *s, struct text bytes);
void json_split_free(struct json_split *s);

/* The next element. OK: *ret_element is borrowed until the next call, *ret_offset its first byte's offset in the
 * input. ERR_NOT_FOUND: the document ended well, nothing is left. ERR_LIMIT: one element was passed over,
 * *ret_offset says where; go on. ERR_MALFORMED (truncated, or not JSON): everything before was given; final.
 * ERR_IO | ERR_NOMEM: final. */
MUST_CHECK enum err json_split_next(struct json_split *s, struct text *ret_element, int64_t *ret_offset,
                                    struct fault *reterr);
/* A top-level object that held the array, at its end. `members`: the others, as json_split_envelope() gives them;
 * borrowed until the callback returns. */
struct json_split_top {
    int64_t at;           /* its first byte's offset */
    int64_t line, column; /* from 1 */
    uint64_t elements;    /* of the array */
    bool left_out;        /* some of `members` were too long */
    struct text members;
};
typedef void json_split_on_top(void *self, const struct json_split_top *top);
/* Before the first next: tells of each such object (there may be several), and counts lines. */
void json_split_watch(struct json_split *s, json_split_on_top *on_top, void *self);
/* Line and column (in bytes), both from 1, of the element just given or of the fault that ended the reading; only
 * where json_split_watch() was asked for. Offsets must not go back. */
void json_split_place(struct json_split *s, int64_t offset, int64_t *ret_line, int64_t *ret_column);
/* What of the input is at hand, and the offset of its first byte. Borrowed until the next call. */
struct text json_split_window(const struct json_split *s, int64_t *ret_from);
/* The element just given stands in a top-level array, or alone: not in an object's. */
bool json_split_alone(const struct json_split *s);
/* The other members of the top-level object seen so far ("id", "type", ...), as one JSON object text of at most
 * 64 KiB (larger ones are left out). Borrowed. */
struct text json_split_envelope(const struct json_split *s);
/* True once the document was an object with the array `name`, or an array. False: it was a single value. */
bool json_split_found(const struct json_split *s);
uint64_t json_split_bytes(const struct json_split *s); /* read so far */
