/* support/recorder.c - the recording half: a list of operations, and what each name means. */
#include "support/recorder.h"

#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/recorder_note.h"
#include "support/scratch.h"

/* What a name means now, every operation applied. */
struct name {
    char *path;
    size_t file;
};

struct recorder {
    struct io *io;
    pthread_mutex_t lock;
    char *root;
    struct op *ops;
    size_t count, cap;
    struct recorded_file *files;
    size_t file_count;
    struct name *names;
    size_t name_count;
};

static void *must(void *memory)
{
    if (!memory) {
        perror("recorder");
        abort();
    }
    return memory;
}

void recorder_lock(struct recorder *r)
{
    pthread_mutex_lock(&r->lock);
}

void recorder_unlock(struct recorder *r)
{
    pthread_mutex_unlock(&r->lock);
}

/* Relative to the root, "" for the root itself; NULL outside it. To be freed. The last part need not exist. */
static char *inside(const struct recorder *r, const char *path)
{
    char *copy = must(strdup(path));
    char *slash = strrchr(copy, '/');
    const char *last = slash ? slash + 1 : copy;
    if (slash)
        *slash = 0;
    char *folder = realpath(!slash ? "." : slash == copy ? "/" : copy, NULL);
    char *found = NULL, *full = NULL;
    size_t root_len = strlen(r->root);
    if (folder) {
        bool dot = strcmp(last, ".") == 0 || *last == 0;
        if (asprintf(&full, dot ? "%s" : "%s/%s", folder, last) < 0)
            abort();
        if (strncmp(full, r->root, root_len) == 0 && (full[root_len] == '/' || full[root_len] == 0))
            found = must(strdup(full + root_len + (full[root_len] == '/')));
    }
    free(full);
    free(folder);
    free(copy);
    return found;
}

static struct name *find_name(struct recorder *r, const char *path)
{
    for (size_t i = 0; i < r->name_count; i++)
        if (strcmp(r->names[i].path, path) == 0)
            return &r->names[i];
    return NULL;
}

static void set_name(struct recorder *r, const char *path, size_t file)
{
    struct name *name = find_name(r, path);
    if (!name) {
        r->names = must(realloc(r->names, (r->name_count + 1) * sizeof *r->names));
        name = &r->names[r->name_count++];
        name->path = must(strdup(path));
    }
    name->file = file;
}

static void drop_name(struct recorder *r, const char *path)
{
    struct name *name = find_name(r, path);
    if (!name)
        return;
    free(name->path);
    *name = r->names[--r->name_count];
}

static size_t add_file(struct recorder *r, char *base, size_t len, const char *base_name)
{
    size_t used = len;
    while (used > 0 && !base[used - 1])
        used--;
    r->files = must(realloc(r->files, (r->file_count + 1) * sizeof *r->files));
    r->files[r->file_count] = (struct recorded_file){
        .base = base,
        .base_len = len,
        .base_used = used,
        .len = len,
        .base_name = base_name ? must(strdup(base_name)) : NULL,
        .scanned = r->count,
    };
    return r->file_count++;
}

static struct op *add_op(struct recorder *r, enum op_kind kind, size_t file)
{
    if (r->count == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 256;
        r->ops = must(realloc(r->ops, r->cap * sizeof *r->ops));
    }
    struct op *op = &r->ops[r->count++];
    *op = (struct op){.kind = kind, .file = file, .durable_at = NEVER};
    return op;
}

size_t recorder_note_open(struct recorder *r, const char *path, bool existed, bool emptied)
{
    char *name = inside(r, path);
    if (!name)
        return NOFILE;
    struct name *known = find_name(r, name);
    size_t file;
    if (known && existed) {
        file = known->file;
        if (emptied)
            recorder_note_truncate(r, file, 0);
    } else if (existed) { /* made behind our back: durable as it is */
        size_t len;
        char *base = scratch_read(path, &len);
        file = add_file(r, must(base), len, name);
        set_name(r, name, file);
    } else {
        file = add_file(r, NULL, 0, NULL);
        set_name(r, name, file);
        add_op(r, OP_CREATE, file)->name = must(strdup(name));
    }
    free(name);
    return file;
}

/* Keeps the length up; true when it grew. */
static bool lengthen(struct recorder *r, size_t file, size_t end)
{
    if (end <= r->files[file].len)
        return false;
    r->files[file].len = end;
    return true;
}

void recorder_note_write(struct recorder *r, size_t file, int64_t offset, const void *bytes, size_t len)
{
    if (file == NOFILE || len == 0)
        return;
    struct op *op = add_op(r, OP_WRITE, file);
    op->offset = offset;
    op->len = len;
    op->extends = lengthen(r, file, (size_t)offset + len);
    op->bytes = must(malloc(len));
    memcpy(op->bytes, bytes, len);
}

void recorder_note_truncate(struct recorder *r, size_t file, int64_t len)
{
    if (file == NOFILE)
        return;
    add_op(r, OP_TRUNCATE, file)->offset = len;
    r->files[file].len = (size_t)len;
}

void recorder_note_allocate(struct recorder *r, size_t file, int64_t offset, int64_t len)
{
    if (file == NOFILE)
        return;
    struct op *op = add_op(r, OP_ALLOCATE, file);
    op->offset = offset;
    op->len = (size_t)len;
    lengthen(r, file, (size_t)(offset + len));
}

