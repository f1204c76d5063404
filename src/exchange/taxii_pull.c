/* exchange/taxii_pull.c - takes all pages after a cursor (TAXII 2.1 sections 3.5 and 5.4).
 *
 * Invariants: 1. The cursor moves only over what is durable here. 2. Whatever a server says, a pull ends: pages that
 * bring nothing new must be others each time (a server without dates is walked through from its start), empty ones
 * are few, and a turn has an end. 3. Dates that a server repeats or rounds lose nothing: the next question starts
 * before the coarsest date they may stand for; what comes twice is unchanged. Where a server leaves no way to ask for
 * all, that is said. 4. A date in the future moves no cursor: what comes in the meantime would never be asked for. */
#include <stdio.h>
#include <string.h>

#include "exchange/pull_page.h"

#define PULL_LIMIT      TAXII_PAGE_MAX
#define PULL_LIMIT_SLOW 10     /* over a line on which a page does not come in time: no fewer objects than these */
#define PULL_PAGES_MAX  100000 /* of one pull: a hundred million objects; the next pull goes on */
#define PULL_STALE_MAX  5000   /* pages in a row that bring nothing new: the next pull goes on */
#define PULL_EMPTY_MAX  20     /* pages without objects in a row: some servers filter after they have cut the page */
#define PULL_FULL_MIN   50     /* nobody's full page is smaller, and one without `more` may be full all the same */
#define PULL_AHEAD_US   ((int64_t)24 * 3600 * 1000000) /* how far another's clock may be ahead */

struct pull {
    struct node *node;
    struct http_client *http;
    const struct taxii_remote *remote;
    struct text key;
    const struct intake_options *intake;
    struct pull_cursor cursor, saved;
    uint32_t limit;
    unsigned empty, stale;
    uint64_t largest; /* objects of a page of this pull */
    /* Brent: one page is kept aside, another one at each power of two; a circle of any length meets it. */
    struct sha256 mark;
    bool has_mark;
    uint64_t since_mark, mark_reach;
    bool forgot;   /* it did not know its own `next`, and brought nothing new since */
    bool by_dates; /* its `next` leads in circles */
    bool rewound;  /* ... and it gives no dates: from the start, next time */
    bool done;
    struct taxii_pulled pulled;
};

/* ---- the question ---- */

/* Microseconds that a date as it is written may stand for; 0: it is exact. */
static int64_t rounding_us(struct stamp s)
{
    int64_t unit = 1000000;
    if (s.ns == 0)
        return unit;
    if (s.ns % 1000000 == 0)
        return 1000;
    for (unsigned i = 0; i < s.digits && unit; i++)
        unit /= 10;
    return s.digits < 6 ? unit : 0;
}

/* A server that writes whole seconds or milliseconds may have added more within them. */
static struct stamp before_rounding(struct stamp last)
{
    int64_t unit = rounding_us(last);
    return unit ? stamp_from_us(stamp_us(last) - unit, 6) : last;
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
    p->forgot = true;
    if (!p->cursor.has_last)
        return;
    struct stamp before = stamp_from_us(stamp_us(p->cursor.last) - 1, 6);
    if (!p->cursor.has_after || stamp_cmp(before, p->cursor.after) > 0) {
        p->cursor.after = before;
        p->cursor.has_after = true;
    }
}

