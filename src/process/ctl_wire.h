/* process/ctl_wire.h - frames of the control socket, shared by its two ends. */
#pragma once
#include "process/ctl.h"

#define CTL_VERSION "entente-ctl/1"

enum ctl_kind {
    CTL_HELLO = 1,
    CTL_ARG,
    CTL_FILE,
    CTL_RUN,
    CTL_CANCEL,
    CTL_ACCEPTED = 16,
    CTL_OUT,
    CTL_ERR,
    CTL_EXIT,
    CTL_REFUSED
};

/* One frame, with fd (-1: none) passed beside its first byte. ERR_IO */
MUST_CHECK enum err ctl_send(int sock, enum ctl_kind kind, struct text bytes, int fd);
/* One frame; *ret_fd is owned (-1: none). ERR_NOT_FOUND: the other end closed between frames. ERR_MALFORMED |
 * ERR_IO | ERR_NOMEM. `body` is cleared first. */
MUST_CHECK enum err ctl_receive(int sock, enum ctl_kind *ret_kind, struct buffer *body, int *ret_fd);
