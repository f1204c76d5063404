/* A home from init to close: who may open it, what writes and failed writes leave, and what is put in order by
 * itself. */
#include "history.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/time.h"
#include "store/log_format.h"
#include "support/fault.h"
#include "support/scratch.h"
#include "json/json.h"

struct stage {
    char home[SCRATCH_PATH_MAX];
    struct node *node;
    struct fault_io io;
};

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    scratch_new(s->home);
    fault_io_init(&s->io, io_system());
    *state = s;
    return 0;
}

static int begin_open(void **state)
{
    if (begin(state) != 0)
        return -1;
    struct stage *s = *state;
    history_home(io_system(), s->home);
    return node_open(&s->io.io, s->home, NODE_OWN, &s->node, NULL) == OK ? 0 : -1;
}

static int end(void **state)
{
    struct stage *s = *state;
    node_close(s->node);
    assert_int_equal(s->io.open_files, 0);
    scratch_remove(s->home);
    free(s);
    return 0;
}

static void reopen(struct stage *s)
{
    struct fault f = {.err = OK};
    node_close(s->node);
    s->node = NULL;
    enum err err = node_open(&s->io.io, s->home, NODE_OWN, &s->node, &f);
    if (err != OK)
        fail_msg("%s", f.what);
}

/* ---- init ---- */

static int mode_of(const char *home, const char *name)
{
    struct stat st;
    assert_int_equal(stat(scratch_path(home, name), &st), 0);
    return (int)(st.st_mode & 07777);
}

static void a_new_home(void **state)
{
    struct stage *s = *state;
    char home[SCRATCH_PATH_MAX + 32];
    struct fault f = {.err = OK};
    struct version_row row;
    struct buffer body;
    char id[IDENT_TEXT_MAX];
    snprintf(home, sizeof home, "%s/deep/er", s->home);
    mode_t old = umask(0); /* the home closes itself, whatever the umask */
    history_home(io_system(), home);
    umask(old);
    assert_int_equal(mode_of(home, "."), 0700);
    assert_int_equal(mode_of(home, "keys/node.key"), 0600);
    assert_int_equal(mode_of(home, "local.db"), 0600);
    assert_int_equal(mode_of(home, "log/00000000.log"), 0600);
    assert_int_equal(mode_of(home, "entente.yaml"), 0600);
    assert_int_not_equal(access(scratch_path(home, "init.unfinished"), F_OK), 0);
    const struct node_init init = {
        .name = TEXT("x"), .country = TEXT("LV"), .space = TEXT("real"), .account = TEXT("a")};
    assert_err(node_create(io_system(), home, &init, &f), ERR_EXISTS);
    assert_ok(node_open(io_system(), home, NODE_OWN, &s->node, &f));
    assert_int_equal(mode_of(home, "view/view.db"), 0600);
    const struct fact_genesis *g = node_genesis(s->node);
    assert_text(g->name, "CERT Test");
    assert_text(g->country, "LV");
    assert_text(g->sector, "government");
    assert_text(g->space, "real");
    assert_true(text_starts(g->origin, TEXT("entente/LV/")));
    struct view *v;
    assert_ok(node_reader(s->node, &v, NULL));
    assert_ok(view_current(v, ident_format(TEXT("identity"), &g->identity, id), &row, NULL));
    buffer_init(&body, KIB);
    assert_ok(node_body(s->node, row.body, &body, NULL));
    struct json_doc *doc;
    assert_ok(json_parse(buffer_text(&body), &doc, NULL));
    assert_text(json_text(json_get(json_root(doc), "name")), "CERT Test");
    assert_text(json_text(json_get(json_root(doc), "identity_class")), "organization");
    struct sha256 hash = sha256_of(body.ptr, body.len);
    assert_true(sha256_eq(&hash, &row.hash));
    json_free(doc);
    buffer_done(&body);
    struct fact_account admin;
    assert_ok(view_account(v, node_admin(s->node), &admin, NULL));
    assert_text(admin.name, "admin");
    assert_int_equal(admin.role, ROLE_ADMINISTRATOR);
    struct gate_class cls;
    assert_ok(view_class(v, row.class_id, &cls, NULL));
    assert_true(cls.ours && cls.own_identity && !cls.exercise);
    node_reader_done(s->node, v);
}

