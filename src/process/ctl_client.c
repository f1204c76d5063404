/* The command's end. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "process/ctl_wire.h"

static enum err connect_to(const char *path, int *ret_sock, struct fault *reterr)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof addr.sun_path)
        return fault_set(reterr, ERR_LIMIT, "%s: a socket's path has at most %zu bytes", path,
                         sizeof addr.sun_path - 1);
    memcpy(addr.sun_path, path, len + 1);
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (sock < 0)
        return fault_errno(reterr, "control socket");
    if (connect(sock, (struct sockaddr *)&addr, sizeof addr) < 0) {
        enum err err = errno == EACCES ? ERR_DENIED : ERR_UNREACHABLE;
        close(sock);
        return fault_set(reterr, err, "%s: %s", path, err == ERR_DENIED ? "another user's node" : "nobody listens");
    }
    *ret_sock = sock;
    return OK;
}

static enum err send_request(int sock, const struct ctl_request *r)
{
    enum err err = ctl_send(sock, CTL_HELLO, TEXT(CTL_VERSION), -1);
    for (size_t i = 0; !err && i < r->arg_count; i++)
        err = ctl_send(sock, CTL_ARG, text_of(r->args[i]), -1);
    for (size_t i = 0; !err && i < r->file_count; i++)
        err = ctl_send(sock, CTL_FILE, text_of(r->files[i].name), r->files[i].fd);
    return err ? err : ctl_send(sock, CTL_RUN, TEXT_NONE, -1);
}

/* Waits until something is to be read, and passes a cancellation on once. */
static void wait_readable(int sock, const atomic_bool *cancel, bool *io_asked)
{
    struct pollfd fd = {sock, POLLIN, 0};
    for (;;) {
        if (cancel && !*io_asked && atomic_load(cancel)) {
            *io_asked = true;
            (void)!ctl_send(sock, CTL_CANCEL, TEXT_NONE, -1);
        }
        int ready = poll(&fd, 1, cancel && !*io_asked ? 100 : -1);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return;
    }
}

static enum err refused(struct text word, struct fault *reterr)
{
    if (text_eq(word, text_of(err_name(ERR_DENIED))))
        return fault_set(reterr, ERR_DENIED, "the node belongs to another user");
    if (text_eq(word, text_of(err_name(ERR_VERSION))))
        return fault_set(reterr, ERR_VERSION,
                         "the running node is another version of this program: use the same, or stop it");
    return fault_set(reterr, ERR_IO, "the running node refused the command: " TEXT_FMT, TEXT_ARG(word));
}

static enum err converse(int sock, const struct ctl_output *output, struct buffer *body, int *ret_exit,
                         struct fault *reterr)
{
    bool accepted = false, asked = false;
    for (;;) {
        enum ctl_kind kind;
        int fd = -1;
        wait_readable(sock, output->cancel, &asked);
        enum err err = ctl_receive(sock, &kind, body, &fd);
        if (fd >= 0)
            close(fd);
        if (err && !accepted)
            return fault_set(reterr, ERR_UNREACHABLE, "the running node ended before it took the command");
        if (err)
            return fault_set(reterr, ERR_IO,
                             "the running node ended in the middle; what it acknowledged is durable: run it again");
        struct text bytes = buffer_text(body);
        if (kind == CTL_REFUSED)
            return refused(bytes, reterr);
        if (kind == CTL_ACCEPTED)
            accepted = true;
        if (kind == CTL_OUT || kind == CTL_ERR)
            output->write(output->self, kind == CTL_ERR, bytes);
        if (kind == CTL_EXIT && bytes.len == 4) {
            *ret_exit = (uint8_t)bytes.ptr[0] | (uint8_t)bytes.ptr[1] << 8;
            return OK;
        }
    }
}

enum err ctl_call(const char *path, const struct ctl_request *request, const struct ctl_output *output, int *ret_exit,
                  struct fault *reterr)
{
    int sock = -1;
    enum err err = connect_to(path, &sock, reterr);
    if (err)
        return err;
    struct buffer body;
    buffer_init(&body, CTL_FRAME_MAX_BYTES);
    /* A refusal may arrive while words are still being sent: what matters is read below. */
    (void)!send_request(sock, request);
    err = converse(sock, output, &body, ret_exit, reterr);
    buffer_done(&body);
    close(sock);
    return err;
}
