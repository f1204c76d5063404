#include "process/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static atomic_bool stop, reload;
static int wake[2] = {-1, -1};

static void on_signal(int number)
{
    int saved = errno;
    atomic_store(number == SIGHUP ? &reload : &stop, true);
    (void)!write(wake[1], "", 1);
    errno = saved;
}

void signals_install(void)
{
    (void)!pipe2(wake, O_CLOEXEC | O_NONBLOCK);
    /* Without SA_RESTART a blocking read returns, so that `match -` and the like notice. A second signal ends the
     * process at once: the log needs no farewell. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* ignored by who started us, our children would be gone before we ask how they ended */
}

void signals_take_reload(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGHUP, &action, NULL);
}

bool signals_reload(void)
{
    return atomic_exchange(&reload, false);
}

const atomic_bool *signals_stop(void)
{
    return &stop;
}

void signals_wait(int ms)
{
    struct pollfd fd = {wake[0], POLLIN, 0};
    char bytes[64];
    if (atomic_load(&stop))
        return;
    (void)!poll(&fd, 1, ms);
    /* What was written for a reload is taken out, the end's stays said in `stop`. */
    while (read(wake[0], bytes, sizeof bytes) > 0)
        continue;
}
