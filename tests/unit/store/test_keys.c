/* The key files: one exact form, closed to others, wiped when they go; and which of them a home signs with. */
#include "history.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/origin.h"
#include "support/fault.h"
#include "support/scratch.h"

struct stage {
    char home[SCRATCH_PATH_MAX];
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
    return mkdir(scratch_path(s->home, "keys"), 0700);
}

static int end(void **state)
{
    struct stage *s = *state;
    assert_int_equal(s->io.open_files, 0);
    scratch_remove(s->home);
    free(s);
    return 0;
}

#define SEED "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
/* RFC 8032's arithmetic, by another implementation (Python's cryptography) */
#define PUBLIC "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"

static void put(struct stage *s, const char *bytes, size_t len, mode_t mode)
{
    scratch_write(scratch_path(s->home, "keys/node.key"), bytes, len);
    assert_int_equal(chmod(scratch_path(s->home, "keys/node.key"), mode), 0);
}

static enum err read_it(struct stage *s, struct fault *f)
{
    struct key *key;
    *f = (struct fault){.offset = -1, .line = -1};
    enum err err = key_read(&s->io.io, s->home, KEY_NODE, &key, f);
    if (err == OK)
        key_free(key);
    else
        assert_true(f->what[0] != 0);
    return err;
}

static void one_form_is_read(void **state)
{
    static const char good[] = "ed25519 " SEED "\n";
    struct stage *s = *state;
    struct key *key;
    struct fault f;
    char hex[KEY_HEX], words[KEY_WORDS_MAX];
    put(s, good, sizeof good - 1, 0600);
    assert_ok(key_read(&s->io.io, s->home, KEY_NODE, &key, NULL));
    hex_write(key_public(key), KEY_BYTES, hex);
    assert_string_equal(hex, PUBLIC);
    hex_write(key_seed(key), KEY_BYTES, hex);
    assert_string_equal(hex, SEED);
    assert_text(key_words(key_public(key), words), "03a107bf f3ce10be 1d70dd18 e74bc099 67e4d630 9ba50d5f 1ddc8664 "
                                                   "125531b8");
    assert_ok(key_write(&s->io.io, s->home, "keys/again.key", key, NULL));
    key_free(key);
    size_t len;
    char *again = scratch_read(scratch_path(s->home, "keys/again.key"), &len);
    assert_int_equal(len, sizeof good - 1);
    assert_memory_equal(again, good, len);
    free(again);
    struct stat st;
    assert_int_equal(stat(scratch_path(s->home, "keys/again.key"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    put(s, good, sizeof good - 1, 0400);
    assert_ok(read_it(s, &f));
    /* every prefix, every byte changed, something behind */
    for (size_t i = 0; i < sizeof good - 1; i++) {
        put(s, good, i, 0600);
        assert_err(read_it(s, &f), ERR_MALFORMED);
        char bad[sizeof good];
        memcpy(bad, good, sizeof bad);
        bad[i] = i >= 8 && i < 72 ? 'A' : 'x';
        put(s, bad, sizeof bad - 1, 0600);
        assert_err(read_it(s, &f), ERR_MALFORMED);
    }
    put(s, "ed25519 " SEED "\n\n", sizeof good, 0600);
    assert_err(read_it(s, &f), ERR_MALFORMED);
    put(s, "ed25519 " SEED "\r\n", sizeof good, 0600);
    assert_err(read_it(s, &f), ERR_MALFORMED);
    assert_non_null(strstr(f.what, "key replace --lost"));
}

static void open_to_others_is_refused(void **state)
{
    static const char good[] = "ed25519 " SEED "\n";
    static const mode_t bad[] = {0640, 0604, 0660, 0601, 0610};
    struct stage *s = *state;
    struct fault f;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        put(s, good, sizeof good - 1, bad[i]);
        assert_err(read_it(s, &f), ERR_DENIED);
        assert_non_null(strstr(f.what, "chmod 600"));
    }
    put(s, good, sizeof good - 1, 0600);
    assert_int_equal(rename(scratch_path(s->home, "keys/node.key"), scratch_path(s->home, "elsewhere")), 0);
    assert_err(read_it(s, &f), ERR_NOT_FOUND);
    assert_int_equal(symlink("../elsewhere", scratch_path(s->home, "keys/node.key")), 0);
    assert_true(read_it(s, &f) != OK);
    assert_int_equal(unlink(scratch_path(s->home, "keys/node.key")), 0);
    assert_int_equal(mkfifo(scratch_path(s->home, "keys/node.key"), 0600), 0);
    assert_err(read_it(s, &f), ERR_DENIED); /* and nobody waits for a writer */
    assert_int_equal(unlink(scratch_path(s->home, "keys/node.key")), 0);
    put(s, good, sizeof good - 1, 0600);
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(scratch_path(s->home, "keys/node.key"), 12345, (gid_t)-1), 0);
    assert_err(read_it(s, &f), ERR_DENIED);
    assert_non_null(strstr(f.what, "12345"));
}

static void wiping_overwrites(void **state)
{
    static const char good[] = "ed25519 " SEED "\n";
    struct stage *s = *state;
    put(s, good, sizeof good - 1, 0600);
    int fd = open(scratch_path(s->home, "keys/node.key"), O_RDONLY | O_CLOEXEC); /* the file, when its name is gone */
    assert_true(fd >= 0);
    assert_ok(key_wipe(&s->io.io, s->home, KEY_NODE, NULL));
    assert_int_not_equal(access(scratch_path(s->home, "keys/node.key"), F_OK), 0);
    char left[100];
    ssize_t n = pread(fd, left, sizeof left, 0);
    close(fd);
    assert_int_equal(n, sizeof good - 1);
    for (ssize_t i = 0; i < n; i++)
        assert_int_equal(left[i], 0);
    assert_ok(key_wipe(&s->io.io, s->home, KEY_NODE, NULL)); /* gone already */
    /* a link is not written through */
    scratch_write(scratch_path(s->home, "other"), "keep me", 7);
    assert_int_equal(symlink("../other", scratch_path(s->home, "keys/node.key")), 0);
    assert_ok(key_wipe(&s->io.io, s->home, KEY_NODE, NULL));
    assert_int_not_equal(access(scratch_path(s->home, "keys/node.key"), F_OK), 0);
    size_t len;
    char *other = scratch_read(scratch_path(s->home, "other"), &len);
    assert_string_equal(other, "keep me");
    free(other);
}

/* ---- a home with and without its key ---- */

static struct node *open_home(struct stage *s, enum node_mode mode)
{
    struct node *node = NULL;
    struct fault f = {.err = OK};
    if (node_open(&s->io.io, s->home, mode, &node, &f) != OK)
        fail_msg("%s", f.what);
    return node;
}

static enum err signs(struct stage *s, enum node_mode mode, struct fault *f)
{
    struct node *node = open_home(s, mode);
    *f = (struct fault){.offset = -1, .line = -1};
    enum err err = node_can_sign(node, f);
    node_close(node);
    return err;
}

static void a_home_opens_without_its_key(void **state)
{
    struct stage *s = *state;
    struct fault f;
    struct node_origin origin;
    struct key *other;
    scratch_empty(s->home);
    history_home(&s->io.io, s->home);
    char path[SCRATCH_PATH_MAX + 32], away[SCRATCH_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/keys/node.key", s->home);
    snprintf(away, sizeof away, "%s/away", s->home);
    struct node *node = open_home(s, NODE_OWN);
    node_origin(node, &origin);
    assert_string_equal(origin.name, node_genesis(node)->origin.ptr);
    assert_memory_equal(origin.key, node_genesis(node)->key, 32);
    assert_int_equal(origin.n, 0);
    assert_ok(node_can_sign(node, NULL));
    node_close(node);
    for (int own = 0; own < 2; own++) {
        enum node_mode mode = own ? NODE_OWN : NODE_READ;
        assert_ok(signs(s, mode, &f));
        assert_int_equal(rename(path, away), 0);
        assert_err(signs(s, mode, &f), ERR_NOT_FOUND);
        assert_non_null(strstr(f.what, "key replace --lost"));
        assert_ok(key_new(&other, NULL));
        assert_ok(key_write(&s->io.io, s->home, KEY_NODE, other, NULL));
        key_free(other);
        assert_err(signs(s, mode, &f), ERR_DENIED);
        assert_non_null(strstr(f.what, "not the key of this log"));
        assert_int_equal(rename(away, path), 0);
        assert_int_equal(chmod(path, 0644), 0);
        assert_err(signs(s, mode, &f), ERR_DENIED);
        assert_int_equal(chmod(path, 0600), 0);
    }
    /* and it writes without one */
    assert_int_equal(rename(path, away), 0);
    struct history h;
    history_init(&h, 3);
    node = open_home(s, NODE_OWN);
    assert_ok(history_write(&h, node, 5, false, NULL));
    node_close(node);
    history_done(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_form_is_read, begin, end),
        cmocka_unit_test_setup_teardown(open_to_others_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(wiping_overwrites, begin, end),
        cmocka_unit_test_setup_teardown(a_home_opens_without_its_key, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
