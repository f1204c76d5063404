/* import FOLDER: see import_folder.h. */
#include "command/import_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "desk/misp_feed.h"
#include "json/json.h"

#define FOLDER_FILES_MAX 1000000

bool is_folder(const struct input *in)
{
    struct stat st;
    return fstat(in->fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A plain file of the folder: nothing that a link leads to. */
static int open_plain(int folder, const char *name)
{
    struct stat st;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        errno = EISDIR;
        return -1;
    }
    return fd;
}

/* ---- each of its files ---- */

struct file_names {
    char **list;
    size_t count, cap;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_name(struct file_names *n, const char *name)
{
    if (n->count == n->cap) {
        size_t cap = n->cap ? 2 * n->cap : 64;
        char **grown = realloc(n->list, cap * sizeof *grown);
        if (!grown)
            return false;
        n->list = grown;
        n->cap = cap;
    }
    n->list[n->count] = strdup(name);
    return n->list[n->count] && ++n->count;
}

static bool list_files(int folder, struct file_names *n)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    bool good = true;
    for (const struct dirent *e; good && n->count < FOLDER_FILES_MAX && (e = readdir(d));)
        if (e->d_name[0] != '.')
            good = add_name(n, e->d_name);
    closedir(d);
    if (n->count)
        qsort(n->list, n->count, sizeof *n->list, compare_names);
    return good;
}

/* Folders in it and what is no file are not counted. */
static int import_named(struct session *s, const struct input *folder, const char *name, import_file *one, void *self,
                        size_t *files)
{
    struct buffer path;
    size_t len;
    int code = EXIT_DONE, fd = open_plain(folder->fd, name);
    const int error = fd < 0 ? errno : 0;
    const bool link = error == ELOOP;
    if (error == EISDIR)
        return EXIT_DONE;
    ++*files;
    buffer_init(&path, 64 * KIB);
    buffer_addf(&path, "%s%s%s", folder->name, text_ends(text_of(folder->name), TEXT("/")) ? "" : "/", name);
    char *full = buffer_take(&path, &len);
    if (!full || fd < 0) {
        complain(s, "%s/%s: %s", folder->name, name,
                 !full  ? "no memory"
                 : link ? "a link: in a folder none is followed; name the file that it leads to"
                        : strerror(error));
        code = full && error == EACCES ? EXIT_DENIED : EXIT_DATA;
    } else {
        code = one(self, &(struct input){full, fd});
    }
    if (fd >= 0)
        close(fd);
    free(full);
    buffer_done(&path);
    return code;
}

int import_files(struct session *s, const struct input *folder, import_file *one, void *self)
{
    struct file_names names = {0};
    int code = EXIT_DONE;
    if (!list_files(folder->fd, &names)) {
        complain(s, "%s: %s", folder->name, strerror(errno));
        code = EXIT_DATA;
    }
    size_t i = 0, files = 0;
    for (; i < names.count && !cancelled(s); i++) {
        int file = import_named(s, folder, names.list[i], one, self, &files);
        code = code ? code : file;
    }
    if (i == names.count && files == 0 && !code) {
        complain(s, "%s: there is no file in this folder", folder->name);
        code = EXIT_DATA;
    }
    if (i < names.count && !code) {
        complain(s, "%s: stopped before all of it was taken in; run import again for the rest", folder->name);
        code = EXIT_WRITE;
    }
    for (i = 0; i < names.count; i++)
        free(names.list[i]);
    free(names.list);
    return code;
}

/* ---- a feed ---- */

bool is_feed(const struct input *folder, const struct intake_options *options)
{
    struct stat st;
    return options->format == READER_MISP_FEED ||
           (options->format == READER_DETECT && fstatat(folder->fd, "manifest.json", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode));
}

struct folder_feed {
    struct session *s;
    const struct input *folder;
};

static enum err get_file(void *self, const char *name, int *ret_fd, struct fault *reterr)
{
    const struct folder_feed *f = self;
    int fd = open_plain(f->folder->fd, name);
    if (fd < 0 && errno == ENOENT)
        return fault_set(reterr, ERR_NOT_FOUND, "%s is not in the folder", name);
    if (fd < 0)
        return fault_errno(reterr, "%s", name);
    *ret_fd = fd;
    return OK;
}

static void on_event(void *self, const char *name, enum err err, const struct intake_totals *t,
                     const struct fault *fault)
{
    const struct folder_feed *f = self;
    struct session *s = f->s;
    if (err && !s->json)
        complain(s, "%s/%s: left out: %s", f->folder->name, name, fault->what);
    if (!s->json)
        return;
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "file", text_of(f->folder->name));
    json_member_text(&o, "event", text_of(name));
    json_member_text(&o, "format", TEXT("misp"));
    json_member_i64(&o, "read", (int64_t)t->read);
    json_member_i64(&o, "new", (int64_t)t->fresh);
    json_member_i64(&o, "updated", (int64_t)t->updated);
    json_member_i64(&o, "unchanged", (int64_t)t->unchanged);
    json_member_i64(&o, "rejected", (int64_t)t->rejected);
    json_member_i64(&o, "lost", (int64_t)t->lost);
    if (err)
        json_member_text(&o, "reason", text_of(fault->what));
    json_close(&o, '}');
    json_line_end(s);
}

