/* Which files `validate` looks at. Folders are opened by descriptor, so that what is renamed meanwhile misleads
 * nobody; a folder that is one of those it stands in is a loop of links. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "command/validate.h"

#define FOLDER_DEPTH_MAX 64
/* The names of one folder: some million. */
#define FOLDER_NAMES_MAX_BYTES (256 * MIB)

struct folder {
    const struct folder *above;
    dev_t dev;
    ino_t ino;
    int depth;
};

struct names {
    struct arena arena;
    const char **list;
    size_t count, cap;
};

static void cannot(struct validate_files *f, const char *path, int number)
{
    int code = number == EACCES ? EXIT_DENIED : EXIT_DATA;
    complain(f->s, "%s: %s", path, strerror(number));
    f->code = f->code ? f->code : code;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool keep_name(struct names *n, const char *name)
{
    struct text copy = arena_text(&n->arena, text_of(name));
    if (n->count == n->cap) {
        size_t cap = n->cap ? n->cap * 2 : 64;
        const char **grown = realloc((void *)n->list, cap * sizeof *grown);
        if (!grown)
            return false;
        n->list = grown;
        n->cap = cap;
    }
    n->list[n->count] = copy.ptr;
    n->count += copy.ptr != NULL;
    return copy.ptr != NULL;
}

/* Takes dir. */
static bool read_names(DIR *dir, struct names *n)
{
    bool good = true;
    for (struct dirent *e; good && (e = readdir(dir));)
        good = e->d_name[0] == '.' || keep_name(n, e->d_name);
    if (good && n->count)
        qsort((void *)n->list, n->count, sizeof *n->list, by_name);
    return good;
}

static bool is_json(const char *name)
{
    return text_ends(text_of(name), TEXT(".json"));
}

static void walk_folder(struct validate_files *f, int fd, const char *path, const struct folder *above);

/* A FIFO in a folder is not waited for. */
static void walk_entry(struct validate_files *f, int at, const char *name, const char *path,
                       const struct folder *above)
{
    struct stat st;
    if (fstatat(at, name, &st, 0) < 0) {
        if (is_json(name) || errno != ENOENT) /* a link that leads nowhere is nobody's document */
            cannot(f, path, errno);
        return;
    }
    if (!S_ISDIR(st.st_mode) && !is_json(name))
        return;
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) {
        complain(f->s, "%s: not a file, passed over", path);
        return;
    }
    int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0) {
        cannot(f, path, errno);
    } else if (S_ISDIR(st.st_mode)) {
        walk_folder(f, fd, path, above);
        return;
    } else if (S_ISREG(st.st_mode)) {
        f->seen++;
        f->each(f->self, path, fd);
    }
    if (fd >= 0)
        close(fd);
}

static bool leads_back(const struct folder *here)
{
    for (const struct folder *a = here->above; a; a = a->above)
        if (a->dev == here->dev && a->ino == here->ino)
            return true;
    return false;
}

static void walk_names(struct validate_files *f, int fd, const char *path, const struct names *n,
                       const struct folder *here)
{
    struct buffer name;
    buffer_init(&name, 64 * KIB);
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    for (size_t i = 0; i < n->count && !cancelled(f->s); i++) {
        buffer_clear(&name);
        buffer_addf(&name, "%.*s/%s", (int)len, path, n->list[i]);
        buffer_add_char(&name, '\0');
        if (buffer_error(&name))
            cannot(f, path, ENAMETOOLONG);
        else
            walk_entry(f, fd, n->list[i], name.ptr, here);
    }
    buffer_done(&name);
}

/* Takes fd. */
static void walk_folder(struct validate_files *f, int fd, const char *path, const struct folder *above)
{
    struct stat st;
    struct folder here = {.above = above, .depth = above ? above->depth + 1 : 0};
    struct names names = {.count = 0};
    if (fstat(fd, &st) == 0) {
        here.dev = st.st_dev;
        here.ino = st.st_ino;
    }
    if (leads_back(&here) || here.depth >= FOLDER_DEPTH_MAX) {
        if (here.depth >= FOLDER_DEPTH_MAX)
            cannot(f, path, ELOOP);
        close(fd);
        return;
    }
    DIR *dir = fdopendir(fd);
    if (!dir) {
        cannot(f, path, errno);
        close(fd);
        return;
    }
    arena_init(&names.arena, FOLDER_NAMES_MAX_BYTES);
    if (read_names(dir, &names))
        walk_names(f, dirfd(dir), path, &names, &here);
    else
        cannot(f, path, ENOMEM);
    closedir(dir);
    free((void *)names.list);
    arena_done(&names.arena);
}

/* Waits where reading would say "try again": who shares the pipe may have made it so. */
static void make_blocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && flags & O_NONBLOCK)
        (void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

void validate_walk(struct validate_files *f, const char *operand)
{
    struct stat st;
    bool standard = strcmp(operand, "-") == 0;
    int fd = standard ? dup(STDIN_FILENO) : open(operand, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0) {
        cannot(f, operand, errno);
        if (fd >= 0)
            close(fd);
        return;
    }
    if (S_ISDIR(st.st_mode)) {
        uint64_t before = f->seen;
        int code = f->code;
        walk_folder(f, fd, operand, NULL);
        if (f->seen == before && f->code == code && !cancelled(f->s)) {
            complain(f->s, "%s: no *.json in this folder", operand);
            f->code = f->code ? f->code : EXIT_DATA;
        }
        return;
    }
    make_blocking(fd);
    f->seen++;
    f->each(f->self, standard ? "-" : operand, fd);
    close(fd);
}
