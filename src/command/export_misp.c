/* export --as misp and --as misp-feed: all that may go is collected, events are made of it, what stands in them is
 * recorded as released, and only then is the first byte written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "command/export_inside.h"
#include "format/misp_out.h"

#define LOSSES_SHOWN 20

struct misp_job {
    struct export_job *j;
    struct page_item *items; /* ours */
    size_t count, cap;
    size_t bytes;
    int64_t since_us;
    struct buffer events, manifest, hashes;
    size_t *ends; /* of each event in `events`; 0 bytes: not wanted */
    struct misp_out *out;
    uint64_t losses;
};

static void forget(struct misp_job *m)
{
    for (size_t i = 0; i < m->count; i++)
        cleared_free(m->items[i].cleared);
    m->count = m->bytes = 0;
    misp_out_free(m->out);
    m->out = NULL;
    free(m->ends);
    m->ends = NULL;
    buffer_clear(&m->events);
    buffer_clear(&m->manifest);
    buffer_clear(&m->hashes);
}

static enum err keep_batch(void *self, struct export *x, struct export_batch *b, struct fault *reterr)
{
    struct misp_job *m = self;
    (void)x;
    if (cancelled(m->j->s))
        return fault_set(reterr, ERR_CANCELLED, "stopped");
    for (size_t i = 0; i < b->count; i++) {
        if (m->count == m->cap) {
            size_t cap = m->cap ? 2 * m->cap : 1024;
            struct page_item *more = reallocarray(m->items, cap, sizeof *more);
            if (!more)
                return ERR_NOMEM;
            m->items = more;
            m->cap = cap;
        }
        m->bytes += cleared_body(b->items[i].cleared).len;
        if (m->bytes > EXPORT_HELD_MAX_BYTES)
            return fault_set(reterr, ERR_LIMIT,
                             "more than 1 GiB for one export of events: --since takes less at once");
        m->items[m->count++] = b->items[i];
        b->items[i].cleared = NULL;
    }
    return OK;
}

/* ---- the events ---- */

static void on_lost(void *self, struct text id, const char *what)
{
    struct misp_job *m = self;
    struct session *s = m->j->s;
    if (m->losses++ < LOSSES_SHOWN)
        complain(s, TEXT_FMT ": %s", TEXT_ARG(id), what);
}

/* An event is written whole, or not at all: --since asks for those with something new. */
static bool is_new(void *self, size_t nth)
{
    const struct misp_job *m = self;
    return m->items[nth].date_us > m->since_us;
}

static enum err make_events(struct misp_job *m, bool feed)
{
    const struct fact_genesis *g = node_genesis(m->j->s->node);
    const struct misp_out_options options = {.producer = g->name,
                                             .producer_id = g->identity,
                                             .now_us = clock_now_us(),
                                             .feed = feed,
                                             .on_lost = on_lost,
                                             .self = m};
    enum err e = misp_out_new(&options, &m->out);
    for (size_t i = 0; i < m->count && !e; i++)
        e = misp_out_add(m->out, m->items[i].cleared);
    if (!e)
        e = misp_out_plan(m->out);
    size_t count = e ? 0 : misp_out_count(m->out);
    m->ends = calloc(count + 1, sizeof *m->ends);
    if (!e && !m->ends)
        e = ERR_NOMEM;
    buffer_add_char(&m->manifest, '{');
    for (size_t i = 0; i < count && !e; i++) {
        m->ends[i] = m->events.len;
        if (!misp_out_any(m->out, i, is_new, m))
            continue;
        if (m->manifest.len > 1)
            buffer_add(&m->manifest, TEXT(",\n"));
        e = misp_out_event(m->out, i, &m->events, &m->manifest, &m->hashes);
        m->ends[i] = m->events.len;
    }
    buffer_add(&m->manifest, TEXT("}\n"));
    return e;
}

static enum err record_written(struct misp_job *m, struct export *x, struct export_batch *batch, struct fault *reterr)
{
    struct page_item *gone = reallocarray(NULL, m->count + 1, sizeof *gone);
    size_t count = 0;
    if (!gone)
        return ERR_NOMEM;
    for (size_t i = 0; i < m->count; i++)
        if (misp_out_wrote(m->out, i))
            gone[count++] = m->items[i];
    enum err e = export_record(x, batch, gone, count, reterr);
    m->j->written = count;
    free(gone);
    return e;
}

/* ---- writing ---- */

static bool write_file(struct misp_job *m, const char *name, struct text before, struct text t, struct text after)
{
    struct export_file f;
    bool fine = export_file_begin(&f, m->j->s, name) && export_file_write(&f, before) && export_file_write(&f, t) &&
                export_file_write(&f, after) && export_file_commit(&f);
    if (name)
        export_file_drop(&f);
    m->j->files += fine;
    return fine;
}

