/* process/crash.c - see crash.h. From the signal on: no memory, no locks, no library call that is not
 * async-signal-safe (signal-safety(7)). The unwinder is libgcc's, which finds its tables without a lock since glibc
 * 2.35, and is called once beforehand, so that it is loaded. Numbers and names of modules are all that is written. */
#include "process/crash.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#define MODULES_MAX  128
#define NAME_MAX_OWN 64
#define BUILD_ID_MAX 41 /* SHA-1 in hexadecimal, and its NUL */
#define FRAMES_MAX   128
#define OUT_MAX      16384

struct module {
    uintptr_t base, begin, end;
    char name[NAME_MAX_OWN], build_id[BUILD_ID_MAX];
};

static const int caught[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

static struct {
    int folder;
    char version[32];
    const _Atomic uint64_t *position;
    struct module modules[MODULES_MAX];
    size_t module_count;
    struct sigaction before[ARRAY_LEN(caught)];
    atomic_flag begun;
    char out[OUT_MAX]; /* of the one thread that writes */
    size_t len;
} scene = {.folder = -1, .begun = ATOMIC_FLAG_INIT};

/* ---- beforehand ---- */

static void keep_build_id(struct module *m, const char *notes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    while (len >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) head;
        memcpy(&head, notes, sizeof head);
        size_t name = (head.n_namesz + 3u) & ~(size_t)3, data = (head.n_descsz + 3u) & ~(size_t)3;
        if (name + data > len - sizeof head)
            return;
        const unsigned char *bytes = (const unsigned char *)notes + sizeof head + name;
        if (head.n_type == NT_GNU_BUILD_ID && head.n_descsz <= (BUILD_ID_MAX - 1) / 2) {
            for (size_t i = 0; i < head.n_descsz; i++) {
                m->build_id[2 * i] = digits[bytes[i] >> 4];
                m->build_id[2 * i + 1] = digits[bytes[i] & 15];
            }
            return;
        }
        notes += sizeof head + name + data;
        len -= sizeof head + name + data;
    }
}

static int keep_module(struct dl_phdr_info *info, size_t size, void *self)
{
    (void)size, (void)self;
    if (scene.module_count == MODULES_MAX)
        return 1;
    struct module *m = &scene.modules[scene.module_count];
    const char *slash = strrchr(info->dlpi_name, '/');
    *m = (struct module){.base = info->dlpi_addr, .begin = UINTPTR_MAX};
    snprintf(m->name, sizeof m->name, "%s", slash ? slash + 1 : info->dlpi_name[0] ? info->dlpi_name : "entente");
    for (ElfW(Half) i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t at = info->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_LOAD && at < m->begin)
            m->begin = at;
        if (p->p_type == PT_LOAD && at + p->p_memsz > m->end)
            m->end = at + p->p_memsz;
        if (p->p_type == PT_NOTE && !m->build_id[0])
            keep_build_id(m, (const char *)at, p->p_memsz); /* NOLINT: the loader's own address */
    }
    scene.module_count++;
    return 0;
}

/* ---- at the time ---- */

static void put(const char *text)
{
    while (*text && scene.len < sizeof scene.out)
        scene.out[scene.len++] = *text++;
}

static void put_number(uint64_t n, unsigned base, unsigned least)
{
    char digits[32];
    size_t at = sizeof digits;
    digits[--at] = '\0';
    for (unsigned done = 0; n > 0 || done < least; done++, n /= base)
        digits[--at] = "0123456789abcdef"[n % base];
    put(digits + at);
}

/* gmtime(3) may take a lock. Days since 1970 as year, month and day by eras of 400 years from 1 March 0000. */
static void put_time(int64_t s)
{
    int64_t days = s / 86400 + 719468, second = s % 86400;
    int64_t era = days / 146097, of_era = days % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t shifted = (5 * of_year + 2) / 153, day = of_year - (153 * shifted + 2) / 5 + 1;
    int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    const int64_t parts[] = {
        year + era * 400 + (month <= 2), month, day, second / 3600, second / 60 % 60, second % 60};
    static const char *const behind[] = {"", "", "T", "", "", "Z"};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        put_number((uint64_t)parts[i], 10, i == 0 ? 4 : 2);
        put(behind[i]);
    }
}

static void put_address(uintptr_t address)
{
    for (size_t i = 0; i < scene.module_count; i++) {
        const struct module *m = &scene.modules[i];
        if (address < m->begin || address >= m->end)
            continue;
        put(m->name);
        put("+0x");
        put_number(address - m->base, 16, 1);
        return;
    }
    /* What is no code of ours may be anything, a piece of a document too. */
    put("(in no module)");
}

static uintptr_t pointer_of(void *context)
{
    ucontext_t *c = context;
#if defined(__x86_64__)
    return (uintptr_t)c->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)c->uc_mcontext.pc;
#else
    (void)c;
    return 0;
#endif
}

struct walk {
    unsigned count;
    uintptr_t last;
};

static _Unwind_Reason_Code on_frame(struct _Unwind_Context *context, void *self)
{
    struct walk *w = self;
    uintptr_t ip = _Unwind_GetIP(context);
    if (ip == 0 || w->count == FRAMES_MAX)
        return _URC_END_OF_STACK;
    put("  ");
    put_number(w->count++, 10, 1);
    put(" ");
    put_address(ip);
    put("\n");
    return _URC_NO_REASON;
}

