/* exchange/taxii_pull.c - takes all pages after a cursor (TAXII 2.1 sections 3.5 and 5.4).
 *
 * Invariants: 1. The cursor moves only over what is durable here. 2. Whatever a server says, a pull ends: each page
 * either brings something new, or moves a date, or is one of at most PULL_STALE_MAX. 3. Dates that a server repeats
 * or rounds lose nothing: the next question starts before the coarsest date they may stand for; what comes twice is
 * unchanged. */
#include <string.h>

#include "exchange/pull_page.h"

#define PULL_LIMIT     TAXII_PAGE_MAX
#define PULL_PAGES_MAX 100000 /* of one pull: a hundred million objects; the next pull goes on */
#define PULL_STALE_MAX 20     /* pages in a row that bring nothing new and no later date */

struct pull {
    struct node *node;
    struct http_client *http;
    const struct taxii_remote *remote;
    struct text key;
    const struct intake_options *intake;
    struct pull_cursor cursor, saved;
    uint32_t limit;
    unsigned stale;
    bool resumed; /* the cursor's `next` is of an earlier pull: the server may have forgotten it */
    bool done;
    struct taxii_pulled pulled;
};

/* ---- the question ---- */

/* A server that writes whole seconds or milliseconds may have added more within them. */
static struct stamp before_rounding(struct stamp last)
{
    int64_t us = stamp_us(last);
    if (last.ns == 0)
        return stamp_from_us(us - 1000000, 6);
    if (last.ns % 1000000 == 0)
        return stamp_from_us(us - 1000, 6);
    return last.digits < 6 ? stamp_from_us(us, 6) : last;
}

static void write_question(const struct pull *p, struct buffer *url)
{
    char text[STAMP_TEXT_MAX], digits[16];
    struct buffer limit;
    remote_url(p->remote, "collections/", url);
    buffer_add(url, p->remote->collection);
    buffer_add(url, TEXT("/objects/"));
    buffer_init(&limit, sizeof digits);
    buffer_addf(&limit, "%u", (unsigned)p->limit);
    remote_parameter(url, true, "limit", buffer_text(&limit));
    buffer_done(&limit);
    if (p->cursor.has_after)
        remote_parameter(url, false, "added_after", stamp_format(p->cursor.after, text));
    if (p->cursor.next[0])
        remote_parameter(url, false, "next", text_of(p->cursor.next));
}

/* Its `next` is worth nothing any more (medallion keeps it for half a minute): back to dates, just before the last
 * page's end, since more objects may bear its date. */
static void forget_next(struct pull *p)
{
    p->cursor.next[0] = 0;
    p->resumed = false;
    if (!p->cursor.has_last)
        return;
    struct stamp before = stamp_from_us(stamp_us(p->cursor.last) - 1, 6);
    if (!p->cursor.has_after || stamp_cmp(before, p->cursor.after) > 0) {
        p->cursor.after = before;
        p->cursor.has_after = true;
    }
}

static enum err ask(struct pull *p, struct http_answer *ret, struct fault *reterr)
{
    for (;;) {
        struct buffer url;
        int status;
        buffer_init(&url, URL_MAX_BYTES + 4 * PULL_NEXT_MAX);
        write_question(p, &url);
        enum err e = remote_get(p->http, p->remote, &url, ret, &status, reterr);
        buffer_done(&url);
        bool forgotten = e == ERR_UNREACHABLE && p->resumed && status >= 400 && status < 500 && status != 401 &&
                         status != 403 && status != 429;
        if (forgotten)
            forget_next(p);
        else if (e == ERR_LIMIT && p->limit > 1)
            p->limit = p->limit > 10 ? p->limit / 10 : 1;
        else
            return e == ERR_LIMIT ? fault_set(reterr, ERR_UNREACHABLE, "one object alone is larger than %zu MiB",
                                              REMOTE_ANSWER_MAX_BYTES / MIB)
                                  : e;
    }
}

/* ---- the page ---- */

static enum err on_envelope(void *self, const struct record_envelope *e, struct fault *reterr)
{
    struct pull_page *page = self;
    enum err kept = reader_envelope_keep(e, &page->envelope, reterr);
    page->read = kept == OK;
    return kept;
}

static void add_totals(struct pull *p, const struct intake_totals *one)
{
    struct intake_totals t = *one, *all = &p->pulled.totals;
    all->format = t.format;
    all->read += t.read;
    all->fresh += t.fresh;
    all->updated += t.updated;
    all->unchanged += t.unchanged;
    all->rejected += t.rejected;
    all->claims += t.claims;
    all->older += t.older;
    all->conflicts += t.conflicts;
    all->quarantined += t.quarantined;
    all->renditions += t.renditions;
    all->at = t.at ? t.at : all->at;
    all->whole = t.whole;
}

