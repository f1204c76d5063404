/* support/fault_alloc.c - the allocator behind the linker's --wrap. Keeps every live pointer with the call that made
 * it, so that a leak is told by the number of the allocation and where it was asked for. */
#include "support/fault.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "support/tally.h"
#include "support/test.h"

#define ROUNDS_MAX 200000

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t size);
void __real_free(void *ptr);
int __real_vasprintf(char **ret, const char *format, va_list args);
int __real_posix_memalign(void **ret, size_t alignment, size_t size);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void *__wrap_reallocarray(void *ptr, size_t count, size_t size);
void __wrap_free(void *ptr);
char *__wrap_strdup(const char *string);
char *__wrap_strndup(const char *string, size_t len);
int __wrap_asprintf(char **ret, const char *format, ...) PRINTF_LIKE(2, 3);
int __wrap_vasprintf(char **ret, const char *format, va_list args) PRINTF_LIKE(2, 0);
int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...) PRINTF_LIKE(3, 4);
int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list args) PRINTF_LIKE(3, 0);
int __wrap_posix_memalign(void **ret, size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

struct live {
    void *ptr; /* NULL: free place; TOMBSTONE: was used */
    void *caller;
    size_t call;
};

/* The harness's own state, guarded by the lock: programs under test have threads. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    struct live *places;
    size_t cap, used, count; /* cap a power of two; used counts tombstones */
    size_t nth, calls;
    bool armed, for_good, hit;
} state;

static char tombstone;
#define TOMBSTONE ((void *)&tombstone)

static size_t place_of(const void *ptr)
{
    return (size_t)(((uintptr_t)ptr >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (state.cap - 1);
}

static void insert(struct live entry)
{
    size_t i = place_of(entry.ptr);
    while (state.places[i].ptr && state.places[i].ptr != TOMBSTONE)
        i = (i + 1) & (state.cap - 1);
    state.used += state.places[i].ptr == NULL;
    state.places[i] = entry;
    state.count++;
}

static void make_room(void)
{
    if (state.cap && state.used < state.cap / 2)
        return;
    struct live *old = state.places;
    size_t old_cap = state.cap;
    state.cap = state.count * 4 > 1024 ? state.cap * 2 : 2048;
    state.places = __real_calloc(state.cap, sizeof *state.places);
    if (!state.places)
        abort();
    state.used = state.count = 0;
    for (size_t i = 0; i < old_cap; i++)
        if (old[i].ptr && old[i].ptr != TOMBSTONE)
            insert(old[i]);
    __real_free(old);
}

static void *keep(void *ptr, void *caller)
{
    if (!ptr)
        return NULL;
    pthread_mutex_lock(&lock);
    make_room();
    insert((struct live){ptr, caller, state.calls});
    pthread_mutex_unlock(&lock);
    return ptr;
}

/* Pointers that a shared library allocated are not ours to count. */
static void forget(const void *ptr)
{
    pthread_mutex_lock(&lock);
    if (state.cap)
        for (size_t i = place_of(ptr); state.places[i].ptr; i = (i + 1) & (state.cap - 1))
            if (state.places[i].ptr == ptr) {
                state.places[i].ptr = TOMBSTONE;
                state.count--;
                break;
            }
    pthread_mutex_unlock(&lock);
}

static bool refused(void)
{
    pthread_mutex_lock(&lock);
    bool strikes = false;
    if (state.armed) {
        state.calls++;
        strikes = state.nth && (state.calls == state.nth || (state.for_good && state.calls > state.nth));
        state.hit |= strikes;
    }
    pthread_mutex_unlock(&lock);
    if (strikes)
        errno = ENOMEM;
    return strikes;
}

#define CALLER __builtin_return_address(0)

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : keep(__real_malloc(size), CALLER);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? NULL : keep(__real_calloc(count, size), CALLER);
}

void *__wrap_realloc(void *ptr, size_t size)
{
    if (refused())
        return NULL;
    if (ptr)
        forget(ptr);
    void *moved = __real_realloc(ptr, size);
    if (!moved && ptr && size)
        keep(ptr, CALLER); /* a real failure leaves the old one alive */
    return keep(moved, CALLER);
}

void *__wrap_reallocarray(void *ptr, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return __wrap_realloc(ptr, bytes);
}

void __wrap_free(void *ptr)
{
    if (ptr)
        forget(ptr);
    __real_free(ptr);
}

char *__wrap_strndup(const char *string, size_t len)
{
    len = strnlen(string, len);
    char *copy = refused() ? NULL : keep(__real_malloc(len + 1), CALLER);
    if (copy) {
        memcpy(copy, string, len);
        copy[len] = 0;
    }
    return copy;
}

char *__wrap_strdup(const char *string)
{
    return __wrap_strndup(string, strlen(string));
}

int __wrap_vasprintf(char **ret, const char *format, va_list args)
{
    if (refused())
        return -1;
    int n = __real_vasprintf(ret, format, args);
    if (n >= 0)
        keep(*ret, CALLER);
    return n;
}

int __wrap_asprintf(char **ret, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = __wrap_vasprintf(ret, format, args);
    va_end(args);
    return n;
}

/* What _FORTIFY_SOURCE makes of them. */
int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list args)
{
    (void)flag;
    return __wrap_vasprintf(ret, format, args);
}

