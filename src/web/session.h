/* web/session.h - the door for people who log in: POST /api/v1/session gives a session's token for name and password,
 * DELETE ends it. Needs no account beforehand; docs/ACCOUNTS.md. */
#pragma once
#include "net/http.h"
#include "store/node.h"

#define SESSION_PATH "/api/v1/session"
/* Name and password as JSON, with room for escapes. */
#define SESSION_BODY_MAX (8 * KIB)

/* The answer, or that it waits for the hashing. NULL: no memory. */
struct outbound *session_door_handle(struct node *node, const struct http_request *request);
