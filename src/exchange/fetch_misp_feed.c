/* exchange/fetch_misp_feed.c - a MISP feed: a folder on a web server with a manifest and a file for each event. Which
 * of them are wanted is desk/misp_feed.h's; a manifest that did not change costs one request. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "desk/misp_feed.h"
#include "exchange/fetch_url.h"

#define MANIFEST "manifest.json"

struct feed_look {
    struct fetch *f;
    struct fetch_known known;
    struct http_answer manifest; /* its headers */
    struct sha256 hash;
    bool unchanged;
};

static enum err get_file(struct feed_look *d, const char *name, int fd, struct fault *reterr)
{
    struct fetch *f = d->f;
    const bool manifest = strcmp(name, MANIFEST) == 0;
    const struct fetch_known none = {.has_hash = false};
    const struct http_auth auth = fetch_auth(f);
    struct outbound *request = NULL;
    struct http_answer a = {0};
    const char *url = arena_printf(&f->arena, TEXT_FMT "%s%s", TEXT_ARG(f->source.place),
                                   text_ends(f->source.place, TEXT("/")) ? "" : "/", name);
    enum err e = url ? fetch_known_question(manifest ? &d->known : &none, &request) : ERR_NOMEM;
    if (e == OK)
        e = http_fetch(f->http, "GET", url, TEXT("application/json"), &auth, request, fd, FETCH_DOCUMENT_MAX_BYTES,
                       &a, reterr);
    outbound_free(request);
    d->unchanged = e == OK && manifest && a.status == 304;
    if (e == OK && (a.status == 404 || a.status == 410))
        e = fault_set(reterr, manifest ? ERR_UNREACHABLE : ERR_NOT_FOUND, "HTTP %d: there is no %s", a.status, name);
    else if (e == OK && a.status != 200)
        e = fetch_refused(a.status, reterr);
    if (e == OK && manifest)
        e = fetch_hash(fd, &d->hash, reterr);
    if (e == OK && lseek(fd, 0, SEEK_SET) != 0)
        e = fault_errno(reterr, "reading what was fetched");
    if (manifest) {
        memcpy(d->manifest.etag, a.etag, sizeof a.etag);
        memcpy(d->manifest.last_modified, a.last_modified, sizeof a.last_modified);
    }
    http_answer_done(&a);
    return e;
}

static enum err get(void *self, const char *name, int *ret_fd, struct fault *reterr)
{
    struct feed_look *d = self;
    int fd = -1;
    enum err e = fetch_file(d->f, &fd, reterr);
    if (e)
        return e;
    e = get_file(d, name, fd, reterr);
    if (e)
        close(fd);
    else
        *ret_fd = fd;
    return e;
}

static void on_event(void *self, const char *name, enum err err, const struct intake_totals *totals,
                     const struct fault *fault)
{
    struct feed_look *d = self;
    (void)totals;
    d->f->result->documents++;
    if (err && err != ERR_CANCELLED)
        snprintf(d->f->result->words, sizeof d->f->result->words, "%.60s: %.170s", name,
                 fault && fault->what[0] ? fault->what : err_name(err));
}

enum err fetch_misp_feed(struct fetch *f, struct fault *reterr)
{
    struct feed_look d = {.f = f};
    const struct intake_options intake = fetch_intake(f);
    const struct misp_feed_from from = {.get = get, .self = &d};
    const struct misp_feed_options options = {.intake = &intake, .on_event = on_event, .self = &d};
    struct misp_feed_totals totals = {0};
    enum err e = fetch_known_load(f, &d.known, reterr);
    if (e)
        return e;
    e = misp_feed_run(f->node, &from, &options, &totals, reterr);
    if (d.unchanged) {
        f->result->unchanged_documents++;
        return OK;
    }
    fetch_add_totals(f, &totals.sum);
    f->result->unchanged_documents += totals.held;
    if (e == ERR_MALFORMED)
        return fault_set(reterr, ERR_UNREACHABLE, "its " MANIFEST " is none");
    /* One that was not to be had is asked for again: its manifest must not count as read. */
    return e || totals.broken ? e : fetch_known_save(f, &d.manifest, &d.hash, reterr);
}
