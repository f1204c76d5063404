/* exchange/taxii_push.c - posts what is cleared for a partner that does not pull from us (TAXII 2.1
 * sections 4.3, 5.5).
 *
 * Invariants: 1. A release entry is durable before the bytes leave. 2. The cursor moves only over what the partner's
 * server has answered for, so that a failed POST is sent again; a repetition is no second release. */
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
#define STATUS_POLLS_MAX    60 /* with the pauses below: about half a minute */
#define STATUS_PAUSE_MIN_MS 20
#define STATUS_PAUSE_MAX_MS 1000

struct push {
    struct node *node;
    struct http_client *http;
    const struct taxii_remote *remote;
    struct late_book *late;
    struct uuid party;
    struct text key; /* of the cursor */
    bool has_cursor;
    int64_t after_us;
    uint64_t after_n;
    bool done;
    struct taxii_pushed pushed;
};

/* ---- the cursor: "date_us n" ---- */

static enum err load_cursor(struct push *p, struct fault *reterr)
{
    struct buffer kept;
    buffer_init(&kept, 128);
    enum err e = local_get(node_local(p->node), PUSH_SPACE, p->key, &kept, reterr);
    struct text rest = buffer_text(&kept), date;
    uint64_t us;
    if (e == OK && text_split(&rest, ' ', &date) && rest.ptr && text_u64(date, &us) == OK &&
        text_u64(rest, &p->after_n) == OK && us <= INT64_MAX) {
        p->after_us = (int64_t)us;
        p->has_cursor = true;
    }
    buffer_done(&kept);
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err save_cursor(struct push *p, const struct page_item *last, struct fault *reterr)
{
    struct buffer text;
    buffer_init(&text, 128);
    buffer_addf(&text, "%lld %llu", (long long)last->date_us, (unsigned long long)last->n);
    enum err e = buffer_error(&text);
    if (e == OK)
        e = local_set(node_local(p->node), PUSH_SPACE, p->key, buffer_text(&text), reterr);
    buffer_done(&text);
    p->has_cursor = true;
    p->after_us = last->date_us;
    p->after_n = last->n;
    return e;
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

static void pause_ms(unsigned ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

static enum err wait_complete(struct push *p, struct remote_status *s, struct fault *reterr)
{
    unsigned pause = STATUS_PAUSE_MIN_MS;
    for (unsigned i = 0; i < STATUS_POLLS_MAX && !s->complete; i++) {
        struct buffer url;
        struct http_answer a = {0};
        if (!s->id[0])
            return fault_set(reterr, ERR_UNREACHABLE, "its status is pending and has no id");
        pause_ms(pause);
        pause = pause * 2 > STATUS_PAUSE_MAX_MS ? STATUS_PAUSE_MAX_MS : pause * 2;
        buffer_init(&url, URL_MAX_BYTES);
        remote_url(p->remote, "status/", &url);
        buffer_add(&url, text_of(s->id));
        buffer_add_char(&url, '/');
        enum err e = remote_get(p->http, p->remote, &url, &a, NULL, reterr);
        buffer_done(&url);
        if (e)
            return e;
        e = read_status(&a, s, reterr);
        http_answer_done(&a);
        if (e)
            return e;
    }
    return s->complete ? OK : fault_set(reterr, ERR_UNREACHABLE, "it did not finish what we posted in time");
}

/* ---- one batch ---- */

static enum err post(struct push *p, const struct outbound *envelope, struct fault *reterr)
{
    struct buffer url;
    struct http_answer a = {0};
    struct remote_status s = {0};
    buffer_init(&url, URL_MAX_BYTES);
    remote_url(p->remote, "collections/", &url);
    buffer_add(&url, p->remote->collection);
    buffer_add(&url, TEXT("/objects/"));
    buffer_add_char(&url, '\0');
    enum err e = buffer_error(&url);
    if (e == OK)
        e = http_send(p->http, "POST", url.ptr, TAXII_MEDIA_TYPE, &p->remote->auth, envelope, &a, reterr);
    buffer_done(&url);
    if (e)
        return e;
    if (a.status != 202 && a.status != 200 && a.status != 201)
        e = remote_refused(a.status, reterr);
    if (e == OK)
        e = read_status(&a, &s, reterr);
    http_answer_done(&a);
    if (e == OK)
        e = wait_complete(p, &s, reterr);
    if (e == OK)
        p->pushed.failed += s.failures;
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

static enum err send_page(struct push *p, struct page *page, struct fault *reterr)
{
    struct outbound *envelope;
    if (!page->count)
        return OK;
    enum err e = envelope_of(page, &envelope);
    if (e)
        return e;
    e = releases_record(page, NULL, node_admin(p->node), reterr);
    if (e == OK)
        e = post(p, envelope, reterr);
    outbound_free(envelope);
    if (e == OK) {
        p->pushed.objects += page->count;
        e = save_cursor(p, &page->items[page->count - 1], reterr);
    }
    return e;
}

static enum err fill(struct push *p, struct page *page, struct late_list **ret_late, struct fault *reterr)
{
    const struct page_wanted w = {.bytes_max = PUSH_BATCH_BYTES,
                                  .query = {.party = p->party,
                                            .collection = COLLECTION_INTELLIGENCE,
                                            .after_us = p->has_cursor ? p->after_us : INT64_MIN,
                                            .has_cursor = p->has_cursor,
                                            .after_n = p->after_n,
                                            .until_us = INT64_MAX,
                                            .limit = PUSH_BATCH_OBJECTS}};
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
        e = clearance_make(v, &r, DOOR_TAXII, page.now_us, &clearance, reterr);
    page.clearance = clearance;
    if (e == OK)
        e = fill(p, &page, &late, reterr);
    view_end(v); /* the POST may take long: no snapshot is held meanwhile */
    if (e == OK)
        e = send_page(p, &page, reterr);
    p->done = !page.more;
    page_done(&page);
    late_list_unref(late);
    clearance_unref(clearance);
    return e;
}

enum err taxii_push(struct node *node, struct http_client *http, const struct taxii_remote *remote,
                    const struct uuid *party, struct taxii_pushed *ret, struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    struct push p = {.node = node, .http = http, .remote = remote, .party = *party, .key = uuid_format(party, key)};
    struct view *v;
    bool opened;
    enum err e = load_cursor(&p, reterr);
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
    while (e == OK && !p.done) {
        struct arena arena;
        arena_init(&arena, PUSH_ARENA_BYTES);
        e = push_batch(&p, v, &arena, reterr);
        arena_done(&arena);
        if (e == ERR_BUSY && again++ < 3) { /* its settings changed: clear again */
            e = OK;
            p.done = false;
        }
    }
    node_reader_done(node, v);
    late_book_free(p.late);
    *ret = p.pushed;
    return e;
}
