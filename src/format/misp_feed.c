/* format/misp_feed.c - see misp_feed.h. */
#include "format/misp_feed.h"

#include <stdlib.h>

#include "format/misp_inside.h"
#include "json/split.h"

struct manifest {
    struct json_split *split;
    struct json_doc *doc;
    struct json_iter iter;
    int64_t at;
    uint64_t read;
    bool begun, ended;
};

static void free_manifest(void *self)
{
    struct manifest *f = self;
    if (!f)
        return;
    json_free(f->doc);
    json_split_free(f->split);
    free(f);
}

static enum err open_manifest(const struct format_job *job, void **ret)
{
    struct manifest *f = calloc(1, sizeof *f);
    if (!f)
        return ERR_NOMEM;
    enum err e = json_split_open_from(job->from, "", MISP_EVENT_MAX_BYTES, &f->split);
    if (!e)
        e = json_split_push(f->split, job->head);
    if (e) {
        free_manifest(f);
        return e;
    }
    *ret = f;
    return OK;
}

static enum err end(struct manifest *f, enum err err, const char *what, struct buffer *to)
{
    const struct record_end e = {
        .err = (uint8_t)err, .at = (int64_t)json_split_bytes(f->split), .read = f->read, .what = text_of(what)};
    f->ended = true;
    record_add_end(to, &e);
    return buffer_error(to);
}

static enum err begin(struct manifest *f, struct buffer *to)
{
    struct text text;
    struct fault why = {.offset = -1, .line = -1};
    f->begun = true;
    enum err e = json_split_next(f->split, &text, &f->at, &why);
    if (!e)
        e = json_parse(text, &f->doc, &why);
    if (e == ERR_NOMEM)
        return e;
    if (e)
        return end(f, e == ERR_IO ? e : ERR_MALFORMED, why.what[0] ? why.what : "the manifest is empty", to);
    if (json_type(json_root(f->doc)) != JSON_OBJECT)
        return end(f, ERR_MALFORMED, "a manifest is an object of events by their uuids", to);
    f->iter = json_iter_of(json_root(f->doc));
    return OK;
}

static enum err entry(struct manifest *f, struct buffer *to)
{
    struct uuid uuid;
    struct stamp when;
    char id[IDENT_TEXT_MAX], version[STAMP_TEXT_MAX];
    f->read++;
    if (uuid_parse(f->iter.key, &uuid) != OK || json_type(f->iter.val) != JSON_OBJECT) {
        const struct record_rejected r = {.at = f->at,
                                          .line = -1,
                                          .rule = TEXT("MISP feed"),
                                          .reason = TEXT("an entry of the manifest that is no uuid and its event")};
        record_add_rejected(to, &r);
        return buffer_error(to);
    }
    struct record_element e = {.at = f->at, .id = ident_format(TEXT("report"), &uuid, id)};
    if (misp_epoch(f->iter.val, "timestamp", &when))
        e.version = stamp_format(when, version);
    record_add_element(to, &e);
    return buffer_error(to);
}

static enum err next_entry(void *self, struct buffer *to)
{
    struct manifest *f = self;
    if (f->ended)
        return ERR_NOT_FOUND;
    if (!f->begun)
        return begin(f, to);
    return json_next(&f->iter) ? entry(f, to) : end(f, OK, NULL, to);
}

static enum format_claim claim(const struct format_head *h)
{
    struct text t = text_trim(h->bytes);
    return text_eq(h->name, TEXT("manifest.json")) && t.len > 0 && t.ptr[0] == '{' ? FORMAT_YES : FORMAT_NO;
}

const struct format FORMAT_MISP_FEED = {"misp-feed", false, claim, open_manifest, next_entry, free_manifest};
