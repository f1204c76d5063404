/* store/node.c - a home opened: as its one owner, or as one of many readers. How writes go is in writer.c, how a home
 * is made in node_create.c.
 *
 * Invariants:
 *   1. an owner holds the lock from before it looks at the log until after it has closed it.
 *   2. an owner's view has seen exactly the log's entries whenever the writer thread waits.
 *   3. a view that has seen more than the log holds proves the log damaged: nothing is changed then.
 *   4. a reading connection is used by one thread at a time, and none outlives the view's file it was opened on. */
#include "store/node.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "store/erase_inside.h"
#include "store/login.h"
#include "store/migrate.h"
#include "store/reserve.h"

/* How long a reader waits for a view that is being exchanged: 2 s, two renames and syncs. */
#define EXCHANGE_WAITS   200
#define EXCHANGE_WAIT_NS 10000000

/* ---- reading connections ---- */

/* Another process owns the home and may have put a new view in the old one's place: connections to the old file would
 * show it for ever. Looked at by name: opening the file here would drop SQLite's locks on it. */
static void notice_new_file(struct node *node)
{
    struct stat st;
    char *path = node->mode == NODE_READ ? home_path(node->home, VIEW_FILE) : NULL;
    bool there = path && stat(path, &st) == 0;
    free(path);
    if (!there)
        return;
    const struct view_file now = {st.st_dev, st.st_ino};
    pthread_mutex_lock(&node->readers_lock);
    bool first = node->view_file.inode == 0;
    bool other = !first && (now.inode != node->view_file.inode || now.device != node->view_file.device);
    node->view_file = now;
    node->epoch += other;
    pthread_mutex_unlock(&node->readers_lock);
    if (other)
        readers_drop(node);
}

uint64_t node_view_epoch(struct node *node)
{
    pthread_mutex_lock(&node->readers_lock);
    uint64_t epoch = node->epoch;
    pthread_mutex_unlock(&node->readers_lock);
    return epoch;
}

/* Of another process's home: while its owner exchanges the view there is none for a moment. Who has seen one waits
 * for the next. */
static enum err open_seen(struct node *node, struct view **ret, struct fault *reterr)
{
    enum err err = view_open(node->home, false, ret, reterr);
    for (int i = 0; err == ERR_NOT_FOUND && node->view_file.inode && i < EXCHANGE_WAITS; i++) {
        nanosleep(&(struct timespec){.tv_nsec = EXCHANGE_WAIT_NS}, NULL);
        err = view_open(node->home, false, ret, reterr);
    }
    return err;
}

/* An owner's waits for the exchange: neither is no view found, nor is the old one taken for one of the new epoch. */
static enum err open_reader(struct node *node, struct view **ret, struct fault *reterr)
{
    if (node->mode == NODE_READ) {
        uint64_t epoch = node_view_epoch(node);
        enum err err = open_seen(node, ret, reterr);
        if (err == OK)
            view_set_tag(*ret, epoch);
        return err;
    }
    pthread_rwlock_rdlock(&node->exchange_lock);
    uint64_t epoch = node_view_epoch(node);
    enum err err = view_open(node->home, false, ret, reterr);
    pthread_rwlock_unlock(&node->exchange_lock);
    if (err == OK)
        view_set_tag(*ret, epoch);
    return err == ERR_NOT_FOUND ? fault_set(reterr, ERR_BUSY, "the view is being made anew: ask again later") : err;
}

enum err node_reader(struct node *node, struct view **ret, struct fault *reterr)
{
    struct view *v = NULL;
    notice_new_file(node);
    pthread_mutex_lock(&node->readers_lock);
    if (node->reader_count)
        v = node->readers[--node->reader_count];
    pthread_mutex_unlock(&node->readers_lock);
    if (!v) {
        enum err err = open_reader(node, &v, reterr);
        if (err == ERR_VERSION)
            writer_mend_view(node);
        if (err != OK)
            return err;
    }
    counter_up(&node->counters.readers);
    *ret = v;
    return OK;
}

void node_reader_done(struct node *node, struct view *v)
{
    if (!v)
        return;
    atomic_fetch_sub_explicit(&node->counters.readers, 1, memory_order_relaxed);
    view_end(v);
    if (view_damaged(v) && view_tag(v) == node_view_epoch(node))
        writer_mend_view(node);
    pthread_mutex_lock(&node->readers_lock);
    if (!view_damaged(v) && view_tag(v) == node->epoch && node->reader_count < READERS_KEPT) {
        node->readers[node->reader_count++] = v;
        v = NULL;
    }
    pthread_mutex_unlock(&node->readers_lock);
    view_close(v);
}

void readers_drop(struct node *node)
{
    for (;;) {
        pthread_mutex_lock(&node->readers_lock);
        struct view *v = node->reader_count ? node->readers[--node->reader_count] : NULL;
        pthread_mutex_unlock(&node->readers_lock);
        if (!v)
            return;
        view_close(v);
    }
}

