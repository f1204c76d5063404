/* web/session.h - the door for people who log in: POST /api/v1/session gives a session's token for name and password,
 * DELETE ends it. Needs no account beforehand; docs/ACCOUNTS.md. */
#pragma once
#include "exchange/aside.h"
#include "store/node.h"

#define SESSION_PATH "/api/v1/session"
/* Name and password as JSON, with room for escapes. */
#define SESSION_BODY_MAX (8 * KIB)

/* The answer, or that it waits for the hashing. NULL: no memory. */
struct outbound *session_door_handle(struct node *node, const struct http_request *request);
/* POST PASSWORD_PATH: a person's new password, for name and old one: 204. */
#define PASSWORD_PATH "/api/v1/session/password"
struct outbound *password_door_handle(struct node *node, struct asides *asides, const struct http_request *request);

/* Inside: of both. Nobody is known yet: nothing large is read, and nothing of unknown length. */
bool session_is_json(struct text content_type);
bool session_announces_too_much(const struct http_request *request);
/* A refusal as RFC 9457 has it, with what its status asks for besides. NULL: no memory. */
struct outbound *session_problem(int status, const char *title, const char *detail);
struct outbound *session_other_method(const char *allow, const char *detail); /* 405 */