static void bad_words_for_init(void **state)
{
    struct stage *s = *state;
    const struct node_init good = {
        .name = TEXT("x"), .country = TEXT("LV"), .space = TEXT("real"), .account = TEXT("a")};
    struct node_init bad[8] = {good, good, good, good, good, good, good, good};
    bad[0].name = TEXT("");
    bad[1].name = TEXT("a\nb");
    bad[2].name = TEXT("\xff\xfe");
    bad[3].country = TEXT("lv");
    bad[4].country = TEXT("LVA");
    bad[5].account = TEXT("");
    bad[6].name = TEXT(" blank");
    bad[7].country = TEXT("");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fault f = {.err = OK};
        assert_err(node_create(io_system(), scratch_path(s->home, "h"), &bad[i], &f), ERR_USAGE);
        assert_true(f.what[0] != 0);
    }
    assert_int_not_equal(access(scratch_path(s->home, "h"), F_OK), 0);
    struct node *node;
    assert_err(node_open(io_system(), s->home, NODE_OWN, &node, NULL), ERR_NOT_FOUND);
    assert_err(node_open(io_system(), s->home, NODE_READ, &node, NULL), ERR_NOT_FOUND);
}

/* A lost log is not covered up by a new one. */
static void a_key_without_a_log_is_no_free_place(void **state)
{
    struct stage *s = *state;
    const struct node_init init = {
        .name = TEXT("x"), .country = TEXT("LV"), .space = TEXT("real"), .account = TEXT("a")};
    history_home(io_system(), s->home);
    assert_int_equal(unlink(scratch_path(s->home, "log/00000000.log")), 0);
    assert_err(node_create(io_system(), s->home, &init, NULL), ERR_EXISTS);
    assert_int_equal(unlink(scratch_path(s->home, "keys/node.key")), 0);
    assert_ok(node_create(io_system(), s->home, &init, NULL));
}

/* ---- owner and readers ---- */

/* What root made in the service's home the service could not write. */
static void root_leaves_the_homes_of_others(void **state)
{
    struct stage *s = *state;
    struct fault f = {.err = OK};
    struct node *node = NULL;
    const uid_t other = 65533;
    if (geteuid() != 0)
        skip();
    node_close(s->node);
    s->node = NULL;
    assert_int_equal(chown(s->home, other, other), 0);
    unlink(scratch_path(s->home, "lock"));
    assert_int_equal(node_open(&s->io.io, s->home, NODE_OWN, &node, &f), ERR_DENIED);
    assert_non_null(strstr(f.what, "sudo -u '#65533' entente"));
    assert_int_not_equal(access(scratch_path(s->home, "lock"), F_OK), 0);
    assert_ok(node_open(&s->io.io, s->home, NODE_READ, &node, &f)); /* reading leaves nothing */
    node_close(node);
    assert_int_equal(chown(s->home, 0, 0), 0);
    reopen(s);
}

static void root_makes_no_home_in_a_private_folder(void **state)
{
    struct stage *s = *state;
    struct fault f = {.err = OK};
    struct node_init init = {
        .name = TEXT("CSIRT A"), .country = TEXT("XA"), .space = TEXT("real"), .account = TEXT("admin")};
    const char *home = scratch_path(s->home, "home//");
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(s->home, 65533, 65533), 0);
    assert_int_equal(chmod(s->home, 0700), 0);
    assert_int_equal(node_create(&s->io.io, home, &init, &f), ERR_DENIED);
    assert_int_not_equal(access(home, F_OK), 0);
    assert_int_equal(chmod(s->home, 0755), 0);
    assert_ok(node_create(&s->io.io, home, &init, &f));
    assert_int_equal(chown(s->home, 0, 0), 0);
}