enum err node_body(struct node *node, struct place place, struct buffer *out, struct fault *reterr)
{
    return log_body(node->log, place, out, reterr);
}

/* ---- opening ---- */

struct admin_search {
    struct uuid first, id;
    bool any, found;
};

static enum err on_account(void *self, const struct fact *f)
{
    static const struct uuid none;
    struct admin_search *s = self;
    const struct fact_account *a = &f->u.account;
    if (!s->any)
        s->first = a->id;
    s->any = true;
    s->found = a->role == ROLE_ADMINISTRATOR && !a->disabled && uuid_eq(&a->party, &none);
    s->id = a->id;
    return s->found ? ERR_CANCELLED : OK;
}

static enum err find_admin(struct node *node, struct view *v, struct fault *reterr)
{
    struct admin_search s = {.any = false};
    enum err err = view_facts(v, FACT_ACCOUNT, on_account, &s, reterr);
    if (err != OK && err != ERR_CANCELLED)
        return err;
    if (!s.any)
        return fault_set(reterr, ERR_MALFORMED, "the log names no administrator");
    struct admin *before = node->admin, *now = malloc(sizeof *now);
    if (!now)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    *now = (struct admin){.id = s.found ? s.id : s.first, .before = before};
    while (!atomic_compare_exchange_weak(&node->admin, &before, now))
        now->before = before;
    return OK;
}

enum err node_find_admin(struct node *node, struct fault *reterr)
{
    struct view *v;
    enum err err = node_reader(node, &v, reterr);
    if (err != OK)
        return err;
    err = find_admin(node, v, reterr);
    node_reader_done(node, v);
    return err;
}

static enum err copy_text(struct arena *arena, struct text *t)
{
    struct text copy = arena_text(arena, *t);
    if (!copy.ptr)
        return ERR_NOMEM;
    *t = copy;
    return OK;
}

/* Who we are, kept for as long as the node is open. */
static enum err read_self(struct node *node, struct view *v, struct fault *reterr)
{
    struct fact_genesis g;
    enum err err = view_genesis(v, &g, reterr);
    if (err == ERR_NOT_FOUND)
        return fault_set(reterr, ERR_MALFORMED, "the log does not begin with a genesis entry");
    if (err != OK)
        return err;
    struct text *const texts[] = {&g.name, &g.country, &g.sector, &g.space, &g.origin, &g.statement};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (copy_text(&node->arena, texts[i]) != OK)
            return fault_set(reterr, ERR_NOMEM, "no memory");
    node->genesis = g;
    return find_admin(node, v, reterr);
}

/* A view that can be used as it is: *ret, else NULL when it must be made anew. */
static enum err open_old_view(struct node *node, struct view **ret, struct fault *reterr)
{
    struct view *v = NULL;
    struct fault why = {.offset = -1, .line = -1};
    enum err err = home_has(node->home, VIEW_FILE, &why);
    if (err == OK)
        err = view_open(node->home, true, &v, &why);
    if (err == ERR_NOT_FOUND || err == ERR_VERSION)
        err = OK;
    if (err == OK)
        *ret = v;
    else if (reterr)
        *reterr = why;
    return err;
}

static enum err open_log(struct node *node, bool write, uint64_t known_n, struct fault *reterr)
{
    char *dir = home_path(node->home, HOME_LOG);
    if (!dir)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    enum err err = log_open_known(node->io, dir, write, known_n, &node->log, reterr);
    free(dir);
    return err;
}

static enum err bring_view_up(struct node *node, struct fault *reterr)
{
    bool damaged = false;
    enum err err = node->view ? replay_missing(node, node->view, &damaged, reterr) : OK;
    if (!node->view || (err != OK && damaged))
        err = replay_rebuild(node, reterr);
    if (err != OK)
        return err;
    err = read_self(node, node->view, reterr);
    if (err != ERR_VERSION)
        return err;
    err = replay_rebuild(node, reterr);
    return err == OK ? read_self(node, node->view, reterr) : err;
}

/* Read again under the lock: who had it before may have changed it. */
static enum err bring_home_up(struct node *node, struct fault *reterr)
{
    enum err err = format_read(node->io, node->home, &node->format, reterr);
    if (err == OK)
        err = format_check(node->home, &node->format, reterr);
    return err == OK ? migrate_home(node->io, node->home, migration_ours(), &node->format, NULL, reterr) : err;
}

