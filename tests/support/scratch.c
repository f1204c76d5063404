/* support/scratch.c */
#include "support/scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void die(const char *what, const char *path)
{
    perror(path);
    fprintf(stderr, "scratch: %s failed\n", what);
    abort();
}

void scratch_new(char path[SCRATCH_PATH_MAX])
{
    const char *parent = getenv("TMPDIR");
    char real[PATH_MAX];
    if (!realpath(parent && *parent ? parent : "/tmp", real))
        die("realpath", parent);
    if (snprintf(path, SCRATCH_PATH_MAX, "%s/entente-XXXXXX", real) >= SCRATCH_PATH_MAX || !mkdtemp(path))
        die("mkdtemp", path);
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    return at->level == 0 ? 0 : remove(path);
}

void scratch_empty(const char *path)
{
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        die("emptying", path);
}

void scratch_remove(const char *path)
{
    scratch_empty(path);
    if (rmdir(path) != 0)
        die("rmdir", path);
}

static const char *turn(const char *folder, const char *between, const char *name)
{
    static _Thread_local char turns[8][PATH_MAX];
    static _Thread_local unsigned next;
    char *out = turns[next++ % 8];
    if (snprintf(out, PATH_MAX, "%s%s/%s", folder, between, name) >= PATH_MAX)
        die("a path that long", folder);
    return out;
}

const char *scratch_path(const char *path, const char *name)
{
    return turn(path, "", name);
}

char *scratch_read(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    size_t len = 0, cap = 4096;
    char *out = malloc(cap);
    while (out) {
        len += fread(out + len, 1, cap - len - 1, file);
        if (len < cap - 1)
            break;
        cap *= 2;
        out = realloc(out, cap);
    }
    if (!out || ferror(file))
        die("reading", path);
    fclose(file);
    out[len] = 0;
    if (ret_len)
        *ret_len = len;
    return out;
}

void scratch_write(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0)
        die("writing", path);
}

const char *test_path(const char *name)
{
    return turn(TEST_ROOT, "", name);
}

const char *data_path(const char *name)
{
    const char *data = getenv("ENTENTE_DATA");
    const char *path = data && *data ? turn(data, "", name) : turn(TEST_ROOT, "/../../shared/data", name);
    return access(path, R_OK) == 0 ? path : NULL;
}
