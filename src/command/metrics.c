/* command/metrics.c - see metrics.h. A page costs a question to the view for counts, and one for each list; nothing
 * of it is kept. */
#include "command/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "command/names.h"
#include "exchange/clearance.h"
#include "exchange/ledger_status.h"
#include "exchange/source.h"
#include "process/crash.h"
#include "process/worker.h"
#include "release/metrics.h"

#define LINES_MAX  256 /* peers, and sources, that are told one by one */
#define VALUES_MAX (6 * LINES_MAX + 256)

struct page {
    const struct metrics *m;
    struct view *view;
    struct arena arena;
    int64_t now_us;
    size_t count, lines, left_out;
    enum metric metric; /* of the lines being added */
    struct metric_value values[VALUES_MAX];
};

static void add_labelled(struct page *p, enum metric metric, struct text a, struct text b, double number)
{
    if (p->count < VALUES_MAX)
        p->values[p->count++] = (struct metric_value){.metric = metric, .labels = {a, b}, .number = number};
}

static void add(struct page *p, enum metric metric, double number)
{
    add_labelled(p, metric, TEXT_NONE, TEXT_NONE, number);
}

static void add_histogram(struct page *p, enum metric metric, const struct histogram *h)
{
    if (p->count < VALUES_MAX)
        p->values[p->count++] = (struct metric_value){.metric = metric, .histogram = h};
}

/* ---- the machine ---- */