static enum err open_own(struct node *node, struct fault *reterr)
{
    uint64_t known = 0;
    enum err err = home_check_user(node->home, reterr);
    if (err == OK)
        err = home_lock(node->io, node->home, &node->lock_fd, reterr);
    if (err == OK)
        err = bring_home_up(node, reterr);
    if (err == OK)
        err = home_remove(node->io, node->home, HOME_UNFINISHED, reterr);
    if (err == OK)
        err = open_old_view(node, &node->view, reterr);
    if (err == OK)
        err = publish_load(node, &known, reterr);
    if (err == OK && node->view && view_position(node->view) > known)
        known = view_position(node->view);
    if (err == OK)
        err = open_log(node, true, known, reterr);
    if (err == OK)
        err = local_open(node->home, false, &node->local, reterr);
    if (err == OK && logins_new(node->local, &node->logins))
        err = fault_set(reterr, ERR_NOMEM, "no memory");
    if (err == OK) {
        log_on_full(node->log, node_make_room, node);
        local_on_full(node->local, node_make_room, node);
        err = erase_redo(node, reterr);
    }
    if (err == OK)
        err = bring_view_up(node, reterr);
    if (err == OK)
        err = origin_open(node, node->view, reterr);
    if (err == OK)
        err = publish_open(node, reterr);
    return err == OK ? writer_start(node, reterr) : err;
}

enum err node_put_in_order(struct node *node, struct fault *reterr)
{
    struct node *owner;
    enum err err = node_open(node->io, node->home, NODE_OWN, &owner, reterr);
    if (err == OK)
        node_close(owner);
    return err;
}

/* An older home is brought up to date by an owner, if only for a moment. */
static enum err old_home(struct node *node, struct fault *reterr)
{
    struct fault why = {.offset = -1, .line = -1};
    enum err err = node_put_in_order(node, &why);
    if (err == OK)
        return OK;
    if (err == ERR_BUSY)
        return fault_set(reterr, ERR_BUSY,
                         "this home is still of version %lu, and %s: end that program, then start this one's serve",
                         (unsigned long)node->format.version, why.what);
    if (reterr)
        *reterr = why;
    return err;
}

static enum err open_read(struct node *node, struct fault *reterr)
{
    struct view *v;
    enum err err = node->format.version < HOME_VERSION ? old_home(node, reterr) : OK;
    if (err != OK)
        return err;
    err = node_reader(node, &v, reterr);
    if (err == OK &&
        home_has(node->home, ERASING_FILE, NULL) == OK) { /* cut short, and to be finished; or under way */
        node_reader_done(node, v);
        readers_drop(node);
        (void)!node_put_in_order(node, NULL);
        err = node_reader(node, &v, reterr);
    }
    if (err == ERR_NOT_FOUND || err == ERR_VERSION) {
        err = node_put_in_order(node, reterr);
        if (err == OK)
            err = node_reader(node, &v, reterr);
    }
    if (err != OK)
        return err;
    err = open_log(node, false, view_position(v), reterr);
    if (err == OK && log_size(node->log) > view_position(v)) {
        node_reader_done(node, v);
        readers_drop(node);
        (void)!node_put_in_order(node, NULL);
        err = node_reader(node, &v, reterr);
        if (err != OK)
            return err;
    }
    if (err == OK)
        err = read_self(node, v, reterr);
    if (err == OK)
        err = origin_open(node, v, reterr);
    node_reader_done(node, v);
    return err;
}

static enum err open_once(const struct io *io, const char *home, enum node_mode mode, struct node **ret,
                          struct fault *reterr)
{
    struct home_format format;
    enum err err = format_read(io, home, &format, reterr);
    if (err == OK)
        err = format_check(home, &format, reterr); /* before anything else is looked at */
    if (err == OK)
        err = home_has(home, HOME_FIRST, reterr);
    if (err == ERR_NOT_FOUND)
        return fault_set(reterr, ERR_NOT_FOUND, "there is no home in %s: run `entente init` first", home);
    if (err != OK)
        return err;
    struct node *node = calloc(1, sizeof *node);
    if (!node)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    node->io = io;
    node->mode = mode;
    node->format = format;
    node->lock_fd = -1;
    node->reserve_percent = 5;
    arena_init(&node->arena, MIB);
    pthread_mutex_init(&node->readers_lock, NULL);
    pthread_rwlock_init(&node->exchange_lock, NULL);
    origin_init(&node->origin);
    pthread_mutex_init(&node->keep_lock, NULL);
    pthread_rwlock_init(&node->erase_lock, NULL);
    publish_init(&node->publish);
    node->home = strdup(home);
    if (!node->home)
        err = fault_set(reterr, ERR_NOMEM, "no memory");
    else
        err = mode == NODE_OWN ? open_own(node, reterr) : open_read(node, reterr);
    if (err == OK)
        *ret = node;
    else
        node_close(node);
    return err;
}

enum err node_open(const struct io *io, const char *home, enum node_mode mode, struct node **ret,
                   struct fault *reterr)
{
    enum err err = open_once(io, home, mode, ret, reterr);
    /* Even to be read SQLite wants some room. */
    return err == ERR_FULL && reserve_give_up(io, home) ? open_once(io, home, mode, ret, reterr) : err;
}

