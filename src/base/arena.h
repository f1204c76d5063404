/* base/arena.h - memory that goes all at once, under a byte budget: one arena a request or document. */
#pragma once
#include "base/text.h"

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used, budget;        /* bytes */
};

void arena_init(struct arena *a, size_t budget_bytes);
void arena_done(struct arena *a);
void arena_reset(struct arena *a); /* forgets the content, keeps one block */
/* Zeroed, aligned to 16. NULL when the budget or the machine's memory is used up. */
void *arena_alloc(struct arena *a, size_t size);
/* A NUL-terminated copy; .ptr NULL on failure. */
struct text arena_text(struct arena *a, struct text t);
/* Formatted, NUL-terminated; NULL on failure. */
char *arena_printf(struct arena *a, const char *format, ...) PRINTF_LIKE(2, 3);
