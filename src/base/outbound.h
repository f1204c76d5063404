/* base/outbound.h - the only thing net/ can send. Opaque here: made by release/ alone (base/outbound_make.h). */
#pragma once
#include "base/buffer.h"

struct outbound;

int outbound_status(const struct outbound *o);             /* HTTP status of an answer; 0 for a request */
struct text outbound_media_type(const struct outbound *o); /* may be empty */
struct text outbound_body(const struct outbound *o);       /* borrowed, lives as long as o */
size_t outbound_header_count(const struct outbound *o);
/* Further header i: name and value, both NUL-terminated inside. */
void outbound_header(const struct outbound *o, size_t i, struct text *ret_name, struct text *ret_value);
/* The body in gzip, when somebody has made it: what is sent to many is packed once. Borrowed; empty: not yet. */
struct text outbound_gzip(const struct outbound *o);
/* Keeps it from now on and gives it back; takes the buffer's memory. Thread-safe: the first one stays. TEXT_NONE: no
 * memory. */
struct text outbound_keep_gzip(struct outbound *o, struct buffer *gzip);
void outbound_free(struct outbound *o); /* accepts NULL */
