/* support/fault_sqlite.c - SQLite's memory through the wrapped allocator. SQLite asks for the size of a block, so it
 * is kept in front. */
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support/fault.h"

#define FRONT 16 /* keeps malloc's alignment */

static void *memory_alloc(int size)
{
    char *block = malloc((size_t)size + FRONT);
    if (!block)
        return NULL;
    memcpy(block, &size, sizeof size);
    return block + FRONT;
}

static void memory_free(void *ptr)
{
    if (ptr)
        free((char *)ptr - FRONT);
}

static int memory_size(void *ptr)
{
    int size = 0;
    if (ptr)
        memcpy(&size, (char *)ptr - FRONT, sizeof size);
    return size;
}

static void *memory_realloc(void *ptr, int size)
{
    char *block = realloc(ptr ? (char *)ptr - FRONT : NULL, (size_t)size + FRONT);
    if (!block)
        return NULL;
    memcpy(block, &size, sizeof size);
    return block + FRONT;
}

static int memory_roundup(int size)
{
    return (size + 7) & ~7;
}

static int memory_init(void *arg)
{
    (void)arg;
    return SQLITE_OK;
}

static void memory_shutdown(void *arg)
{
    (void)arg;
}

void fault_sqlite_install(void)
{
    static const sqlite3_mem_methods methods = {
        .xMalloc = memory_alloc,
        .xFree = memory_free,
        .xRealloc = memory_realloc,
        .xSize = memory_size,
        .xRoundup = memory_roundup,
        .xInit = memory_init,
        .xShutdown = memory_shutdown,
    };
    sqlite3_shutdown();
    /* The page cache would otherwise take a large block at the start and hide what it hands out. */
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0) != SQLITE_OK || sqlite3_initialize() != SQLITE_OK)
        abort();
}
