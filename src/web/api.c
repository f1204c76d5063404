/* web/api.c - see api.h. */
#include "web/api.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "exchange/asker.h"
#include "model/space.h"
#include "web/api_events.h"

#define PREFIX          "/api/v1"
#define RETRY_AFTER_S   5
#define CHALLENGE_BASIC "Basic realm=\"entente\", charset=\"UTF-8\""
#define CHALLENGE       "Bearer realm=\"entente\", " CHALLENGE_BASIC

struct api_door {
    struct node *node;
    const struct api_backend *backend;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    struct run *runs; /* whose thread has not ended */
    size_t run_count;
};

/* What runs for one request. Two hold it: the request, which may end first, and the thread. */
struct run {
    struct api_door *door;
    struct run *next;
    struct api_work *work;
    struct api_permit *permit;
    struct http_server *server;
    int64_t until_us; /* monotonic */
    bool reads;
    atomic_bool cancel, over; /* over: the work may be looked at by who answers */
    unsigned holders;         /* under the door's lock */
};

enum err api_door_new(struct node *node, const struct api_backend *backend, struct api_door **ret)
{
    struct api_door *d = calloc(1, sizeof *d);
    if (!d)
        return ERR_NOMEM;
    d->node = node;
    d->backend = backend;
    if (pthread_mutex_init(&d->lock, NULL) || pthread_cond_init(&d->ended, NULL)) {
        free(d);
        return ERR_NOMEM;
    }
    *ret = d;
    return OK;
}

