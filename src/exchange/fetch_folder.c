/* exchange/fetch_folder.c - files that others put into a folder; and messages of a Maildir, which is one.
 *
 * A file is taken when it stood still: the same size and time of change at two looks, some seconds apart. One that
 * changes later is taken again: what was in it before is unchanged. Nothing is moved, renamed or removed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "exchange/fetch.h"
#include "exchange/fetch_folder.h"

#define FOLDER_DEPTH_MAX 4    /* of folders in folders */
#define FOLDER_STILL_MS  2000 /* between the two looks */
#define FOLDER_STILL_S   60   /* what did not change for so long stands still */
#define FOLDER_SAVE      64   /* documents, then what was taken is noted */

struct walk {
    struct fetch *f;
    struct fetch_seen seen;
    bool maildir;
    bool last;     /* of the two looks: what still moves is left for the next time */
    size_t moving; /* files that may still grow */
    size_t unsaved;
    size_t forgotten; /* more files than can be remembered */
};

/* Names that programs use for what they are still writing. */
static bool being_written(struct text name)
{
    static const char *const tails[] = {".part", ".tmp", ".partial", ".filepart", ".crdownload", ".swp", "~"};
    if (text_starts(name, TEXT(".")))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(tails); i++)
        if (text_ends(name, text_of(tails[i])))
            return true;
    return false;
}

static uint64_t print_of(const struct stat *st)
{
    const int64_t parts[] = {st->st_size, st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (int64_t)st->st_ino};
    uint64_t print = xxh3_of(parts, sizeof parts);
    return print ? print : 1;
}

/* A message keeps its name up to the colon when it is read or moved from new to cur. */
static uint64_t name_of(const struct walk *w, struct text path)
{
    if (w->maildir) {
        struct text rest = path, part = path;
        while (text_split(&rest, '/', &part))
            ;
        ptrdiff_t colon = text_find(part, ':', 0);
        path = colon < 0 ? part : text_sub(part, 0, (size_t)colon);
    }
    return xxh3_of(path.ptr, path.len);
}

static enum err take_file(struct walk *w, int folder, const char *name, struct text path, const struct stat *seen,
                          bool *ret_taken, struct fault *reterr)
{
    struct stat st;
    *ret_taken = false;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return OK; /* taken away meanwhile */
    if (fd < 0)
        return fault_errno(reterr, TEXT_FMT, TEXT_ARG(path));
    enum err e = OK;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && print_of(&st) == print_of(seen)) {
        e = fetch_take(w->f, fd, path, w->maildir && w->f->format == READER_DETECT ? READER_MAIL : w->f->format, NULL,
                       reterr);
        /* One that changed while it was read is read again. */
        *ret_taken = e == OK && fstat(fd, &st) == 0 && print_of(&st) == print_of(seen);
    }
    close(fd);
    return e;
}

static bool stands_still(const struct walk *w, const struct stat *st, uint64_t before)
{
    int64_t age_s = clock_now_us() / 1000000 - st->st_mtim.tv_sec;
    return w->maildir || before == print_of(st) || age_s > FOLDER_STILL_S;
}

static enum err look_at_file(struct walk *w, int folder, const char *name, struct text path, const struct stat *st,
                             struct fault *reterr)
{
    struct fetch_seen_row *row = fetch_seen_row(&w->seen, name_of(w, path));
    bool taken;
    if (!row) {
        w->forgotten++;
        return OK;
    }
    row->here = true;
    const uint64_t before = row->print;
    row->print = print_of(st);
    if (row->taken && (w->maildir || before == row->print)) {
        w->f->result->unchanged_documents += !w->last;
        return OK;
    }
    row->taken = false;
    if (!stands_still(w, st, before)) {
        w->moving++;
        return OK;
    }
    enum err e = take_file(w, folder, name, path, st, &taken, reterr);
    if (e)
        return e;
    row->taken = taken;
    return ++w->unsaved % FOLDER_SAVE ? OK : fetch_seen_save(w->f, &w->seen, reterr);
}

