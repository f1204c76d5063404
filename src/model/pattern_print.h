/* model/pattern_print.h - the canonical text of a parse tree. Pure. */
#pragma once
#include "model/pattern.h"

/* Writes p as section 9 wants it, with one blank between words and no parenthesis too many: parsing it again gives
 * the same tree. Numbers lose zeros that say nothing, hex constants are lower case, binary ones lose line feeds;
 * timestamps stay as written. Takes trees that pattern_parse() made. Errors stick in out. */
void pattern_print(const struct pattern_node *p, struct buffer *out);

/* Its parts, for who writes something like a pattern (model/pattern_equal.c). */
void pattern_print_path(const struct pattern_node *comparison, struct buffer *out); /* type:property.name[*] */
void pattern_print_text(struct text t, struct buffer *out);                         /* in apostrophes, escaped */
void pattern_print_number(double number, struct buffer *out);                       /* shortest, no exponent */
void pattern_print_literal(const struct pattern_literal *l, struct buffer *out);