static void one_owner_many_readers(void **state)
{
    struct stage *s = *state;
    struct node *other;
    struct fault f = {.err = OK};
    char pid[32];
    assert_err(node_open(io_system(), s->home, NODE_OWN, &other, &f), ERR_BUSY);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    assert_non_null(strstr(f.what, pid));
    assert_ok(node_open(io_system(), s->home, NODE_READ, &other, &f));
    assert_text(node_genesis(other)->name, "CERT Test");
    assert_err(node_write(other, NULL, NULL, &f), ERR_DENIED);
    assert_err(node_rebuild(other, NULL, &f), ERR_DENIED);
    /* what the owner writes later, the reader sees, bodies and new segments included */
    struct history h;
    history_init(&h, 5);
    for (size_t i = 0; i < 40; i++)
        assert_ok(history_write(&h, s->node, 10, false, &f));
    assert_int_equal(access(scratch_path(s->home, "log/00000001.log"), F_OK), 0);
    struct view *v;
    size_t bodies = 0;
    assert_ok(node_reader(other, &v, NULL));
    assert_int_equal(view_position(v), 403);
    for (uint64_t n = 0; n < 403; n++) {
        struct version_row row;
        struct buffer body;
        if (view_by_entry(v, n, &row, NULL) != OK)
            continue;
        buffer_init(&body, KIB);
        assert_ok(node_body(other, row.body, &body, &f));
        struct sha256 hash = sha256_of(body.ptr, body.len);
        assert_true(sha256_eq(&hash, &row.hash));
        buffer_done(&body);
        bodies++;
    }
    assert_true(bodies > 100);
    node_reader_done(other, v);
    node_close(other);
    history_done(&h);
}

static void a_reader_puts_the_view_in_order(void **state)
{
    struct stage *s = *state;
    node_close(s->node);
    s->node = NULL;
    assert_int_equal(unlink(scratch_path(s->home, "view/view.db")), 0);
    assert_ok(node_open(io_system(), s->home, NODE_READ, &s->node, NULL));
    assert_text(node_genesis(s->node)->name, "CERT Test");
}

/* ---- writing ---- */

