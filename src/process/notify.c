#include "process/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"

#define MESSAGE_MAX 512

/* Length of the address; 0: this is none. */
static socklen_t address_of(const char *name, struct sockaddr_un *ret)
{
    size_t len = strlen(name);
    memset(ret, 0, sizeof *ret);
    ret->sun_family = AF_UNIX;
    if (len < 2 || len >= sizeof ret->sun_path || (name[0] != '/' && name[0] != '@'))
        return 0;
    memcpy(ret->sun_path, name, len);
    if (name[0] == '@')
        ret->sun_path[0] = '\0';
    /* An abstract name is exactly its bytes; a path ends with its NUL. */
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));
}

static enum err open_socket(const char *name, int *ret_fd, struct fault *reterr)
{
    struct sockaddr_un to;
    socklen_t len = address_of(name, &to);
    if (!len)
        return fault_set(reterr, ERR_USAGE, "NOTIFY_SOCKET is neither a path nor an abstract name");
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, len) != 0) {
        enum err err = fault_errno(reterr, "NOTIFY_SOCKET cannot be reached");
        if (fd >= 0)
            close(fd);
        return err;
    }
    *ret_fd = fd;
    return OK;
}

/* WATCHDOG_PID names who is meant: another's watchdog is none of ours. */
static enum err watchdog_of(const char *usec, const char *pid, int64_t *ret_us, struct fault *reterr)
{
    uint64_t us, who;
    if (!usec)
        return OK;
    if (text_u64(text_of(usec), &us) || us == 0 || us > INT64_MAX)
        return fault_set(reterr, ERR_USAGE, "WATCHDOG_USEC is not a number of microseconds");
    if (pid && text_u64(text_of(pid), &who))
        return fault_set(reterr, ERR_USAGE, "WATCHDOG_PID is not a process");
    if (!pid || who == (uint64_t)getpid())
        *ret_us = (int64_t)us;
    return OK;
}

enum err notify_open(struct notify *ret, struct fault *reterr)
{
    struct notify n = {.fd = -1};
    const char *name = getenv("NOTIFY_SOCKET");
    enum err err = OK;
    if (name && *name)
        err = open_socket(name, &n.fd, reterr);
    if (!err && n.fd >= 0)
        err = watchdog_of(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"), &n.watchdog_us, reterr);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    if (err)
        notify_close(&n);
    *ret = n;
    return err;
}

void notify_close(struct notify *n)
{
    if (n->fd >= 0)
        close(n->fd);
    *n = (struct notify){.fd = -1};
}

void notify_tell(const struct notify *n, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    if (n->fd < 0)
        return;
    va_start(args, format);
    int len = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (len > 0)
        (void)!send(n->fd, message, (size_t)len < sizeof message ? (size_t)len : sizeof message - 1, MSG_NOSIGNAL);
}

void notify_reloading(const struct notify *n)
{
    notify_tell(n, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=reading the configuration", clock_mono_us());
}
