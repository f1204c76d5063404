/* command/table.h - a table for people: columns as wide as they must be, one header line. */
#pragma once
#include "command/session.h"

#define TABLE_COLUMNS_MAX 12

struct table {
    struct session *s;
    size_t columns;
    const char *heads[TABLE_COLUMNS_MAX];
    struct buffer cells; /* sized texts, row by row */
    size_t cell_count;
};

/* heads end with NULL and must outlive the table. */
void table_begin(struct table *t, struct session *s, const char *const *heads);
void table_cell(struct table *t, struct text cell); /* control characters become '?' */
void table_cellf(struct table *t, const char *format, ...) PRINTF_LIKE(2, 3);
/* Prints and frees; without a row `none` is said instead (NULL: nothing). */
void table_end(struct table *t, const char *none);
