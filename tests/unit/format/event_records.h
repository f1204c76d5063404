/* Documents of reported events as records, and records as text, for the programs of this room. */
#pragma once
#include "format/format.h"
#include "records.h"

/* The document lies in `head` and then in what `from` gives. */
struct records format_records(const struct format *f, struct feed_from from, struct text head);
/* The same of a document with a name, and with field maps. */
struct records format_records_named(const struct format *f, struct text document, struct text name,
                                    struct text rules);
/* A line for each thing said; to be compared with tests/data/<name>.records. Rewritten there with ENTENTE_GOLDEN=1 in
 * the environment. */
void assert_golden(const struct format *f, const char *name);
/* The nth event, or piece told as lost, from 0. */
const struct record_event *event_at(const struct records *r, size_t n);
const struct record_lost *lost_at(const struct records *r, size_t n);
