/* A worker that is a copy of this process: its answers, and what it cannot do. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "process/worker_fork.h"
#include "process/worker_role.h"
#include "support/test.h"

static const struct worker_limits limits = {
    .memory_bytes = 256 * MIB, .frame_bytes = MIB, .cpu_s = 2, .silence_ms = 20000};

static int document_of(const char *words)
{
    int fd = memfd_create("document", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, words, strlen(words)), (ssize_t)strlen(words));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* The first answer, or the sentence about its failure; static. */
static const char *outcome(void (*run)(void *self, int document), void *self, enum err *ret_err)
{
    static char words[FAULT_WHAT_MAX + 1024];
    struct fault fault = {.what = ""};
    struct worker *w;
    struct text bytes;
    uint8_t kind;
    int document = document_of("the document");
    *ret_err = worker_fork(document, run, self, SANDBOX_REQUIRED, &limits, NULL, &w, &fault);
    close(document);
    assert_ok(*ret_err);
    *ret_err = worker_next(w, &kind, &bytes, &fault);
    if (*ret_err)
        snprintf(words, sizeof words, "%s", fault.what);
    else
        snprintf(words, sizeof words, "%d " TEXT_FMT, kind, TEXT_ARG(bytes));
    worker_free(w);
    return words;
}

static void reads_its_document(void *self, int document)
{
    char bytes[64];
    ssize_t n = read(document, bytes, sizeof bytes);
    (void)self;
    worker_send(7, (struct text){bytes, n > 0 ? (size_t)n : 0});
}

static void answers(void **state)
{
    (void)state;
    enum err e;
    assert_string_equal(outcome(reads_its_document, NULL, &e), "7 the document");
    assert_ok(e);
}

/* What is in memory goes along; what is open does not. */
static void tells_what_it_has(void *self, int document)
{
    int *fd = self;
    char byte;
    (void)document;
    bool open_still = read(*fd, &byte, 1) >= 0;
    worker_send(7, open_still ? TEXT("open") : TEXT("closed"));
}

static void keeps_no_descriptor(void **state)
{
    (void)state;
    int secret = document_of("a secret");
    enum err e;
    assert_string_equal(outcome(tells_what_it_has, &secret, &e), "7 closed");
    close(secret);
}

static void crashes(void *self, int document)
{
    (void)self;
    (void)document;
    raise(SIGKILL);
}

static void opens_a_file(void *self, int document)
{
    (void)self;
    (void)document;
    worker_send(7, open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? TEXT("no") : TEXT("yes"));
}

static void never_ends(void *self, int document)
{
    volatile uint64_t n = 0;
    (void)self;
    (void)document;
    for (;;)
        n++;
}

static void says_nothing(void *self, int document)
{
    (void)self;
    (void)document;
}

static void fails_with(void (*run)(void *self, int document), const char *words)
{
    enum err e;
    const char *got = outcome(run, NULL, &e);
    assert_err(e, ERR_MALFORMED);
    if (!strstr(got, words))
        fail_msg("no \"%s\" in \"%s\"", words, got);
}

static void is_locked_in(void **state)
{
    (void)state;
    fails_with(opens_a_file, "did what its sandbox forbids");
    fails_with(crashes, "what its sandbox forbids"); /* not even a signal to itself */
}

static void is_limited(void **state)
{
    (void)state;
    fails_with(never_ends, "more than 2 s of processor time");
    fails_with(says_nothing, "stopped without a word");
}

static void stops_when_asked(void **state)
{
    (void)state;
    const atomic_bool cancel = true;
    struct fault fault = {.what = ""};
    struct worker *w;
    struct text bytes;
    uint8_t kind;
    int document = document_of("x");
    enum err e = worker_fork(document, never_ends, NULL, SANDBOX_REQUIRED, &limits, &cancel, &w, &fault);
    close(document);
    if (e == OK) {
        e = worker_next(w, &kind, &bytes, &fault);
        worker_free(w);
    }
    assert_err(e, ERR_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),    cmocka_unit_test(keeps_no_descriptor), cmocka_unit_test(is_locked_in),
        cmocka_unit_test(is_limited), cmocka_unit_test(stops_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