static enum err one_act(struct txn *t, void *self, struct fault *reterr)
{
    struct fact f = {.kind = FACT_ACT};
    f.u.act.verb = *(struct text *)self;
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

static enum err read_own_words(struct txn *t, void *self, struct fault *reterr)
{
    struct history *h = self;
    uint64_t before = view_position(txn_view(t));
    struct fact f = {.kind = FACT_DOCUMENT};
    struct buffer got;
    f.u.document.format = TEXT("text");
    f.u.document.name = TEXT("n");
    assert_ok(txn_append(t, &f, TEXT("the document's own bytes"), TEXT_NONE, reterr));
    assert_int_equal(f.n, before);
    assert_true(f.t_us >= txn_now_us(t));
    assert_int_equal(view_position(txn_view(t)), before + 1);
    buffer_init(&got, KIB);
    assert_ok(txn_body(t, f.u.document.body, &got, reterr)); /* not even written yet */
    assert_text(buffer_text(&got), "the document's own bytes");
    buffer_done(&got);
    assert_true(txn_room_bytes(t) < LOG_GROUP_MAX_BYTES);
    (void)h;
    return OK;
}

static void a_write_sees_itself(void **state)
{
    struct stage *s = *state;
    assert_ok(node_write(s->node, read_own_words, NULL, NULL));
    struct view *v;
    assert_ok(node_reader(s->node, &v, NULL));
    assert_int_equal(view_position(v), 4); /* visible when node_write() has returned */
    node_reader_done(s->node, v);
}

static enum err act_then_fail(struct txn *t, void *self, struct fault *reterr)
{
    enum err err = one_act(t, self, reterr);
    return err == OK ? fault_set(reterr, ERR_EXISTS, "on second thought") : err;
}

static enum err swallow_a_failure(struct txn *t, void *self, struct fault *reterr)
{
    struct fact f = {.kind = FACT_OBJECT}; /* no id: cannot be decoded */
    (void)self;
    (void)reterr;
    assert_err(txn_append(t, &f, TEXT("{}"), TEXT_NONE, NULL), ERR_MALFORMED);
    struct fact act = {.kind = FACT_ACT};
    act.u.act.verb = TEXT("note");
    assert_err(txn_append(t, &act, TEXT_NONE, TEXT_NONE, NULL), ERR_MALFORMED);
    return OK;
}

static enum err nothing(struct txn *t, void *self, struct fault *reterr)
{
    (void)t;
    (void)self;
    (void)reterr;
    return OK;
}

static void failed_functions_leave_nothing(void **state)
{
    struct stage *s = *state;
    struct text verb = TEXT("note");
    struct fault f = {.err = OK};
    assert_err(node_write(s->node, act_then_fail, &verb, &f), ERR_EXISTS);
    assert_string_equal(f.what, "on second thought");
    assert_err(node_write(s->node, swallow_a_failure, NULL, &f), ERR_MALFORMED);
    assert_ok(node_write(s->node, nothing, NULL, &f));
    assert_ok(node_write(s->node, one_act, &verb, &f));
    reopen(s);
    struct view *v;
    assert_ok(node_reader(s->node, &v, NULL));
    assert_int_equal(view_position(v), 4);
    node_reader_done(s->node, v);
    assert_view_is_replay(s->node);
}

/* A body that does not compress, again and again: the write's own limit, then everything of it is taken back. */
static enum err too_much(struct txn *t, void *self, struct fault *reterr)
{
    size_t *appended = self;
    for (;;) {
        struct fact f = {.kind = FACT_DOCUMENT};
        char *bytes = malloc(4 * MIB);
        assert_non_null(bytes);
        random_bytes(bytes, 4 * MIB);
        f.u.document.format = TEXT("text");
        enum err err = txn_append(t, &f, (struct text){bytes, 4 * MIB}, TEXT_NONE, reterr);
        free(bytes);
        if (err != OK)
            return err;
        ++*appended;
    }
}

static void a_write_has_a_limit(void **state)
{
    struct stage *s = *state;
    size_t appended = 0;
    struct fault f = {.err = OK};
    assert_err(node_write(s->node, too_much, &appended, &f), ERR_LIMIT);
    assert_int_equal(appended, 4);
    struct text verb = TEXT("note");
    assert_ok(node_write(s->node, one_act, &verb, &f));
    reopen(s);
}

struct many {
    struct node *node;
    unsigned thread;
    atomic_uint *done, *failed;
};

static void *write_many(void *arg)
{
    struct many *m = arg;
    for (unsigned i = 0; i < 100; i++) {
        char words[32];
        snprintf(words, sizeof words, "thread %u act %u", m->thread, i);
        struct text verb = text_of(words);
        bool fail = i % 7 == 3;
        enum err err = node_write(m->node, fail ? act_then_fail : one_act, &verb, NULL);
        if (err == (fail ? ERR_EXISTS : OK))
            atomic_fetch_add(fail ? m->failed : m->done, 1);
        struct view *v;
        if (i % 10 == 0 && node_reader(m->node, &v, NULL) == OK)
            node_reader_done(m->node, v);
    }
    return NULL;
}

static void count_groups(void *self, uint64_t entries)
{
    uint64_t *seen = self;
    assert_true(entries > seen[1]);
    seen[0]++;
    seen[1] = entries;
}

static void many_threads_share_syncs(void **state)
{
    struct stage *s = *state;
    pthread_t threads[8];
    struct many many[8];
    atomic_uint done = 0, failed = 0;
    uint64_t groups[2] = {0};
    node_on_commit(s->node, count_groups, groups);
    for (unsigned i = 0; i < 8; i++) {
        many[i] = (struct many){s->node, i, &done, &failed};
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &many[i]), 0);
    }
    for (unsigned i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    assert_ok(node_write(s->node, nothing, NULL, NULL)); /* the listener hears of a group after its writers do */
    node_on_commit(s->node, NULL, NULL);
    unsigned in_time = done, taken_back = failed;
    assert_int_equal(taken_back, 8 * 14);
    assert_int_equal(in_time, 8 * 86);
    assert_int_equal(groups[1], 3 + in_time);
    assert_true(groups[0] <= in_time);
    assert_view_is_replay(s->node);
}

