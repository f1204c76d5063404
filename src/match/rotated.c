/* match/rotated.c - finds a log's rotated files by name, and the one that was being read by inode or content. While a
 * file is compressed both are there, under one name but for the suffix: the compressed one counts when it is alone.
 */
#include "match/rotated.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "match/input.h"
#include "match/tail.h"

#define LOOKS_MAX          16
#define COUNTER_DIGITS_MAX 6 /* longer numbers are dates or seconds */

struct name {
    char *rest; /* after the base: ".1", "-20261121", without what says that it is compressed */
    const char *suffix;
};

struct listing {
    char *folder;
    const char *base; /* in path */
    struct name *names;
    size_t count, cap;
};

static void listing_done(struct listing *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->names[i].rest);
    free(l->names);
    free(l->folder);
}

static const char *packed_suffix(const char *rest)
{
    static const char *const suffixes[] = {".gz", ".zst"};
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
        if (text_ends(text_of(rest), text_of(suffixes[i])))
            return suffixes[i];
    return "";
}

static enum err listing_add(struct listing *l, const char *rest)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct name *names = realloc(l->names, cap * sizeof *names);
        if (!names)
            return ERR_NOMEM;
        l->names = names;
        l->cap = cap;
    }
    struct name n = {.suffix = packed_suffix(rest)};
    n.rest = strndup(rest, strlen(rest) - strlen(n.suffix));
    if (!n.rest)
        return ERR_NOMEM;
    l->names[l->count++] = n;
    return OK;
}

static bool is_packed(const struct name *n)
{
    return n->suffix[0] != 0;
}

/* Compressed ones that are there uncompressed, too, go. */
static void drop_doubles(struct listing *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++) {
        bool twice = false;
        for (size_t k = 0; k < l->count && is_packed(&l->names[i]); k++)
            twice |= l->names[k].rest && !is_packed(&l->names[k]) && strcmp(l->names[i].rest, l->names[k].rest) == 0;
        if (twice)
            free(l->names[i].rest);
        else
            l->names[kept++] = l->names[i];
        if (kept <= i)
            l->names[i].rest = NULL;
    }
    l->count = kept;
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
    if (!err)
        drop_doubles(l);
    return err ? fault_set(reterr, err, "no memory to look for rotated logs") : OK;
}

static enum err open_name(const struct listing *l, const struct name *n, int *ret_fd)
{
    char *path;
    struct stat st;
    if (asprintf(&path, "%s%s%s%s", l->folder, l->base, n->rest, n->suffix) < 0)
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

enum likeness { OTHER, PACKED, COPY, SAME };

/* Does what is compressed begin with the state's print? */
static bool packed_has_print(int fd, const struct follow_state *state)
{
    char head[TAIL_HEAD_BYTES];
    size_t got = 0, n = 1;
    struct input *in;
    if (state->print_len == 0 || state->print_len > sizeof head || input_new(fd, &in))
        return false;
    while (got < state->print_len && n > 0) {
        if (input_read(in, head + got, state->print_len - got, false, &n, NULL))
            n = 0;
        got += n;
    }
    input_free(in);
    (void)lseek(fd, 0, SEEK_SET);
    return got == state->print_len && xxh3_of(head, got) == state->print;
}

static enum likeness likeness_of(int fd, bool packed, const struct follow_state *state, bool copies)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return OTHER;
    if (packed)
        return packed_has_print(fd, state) ? PACKED : OTHER;
    bool same = state->print_len ? st.st_ino == state->ino : st.st_ino == state->ino && st.st_dev == state->dev;
    if (same && tail_has_print(fd, state))
        return SAME;
    return copies && state->print_len && tail_has_print(fd, state) ? COPY : OTHER;
}

