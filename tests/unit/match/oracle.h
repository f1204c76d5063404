/* unit/match/oracle.h - what a line hits, by definition: asked value by value, with regular expressions and inet_pton
 * where the scanner has tables, and none of its code but value_normalise(). Slow on purpose. */
#pragma once
#include "model/value.h"

struct oracle_value {
    enum value_kind kind;
    char text[512]; /* normal form, NUL-terminated */
};

void oracle_value_init(struct oracle_value *v, const char *raw);

#define ORACLE_READINGS_MAX 256

struct oracle_line {
    struct oracle_reading {
        char *text; /* owned, NUL-terminated; NULs inside are possible */
        size_t len;
        bool first, percent, lone_url;
    } readings[ORACLE_READINGS_MAX];
    size_t count;
};

/* All ways to read a line. False when there are too many. */
bool oracle_line_init(struct oracle_line *l, struct text line);
void oracle_line_done(struct oracle_line *l);
bool oracle_hits(const struct oracle_line *l, const struct oracle_value *v);
