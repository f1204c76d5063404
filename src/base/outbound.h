/* base/outbound.h - the only thing net/ can send. Opaque here: made by release/ alone (base/outbound_make.h). */
#pragma once
#include "base/text.h"

struct outbound;

int outbound_status(const struct outbound *o);             /* HTTP status of an answer; 0 for a request */
struct text outbound_media_type(const struct outbound *o); /* may be empty */
struct text outbound_body(const struct outbound *o);       /* borrowed, lives as long as o */
size_t outbound_header_count(const struct outbound *o);
/* Further header i: name and value, both NUL-terminated inside. */
void outbound_header(const struct outbound *o, size_t i, struct text *ret_name, struct text *ret_value);
void outbound_free(struct outbound *o); /* accepts NULL */
