/* An export's files: written beside, renamed into place. */
#include "command/export_out.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool to_standard(const struct session *s)
{
    const char *out = option(s, "out");
    return !out || strcmp(out, "-") == 0;
}

bool export_out_is_folder(const struct session *s)
{
    const char *out = option(s, "out"), *as = option(s, "as");
    size_t len = out ? strlen(out) : 0;
    return (len && out[len - 1] == '/') || (as && strcmp(as, "misp-feed") == 0);
}

const char *export_out_name(const struct session *s)
{
    const char *out = option(s, "out"), *slash = out ? strrchr(out, '/') : NULL;
    return to_standard(s) ? NULL : slash ? slash + 1 : out;
}

static int cannot(struct session *s, const char *what)
{
    complain(s, "%s: %s", what, strerror(errno));
    return errno == EACCES || errno == EPERM ? EXIT_DENIED : EXIT_WRITE;
}

static int open_folder(struct session *s, const char *path, bool make)
{
    if (make && mkdir(path, 0750) < 0 && errno != EEXIST)
        return cannot(s, path);
    s->output_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return s->output_fd < 0 ? cannot(s, path) : EXIT_DONE;
}

int export_out_open(struct session *s)
{
    const char *out = option(s, "out");
    char parent[4096];
    struct stat st;
    if (to_standard(s))
        return EXIT_DONE;
    if (export_out_is_folder(s))
        return open_folder(s, out, true);
    if (lstat(out, &st) == 0 && !S_ISREG(st.st_mode)) {
        complain(s,
                 S_ISDIR(st.st_mode) ? "%s is a folder: --out %s/ writes into it" : "%s is no plain file: %s stays",
                 out, out);
        return EXIT_WRITE;
    }
    const char *slash = strrchr(out, '/');
    int len = snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - out) + 1 : 1, slash ? out : ".");
    if (len < 0 || (size_t)len >= sizeof parent || strlen(export_out_name(s)) > 200) {
        complain(s, "--out: that name is too long");
        return EXIT_USAGE;
    }
    return open_folder(s, parent, false);
}

bool export_file_begin(struct export_file *f, struct session *s, const char *name)
{
    *f = (struct export_file){.s = s, .name = name, .fd = -1};
    if (!name) {
        f->fd = 1; /* not used: the session has standard output */
        return true;
    }
    snprintf(f->beside, sizeof f->beside, ".%s.new", name);
    if (unlinkat(s->output_fd, f->beside, 0) == 0 || errno == ENOENT)
        f->fd = openat(s->output_fd, f->beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (f->fd < 0)
        (void)cannot(s, name);
    return f->fd >= 0;
}

bool export_file_write(struct export_file *f, struct text t)
{
    if (!f->name) {
        f->s->write(f->s->write_self, false, t);
        return f->s->output_errno == 0;
    }
    while (t.len > 0) {
        ssize_t done = write(f->fd, t.ptr, t.len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            (void)cannot(f->s, f->name);
            export_file_drop(f);
            return false;
        }
        t = text_sub(t, (size_t)done, t.len);
    }
    return true;
}

bool export_file_commit(struct export_file *f)
{
    if (!f->name)
        return true;
    bool fine = fsync(f->fd) == 0 && renameat(f->s->output_fd, f->beside, f->s->output_fd, f->name) == 0 &&
                fsync(f->s->output_fd) == 0;
    if (!fine)
        (void)cannot(f->s, f->name);
    export_file_drop(f);
    return fine;
}

void export_file_drop(struct export_file *f)
{
    if (!f->name || f->fd < 0)
        return;
    close(f->fd);
    f->fd = -1;
    (void)unlinkat(f->s->output_fd, f->beside, 0); /* gone already when it was renamed */
}

/* ---- what no longer belongs to a folder ---- */

bool export_out_holds(const struct session *s, const char *name)
{
    struct stat st;
    return fstatat(s->output_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* Exactly as a feed names its events: nobody else's file is touched. */
static bool event_named(const char *name, struct uuid *ret)
{
    char again[UUID_TEXT_MAX];
    struct text t = text_of(name);
    if (!text_ends(t, TEXT(".json")))
        return false;
    t.len -= sizeof ".json" - 1;
    return uuid_parse(t, ret) == OK && text_eq(uuid_format(ret, again), t);
}

bool export_out_prune(struct session *s, bool (*keep)(void *self, const struct uuid *event), void *self)
{
    int fd = openat(s->output_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    bool fine = folder != NULL;
    if (!folder) {
        (void)cannot(s, option(s, "out"));
        if (fd >= 0)
            close(fd);
        return false;
    }
    for (const struct dirent *one; (one = readdir(folder));) {
        struct uuid event;
        if (!event_named(one->d_name, &event) || keep(self, &event) || !export_out_holds(s, one->d_name))
            continue;
        if (unlinkat(s->output_fd, one->d_name, 0) == 0 || errno == ENOENT)
            continue;
        (void)cannot(s, one->d_name);
        fine = false;
    }
    closedir(folder);
    return fine;
}
