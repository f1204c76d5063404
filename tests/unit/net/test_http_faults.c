/* A server with all that waits in it, begun while the 1st, 2nd, ... allocation fails: begun whole, or an error and
 * nothing left behind; and one request held and woken. */
#include "support/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/outbound_make.h"
#include "base/time.h"
#include "net/http.h"
#include "support/fault.h"
#include "support/tally.h"

/* Held once, then answered; NULL, a plain 500, when there is no memory. */
static struct outbound *handle(void *self, const struct http_request *r)
{
    struct buffer b;
    if (!r->held)
        return http_hold(r, clock_mono_us() + 1000, self, NULL);
    buffer_init(&b, KIB);
    buffer_add(&b, TEXT("held"));
    return outbound_new(200, TEXT("text/plain"), &b);
}

/* The first line of the answer; false: the connection ended without, as it may when memory is out. */
static bool ask(uint16_t port, char out[16])
{
    static const char question[] = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool sent = connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
                send(fd, question, sizeof question - 1, MSG_NOSIGNAL) == sizeof question - 1;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    ssize_t got = sent && poll(&p, 1, 10000) == 1 ? recv(fd, out, 15, MSG_WAITALL) : -1;
    out[got > 0 ? got : 0] = 0;
    close(fd);
    return got == 15;
}

static bool serve_one(void *arg)
{
    static char state;
    char heard[16] = "";
    struct http_server *s = NULL;
    const struct http_server_options options = {
        .address = "127.0.0.1:0", .handler = handle, .self = &state, .threads = 1, .connections_max = 4};
    (void)arg;
    if (http_server_start(&options, &s, NULL))
        return false;
    bool answered = ask(http_server_port(s), heard);
    http_server_stop(s);
    return answered && strcmp(heard, "HTTP/1.1 200 OK") == 0;
}

static void every_allocation_fails(void **state)
{
    const struct fault_op op = {.run = serve_one};
    (void)state;
    size_t rounds = fault_each_allocation(&op);
    assert_true(rounds > 8);
    tally_add("allocation", rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_fails)};
    return cmocka_run_group_tests_name("http faults", tests, NULL, NULL);
}
