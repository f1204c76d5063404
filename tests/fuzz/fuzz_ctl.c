/* Frames of the control socket from a hostile end: they come whole or not at all, and no descriptor is lost. */
#include <sys/socket.h>
#include <unistd.h>

#include "process/ctl_wire.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    int pair[2];
    struct buffer body;
    if (len > 64 * 1024 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return 0;
    fuzz_assert(len == 0 || send(pair[0], data, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len);
    shutdown(pair[0], SHUT_WR);
    buffer_init(&body, CTL_FRAME_MAX_BYTES);
    enum ctl_kind kind;
    int fd = -1;
    size_t taken = 0;
    while (ctl_receive(pair[1], &kind, &body, &fd) == OK) {
        fuzz_assert(fd == -1);
        taken += 5 + body.len;
    }
    fuzz_assert(taken <= len);
    buffer_done(&body);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