/* Answers by which servers say that a `next` means nothing to them. */
static bool says_unknown(int status)
{
    return status == 500 || (status >= 400 && status < 500 && status != 401 && status != 403 && status != 429);
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
        bool forgotten = e == ERR_UNREACHABLE && p->cursor.next[0] && !p->forgot && says_unknown(status);
        bool slow = e == ERR_UNREACHABLE && http_client_cut_short(p->http) && p->limit > PULL_LIMIT_SLOW;
        if (forgotten)
            forget_next(p);
        else if (slow || (e == ERR_LIMIT && p->limit > 1))
            p->limit = p->limit > 10 ? p->limit / 10 : 1;
        else
            return e == ERR_LIMIT
                       ? fault_set(reterr, ERR_UNREACHABLE, "its page is larger than %zu MiB, and so for one object",
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

/* Said once, of a pull that goes well. */
static void note(struct pull *p, const char *words)
{
    if (!p->pulled.words[0])
        snprintf(p->pulled.words, sizeof p->pulled.words, "%s", words);
}

/* Nothing new since the page kept aside, and here it is again. */
static bool goes_in_circles(struct pull *p, const struct pull_page *page, bool news)
{
    struct sha256 print;
    pull_page_print(page, &print);
    if (!news && p->has_mark && sha256_eq(&print, &p->mark))
        return true;
    if (!news && p->has_mark && ++p->since_mark < p->mark_reach)
        return false;
    p->mark_reach = news || !p->has_mark ? 1 : p->mark_reach * 2;
    p->since_mark = 0;
    p->mark = print;
    p->has_mark = true;
    return false;
}

static bool bears_one_date(const struct pull_page *page)
{
    return page->envelope.objects == 1 || (page->has_first && stamp_cmp(page->first, page->last) == 0);
}

/* The earliest date to go on from that is later than the last question's. One page may end among objects of one date:
 * from just before it, then, unless the page holds nothing else. */
static bool date_to_go_on(const struct pull *p, const struct pull_page *page, struct stamp *ret)
{
    const struct stamp last = page->last;
    const int64_t us = stamp_us(last), unit = rounding_us(last);
    const struct stamp tries[] = {stamp_from_us(us - (unit ? unit : 1), 6), stamp_from_us(us - 1, 6), last,
                                  stamp_from_us(us + unit, 6)};
    for (size_t i = bears_one_date(page) ? 2 : 0; i < ARRAY_LEN(tries); i++)
        if (!p->cursor.has_after || stamp_cmp(tries[i], p->cursor.after) > 0) {
            *ret = tries[i];
            return true;
        }
    return false;
}

static enum err step_by_date(struct pull *p, const struct pull_page *page, struct fault *reterr)
{
    struct stamp from;
    if (!page->has_last)
        return liar(reterr, "gives neither `next` nor X-TAXII-Date-Added-Last to go on from");
    if (!date_to_go_on(p, page, &from))
        return liar(reterr, "its dates do not move");
    if (bears_one_date(page) && page->envelope.objects > 1)
        note(p, "more objects bear one date than its page holds, and it gives no `next`: some may be missing");
    p->cursor.after = from;
    p->cursor.has_after = true;
    p->cursor.next[0] = 0;
    return OK;
}

/* Where to go on from when more was promised. */
static enum err step(struct pull *p, const struct pull_page *page, bool news, struct fault *reterr)
{
    struct pull_cursor *c = &p->cursor;
    const char *next = page->envelope.next;
    if (!page->envelope.objects) {
        if (!next[0] || p->by_dates)
            return liar(reterr, "its page is empty");
        if (strcmp(next, c->next) == 0)
            return liar(reterr, "its page is empty, and its `next` leads to it again");
        if (++p->empty > PULL_EMPTY_MAX)
            return liar(reterr, "sends empty pages, one after the other");
        memcpy(c->next, next, sizeof c->next);
        return OK;
    }
    p->empty = 0;
    p->stale = news ? 0 : p->stale + 1;
    if (p->stale > PULL_STALE_MAX)
        return liar(reterr, "sends what we have, page after page");
    bool circle = goes_in_circles(p, page, news);
    if (circle && next[0] && !p->by_dates) {
        p->rewound = !page->has_last;
        if (p->rewound)
            return liar(reterr, "sends the same pages again and again");
        p->by_dates = true;
        note(p, "its `next` leads in circles: asked by dates instead");
    }
    if (!next[0] || p->by_dates)
        return step_by_date(p, page, reterr);
    memcpy(c->next, next, sizeof c->next); /* medallion's names the session and stays the same */
    return OK;
}

/* It says that this is all; OpenCTI has said so of a full page while there was more. */
static bool may_be_more(const struct pull *p, const struct pull_page *page, bool news)
{
    const uint64_t least = p->largest > PULL_FULL_MIN ? p->largest : PULL_FULL_MIN;
    return news && page->has_last && page->envelope.objects >= least;
}

static void finish(struct pull *p, const struct pull_page *page, bool news)
{
    struct pull_cursor *c = &p->cursor;
    struct stamp from;
    c->next[0] = 0;
    if (may_be_more(p, page, news) && date_to_go_on(p, page, &from)) {
        c->after = from;
        c->has_after = true;
        return;
    }
    p->done = true;
    bool known = page->has_last || c->has_last;
    if (!known)
        return; /* no dates at all: the next pull asks for everything again */
    from = before_rounding(page->has_last ? page->last : c->last);
    if (!c->has_after || stamp_cmp(from, c->after) > 0) {
        c->after = from;
        c->has_after = true;
    }
}

static void disbelieve_future(struct pull *p, struct pull_page *page)
{
    if (!page->has_last || stamp_us(page->last) <= clock_now_us() + PULL_AHEAD_US)
        return;
    page->has_last = false;
    note(p, "its X-TAXII-Date-Added-Last lies in the future: not gone by");
}

static void note_page(struct pull *p, const struct pull_page *page)
{
    p->pulled.pages++;
    p->pulled.objects += page->envelope.objects;
    p->largest = page->envelope.objects > p->largest ? page->envelope.objects : p->largest;
    if (page->envelope.objects) {
        p->cursor.page = page->hash;
        p->cursor.has_page = true;
    }
    if (page->has_last) {
        p->cursor.last = page->last;
        p->cursor.has_last = true;
    }
}

static enum err take_page(struct pull *p, const struct http_answer *a, struct fault *reterr)
{
    struct pull_page page;
    bool news;
    enum err e = pull_page_open(a, &page, reterr);
    if (e)
        return e;
    disbelieve_future(p, &page);
    e = take_in(p, &page, &news, reterr);
    p->forgot = p->forgot && !news;
    if (e == OK && page.envelope.more)
        e = step(p, &page, news, reterr);
    if (e == OK) {
        if (!page.envelope.more)
            finish(p, &page, news);
        note_page(p, &page);
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
    const int64_t until_us = remote->turn_s ? clock_mono_us() + (int64_t)remote->turn_s * 1000000 : INT64_MAX;
    p.saved = p.cursor;
    while (e == OK && !p.done && p.pulled.pages < PULL_PAGES_MAX && clock_mono_us() < until_us) {
        struct http_answer a = {0};
        if (intake->cancel && atomic_load(intake->cancel)) {
            e = fault_set(reterr, ERR_CANCELLED, "stopped");
            break;
        }
        e = ask(&p, &a, reterr);
        if (e)
            break;
        e = take_page(&p, &a, reterr);
        http_answer_done(&a);
        if (e == OK)
            e = keep_cursor(&p, reterr);
    }
    if (p.rewound) {
        p.cursor.next[0] = 0;
        enum err kept = keep_cursor(&p, NULL);
        e = kept ? kept : e;
    }
    *ret = p.pulled;
    ret->unfinished = e == OK && !p.done;
    return e;
}
