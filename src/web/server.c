/* web/server.c - starts and ends the door. */
#include "web/server.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/time.h"
#include "exchange/login.h"
#include "web/routes.h"

#define THREADS_MAX 64
/* Waiting partners and people at once; a connection takes some 15 KB, and about 50 KB over TLS. */
#define CONNECTIONS_MAX 4096
#define CONNECTIONS_MIN 512
#define FILES_APART     512

struct web {
    struct routes routes;
    struct http_server *http;
    struct routes second; /* of the address for metrics alone */
    struct http_server *second_http;
};

static unsigned threads_of(const struct web_options *options)
{
    long processors = options->threads ? (long)options->threads : sysconf(_SC_NPROCESSORS_ONLN);
    if (processors < 2 && !options->threads)
        return 2;
    return processors > THREADS_MAX ? THREADS_MAX : (unsigned)processors;
}

/* On the writer's thread, after each group: to whom news may matter. */
static void moved(void *self, uint64_t entries)
{
    struct web *w = self;
    taxii_server_moved(w->routes.taxii, entries);
}

/* As many as there can be files for, beside those of the log, the view and the readers. */
static unsigned connections_of(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur < 2 * FILES_APART)
        return CONNECTIONS_MIN;
    rlim_t room = files.rlim_cur - FILES_APART;
    return room < CONNECTIONS_MAX ? (unsigned)room : CONNECTIONS_MAX;
}

static enum err start_second(struct web *w, const struct web_options *options, struct fault *reterr)
{
    w->second = (struct routes){.metrics = options->metrics, .metrics_self = options->metrics_self};
    const struct http_server_options http = {.address = options->metrics_address,
                                             .threads = 1,
                                             .handler = routes_metrics_alone,
                                             .self = &w->second,
                                             .fault_page = routes_fault,
                                             .answered = routes_answered};
    return http_server_start(&http, &w->second_http, reterr);
}

enum err web_start(struct node *node, const struct web_options *options, struct web **ret, struct fault *reterr)
{
    struct web *w = calloc(1, sizeof *w);
    if (!w)
        return fault_set(reterr, ERR_NOMEM, "no memory for the HTTP server");
    w->routes = (struct routes){.node = node, .started_us = clock_mono_us()};
    if (!options->metrics_address) {
        w->routes.metrics = options->metrics;
        w->routes.metrics_self = options->metrics_self;
    }
    enum err e = taxii_server_new(node, &w->routes.taxii, reterr);
    if (e == OK)
        e = ledger_server_new(node, &w->routes.ledger, reterr);
    if (e == OK && options->api)
        e = api_door_new(node, options->api, &w->routes.api);
    if (e == OK) {
        const struct http_server_options http = {.address = options->address,
                                                 .cert_pem = options->cert_pem,
                                                 .key_pem = options->key_pem,
                                                 .threads = threads_of(options),
                                                 .connections_max = connections_of(),
                                                 .handler = routes_handle,
                                                 .self = &w->routes,
                                                 .trusted = options->trusted,
                                                 .trusted_count = options->trusted_count,
                                                 .fault_page = routes_fault,
                                                 .heads_first = true,
                                                 .answered = routes_answered};
        e = http_server_start(&http, &w->http, reterr);
        if (e == OK)
            login_wakes(node, w->http);
    }
    if (e == OK && options->metrics_address)
        e = start_second(w, options, reterr);
    if (e) {
        web_stop(w);
        return e;
    }
    node_on_commit(node, moved, w);
    *ret = w;
    return OK;
}

uint16_t web_metrics_port(const struct web *w)
{
    return w->second_http ? http_server_port(w->second_http) : 0;
}

const struct web_counters *web_counters(const struct web *w)
{
    return &w->routes.counters;
}

size_t web_waiting(struct web *w)
{
    return http_server_held(w->http);
}

uint16_t web_port(const struct web *w)
{
    return http_server_port(w->http);
}

int64_t web_late_us(struct web *w, int64_t now_us)
{
    return http_server_late_us(w->http, now_us);
}

enum err web_certificate(struct web *w, const char *cert_pem, const char *key_pem, struct fault *reterr)
{
    return http_server_certificate(w->http, cert_pem, key_pem, reterr);
}

void web_stop(struct web *w)
{
    if (!w)
        return;
    if (w->http)
        login_wakes(w->routes.node, NULL);
    node_on_commit(w->routes.node, NULL, NULL);
    http_server_stop(w->second_http);
    http_server_stop(w->http);
    api_door_free(w->routes.api);
    ledger_server_free(w->routes.ledger);
    taxii_server_free(w->routes.taxii);
    free(w);
}
