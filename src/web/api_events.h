/* web/api_events.h - GET /api/v1/events: what changes, for one account, as it comes into the log. */
#pragma once
#include "net/http.h"
#include "release/api.h"
#include "store/node.h"

/* The stream, from behind Last-Event-ID where it is given, else from now on. Takes the permission. It ends within a
 * second of the account's being disabled, its token's being revoked, or its role's being lowered. NULL: no memory. */
struct outbound *api_events(struct node *node, const struct http_request *request, struct api_permit *permit);
