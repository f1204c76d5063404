/* net/http_held.c - what a handler returns instead of an answer: the request is held, or answered in pieces over
 * time.
 *
 * What http_hold() and http_stream() return is the exchange itself under another type: only to be compared here,
 * never looked into. A stream: HEAD -> PIECE (the library calls for bytes until the piece is sent) -> `next` is asked
 * -> PIECE | suspended until woken, then asked again | END. */
#include <stdlib.h>
#include <string.h>

#include "net/http_inside.h"

#define STREAM_BLOCK_BYTES (4 * KIB)

static struct outbound *marker(struct http_exchange *x)
{
    return (struct outbound *)(void *)x;
}

static void keep_state(struct http_exchange *x, void *state, void (*state_free)(void *state))
{
    if (x->state != state && x->state_free)
        x->state_free(x->state);
    x->state = state;
    x->state_free = state_free;
}

struct outbound *http_hold(const struct http_request *r, int64_t until_mono_us, void *state,
                           void (*state_free)(void *state))
{
    struct http_exchange *x = r->exchange;
    keep_state(x, state, state_free);
    x->asked = ASKED_HOLD;
    x->until_us = until_mono_us;
    return marker(x);
}

struct outbound *http_stream(const struct http_request *r, struct outbound *head, http_next_piece *next, void *state,
                             void (*state_free)(void *state))
{
    struct http_exchange *x = r->exchange;
    keep_state(x, state, state_free);
    outbound_free(x->head);
    x->asked = ASKED_STREAM;
    x->head = head;
    x->next = next;
    return marker(x);
}

struct outbound *http_want_body(const struct http_request *r)
{
    struct http_exchange *x = r->exchange;
    x->asked = ASKED_BODY;
    return marker(x);
}

/* ---- streams ---- */

static void take_piece(struct http_exchange *x, struct outbound *piece)
{
    outbound_free(x->piece);
    x->piece = piece;
    x->sent = 0;
}

static size_t left(const struct http_exchange *x)
{
    return x->piece ? outbound_body(x->piece).len - x->sent : 0;
}

/* 0: bytes are there; or what the library is told: suspended, or the end. */
#define NOTHING_YET 1
static ssize_t next_piece(struct http_exchange *x)
{
    while (left(x) == 0) {
        if (x->last)
            return MHD_CONTENT_READER_END_OF_STREAM;
        struct outbound *piece = NULL;
        int64_t until_us = INT64_MAX;
        bool closing = http_is_stopping(x->server);
        uint64_t mark = http_wait_mark(x->server->wait);
        enum http_next what = x->next(x->state, closing, &piece, &until_us);
        take_piece(x, piece);
        http_told(x, 0, piece ? outbound_body(piece).len : 0);
        x->last = what == HTTP_END || (what == HTTP_LATER && closing);
        if (what != HTTP_LATER || closing)
            continue;
        return http_wait_begin(x->server->wait, &x->waiter, mark, x->state, until_us)
                   ? NOTHING_YET
                   : MHD_CONTENT_READER_END_WITH_ERROR;
    }
    return 0;
}

static ssize_t stream_bytes(void *self, uint64_t position, char *out, size_t max)
{
    struct http_exchange *x = self;
    (void)position;
    if (x->waiter.gone)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    ssize_t told = next_piece(x);
    if (told)
        return told == NOTHING_YET ? 0 : told;
    size_t len = left(x) < max ? left(x) : max;
    memcpy(out, outbound_body(x->piece).ptr + x->sent, len);
    x->sent += len;
    return (ssize_t)len;
}

static enum MHD_Result begin_stream(struct http_exchange *x, struct MHD_Connection *connection)
{
    struct outbound *head = x->head;
    x->head = NULL;
    if (!http_is_answer(head)) {
        outbound_free(head);
        return http_answer_fault(x, connection, MHD_HTTP_INTERNAL_SERVER_ERROR);
    }
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, stream_bytes, x, NULL);
    if (!response) {
        outbound_free(head);
        return MHD_NO;
    }
    http_add_headers(response, head, http_is_stopping(x->server));
    enum MHD_Result told = MHD_queue_response(connection, (unsigned)outbound_status(head), response);
    MHD_destroy_response(response);
    http_told(x, outbound_status(head), outbound_body(head).len);
    take_piece(x, head);
    return told;
}

/* ---- for the server ---- */

bool http_held_take(struct http_exchange *x, struct MHD_Connection *connection, const struct outbound *returned,
                    uint64_t mark, enum MHD_Result *ret)
{
    enum asked asked = x->asked;
    x->asked = ASKED_NOTHING;
    if (returned != marker(x))
        return false;
    if (asked == ASKED_BODY && x->at_head) {
        x->at_head = false;
        *ret = x->unread ? http_answer_fault(x, connection, x->fault) : MHD_YES;
    } else if (asked == ASKED_BODY)
        *ret = http_answer_fault(x, connection, MHD_HTTP_INTERNAL_SERVER_ERROR);
    else if (asked == ASKED_STREAM)
        *ret = begin_stream(x, connection);
    else if (x->request.closing || !http_wait_begin(x->server->wait, &x->waiter, mark, x->state, x->until_us))
        *ret = http_answer_fault(x, connection, MHD_HTTP_SERVICE_UNAVAILABLE);
    else
        *ret = MHD_YES;
    return true;
}

void http_held_done(struct http_exchange *x)
{
    outbound_free(x->head);
    outbound_free(x->piece);
    if (x->state_free)
        x->state_free(x->state);
}
