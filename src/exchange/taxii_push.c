/* exchange/taxii_push.c - posts what is cleared for a partner that does not pull from us (TAXII 2.1
 * sections 4.3, 5.5).
 *
 * Invariants: 1. A release entry is durable before the bytes leave. 2. The cursor moves only over what the partner's
 * server has answered for, so that a failed POST is sent again; a repetition is no second release. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "exchange/late.h"
#include "exchange/releases.h"
#include "exchange/taxii_query.h"
#include "exchange/taxii_remote.h"
#include "exchange/taxii_server.h"
#include "release/outbound.h"
#include "json/json.h"

#define PUSH_SPACE          "peer-push"
#define PUSH_BATCH_OBJECTS  500
#define PUSH_BATCH_BYTES    (1 * MIB)
#define PUSH_ARENA_BYTES    (32 * MIB)
#define PUSH_PROBES_MAX     20 /* objects refused alone in a row: the server is at fault, not they */
#define STATUS_POLLS_MAX    8  /* of one call, with the pauses below: about two seconds */
#define STATUS_PAUSE_MIN_MS 20
#define STATUS_PAUSE_MAX_MS 1000
#define STATUS_OBJECTS_MAX  100000 /* failures that a status names are believed up to here */

/* Where we stand with a partner. What was posted and is not done with has `status` and the place behind it. */
struct push_cursor {
    bool has_after;
    int64_t after_us;
    uint64_t after_n;
    char status[UUID_TEXT_MAX]; /* empty: none is pending */
    int64_t posted_us, next_us;
    uint64_t next_n;
};

struct push {
    struct node *node;
    struct http_client *http;
    const struct taxii_remote *remote;
    const atomic_bool *cancel;
    struct late_book *late;
    struct uuid party;
    struct text key; /* of the cursor */
    struct push_cursor cursor;
    uint32_t batch;  /* objects */
    unsigned probes; /* refused alone, one after the other: the cursor is ahead of what is kept */
    bool done;
    struct taxii_pushed pushed;
};

/* ---- the cursor: "date_us n", or with what is pending "date_us n status posted_us next_us next_n" ---- */

static bool number(struct text *rest, uint64_t *ret)
{
    struct text word;
    return text_split(rest, ' ', &word) && text_u64(word, ret) == OK && *ret <= INT64_MAX;
}

static void read_cursor(struct text kept, struct push_cursor *ret)
{
    struct push_cursor c = {.has_after = true};
    struct text rest = kept, word;
    struct uuid id;
    uint64_t us, n, posted, next_us, next_n;
    if (!number(&rest, &us) || !number(&rest, &n))
        return;
    c.after_us = (int64_t)us;
    c.after_n = n;
    c.has_after = us || n;
    if (rest.ptr && text_split(&rest, ' ', &word) && uuid_parse(word, &id) == OK && number(&rest, &posted) &&
        number(&rest, &next_us) && number(&rest, &next_n)) {
        uuid_format(&id, c.status);
        c.posted_us = (int64_t)posted;
        c.next_us = (int64_t)next_us;
        c.next_n = next_n;
    }
    *ret = c;
}

