/* A log under another key or name: what each change leaves in the log and in keys/, and that no crash and no failure
 * leaves a home whose log names a key that nobody has. */
#include "base/time.h"
#include "history.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "ledger/succession.h"
#include "store/origin.h"
#include "support/fault.h"
#include "support/recorder.h"
#include "support/recorder_vfs.h"
#include "support/scratch.h"

struct stage {
    char home[SCRATCH_PATH_MAX];
    struct fault_io io;
    struct node *node;
    struct node_origin first;
    enum origin_reason reason; /* of the loops */
    bool completed;
};

static struct node *open_home(const struct io *io, const char *home)
{
    struct node *node = NULL;
    struct fault f = {.err = OK};
    if (node_open(io, home, NODE_OWN, &node, &f) != OK)
        fail_msg("%s", f.what);
    return node;
}

static enum err four_acts(struct txn *t, void *self, struct fault *reterr)
{
    enum err err = OK;
    (void)self;
    for (int i = 0; i < 4 && err == OK; i++) {
        struct fact f = {.kind = FACT_ACT, .u.act = {.verb = TEXT("note")}};
        err = txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
    }
    return err;
}

static void new_home(const struct io *io, const char *home)
{
    history_home(io, home);
    struct node *node = open_home(io, home);
    assert_ok(node_write(node, four_acts, NULL, NULL));
    node_close(node);
}

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    scratch_new(s->home);
    fault_io_init(&s->io, io_system());
    new_home(io_system(), s->home);
    s->node = open_home(&s->io.io, s->home);
    node_origin(s->node, &s->first);
    *state = s;
    return 0;
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
    node_close(s->node);
    s->node = open_home(&s->io.io, s->home);
}

static struct origin_change change_for(enum origin_reason r)
{
    return (struct origin_change){.reason = r, .words = TEXT("because")};
}

static struct node_origin change_it(struct stage *s, enum origin_reason r)
{
    struct node_origin now, asked;
    struct fault f = {.err = OK};
    struct origin_change c = change_for(r);
    if (node_new_origin(s->node, &c, &now, &f) != OK)
        fail_msg("%s", f.what);
    node_origin(s->node, &asked);
    assert_memory_equal(asked.key, now.key, sizeof now.key);
    assert_string_equal(asked.name, now.name);
    assert_int_equal(asked.n, now.n);
    return now;
}

/* ---- what lies in keys/ ---- */