/* The best likeness; of copies the one that was written to last. *ret_fd -1: none. */
static enum err find_state_file(const struct listing *l, const struct follow_state *state, bool copies, int *ret_fd,
                                const struct name **ret_name)
{
    enum likeness best = OTHER;
    struct timespec best_time = {0};
    *ret_fd = -1;
    for (size_t i = 0; i < l->count && best != SAME; i++) {
        int fd;
        struct stat st;
        if (open_name(l, &l->names[i], &fd))
            goto nomem;
        enum likeness likeness = fd >= 0 ? likeness_of(fd, is_packed(&l->names[i]), state, copies) : OTHER;
        bool newer = likeness != OTHER && fstat(fd, &st) == 0 &&
                     (st.st_mtim.tv_sec > best_time.tv_sec ||
                      (st.st_mtim.tv_sec == best_time.tv_sec && st.st_mtim.tv_nsec >= best_time.tv_nsec));
        if (likeness > best || (likeness == best && newer)) {
            if (*ret_fd >= 0)
                close(*ret_fd);
            *ret_fd = fd;
            *ret_name = &l->names[i];
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

/* Of names of one sort. */
static int oldest_first(const void *a, const void *b)
{
    const char *x = ((const struct name *)a)->rest, *y = ((const struct name *)b)->rest;
    return is_newer(x, y) ? 1 : is_newer(y, x) ? -1 : 0;
}

static enum err add_names(const struct listing *l, struct name *names, size_t count, struct rotated *r)
{
    if (count)
        qsort(names, count, sizeof *names, oldest_first);
    for (size_t i = 0; i < count && r->count < ROTATED_MAX; i++) {
        int fd;
        if (open_name(l, &names[i], &fd))
            return ERR_NOMEM;
        if (fd >= 0)
            r->files[r->count++] = (struct rotated_file){fd, is_packed(&names[i]), 0, 1};
    }
    return OK;
}

/* Those for which `wanted` holds, beside `than`, put first; returns how many. */
static size_t choose(struct listing *l, bool (*wanted)(const char *rest, const char *than), const char *than)
{
    size_t count = 0;
    for (size_t i = 0; i < l->count; i++)
        if (wanted(l->names[i].rest, than)) {
            struct name name = l->names[i];
            l->names[i] = l->names[count];
            l->names[count++] = name;
        }
    return count;
}

static bool is_dated_one(const char *rest, const char *than)
{
    (void)than;
    return is_dated(rest);
}

static bool is_counted_one(const char *rest, const char *than)
{
    (void)than;
    return is_counted(rest);
}

static enum err collect_all(const char *path, struct rotated *r, struct fault *reterr)
{
    struct listing l = {0};
    enum err err = listing_read(&l, path, reterr);
    size_t count = choose(&l, is_dated_one, NULL); /* a log that has both was dated before it was counted */
    if (!err)
        err = add_names(&l, l.names, count, r);
    count = choose(&l, is_counted_one, NULL);
    if (!err)
        err = add_names(&l, l.names, count, r);
    listing_done(&l);
    return err;
}

static enum err collect_from(const char *path, const struct follow_state *state, bool copies, struct rotated *r,
                             struct fault *reterr)
{
    struct listing l = {0};
    const struct name *found = NULL;
    int fd = -1;
    enum err err = listing_read(&l, path, reterr);
    if (!err)
        err = find_state_file(&l, state, copies, &fd, &found);
    if (!err && fd >= 0) {
        const char *than = found->rest; /* found itself may move */
        r->files[r->count++] = (struct rotated_file){fd, is_packed(found), state->offset, state->line};
        size_t newer = choose(&l, is_newer, than);
        err = add_names(&l, l.names, newer, r);
    }
    listing_done(&l);
    return err;
}

static bool same_files(const struct rotated *a, const struct rotated *b)
{
    for (size_t i = 0; i < a->count && a->count == b->count; i++) {
        struct stat x, y;
        if (fstat(a->files[i].fd, &x) < 0 || fstat(b->files[i].fd, &y) < 0 || x.st_ino != y.st_ino ||
            x.st_dev != y.st_dev)
            return false;
    }
    return a->count == b->count;
}

/* While names are shifted, a look shows some files under two names and others under none: what two looks show alike
 * is so. state NULL: all. */
static enum err collect(const char *path, const struct follow_state *state, bool copies, struct rotated *ret,
                        struct fault *reterr)
{
    struct rotated last = {.count = 0};
    for (unsigned look = 0; look < LOOKS_MAX; look++) {
        struct rotated now = {.count = 0};
        enum err err = state ? collect_from(path, state, copies, &now, reterr) : collect_all(path, &now, reterr);
        bool same = !err && look > 0 && same_files(&last, &now);
        rotated_done(&last);
        last = now;
        if (err) {
            rotated_done(&last);
            return fault_set(reterr, err, "looking for rotated logs");
        }
        if (same)
            break;
    }
    *ret = last;
    return OK;
}

enum err rotated_find(const char *path, const struct follow_state *state, bool copies, struct rotated *ret,
                      struct fault *reterr)
{
    return collect(path, state, copies, ret, reterr);
}

enum err rotated_all(const char *path, struct rotated *ret, struct fault *reterr)
{
    return collect(path, NULL, false, ret, reterr);
}

void rotated_done(struct rotated *r)
{
    for (size_t i = 0; i < r->count; i++)
        close(r->files[i].fd);
    r->count = 0;
}
