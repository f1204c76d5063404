/* serve: owns the home, answers partners and commands, and keeps asking its peers for news. */
#include "command/serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "command/api.h"
#include "command/commands.h"
#include "command/hunter.h"
#include "command/logging.h"
#include "command/metrics.h"
#include "command/owner.h"
#include "command/readers.h"
#include "command/reload.h"
#include "command/vital.h"
#include "desk/index_keeper.h"
#include "exchange/witness_loop.h"
#include "model/space.h"
#include "process/config.h"
#include "process/crash.h"
#include "process/signals.h"
#include "process/worker.h"
#include "store/clock.h"
#include "store/publisher.h"
#include "web/server.h"
#include "json/json.h"

/* How long a home may stay with a command that is under way before serve gives up. */
#define SERVE_PATIENCE_US ((int64_t)10 * 1000000)
#define CLOCK_EVERY_MS    1000

struct server {
    struct owner owner;
    struct api_backend api;
    struct config *config;
    struct web *web;
    struct peer_loop *peers;
    struct source_loop *sources;
    struct publisher *publisher;
    struct witness_loop *witnesses;
    struct index_keeper *index;
    struct vital vital;
    struct metrics metrics;
    struct hunter_child hunter;
    char *cert_pem, *key_pem;
    char host[256]; /* as listened on, without the port */
    char sandbox[READERS_WORDS_MAX];
    bool tls;
};

const char *server_url(const struct server *s, char *out, size_t size)
{
    if (!s || !s->web)
        return NULL;
    snprintf(out, size, "http%s://%s:%u/taxii2/", s->tls ? "s" : "", s->host, web_port(s->web));
    return out;
}

enum err server_source_poll(struct session *s, const struct uuid *source, struct source_result *ret,
                            struct fault *reterr)
{
    if (s->server && s->server->sources)
        return source_loop_poll(s->server->sources, source, ret, reterr);
    return source_poll(s->node, source, 0, s->cancel, ret, reterr);
}

int64_t server_source_next(struct server *s, const struct uuid *source)
{
    return s && s->sources ? source_loop_next(s->sources, source) : 0;
}

static enum err read_config(struct session *s, struct server *srv, struct fault *fault)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/entente.yaml", s->home);
    enum err err = config_load(path, &srv->config, fault);
    if (!err && srv->config->tls_certificate) {
        err = reload_pem(srv->config->tls_certificate, &srv->cert_pem, fault);
        if (!err)
            err = reload_pem(srv->config->tls_key, &srv->key_pem, fault);
        srv->tls = true;
    }
    return err;
}

/* A short command may have the home at this moment; another server will not give it up. */
static enum err take_home(struct session *s, struct server *srv, struct fault *fault)
{
    int64_t until = clock_mono_us() + SERVE_PATIENCE_US;
    for (;;) {
        enum err err = owner_open(s->home, &srv->owner, fault);
        if (err != ERR_BUSY || clock_mono_us() > until || cancelled(s))
            return err;
        signals_wait(50);
    }
}

static void remember_host(struct server *srv, const char *address)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon ? (size_t)(colon - address) : strlen(address);
    snprintf(srv->host, sizeof srv->host, "%.*s", (int)(len < 255 ? len : 255), address);
}

/* What the last one left is told at each start, until somebody has taken it away. */
static void watch_for_crashes(struct session *s, struct server *srv)
{
    char newest[CRASH_NAME_MAX];
    struct fault why = {.offset = -1, .line = -1};
    unsigned count = crash_newest(s->home, newest);
    if (count)
        log_warning("this node has crashed: %s/" CRASH_FOLDER "/%s%s", s->home, newest,
                    count > 1 ? " and earlier ones" : "");
    if (crash_install(s->home, ENTENTE_VERSION, &node_counters(srv->owner.node)->durable, &why))
        log_warning("a crash would leave no file: %s", why.what);
}