static enum err walk_folder(struct walk *w, int at, struct text path, unsigned depth, struct fault *reterr);

static enum err look_at(struct walk *w, int folder, const char *name, struct text path, unsigned depth,
                        struct fault *reterr)
{
    struct stat st;
    if (being_written(text_of(name)) || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return OK;
    const char *full = path.len ? arena_printf(&w->f->arena, TEXT_FMT "/%s", TEXT_ARG(path), name)
                                : arena_printf(&w->f->arena, "%s", name);
    if (!full)
        return fault_set(reterr, ERR_NOMEM, "no memory for a file's name");
    if (S_ISREG(st.st_mode))
        return look_at_file(w, folder, name, text_of(full), &st, reterr);
    if (!S_ISDIR(st.st_mode) || depth == FOLDER_DEPTH_MAX)
        return OK;
    int below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return below < 0 ? OK : walk_folder(w, below, text_of(full), depth + 1, reterr);
}

/* Takes the descriptor. */
static enum err walk_folder(struct walk *w, int at, struct text path, unsigned depth, struct fault *reterr)
{
    enum err e = OK;
    DIR *d = fdopendir(at);
    if (!d) {
        close(at);
        return fault_set(reterr, ERR_NOMEM, "no memory for a folder");
    }
    for (struct dirent *entry; e == OK && (entry = readdir(d));)
        e = fetch_cancelled(w->f) ? fault_set(reterr, ERR_CANCELLED, "stopped")
                                  : look_at(w, dirfd(d), entry->d_name, path, depth, reterr);
    closedir(d);
    return e;
}

static enum err walk_place(struct walk *w, const char *const *folders, struct fault *reterr)
{
    enum err e = OK;
    for (size_t i = 0; e == OK && folders[i]; i++) {
        const char *path = arena_printf(&w->f->arena, TEXT_FMT "%s", TEXT_ARG(w->f->source.place), folders[i]);
        int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (!path)
            e = ERR_NOMEM;
        else if (fd < 0)
            e = fault_set(reterr, ERR_UNREACHABLE, "%.180s: %s", path,
                          errno == ENOTDIR  ? "no folder"
                          : errno == EACCES ? "may not be read by this program"
                                            : "is not there");
        else
            e = walk_folder(w, fd, TEXT_NONE, 0, reterr);
    }
    return e;
}

static void pause_between(const struct fetch *f)
{
    const struct timespec piece = {.tv_nsec = 100000000};
    for (int ms = 0; ms < FOLDER_STILL_MS && !fetch_cancelled(f); ms += 100)
        nanosleep(&piece, NULL);
}

enum err fetch_files(struct fetch *f, const char *const *folders, bool maildir, struct fault *reterr)
{
    struct walk w = {.f = f, .maildir = maildir};
    enum err e = fetch_seen_load(f, &w.seen, reterr);
    if (e)
        return e;
    e = walk_place(&w, folders, reterr);
    if (e == OK && w.moving) {
        pause_between(f);
        w.last = true;
        w.moving = 0;
        e = walk_place(&w, folders, reterr);
    }
    /* What was looked at but not reached is remembered as it was. */
    for (size_t i = 0; e && i < w.seen.count; i++)
        w.seen.rows[i].here = true;
    enum err kept = fetch_seen_save(f, &w.seen, e ? NULL : reterr);
    fetch_seen_done(&w.seen);
    if (e == OK && kept == OK && w.forgotten)
        e = fault_set(reterr, ERR_LIMIT, "%zu files more than the %d of one source: move old ones away", w.forgotten,
                      FETCH_SEEN_MAX);
    return e ? e : kept;
}

enum err fetch_folder(struct fetch *f, struct fault *reterr)
{
    static const char *const here[] = {"", NULL};
    return fetch_files(f, here, false, reterr);
}