void recorder_note_sync(struct recorder *r, size_t file)
{
    if (file == NOFILE)
        return;
    add_op(r, OP_SYNC, file);
    size_t at = r->count - 1;
    for (size_t i = r->files[file].scanned; i < at; i++) {
        struct op *op = &r->ops[i];
        if (op->file == file && (op->kind == OP_WRITE || op->kind == OP_TRUNCATE || op->kind == OP_ALLOCATE))
            op->durable_at = at;
    }
    r->files[file].scanned = at;
}

static bool lies_in(const char *name, const char *folder)
{
    const char *slash = strrchr(name, '/');
    size_t len = slash ? (size_t)(slash - name) : 0;
    return strlen(folder) == len && strncmp(name, folder, len) == 0;
}

/* A rename between folders is durable when both were synced: its len, of no other use, keeps which one was. */
static void note_sync_folder(struct recorder *r, const char *folder)
{
    add_op(r, OP_SYNC_FOLDER, NOFILE)->name = must(strdup(folder));
    size_t at = r->count - 1;
    for (size_t i = 0; i < at; i++) {
        struct op *op = &r->ops[i];
        if (op->durable_at != NEVER || !op->name || op->kind == OP_SYNC_FOLDER)
            continue;
        if (op->kind == OP_RENAME && !lies_in(op->to, folder)) {
            op->len |= lies_in(op->name, folder) ? 1 : 0;
        } else if (op->kind == OP_RENAME && !lies_in(op->name, folder)) {
            op->len |= 2;
        } else if (lies_in(op->name, folder)) {
            op->durable_at = at;
        }
        if (op->kind == OP_RENAME && op->len == 3)
            op->durable_at = at;
    }
}

void recorder_note_sync_parent(struct recorder *r, const char *path)
{
    char *name = inside(r, path);
    if (!name)
        return;
    char *slash = strrchr(name, '/');
    *(slash ? slash : name) = 0;
    note_sync_folder(r, name);
    free(name);
}

void recorder_note_unlink(struct recorder *r, const char *path)
{
    char *name = inside(r, path);
    if (!name)
        return;
    drop_name(r, name);
    add_op(r, OP_UNLINK, NOFILE)->name = name;
}

void recorder_note_rename(struct recorder *r, const char *from, const char *to)
{
    char *from_name = inside(r, from), *to_name = inside(r, to);
    if (from_name && to_name) {
        struct name *name = find_name(r, from_name);
        size_t file = name ? name->file : NOFILE;
        drop_name(r, from_name);
        if (file != NOFILE)
            set_name(r, to_name, file);
        struct op *op = add_op(r, OP_RENAME, file);
        op->name = from_name;
        op->to = to_name;
        return;
    }
    if (from_name || to_name) {
        fprintf(stderr, "recorder: a rename across the root's border cannot be recorded: %s to %s\n", from, to);
        abort();
    }
}

void recorder_mark(struct recorder *r, const char *word, uint64_t n)
{
    recorder_lock(r);
    struct op *op = add_op(r, OP_MARK, NOFILE);
    op->word = word;
    op->offset = (int64_t)n;
    recorder_unlock(r);
}

/* nftw has no argument of its own. */
static struct recorder *filling;

static int take_base(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)at;
    if (kind == FTW_F)
        recorder_note_open(filling, path, true, false);
    return 0;
}

struct recorder *recorder_new(const char *root)
{
    struct recorder *r = must(calloc(1, sizeof *r));
    r->root = must(realpath(root, NULL));
    r->io = recorder_io_new(r);
    pthread_mutex_init(&r->lock, NULL);
    filling = r;
    if (nftw(r->root, take_base, 16, FTW_PHYS) != 0)
        must(NULL);
    filling = NULL;
    return r;
}

void recorder_free(struct recorder *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++) {
        free(r->ops[i].bytes);
        free(r->ops[i].name);
        free(r->ops[i].to);
    }
    for (size_t i = 0; i < r->file_count; i++) {
        free(r->files[i].base);
        free(r->files[i].base_name);
    }
    for (size_t i = 0; i < r->name_count; i++)
        free(r->names[i].path);
    recorder_io_free(r->io);
    free(r->ops);
    free(r->files);
    free(r->names);
    free(r->root);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

const struct io *recorder_io(struct recorder *r)
{
    return r->io;
}

size_t recorder_len(const struct recorder *r)
{
    return r->count;
}

int64_t recorder_last_mark(const struct recorder *r, size_t point, const char *word)
{
    for (size_t i = point < r->count ? point : r->count; i-- > 0;)
        if (r->ops[i].kind == OP_MARK && strcmp(r->ops[i].word, word) == 0)
            return r->ops[i].offset;
    return -1;
}

bool recorder_has_mark(const struct recorder *r, size_t point, const char *word, uint64_t n)
{
    for (size_t i = 0; i < point && i < r->count; i++)
        if (r->ops[i].kind == OP_MARK && r->ops[i].offset == (int64_t)n && strcmp(r->ops[i].word, word) == 0)
            return true;
    return false;
}

const struct op *recorder_ops(const struct recorder *r, size_t *ret_count)
{
    *ret_count = r->count;
    return r->ops;
}

const struct recorded_file *recorder_files(const struct recorder *r, size_t *ret_count)
{
    *ret_count = r->file_count;
    return r->files;
}