/* Names, sorted by nothing: "a b ". And is there a file with that public key's secret? */
static void keys_of(const char *home, const uint8_t key[KEY_BYTES], size_t *ret_files, bool *ret_has)
{
    DIR *d = opendir(scratch_path(home, "keys"));
    assert_non_null(d);
    *ret_files = 0;
    *ret_has = false;
    for (struct dirent *e; (e = readdir(d));) {
        char name[300];
        struct key *k;
        struct stat st;
        if (e->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "keys/%.255s", e->d_name);
        assert_int_equal(stat(scratch_path(home, name), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        ++*ret_files;
        if (key_read(io_system(), home, name, &k, NULL) == OK) {
            *ret_has |= key_is(k, key);
            key_free(k);
        }
    }
    closedir(d);
}

static bool has_secret_of(const char *home, const uint8_t key[KEY_BYTES])
{
    size_t files;
    bool has;
    keys_of(home, key, &files, &has);
    return has;
}

static size_t key_files(const char *home)
{
    size_t files;
    bool has;
    static const uint8_t none[KEY_BYTES];
    keys_of(home, none, &files, &has);
    return files;
}

/* ---- what lies in the log ---- */

struct kept {
    struct fact_origin fact;
    char note[NOTE_MAX_BYTES], name[ORIGIN_MAX], previous[ORIGIN_MAX];
    uint64_t n;
    size_t count;
};

static void keep(char *out, size_t size, struct text *t)
{
    assert_true(t->len < size);
    memcpy(out, t->ptr, t->len);
    *t = (struct text){out, t->len};
}

static enum err on_origin(void *self, const struct fact *f)
{
    struct kept *k = self;
    k->fact = f->u.origin;
    k->n = f->n;
    k->count++;
    keep(k->note, sizeof k->note, &k->fact.note);
    keep(k->name, sizeof k->name, &k->fact.origin);
    keep(k->previous, sizeof k->previous, &k->fact.previous);
    return OK;
}

static void newest(struct node *node, struct kept *ret)
{
    struct view *v;
    memset(ret, 0, sizeof *ret);
    assert_ok(node_reader(node, &v, NULL));
    assert_ok(view_facts(v, FACT_ORIGIN, on_origin, ret, NULL));
    node_reader_done(node, v);
}

/* The entry says what its statement says, and both what the tree is. */
static bool check_statement(struct stage *s, const struct node_origin *before)
{
    struct kept k;
    struct succession got;
    struct log *log;
    struct log_reader *r;
    struct log_read read;
    struct merkle m;
    bool vouched;
    struct fault f = {.err = OK};
    newest(s->node, &k);
    if (succession_accept(k.fact.note, text_of(before->name), before->key, &got, &vouched, &f) != OK)
        fail_msg("%s", f.what);
    assert_text_eq(got.new_origin, k.fact.origin);
    assert_memory_equal(got.new_key, k.fact.key, KEY_BYTES);
    assert_memory_equal(k.fact.previous_key, before->key, KEY_BYTES);
    assert_text(k.fact.previous, before->name);
    assert_int_equal(got.size, k.fact.size);
    assert_int_equal(got.size, k.n); /* nothing else was written with it */
    assert_ok(log_open(io_system(), scratch_path(s->home, "log"), false, &log, NULL));
    assert_ok(log_reader_open(log, 0, &r, NULL));
    for (merkle_init(&m); m.size < got.size;) {
        assert_ok(log_reader_next(r, &read, NULL));
        struct sha256 leaf = merkle_leaf(read.entry_text.ptr, read.entry_text.len);
        merkle_add(&m, &leaf);
    }
    log_reader_close(r);
    log_close(log);
    struct sha256 root = merkle_root(&m);
    assert_true(sha256_eq(&root, &got.root) && sha256_eq(&root, &k.fact.root));
    return vouched;
}

/* How many of the two keys signed what the node signs now. */
static size_t signatures(struct stage *s, const struct node_origin *a, const struct node_origin *b)
{
    static const char text[] = "something\n";
    const struct node_origin *const who[] = {a, b};
    struct buffer note;
    struct note n;
    struct fault f = {.err = OK};
    size_t count = 0;
    buffer_init(&note, NOTE_MAX_BYTES);
    buffer_add(&note, TEXT("something\n\n"));
    if (node_sign(s->node, NOTE_ED25519, TEXT(text), &note, &f) != OK)
        fail_msg("%s", f.what);
    assert_ok(note_parse(buffer_text(&note), &n, NULL));
    for (size_t i = 0; i < ARRAY_LEN(who); i++) {
        struct note_key k;
        assert_ok(note_key_make(text_of(who[i]->name), NOTE_ED25519, who[i]->key, &k));
        enum err err = note_verify(&n, &k, NULL, NULL);
        assert_true(err == OK || err == ERR_NOT_FOUND);
        count += err == OK;
    }
    assert_int_equal(count, n.count);
    buffer_done(&note);
    return count;
}

/* ---- each change ---- */

static void rotation_changes_the_key_alone(void **state)
{
    struct stage *s = *state;
    uint8_t old[KEY_BYTES];
    assert_false(node_retiring_key(s->node, old));
    struct node_origin now = change_it(s, ORIGIN_ROTATION);
    assert_string_equal(now.name, s->first.name);
    assert_memory_not_equal(now.key, s->first.key, KEY_BYTES);
    assert_true(check_statement(s, &s->first));
    for (int again = 0; again < 2; again++) {
        assert_int_equal(signatures(s, &now, &s->first), 2); /* both, while it is handed over */
        assert_true(node_retiring_key(s->node, old));
        assert_memory_equal(old, s->first.key, KEY_BYTES);
        assert_true(has_secret_of(s->home, now.key) && has_secret_of(s->home, s->first.key));
        assert_int_equal(key_files(s->home), 2);
        reopen(s);
    }
    assert_ok(node_retire_key(s->node, NULL));
    assert_err(node_retire_key(s->node, NULL), ERR_NOT_FOUND);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(signatures(s, &now, &s->first), 1);
        assert_false(has_secret_of(s->home, s->first.key));
        assert_int_equal(key_files(s->home), 1);
        reopen(s);
    }
    struct node_origin asked;
    node_origin(s->node, &asked);
    assert_memory_equal(&asked, &now, sizeof now);
    assert_view_is_replay(s->node);
}

static void one_rotation_after_another(void **state)
{
    struct stage *s = *state;
    struct node_origin one = change_it(s, ORIGIN_ROTATION);
    struct node_origin two = change_it(s, ORIGIN_ROTATION);
    assert_true(check_statement(s, &one)); /* a partner who missed the first takes both in turn */
    assert_int_equal(key_files(s->home), 2);
    assert_false(has_secret_of(s->home, s->first.key));
    assert_int_equal(signatures(s, &two, &one), 2);
    struct kept k;
    newest(s->node, &k);
    assert_int_equal(k.count, 2);
}

static void cosignatures_are_by_one_key(void **state)
{
    struct stage *s = *state;
    struct buffer b;
    struct note n;
    change_it(s, ORIGIN_ROTATION);
    buffer_init(&b, NOTE_MAX_BYTES);
    buffer_add(&b, TEXT("a\n\n"));
    assert_ok(node_sign(s->node, NOTE_COSIGNATURE, TEXT("a\n"), &b, NULL));
    assert_ok(note_parse(buffer_text(&b), &n, NULL));
    assert_int_equal(n.count, 1);
    buffer_done(&b);
}

static void a_restored_log_begins_anew(void **state)
{
    struct stage *s = *state;
    struct node_origin before = s->first;
    uint64_t number, last = (uint64_t)(clock_now_us() / 1000000) - 1;
    size_t base = strlen(s->first.name);
    for (unsigned i = 2; i < 12; i++) {
        struct node_origin now = change_it(s, ORIGIN_RESTORE);
        assert_memory_equal(now.name, s->first.name, base);
        assert_int_equal(now.name[base], '/');
        assert_ok(text_u64(text_of(now.name + base + 1), &number));
        assert_true(number > last); /* also when the same copy is restored again: the second, never 2, 3, ... */
        last = number;
        assert_memory_equal(now.key, s->first.key, KEY_BYTES);
        assert_true(check_statement(s, &before));
        assert_int_equal(signatures(s, &now, &before), 1);
        assert_int_equal(key_files(s->home), 1);
        before = now;
    }
    reopen(s);
    assert_ok(node_can_sign(s->node, NULL));
}

enum spoiled { WHOLE, GONE, GARBAGE, OPEN, KEYS_SPOILED };

static void spoil(struct stage *s, enum spoiled how)
{
    char path[SCRATCH_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/keys/node.key", s->home);
    node_close(s->node);
    if (how == GONE) {
        assert_int_equal(unlink(path), 0);
        assert_int_equal(rmdir(scratch_path(s->home, "keys")), 0);
    } else if (how == GARBAGE) {
        scratch_write(path, "garbage", 7);
        assert_int_equal(chmod(path, 0600), 0);
    } else if (how == OPEN) {
        assert_int_equal(chmod(path, 0644), 0);
    }
    s->node = open_home(&s->io.io, s->home);
}

static void assert_blank(int fd)
{
    char left[100] = {0};
    if (fd < 0)
        return;
    ssize_t n = pread(fd, left, sizeof left, 0);
    close(fd);
    for (ssize_t i = 0; i < n; i++)
        assert_int_equal(left[i], 0);
}

static void replacing_needs_no_key(void **state)
{
    (void)state;
    for (enum origin_reason r = ORIGIN_COMPROMISE; r <= ORIGIN_LOSS; r++)
        for (enum spoiled how = WHOLE; how < KEYS_SPOILED; how++) {
            void *inner;
            assert_int_equal(begin(&inner), 0);
            struct stage *s = inner;
            struct node_origin unused;
            struct fault f = {.err = OK};
            struct origin_change rotation = change_for(ORIGIN_ROTATION), restore = change_for(ORIGIN_RESTORE);
            spoil(s, how);
            if (how != WHOLE) { /* what stands on the old key's word does need it */
                assert_true(node_new_origin(s->node, &rotation, &unused, &f) != OK);
                assert_non_null(strstr(f.what, "entente key replace"));
                assert_true(node_new_origin(s->node, &restore, &unused, &f) != OK);
            }
            int old = open(scratch_path(s->home, "keys/node.key"), O_RDONLY | O_CLOEXEC);
            struct node_origin now = change_it(s, r);
            assert_blank(old); /* the bytes that had the key, not the name alone */
            assert_string_not_equal(now.name, s->first.name);
            assert_true(strlen(now.name) == strlen(s->first.name));
            assert_memory_not_equal(now.key, s->first.key, KEY_BYTES);
            assert_false(check_statement(s, &s->first)); /* nobody vouches: a person must */
            for (int again = 0; again < 2; again++) {
                assert_int_equal(signatures(s, &now, &s->first), 1);
                assert_int_equal(key_files(s->home), 1);
                assert_false(has_secret_of(s->home, s->first.key));
                reopen(s);
            }
            assert_int_equal(end(&inner), 0);
        }
}

static void readers_cannot(void **state)
{
    struct stage *s = *state;
    struct node *reader;
    struct node_origin now;
    struct origin_change c = change_for(ORIGIN_ROTATION);
    struct buffer b;
    buffer_init(&b, NOTE_MAX_BYTES);
    assert_ok(node_open(io_system(), s->home, NODE_READ, &reader, NULL));
    assert_err(node_new_origin(reader, &c, &now, NULL), ERR_DENIED);
    assert_err(node_retire_key(reader, NULL), ERR_DENIED);
    assert_err(node_sign(reader, NOTE_ED25519, TEXT("a\n"), &b, NULL), ERR_DENIED);
    assert_int_equal(b.len, 0);
    node_close(reader);
}

/* ---- every crash ---- */

struct run {
    struct recorder *r;
    char root[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX];
    struct node_origin before, after;
    enum origin_reason reason;
    size_t states, lost;
    bool only_count;
};

/* The recorder does not keep modes. */
static void close_keys(const char *home)
{
    char path[SCRATCH_PATH_MAX + 300];
    DIR *d = opendir(scratch_path(home, "keys"));
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/keys/%.255s", home, e->d_name);
        if (e->d_name[0] != '.')
            assert_int_equal(chmod(path, 0600), 0);
    }
    if (d)
        closedir(d);
}

static void look(void *arg, const char *dir, const struct crash *crash)
{
    struct run *run = arg;
    struct node_origin now;
    struct node *node;
    struct fault f = {.err = OK};
    char words[CRASH_WORDS_MAX];
    bool acked = recorder_has_mark(run->r, crash->point, "changed", 1);
    run->states++;
    close_keys(dir);
    enum err err = node_open(io_system(), dir, NODE_OWN, &node, &f);
    if (err == OK) {
        node_origin(node, &now);
        bool changed = strcmp(now.name, run->before.name) != 0 || memcmp(now.key, run->before.key, KEY_BYTES) != 0;
        err = node_can_sign(node, &f);
        if (err == OK && acked && !changed)
            err = fault_set(&f, ERR_NOT_FOUND, "the change is gone");
        if (err == OK && access(scratch_path(dir, "keys/next.key"), F_OK) == 0)
            err = fault_set(&f, ERR_EXISTS, "keys/next.key is left");
        if (err == OK && changed && run->reason == ORIGIN_COMPROMISE && has_secret_of(dir, run->before.key))
            err = fault_set(&f, ERR_EXISTS, "the compromised key is left");
        node_close(node);
    }
    run->lost += err != OK;
    if (err != OK && !run->only_count)
        fail_msg("%s: %s", crash_words(run->r, crash, words), f.what);
}

/* The bug: the entry is written before the key that it names is on the disk (its syncs do nothing). */
struct hasty {
    struct io io;
    const struct io *under;
};

static int hasty_sync(void *self, int fd)
{
    const struct hasty *h = self;
    char path[64], target[SCRATCH_PATH_MAX] = {0};
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(path, target, sizeof target - 1);
    return n > 0 && strstr(target, "/keys") ? 0 : h->under->sync(h->under->self, fd);
}

static int hasty_open(void *self, const char *path, int flags, mode_t mode)
{
    const struct hasty *h = self;
    return h->under->open(h->under->self, path, flags, mode);
}
static int hasty_close(void *self, int fd)
{
    const struct hasty *h = self;
    return h->under->close(h->under->self, fd);
}
static ssize_t hasty_pread(void *self, int fd, void *out, size_t len, int64_t offset)
{
    const struct hasty *h = self;
    return h->under->pread(h->under->self, fd, out, len, offset);
}
static ssize_t hasty_pwrite(void *self, int fd, const void *bytes, size_t len, int64_t offset)
{
    const struct hasty *h = self;
    return h->under->pwrite(h->under->self, fd, bytes, len, offset);
}
static int hasty_truncate(void *self, int fd, int64_t len)
{
    const struct hasty *h = self;
    return h->under->truncate(h->under->self, fd, len);
}
static int hasty_allocate(void *self, int fd, int64_t offset, int64_t len)
{
    const struct hasty *h = self;
    return h->under->allocate(h->under->self, fd, offset, len);
}
static int64_t hasty_size(void *self, int fd)
{
    const struct hasty *h = self;
    return h->under->size(h->under->self, fd);
}
static int hasty_rename(void *self, const char *from, const char *to)
{
    const struct hasty *h = self;
    return h->under->rename(h->under->self, from, to);
}
static int hasty_unlink(void *self, const char *path)
{
    const struct hasty *h = self;
    return h->under->unlink(h->under->self, path);
}

static void run_crashes(enum origin_reason reason, bool bug, struct run *run)
{
    struct hasty hasty = {.io = {.open = hasty_open,
                                 .close = hasty_close,
                                 .pread = hasty_pread,
                                 .pwrite = hasty_pwrite,
                                 .sync = hasty_sync,
                                 .truncate = hasty_truncate,
                                 .allocate = hasty_allocate,
                                 .size = hasty_size,
                                 .rename = hasty_rename,
                                 .unlink = hasty_unlink}};
    struct origin_change c = change_for(reason);
    *run = (struct run){.reason = reason, .only_count = bug};
    hasty.io.self = &hasty;
    scratch_new(run->root);
    scratch_new(run->dir);
    new_home(io_system(), run->root);
    run->r = recorder_new(run->root);
    hasty.under = recorder_io(run->r);
    recorder_vfs_register("recording", true, run->r, NULL);
    struct node *node = open_home(bug ? &hasty.io : recorder_io(run->r), run->root);
    node_origin(node, &run->before);
    size_t from = recorder_len(run->r);
    assert_ok(node_new_origin(node, &c, &run->after, NULL));
    recorder_mark(run->r, "changed", 1);
    node_close(node);
    recorder_vfs_unregister();
    const struct crash_plan plan = {.seed = 5, .from = from, .torn = 1, .subsets = 1, .singles = 4};
    recorder_each_crash(run->r, &plan, run->dir, look, run);
    print_message("# %s%s: %zu operations, %zu states, %zu lost\n", origin_reason_name(reason), bug ? ", hasty" : "",
                  recorder_len(run->r) - from, run->states, run->lost);
    recorder_free(run->r);
    scratch_remove(run->root);
    scratch_remove(run->dir);
}

static void every_crash(void **state)
{
    (void)state;
    struct run run;
    static const enum origin_reason reasons[] = {ORIGIN_ROTATION, ORIGIN_COMPROMISE, ORIGIN_RESTORE};
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) { /* loss goes the way of compromise */
        run_crashes(reasons[i], false, &run);
        assert_true(run.states > 20);
    }
}

