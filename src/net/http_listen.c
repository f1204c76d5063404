/* net/http_listen.c - addresses to listen on. */
#include "net/http_listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 1024

static enum err bad_address(struct fault *reterr)
{
    return fault_set(reterr, ERR_USAGE, "a listen address is ADDRESS:PORT, like 127.0.0.1:8443 or [::1]:8443");
}

enum err http_endpoint_parse(struct text t, struct http_endpoint *ret, struct fault *reterr)
{
    struct http_endpoint e;
    uint64_t port;
    bool bracketed = text_starts(t, TEXT("["));
    ptrdiff_t end = text_find(t, bracketed ? ']' : ':', 0);
    if (end < 0)
        return bad_address(reterr);
    struct text address = text_sub(t, bracketed, (size_t)end - bracketed);
    struct text rest = text_sub(t, (size_t)end + bracketed, t.len);
    if (!text_starts(rest, TEXT(":")) || text_u64(text_sub(rest, 1, rest.len), &port) || port > UINT16_MAX)
        return bad_address(reterr);
    if (ipaddr_parse(address, &e.address) || bracketed != (e.address.bits == 128))
        return bad_address(reterr);
    e.port = (uint16_t)port;
    *ret = e;
    return OK;
}

bool http_is_loopback(const struct ipaddr *a)
{
    static const uint8_t one[16] = {[15] = 1};
    return a->bits == 32 ? a->b[0] == 127 : a->bits == 128 && memcmp(a->b, one, sizeof one) == 0;
}

bool http_is_private(const struct ipaddr *a)
{
    static const struct ipnet nets[] = {
        {{.b = {0}, .bits = 32}, 8},         {{.b = {10}, .bits = 32}, 8},
        {{.b = {100, 64}, .bits = 32}, 10},  {{.b = {127}, .bits = 32}, 8},
        {{.b = {169, 254}, .bits = 32}, 16}, {{.b = {172, 16}, .bits = 32}, 12},
        {{.b = {192, 168}, .bits = 32}, 16}, {{.b = {198, 18}, .bits = 32}, 15},
        {{.b = {0}, .bits = 128}, 127}, /* :: and ::1 */
        {{.b = {0xfc}, .bits = 128}, 7},     {{.b = {0xfe, 0x80}, .bits = 128}, 10},
    };
    for (size_t i = 0; i < ARRAY_LEN(nets); i++)
        if (ipnet_has(&nets[i], a))
            return true;
    return false;
}

bool http_endpoint_of(const struct sockaddr *sa, struct http_endpoint *ret)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct http_endpoint e = {0};
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        memcpy(e.address.b, &in.sin_addr, 4);
        e.address.bits = 32;
        e.port = ntohs(in.sin_port);
    } else if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, sa, sizeof in);
        bool v4 = memcmp(&in.sin6_addr, mapped, sizeof mapped) == 0;
        memcpy(e.address.b, in.sin6_addr.s6_addr + (v4 ? 12 : 0), v4 ? 4 : 16);
        e.address.bits = v4 ? 32 : 128;
        e.port = ntohs(in.sin6_port);
    } else {
        return false;
    }
    *ret = e;
    return true;
}

static socklen_t fill(const struct http_endpoint *at, struct sockaddr_storage *ret)
{
    memset(ret, 0, sizeof *ret);
    if (at->address.bits == 32) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(at->port)};
        memcpy(&in.sin_addr, at->address.b, 4);
        memcpy(ret, &in, sizeof in);
        return sizeof in;
    }
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(at->port)};
    memcpy(&in.sin6_addr, at->address.b, 16);
    memcpy(ret, &in, sizeof in);
    return sizeof in;
}

static enum err refused(const struct http_endpoint *at, struct fault *reterr)
{
    char address[IPADDR_TEXT_MAX];
    ipaddr_format(&at->address, address);
    switch (errno) {
    case EADDRINUSE:
        return fault_set(reterr, ERR_BUSY, "port %u of %s is taken by another program", at->port, address);
    case EADDRNOTAVAIL: return fault_set(reterr, ERR_USAGE, "this machine has no address %s", address);
    default: return fault_errno(reterr, "cannot listen on port %u of %s", at->port, address);
    }
}

static enum err bind_and_listen(int fd, const struct http_endpoint *at, uint16_t *ret_port, struct fault *reterr)
{
    struct sockaddr_storage sa;
    socklen_t len = fill(at, &sa);
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at->address.bits == 128)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    struct http_endpoint taken;
    if (bind(fd, (struct sockaddr *)&sa, len) || listen(fd, BACKLOG) || getsockname(fd, (struct sockaddr *)&sa, &len))
        return refused(at, reterr);
    if (!http_endpoint_of((struct sockaddr *)&sa, &taken))
        return fault_set(reterr, ERR_IO, "the kernel bound another kind of socket");
    *ret_port = taken.port;
    return OK;
}

enum err http_listen(const struct http_endpoint *at, int *ret_fd, uint16_t *ret_port, struct fault *reterr)
{
    int family = at->address.bits == 32 ? AF_INET : AF_INET6;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return refused(at, reterr);
    enum err e = bind_and_listen(fd, at, ret_port, reterr);
    if (e) {
        close(fd);
        return e;
    }
    *ret_fd = fd;
    return OK;
}
