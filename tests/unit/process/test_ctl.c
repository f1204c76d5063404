/* The control socket, from its two ends in one process. */
#include "support/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "process/ctl_wire.h"
#include "support/scratch.h"

static char folder[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX];
static struct ctl_server *server;
static atomic_int handled;

/* Says its words and what its files hold; "wait" waits to be cancelled, "flood" writes a lot. */
static int handler(void *self, struct ctl_request *r, struct ctl_reply *reply)
{
    (void)self;
    atomic_fetch_add(&handled, 1);
    for (size_t i = 0; i < r->arg_count; i++) {
        ctl_write(reply, false, text_of(r->args[i]));
        ctl_write(reply, false, TEXT("|"));
    }
    for (size_t i = 0; i < r->file_count; i++) {
        char bytes[64];
        ssize_t got = pread(r->files[i].fd, bytes, sizeof bytes, 0);
        ctl_write(reply, true, text_of(r->files[i].name));
        ctl_write(reply, true, (struct text){bytes, got > 0 ? (size_t)got : 0});
    }
    if (r->arg_count && strcmp(r->args[0], "wait") == 0) {
        while (!atomic_load(&r->cancelled))
            usleep(1000);
        return 73;
    }
    if (r->arg_count && strcmp(r->args[0], "flood") == 0) {
        static char block[1 << 20];
        for (int i = 0; i < 8; i++)
            ctl_write(reply, false, (struct text){block, sizeof block});
    }
    return 65;
}

static int setup(void **state)
{
    struct fault fault = {0};
    (void)state;
    scratch_new(folder);
    snprintf(path, sizeof path, "%s", scratch_path(folder, "ctl.sock"));
    atomic_store(&handled, 0);
    return ctl_server_start(path, handler, NULL, &server, &fault) == OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    ctl_server_stop(server, true);
    scratch_remove(folder);
    return 0;
}

struct heard {
    struct buffer out, err;
};

static void hear(void *self, bool to_stderr, struct text bytes)
{
    struct heard *h = self;
    buffer_add(to_stderr ? &h->err : &h->out, bytes);
}

static enum err call(char **args, struct ctl_file *files, size_t file_count, const atomic_bool *cancel,
                     struct heard *h, int *ret_exit, struct fault *fault)
{
    struct ctl_request r = {.args = args, .files = files, .file_count = file_count};
    while (args[r.arg_count])
        r.arg_count++;
    buffer_init(&h->out, 1u << 30);
    buffer_init(&h->err, 1u << 30);
    struct ctl_output output = {hear, h, cancel};
    return ctl_call(path, &r, &output, ret_exit, fault);
}

static void heard_done(struct heard *h)
{
    buffer_done(&h->out);
    buffer_done(&h->err);
}

static void words_files_and_exit_code_cross(void **state)
{
    char a[] = "import", b[] = "--json", name[] = "one", name2[] = "two";
    char *args[] = {a, b, NULL};
    int one = memfd_create("one", MFD_CLOEXEC), two = memfd_create("two", MFD_CLOEXEC), code = 0;
    struct ctl_file files[] = {{name, one}, {name2, two}};
    struct heard h;
    struct fault fault = {0};
    (void)state;
    assert_int_equal(write(one, "1st", 3), 3);
    assert_int_equal(write(two, "2nd", 3), 3);
    assert_ok(call(args, files, 2, NULL, &h, &code, &fault));
    assert_int_equal(code, 65);
    assert_text(buffer_text(&h.out), "import|--json|");
    assert_text(buffer_text(&h.err), "one1sttwo2nd");
    heard_done(&h);
    close(one);
    close(two);
}

static void long_output_arrives_whole(void **state)
{
    char a[] = "flood";
    char *args[] = {a, NULL};
    struct heard h;
    struct fault fault = {0};
    int code;
    (void)state;
    assert_ok(call(args, NULL, 0, NULL, &h, &code, &fault));
    assert_int_equal(h.out.len, 6 + (8u << 20));
    heard_done(&h);
}

static void cancelling_reaches_the_owner(void **state)
{
    char a[] = "wait";
    char *args[] = {a, NULL};
    atomic_bool cancel = true;
    struct heard h;
    struct fault fault = {0};
    int code;
    (void)state;
    assert_ok(call(args, NULL, 0, &cancel, &h, &code, &fault));
    assert_int_equal(code, 73);
    heard_done(&h);
}

static int connect_raw(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    snprintf(addr.sun_path, sizeof addr.sun_path, "%.100s", path);
    int sock = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(sock, (struct sockaddr *)&addr, sizeof addr), 0);
    return sock;
}

/* A client that goes away in the middle ends its command, and the owner can stop. */
static void a_client_that_dies_is_noticed(void **state)
{
    (void)state;
    int sock = connect_raw();
    assert_ok(ctl_send(sock, CTL_HELLO, TEXT(CTL_VERSION), -1));
    assert_ok(ctl_send(sock, CTL_ARG, TEXT("wait"), -1));
    assert_ok(ctl_send(sock, CTL_RUN, TEXT_NONE, -1));
    while (atomic_load(&handled) == 0)
        usleep(1000);
    close(sock);
    ctl_server_stop(server, false);
    server = NULL;
}

static void another_version_is_refused(void **state)
{
    struct buffer body;
    enum ctl_kind kind;
    int fd;
    (void)state;
    buffer_init(&body, CTL_FRAME_MAX_BYTES);
    int sock = connect_raw();
    assert_ok(ctl_send(sock, CTL_HELLO, TEXT("entente-ctl/999"), -1));
    assert_ok(ctl_receive(sock, &kind, &body, &fd));
    assert_int_equal(kind, CTL_REFUSED);
    assert_text(buffer_text(&body), "version");
    close(sock);
    buffer_done(&body);
    assert_int_equal(atomic_load(&handled), 0);
}

/* Frames that lie about their length, or come out of turn, run nothing. */
static void nonsense_runs_nothing(void **state)
{
    static const unsigned char huge[] = {0xff, 0xff, 0xff, 0xff, 1}, zero[] = {0, 0, 0, 0, 1};
    static const unsigned char early[] = {1, 0, 0, 0, CTL_RUN};
    const struct {
        const unsigned char *bytes;
        size_t len;
    } cases[] = {{huge, sizeof huge}, {zero, sizeof zero}, {early, sizeof early}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char answer[64];
        int sock = connect_raw();
        assert_int_equal(send(sock, cases[i].bytes, cases[i].len, 0), cases[i].len);
        assert_true(recv(sock, answer, sizeof answer, 0) >= 5);
        assert_int_equal(answer[4], CTL_REFUSED);
        close(sock);
    }
    assert_int_equal(atomic_load(&handled), 0);
}

static void nobody_there_is_told(void **state)
{
    char a[] = "x";
    char *args[] = {a, NULL};
    struct heard h;
    struct fault fault = {0};
    int code;
    (void)state;
    ctl_server_stop(server, false);
    server = NULL;
    assert_err(call(args, NULL, 0, NULL, &h, &code, &fault), ERR_UNREACHABLE);
    heard_done(&h);
}

static void the_socket_is_the_owners_alone(void **state)
{
    struct stat st;
    (void)state;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0077, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(words_files_and_exit_code_cross),
        TEST(long_output_arrives_whole),
        TEST(cancelling_reaches_the_owner),
        TEST(a_client_that_dies_is_noticed),
        TEST(another_version_is_refused),
        TEST(nonsense_runs_nothing),
        TEST(nobody_there_is_told),
        TEST(the_socket_is_the_owners_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
