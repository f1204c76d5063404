/* support/tally.c - one line a loop, appended whole: programs of one run share the file. */
#include "support/tally.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void tally_add(const char *sort, size_t points)
{
    const char *path = getenv("ENTENTE_FAULT_TALLY");
    char line[256];
    int len = snprintf(line, sizeof line, "%s %s %zu\n", program_invocation_short_name, sort, points);
    int fd = path && *path && len > 0 && (size_t)len < sizeof line
                 ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)
                 : -1;
    if (fd < 0)
        return;
    (void)!write(fd, line, (size_t)len);
    close(fd);
}
