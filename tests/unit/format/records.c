#include "records.h"

#include <stdio.h>

#include "base/limits.h"
#include "support/scratch.h"
#include "support/test.h"

static void decode(struct records *r)
{
    struct cursor c;
    struct record one;
    enum err e;
    cursor_init(&c, buffer_text(&r->bytes));
    while (!(e = record_next(&c, &one))) {
        r->r = realloc(r->r, (r->count + 1) * sizeof *r->r);
        assert_non_null(r->r);
        r->r[r->count++] = one;
        r->objects += one.kind == RECORD_OBJECT;
        r->rejected += one.kind == RECORD_REJECTED;
    }
    assert_err(e, ERR_NOT_FOUND);
    assert_true(r->count > 0 && r->r[r->count - 1].kind == RECORD_END);
    r->end = &r->r[r->count - 1].u.end;
}

struct records stix_records(int fd, struct text head, uint8_t tlp)
{
    struct records r = {0};
    struct stix_reader *reader;
    enum err e;
    buffer_init(&r.bytes, 1 * GIB);
    assert_ok(stix_reader_open((struct feed_from){.fd = fd}, head, tlp, &reader));
    while (!(e = stix_reader_next(reader, &r.bytes)))
        ;
    assert_err(e, ERR_NOT_FOUND);
    stix_reader_free(reader);
    decode(&r);
    return r;
}

struct records csv_records(int fd, struct text head, const struct csv_indicators_options *options)
{
    static const struct csv_indicators_options none;
    struct records r = {0};
    struct csv_indicators *reader;
    enum err e;
    buffer_init(&r.bytes, 1 * GIB);
    assert_ok(csv_indicators_open((struct feed_from){.fd = fd}, head, options ? options : &none, &reader));
    while (!(e = csv_indicators_next(reader, &r.bytes)))
        ;
    assert_err(e, ERR_NOT_FOUND);
    csv_indicators_free(reader);
    decode(&r);
    return r;
}

static const struct record *of_kind(const struct records *r, enum record_kind kind, size_t n)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->r[i].kind == kind && n-- == 0)
            return &r->r[i];
    fail_msg("no such record");
    return NULL;
}

const struct record_object *object_at(const struct records *r, size_t n)
{
    return &of_kind(r, RECORD_OBJECT, n)->u.object;
}

const struct record_rejected *rejected_at(const struct records *r, size_t n)
{
    return &of_kind(r, RECORD_REJECTED, n)->u.rejected;
}

void records_done(struct records *r)
{
    free(r->r);
    buffer_done(&r->bytes);
}

char *sample(const char *name, size_t *ret_len)
{
    char path[SCRATCH_PATH_MAX];
    snprintf(path, sizeof path, "data/%s", name);
    char *content = scratch_read(test_path(path), ret_len);
    if (!content)
        fail_msg("no %s", path);
    return content;
}