void api_door_free(struct api_door *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    for (struct run *r = d->runs; r; r = r->next)
        atomic_store(&r->cancel, true);
    while (d->run_count > 0)
        pthread_cond_wait(&d->ended, &d->lock);
    pthread_mutex_unlock(&d->lock);
    pthread_cond_destroy(&d->ended);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

/* ---- answers in fixed words ---- */

static struct outbound *plain(int status, const char *title, const char *detail)
{
    struct page_field fields[5] = {{"title", FIELD_TEXT, text_of(title), 0},
                                   {"status", FIELD_NUMBER, TEXT_NONE, status},
                                   {"detail", FIELD_TEXT, text_of(detail), 0}};
    struct outbound *made = NULL;
    size_t count = 3;
    if (status == 401)
        fields[count++] = (struct page_field){"www_authenticate", FIELD_TEXT, TEXT(CHALLENGE), 0};
    if (status == 503)
        fields[count++] = (struct page_field){"retry_after", FIELD_NUMBER, TEXT_NONE, RETRY_AFTER_S};
    return outbound_protocol(PAGE_PROBLEM, status, fields, count, NULL, 0, &made) ? NULL : made;
}

static struct outbound *failed(enum err e, const struct fault *f)
{
    log_error("api: %s: %s", err_name(e), f->what[0] ? f->what : "no further reason");
    return plain(503, "Not now", "The node could not look: ask again later.");
}

static struct outbound *told(const struct api_permit *p, int status, const char *title, struct text detail,
                             const char *allow)
{
    const struct api_problem problem = {
        .status = status, .title = title, .detail = detail, .exit_code = -1, .allow = allow};
    struct outbound *made = NULL;
    return outbound_api_problem(p, &problem, &made) ? NULL : made;
}

/* ---- who, and whether ---- */

static enum err find_asker(struct api_door *d, const struct http_request *request, struct asker *ret,
                           struct fault *reterr)
{
    struct view *v;
    enum err e = node_reader(d->node, &v, reterr);
    if (e)
        return e;
    e = asker_find(d->node, v, http_header(request, "Authorization"), request->arena, ret, reterr);
    node_reader_done(d->node, v);
    return e;
}

static enum err permit_for(struct api_door *d, const struct asker *a, const struct api_operation *op,
                           struct api_permit **ret, const char **ret_why)
{
    unsigned scope = op->writes ? SCOPE_API_WRITE : SCOPE_API_READ;
    const struct api_question q = {.recipient = &a->recipient,
                                   .least = op->least,
                                   .scope = (a->scopes & scope) != 0,
                                   .exercise = !space_is_real(node_genesis(d->node)->space)};
    return api_permit(&q, ret, ret_why);
}

/* ---- one request: its command runs on a thread of its own, while the request waits without one ---- */

static void run_free(struct run *r)
{
    if (r->work)
        r->door->backend->done(r->door->backend->self, r->work);
    api_permit_free(r->permit);
    free(r);
}

static void let_go(struct run *r)
{
    pthread_mutex_lock(&r->door->lock);
    bool last = --r->holders == 0;
    pthread_mutex_unlock(&r->door->lock);
    if (last)
        run_free(r);
}

/* The request is answered, or nobody waits for the answer any more: what only reads may stop. */
static void request_ended(void *state)
{
    struct run *r = state;
    if (r->reads)
        atomic_store(&r->cancel, true);
    pthread_mutex_lock(&r->door->lock);
    r->server = NULL; /* it may go before the thread does */
    pthread_mutex_unlock(&r->door->lock);
    let_go(r);
}

static void leave(struct api_door *d, struct run *r)
{
    struct run **at = &d->runs;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
}

static void *run_thread(void *arg)
{
    struct run *r = arg;
    struct api_door *d = r->door;
    d->backend->run(d->backend->self, r->work, r->permit, &r->cancel);
    atomic_store(&r->over, true);
    pthread_mutex_lock(&d->lock);
    if (r->server)
        http_wake(r->server, r);
    leave(d, r);
    bool last = --r->holders == 0;
    pthread_mutex_unlock(&d->lock);
    if (last)
        run_free(r);
    pthread_mutex_lock(&d->lock);
    d->run_count--; /* from here on the door may go */
    pthread_cond_broadcast(&d->ended);
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

/* Room for one more, of all and of this account. */
static bool enter(struct api_door *d, struct run *r)
{
    size_t own = 0;
    pthread_mutex_lock(&d->lock);
    for (struct run *other = d->runs; other; other = other->next)
        own += uuid_eq(api_permit_account(other->permit), api_permit_account(r->permit));
    bool room = d->run_count < API_RUNS_MAX && own < API_RUNS_OF_ONE_MAX;
    if (room) {
        r->next = d->runs;
        d->runs = r;
        d->run_count++;
        r->holders = 2;
    }
    pthread_mutex_unlock(&d->lock);
    return room;
}

static bool start_thread(struct run *r)
{
    pthread_attr_t attr;
    pthread_t thread;
    if (pthread_attr_init(&attr))
        return false;
    bool started = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0 &&
                   pthread_create(&thread, &attr, run_thread, r) == 0;
    pthread_attr_destroy(&attr);
    return started;
}

static struct outbound *busy(const struct api_permit *p)
{
    const struct api_problem problem = {.status = 429,
                                        .title = "Too much at once",
                                        .detail = TEXT("As many requests as may run at a time do: ask again."),
                                        .exit_code = -1,
                                        .retry_after_s = 1};
    struct outbound *made = NULL;
    return outbound_api_problem(p, &problem, &made) ? NULL : made;
}

static struct outbound *start(struct run *r, const struct http_request *request)
{
    struct api_door *d = r->door;
    if (!request->exchange) { /* nobody can wait */
        d->backend->run(d->backend->self, r->work, r->permit, &r->cancel);
        struct outbound *answer = d->backend->answer(d->backend->self, r->work, r->permit);
        run_free(r);
        return answer;
    }
    if (!enter(d, r)) {
        struct outbound *answer = busy(r->permit);
        run_free(r);
        return answer;
    }
    if (start_thread(r))
        return http_hold(request, r->until_us, r, request_ended);
    pthread_mutex_lock(&d->lock);
    leave(d, r);
    d->run_count--;
    pthread_mutex_unlock(&d->lock);
    run_free(r);
    return NULL;
}

static struct outbound *run(struct api_door *d, const struct api_operation *op, const struct http_request *request,
                            struct api_permit **io_permit)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct run *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    enum err e = d->backend->prepare(d->backend->self, op, request, &r->work, &fault);
    if (e) {
        free(r);
        if (e == ERR_MALFORMED)
            return told(*io_permit, 400, "Not as the document has it", text_of(fault.what), NULL);
        if (e == ERR_USAGE)
            return told(*io_permit, 415, "Another media type", text_of(fault.what), NULL);
        return failed(e, &fault);
    }
    r->door = d;
    r->permit = *io_permit;
    r->server = request->server;
    r->reads = !op->writes;
    r->until_us = clock_mono_us() + (op->writes ? API_WRITE_US : API_READ_US);
    *io_permit = NULL;
    return start(r, request);
}

/* The account is asked about once more: what was disabled or revoked meanwhile gets nothing. */
static struct outbound *go_on(struct api_door *d, const struct http_request *request)
{
    struct run *r = request->held;
    struct asker asker;
    struct fault fault = {0};
    bool over = atomic_load(&r->over), late = request->closing || clock_mono_us() >= r->until_us;
    if (!over && !late)
        return http_hold(request, r->until_us, r, request_ended);
    if (!over) {
        if (r->reads)
            atomic_store(&r->cancel, true);
        return plain(503, "Not now", "It takes longer than a request may. What was asked to be written goes on.");
    }
    enum err e = find_asker(d, request, &asker, &fault);
    if (e == ERR_NOT_FOUND || e == ERR_DENIED || (e == OK && !api_permit_same(r->permit, &asker.recipient)))
        return plain(403, "Not permitted", "This account may not have the answer any more.");
    return e ? failed(e, &fault) : d->backend->answer(d->backend->self, r->work, r->permit);
}

#define DESCRIPTION_MAX_BYTES (4 * MIB)
static struct outbound *document(struct api_door *d, const struct api_permit *permit)
{
    struct buffer b;
    struct outbound *made = NULL;
    buffer_init(&b, DESCRIPTION_MAX_BYTES);
    d->backend->describe(d->backend->self, &b);
    const struct api_answer a = {
        .form = API_FILE, .status = 200, .media_type = TEXT("application/json"), .said = buffer_text(&b)};
    enum err e = buffer_error(&b);
    if (!e)
        e = outbound_api(permit, &a, &made);
    buffer_done(&b);
    return e ? NULL : made;
}

static struct outbound *answer_asker(struct api_door *d, const struct http_request *request, const struct asker *a)
{
    struct api_operation op;
    struct api_permit *permit = NULL;
    const char *allow = NULL, *why = "";
    struct text path = text_sub(request->path, sizeof PREFIX - 1, request->path.len);
    /* HEAD is GET whose body the server leaves out */
    struct text method = text_eq(request->method, TEXT("HEAD")) ? TEXT("GET") : request->method;
    /* Only an account of ours that may read learns what there is. */
    struct api_operation look = {.least = ROLE_READER};
    enum err e = permit_for(d, a, &look, &permit, &why);
    if (e == ERR_DENIED) {
        look.writes = true;
        e = permit_for(d, a, &look, &permit, &why);
    }
    if (e)
        return e == ERR_DENIED ? plain(403, "Not permitted", why) : NULL;
    struct outbound *answer;
    if (!look.writes && text_eq(path, TEXT("/events")) && text_eq(request->method, TEXT("GET")))
        return api_events(d->node, request, permit);
    if (text_eq(path, TEXT("/openapi.json")) && text_eq(method, TEXT("GET"))) {
        answer = document(d, permit);
        api_permit_free(permit);
        return answer;
    }
    e = text_starts(request->path, TEXT(PREFIX "/"))
            ? d->backend->find(d->backend->self, method, path, request->arena, &op, &allow)
            : ERR_NOT_FOUND;
    if (e == ERR_NOT_FOUND) {
        answer = told(permit, 404, "Not found", TEXT("GET " PREFIX "/openapi.json says what there is."), NULL);
    } else if (e == ERR_USAGE) {
        answer = told(permit, 405, "Another method", text_of(allow), allow);
    } else if (e) {
        answer = NULL;
    } else {
        api_permit_free(permit);
        permit = NULL;
        e = permit_for(d, a, &op, &permit, &why);
        if (e)
            answer = e == ERR_DENIED ? plain(403, "Not permitted", why) : NULL;
        else
            answer = request->body_waits ? http_want_body(request) : run(d, &op, request, &permit);
    }
    api_permit_free(permit);
    return answer;
}

struct outbound *api_door_handle(struct api_door *d, const struct http_request *request)
{
    struct asker asker;
    struct fault fault = {0};
    if (request->held)
        return go_on(d, request);
    enum err e = find_asker(d, request, &asker, &fault);
    if (e == ERR_NOT_FOUND)
        return plain(401, "Who are you?",
                     "Authorization: Bearer TOKEN, or Basic with the account's name and a token.");
    if (e == ERR_DENIED)
        return plain(403, "Not permitted", "This account is expelled.");
    if (e)
        return e == ERR_NOMEM ? NULL : failed(e, &fault);
    return answer_asker(d, request, &asker);
}

/* ---- the page for a browser, which offers a name and a password or token of its own accord ---- */

static struct outbound *refused(int status, const char *title, const char *detail)
{
    struct page_field fields[4] = {{"title", FIELD_TEXT, text_of(title), 0},
                                   {"detail", FIELD_TEXT, text_of(detail), 0}};
    size_t count = 2;
    struct outbound *made = NULL;
    if (status == 401)
        fields[count++] = (struct page_field){"www_authenticate", FIELD_TEXT, TEXT(CHALLENGE_BASIC), 0};
    if (status == 503)
        fields[count++] = (struct page_field){"retry_after", FIELD_NUMBER, TEXT_NONE, RETRY_AFTER_S};
    return outbound_protocol(PAGE_REFUSAL, status, fields, count, NULL, 0, &made) ? NULL : made;
}

struct outbound *api_door_page(struct api_door *d, const struct http_request *request)
{
    struct asker asker;
    struct fault fault = {0};
    struct api_permit *permit = NULL;
    const char *why = "";
    if (request->held)
        return go_on(d, request);
    enum err e = find_asker(d, request, &asker, &fault);
    if (e == ERR_NOT_FOUND)
        return refused(401, "Who are you?",
                       "An account of this node is needed: its name, and its password or a token of it.");
    if (e == ERR_DENIED)
        return refused(403, "Not permitted", "This account is expelled.");
    if (e == ERR_NOMEM)
        return NULL;
    if (e) {
        log_error("status page: %s: %s", err_name(e), fault.what[0] ? fault.what : "no further reason");
        return refused(503, "Not now", "The node could not look: ask again later.");
    }
    const struct api_operation op = d->backend->page(d->backend->self);
    e = permit_for(d, &asker, &op, &permit, &why);
    if (e)
        return e == ERR_DENIED ? refused(403, "Not permitted", why) : NULL;
    struct outbound *answer = run(d, &op, request, &permit);
    api_permit_free(permit);
    return answer;
}
