/* base/arena.c - memory that goes all at once.
 *
 * Invariants:
 *   1. `used` is the sum of the sizes handed out since init or reset, each rounded up to 16; used <= budget.
 *   2. the newest block is the one small pieces are cut from; a piece too large for it gets a block of its own behind
 *      it, so that one large piece does not waste the rest of the block in use.
 * Under AddressSanitizer what is not handed out is poisoned: an overrun is seen although the block is larger. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif

#ifdef ARENA_POISONS
/* Declared here without the const of its header: with it gcc takes a fresh block for something read. */
void __asan_poison_memory_region(volatile void *ptr, size_t len);
void __asan_unpoison_memory_region(volatile void *ptr, size_t len);
#define HIDE(ptr, len) __asan_poison_memory_region(ptr, len)
#define SHOW(ptr, len) __asan_unpoison_memory_region(ptr, len)
#else
#define HIDE(ptr, len) ((void)(ptr), (void)(len))
#define SHOW(ptr, len) ((void)(ptr), (void)(len))
#endif

#define ARENA_ALIGN           ((size_t)16)
#define ARENA_BLOCK_MIN_BYTES ((size_t)4096)
#define ARENA_BLOCK_MAX_BYTES ((size_t)256 * 1024)

struct arena_block {
    struct arena_block *older;
    size_t len, cap;
    _Alignas(16) char bytes[];
};

void arena_init(struct arena *a, size_t budget_bytes)
{
    *a = (struct arena){.budget = budget_bytes};
}

static void free_blocks(struct arena_block *block)
{
    while (block) {
        struct arena_block *older = block->older;
        SHOW(block->bytes, block->cap);
        free(block);
        block = older;
    }
}

void arena_done(struct arena *a)
{
    free_blocks(a->blocks);
    *a = (struct arena){.budget = a->budget};
}

void arena_reset(struct arena *a)
{
    a->used = 0;
    if (!a->blocks)
        return;
    free_blocks(a->blocks->older);
    a->blocks->older = NULL;
    a->blocks->len = 0;
    HIDE(a->blocks->bytes, a->blocks->cap);
}

/* Blocks double, so that a small request costs one page and a large document few calls. */
static size_t block_size(const struct arena *a)
{
    size_t size = a->blocks ? a->blocks->cap * 2 : ARENA_BLOCK_MIN_BYTES;
    if (size > ARENA_BLOCK_MAX_BYTES)
        size = ARENA_BLOCK_MAX_BYTES;
    size_t left = a->budget - a->used;
    return size < left ? size : (left + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
}

static struct arena_block *add_block(struct arena *a, size_t need)
{
    size_t cap = block_size(a);
    bool own = need > cap / 2 && a->blocks != NULL;
    if (own || cap < need)
        cap = need;
    struct arena_block *block = malloc(sizeof *block + cap);
    if (!block)
        return NULL;
    block->len = 0;
    block->cap = cap;
    HIDE(block->bytes, cap);
    struct arena_block **place = own ? &a->blocks->older : &a->blocks;
    block->older = *place;
    *place = block;
    return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct arena_block) - ARENA_ALIGN)
        return NULL;
    size_t need = size ? (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN : ARENA_ALIGN;
    if (need > a->budget - a->used)
        return NULL;
    struct arena_block *block = a->blocks;
    if (!block || need > block->cap - block->len) {
        block = add_block(a, need);
        if (!block)
            return NULL;
    }
    char *piece = block->bytes + block->len;
    block->len += need;
    a->used += need;
    SHOW(piece, size);
    return memset(piece, 0, size);
}

struct text arena_text(struct arena *a, struct text t)
{
    if (t.len == SIZE_MAX)
        return TEXT_NONE;
    char *copy = arena_alloc(a, t.len + 1);
    if (!copy)
        return TEXT_NONE;
    if (t.len)
        memcpy(copy, t.ptr, t.len);
    return (struct text){copy, t.len};
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *out = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
    if (!out)
        return NULL;
    va_start(args, format);
    vsnprintf(out, (size_t)n + 1, format, args);
    va_end(args);
    return out;
}
