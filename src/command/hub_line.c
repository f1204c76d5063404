/* hub-line (hidden): a child of `watch --hub` that keeps the line to the hub: it owns the home while nobody else
 * does, takes what the hub clears for this sensor and hands over what was seen. Where `serve` has the home, serve
 * keeps the line, and this one waits for its turn. Unlike its parent it reads no log line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "command/commands.h"
#include "command/owner.h"
#include "command/readers.h"
#include "command/watch.h"
#include "desk/index_keeper.h"
#include "exchange/peer.h"
#include "process/signals.h"
#include "process/spawn.h"

/* A command, or a server that ends, has the home for a moment; a server that goes on has it for long. */
#define TURN_MS        200
#define TICK_MS        1000
#define AGAIN_AFTER_US ((int64_t)1000000)
#define LOOK_EVERY_US  ((int64_t)200000)
#define GRACE_MS       10000

/* ---- the child ---- */

struct keeper {
    struct owner owner;
    struct peer_loop *peers;
    struct index_keeper *index;
};

static enum err take_home(struct session *s, struct keeper *k, struct fault *fault)
{
    for (;;) {
        enum err err = owner_open(s->home, &k->owner, fault);
        if (err != ERR_BUSY)
            return err;
        if (cancelled(s))
            return ERR_CANCELLED;
        signals_wait(TURN_MS);
    }
}

static enum err start(struct session *s, struct keeper *k, struct fault *fault)
{
    enum err err = take_home(s, k, fault);
    if (!err)
        err = readers_configure(s->home, true, fault);
    if (!err)
        err = peer_loop_start(k->owner.node, &k->peers, fault);
    if (!err)
        err = index_keeper_start(k->owner.node, &k->index, fault);
    k->owner.peers = k->peers;
    if (!err && node_light_beacon(k->owner.node, fault))
        log_warning("what the hub says is heard of a little later: %s", fault->what);
    return err ? err : owner_listen(&k->owner, fault);
}

static void stop(struct keeper *k)
{
    index_keeper_stop(k->index);
    peer_loop_stop(k->peers);
    if (k->owner.node)
        owner_close(&k->owner, true);
}

static int run_hub_line(struct session *s)
{
    struct keeper k = {0};
    struct fault fault = {.offset = -1, .line = -1};
    log_set_prefix("watch");
    enum err err = start(s, &k, &fault);
    if (err && err != ERR_CANCELLED)
        complain_fault(s, NULL, &fault);
    while (!err && !cancelled(s)) {
        log_catch_up();
        signals_wait(TICK_MS);
    }
    stop(&k);
    return err && err != ERR_CANCELLED ? exit_of(err) : EXIT_DONE;
}

const struct command COMMAND_HUB_LINE = {.name = "hub-line",
                                         .operands = "",
                                         .summary = "keep the line to the hub, beside watch",
                                         .need = NEED_NOTHING,
                                         .run = run_hub_line,
                                         .hidden = true};

/* ---- its parent's side ---- */

struct hub_child {
    struct session *s;
    struct child child;
    int64_t started_us, looked_us;
};

enum err watch_hub_start(struct session *s, struct hub_child **ret)
{
    struct hub_child *h = calloc(1, sizeof *h);
    if (!h)
        return ERR_NOMEM;
    h->s = s;
    h->child.out = -1;
    *ret = h;
    watch_hub_tend(h);
    return OK;
}

static void let_go(struct hub_child *h)
{
    if (h->child.pid > 0)
        close(h->child.out);
    h->child = (struct child){0, -1};
}

void watch_hub_tend(struct hub_child *h)
{
    const int64_t now_us = clock_mono_us();
    struct fault why = {.offset = -1, .line = -1};
    if (!h || (h->looked_us && now_us - h->looked_us < LOOK_EVERY_US))
        return;
    h->looked_us = now_us;
    if (child_running(&h->child) || (h->started_us && now_us - h->started_us < AGAIN_AFTER_US))
        return;
    let_go(h);
    h->started_us = now_us;
    const char *const words[] = {"entente", "--home", h->s->home, "hub-line", NULL};
    if (child_start(words, STDERR_FILENO, &h->child, &why))
        complain(h->s, "the line to the hub cannot be kept: %s", why.what);
}

void watch_hub_stop(struct hub_child *h)
{
    if (!h)
        return;
    if (child_running(&h->child))
        (void)child_stop(&h->child, GRACE_MS);
    else
        let_go(h);
    free(h);
}
