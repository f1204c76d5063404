#include "event_records.h"

#include <stdlib.h>

#include "base/limits.h"
#include "model/marking.h"
#include "support/scratch.h"
#include "support/test.h"

static int64_t at_of(const struct record *r, int64_t before)
{
    switch (r->kind) {
    case RECORD_OBJECT: return r->u.object.at;
    case RECORD_EVENT: return r->u.event.at;
    case RECORD_LOST: return r->u.lost.at;
    case RECORD_REJECTED: return r->u.rejected.at;
    default: return before;
    }
}

static void decode(struct records *r)
{
    struct cursor c;
    struct record one;
    int64_t at = 0;
    enum err e;
    cursor_init(&c, buffer_text(&r->bytes));
    while (!(e = record_next(&c, &one))) {
        r->r = realloc(r->r, (r->count + 1) * sizeof *r->r);
        assert_non_null(r->r);
        r->r[r->count++] = one;
        r->objects += one.kind == RECORD_OBJECT;
        r->rejected += one.kind == RECORD_REJECTED;
        assert_true(at_of(&one, at) >= at);
        at = at_of(&one, at);
    }
    assert_err(e, ERR_NOT_FOUND);
    assert_true(r->count > 0 && r->r[r->count - 1].kind == RECORD_END);
    r->end = &r->r[r->count - 1].u.end;
}

static struct records records_of(const struct format *f, const struct format_job *job)
{
    struct records r = {0};
    void *reading;
    enum err e;
    buffer_init(&r.bytes, 1 * GIB);
    assert_ok(f->open(job, &reading));
    while (!(e = f->next(reading, &r.bytes)))
        ;
    assert_err(e, ERR_NOT_FOUND);
    f->free(reading);
    decode(&r);
    return r;
}

struct records format_records(const struct format *f, struct feed_from from, struct text head)
{
    return records_of(f, &(struct format_job){.from = from, .head = head, .party = TEXT("party")});
}

struct records format_records_named(const struct format *f, struct text document, struct text name, struct text rules)
{
    return records_of(f, &(struct format_job){.from = {.fd = -1}, .head = document, .name = name, .rules = rules});
}

static const struct record *of_kind(const struct records *r, enum record_kind kind, size_t n)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->r[i].kind == kind && n-- == 0)
            return &r->r[i];
    fail_msg("no such record");
    return NULL;
}

const struct record_event *event_at(const struct records *r, size_t n)
{
    return &of_kind(r, RECORD_EVENT, n)->u.event;
}

const struct record_lost *lost_at(const struct records *r, size_t n)
{
    return &of_kind(r, RECORD_LOST, n)->u.lost;
}

/* ---- as text ---- */

static void say(struct buffer *to, const char *name, struct text t)
{
    if (t.len)
        buffer_addf(to, "  %s: " TEXT_FMT "\n", name, TEXT_ARG(t));
}

static void say_event(struct buffer *to, const struct record_event *e)
{
    static const char *const roles[] = {"source", "target", "other"};
    char first[STAMP_TEXT_MAX], last[STAMP_TEXT_MAX];
    struct cursor c = e->values;
    struct record_event_value v;
    buffer_addf(to, "event at %lld, line %lld\n", (long long)e->at, (long long)e->line);
    say(to, "id", e->id);
    say(to, "report", e->report);
    say(to, "type", e->type);
    say(to, "identifier", e->identifier);
    say(to, "summary", e->summary);
    say(to, "detail", e->detail);
    if (e->has_time)
        buffer_addf(to, "  time: " TEXT_FMT " " TEXT_FMT "\n",
                    TEXT_ARG(stamp_format(stamp_from_us(e->first_us, 0), first)),
                    TEXT_ARG(stamp_format(stamp_from_us(e->last_us, 0), last)));
    buffer_addf(to, "  count %llu, %s, severity %u, raw %zu bytes\n", (unsigned long long)e->count,
                tlp_name((enum tlp)e->tlp), e->severity, e->raw.len);
    while (record_next_event_value(&c, &v))
        buffer_addf(to, "  %s %s " TEXT_FMT "\n", roles[v.role], value_kind_name((enum value_kind)v.kind),
                    TEXT_ARG(v.value));
}

static void say_record(struct buffer *to, const struct record *r)
{
    switch (r->kind) {
    case RECORD_EVENT: say_event(to, &r->u.event); break;
    case RECORD_OBJECT:
        buffer_addf(to, "object at %lld\n  %s\n  " TEXT_FMT "\n", (long long)r->u.object.at,
                    tlp_name((enum tlp)r->u.object.tlp), TEXT_ARG(r->u.object.body));
        break;
    case RECORD_LOST:
        buffer_addf(to, "lost at %lld: " TEXT_FMT ": " TEXT_FMT "\n", (long long)r->u.lost.at,
                    TEXT_ARG(r->u.lost.what), TEXT_ARG(r->u.lost.reason));
        break;
    case RECORD_REJECTED:
        buffer_addf(to, "rejected at %lld: " TEXT_FMT " [" TEXT_FMT "] " TEXT_FMT "\n", (long long)r->u.rejected.at,
                    TEXT_ARG(r->u.rejected.id), TEXT_ARG(r->u.rejected.rule), TEXT_ARG(r->u.rejected.reason));
        break;
    case RECORD_END:
        buffer_addf(to, "end: %s, read %llu " TEXT_FMT "\n", err_name(r->u.end.err),
                    (unsigned long long)r->u.end.read, TEXT_ARG(r->u.end.what));
        break;
    default: fail_msg("a record that is none of ours");
    }
}

static void rewrite(const char *path, struct text t)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fwrite(t.ptr, 1, t.len, f);
    fclose(f);
}

void assert_golden(const struct format *f, const char *name)
{
    char golden[128], path[SCRATCH_PATH_MAX];
    size_t len, expected_len;
    char *document = sample(name, &len);
    struct records r = format_records(f, (struct feed_from){.fd = -1}, (struct text){document, len});
    struct buffer said;
    buffer_init(&said, 16 * MIB);
    for (size_t i = 0; i < r.count; i++)
        say_record(&said, &r.r[i]);
    assert_ok(buffer_error(&said));
    snprintf(golden, sizeof golden, "%s.records", name);
    snprintf(path, sizeof path, "data/%s", golden);
    if (getenv("ENTENTE_GOLDEN"))
        rewrite(test_path(path), buffer_text(&said));
    char *expected = sample(golden, &expected_len);
    if (!text_eq(buffer_text(&said), (struct text){expected, expected_len}))
        fail_msg("%s gives\n" TEXT_FMT, name, TEXT_ARG(buffer_text(&said)));
    free(expected);
    free(document);
    buffer_done(&said);
    records_done(&r);
}
