/* exchange/aside.c - see aside.h. Two hold an aside: its request, which may end first, and its thread.
 *
 * Invariants: 1. `server` is NULL from the moment the request ends, so that nobody wakes a server that is gone. 2.
 * what the thread works with is its own: nothing of the request is looked at once it was begun. 3. `made` is the
 * request's once `over`, and freed with the aside where nobody took it. */
#include "exchange/aside.h"

#include <pthread.h>
#include <stdlib.h>

struct aside {
    struct asides *house;
    struct aside *next;
    struct uuid account;
    struct http_request request;
    struct http_headers headers;
    struct arena arena;
    struct buffer body;
    aside_answer *answer;
    void *self;
    atomic_bool cancel;
    /* under the house's lock */
    struct http_server *server;
    struct outbound *made;
    bool over;
    unsigned holders;
};

struct asides {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    struct aside *list; /* whose thread has not ended */
    size_t count;
};

enum err asides_new(struct asides **ret)
{
    struct asides *a = calloc(1, sizeof *a);
    if (!a)
        return ERR_NOMEM;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->ended, NULL);
    *ret = a;
    return OK;
}

void asides_free(struct asides *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    for (struct aside *one = a->list; one; one = one->next)
        atomic_store(&one->cancel, true);
    while (a->count > 0)
        pthread_cond_wait(&a->ended, &a->lock);
    pthread_mutex_unlock(&a->lock);
    pthread_cond_destroy(&a->ended);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

/* ---- the copy ---- */

static void aside_free(struct aside *one)
{
    outbound_free(one->made);
    buffer_done(&one->body);
    arena_done(&one->arena);
    free(one);
}

static bool copy_text(struct arena *arena, struct text from, struct text *to)
{
    *to = from.ptr ? arena_text(arena, from) : TEXT_NONE;
    return to->ptr || !from.ptr;
}

static bool copy_headers(struct aside *one, const struct http_headers *from)
{
    size_t count = from ? from->count : 0;
    struct http_field *fields = arena_alloc(&one->arena, (count + 1) * sizeof *fields);
    bool whole = fields;
    for (size_t i = 0; whole && i < count; i++)
        whole = copy_text(&one->arena, from->fields[i].name, &fields[i].name) &&
                copy_text(&one->arena, from->fields[i].value, &fields[i].value);
    one->headers = (struct http_headers){fields, count};
    return whole;
}

/* Without the body. NULL: no memory. */
static struct aside *copy_of(const struct http_request *r)
{
    struct aside *one = calloc(1, sizeof *one);
    if (!one)
        return NULL;
    arena_init(&one->arena, HTTP_ARENA_MAX_BYTES);
    struct http_request *to = &one->request;
    *to = (struct http_request){
        .loopback = r->loopback, .arena = &one->arena, .headers = &one->headers, .cancel = &one->cancel};
    one->server = r->server;
    if (copy_text(&one->arena, r->method, &to->method) && copy_text(&one->arena, r->path, &to->path) &&
        copy_text(&one->arena, r->query, &to->query) && copy_text(&one->arena, r->peer, &to->peer) &&
        copy_headers(one, r->headers))
        return one;
    aside_free(one);
    return NULL;
}

/* ---- the two that hold it ---- */

/* Under the lock; true: nobody holds it any more. */
static bool let_go(struct aside *one)
{
    return --one->holders == 0;
}

/* It was answered, or its client has gone: what was given to us is taken in all the same. */
static void request_ended(void *state)
{
    struct aside *one = state;
    pthread_mutex_lock(&one->house->lock);
    one->server = NULL;
    bool last = let_go(one);
    pthread_mutex_unlock(&one->house->lock);
    if (last)
        aside_free(one);
}

static void leave(struct asides *a, const struct aside *one)
{
    struct aside **at = &a->list;
    while (*at != one)
        at = &(*at)->next;
    *at = one->next;
}

static void *run(void *arg)
{
    struct aside *one = arg;
    struct asides *a = one->house;
    struct outbound *made = one->answer(one->self, &one->request);
    pthread_mutex_lock(&a->lock);
    one->made = made;
    one->over = true;
    leave(a, one);
    if (one->server)
        http_wake(one->server, one);
    bool last = let_go(one);
    pthread_mutex_unlock(&a->lock);
    if (last)
        aside_free(one);
    pthread_mutex_lock(&a->lock);
    a->count--; /* from here on the house may go */
    pthread_cond_broadcast(&a->ended);
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

static bool start_thread(struct aside *one)
{
    pthread_attr_t attr;
    pthread_t thread;
    if (pthread_attr_init(&attr))
        return false;
    bool started = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0 &&
                   pthread_create(&thread, &attr, run, one) == 0;
    pthread_attr_destroy(&attr);
    return started;
}

/* Room for one more, of all and of this account. */
static bool enter(struct asides *a, struct aside *one)
{
    size_t own = 0;
    pthread_mutex_lock(&a->lock);
    for (const struct aside *other = a->list; other; other = other->next)
        own += uuid_eq(&other->account, &one->account);
    bool room = a->count < POSTS_MAX && own < POSTS_OF_ONE_MAX;
    if (room) {
        one->next = a->list;
        a->list = one;
        a->count++;
    }
    pthread_mutex_unlock(&a->lock);
    return room;
}

static void withdraw(struct asides *a, const struct aside *one)
{
    pthread_mutex_lock(&a->lock);
    leave(a, one);
    a->count--;
    pthread_mutex_unlock(&a->lock);
}

enum err aside_begin(struct asides *a, const struct http_request *request, const struct uuid *account,
                     aside_answer *answer, void *self, struct outbound **ret)
{
    struct aside *one = copy_of(request);
    if (!one)
        return ERR_NOMEM;
    one->house = a;
    one->account = *account;
    one->answer = answer;
    one->self = self;
    one->holders = 2;
    if (!enter(a, one)) {
        aside_free(one);
        return ERR_BUSY;
    }
    http_take_body(request, &one->body);
    one->request.body = buffer_text(&one->body);
    struct outbound *held = http_hold(request, INT64_MAX, one, request_ended);
    if (!start_thread(one)) {
        withdraw(a, one);
        one->holders = 1; /* the request's */
        return ERR_BUSY;
    }
    *ret = held;
    return OK;
}

enum err aside_go_on(const struct http_request *request, struct outbound **ret)
{
    struct aside *one = request->held;
    pthread_mutex_lock(&one->house->lock);
    bool over = one->over;
    struct outbound *made = one->made;
    one->made = NULL;
    pthread_mutex_unlock(&one->house->lock);
    if (over) {
        *ret = made;
        return OK;
    }
    if (request->closing) {
        atomic_store(&one->cancel, true);
        return ERR_BUSY;
    }
    *ret = http_hold(request, INT64_MAX, one, request_ended);
    return OK;
}
