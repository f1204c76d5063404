/* desk/describe_inside.h - what the files describe*.c share. */
#pragma once
#include "desk/describe.h"
#include "model/ident.h"

/* One object being told. */
struct telling {
    struct description *d;
    const struct json_val *object;
    const struct describe_with *with;
    struct describe_section *to;
    struct text told[160]; /* members that need no further line */
    size_t told_count;
};
/* A top-level member, in the wanted language where there is one. */
const struct json_val *describe_get(const struct telling *t, const char *name);
struct text describe_text(const struct telling *t, const char *name);
void describe_told(struct telling *t, const char *name);
void describe_value(const struct telling *t, const struct json_val *v, bool refs, struct buffer *out);

enum describe_how { DESCRIBE_PLAIN, DESCRIBE_REF, DESCRIBE_LIST }; /* LIST: a line an element, references by name */
struct describe_row {
    const char *member, *as;
    enum describe_how how;
};
/* describe_types.c: members of a type in the order in which people want them. */
const struct describe_row *describe_rows(struct text type, size_t *ret_count);
const struct describe_row *describe_common_rows(size_t *ret_count);
/* describe_sentences.c: what is better said than listed; marks what it told. */
void describe_sentences(struct telling *t);
