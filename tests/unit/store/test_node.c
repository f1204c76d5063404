/* A home from init to close: who may open it, what writes and failed writes leave, and what is put in order by
 * itself. */
#include "history.h"
#include "stage.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/time.h"
#include "store/log_format.h"
#include "json/json.h"

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
    stage_reopen(s);
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
    enum err err = stage_act(t, self, reterr);
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
    assert_ok(node_write(s->node, stage_act, &verb, &f));
    stage_reopen(s);
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
    assert_ok(node_write(s->node, stage_act, &verb, &f));
    stage_reopen(s);
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
        enum err err = node_write(m->node, fail ? act_then_fail : stage_act, &verb, NULL);
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
    assert_ok(node_write(s->node, stage_act, &verb, NULL));
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
    assert_ok(node_write(s->node, stage_act, &verb, &f));
    fault_io_arm(&s->io, FAULT_SYNC, 1, false);
    assert_err(node_write(s->node, stage_act, &verb, &f), ERR_IO);
    assert_true(fault_io_disarm(&s->io));
    assert_err(node_write(s->node, stage_act, &verb, &f), ERR_IO); /* although the disk would do now */
    assert_ok(node_reader(s->node, &v, NULL));
    assert_int_equal(view_position(v), 4);
    node_reader_done(s->node, v);
    stage_reopen(s);
    assert_ok(node_write(s->node, stage_act, &verb, &f));
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
    stage_reopen(s);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_NEW(a_new_home),
        STAGE_NEW(bad_words_for_init),
        STAGE_NEW(a_key_without_a_log_is_no_free_place),
        STAGE_OPEN(root_leaves_the_homes_of_others),
        STAGE_NEW(root_makes_no_home_in_a_private_folder),
        STAGE_OPEN(one_owner_many_readers),
        STAGE_OPEN(a_reader_puts_the_view_in_order),
        STAGE_OPEN(a_write_sees_itself),
        STAGE_OPEN(failed_functions_leave_nothing),
        STAGE_OPEN(a_write_has_a_limit),
        STAGE_OPEN(many_threads_share_syncs),
        STAGE_OPEN(a_stuck_writer_is_late),
        STAGE_OPEN(a_failed_sync_stops_writing),
        STAGE_OPEN(no_room),
        STAGE_OPEN(tokens_and_small_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