static void feed_summary(struct session *s, const char *folder, const struct misp_feed_totals *t, double seconds)
{
    if (!s->json) {
        say(s,
            "%s (misp-feed): %llu events listed, %llu held already, %llu taken in, %llu broken; %llu read, %llu new, "
            "%llu updated, %llu unchanged, %llu refused, %llu not carried, %.2f s\n",
            folder, (unsigned long long)t->listed, (unsigned long long)t->held, (unsigned long long)t->taken,
            (unsigned long long)t->broken, (unsigned long long)t->sum.read, (unsigned long long)t->sum.fresh,
            (unsigned long long)t->sum.updated, (unsigned long long)t->sum.unchanged,
            (unsigned long long)(t->sum.rejected + t->entries_rejected), (unsigned long long)t->sum.lost, seconds);
        return;
    }
    const struct {
        const char *name;
        uint64_t n;
    } numbers[] = {{"listed", t->listed},
                   {"held", t->held},
                   {"taken", t->taken},
                   {"broken", t->broken},
                   {"read", t->sum.read},
                   {"new", t->sum.fresh},
                   {"updated", t->sum.updated},
                   {"unchanged", t->sum.unchanged},
                   {"rejected", t->sum.rejected + t->entries_rejected},
                   {"warned", t->sum.warned},
                   {"lost", t->sum.lost}};
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "file", text_of(folder));
    json_member_text(&o, "format", TEXT("misp-feed"));
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        json_member_i64(&o, numbers[i].name, (int64_t)numbers[i].n);
    json_key(&o, TEXT("seconds"));
    json_put_f64(&o, (double)(int64_t)(seconds * 1e6) / 1e6);
    json_close(&o, '}');
    json_line_end(s);
}

int import_feed(struct session *s, const struct input *folder, const struct intake_options *options)
{
    struct folder_feed f = {s, folder};
    struct intake_options intake = *options;
    const struct misp_feed_from from = {get_file, &f};
    const struct misp_feed_options feed = {.intake = &intake, .on_event = on_event, .self = &f};
    struct misp_feed_totals totals;
    struct fault fault = {.offset = -1, .line = -1};
    int64_t start = clock_mono_us();
    enum err err = misp_feed_run(s->node, &from, &feed, &totals, &fault);
    feed_summary(s, folder->name, &totals, (double)(clock_mono_us() - start) / 1e6);
    if (err)
        return complain_fault(s, folder->name, &fault);
    return totals.broken ? EXIT_DATA : EXIT_DONE;
}
