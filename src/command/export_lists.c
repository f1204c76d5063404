/* export --as stix and --as csv: one file, page by page; a release is recorded before its bytes are written. */
#include "command/export_inside.h"
#include "format/bundle_write.h"
#include "format/csv_write.h"

struct stix_job {
    struct export_job *j;
    struct bundle_write bundle;
};

static enum err stix_batch(void *self, struct export *x, struct export_batch *b, struct fault *reterr)
{
    struct stix_job *w = self;
    enum err e = export_record(x, b, b->items, b->count, reterr);
    for (size_t i = 0; e == OK && i < b->count; i++)
        bundle_write_one(&w->bundle, b->items[i].cleared, &w->j->bytes);
    w->j->written += e ? 0 : b->count;
    return e ? e : export_job_flush(w->j, reterr);
}

static enum err stix_end(void *self, struct export *x, struct export_batch *none, struct fault *reterr)
{
    struct stix_job *w = self;
    (void)x, (void)none;
    bundle_write_end(&w->bundle, &w->j->bytes);
    return export_job_flush(w->j, reterr);
}

int export_stix(struct export_job *j)
{
    struct stix_job w = {.j = j};
    struct export x = {
        .node = j->s->node, .wanted = &j->wanted, .on_batch = stix_batch, .on_end = stix_end, .self = &w};
    return export_job_run(j, &x);
}

/* What has no row is no release: it is put behind what has. */
static enum err csv_batch(void *self, struct export *x, struct export_batch *b, struct fault *reterr)
{
    struct export_job *j = self;
    size_t kept = 0;
    enum err e = OK;
    if (!j->begun)
        csv_write_header(&j->bytes);
    size_t header = j->bytes.len;
    for (size_t i = 0; e == OK && i < b->count; i++) {
        size_t rows;
        e = csv_write_one(b->items[i].cleared, &j->bytes, &rows);
        struct page_item item = b->items[i];
        if (rows) {
            b->items[i] = b->items[kept];
            b->items[kept++] = item;
        }
    }
    if (e == OK)
        e = export_record(x, b, b->items, kept, reterr);
    if (e)
        return e;
    j->written += kept;
    j->left_out += b->count - kept;
    if (j->bytes.len == header)
        buffer_clear(&j->bytes);
    return export_job_flush(j, reterr);
}

int export_csv(struct export_job *j)
{
    struct export x = {.node = j->s->node, .wanted = &j->wanted, .on_batch = csv_batch, .self = j};
    return export_job_run(j, &x);
}
