/* exchange/intelmq_door.h - where IntelMQ's output bot `restapi` posts its events: POST /intelmq/. This door takes in
 * and gives nothing out: its answers hold counts and, of what was refused, why. docs/EVENTS.md has the bot's
 * configuration. Source: IntelMQ 3, "REST API" output bot; RFC 9457. */
#pragma once
#include "net/http.h"
#include "store/node.h"

struct asides;

/* The answer to any request at or below /intelmq; NULL only when memory is out. What it says was taken in is durable.
 * 201 taken in; 200 known already, or a test message; 400 not JSON; 401; 403 no right to write; 405; 415; 422 every
 * event refused; 500, 503, 507 our own trouble: post again. 503 too when as many posts as may be under
 * way are. Thread-safe; node must be an owner. */
struct outbound *intelmq_door_handle(struct node *node, struct asides *asides, const struct http_request *request);
