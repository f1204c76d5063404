/* process/sandbox.c - privilege, limits and levels; the filter is sandbox_filter.c's. */
#include "process/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process/sandbox_inside.h"

enum err sandbox_policy_parse(const char *word, enum sandbox_policy *ret)
{
    static const char *const words[] = {"required", "partial", "off"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(word, words[i]) == 0) {
            *ret = (enum sandbox_policy)i;
            return OK;
        }
    }
    return ERR_MALFORMED;
}

enum sandbox_level sandbox_level(const struct sandbox_state *s)
{
    if (s->seccomp && s->limits)
        return s->landlock_abi ? SANDBOX_SECCOMP_LANDLOCK : SANDBOX_SECCOMP;
    return s->limits ? SANDBOX_LIMITS : SANDBOX_NONE;
}

const char *sandbox_words(const struct sandbox_state *s, char out[SANDBOX_WORDS_MAX])
{
    char landlock[32] = "";
    if (s->landlock_abi)
        snprintf(landlock, sizeof landlock, "%slandlock ABI %u", s->seccomp ? " + " : "", s->landlock_abi);
    snprintf(out, SANDBOX_WORDS_MAX, "%s%s%s%s", s->seccomp ? "seccomp" : "", landlock,
             !s->limits                      ? ""
             : s->seccomp || s->landlock_abi ? " + limits"
                                             : "limits alone",
             s->limits && !s->memory ? " without memory (sanitizer build)" : "");
    if (!out[0])
        snprintf(out, SANDBOX_WORDS_MAX, "none");
    return out;
}

/* ---- Landlock ---- */

/* The newest form of struct landlock_ruleset_attr, so that older headers do. */
struct ruleset {
    uint64_t fs, net, scoped;
};

/* All rights that an ABI knows, and the length of its ruleset. */
static size_t all_rights(long abi, struct ruleset *ret)
{
    ret->fs = abi == 1 ? 0x1fff : abi == 2 ? 0x3fff : abi < 5 ? 0x7fff : 0xffff;
    ret->net = abi < 4 ? 0 : 3;
    ret->scoped = abi < 6 ? 0 : 3;
    return abi < 4 ? 8 : abi < 6 ? 16 : 24;
}

/* Every right handled, none granted. The ABI in force, 0 when there is none. */
static uint8_t landlock_all(void)
{
    struct ruleset attr;
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return 0;
    size_t size = all_rights(abi, &attr);
    long rules = syscall(SYS_landlock_create_ruleset, &attr, size, 0);
    if (rules < 0)
        return 0;
    long done = syscall(SYS_landlock_restrict_self, (int)rules, 0);
    close((int)rules);
    int probe = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool holds = done == 0 && probe < 0 && errno == EACCES;
    if (probe >= 0)
        close(probe);
    return holds ? (uint8_t)(abi < UINT8_MAX ? abi : UINT8_MAX) : 0;
}

/* ---- limits ---- */

static bool limit(int which, rlim_t soft, rlim_t hard)
{
    struct rlimit seen, wanted = {soft, hard};
    return setrlimit((__rlimit_resource_t)which, &wanted) == 0 && getrlimit((__rlimit_resource_t)which, &seen) == 0 &&
           seen.rlim_cur == soft && seen.rlim_max == hard;
}

static bool limits_of_any(void)
{
    const rlim_t descriptors = SANDBOX_SANITIZED ? 4 : 3; /* its two, the document, and the sanitizer's messages */
    static const int none_of[] = {RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_NPROC, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE};
    bool all = limit(RLIMIT_NOFILE, descriptors, descriptors);
    for (size_t i = 0; i < ARRAY_LEN(none_of); i++) /* each is tried, whatever became of the others */
        all = limit(none_of[i], 0, 0) && all;
    return all;
}

static bool limit_memory(size_t bytes)
{
    return SANDBOX_SANITIZED || limit(RLIMIT_AS, bytes, bytes);
}

/* Root's child is not to be root in anything but name: all capabilities go. */
static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2];
    memset(none, 0, sizeof none);
    (void)!syscall(SYS_capset, &header, none);
}

/* ---- the two steps ---- */

void sandbox_enter(bool lock, size_t memory_bytes, struct sandbox_state *ret)
{
    struct sandbox_state s = {.refuses_opening = ret->refuses_opening};
    drop_capabilities();
    bool humble = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0; /* what Landlock and seccomp ask for */
    if (lock)                                                  /* a debugger may attach otherwise */
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (lock && humble)
        s.landlock_abi = landlock_all();
    s.limits = limits_of_any();
    s.limits = limit_memory(memory_bytes) && s.limits;
    s.memory = !SANDBOX_SANITIZED;
    if (lock && humble)
        s.seccomp = sandbox_filter(SANDBOX_STEP_LOCKED, s.refuses_opening);
    *ret = s;
}

bool sandbox_close(const struct sandbox_state *s, size_t memory_bytes, unsigned cpu_s)
{
    /* The hard limit a second later: the soft one says by its signal what it was. */
    bool limited = limit(RLIMIT_CPU, cpu_s, cpu_s + 1);
    limited = limit_memory(memory_bytes) && limited;
    limited = limit(RLIMIT_NOFILE, 0, 0) && limited;
    if (s->limits && !limited)
        return false;
    return !s->seccomp || sandbox_filter(SANDBOX_STEP_CLOSED, s->refuses_opening);
}
