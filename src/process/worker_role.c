/* process/worker_role.c - see worker_role.h. Nothing here trusts or parses the document; the message is its owner's.
 */
#include "process/worker_role.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cursor.h"
#include "process/worker_inside.h"

bool worker_role_asked(const struct worker_role *role, int argc, char **argv)
{
    return argc >= 1 && argv[0] && strcmp(argv[0], role->name) == 0;
}

static void write_all(const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(WORKER_ANSWER, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(0); /* nobody listens any more */
        bytes += n;
        len -= (size_t)n;
    }
}

void worker_send(uint8_t kind, struct text bytes)
{
    char head[WORKER_FRAME_HEAD];
    for (size_t i = 0; i < 4; i++)
        head[i] = (char)(bytes.len >> (8 * i) & 0xff);
    head[4] = (char)kind;
    write_all(head, sizeof head);
    write_all(bytes.ptr, bytes.len);
}

/* The descriptor that came with the message; -1: none. There can be one only: no more may be open. */
static int descriptor_of(struct msghdr *msg)
{
    int fd = -1;
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

/* Waits for the one message. Its length; 0: we are not needed any more. */
static size_t receive(char *bytes, size_t size, int *ret_fd)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    memset(&control, 0, sizeof control);
    struct iovec iov = {bytes, size};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
    ssize_t got;
    do {
        got = recvmsg(WORKER_SOCKET, &msg, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got <= 0)
        return 0;
    *ret_fd = descriptor_of(&msg);
    return (size_t)got;
}

void worker_greet(const struct sandbox_state *s)
{
    const char hello[4] = {s->limits, s->memory, s->seccomp, (char)s->landlock_abi};
    worker_send(WORKER_HELLO, (struct text){hello, sizeof hello});
}

static bool started_by_owner(void)
{
    int type = 0;
    socklen_t len = sizeof type;
    return getsockopt(WORKER_SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

_Noreturn void worker_role_main(const struct worker_role *role, char **argv)
{
    static char message[WORKER_JOB_HEAD + WORKER_JOB_MAX];
    static const char by_hand[] = "entente: this role is started by entente itself\n";
    if (!started_by_owner()) {
        (void)!write(STDERR_FILENO, by_hand, sizeof by_hand - 1);
        _exit(WORKER_EXIT_STARTED_BY_HAND);
    }
    bool lock = !argv[1] || strcmp(argv[1], WORKER_OPEN) != 0;
    struct sandbox_state state;
    if (role->prepare)
        role->prepare();
    state.refuses_opening = role->refuses_opening;
    sandbox_enter(lock, READER_MEMORY_MAX_BYTES, &state);
    worker_greet(&state);
    int document = -1;
    size_t len = receive(message, sizeof message, &document);
    if (len == 0)
        _exit(0);
    struct cursor c;
    cursor_init(&c, (struct text){message, len});
    uint64_t memory = cursor_u64(&c);
    unsigned cpu_s = cursor_u32(&c);
    struct text job = cursor_bytes(&c, cursor_left(&c));
    if (cursor_error(&c) || document < 0)
        _exit(WORKER_EXIT_JOB);
    close(WORKER_SOCKET);
    if (!sandbox_close(&state, memory < READER_MEMORY_MAX_BYTES ? (size_t)memory : READER_MEMORY_MAX_BYTES, cpu_s))
        _exit(WORKER_EXIT_SANDBOX);
    role->run(document, job);
    _exit(0);
}
