/* command/show.h - a description laid out for a terminal: sections, names in a column, long values wrapped. */
#pragma once
#include "command/session.h"
#include "desk/describe.h"

/* Columns of the terminal: $COLUMNS, else the terminal's own, else 100; 40 at least. */
size_t show_width(const struct session *s);
/* Cleans every text (clean_for_people) and prints. `id` stands under the title. */
void show_description(struct session *s, const struct description *d, struct text id, size_t width);