/* ---- does it go on? ---- */

struct gate {
    pthread_mutex_t lock;
    atomic_bool inside;
};

static enum err wait_at_gate(struct txn *t, void *self, struct fault *reterr)
{
    struct gate *gate = self;
    (void)t, (void)reterr;
    atomic_store(&gate->inside, true);
    pthread_mutex_lock(&gate->lock);
    pthread_mutex_unlock(&gate->lock);
    return OK;
}

struct waiting {
    struct node *node;
    struct gate *gate;
};

static void *write_at_gate(void *arg)
{
    struct waiting *w = arg;
    return node_write(w->node, wait_at_gate, w->gate, NULL) == OK ? NULL : w;
}

/* Who has nothing to do is not late; who does not come back from a write is, for as long as it does not. */
static void a_stuck_writer_is_late(void **state)
{
    struct stage *s = *state;
    const int64_t day_us = (int64_t)24 * 3600 * 1000000;
    struct text verb = TEXT("note");
    struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct waiting waiting = {s->node, &gate};
    pthread_t thread;
    void *failed;
    assert_ok(node_write(s->node, one_act, &verb, NULL));
    pthread_mutex_lock(&gate.lock);
    assert_int_equal(pthread_create(&thread, NULL, write_at_gate, &waiting), 0);
    while (!atomic_load(&gate.inside))
        usleep(1000);
    assert_true(pulse_late_us(node_pulse(s->node), clock_mono_us() + day_us) >= day_us);
    pthread_mutex_unlock(&gate.lock);
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    /* It tells its caller before it rests. */
    for (int i = 0; i < 5000 && pulse_late_us(node_pulse(s->node), clock_mono_us() + day_us); i++)
        usleep(1000);
    assert_int_equal(pulse_late_us(node_pulse(s->node), clock_mono_us() + day_us), 0);
}

/* ---- failures ---- */

static void a_failed_sync_stops_writing(void **state)
{
    struct stage *s = *state;
    struct text verb = TEXT("note");
    struct fault f = {.err = OK};
    struct view *v;
    assert_ok(node_write(s->node, one_act, &verb, &f));
    fault_io_arm(&s->io, FAULT_SYNC, 1, false);
    assert_err(node_write(s->node, one_act, &verb, &f), ERR_IO);
    assert_true(fault_io_disarm(&s->io));
    assert_err(node_write(s->node, one_act, &verb, &f), ERR_IO); /* although the disk would do now */
    assert_ok(node_reader(s->node, &v, NULL));
    assert_int_equal(view_position(v), 4);
    node_reader_done(s->node, v);
    reopen(s);
    assert_ok(node_write(s->node, one_act, &verb, &f));
    assert_view_is_replay(s->node);
}

static void no_room(void **state)
{
    struct stage *s = *state;
    struct fault f = {.err = OK};
    assert_ok(node_has_room(s->node, &f));
    node_set_reserve(s->node, 100.5);
    assert_err(node_has_room(s->node, &f), ERR_FULL);
    assert_non_null(strstr(f.what, "is free"));
    node_set_reserve(s->node, 0);
    assert_ok(node_has_room(s->node, &f));
}

/* ---- the view put in order by itself ---- */