/* Envelope and objects by one reader; of a page that is here already, the envelope alone. */
static enum err take_in(struct pull *p, struct pull_page *page, bool *ret_news, struct fault *reterr)
{
    struct intake_totals t = {0};
    struct fault why = {.offset = -1, .line = -1};
    enum err e = OK;
    *ret_news = false;
    if (p->cursor.has_page && sha256_eq(&page->hash, &p->cursor.page)) {
        e = pull_page_read(page, p->intake->cancel, &why);
    } else if (!page->read) {
        struct intake_options options = *p->intake;
        options.format = READER_STIX;
        options.on_envelope = on_envelope;
        options.self = page;
        e = intake_run(p->node, page->fd, &options, &t, &why);
        add_totals(p, &t);
    }
    *ret_news = t.fresh + t.updated > 0;
    if (e == ERR_MALFORMED)
        return fault_set(reterr, ERR_UNREACHABLE, "its answer cannot be taken in: %.160s", why.what);
    if (e && reterr)
        *reterr = why;
    return e;
}

static enum err liar(struct fault *reterr, const char *why)
{
    return fault_set(reterr, ERR_UNREACHABLE, "it says that there is more, but %s", why);
}

/* Where to go on from when more was promised. */
static enum err step(struct pull *p, const struct pull_page *page, struct fault *reterr)
{
    struct pull_cursor *c = &p->cursor;
    if (!page->envelope.objects)
        return liar(reterr, "its page is empty");
    if (page->envelope.next[0]) {
        bool again = strcmp(page->envelope.next, c->next) == 0; /* medallion's names the session and stays the same */
        if (again && c->has_page && sha256_eq(&page->hash, &c->page))
            return liar(reterr, "its `next` leads to the same page");
        memcpy(c->next, page->envelope.next, sizeof c->next);
        return OK;
    }
    if (!page->has_last)
        return liar(reterr, "gives neither `next` nor X-TAXII-Date-Added-Last to go on from");
    if (c->has_after && stamp_cmp(page->last, c->after) <= 0)
        return liar(reterr, "its dates do not move");
    c->after = page->last;
    c->has_after = true;
    c->next[0] = 0;
    return OK;
}

static void finish(struct pull *p, const struct pull_page *page)
{
    struct pull_cursor *c = &p->cursor;
    p->done = true;
    c->next[0] = 0;
    bool known = page->has_last || c->has_last;
    if (!known)
        return; /* no dates at all: the next pull asks for everything again */
    struct stamp from = before_rounding(page->has_last ? page->last : c->last);
    if (!c->has_after || stamp_cmp(from, c->after) > 0) {
        c->after = from;
        c->has_after = true;
    }
}

/* Something new, or a later date, is progress. */
static enum err count_progress(struct pull *p, const struct pull_page *page, bool news, struct fault *reterr)
{
    bool later = page->has_last && (!p->cursor.has_last || stamp_cmp(page->last, p->cursor.last) > 0);
    p->stale = news || later ? 0 : p->stale + 1;
    return p->stale > PULL_STALE_MAX ? liar(reterr, "sends what we have, page after page") : OK;
}

static enum err take_page(struct pull *p, const struct http_answer *a, struct fault *reterr)
{
    struct pull_page page;
    bool news;
    enum err e = pull_page_open(a, &page, reterr);
    if (e)
        return e;
    e = take_in(p, &page, &news, reterr);
    if (e == OK && page.envelope.more)
        e = count_progress(p, &page, news, reterr);
    if (e == OK && page.envelope.more)
        e = step(p, &page, reterr);
    if (e == OK) {
        p->pulled.pages++;
        p->pulled.objects += page.envelope.objects;
        if (page.envelope.objects) {
            p->cursor.page = page.hash;
            p->cursor.has_page = true;
        }
        if (page.has_last) {
            p->cursor.last = page.last;
            p->cursor.has_last = true;
        }
        if (!page.envelope.more)
            finish(p, &page);
    }
    pull_page_close(&page);
    return e;
}

static enum err keep_cursor(struct pull *p, struct fault *reterr)
{
    if (pull_cursor_same(&p->cursor, &p->saved))
        return OK; /* nothing new: nothing to make durable */
    enum err e = pull_cursor_save(node_local(p->node), p->key, &p->cursor, reterr);
    if (e == OK)
        p->saved = p->cursor;
    return e;
}

enum err taxii_pull(struct node *node, struct http_client *http, const struct taxii_remote *remote,
                    struct text cursor_key, const struct intake_options *intake, struct taxii_pulled *ret,
                    struct fault *reterr)
{
    struct pull p = {
        .node = node, .http = http, .remote = remote, .key = cursor_key, .intake = intake, .limit = PULL_LIMIT};
    enum err e = pull_cursor_load(node_local(node), cursor_key, &p.cursor, reterr);
    p.saved = p.cursor;
    p.resumed = p.cursor.next[0] != 0;
    while (e == OK && !p.done && p.pulled.pages < PULL_PAGES_MAX) {
        struct http_answer a = {0};
        if (intake->cancel && atomic_load(intake->cancel)) {
            e = fault_set(reterr, ERR_CANCELLED, "stopped");
            break;
        }
        e = ask(&p, &a, reterr);
        if (e)
            break;
        p.resumed = false;
        e = take_page(&p, &a, reterr);
        http_answer_done(&a);
        if (e == OK)
            e = keep_cursor(&p, reterr);
    }
    *ret = p.pulled;
    return e;
}