void node_close(struct node *node)
{
    if (!node)
        return;
    writer_stop(node);
    publish_last(node);
    publish_done(&node->publish);
    readers_drop(node);
    view_close(node->view);
    logins_free(node->logins);
    local_close(node->local);
    log_close(node->log);
    if (node->lock_fd >= 0)
        home_unlock(node->io, node->lock_fd);
    beacon_close(node->beacon);
    pthread_mutex_destroy(&node->readers_lock);
    pthread_rwlock_destroy(&node->exchange_lock);
    origin_done(&node->origin);
    for (struct admin *a = node->admin, *before; a; a = before) {
        before = a->before;
        free(a);
    }
    pthread_mutex_destroy(&node->keep_lock);
    pthread_rwlock_destroy(&node->erase_lock);
    arena_done(&node->arena);
    free(node->home);
    free(node);
}

/* ---- writing ---- */

static enum err not_owner(struct fault *reterr)
{
    return fault_set(reterr, ERR_DENIED, "this node was opened for reading only");
}

enum err node_write(struct node *node, node_write_fn *fn, void *self, struct fault *reterr)
{
    struct job job = {.fn = fn, .self = self};
    return node->mode == NODE_OWN ? writer_run(node, &job, reterr) : not_owner(reterr);
}

void node_hold_erasures(struct node *node)
{
    pthread_rwlock_rdlock(&node->erase_lock);
}

void node_let_erasures(struct node *node)
{
    pthread_rwlock_unlock(&node->erase_lock);
}

static enum err rebuild(struct node *node, void *self, struct fault *reterr)
{
    uint64_t *ret_entries = self;
    enum err err = replay_rebuild(node, reterr);
    if (err == OK)
        err = publish_rebuild(node, reterr);
    if (err == OK)
        *ret_entries = log_size(node->log);
    return err;
}

enum err node_rebuild(struct node *node, uint64_t *ret_entries, struct fault *reterr)
{
    struct job job = {.alone = rebuild, .self = ret_entries};
    return node->mode == NODE_OWN ? writer_run(node, &job, reterr) : not_owner(reterr);
}

void node_on_commit(struct node *node, void (*fn)(void *self, uint64_t entries), void *self)
{
    struct writer *w = &node->writer;
    if (node->mode != NODE_OWN)
        return;
    pthread_mutex_lock(&w->lock);
    w->on_commit = fn;
    w->on_commit_self = self;
    pthread_mutex_unlock(&w->lock);
}

enum err node_has_room(struct node *node, struct fault *reterr)
{
    double percent, reserve = node->reserve_percent;
    enum err err = home_free_percent(node->home, &percent, reterr);
    if (err != OK || percent >= reserve)
        return err;
    return fault_set(reterr, ERR_FULL,
                     "only %.1f %% of the disk of %s is free: bulk intake waits below %.0f %%; make room, or lower "
                     "reserve_percent in entente.yaml",
                     percent, node->home, reserve);
}

void node_set_reserve(struct node *node, double percent)
{
    node->reserve_percent = percent;
}

void node_set_ceiling(struct node *node, enum classification ceiling)
{
    atomic_store(&node->classification, ceiling);
}

enum classification node_ceiling(const struct node *node)
{
    return (enum classification)atomic_load(&node->classification);
}

enum err node_light_beacon(struct node *node, struct fault *reterr)
{
    struct beacon *b;
    enum err err = beacon_light(node->home, &b, reterr);
    if (err == OK)
        beacon_close(atomic_exchange(&node->beacon, b));
    return err;
}

void node_hold_reserve(struct node *node)
{
    if (node->mode != NODE_OWN)
        return;
    atomic_store(&node->reserve_wanted, true);
    atomic_store(&node->reserve_there, reserve_hold(node->io, node->home, false));
}

bool node_make_room(void *self)
{
    struct node *node = self;
    atomic_store(&node->reserve_there, false);
    return reserve_give_up(node->io, node->home);
}

/* ---- small questions ---- */

const struct node_counters *node_counters(const struct node *node)
{
    return &node->counters;
}

const struct pulse *node_pulse(const struct node *node)
{
    return &node->writer.pulse;
}

const char *node_home(const struct node *node)
{
    return node->home;
}

struct gate_counters *node_gate_counters(struct node *node)
{
    return &node->gate_counters;
}

struct logins *node_logins(struct node *node)
{
    return node->logins;
}

struct local *node_local(struct node *node)
{
    return node->local;
}

const struct fact_genesis *node_genesis(const struct node *node)
{
    return &node->genesis;
}

const struct uuid *node_admin(const struct node *node)
{
    return &node->admin->id;
}
