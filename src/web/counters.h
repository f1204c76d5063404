/* web/counters.h - what the door counts: requests by door and class of status, bytes, refused credentials. */
#pragma once
#include "base/histogram.h"
#include "net/http.h"

enum web_door { WEB_TAXII, WEB_LOG, WEB_INTELMQ, WEB_API, WEB_HEALTH, WEB_METRICS, WEB_PAGES, WEB_DOORS };
#define WEB_STATUS_CLASSES 4 /* 2xx to 5xx */

struct web_counters {
    _Atomic uint64_t requests[WEB_DOORS][WEB_STATUS_CLASSES], sent_bytes[WEB_DOORS], login_failures;
};
const char *web_door_name(enum web_door door); /* "taxii" */
/* As http_server_options.answered wants it, but for self. */
void web_count(struct web_counters *c, const struct http_request *request, int status, size_t bytes);