static struct text event_text(const struct misp_job *m, size_t i)
{
    size_t from = i ? m->ends[i - 1] : 0;
    return text_sub(buffer_text(&m->events), from, m->ends[i] - from);
}

struct belonging {
    struct uuid *list; /* sorted */
    size_t count;
};

static int by_uuid(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

static bool belongs(void *self, const struct uuid *event)
{
    const struct belonging *b = self;
    return b->count && bsearch(event, b->list, b->count, sizeof *event, by_uuid);
}

/* Files of events that are none any more, of those too that --since has not written anew. */
static bool prune(struct misp_job *m)
{
    struct belonging b = {.count = misp_out_count(m->out)};
    b.list = calloc(b.count + 1, sizeof *b.list);
    if (!b.list)
        return false;
    for (size_t i = 0; i < b.count; i++)
        b.list[i] = *misp_out_uuid(m->out, i);
    if (b.count > 1)
        qsort(b.list, b.count, sizeof *b.list, by_uuid);
    bool fine = export_out_prune(m->j->s, belongs, &b);
    free(b.list);
    return fine;
}

/* Manifest last: a consumer that reads it finds all that it names. What no longer belongs to the feed goes behind it,
 * so that no manifest ever names a file that is not there. */
static bool write_folder(struct misp_job *m, bool feed)
{
    char uuid[UUID_TEXT_MAX], name[UUID_TEXT_MAX + 8];
    bool fine = true;
    for (size_t i = 0; i < misp_out_count(m->out) && fine; i++) {
        if (!event_text(m, i).len)
            continue;
        snprintf(name, sizeof name, TEXT_FMT ".json", TEXT_ARG(uuid_format(misp_out_uuid(m->out, i), uuid)));
        fine = write_file(m, name, TEXT_NONE, event_text(m, i), TEXT("\n"));
    }
    if (fine && feed)
        fine = write_file(m, "hashes.csv", TEXT_NONE, buffer_text(&m->hashes), TEXT_NONE) &&
               write_file(m, "manifest.json", TEXT_NONE, buffer_text(&m->manifest), TEXT_NONE) && prune(m);
    return fine;
}

static bool write_one(struct misp_job *m)
{
    struct buffer all;
    buffer_init(&all, EXPORT_HELD_MAX_BYTES * 2);
    for (size_t i = 0; i < misp_out_count(m->out); i++) {
        if (all.len && event_text(m, i).len)
            buffer_add(&all, TEXT(",\n"));
        buffer_add(&all, event_text(m, i));
    }
    bool fine = !buffer_error(&all) &&
                write_file(m, export_out_name(m->j->s), TEXT("{\"response\":["), buffer_text(&all), TEXT("]}\n"));
    buffer_done(&all);
    return fine;
}

static enum err write_events(void *self, struct export *x, struct export_batch *none, struct fault *reterr)
{
    struct misp_job *m = self;
    bool feed = strcmp(m->j->as, "misp-feed") == 0;
    enum err e = make_events(m, feed);
    if (!e)
        e = record_written(m, x, none, reterr);
    if (e)
        forget(m); /* it may be tried again */
    /* No event is left for it, and some stood in the folder. */
    bool emptied = feed && !e && !misp_out_count(m->out) && export_out_holds(m->j->s, "manifest.json");
    if (e || (!m->j->written && !emptied))
        return e;
    bool fine = export_out_is_folder(m->j->s) ? write_folder(m, feed) : write_one(m);
    return fine ? OK : ERR_IO;
}

int export_misp(struct export_job *j)
{
    struct misp_job m = {.j = j, .since_us = j->wanted.since_us};
    struct export x = {
        .node = j->s->node, .wanted = &j->wanted, .on_batch = keep_batch, .on_end = write_events, .self = &m};
    bool feed = strcmp(j->as, "misp-feed") == 0;
    if (feed && j->s->output_fd < 0) {
        complain(j->s, "--as misp-feed is a folder: --out FOLDER");
        return EXIT_USAGE;
    }
    j->wanted.since_us = INT64_MIN;
    buffer_init(&m.events, EXPORT_HELD_MAX_BYTES);
    buffer_init(&m.manifest, EXPORT_HELD_MAX_BYTES);
    buffer_init(&m.hashes, EXPORT_HELD_MAX_BYTES);
    int code = export_job_run(j, &x);
    if (m.losses > LOSSES_SHOWN)
        complain(j->s, "and %llu more that MISP has no place for", (unsigned long long)(m.losses - LOSSES_SHOWN));
    forget(&m);
    free(m.items);
    buffer_done(&m.events);
    buffer_done(&m.manifest);
    buffer_done(&m.hashes);
    return code;
}
