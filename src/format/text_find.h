/* format/text_find.h - values in refanged text: where one begins and ends, joined over line breaks. Whether it is an
 * indicator is not asked here (text_judge.h). */
#pragma once
#include "base/buffer.h"
#include "format/refang.h"
#include "model/value.h"

#define FIND_AHEAD_MAX  (6 * KIB) /* bytes looked at behind the beginning of a value */
#define FIND_BEHIND_MAX 256       /* and before it */

enum find_what {
    FIND_NOTHING,
    FIND_VALUE,
    FIND_VULNERABILITY, /* CVE-2026-1234 */
    FIND_TECHNIQUE,     /* T1059.001, TA0001 of ATT&CK */
    FIND_NAME           /* looks like a domain and ends in no top-level domain: "setup.exe" */
};
struct found {
    enum find_what what;
    enum value_kind kind;
    size_t from, upto;
    bool undone;  /* it was defanged */
    bool assumed; /* a host with a path: "http://" is put before it */
};
/* What begins at i, where no value's character stands before. `value` becomes its normal form, or its name. Returns
 * where to look on, behind i. Looks at FIND_AHEAD_MAX bytes at most. */
size_t find_at(const struct refanged *t, size_t i, struct buffer *value, struct found *ret);

/* ---- for text_find*.c ---- */
static inline char find_byte(const struct refanged *t, size_t i)
{
    return i < t->len ? t->bytes[i] : '\0';
}
/* Where the text goes on behind a line break at i (blanks before it skipped): behind marks of quotes and indents. i
 * itself: no line ends there, or nothing follows. */
size_t find_next_line(const struct refanged *t, size_t i);
/* A URL's scheme and "://" stand at i: behind it; else i. */
size_t find_scheme(const struct refanged *t, size_t i);
/* What ends at the first non-label, with its dots and hyphens. */
size_t find_host_end(const struct refanged *t, size_t i);
/* These three: the value's end, its raw text in `raw`; or `i`. */
size_t find_url(const struct refanged *t, size_t i, struct buffer *raw);
size_t find_hash(const struct refanged *t, size_t i, struct buffer *raw);
/* It can be the last label of a host on the Internet. */
bool find_is_tld(struct text host);
