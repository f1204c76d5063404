/* warninglist add FOLDER: see warninglist_folder.h. */
#include "command/warninglist_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATHS_MAX 10000

struct paths {
    char **list;
    size_t count, cap;
    bool failed;
};

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void keep(struct paths *p, const char *path)
{
    if (p->count == PATHS_MAX)
        return;
    if (p->count == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 64;
        char **grown = realloc(p->list, cap * sizeof *grown);
        if (!grown) {
            p->failed = true;
            return;
        }
        p->list = grown;
        p->cap = cap;
    }
    p->list[p->count] = strdup(path);
    if (p->list[p->count])
        p->count++;
    else
        p->failed = true;
}

static void free_paths(struct paths *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->list[i]);
    free(p->list);
}

static bool is_json(const char *name)
{
    return text_ends(text_of(name), TEXT(".json"));
}

/* Nothing that a link leads to. below: path of the folder on fd, "" or ending in '/'. */
static void gather(struct paths *p, int fd, const char *below, unsigned depth, bool any_json)
{
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = own >= 0 ? fdopendir(own) : NULL;
    if (!d) {
        if (own >= 0)
            close(own);
        p->failed = true;
        return;
    }
    for (const struct dirent *e; (e = readdir(d));) {
        struct stat st;
        char path[4096];
        bool named = any_json ? is_json(e->d_name) : strcmp(e->d_name, "list.json") == 0;
        int len = snprintf(path, sizeof path, "%s%s", below, e->d_name);
        if (e->d_name[0] == '.' || len >= (int)sizeof path - 1 ||
            fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (S_ISREG(st.st_mode) && named)
            keep(p, path);
        int inner = S_ISDIR(st.st_mode) && depth
                        ? openat(fd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                        : -1;
        if (inner < 0)
            continue;
        path[len] = '/';
        path[len + 1] = 0;
        gather(p, inner, path, depth - 1, any_json);
        close(inner);
    }
    closedir(d);
}

static int add_path(struct session *s, const struct input *folder, const char *path, add_list *one)
{
    char full[8192];
    int fd = openat(folder->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const char *between = text_ends(text_of(folder->name), TEXT("/")) ? "" : "/";
    snprintf(full, sizeof full, "%s%s%s", folder->name, between, path);
    if (fd < 0) {
        complain(s, "%s: %s", full, strerror(errno));
        return errno == EACCES ? EXIT_DENIED : EXIT_DATA;
    }
    int code = one(s, &(struct input){full, fd});
    close(fd);
    return code;
}

int add_folder(struct session *s, const struct input *folder, add_list *one)
{
    struct paths p = {0};
    int code = EXIT_DONE;
    gather(&p, folder->fd, "", WARNINGLIST_FOLDERS_DEEP, false);
    if (p.count == 0 && !p.failed)
        gather(&p, folder->fd, "", 0, true);
    if (p.failed || p.count == 0) {
        complain(s, p.failed ? "%s: cannot be read as a whole" : "%s: no list.json in it", folder->name);
        code = EXIT_DATA;
    }
    if (p.count)
        qsort(p.list, p.count, sizeof *p.list, compare);
    for (size_t i = 0; i < p.count && !cancelled(s); i++) {
        int added = add_path(s, folder, p.list[i], one);
        code = code ? code : added;
    }
    free_paths(&p);
    return code;
}
