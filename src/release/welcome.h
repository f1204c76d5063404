/* release/welcome.h - inside this room: the page that a browser sees at `/`. */
#pragma once
#include "release/outbound.h"

/* HTML with the fields name, version and uptime_s, which were checked against the table. Errors stick in out. */
void welcome_write(const struct page_field *fields, size_t count, struct buffer *out);
