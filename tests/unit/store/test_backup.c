/* A backup gives the home back; again it copies what changed only; what was erased since does not come back; and a
 * spoilt one is refused, whichever byte it is. */
#include "history.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "secrets.h"
#include "store/backup.h"
#include "store/backup_manifest.h"
#include "store/restore.h"
#include "support/scratch.h"

struct stage {
    char root[SCRATCH_PATH_MAX], home[SCRATCH_PATH_MAX + 8], dir[SCRATCH_PATH_MAX + 8], again[SCRATCH_PATH_MAX + 8];
    struct node *node;
    struct history h;
};

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    scratch_new(s->root);
    snprintf(s->home, sizeof s->home, "%s/home", s->root);
    snprintf(s->dir, sizeof s->dir, "%s/backup", s->root);
    snprintf(s->again, sizeof s->again, "%s/again", s->root);
    history_home(io_system(), s->home);
    history_init(&s->h, 5);
    assert_ok(node_open(io_system(), s->home, NODE_OWN, &s->node, NULL));
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct stage *s = *state;
    node_close(s->node);
    history_done(&s->h);
    scratch_remove(s->root);
    free(s);
    return 0;
}

static void backup(struct stage *s, struct backup_result *r)
{
    struct fault f = {.err = OK};
    if (node_backup(s->node, s->dir, true, NULL, r, &f) != OK)
        fail_msg("%s", f.what);
}

static enum err restore(struct stage *s, const char *erasures, struct restore_result *r, struct fault *f)
{
    const struct restore_options options = {.same_origin = true, .erasures = erasures};
    if (access(s->again, F_OK) == 0)
        scratch_remove(s->again);
    return home_restore(io_system(), s->dir, s->again, &options, r, f);
}

static void restored(struct stage *s, struct restore_result *r)
{
    struct fault f = {.err = OK};
    if (restore(s, NULL, r, &f) != OK)
        fail_msg("%s", f.what);
}

static void dump(const char *home, struct buffer *out)
{
    buffer_init(out, 256 * MIB);
    view_dump(scratch_path(home, VIEW_FILE), out);
}

static enum err put_some(struct txn *t, void *self, struct fault *reterr)
{
    struct stage *s = self;
    enum err err = OK;
    for (int i = 0; i < 20 && err == OK; i++) {
        char id[IDENT_TEXT_MAX], body[1200];
        struct uuid u = uuid_random();
        struct fact f = {.kind = FACT_OBJECT};
        f.u.object = (struct fact_object){.id = ident_format(TEXT("indicator"), &u, id),
                                          .standing = STANDING_CURRENT,
                                          .class_key = TEXT("1::100:-:-:-:indicator"),
                                          .confidence = -1};
        size_t len = (size_t)snprintf(body, sizeof body, "{\"id\":\"%s\",\"type\":\"indicator\",\"x\":\"", id);
        for (int k = 0; k < 900; k++) /* hardly to be compressed */
            body[len++] = (char)('!' + 2 + made_number(&s->h.made, 50));
        len += (size_t)snprintf(body + len, sizeof body - len, "\"}");
        f.u.object.hash = sha256_of(body, len);
        err = txn_append(t, &f, (struct text){body, len}, TEXT_NONE, reterr);
    }
    return err;
}

static void write_much(struct stage *s, int groups)
{
    for (int i = 0; i < groups; i++)
        assert_ok(node_write(s->node, put_some, s, NULL));
}