static enum err load_cursor(struct push *p, struct fault *reterr)
{
    struct buffer kept;
    buffer_init(&kept, 256);
    enum err e = local_get(node_local(p->node), PUSH_SPACE, p->key, &kept, reterr);
    if (e == OK)
        read_cursor(buffer_text(&kept), &p->cursor);
    buffer_done(&kept);
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err save_cursor(struct push *p, struct fault *reterr)
{
    const struct push_cursor *c = &p->cursor;
    struct buffer text;
    buffer_init(&text, 256);
    buffer_addf(&text, "%lld %llu", (long long)(c->has_after ? c->after_us : 0),
                (unsigned long long)(c->has_after ? c->after_n : 0));
    if (c->status[0])
        buffer_addf(&text, " %s %lld %lld %llu", c->status, (long long)c->posted_us, (long long)c->next_us,
                    (unsigned long long)c->next_n);
    enum err e = buffer_error(&text);
    if (e == OK)
        e = local_set(node_local(p->node), PUSH_SPACE, p->key, buffer_text(&text), reterr);
    buffer_done(&text);
    return e;
}

/* What was posted is done with. */
static enum err move_on(struct push *p, int64_t date_us, uint64_t n, struct fault *reterr)
{
    p->cursor = (struct push_cursor){.has_after = true, .after_us = date_us, .after_n = n};
    return save_cursor(p, reterr);
}

/* ---- the other side's status resource ---- */

struct remote_status {
    bool complete;
    uint64_t failures;
    char id[UUID_TEXT_MAX];
};

static enum err read_status(const struct http_answer *a, struct remote_status *ret, struct fault *reterr)
{
    struct json_doc *doc;
    struct uuid id;
    int64_t failures = 0;
    enum err e = json_parse(buffer_text(&a->body), &doc, NULL);
    if (e)
        return e == ERR_NOMEM ? e : fault_set(reterr, ERR_UNREACHABLE, "its status is not JSON");
    const struct json_val *o = json_root(doc);
    ret->complete = text_eq(json_text(json_get(o, "status")), TEXT("complete"));
    if (json_i64(json_get(o, "failure_count"), &failures) && failures > 0)
        ret->failures = (uint64_t)failures;
    if (uuid_parse(json_text(json_get(o, "id")), &id) == OK)
        uuid_format(&id, ret->id);
    json_free(doc);
    return OK;
}

static bool stopped(const struct push *p)
{
    return p->cancel && atomic_load(p->cancel);
}

static void pause_ms(unsigned ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

static void note(struct push *p, const char *words)
{
    if (!p->pushed.words[0])
        snprintf(p->pushed.words, sizeof p->pushed.words, "%s", words);
}

/* *ret_gone: it knows nothing of it any more, which is no reason to post again what it said 202 to. */
static enum err ask_status(struct push *p, const char *id, struct remote_status *ret, bool *ret_gone,
                           struct fault *reterr)
{
    struct buffer url;
    struct http_answer a = {0};
    int status = 0;
    buffer_init(&url, URL_MAX_BYTES);
    remote_url(p->remote, "status/", &url);
    buffer_add(&url, text_of(id));
    buffer_add_char(&url, '/');
    enum err e = remote_get(p->http, p->remote, &url, &a, &status, reterr);
    buffer_done(&url);
    *ret_gone = e == ERR_UNREACHABLE && (status == 404 || status == 410);
    if (e)
        return *ret_gone ? OK : e;
    e = read_status(&a, ret, reterr);
    http_answer_done(&a);
    return e;
}

static void count_failures(struct push *p, const struct remote_status *s)
{
    p->pushed.failed += s->failures < STATUS_OBJECTS_MAX ? s->failures : STATUS_OBJECTS_MAX;
    if (s->failures)
        note(p, "it did not take everything of what we posted");
}

/* OK: what is pending is done with, or cursor.status still stands: not yet. */
static enum err follow_pending(struct push *p, struct fault *reterr)
{
    unsigned pause = STATUS_PAUSE_MIN_MS;
    enum err e = OK;
    for (unsigned i = 0; i < STATUS_POLLS_MAX && !stopped(p); i++) {
        struct remote_status s = {0};
        bool gone;
        pause_ms(i ? pause : 0);
        pause = i && pause * 2 < STATUS_PAUSE_MAX_MS ? pause * 2 : i ? STATUS_PAUSE_MAX_MS : pause;
        e = ask_status(p, p->cursor.status, &s, &gone, reterr);
        if (e)
            break;
        if (s.complete || gone) {
            count_failures(p, &s);
            return move_on(p, p->cursor.next_us, p->cursor.next_n, reterr);
        }
    }
    const int64_t waited_us = clock_now_us() - p->cursor.posted_us;
    if (waited_us >= 0 && waited_us < (int64_t)PUSH_PENDING_MAX_S * 1000000) {
        note(p, "it has not finished yet what we posted");
        return e;
    }
    note(p, "its status of what we posted stayed pending for an hour: taken as received");
    return move_on(p, p->cursor.next_us, p->cursor.next_n, reterr);
}

/* ---- one batch ---- */

/* *ret_status: what it answered; 0: nothing. */
static enum err post(struct push *p, const struct outbound *envelope, struct remote_status *ret, int *ret_status,
                     struct fault *reterr)
{
    struct buffer url;
    struct http_answer a = {0};
    buffer_init(&url, URL_MAX_BYTES);
    remote_url(p->remote, "collections/", &url);
    buffer_add(&url, p->remote->collection);
    buffer_add(&url, TEXT("/objects/"));
    buffer_add_char(&url, '\0');
    enum err e = buffer_error(&url);
    if (e == OK)
        e = http_send(p->http, "POST", url.ptr, TAXII_MEDIA_TYPE, &p->remote->auth, envelope, &a, reterr);
    buffer_done(&url);
    *ret_status = e ? 0 : a.status;
    if (e)
        return e;
    if (a.status != 202 && a.status != 200 && a.status != 201)
        e = remote_refused(a.status, reterr);
    if (e == OK)
        e = read_status(&a, ret, reterr);
    http_answer_done(&a);
    return e;
}

static enum err envelope_of(const struct page *page, struct outbound **ret)
{
    const struct envelope_info info = {.status = 0};
    const struct cleared **items = arena_alloc(page->arena, page->count * sizeof *items);
    if (!items)
        return ERR_NOMEM;
    for (size_t i = 0; i < page->count; i++)
        items[i] = page->items[i].cleared;
    return outbound_cleared(ENVELOPE_TAXII, &info, items, page->count, ret);
}

/* What it answered 202 to: done with, or to be followed. */
static enum err answered(struct push *p, const struct page *page, const struct remote_status *s, struct fault *reterr)
{
    const struct page_item *last = &page->items[page->count - 1];
    p->pushed.objects += page->count;
    p->batch = p->batch * 2 > PUSH_BATCH_OBJECTS ? PUSH_BATCH_OBJECTS : p->batch * 2;
    if (p->probes)
        note(p, "it does not take some of our objects (HTTP 400, 422 or 500): passed over");
    p->probes = 0;
    if (s->complete) {
        count_failures(p, s);
        return move_on(p, last->date_us, last->n, reterr);
    }
    if (!s->id[0])
        return fault_set(reterr, ERR_UNREACHABLE, "its status is pending and has no id");
    memcpy(p->cursor.status, s->id, sizeof s->id);
    p->cursor.posted_us = clock_now_us();
    p->cursor.next_us = last->date_us;
    p->cursor.next_n = last->n;
    enum err e = save_cursor(p, reterr);
    return e ? e : follow_pending(p, reterr);
}

/* A batch that it refuses because of its size, or of what is in it, goes in halves, down to the one object. Whether
 * that one is at fault, or the server, is shown by the next: only when it takes another is the first passed over.
 * OpenTAXII says 400 to what does not validate, and 500 to what has no `modified`. */
static enum err refused(struct push *p, const struct page *page, int status, enum err e, struct fault *reterr)
{
    const struct page_item *last = &page->items[page->count - 1];
    if (status != 413 && status != 400 && status != 422 && status != 500)
        return e;
    if (page->count > 1) {
        p->batch = (uint32_t)page->count / 2;
        return OK;
    }
    p->pushed.failed++;
    if (status == 413) {
        note(p, "an object is too large for it (HTTP 413): passed over");
        return move_on(p, last->date_us, last->n, reterr);
    }
    if (++p->probes > PUSH_PROBES_MAX)
        return e;
    p->cursor = (struct push_cursor){.has_after = true, .after_us = last->date_us, .after_n = last->n};
    return OK;
}

static enum err send_page(struct push *p, struct page *page, struct fault *reterr)
{
    struct outbound *envelope;
    struct remote_status s = {0};
    int status = 0;
    if (!page->count)
        return OK;
    enum err e = envelope_of(page, &envelope);
    if (e)
        return e;
    e = releases_record(page, NULL, node_admin(p->node), reterr);
    if (e == OK)
        e = post(p, envelope, &s, &status, reterr);
    outbound_free(envelope);
    if (e == ERR_UNREACHABLE && status)
        return refused(p, page, status, e, reterr);
    return e ? e : answered(p, page, &s, reterr);
}

static enum err fill(struct push *p, struct page *page, struct late_list **ret_late, struct fault *reterr)
{
    const struct page_wanted w = {.bytes_max = PUSH_BATCH_BYTES,
                                  .query = {.party = p->party,
                                            .collection = COLLECTION_INTELLIGENCE,
                                            .after_us = p->cursor.has_after ? p->cursor.after_us : INT64_MIN,
                                            .has_cursor = p->cursor.has_after,
                                            .after_n = p->cursor.after_n,
                                            .until_us = INT64_MAX,
                                            .limit = p->batch}};
    enum err e = late_update(p->late, page, ret_late, reterr);
    if (e)
        return e;
    page->late = *ret_late;
    e = page_fill(page, &w, reterr);
    return e ? e : late_note(p->late, page, reterr);
}

static enum err push_batch(struct push *p, struct view *v, struct arena *arena, struct fault *reterr)
{
    struct recipient r;
    struct clearance *clearance = NULL;
    struct late_list *late = NULL;
    struct page page = {.node = p->node, .view = v, .now_us = clock_now_us(), .arena = arena};
    enum err e = view_snapshot(v, reterr);
    if (e)
        return e;
    e = recipient_of_party(p->node, v, &p->party, arena, &r, reterr);
    if (e == OK)
        e = clearance_make(v, &r, DOOR_TAXII, page.now_us, node_gate_counters(p->node), &clearance, reterr);
    page.clearance = clearance;
    if (e == OK)
        e = fill(p, &page, &late, reterr);
    view_end(v); /* the POST may take long: no snapshot is held meanwhile */
    const size_t before = p->batch;
    if (e == OK)
        e = send_page(p, &page, reterr);
    const bool halved = p->batch < before;
    p->done = !page.more && !halved;
    page_done(&page);
    late_list_unref(late);
    clearance_unref(clearance);
    return e;
}

enum err taxii_push(struct node *node, struct http_client *http, const struct taxii_remote *remote,
                    const struct uuid *party, const atomic_bool *cancel, struct taxii_pushed *ret,
                    struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    struct push p = {.node = node,
                     .http = http,
                     .remote = remote,
                     .cancel = cancel,
                     .party = *party,
                     .key = uuid_format(party, key),
                     .batch = PUSH_BATCH_OBJECTS};
    struct view *v;
    bool opened;
    enum err e = load_cursor(&p, reterr);
    if (e == OK && p.cursor.status[0])
        e = follow_pending(&p, reterr);
    if (e || p.cursor.status[0]) {
        *ret = p.pushed;
        return e;
    }
    if (e == OK)
        e = taxii_openings_pass(node, party, &opened, reterr);
    if (e == OK)
        e = late_book_new(node, &p.late);
    if (e == OK)
        e = node_reader(node, &v, reterr);
    if (e) {
        late_book_free(p.late);
        return e;
    }
    unsigned again = 0;
    while (e == OK && !p.done && !p.cursor.status[0] && !stopped(&p)) {
        struct arena arena;
        arena_init(&arena, PUSH_ARENA_BYTES);
        e = push_batch(&p, v, &arena, reterr);
        arena_done(&arena);
        if (e == ERR_BUSY && again++ < 3) { /* its settings changed: clear again */
            e = OK;
            p.done = false;
        }
    }
    if (e == OK && p.probes) /* *reterr says why the last was refused; all of them are tried again */
        e = ERR_UNREACHABLE;
    node_reader_done(node, v);
    late_book_free(p.late);
    *ret = p.pushed;
    return e;
}