static void watch_over(struct server *srv)
{
    vital_watch(&srv->vital, "the writer", node_pulse(srv->owner.node));
    vital_watch(&srv->vital, "the loop of peers", peer_loop_pulse(srv->peers));
    vital_watch(&srv->vital, "the loop of sources", source_loop_pulse(srv->sources));
    vital_watch(&srv->vital, "the publisher of checkpoints", publisher_pulse(srv->publisher));
    vital_watch(&srv->vital, "the loop of witnesses", witness_loop_pulse(srv->witnesses));
    vital_watch(&srv->vital, "the keeper of the index", index_keeper_pulse(srv->index));
    srv->vital.web = srv->web;
    metrics_attach(&srv->metrics, srv->web, srv->peers);
}

/* Each connection is a file; the soft limit is meant for programs that use select(). */
static void raise_file_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

/* Each was checked when the configuration was read. */
static size_t trusted_networks(const struct config *c, struct ipnet ret[CONFIG_PROXIES_MAX])
{
    size_t count = 0;
    for (unsigned i = 0; i < c->trusted_proxies_count && i < CONFIG_PROXIES_MAX; i++)
        count += ipnet_parse(text_of(c->trusted_proxies[i]), &ret[count]) == OK;
    return count;
}

static enum err start(struct session *s, struct server *srv, struct fault *fault)
{
    const char *listen = option(s, "listen");
    raise_file_limit();
    enum err err = read_config(s, srv, fault);
    if (!err)
        err = take_home(s, srv, fault);
    if (err)
        return err;
    logging_follow(srv->config);
    log_bound(true);
    watch_for_crashes(s, srv);
    metrics_init(&srv->metrics, srv->owner.node);
    readers_follow(srv->config, true);
    err = readers_words(srv->sandbox, fault);
    if (err)
        return err;
    if (!listen)
        listen = srv->config->listen;
    struct ipnet trusted[CONFIG_PROXIES_MAX];
    struct web_options options = {.address = listen,
                                  .cert_pem = srv->cert_pem,
                                  .key_pem = srv->key_pem,
                                  .threads = srv->config->threads,
                                  .api = &srv->api,
                                  .metrics_address = srv->config->metrics_listen,
                                  .trusted = trusted,
                                  .trusted_count = trusted_networks(srv->config, trusted),
                                  .metrics = metrics_page,
                                  .metrics_self = &srv->metrics};
    srv->owner.server = srv;
    srv->api = api_backend(&srv->owner);
    remember_host(srv, listen);
    /* Before anybody can ask: a home that was put back must not sign or show what its partners know better. */
    node_hold(srv->owner.node, clock_mono_us() + WITNESS_HOLD_US);
    err = web_start(srv->owner.node, &options, &srv->web, fault);
    if (!err)
        err = peer_loop_start(srv->owner.node, &srv->peers, fault);
    srv->owner.peers = srv->peers;
    if (!err)
        err = source_loop_start(srv->owner.node, &srv->sources, fault);
    if (!err)
        err = publisher_start(srv->owner.node, srv->config->checkpoint_ms, NULL, NULL, &srv->publisher, fault);
    if (!err)
        err = witness_loop_start(srv->owner.node, srv->config->witness_ms, &srv->witnesses, fault);
    if (!err && node_light_beacon(srv->owner.node, fault))
        log_warning("who watches logs hears of news a little later: %s", fault->what);
    if (!err)
        err = index_keeper_start(srv->owner.node, &srv->index, fault);
    if (!err)
        err = owner_listen(&srv->owner, fault);
    if (!err)
        watch_over(srv);
    return err;
}

static void announce(struct session *s, const struct server *srv)
{
    char url[300];
    const struct fact_genesis *g = node_genesis(srv->owner.node);
    server_url(srv, url, sizeof url);
    if (!s->json) {
        if (!space_is_real(g->space))
            say(s, "EXERCISE \"" TEXT_FMT "\": nothing here is real\n", TEXT_ARG(g->space));
        say(s, TEXT_FMT " serves TAXII 2.1 at %s\nHome %s. Foreign documents are read under %s.\nCtrl-C ends it.\n",
            TEXT_ARG(g->name), url, s->home, srv->sandbox);
        return;
    }
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "taxii", text_of(url));
    json_member_text(&o, "home", text_of(s->home));
    json_member_text(&o, "space", g->space);
    json_member_text(&o, "sandbox", text_of(srv->sandbox));
    json_close(&o, '}');
    json_line_end(s);
}

