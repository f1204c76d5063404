/* web/routes.h - the one route table: which path is answered by what. */
#pragma once
#include "exchange/ledger_server.h"
#include "exchange/taxii_server.h"
#include "web/api.h"
#include "web/counters.h"

struct routes {
    struct node *node;
    struct taxii_server *taxii;
    struct ledger_server *ledger;
    struct api_door *api; /* NULL: not offered */
    int64_t started_us;   /* monotonic */
    struct web_counters counters;
    struct outbound *(*metrics)(void *self); /* NULL: they are not told here */
    void *metrics_self;
};
/* http_handler; self is the struct routes. */
struct outbound *routes_handle(void *self, const struct http_request *request);
/* Only /metrics, for a second address. */
struct outbound *routes_metrics_alone(void *self, const struct http_request *request);
void routes_answered(void *self, const struct http_request *request, int status, size_t bytes);
/* Faults found before a handler is called. */
struct outbound *routes_fault(void *self, int status);