int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...)
{
    (void)flag;
    va_list args;
    va_start(args, format);
    int n = __wrap_vasprintf(ret, format, args);
    va_end(args);
    return n;
}

int __wrap_posix_memalign(void **ret, size_t alignment, size_t size)
{
    if (refused())
        return ENOMEM;
    int number = __real_posix_memalign(ret, alignment, size);
    if (number == 0)
        keep(*ret, CALLER);
    return number;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    void *ptr;
    return __wrap_posix_memalign(&ptr, alignment, size) == 0 ? ptr : NULL;
}

void fault_alloc_arm(size_t nth, bool for_good)
{
    pthread_mutex_lock(&lock);
    state.armed = true;
    state.nth = nth;
    state.for_good = for_good;
    state.calls = 0;
    state.hit = false;
    pthread_mutex_unlock(&lock);
}

bool fault_alloc_disarm(void)
{
    pthread_mutex_lock(&lock);
    state.armed = false;
    bool hit = state.hit;
    pthread_mutex_unlock(&lock);
    return hit;
}

size_t fault_alloc_calls(void)
{
    return state.calls;
}

size_t fault_alloc_live(void)
{
    pthread_mutex_lock(&lock);
    size_t count = state.count;
    pthread_mutex_unlock(&lock);
    return count;
}

static void print_live(void)
{
    size_t shown = 0;
    for (size_t i = 0; i < state.cap && shown < 20; i++)
        if (state.places[i].ptr && state.places[i].ptr != TOMBSTONE) {
            print_error("alive: allocation %zu, asked for at %p\n", state.places[i].call, state.places[i].caller);
            shown++;
        }
}

static bool allocation_round(const struct fault_op *op, size_t nth, bool for_good)
{
    const char *word = for_good ? "from then on" : "once";
    if (op->prepare)
        op->prepare(op->arg);
    size_t before = fault_alloc_live();
    fault_alloc_arm(nth, for_good);
    bool completed = op->run(op->arg);
    bool hit = fault_alloc_disarm();
    size_t after = fault_alloc_live();
    if (after != before) {
        print_live();
        fail_msg("allocation %zu fails %s: %zu live before, %zu after", nth, word, before, after);
    }
    if (!completed && !hit)
        fail_msg("did not complete though no allocation failed (round %zu, %s)", nth, word);
    if (op->verify)
        op->verify(op->arg, completed);
    return hit;
}

size_t fault_each_allocation(const struct fault_op *op)
{
    size_t hits = 0;
    for (int for_good = 0; for_good < 2; for_good++) {
        size_t nth = 1;
        while (allocation_round(op, nth, for_good)) {
            hits++;
            if (nth++ > ROUNDS_MAX)
                fail_msg("no end after %d rounds", ROUNDS_MAX);
        }
    }
    tally_add("allocation", hits);
    return hits;
}
