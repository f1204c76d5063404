#include "base/thread.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>

/* AddressSanitizer has signal stacks of its own, and unmaps what it finds set. */
#if defined(__SANITIZE_ADDRESS__)
#define OWN_SIGNAL_STACK 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OWN_SIGNAL_STACK 0
#endif
#endif
#ifndef OWN_SIGNAL_STACK
#define OWN_SIGNAL_STACK 1
#endif

void thread_begin(struct thread_own *own, const char *name)
{
    stack_t stack = {.ss_sp = own->signal_stack, .ss_size = sizeof own->signal_stack};
    prctl(PR_SET_NAME, name, 0, 0, 0);
    if (OWN_SIGNAL_STACK)
        sigaltstack(&stack, NULL);
}

void thread_end(void)
{
    stack_t none = {.ss_flags = SS_DISABLE};
    if (OWN_SIGNAL_STACK)
        sigaltstack(&none, NULL);
}
