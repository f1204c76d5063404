/* match/input.h - the bytes of a log: as they are, or out of gzip or zstd, told by the first ones. */
#pragma once
#include "base/text.h"

struct input;

/* fd is borrowed. ERR_NOMEM */
MUST_CHECK enum err input_new(int fd, struct input **ret);
void input_free(struct input *in); /* accepts NULL */

/* Up to `room` bytes; *ret_len 0 at the end. wait: a pipe that is empty at this moment is waited for, else it is
 * ERR_BUSY; files never wait. ERR_CANCELLED: a signal came while waiting. ERR_MALFORMED: damaged or cut-off
 * compression; all bytes before the damage were given. ERR_IO | ERR_NOMEM */
MUST_CHECK enum err input_read(struct input *in, char *out, size_t room, bool wait, size_t *ret_len,
                               struct fault *reterr);
