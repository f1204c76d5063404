/* match/rotated.c - finds a log's rotated files by name, and the one that was being read by its content. Compressed
 * ones are not looked into: what was compressed was rotated at least once more before, or is named by its owner. */
#include "match/rotated.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "match/tail.h"

#define COUNTER_DIGITS_MAX 6 /* longer numbers are dates or seconds */

struct listing {
    char *folder;
    const char *base; /* in path */
    char **names;     /* after the base: ".1", "-20261121" */
    size_t count, cap;
};

static void listing_done(struct listing *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->names[i]);
    free(l->names);
    free(l->folder);
}

static enum err listing_add(struct listing *l, const char *rest)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        char **names = realloc(l->names, cap * sizeof *names);
        if (!names)
            return ERR_NOMEM;
        l->names = names;
        l->cap = cap;
    }
    l->names[l->count] = strdup(rest);
    return l->names[l->count] ? (l->count++, OK) : ERR_NOMEM;
}

/* Names beside path that are its own and something more. */
static enum err listing_read(struct listing *l, const char *path, struct fault *reterr)
{
    const char *slash = strrchr(path, '/');
    l->base = slash ? slash + 1 : path;
    l->folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("./");
    if (!l->folder)
        return fault_set(reterr, ERR_NOMEM, "no memory to look for rotated logs");
    DIR *d = opendir(l->folder);
    if (!d)
        return errno == ENOENT || errno == EACCES ? OK : fault_errno(reterr, "%s", l->folder);
    size_t len = strlen(l->base);
    enum err err = OK;
    for (struct dirent *e; !err && (e = readdir(d));)
        if (strncmp(e->d_name, l->base, len) == 0 && (e->d_name[len] == '.' || e->d_name[len] == '-'))
            err = listing_add(l, e->d_name + len);
    closedir(d);
    return err ? fault_set(reterr, err, "no memory to look for rotated logs") : OK;
}

static enum err open_name(const struct listing *l, const char *rest, int *ret_fd)
{
    char *path;
    struct stat st;
    if (asprintf(&path, "%s%s%s", l->folder, l->base, rest) < 0)
        return ERR_NOMEM;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    free(path);
    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        fd = -1;
    }
    *ret_fd = fd;
    return OK;
}

/* ---- which one ---- */

enum likeness { OTHER, COPY, SAME };

static enum likeness likeness_of(int fd, const struct follow_state *state, bool copies)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return OTHER;
    bool same = state->print_len ? st.st_ino == state->ino : st.st_ino == state->ino && st.st_dev == state->dev;
    if (same && tail_has_print(fd, state))
        return SAME;
    return copies && state->print_len && tail_has_print(fd, state) ? COPY : OTHER;
}

/* The best likeness; of copies the one that was written to last. *ret_fd -1: none. */
static enum err find_state_file(const struct listing *l, const struct follow_state *state, bool copies, int *ret_fd,
                                const char **ret_name)
{
    enum likeness best = OTHER;
    struct timespec best_time = {0};
    *ret_fd = -1;
    for (size_t i = 0; i < l->count && best != SAME; i++) {
        int fd;
        struct stat st;
        if (open_name(l, l->names[i], &fd))
            goto nomem;
        enum likeness likeness = fd >= 0 ? likeness_of(fd, state, copies) : OTHER;
        bool newer = likeness != OTHER && fstat(fd, &st) == 0 &&
                     (st.st_mtim.tv_sec > best_time.tv_sec ||
                      (st.st_mtim.tv_sec == best_time.tv_sec && st.st_mtim.tv_nsec >= best_time.tv_nsec));
        if (likeness > best || (likeness == best && newer)) {
            if (*ret_fd >= 0)
                close(*ret_fd);
            *ret_fd = fd;
            *ret_name = l->names[i];
            best = likeness;
            best_time = likeness != OTHER ? st.st_mtim : best_time;
        } else if (fd >= 0) {
            close(fd);
        }
    }
    return OK;
nomem:
    if (*ret_fd >= 0)
        close(*ret_fd);
    return ERR_NOMEM;
}

/* ---- which ones came after ---- */

/* ".17": counted, higher is older. "-20261121", ".2026-11-21-03", ".1769000000": dated, higher is newer. */
static bool is_counted(const char *rest)
{
    size_t digits = strspn(rest + 1, "0123456789");
    return digits > 0 && digits <= COUNTER_DIGITS_MAX && rest[1 + digits] == 0;
}

static bool is_dated(const char *rest)
{
    return strspn(rest + 1, "0123456789") > 0 && strspn(rest, "0123456789.-_") == strlen(rest) && !is_counted(rest);
}

static bool is_newer(const char *rest, const char *than)
{
    if (is_counted(than))
        return is_counted(rest) && rest[0] == than[0] && strtoul(rest + 1, NULL, 10) < strtoul(than + 1, NULL, 10);
    return is_dated(than) && is_dated(rest) && rest[0] == than[0] && strverscmp(rest, than) > 0;
}

/* Of names that are all newer than one and the same. */
static int oldest_first(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    return is_newer(x, y) ? 1 : is_newer(y, x) ? -1 : 0;
}

static enum err add_newer(struct listing *l, const char *than, struct rotated *r)
{
    size_t newer = 0;
    for (size_t i = 0; i < l->count; i++)
        if (is_newer(l->names[i], than)) {
            char *name = l->names[i];
            l->names[i] = l->names[newer];
            l->names[newer++] = name;
        }
    qsort(l->names, newer, sizeof *l->names, oldest_first);
    for (size_t i = 0; i < newer && r->count < ROTATED_MAX; i++) {
        int fd;
        if (open_name(l, l->names[i], &fd))
            return ERR_NOMEM;
        if (fd >= 0)
            r->files[r->count++] = (struct rotated_file){fd, 0, 1};
    }
    return OK;
}

enum err rotated_find(const char *path, const struct follow_state *state, bool copies, struct rotated *ret,
                      struct fault *reterr)
{
    struct listing l = {0};
    struct rotated r = {.count = 0};
    const char *name = NULL;
    int fd = -1;
    enum err err = listing_read(&l, path, reterr);
    if (!err)
        err = find_state_file(&l, state, copies, &fd, &name);
    if (!err && fd >= 0) {
        r.files[r.count++] = (struct rotated_file){fd, state->offset, state->line};
        err = add_newer(&l, name, &r);
    }
    listing_done(&l);
    if (err) {
        rotated_done(&r);
        return fault_set(reterr, err, "looking for rotated logs");
    }
    *ret = r;
    return OK;
}

void rotated_done(struct rotated *r)
{
    for (size_t i = 0; i < r->count; i++)
        close(r->files[i].fd);
    r->count = 0;
}