static double resident_bytes(void)
{
    char line[256];
    uint64_t pages = 0;
    FILE *f = fopen("/proc/self/statm", "re"); /* proc(5): size, resident, ... in pages */
    char *at = f && fgets(line, sizeof line, f) ? strchr(line, ' ') : NULL;
    if (at && text_u64((struct text){at + 1, strcspn(at + 1, " ")}, &pages))
        pages = 0;
    if (f)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void add_machine(struct page *p)
{
    struct statvfs disk;
    add_labelled(p, METRIC_BUILD, text_of(ENTENTE_VERSION), TEXT_NONE, 1);
    add(p, METRIC_START, (double)p->m->started_us / 1e6);
    add(p, METRIC_MEMORY, resident_bytes());
    if (statvfs(node_home(p->m->node), &disk))
        return;
    add(p, METRIC_DISK_FREE, (double)disk.f_bavail * (double)disk.f_frsize);
    add(p, METRIC_DISK_SIZE, (double)disk.f_blocks * (double)disk.f_frsize);
}

/* ---- the home ---- */

static void add_store(struct page *p)
{
    const struct node_counters *c = node_counters(p->m->node);
    uint64_t visible = counter_of(&c->visible), durable = counter_of(&c->durable);
    add(p, METRIC_WRITES_QUEUED, (double)counter_of(&c->queued));
    add(p, METRIC_VIEWS_OUT, (double)counter_of(&c->readers));
    add(p, METRIC_LOG_ENTRIES, (double)durable);
    add(p, METRIC_VIEW_LAG, durable > visible ? (double)(durable - visible) : 0);
    add_histogram(p, METRIC_GROUP_ENTRIES, &c->group_entries);
    add_histogram(p, METRIC_COMMIT, &c->commit_us);
}

static void add_held(struct page *p, const struct view_counts *c)
{
    const struct {
        const char *kind;
        uint64_t count;
    } kinds[] = {{"objects", c->objects},         {"versions", c->versions},
                 {"indicators", c->indicators},   {"values", c->values},
                 {"findings", c->findings},       {"findings_open", c->findings_open},
                 {"incidents", c->incidents},     {"organisations", c->organisations},
                 {"quarantined", c->quarantined}, {"unmarked", c->unmarked},
                 {"releases", c->releases},       {"peers", c->peers},
                 {"sources", c->sources},         {"accounts", c->accounts}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        add_labelled(p, METRIC_HELD, text_of(kinds[i].kind), TEXT_NONE, (double)kinds[i].count);
}

/* ---- the gate and the door ---- */

/* "block list": a label is one word. */
static struct text door_word(enum door door, char out[32])
{
    size_t len = 0;
    for (const char *name = door_name(door); name[len] && len + 1 < 32; len++)
        out[len] = name[len] == ' ' ? '-' : name[len];
    return (struct text){out, len};
}

/* Doors by which nothing was decided are not told, but for TAXII. */
static void add_gate_door(struct page *p, const struct gate_counters *g, enum door door)
{
    static const char *const outcomes[] = {"withheld", "cleared"};
    char number[8], word[32];
    struct text name = arena_text(&p->arena, door_word(door, word));
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
        add_labelled(p, METRIC_GATE, name, text_of(outcomes[i]), (double)counter_of(&g->decisions[door][i]));
    for (int i = 0; i < GATE_RULES_COUNTED; i++) {
        int len = snprintf(number, sizeof number, "%d", i);
        if (counter_of(&g->denials[door][i]))
            add_labelled(p, METRIC_GATE_DENIALS, name, arena_text(&p->arena, (struct text){number, (size_t)len}),
                         (double)counter_of(&g->denials[door][i]));
    }
}

static void add_gate(struct page *p, const struct gate_counters *g)
{
    for (int door = 0; door < DOOR_COUNT; door++)
        if (door == DOOR_TAXII || counter_of(&g->decisions[door][0]) || counter_of(&g->decisions[door][1]))
            add_gate_door(p, g, (enum door)door);
}

static void add_door(struct page *p, struct node *node, struct web *web)
{
    static const char *const classes[WEB_STATUS_CLASSES] = {"2xx", "3xx", "4xx", "5xx"};
    const struct web_counters *c = web_counters(web);
    add_gate(p, node_gate_counters(node));
    for (int door = 0; door < WEB_DOORS; door++)
        for (int i = 0; i < WEB_STATUS_CLASSES; i++)
            add_labelled(p, METRIC_REQUESTS, text_of(web_door_name((enum web_door)door)), text_of(classes[i]),
                         (double)counter_of(&c->requests[door][i]));
    for (int door = 0; door < WEB_DOORS; door++)
        add_labelled(p, METRIC_SENT, text_of(web_door_name((enum web_door)door)), TEXT_NONE,
                     (double)counter_of(&c->sent_bytes[door]));
    add(p, METRIC_WAITING, (double)web_waiting(web));
    add(p, METRIC_LOGIN_FAILED, (double)counter_of(&c->login_failures));
}

/* ---- lines to others ---- */

static double age_s(const struct page *p, int64_t at_us)
{
    return p->now_us > at_us ? (double)(p->now_us - at_us) / 1e6 : 0;
}

/* One of three metrics of a line; the format wants those of one metric together. */
static void add_line(struct page *p, struct text name, const struct uuid *id, bool good, int64_t at_us,
                     uint32_t failures)
{
    char text[UUID_TEXT_MAX];
    uuid_format(id, text);
    struct text own = arena_text(&p->arena, text_of(text));
    if (++p->lines > LINES_MAX) {
        p->left_out += p->metric == METRIC_PEER_UP || p->metric == METRIC_SOURCE_UP;
        return;
    }
    bool up = p->metric == METRIC_PEER_UP || p->metric == METRIC_SOURCE_UP;
    bool age = p->metric == METRIC_PEER_AGE || p->metric == METRIC_SOURCE_AGE;
    double number = up ? good : age ? age_s(p, at_us) : (double)failures;
    name = text_sub(name, 0, name.len < METRIC_NAME_MAX_BYTES ? name.len : METRIC_NAME_MAX_BYTES);
    add_labelled(p, p->metric, arena_text(&p->arena, text_is_utf8(name) ? name : TEXT("?")), own, number);
}

static enum err on_peer(void *self, const struct fact *f)
{
    struct page *p = self;
    struct peer_result r;
    if (!f->u.peer.expelled && p->m->peers && peer_loop_result(p->m->peers, &f->u.peer.party, &r))
        add_line(p, party_name(p->view, &p->arena, &f->u.peer.party), &f->u.peer.party, r.err == OK, r.at_us,
                 r.failures);
    return OK;
}

static enum err on_source(void *self, const struct fact *f)
{
    struct page *p = self;
    struct source_result r;
    if (f->u.source.kind.len && !f->u.source.paused &&
        source_result_load(node_local(p->m->node), &f->u.source.id, &r, NULL) == OK)
        add_line(p, f->u.source.name, &f->u.source.id, r.err == OK, r.at_us, r.failures);
    return OK;
}

static enum err add_lines(struct page *p, struct fault *reterr)
{
    enum err e = OK;
    for (int metric = METRIC_PEER_UP; metric <= METRIC_SOURCE_FAILURES && e == OK; metric++) {
        bool peers = metric <= METRIC_PEER_FAILURES;
        p->metric = (enum metric)metric;
        p->lines = 0;
        e = view_facts(p->view, peers ? FACT_PEER : FACT_SOURCE, peers ? on_peer : on_source, p, reterr);
    }
    add(p, METRIC_LEFT_OUT, (double)p->left_out);
    return e;
}

/* ---- the log for partners, and what broke ---- */

static void add_ledger(struct page *p, const struct ledger_status *l)
{
    char path[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s/log/checkpoint", node_home(p->m->node));
    if (stat(path, &st) == 0)
        add(p, METRIC_CHECKPOINT_AGE, age_s(p, (int64_t)st.st_mtime * 1000000));
    add(p, METRIC_CHECKPOINT_ENTRIES, (double)l->published);
    add(p, METRIC_COSIGNED_ENTRIES, (double)l->cosigned);
    add(p, METRIC_COSIGNED_BY, l->by);
    add(p, METRIC_WITNESSES, l->partners);
}

static void add_failures(struct page *p)
{
    char newest[CRASH_NAME_MAX];
    for (int i = 0; i < WORKER_FAILURES; i++)
        add_labelled(p, METRIC_READER_FAILURES, text_of(worker_failure_name((enum worker_failure)i)), TEXT_NONE,
                     (double)workers_failed((enum worker_failure)i));
    add(p, METRIC_CRASHES, crash_newest(node_home(p->m->node), newest));
}

static enum err collect(struct page *p, struct fault *reterr)
{
    struct view_counts counts;
    struct ledger_status ledger;
    enum err e = view_counts(p->view, &counts, reterr);
    if (e == OK)
        e = ledger_status(p->m->node, p->view, &ledger, reterr);
    if (e)
        return e;
    add_machine(p);
    add_store(p);
    add_held(p, &counts);
    if (p->m->web)
        add_door(p, p->m->node, p->m->web);
    e = add_lines(p, reterr);
    add_ledger(p, &ledger);
    add_failures(p);
    return e;
}

struct outbound *metrics_page(void *self)
{
    struct metrics *m = self;
    struct outbound *made = NULL;
    struct fault why = {.offset = -1, .line = -1};
    struct page *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->m = m;
    p->now_us = clock_now_us();
    arena_init(&p->arena, 4 * MIB);
    pthread_mutex_lock(&m->lock);
    enum err e = node_reader(m->node, &p->view, &why);
    if (e == OK)
        e = collect(p, &why);
    if (e == OK)
        e = outbound_metrics(p->values, p->count, &made);
    node_reader_done(m->node, p->view);
    pthread_mutex_unlock(&m->lock);
    arena_done(&p->arena);
    free(p);
    if (e)
        log_warning("metrics cannot be told: %s", why.what[0] ? why.what : err_name(e));
    return made;
}

void metrics_init(struct metrics *m, struct node *node)
{
    *m = (struct metrics){.node = node, .started_us = clock_now_us()};
    pthread_mutex_init(&m->lock, NULL);
}

void metrics_done(struct metrics *m)
{
    if (m->node)
        pthread_mutex_destroy(&m->lock);
    m->node = NULL;
}

void metrics_attach(struct metrics *m, struct web *web, struct peer_loop *peers)
{
    if (!m->node)
        return;
    pthread_mutex_lock(&m->lock);
    m->web = web;
    m->peers = peers;
    pthread_mutex_unlock(&m->lock);
}