static enum err put_peer(struct txn *t, void *self, struct fault *reterr)
{
    struct fact f = {.kind = FACT_PEER};
    (void)self;
    f.u.peer.party = made_uuid_of("party", 1);
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

static void given_back(void **state)
{
    struct stage *s = *state;
    struct backup_result first, second;
    struct restore_result r;
    struct buffer before, after;
    write_much(s, 30);
    assert_ok(local_set(node_local(s->node), "kept", TEXT("key"), TEXT("value"), NULL));
    backup(s, &first);
    assert_int_equal(first.copied_bytes, first.bytes);
    assert_true(first.checkpoint && first.files > 6);
    dump(s->home, &before);
    restored(s, &r);
    assert_int_equal(r.bytes, first.bytes);
    struct node *node;
    assert_ok(node_open(io_system(), s->again, NODE_OWN, &node, NULL));
    dump(s->again, &after);
    assert_text_eq(buffer_text(&after), buffer_text(&before));
    struct buffer kept;
    buffer_init(&kept, KIB);
    assert_ok(local_get(node_local(node), "kept", TEXT("key"), &kept, NULL));
    assert_text(buffer_text(&kept), "value");
    node_close(node);
    assert_true(!r.new_origin && r.entries == first.entries); /* same_origin was asked for */

    write_much(s, 2);
    assert_ok(node_write(s->node, put_peer, NULL, NULL));
    backup(s, &second);
    assert_true(second.entries == first.entries + 41);
    assert_true(second.copied_bytes < second.bytes / 2);
    restored(s, &r);
    /* There is a partner now: the log may be behind, and entries say under which name it goes on. */
    assert_true(r.new_origin && r.entries > second.entries);
    struct stat st;
    assert_int_equal(stat(s->dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    buffer_done(&before);
    buffer_done(&after);
    buffer_done(&kept);
}

/* Evidence of other findings that shared an entry with what was erased. */
static void others_stay(const char *home)
{
    struct node *node;
    assert_ok(node_open(io_system(), home, NODE_OWN, &node, NULL));
    secrets_others_stay(node);
    node_close(node);
}

static void erased_does_not_come_back(void **state)
{
    struct stage *s = *state;
    struct backup_result b;
    struct erase_result e;
    struct restore_result r;
    struct buffer unreached;
    assert_ok(secrets_write(s->node, NULL));
    write_much(s, 20);
    backup(s, &b);
    assert_true(secrets_found_raw(s->dir) > 0);
    assert_ok(secrets_erase(s->node, &e, NULL));
    assert_int_equal(unlink(scratch_path(s->dir, "erasures")), 0); /* it was told at once; now it was not */
    restored(s, &r);
    assert_int_equal(r.erased, 0);
    assert_true(secrets_found(s->again) > 0);
    struct fault f;
    assert_ok(restore(s, scratch_path(s->home, "erasures"), &r, &f));
    assert_int_equal(r.erased, e.entries);
    assert_int_equal(secrets_found(s->again), 0);
    others_stay(s->again);

    /* An erasure that the next opening finishes reaches it too. */
    node_close(s->node);
    s->node = NULL;
    scratch_write(scratch_path(s->home, "erasing"), "0\n", 2);
    assert_ok(node_open(io_system(), s->home, NODE_OWN, &s->node, NULL));
    restored(s, &r);
    assert_int_equal(r.erased, e.entries);
    assert_int_equal(unlink(scratch_path(s->dir, "erasures")), 0);

    buffer_init(&unreached, KIB);
    assert_ok(node_spread_erasures(s->node, &unreached, NULL));
    assert_int_equal(unreached.len, 0);
    restored(s, &r);
    assert_int_equal(r.erased, e.entries);
    assert_int_equal(secrets_found(s->again), 0);

    backup(s, &b); /* from now on it is not even there */
    assert_int_equal(secrets_found_raw(s->dir), 0);
    assert_true(b.copied_files < b.files);
    restored(s, &r);
    assert_int_equal(r.erased, 0);
    assert_int_equal(secrets_found(s->again), 0);
    char away[SCRATCH_PATH_MAX + 16];
    snprintf(away, sizeof away, "%s.away", s->dir);
    assert_int_equal(rename(s->dir, away), 0);
    assert_ok(node_spread_erasures(s->node, &unreached, NULL));
    assert_non_null(strstr(unreached.ptr, "/backup\n"));
    buffer_done(&unreached);
}

/* One byte of each file, turned. */
static void spoilt_is_refused(void **state)
{
    struct stage *s = *state;
    struct backup_result b;
    struct restore_result r;
    size_t refused = 0;
    write_much(s, 10);
    backup(s, &b);
    DIR *d = opendir(scratch_path(s->dir, "files"));
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        char path[SCRATCH_PATH_MAX * 2];
        struct fault f = {.err = OK};
        size_t len;
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/files/%s", s->dir, e->d_name);
        char *bytes = scratch_read(path, &len);
        bytes[len / 2] ^= 1;
        scratch_write(path, bytes, len);
        assert_err(restore(s, NULL, &r, &f), ERR_MALFORMED);
        assert_non_null(strstr(f.what, "files/"));
        scratch_write(path, bytes, len - 1);
        assert_err(restore(s, NULL, &r, &f), ERR_MALFORMED);
        remove(path);
        assert_err(restore(s, NULL, &r, &f), ERR_MALFORMED);
        bytes[len / 2] ^= 1;
        scratch_write(path, bytes, len);
        free(bytes);
        assert_int_not_equal(access(s->again, F_OK), 0);
        refused++;
    }
    closedir(d);
    assert_int_equal(refused, b.files);
    restored(s, &r);
    remove(scratch_path(s->dir, "manifest.json"));
    struct fault f;
    assert_err(restore(s, NULL, &r, &f), ERR_NOT_FOUND);
}

/* A copy that was put back and went on, further than the backup: the log's id is the same, its past is not. */
static void another_past(void **state)
{
    struct stage *s = *state;
    struct backup_result b;
    struct restore_result r;
    struct fault f = {.err = OK};
    struct stage other = *s;
    write_much(s, 2);
    backup(s, &b);
    restored(s, &r);
    write_much(s, 2);
    backup(s, &b);
    assert_ok(node_open(io_system(), s->again, NODE_OWN, &other.node, NULL));
    write_much(&other, 4);
    assert_err(node_backup(other.node, s->dir, true, NULL, &b, &f), ERR_EXISTS);
    assert_non_null(strstr(f.what, "another past"));
    node_close(other.node);
    restored(s, &r); /* the backup is whole */
}

static void refused(void **state)
{
    struct stage *s = *state;
    struct backup_result b;
    struct restore_result r;
    struct fault f = {.err = OK};
    struct node *other;
    const struct restore_options none = {0};
    char dir[SCRATCH_PATH_MAX + 32];
    snprintf(dir, sizeof dir, "%s/inside", s->home);
    assert_err(node_backup(s->node, dir, true, NULL, &b, &f), ERR_USAGE);
    assert_err(node_backup(s->node, s->home, true, NULL, &b, &f), ERR_EXISTS);
    assert_err(home_restore(io_system(), s->root, s->again, &none, &r, &f), ERR_NOT_FOUND);
    backup(s, &b);
    assert_err(home_restore(io_system(), s->dir, s->home, &none, &r, &f), ERR_EXISTS);
    history_home(io_system(), s->again);
    assert_ok(node_open(io_system(), s->again, NODE_OWN, &other, NULL));
    assert_err(node_backup(other, s->dir, true, NULL, &b, &f), ERR_EXISTS);
    assert_non_null(strstr(f.what, "another node"));
    node_close(other);
    atomic_bool cancel = true;
    assert_err(node_backup(s->node, s->dir, true, &cancel, &b, &f), ERR_CANCELLED);
    restored(s, &r);
    snprintf(dir, sizeof dir, "%s.restoring", s->again);
    assert_int_equal(mkdir(dir, 0700), 0);
    scratch_write(scratch_path(dir, "precious"), "x", 1);
    assert_err(restore(s, NULL, &r, &f), ERR_EXISTS);
    scratch_write(scratch_path(dir, "restore.unfinished"), "x", 1);
    assert_ok(restore(s, NULL, &r, &f));
}

static void manifests_are_checked(void **state)
{
    (void)state;
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FRAME(files)                   \
    "{\"entries\":1,\"files\":[" files \
    "],\"format\":1,\"log\":\"00112233445566778899aabbccddeeff\",\"made\":\"m\",\"node\":\"n\"}"
#define NAMED(name) FRAME("{\"bytes\":1,\"name\":\"" name "\",\"sealed\":true,\"sha256\":\"" HASH "\"}")
    static const char *const bad[] = {
        "",
        "[]",
        "{\"format\":1}",
        NAMED("../x"),
        NAMED("/etc/passwd"),
        NAMED("log/../x"),
        NAMED("log/a/b"),
        NAMED("view/view.db"),
        NAMED(".x"),
        NAMED("log/"),
        NAMED("Log"),
        NAMED(""),
        FRAME("{\"bytes\":-1,\"name\":\"format\",\"sha256\":\"" HASH "\"}"),
        FRAME("{\"bytes\":1,\"name\":\"format\",\"sha256\":\"12\"}"),
        FRAME("{\"bytes\":1,\"name\":\"a\",\"sha256\":\"" HASH "\"},{\"bytes\":1,\"name\":\"a\",\"sha256\":\"" HASH
              "\"}"),
    };
    struct manifest m;
    struct fault f = {.err = OK};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (manifest_parse(text_of(bad[i]), &m, &f) != ERR_MALFORMED)
            fail_msg("taken: %s", bad[i]);
    assert_err(manifest_parse(TEXT("{\"format\":2}"), &m, &f), ERR_VERSION);
    assert_ok(manifest_parse(TEXT(NAMED("log/00000000.log")), &m, &f));
    assert_true(m.count == 1 && m.files[0].sealed && m.entries == 1);
    struct buffer out;
    buffer_init(&out, MIB);
    manifest_write(&m, &out);
    assert_text(buffer_text(&out), NAMED("log/00000000.log") "\n");
    buffer_done(&out);
    manifest_done(&m);
}

#define HOME(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOME(given_back), HOME(erased_does_not_come_back),         HOME(another_past), HOME(spoilt_is_refused),
        HOME(refused),    cmocka_unit_test(manifests_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
