/* release/welcome.h - inside this room: the pages of pages.c that a browser sees. */
#pragma once
#include "release/outbound.h"

/* HTML with fields that were checked against the table. Errors stick in out. */
void welcome_write(const struct page_field *fields, size_t count, struct buffer *out);
void refusal_write(const struct page_field *fields, size_t count, struct buffer *out);
