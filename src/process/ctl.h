/* process/ctl.h - the control socket of a home: a command hands its words and its open files to the process that owns
 * the home, and gets its output and exit code back. Knows nothing of what the words mean.
 *
 * Wire (docs/FORMAT-ctl.md): a UNIX stream socket; frames {u32 length of the rest, u8 kind, bytes}, little-endian.
 * Client: HELLO (version), ARG*, FILE* (name, with one descriptor passed), RUN; later CANCEL. Owner: ACCEPTED once
 * RUN was taken, then OUT and ERR (bytes), at last EXIT (u32). The peer's user id must be the owner's or root's. */
#pragma once
#include <stdatomic.h>

#include "base/buffer.h"

#define CTL_ARGS_MAX        4096         /* words of one command */
#define CTL_FILES_MAX       1024         /* descriptors of one command: a common limit of open files */
#define CTL_FRAME_MAX_BYTES (256 * 1024) /* output is cut into frames no longer than this */

struct ctl_file {
    char *name; /* owned, NUL-terminated: for messages, never opened */
    int fd;     /* owned, -1: none */
};
struct ctl_request {
    char **args;
    size_t arg_count;
    struct ctl_file *files;
    size_t file_count;
    atomic_bool cancelled; /* becomes true when the client asks, or goes away */
};
void ctl_request_done(struct ctl_request *r); /* closes and frees; r itself is the caller's */

/* Where a handler writes. Both return false once the client is gone. */
struct ctl_reply;
bool ctl_write(struct ctl_reply *r, bool to_stderr, struct text bytes);

/* Runs the command, on a thread of its own; its return value is the exit code. */
typedef int ctl_handler(void *self, struct ctl_request *request, struct ctl_reply *reply);

struct ctl_server;
/* Listens on path (an old socket there is replaced: the caller holds the home's lock). ERR_LIMIT: path too long for a
 * socket address. ERR_IO | ERR_NOMEM */
MUST_CHECK enum err ctl_server_start(const char *path, ctl_handler *handler, void *self, struct ctl_server **ret,
                                     struct fault *reterr);
/* No new commands; waits for those under way (cancel: asks them to end). Removes the socket. Accepts NULL. */
void ctl_server_stop(struct ctl_server *s, bool cancel);

struct ctl_output {
    void (*write)(void *self, bool to_stderr, struct text bytes);
    void *self;
    const atomic_bool *cancel; /* when it becomes true the owner is asked once; may be NULL */
};
/* Hands the command over and waits for its end. OK: *ret_exit. ERR_UNREACHABLE: nobody listens there, or it ended
 * before it accepted the command: nothing was done, try again. ERR_IO: it went away in the middle. ERR_VERSION: the
 * owner is another version of this program. ERR_DENIED: another user's. */
MUST_CHECK enum err ctl_call(const char *path, const struct ctl_request *request, const struct ctl_output *output,
                             int *ret_exit, struct fault *reterr);