/* Backwards: nothing new comes in, what is under way is finished, then the home is given up. */
static void stop(struct server *srv)
{
    notify_tell(&srv->vital.notify, "STOPPING=1\nSTATUS=ending");
    metrics_attach(&srv->metrics, NULL, NULL);
    index_keeper_stop(srv->index);
    hunter_stop(&srv->hunter);
    witness_loop_stop(srv->witnesses);
    publisher_stop(srv->publisher);
    source_loop_stop(srv->sources);
    peer_loop_stop(srv->peers);
    web_stop(srv->web);
    metrics_done(&srv->metrics);
    srv->index = NULL;
    srv->witnesses = NULL;
    srv->publisher = NULL;
    srv->peers = NULL;
    srv->sources = NULL;
    srv->web = NULL;
    owner_close(&srv->owner, true);
    workers_stop();
    config_free(srv->config);
    free(srv->cert_pem);
    free(srv->key_pem);
    vital_close(&srv->vital);
}

/* What a wholly valid file says is taken; else everything stays as it is. */
static void reload(struct session *s, struct server *srv)
{
    struct fault why = {.offset = -1, .line = -1};
    notify_reloading(&srv->vital.notify);
    if (reload_config(s->home, srv->owner.node, srv->web, &srv->config, &why))
        log_error("the configuration stays as it was: %s", why.what);
    else
        log_info("the configuration was read again");
    notify_tell(&srv->vital.notify, "READY=1\nSTATUS=serving");
}

/* Intervals are measured by clocks that do not jump, so nothing has to be armed again; that it happened is told. */
static void watch_clock(struct node *node, struct clock_mark *mark)
{
    int64_t by_us;
    struct fault why = {.offset = -1, .line = -1};
    if (!clock_jumped(mark, clock_now_us(), clock_boot_us(), &by_us))
        return;
    log_warning("the clock jumped by %+.3f s", (double)by_us / 1e6);
    if (node_note_jump(node, by_us, &why))
        log_error("the jump of the clock could not be noted: %s", why.what);
}

static void run(struct session *s, struct server *srv)
{
    struct clock_mark mark = {0};
    notify_tell(&srv->vital.notify, "READY=1\nSTATUS=serving\nMAINPID=%d", (int)getpid());
    while (!cancelled(s)) {
        vital_tick(&srv->vital, clock_mono_us());
        log_catch_up();
        watch_clock(srv->owner.node, &mark);
        if (signals_reload())
            reload(s, srv);
        hunter_tend(&srv->hunter, s->home, srv->config);
        signals_wait(vital_wait_ms(&srv->vital, CLOCK_EVERY_MS));
    }
}

static int run_serve(struct session *s)
{
    struct server srv = {0};
    struct fault fault = {.offset = -1, .line = -1};
    log_set_prefix("serve");
    signals_take_reload();
    vital_open(&srv.vital);
    notify_tell(&srv.vital.notify, "STATUS=opening the home");
    enum err err = start(s, &srv, &fault);
    if (err == ERR_BUSY) {
        complain(s, "%s: %s: end it first, or give this node another --home", s->home, fault.what);
    } else if (err) {
        complain_fault(s, NULL, &fault);
    } else {
        announce(s, &srv);
        run(s, &srv);
    }
    stop(&srv);
    return exit_of(err);
}

static const struct option_spec OPTIONS[] = {
    {"listen", OPTION_VALUE, "ADDR:PORT",
     "where (entente.yaml's listen, else 127.0.0.1:8443); port 0 picks a free one"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_SERVE = {.name = "serve",
                                      .operands = "",
                                      .summary = "TAXII 2.1 for partners, news from peers, one owner of the home",
                                      .details = "Without a certificate (tls_certificate and tls_key in "
                                                 "entente.yaml) only this machine is served: put a proxy\n"
                                                 "with TLS in front, or name a certificate.\n"
                                                 "SIGHUP has entente.yaml read again, all or nothing. GET /metrics "
                                                 "tells this machine how the\n"
                                                 "node is (OpenMetrics); systemd is told by sd_notify.\n",
                                      .options = OPTIONS,
                                      .need = NEED_NOTHING,
                                      .run = run_serve};