static void change_view(const char *home, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(scratch_path(home, "view/view.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void fill(struct stage *s)
{
    struct history h;
    history_init(&h, 6);
    for (size_t i = 0; i < 10; i++)
        assert_ok(history_write(&h, s->node, 10, false, NULL));
    history_done(&h);
}

static void close_node(struct stage *s)
{
    node_close(s->node);
    s->node = NULL;
}

static void views_are_made_anew(void **state)
{
    struct stage *s = *state;
    fill(s);
    for (int what = 0; what < 5; what++) {
        close_node(s);
        switch (what) {
        case 0: change_view(s->home, "PRAGMA user_version = 77"); break;
        case 1: change_view(s->home, "DROP TABLE version"); break;
        case 2:
            scratch_write(scratch_path(s->home, "view/view.db"), "not a database at all, but somewhat long....", 44);
            break;
        case 3: assert_int_equal(unlink(scratch_path(s->home, "view/view.db")), 0); break;
        default: change_view(s->home, "DELETE FROM genesis; DROP TABLE genesis"); break;
        }
        reopen(s);
        struct view *v;
        assert_ok(node_reader(s->node, &v, NULL));
        assert_int_equal(view_position(v), 103);
        node_reader_done(s->node, v);
        assert_view_is_replay(s->node);
    }
}

/* A view that lags behind (its commit was lost with the machine) catches up. */
static void a_view_behind_catches_up(void **state)
{
    struct stage *s = *state;
    char kept[SCRATCH_PATH_MAX + 32], path[SCRATCH_PATH_MAX + 32];
    size_t len;
    close_node(s);
    snprintf(path, sizeof path, "%s/view/view.db", s->home);
    snprintf(kept, sizeof kept, "%s/kept.db", s->home);
    char *old = scratch_read(path, &len);
    reopen(s);
    fill(s);
    close_node(s);
    scratch_write(path, old, len);
    free(old);
    reopen(s);
    struct view *v;
    assert_ok(node_reader(s->node, &v, NULL));
    assert_int_equal(view_position(v), 103);
    node_reader_done(s->node, v);
    assert_view_is_replay(s->node);
}

/* The view has seen more than the log holds: that is no crash, and nothing is thrown away. */
static void a_log_that_was_cut_is_refused(void **state)
{
    struct stage *s = *state;
    struct fault f = {.err = OK};
    struct text verb = TEXT("note");
    assert_ok(node_write(s->node, one_act, &verb, NULL));
    close_node(s);
    const char *path = scratch_path(s->home, "log/00000000.log");
    size_t len;
    char *bytes = scratch_read(path, &len);
    size_t used = len;
    while (used && bytes[used - 1] == 0)
        used--;
    memset(bytes + used - 100, 0, 100); /* the last commit and a bit */
    scratch_write(path, bytes, len);
    free(bytes);
    assert_err(node_open(io_system(), s->home, NODE_OWN, &s->node, &f), ERR_MALFORMED);
    assert_non_null(strstr(f.what, "acknowledged"));
    assert_err(node_open(io_system(), s->home, NODE_READ, &s->node, &f), ERR_MALFORMED);
    assert_null(s->node);
}

/* An entry of a kind that only a newer program knows. */
static void a_newer_log_is_refused(void **state)
{
    struct stage *s = *state;
    struct log *log;
    struct fault f = {.err = OK};
    uint64_t n;
    int64_t t;
    struct place a, b;
    close_node(s);
    assert_ok(log_open(io_system(), scratch_path(s->home, "log"), true, &log, NULL));
    struct log_item item = {.kind = TEXT("treaty"), .public_part = TEXT("{}"), .private_part = TEXT("{}")};
    assert_ok(log_stage(log, &item, &n, &t, &a, &b));
    assert_ok(log_commit(log, NULL));
    log_close(log);
    assert_err(node_open(io_system(), s->home, NODE_OWN, &s->node, &f), ERR_VERSION);
    assert_null(s->node);
}

static void readers_survive_a_rebuild(void **state)
{
    struct stage *s = *state;
    struct view *old, *fresh;
    uint64_t entries = 0;
    fill(s);
    assert_ok(node_reader(s->node, &old, NULL));
    assert_ok(node_rebuild(s->node, &entries, NULL));
    assert_int_equal(entries, 103);
    assert_int_equal(view_position(old), 103); /* the thrown away one, still whole */
    struct text verb = TEXT("note");
    assert_ok(node_write(s->node, one_act, &verb, NULL));
    assert_ok(node_reader(s->node, &fresh, NULL));
    assert_int_equal(view_position(fresh), 104);
    node_reader_done(s->node, fresh);
    node_reader_done(s->node, old);
    assert_ok(node_reader(s->node, &fresh, NULL)); /* never the old one again */
    assert_int_equal(view_position(fresh), 104);
    node_reader_done(s->node, fresh);
}

struct asking {
    struct node *node;
    const atomic_bool *enough;
    enum err worst;
    uint64_t asked;
};

static void *ask_on(void *arg)
{
    struct asking *a = arg;
    while (!atomic_load(a->enough) && a->worst == OK) {
        struct view *v;
        struct fact_account account;
        a->worst = node_reader(a->node, &v, NULL);
        if (a->worst != OK)
            break;
        a->worst = view_account(v, node_admin(a->node), &account, NULL);
        node_reader_done(a->node, v);
        a->asked++;
    }
    return NULL;
}

/* None of those that were kept looks at a file that was thrown away. */
static void all_see(struct stage *s, uint64_t position)
{
    struct view *v[16];
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        assert_ok(node_reader(s->node, &v[i], NULL));
        assert_int_equal(view_position(v[i]), position);
    }
    for (size_t i = 0; i < ARRAY_LEN(v); i++)
        node_reader_done(s->node, v[i]);
}

/* Who asks while views are exchanged is answered from the old or the new one: there is never none, so that nobody who
 * is known is taken for a stranger. */
static void there_is_always_a_view(void **state)
{
    struct stage *s = *state;
    atomic_bool enough = false;
    struct asking a[3];
    pthread_t threads[ARRAY_LEN(a)];
    struct text verb = TEXT("note");
    fill(s);
    for (size_t i = 0; i < ARRAY_LEN(a); i++) {
        a[i] = (struct asking){.node = s->node, .enough = &enough};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_on, &a[i]), 0);
    }
    for (int i = 0; i < 30; i++) {
        uint64_t entries;
        assert_ok(node_rebuild(s->node, &entries, NULL));
    }
    atomic_store(&enough, true);
    for (size_t i = 0; i < ARRAY_LEN(a); i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(a[i].worst, OK);
        assert_true(a[i].asked > 0);
    }
    assert_ok(node_write(s->node, one_act, &verb, NULL));
    all_see(s, 104);
}

