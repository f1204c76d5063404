#include "process/ctl_wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void frame_head(uint8_t head[5], enum ctl_kind kind, size_t len)
{
    uint32_t rest = (uint32_t)len + 1;
    head[0] = (uint8_t)rest;
    head[1] = (uint8_t)(rest >> 8);
    head[2] = (uint8_t)(rest >> 16);
    head[3] = (uint8_t)(rest >> 24);
    head[4] = (uint8_t)kind;
}

static enum err send_all(int sock, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(sock, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return ERR_IO;
        bytes += sent;
        len -= (size_t)sent;
    }
    return OK;
}

enum err ctl_send(int sock, enum ctl_kind kind, struct text bytes, int fd)
{
    if (bytes.len > CTL_FRAME_MAX_BYTES)
        return ERR_LIMIT;
    uint8_t head[5];
    frame_head(head, kind, bytes.len);
    struct iovec iov = {head, sizeof head};
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    if (fd >= 0) {
        memset(&control, 0, sizeof control);
        msg.msg_control = control.space;
        msg.msg_controllen = sizeof control.space;
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    ssize_t sent;
    do {
        sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return ERR_IO;
    enum err err = send_all(sock, (const char *)head + sent, sizeof head - (size_t)sent);
    return err ? err : send_all(sock, bytes.ptr, bytes.len);
}

/* Takes the descriptor out of a received message; surplus ones are closed. */
static int take_fd(struct msghdr *msg)
{
    int fd = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int got;
            memcpy(&got, CMSG_DATA(c) + i * sizeof(int), sizeof got);
            if (fd < 0)
                fd = got;
            else
                close(got);
        }
    }
    return fd;
}

/* Reads exactly len bytes; *io_fd receives a descriptor that came along. */
static enum err receive_all(int sock, char *out, size_t len, bool first, int *io_fd)
{
    size_t done = 0;
    while (done < len) {
        struct iovec iov = {out + done, len - done};
        union {
            char space[CMSG_SPACE(4 * sizeof(int))];
            struct cmsghdr align;
        } control;
        struct msghdr msg = {
            .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
        ssize_t got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERR_IO;
        int fd = take_fd(&msg);
        if (fd >= 0) {
            if (*io_fd >= 0)
                close(*io_fd);
            *io_fd = fd;
        }
        if (got == 0)
            return first && done == 0 ? ERR_NOT_FOUND : ERR_IO;
        done += (size_t)got;
    }
    return OK;
}

enum err ctl_receive(int sock, enum ctl_kind *ret_kind, struct buffer *body, int *ret_fd)
{
    uint8_t head[5];
    int fd = -1;
    buffer_clear(body);
    enum err err = receive_all(sock, (char *)head, sizeof head, true, &fd);
    uint32_t rest = 0;
    if (!err) {
        rest = head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 24;
        if (rest < 1 || rest - 1 > CTL_FRAME_MAX_BYTES)
            err = ERR_MALFORMED;
    }
    if (!err && rest > 1) {
        char *to = buffer_reserve(body, rest - 1);
        err = to ? receive_all(sock, to, rest - 1, false, &fd) : buffer_error(body);
    }
    if (err) {
        if (fd >= 0)
            close(fd);
        return err;
    }
    *ret_kind = (enum ctl_kind)head[4];
    *ret_fd = fd;
    return OK;
}
