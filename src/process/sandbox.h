/* process/sandbox.h - what a process that reads foreign bytes may still do: nothing but read what it was given, use
 * its memory, write its answer and end. Called by the worker itself (worker_role.h), in two steps:
 *
 *   started -> sandbox_enter() -> LOCKED: may receive its one document -> sandbox_close() -> CLOSED: reads
 *
 * CLOSED, in force before the first foreign byte: seccomp kills the process for every other call (no file, socket,
 * process, signal, new privilege, executable memory); Landlock, where the kernel has it, forbids the same files and
 * ports once more; limits of memory and processor time; no descriptor can be made, no file written, no core dumped.
 * What is reported is what was tried and seen to hold, not what was asked for. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The key `sandbox` of entente.yaml. */
enum sandbox_policy {
    SANDBOX_REQUIRED, /* without seccomp and limits nothing is read; Landlock is used where it is */
    SANDBOX_PARTIAL,  /* what there is */
    SANDBOX_OFF       /* limits alone, for debuggers */
};
MUST_CHECK enum err sandbox_policy_parse(const char *word, enum sandbox_policy *ret); /* ERR_MALFORMED */

struct sandbox_state {
    bool limits;
    bool memory;          /* the limit of memory among them (not under AddressSanitizer, whose own map is larger) */
    bool seccomp;         /* a call that it answers was answered by it */
    uint8_t landlock_abi; /* 0: none; else opening a folder was refused */
    bool refuses_opening; /* set before sandbox_enter(): opening is answered with EACCES, else by death */
};
enum sandbox_level { SANDBOX_NONE, SANDBOX_LIMITS, SANDBOX_SECCOMP, SANDBOX_SECCOMP_LANDLOCK };
enum sandbox_level sandbox_level(const struct sandbox_state *s);
#define SANDBOX_WORDS_MAX 80
/* "seccomp + landlock ABI 3 + limits", NUL-terminated. */
const char *sandbox_words(const struct sandbox_state *s, char out[SANDBOX_WORDS_MAX]);

/* First step: no privilege, Landlock, limits, the wider filter. Its descriptors are 0 and 1. lock false
 * (SANDBOX_OFF): limits alone. ret->refuses_opening stays. */
void sandbox_enter(bool lock, size_t memory_bytes, struct sandbox_state *ret);
/* Second step: final limits and the final filter. false: not to be gone on with. */
MUST_CHECK bool sandbox_close(const struct sandbox_state *s, size_t memory_bytes, unsigned cpu_s);
