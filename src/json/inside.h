/* json/inside.h - what the files of this room share; no other room includes it. */
#pragma once
#include <yyjson.h>

#include "json/json.h"

/* An ECMAScript number is at most 25 bytes: sign, 17 digits, point, "e-324". */
#define NUMBER_TEXT_MAX 32

/* A json_val is a yyjson_val under another name. yyjson's readers take no const. */
static inline yyjson_val *yy(const struct json_val *v)
{
    return (yyjson_val *)(uintptr_t)v;
}

static inline const struct json_val *from_yy(const yyjson_val *v)
{
    return (const struct json_val *)v;
}

static inline struct text yy_text(const yyjson_val *v)
{
    return (struct text){v->uni.str, unsafe_yyjson_get_len((void *)(uintptr_t)v)};
}

/* RFC 8785 section 3.2.3: names are sorted by their UTF-16 code units. */
int json_name_cmp(struct text a, struct text b);
/* The same order of yyjson keys, for qsort over an array of pointers. */
int json_key_cmp(const void *a, const void *b);

/* The number a raw JSON number text (NUL-terminated, as yyjson keeps it) stands for, to the nearest double.
 * false: beyond the largest double. */
bool number_read(const char *raw, double *ret);
/* An integer as written, or a number without a fraction up to 2^53: 7, -7, 7.0, 70e-1. */
bool number_read_i64(struct text raw, int64_t *ret);
/* RFC 8785 section 3.2.2.3, ECMAScript's Number::toString. v finite. Returns the length. */
size_t number_write(double v, char out[NUMBER_TEXT_MAX]);
/* The raw number as RFC 8785 writes it. *ret_lossy becomes true if the decimal value is another one thereby; a number
 * beyond the largest double has no such form and stays as it is. */
void number_canonical(struct text raw, struct buffer *out, bool *ret_lossy);

/* The string in quotes, escaped as RFC 8785 section 3.2.2.2 says; `before` (0: none) stands in front of it and
 * `after` (0: none) behind. Errors stick in out. */
void string_write(struct buffer *out, char before, struct text t, char after);
