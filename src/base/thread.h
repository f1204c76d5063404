/* base/thread.h - how each thread of ours begins: with a name, which a crash file and ps(1) show, and with a stack of
 * its own for signals, so that the end of its stack can be told, too. */
#pragma once

#define THREAD_SIGNAL_BYTES (32 * 1024)

/* On the stack of the thread's first function, for as long as it runs: deep calls never reach back to it. */
struct thread_own {
    _Alignas(16) char signal_stack[THREAD_SIGNAL_BYTES];
};
/* name: 15 bytes at most. */
void thread_begin(struct thread_own *own, const char *name);
/* Before own goes. */
void thread_end(void);
