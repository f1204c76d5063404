/* json/json.h - JSON values (RFC 8259) read with yyjson, which no other room includes.
 * A document is parsed whole and never modified; nothing of it outlives json_free().
 * Stricter than RFC 8259 where I-JSON (RFC 7493) is: UTF-8 only, no lone surrogates, no duplicate names. */
#pragma once
#include "base/buffer.h"
#include "base/text.h"

struct json_doc;
struct json_val; /* borrowed from its document; NULL stands for "not there" and every accessor takes it */

enum json_type { JSON_NONE, JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Parses the whole of t (surrounding white space allowed). Refused: duplicate names (at any depth), depth over
 * JSON_DEPTH_MAX, a byte order mark, bytes after the value.
 * OK: *ret owns the document, json_free() it. Else untouched; *reterr (may be NULL) has offset and rule.
 * ERR_MALFORMED | ERR_LIMIT | ERR_NOMEM */
MUST_CHECK enum err json_parse(struct text t, struct json_doc **ret, struct fault *reterr);
void json_free(struct json_doc *doc);
const struct json_val *json_root(const struct json_doc *doc);

enum json_type json_type(const struct json_val *v);
const struct json_val *json_get_text(const struct json_val *object, struct text name); /* NULL when not an object */
/* The same for a name of our own: inline, so that a literal's length is known when compiling. */
static inline const struct json_val *json_get(const struct json_val *object, const char *name)
{
    return json_get_text(object, (struct text){name, __builtin_strlen(name)});
}
size_t json_size(const struct json_val *v); /* members or elements; 0 otherwise */
bool json_is_string(const struct json_val *v);
struct text json_text(const struct json_val *v); /* TEXT_NONE unless a string */
bool json_bool(const struct json_val *v, bool otherwise);
bool json_i64(const struct json_val *v, int64_t *ret); /* true and *ret set if an integer in range */
bool json_f64(const struct json_val *v, double *ret);  /* any number */

/* for (struct json_iter it = json_iter_of(v); json_next(&it);) use it.key (objects) and it.val. */
struct json_iter {
    struct text key; /* members of objects only */
    const struct json_val *val;
    const struct json_val *parent;
    const void *at;
    size_t index, size; /* index counts from 0 */
};
struct json_iter json_iter_of(const struct json_val *v);
bool json_next(struct json_iter *it);

/* The value as RFC 8785 (JCS) writes it. *ret_lossy (may be NULL) becomes true when a number could not be kept
 * exactly (beyond IEEE 754 double, or an integer over 2^53), so that the caller keeps the original too.
 * Errors stick in out. */
void json_canonical(const struct json_val *v, struct buffer *out, bool *ret_lossy);

/* ---- writing: appends to a buffer, commas by itself, errors stick in the buffer ---- */
struct json_out {
    struct buffer *to;
    uint64_t more; /* one bit a level: a comma is due */
    uint8_t depth;
};
struct json_out json_out_to(struct buffer *to);
void json_open(struct json_out *o, char bracket);  /* '{' or '[' */
void json_close(struct json_out *o, char bracket); /* '}' or ']' */
void json_key(struct json_out *o, struct text name);
void json_put_text(struct json_out *o, struct text v); /* escaped as RFC 8785 section 3.2.2.2 does */
void json_put_i64(struct json_out *o, int64_t v);
void json_put_f64(struct json_out *o, double v); /* ECMAScript form; non-finite gives null */
void json_put_bool(struct json_out *o, bool v);
void json_put_null(struct json_out *o);
void json_put_raw(struct json_out *o, struct text json); /* already JSON */
/* key and value at once */
void json_member_text(struct json_out *o, const char *name, struct text v);
void json_member_text_or_null(struct json_out *o, const char *name, struct text v); /* null when empty */
void json_member_i64(struct json_out *o, const char *name, int64_t v);
void json_member_bool(struct json_out *o, const char *name, bool v);
void json_member_raw(struct json_out *o, const char *name, struct text json);