static _Unwind_Reason_Code no_frame(struct _Unwind_Context *context, void *self)
{
    (void)context, (void)self;
    return _URC_NO_REASON;
}

/* Frames that were read are there, should the walk over a spoiled stack die itself: what is known goes out first. */
static void flush_out(int fd)
{
    size_t done = 0;
    while (done < scene.len) {
        ssize_t n = write(fd, scene.out + done, scene.len - done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    scene.len = 0;
    fsync(fd);
}

static void put_head(int number, void *context)
{
    char name[17] = "";
    prctl(PR_GET_NAME, name, 0, 0, 0);
    put("entente ");
    put(scene.version);
    put("\nbuild-id ");
    put(scene.module_count ? scene.modules[0].build_id : "");
    put("\nsignal ");
    put_number((uint64_t)number, 10, 1);
    put(" SIG");
    const char *abbreviation = sigabbrev_np(number); /* a table */
    put(abbreviation ? abbreviation : "?");
    put("\nthread ");
    put(name);
    if (scene.position) {
        put("\nlog-position ");
        put_number(atomic_load(scene.position), 10, 1);
    }
    put("\nat ");
    put_address(pointer_of(context));
    put("\nbacktrace, innermost first:\n");
}

static void put_modules(void)
{
    put("modules, with their build ids:\n");
    for (size_t i = 0; i < scene.module_count; i++) {
        put("  ");
        put(scene.modules[i].name);
        put(" ");
        put(scene.modules[i].build_id[0] ? scene.modules[i].build_id : "-");
        put("\n");
    }
}

static void write_file(int number, void *context)
{
    char name[CRASH_NAME_MAX];
    struct timespec now;
    struct walk walk = {.count = 0};
    clock_gettime(CLOCK_REALTIME, &now);
    put_time(now.tv_sec);
    put("-");
    put_number((uint64_t)getpid(), 10, 1);
    put(".txt");
    memcpy(name, scene.out, scene.len);
    name[scene.len] = '\0';
    scene.len = 0;
    int fd = openat(scene.folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    put_head(number, context);
    flush_out(fd);
    _Unwind_Backtrace(on_frame, &walk);
    flush_out(fd);
    put_modules();
    flush_out(fd);
    close(fd);
}

/* What was there before us comes next: the default action, or a sanitizer's own report. */
static void on_crash(int number, siginfo_t *info, void *context)
{
    (void)info;
    int saved = errno;
    bool first = !atomic_flag_test_and_set(&scene.begun);
    if (first && scene.folder >= 0)
        write_file(number, context);
    for (size_t i = 0; i < ARRAY_LEN(caught); i++)
        sigaction(caught[i], &scene.before[i], NULL);
    errno = saved;
    /* Blocked until we return. A fault happens again by itself; a signal that was sent would not. */
    syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid), number);
}

/* ---- files ---- */

static bool is_crash_file(const char *name)
{
    size_t len = strlen(name);
    return len > 4 && len < CRASH_NAME_MAX && strcmp(name + len - 4, ".txt") == 0 && name[0] >= '0' && name[0] <= '9';
}

unsigned crash_newest(const char *home, char out[CRASH_NAME_MAX])
{
    char path[PATH_MAX];
    unsigned count = 0;
    out[0] = '\0';
    if ((size_t)snprintf(path, sizeof path, "%s/" CRASH_FOLDER, home) >= sizeof path)
        return 0;
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (!is_crash_file(e->d_name))
            continue;
        count++;
        if (strcmp(e->d_name, out) > 0)
            snprintf(out, CRASH_NAME_MAX, "%.*s", CRASH_NAME_MAX - 1, e->d_name);
    }
    if (d)
        closedir(d);
    return count;
}

static enum err open_folder(const char *home, struct fault *reterr)
{
    char path[PATH_MAX], name[CRASH_NAME_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/" CRASH_FOLDER, home) >= sizeof path)
        return fault_set(reterr, ERR_IO, "%s: the path is too long", home);
    if (mkdir(path, 0700) && errno != EEXIST)
        return fault_errno(reterr, "%s", path);
    if (crash_newest(home, name) >= CRASH_FILES_MAX)
        return OK;
    scene.folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return scene.folder < 0 ? fault_errno(reterr, "%s", path) : OK;
}

enum err crash_install(const char *home, const char *version, const _Atomic uint64_t *position, struct fault *reterr)
{
    enum err err = open_folder(home, reterr);
    if (err)
        return err;
    snprintf(scene.version, sizeof scene.version, "%s", version);
    scene.position = position;
    scene.module_count = 0;
    dl_iterate_phdr(keep_module, NULL);
    _Unwind_Backtrace(no_frame, NULL);
    for (size_t i = 0; i < ARRAY_LEN(caught); i++) {
        struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
        sigemptyset(&action.sa_mask);
        if (sigaction(caught[i], &action, &scene.before[i]))
            return fault_errno(reterr, "signal %d", caught[i]);
    }
    return OK;
}
