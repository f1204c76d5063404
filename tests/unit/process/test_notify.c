/* What a service manager hears: by a path and by an abstract name, and nothing of another's watchdog. */
#include "support/test.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "process/notify.h"
#include "support/scratch.h"

static char folder[SCRATCH_PATH_MAX];

static int setup(void **state)
{
    (void)state;
    scratch_new(folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

/* Listens where `name` says, as systemd does. */
static int listener(const char *name)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    assert_true(len < sizeof at.sun_path);
    memcpy(at.sun_path, name, len);
    if (name[0] == '@')
        at.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    return fd;
}

static void heard(int fd, const char *expected)
{
    char message[1024];
    ssize_t len = recv(fd, message, sizeof message - 1, 0);
    assert_true(len >= 0);
    message[len] = '\0';
    assert_string_equal(message, expected);
}

static void speaks_to(const char *name)
{
    struct notify n;
    int fd = listener(name);
    setenv("NOTIFY_SOCKET", name, 1);
    setenv("WATCHDOG_USEC", "3000000", 1);
    assert_ok(notify_open(&n, NULL));
    assert_int_equal(n.watchdog_us, 3000000);
    assert_null(getenv("NOTIFY_SOCKET")); /* no child speaks for us */
    assert_null(getenv("WATCHDOG_USEC"));
    notify_tell(&n, "READY=1\nSTATUS=%s", "serving");
    heard(fd, "READY=1\nSTATUS=serving");
    notify_close(&n);
    notify_tell(&n, "READY=1");
    assert_int_equal(recv(fd, &(char){0}, 1, 0), -1);
    close(fd);
}

static void by_path_and_by_name(void **state)
{
    char name[64];
    (void)state;
    speaks_to(scratch_path(folder, "notify"));
    snprintf(name, sizeof name, "@entente-test-%d", (int)getpid());
    speaks_to(name);
}

static void a_reload_says_when_it_began(void **state)
{
    struct notify n;
    char message[256];
    const char *path = scratch_path(folder, "reload");
    (void)state;
    int fd = listener(path);
    setenv("NOTIFY_SOCKET", path, 1);
    assert_ok(notify_open(&n, NULL));
    assert_int_equal(n.watchdog_us, 0);
    notify_reloading(&n);
    ssize_t len = recv(fd, message, sizeof message - 1, 0);
    assert_true(len > 0);
    message[len] = '\0';
    unsigned long long when;
    assert_int_equal(sscanf(message, "RELOADING=1\nMONOTONIC_USEC=%llu\n", &when), 1);
    notify_close(&n);
    close(fd);
}

/* The ping is asked of the process that is named, and of no other. */
static void anothers_watchdog_is_none(void **state)
{
    struct notify n;
    char pid[32];
    const char *path = scratch_path(folder, "other");
    (void)state;
    int fd = listener(path);
    for (int own = 0; own < 2; own++) {
        snprintf(pid, sizeof pid, "%d", own ? (int)getpid() : (int)getppid());
        setenv("NOTIFY_SOCKET", path, 1);
        setenv("WATCHDOG_USEC", "1000", 1);
        setenv("WATCHDOG_PID", pid, 1);
        assert_ok(notify_open(&n, NULL));
        assert_int_equal(n.watchdog_us, own ? 1000 : 0);
        notify_close(&n);
    }
    close(fd);
}

static void nobody_to_tell_is_no_fault(void **state)
{
    struct notify n;
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "1000", 1);
    assert_ok(notify_open(&n, NULL));
    assert_int_equal(n.fd, -1);
    assert_int_equal(n.watchdog_us, 0);
    notify_tell(&n, "READY=1");
    notify_close(&n);
}

static void what_is_no_socket_is_told(void **state)
{
    static const char *const bad[] = {"relative/path", "/", "@", "vsock:2:1234"};
    struct notify n;
    struct fault why = {0};
    char path[512];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        setenv("NOTIFY_SOCKET", bad[i], 1);
        assert_int_equal(notify_open(&n, &why), ERR_USAGE);
        assert_int_equal(n.fd, -1);
    }
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    setenv("NOTIFY_SOCKET", path, 1);
    assert_int_equal(notify_open(&n, &why), ERR_USAGE);
    setenv("NOTIFY_SOCKET", scratch_path(folder, "nobody"), 1);
    assert_int_equal(notify_open(&n, &why), ERR_IO);
    assert_int_equal(n.fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(by_path_and_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reload_says_when_it_began, setup, teardown),
        cmocka_unit_test_setup_teardown(anothers_watchdog_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_to_tell_is_no_fault, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_socket_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
