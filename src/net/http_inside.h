/* net/http_inside.h - inside this room: a server and its exchanges, shared by the files that take requests in
 * (http_server.c), answer them (http_answer.c), and let them wait or stream (http_held.c). */
#pragma once
#include <pthread.h>

#include "net/http.h"
#include "net/http_alive.h"
#include "net/http_listen.h"
#include "net/http_sender.h"
#include "net/http_tls.h"
#include "net/http_wait.h"
#include "net/http_watch.h"

#define HTTP_FIELDS_MAX 128

struct http_server {
    struct http_server_options options; /* what is needed later: limits, handler, fault_page, self */
    struct MHD_Daemon *daemon;
    struct http_watch *watch;
    struct http_senders *senders;
    struct http_tls *tls; /* NULL: plain HTTP */
    struct http_wait *wait;
    struct http_calls calls;
    struct http_probe probe;
    struct ipnet trusted[HTTP_TRUSTED_MAX];
    int listen_fd;
    uint16_t port;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t idle;
    unsigned busy;
    bool stopping; /* answers say that their connection ends */
    bool stopped;  /* no request reaches the handler any more */
};

struct http_gunzip;
enum asked { ASKED_NOTHING, ASKED_HOLD, ASKED_STREAM, ASKED_BODY };

struct http_connection {
    int fd;
    struct ipaddr address;
    struct http_watched *watched;
    struct http_sender *sender;
    struct http_credential *credential;
    struct http_exchange *open; /* the one under way; NULL: none */
};

struct http_exchange {
    struct http_server *server;
    struct http_connection *connection;
    struct http_sender *named; /* by a proxy; NULL: the sender is the connection's */
    bool counted;              /* among the requests of `named` */
    size_t body_counted;       /* bytes of the body among those of its sender */
    struct arena arena;
    struct text target; /* as it was sent */
    struct http_request request;
    struct http_headers headers;
    struct http_field fields[HTTP_FIELDS_MAX];
    struct buffer body;
    bool gzip; /* it comes packed */
    struct http_gunzip *gunzip;
    size_t discarded;
    int fault; /* status of the fault found in head or body; 0: none */
    bool begun, arrived, busy;
    bool at_head; /* the handler has not said yet whether it wants the body */
    bool unread;  /* nothing of the body is read, even if it does: it is told x->fault */
    char peer[IPADDR_TEXT_MAX];
    /* of what waits or streams (http_held.c) */
    bool waited; /* the answer says that it was */
    struct http_waiter waiter;
    enum asked asked; /* by the handler just called */
    int64_t until_us;
    void *state;
    void (*state_free)(void *state);
    http_next_piece *next;
    struct outbound *head, *piece; /* piece: being sent, the first `sent` bytes of it are gone */
    size_t sent;
    bool last; /* piece is the last one */
};

bool http_is_stopping(struct http_server *s);
/* Of a request that the library has dropped without a word. Accepts NULL. */
void http_exchange_end(struct http_exchange *x);

/* ---- http_connection.c ---- */
enum MHD_Result http_connection_accept(void *self, const struct sockaddr *address, socklen_t len);
void http_connection_changed(void *self, struct MHD_Connection *connection, void **socket_context,
                             enum MHD_ConnectionNotificationCode what);
struct http_connection *http_connection_of(struct MHD_Connection *connection); /* NULL: memory was out */
/* The head is there: who sends it, and whether it has too much under way already (x->fault). */
void http_sender_begin(struct http_exchange *x);
bool http_sender_take_body(struct http_exchange *x, size_t bytes); /* false: no room for it */
void http_sender_give_body(struct http_exchange *x);
void http_sender_end(struct http_exchange *x);

/* ---- http_answer.c ---- */
void http_told(struct http_exchange *x, int status, size_t bytes);
/* Takes o; the headers are those of every answer. */
enum MHD_Result http_answer(struct http_exchange *x, struct MHD_Connection *connection, struct outbound *o);
enum MHD_Result http_answer_fault(struct http_exchange *x, struct MHD_Connection *connection, int status);
void http_add_headers(struct MHD_Response *response, const struct outbound *o, bool closing);
bool http_is_answer(const struct outbound *o);

/* ---- http_body.c ---- */
/* The head is there. false: x->fault is to be answered now, nothing of a body is wanted. */
bool http_body_begin(struct http_exchange *x);
/* The head announces one that may mean something: for a method that has any use for it. */
bool http_body_comes(const struct http_exchange *x);
bool http_body_receive(struct http_exchange *x, const char *bytes, size_t len); /* false: too much for anything */
void http_body_end(struct http_exchange *x);                                    /* all has come */
void http_body_done(struct http_exchange *x);

/* ---- http_held.c ---- */
/* What the handler returned instead of an answer: true, and *ret is what the library is to be told. */
bool http_held_take(struct http_exchange *x, struct MHD_Connection *connection, const struct outbound *returned,
                    uint64_t mark, enum MHD_Result *ret);
void http_held_done(struct http_exchange *x);