static void a_hasty_entry_is_seen(void **state)
{
    (void)state;
    struct run run;
    run_crashes(ORIGIN_ROTATION, true, &run);
    assert_true(run.lost > 0);
}

/* ---- the Nth file operation fails ---- */

static bool try_change(void *arg)
{
    struct stage *s = arg;
    struct node_origin now;
    struct fault f = {.err = OK};
    struct origin_change c = change_for(s->reason);
    s->completed = node_new_origin(s->node, &c, &now, &f) == OK;
    if (!s->completed)
        assert_true(f.what[0] && f.err != OK);
    return s->completed;
}

static void prepare_change(void *arg)
{
    struct stage *s = arg;
    node_origin(s->node, &s->first);
}

/* Whatever failed: the next owner can sign, and what was said to be done is done. */
static void verify_change(void *arg, bool completed)
{
    struct stage *s = arg;
    struct node_origin now;
    struct fault f = {.err = OK};
    node_close(s->node);
    s->node = open_home(io_system(), s->home);
    node_origin(s->node, &now);
    bool changed = strcmp(now.name, s->first.name) != 0 || memcmp(now.key, s->first.key, KEY_BYTES) != 0;
    if (completed && !changed)
        fail_msg("said to be done, and is not");
    if (node_can_sign(s->node, &f) != OK)
        fail_msg("%s", f.what);
    assert_int_not_equal(access(scratch_path(s->home, "keys/next.key"), F_OK), 0);
    if (changed && s->reason == ORIGIN_COMPROMISE)
        assert_false(has_secret_of(s->home, s->first.key));
    node_close(s->node);
    s->node = open_home(&s->io.io, s->home);
}

