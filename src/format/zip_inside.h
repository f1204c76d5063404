/* format/zip_inside.h - inside this room: what zip.c and zip_stream.c share. */
#pragma once
#include "format/part.h"

/* One gzip or zstd file: its content through feed_from.read. */
struct zip_stream;
/* Texts of the job are copied; from is used until the end. ERR_NOMEM */
MUST_CHECK enum err zip_stream_open(const struct format_job *job, struct container_budget *budget,
                                    struct zip_stream **ret);
ptrdiff_t zip_stream_read(void *self, char *to, size_t room);
/* Why it stopped early; NULL: it did not. */
const char *zip_stream_fault(const struct zip_stream *s);
void zip_stream_free(struct zip_stream *s);
bool zip_stream_claims(struct text head);
