/* exchange/login.h - people who come with account and password: the hashing is waited for without a thread.
 *
 * Basic authentication: login_gate() stands before all doors, and holds a request until its password was held against
 * the hash; asker_find() then only looks whether it was right. A session: login_begin(), then session_open() of
 * store/login.h; its token is a Bearer token like others. */
#pragma once
#include "net/http.h"
#include "store/login.h"
#include "store/node.h"

struct http_server;
/* What the header says; user empty: none was given. ERR_NOT_FOUND: nothing that is known here | ERR_NOMEM */
struct credential {
    struct text user, secret;
};
MUST_CHECK enum err credential_read(struct text authorization, struct arena *arena, struct credential *ret);

/* NULL: go on, and what asker_find() says of the request counts (its password is right, wrong, or there is none);
 * else the answer: held, or 429 with Retry-After. A request that a door already holds is let through. */
struct outbound *login_gate(struct node *node, const struct http_request *request);
/* The request as a door is to see it: held by the gate is not held by the door. */
struct http_request login_passed(const struct http_request *request);
/* Wakes those requests after each hashing, and all that wait when something is taken back; NULL: no longer. */
void login_wakes(struct node *node, struct http_server *http);

/* For a door that takes name and password itself: POST of a session. LOGIN_WAITS: return login_hold() and ask again
 * with the same words when the handler is called again; LOGIN_YES: *ret_account. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err login_begin(struct node *node, const struct http_request *request, struct text name,
                                struct text password, struct login_answer *ret, struct uuid *ret_account,
                                struct fault *reterr);
struct outbound *login_hold(const struct http_request *request);
/* 429, Retry-After. */
struct outbound *login_later(const struct login_answer *a);
/* What asker_find() asks of basic authentication with a password: is it right, and known? */
bool login_is_right(struct node *node, const struct uuid *account, struct text name, struct text password);