static void every_failure(void **state)
{
    struct stage *s = *state;
    static const enum origin_reason reasons[] = {ORIGIN_ROTATION, ORIGIN_COMPROMISE, ORIGIN_RESTORE};
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        enum origin_reason r = reasons[i];
        s->reason = r;
        size_t hits = 0;
        node_close(s->node);
        scratch_empty(s->home);
        new_home(io_system(), s->home);
        s->node = open_home(&s->io.io, s->home);
        for (int kind = 0; kind < FAULT_KINDS; kind++)
            for (int for_good = 0; for_good < 2; for_good++) {
                if (kind == FAULT_INTR && for_good)
                    continue;
                bool hit = true;
                for (size_t nth = 1; hit; nth++) {
                    prepare_change(s);
                    fault_io_arm(&s->io, (enum fault_io_kind)kind, nth, for_good);
                    bool completed = try_change(s);
                    hit = fault_io_disarm(&s->io);
                    hits += hit;
                    if (!hit || kind == FAULT_INTR || kind == FAULT_SHORT)
                        assert_true(completed);
                    verify_change(s, completed);
                }
            }
        print_message("# %s: %zu failures\n", origin_reason_name(r), hits);
        assert_true(hits > 5);
    }
}

#define HOME(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOME(rotation_changes_the_key_alone),
        HOME(one_rotation_after_another),
        HOME(cosignatures_are_by_one_key),
        HOME(a_restored_log_begins_anew),
        cmocka_unit_test(replacing_needs_no_key),
        HOME(readers_cannot),
        cmocka_unit_test(every_crash),
        cmocka_unit_test(a_hasty_entry_is_seen),
        HOME(every_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