/* Overwrites the first page of a table. */
static void spoil_table(const struct stage *s, const char *table)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    static uint8_t junk[4096];
    assert_int_equal(sqlite3_open(scratch_path(s->home, "view/view.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name = ?", -1, &q, NULL),
                     SQLITE_OK);
    sqlite3_bind_text(q, 1, table, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    int64_t page = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    memset(junk, 0xA5, sizeof junk);
    int fd = open(scratch_path(s->home, "view/view.db"), O_RDWR);
    assert_true(page > 1 && pwrite(fd, junk, sizeof junk, (page - 1) * 4096) == 4096);
    close(fd);
}

static enum err ask_parties(struct stage *s)
{
    struct view *v;
    struct fact_party p;
    struct uuid id = made_uuid_of("party", 77);
    enum err err = node_reader(s->node, &v, NULL);
    if (err == OK) {
        err = view_party(v, &id, &p, NULL);
        node_reader_done(s->node, v);
    }
    return err;
}

/* A view that turns out to be damaged is made again by its owner: when opened, when a reader finds it so, when the
 * writer does. Nothing is lost, and nobody has to come. */
static void a_damaged_view_heals(void **state)
{
    struct stage *s = *state;
    struct text verb = TEXT("note");
    fill(s);
    node_close(s->node);
    s->node = NULL;
    spoil_table(s, "meta");
    assert_ok(node_open(&s->io.io, s->home, NODE_OWN, &s->node, NULL));
    assert_ok(node_write(s->node, one_act, &verb, NULL));
    node_close(s->node);
    s->node = NULL;
    spoil_table(s, "party");
    assert_ok(node_open(&s->io.io, s->home, NODE_OWN, &s->node, NULL));
    assert_err(ask_parties(s), ERR_VERSION);
    for (int i = 0; i < 1000 && ask_parties(s) != ERR_NOT_FOUND; i++)
        usleep(5000);
    assert_err(ask_parties(s), ERR_NOT_FOUND);
    node_close(s->node);
    s->node = NULL;
    spoil_table(s, "object");
    assert_ok(node_open(&s->io.io, s->home, NODE_OWN, &s->node, NULL));
    struct history h;
    struct fault f = {.err = OK};
    history_init(&h, 5);
    enum err err = OK;
    for (int i = 0; i < 20 && err == OK; i++)
        err = history_write(&h, s->node, 4, false, &f);
    assert_err(err, ERR_VERSION);
    history_done(&h);
    assert_ok(node_write(s->node, one_act, &verb, &f));
    assert_view_is_replay(s->node);
}

/* ---- local.db ---- */

static void tokens_and_small_values(void **state)
{
    struct stage *s = *state;
    struct local *l = node_local(s->node);
    struct uuid account = made_uuid_of("account", 1);
    struct local_token got;
    struct buffer token, value;
    buffer_init(&token, KIB);
    buffer_init(&value, KIB);
    const struct local_token spec = {.account = account, .label = TEXT("a script"), .scopes = SCOPE_LOG};
    assert_ok(local_token_new(l, &spec, &token, NULL, NULL));
    assert_int_equal(token.len, 4 + 43);
    assert_true(text_starts(buffer_text(&token), TEXT("ent_")));
    assert_ok(local_token_find(l, buffer_text(&token), 1, &got, NULL));
    assert_true(uuid_eq(&got.account, &account));
    token.ptr[10] ^= 1;
    assert_err(local_token_find(l, buffer_text(&token), 1, &got, NULL), ERR_NOT_FOUND);
    token.ptr[10] ^= 1;
    assert_err(local_get(l, "peer-cursor", TEXT("k"), &value, NULL), ERR_NOT_FOUND);
    assert_ok(local_set(l, "peer-cursor", TEXT("k"), TEXT("one"), NULL));
    assert_ok(local_set(l, "peer-cursor", TEXT("k"), TEXT("two"), NULL));
    assert_ok(local_set(l, "peer-token", TEXT("k"), TEXT(""), NULL));
    reopen(s);
    l = node_local(s->node);
    assert_ok(local_get(l, "peer-cursor", TEXT("k"), &value, NULL));
    assert_text(buffer_text(&value), "two");
    buffer_clear(&value);
    assert_ok(local_get(l, "peer-token", TEXT("k"), &value, NULL));
    assert_int_equal(value.len, 0);
    assert_ok(local_delete(l, "peer-cursor", TEXT("k"), NULL));
    assert_err(local_get(l, "peer-cursor", TEXT("k"), &value, NULL), ERR_NOT_FOUND);
    assert_ok(local_token_find(l, buffer_text(&token), 1, &got, NULL));
    assert_ok(local_token_revoke_all(l, &account, NULL));
    assert_err(local_token_find(l, buffer_text(&token), 1, &got, NULL), ERR_NOT_FOUND);
    buffer_done(&token);
    buffer_done(&value);
}

#define NEW(f)  cmocka_unit_test_setup_teardown(f, begin, end)
#define OPEN(f) cmocka_unit_test_setup_teardown(f, begin_open, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NEW(a_new_home),
        NEW(bad_words_for_init),
        NEW(a_key_without_a_log_is_no_free_place),
        OPEN(root_leaves_the_homes_of_others),
        NEW(root_makes_no_home_in_a_private_folder),
        OPEN(one_owner_many_readers),
        OPEN(a_reader_puts_the_view_in_order),
        OPEN(a_write_sees_itself),
        OPEN(failed_functions_leave_nothing),
        OPEN(a_write_has_a_limit),
        OPEN(many_threads_share_syncs),
        OPEN(a_stuck_writer_is_late),
        OPEN(a_failed_sync_stops_writing),
        OPEN(no_room),
        OPEN(views_are_made_anew),
        OPEN(a_view_behind_catches_up),
        OPEN(a_log_that_was_cut_is_refused),
        OPEN(a_newer_log_is_refused),
        OPEN(readers_survive_a_rebuild),
        OPEN(there_is_always_a_view),
        OPEN(a_damaged_view_heals),
        OPEN(tokens_and_small_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
