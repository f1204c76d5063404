/* Whole documents as lists of records, for the programs of this room. */
#pragma once
#include "format/csv_indicators.h"
#include "format/stix.h"

struct records {
    struct buffer bytes; /* what r borrows from */
    struct record *r;
    size_t count; /* the last one is the RECORD_END */
    size_t objects, rejected;
    const struct record_end *end;
};

/* The document lies in `head` and then in fd (-1: nothing more). Fails the test when records do not decode. */
struct records stix_records(int fd, struct text head, uint8_t tlp);
struct records csv_records(int fd, struct text head, const struct csv_indicators_options *options);
/* The nth object or refusal, from 0; fails the test when there is none. */
const struct record_object *object_at(const struct records *r, size_t n);
const struct record_rejected *rejected_at(const struct records *r, size_t n);
void records_done(struct records *r);
/* tests/data/<name>, to be freed. */
char *sample(const char *name, size_t *ret_len);
