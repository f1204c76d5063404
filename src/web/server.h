/* web/server.h - a node's door: the HTTP server with its routes. */
#pragma once
#include "exchange/taxii_server.h"
#include "web/api.h"
#include "web/counters.h"

struct web_options {
    const char *address;            /* as http_server_options has it: "127.0.0.1:8443", port 0 picks one */
    const char *cert_pem, *key_pem; /* NULL: plain HTTP, on loopback only */
    unsigned threads;               /* 0: as many as processors, 2 at least */
    const struct api_backend *api;  /* outlives the server; NULL: no API */
    const char *metrics_address;    /* a second one, loopback, for /metrics alone; NULL: the first serves it */
    const struct ipnet *trusted;    /* proxies, as http_server_options has them */
    size_t trusted_count;
    struct outbound *(*metrics)(void *self); /* the page; on pool threads. NULL: none */
    void *metrics_self;
};
struct web;
/* node must be an owner and outlive the server.
 * ERR_BUSY (the port) | ERR_USAGE (address, certificate) | ERR_DENIED (plain HTTP to the world) | ERR_NOMEM | ERR_IO
 */
MUST_CHECK enum err web_start(struct node *node, const struct web_options *options, struct web **ret,
                              struct fault *reterr);
uint16_t web_metrics_port(const struct web *w); /* 0: there is no second address */
const struct web_counters *web_counters(const struct web *w);
size_t web_waiting(struct web *w); /* requests and streams */
uint16_t web_port(const struct web *w);
/* For how long the door has been silent that should not be; 0: it goes on. As http_server_late_us(). */
int64_t web_late_us(struct web *w, int64_t now_us);
/* As http_server_certificate(). */
MUST_CHECK enum err web_certificate(struct web *w, const char *cert_pem, const char *key_pem, struct fault *reterr);
void web_stop(struct web *w); /* finishes requests under way; accepts NULL */
