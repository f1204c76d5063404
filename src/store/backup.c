/* store/backup.c - a backup of an open home.
 *
 *   LOCKED --publish--> POINT: on the writer thread, between two groups: how far the log reaches, local.db, the small
 *     files, into memory --> COPY: segments, while writers go on behind the point (erasures wait: keep_lock)
 *     --> the archive's logs --> contents' folder synced --> manifest replaced --> contents nobody names removed
 *
 * A sealed segment changes by erasures only, and these are entries: those since the last backup say which segments
 * are to be copied anew. */
#include "store/backup.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/time.h"
#include "store/backup_archive.h"
#include "store/backup_files.h"
#include "store/checkpoint.h"
#include "store/erase_inside.h"
#include "store/erase_list.h"

#define SMALL_FILE_MAX  (256 * MIB)
#define SMALL_FILES_MAX 256
#define FOLDERS_SPACE   "backup"
#define FOLDERS_KEY     "folders"
#define FOLDERS_MAX     (64 * KIB)

struct small_file {
    char name[64];
    struct buffer bytes;
};

struct backup {
    struct node *node;
    const char *dir;
    bool archive;
    const atomic_bool *cancel;
    struct manifest before, made;
    bool list_alone; /* nothing is copied, and a list knows entries by their leaves; the tree may not be open yet */
    bool has_before;
    struct log_extent extent;
    struct small_file *small;
    size_t small_count;
    bool *touched; /* segments, by erasures since `before` */
    struct backup_result result;
};

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory for a backup");
}

/* ---- the folder ---- */

static bool inside_home(const struct backup *b)
{
    char *home = realpath(b->node->home, NULL), *dir = realpath(b->dir, NULL);
    size_t len = home ? strlen(home) : 0;
    bool inside = home && dir && strncmp(dir, home, len) == 0 && (dir[len] == 0 || dir[len] == '/');
    free(home);
    free(dir);
    return inside;
}

/* A folder with anything else in it was named by mistake. */
static enum err check_folder(const struct backup *b, struct fault *reterr)
{
    static const char *const ours[] = {".",          "..",      BACKUP_MANIFEST,      BACKUP_MANIFEST ".new",
                                       BACKUP_FILES, HOME_LOCK, ERASURES_FILE ".new", ERASURES_FILE};
    enum err err = OK;
    DIR *d = opendir(b->dir);
    if (!d)
        return fault_errno(reterr, "opening %s", b->dir);
    for (struct dirent *e; err == OK && (e = readdir(d));) {
        size_t i = 0;
        while (i < ARRAY_LEN(ours) && strcmp(e->d_name, ours[i]) != 0)
            i++;
        if (i == ARRAY_LEN(ours))
            err = fault_set(reterr, ERR_EXISTS, "%s holds %s: a backup wants a folder of its own", b->dir, e->d_name);
    }
    closedir(d);
    if (err == OK && inside_home(b))
        err = fault_set(reterr, ERR_USAGE, "%s lies in the home itself: a backup goes to another disk", b->dir);
    return err;
}

static enum err make_folder(const struct backup *b, struct fault *reterr)
{
    char *files = home_path(b->dir, BACKUP_FILES);
    enum err err = files ? home_make_folder(b->dir, reterr) : no_memory(reterr);
    if (err == OK)
        err = check_folder(b, reterr);
    if (err == OK)
        err = home_make_folder(files, reterr);
    if (err == OK && chmod(b->dir, 0700) != 0)
        err = fault_errno(reterr, "closing %s to others", b->dir);
    free(files);
    return err;
}

/* Is what was published when that backup was made still the beginning of this log? A machine that was put back and
 * went on has the log's id, too, and another past: the contents of both must not be mixed. */
static enum err same_history(struct backup *b, struct fault *reterr)
{
    struct buffer bytes;
    struct kept kept = {0};
    struct sha256 root;
    struct tree_source tree = node_tree(b->node);
    const struct backup_file *f = manifest_find(&b->before, TEXT(CHECKPOINT_FILE));
    if (!f)
        return OK;
    char *path = backup_path(b->dir, &f->hash);
    enum err err = path ? home_read(b->node->io, path, SMALL_FILE_MAX, &bytes, reterr) : no_memory(reterr);
    free(path);
    if (err != OK) /* gone or unreadable: it is copied again */
        return err == ERR_NOT_FOUND || err == ERR_LIMIT ? OK : err;
    err = kept_from(buffer_text(&bytes), &kept, reterr);
    buffer_done(&bytes);
    if (err == ERR_MALFORMED)
        return OK;
    if (err == OK && kept.size <= node_tree_size(b->node) && tree_root(&tree, kept.size, &root, NULL) == OK &&
        !sha256_eq(&root, &kept.root))
        err = fault_set(reterr, ERR_EXISTS,
                        "%s holds another past of this log (it was put back since, and went on): keep that backup, "
                        "and back up elsewhere",
                        b->dir);
    kept_done(&kept);
    return err;
}

static enum err read_before(struct backup *b, struct fault *reterr)
{
    struct buffer bytes;
    struct log_extent extent;
    char *path = home_path(b->dir, BACKUP_MANIFEST);
    enum err err = path ? home_read(b->node->io, path, MANIFEST_MAX_BYTES, &bytes, reterr) : no_memory(reterr);
    free(path);
    if (err != OK)
        return err == ERR_NOT_FOUND ? OK : err;
    err = manifest_parse(buffer_text(&bytes), &b->before, reterr);
    buffer_done(&bytes);
    if (err != OK)
        return err;
    b->has_before = true;
    log_extent(b->node->log, &extent);
    if (memcmp(b->before.log_id, extent.id, sizeof extent.id) != 0)
        return fault_set(reterr, ERR_EXISTS, "%s holds the backup of another node, " TEXT_FMT, b->dir,
                         TEXT_ARG(text_sub(b->before.node, 0, 80)));
    if (!b->list_alone)
        err = same_history(b, reterr);
    if (err != OK)
        return err;
    if (b->before.entries > extent.entries)
        return fault_set(reterr, ERR_EXISTS,
                         "%s holds a later state of this node (%llu entries, here are %llu): back up elsewhere",
                         b->dir, (unsigned long long)b->before.entries, (unsigned long long)extent.entries);
    return OK;
}

/* ---- the point, on the writer thread ---- */

static enum err add_small(struct backup *b, const char *name, struct buffer *bytes, struct fault *reterr)
{
    if (b->small_count == SMALL_FILES_MAX)
        return fault_set(reterr, ERR_LIMIT, "more than %d small files in the home", SMALL_FILES_MAX);
    struct small_file *f = &b->small[b->small_count++];
    snprintf(f->name, sizeof f->name, "%s", name);
    f->bytes = *bytes;
    return OK;
}

static enum err read_small(struct backup *b, const char *name, struct fault *reterr)
{
    struct buffer bytes;
    char *path = home_path(b->node->home, name);
    enum err err = path ? home_read(b->node->io, path, SMALL_FILE_MAX, &bytes, reterr) : no_memory(reterr);
    free(path);
    if (err != OK)
        return err == ERR_NOT_FOUND ? OK : err;
    err = add_small(b, name, &bytes, reterr);
    if (err != OK)
        buffer_done(&bytes);
    return err;
}

static enum err read_keys(struct backup *b, struct fault *reterr)
{
    char *keys = home_path(b->node->home, "keys"), name[64];
    DIR *d = keys ? opendir(keys) : NULL;
    enum err err = keys ? OK : no_memory(reterr);
    if (keys && !d && errno != ENOENT)
        err = fault_errno(reterr, "reading %s", keys);
    for (struct dirent *e; d && err == OK && (e = readdir(d));) {
        size_t len = strlen(e->d_name);
        if (len > 4 && len < 40 && strcmp(e->d_name + len - 4, ".key") == 0) {
            snprintf(name, sizeof name, "keys/%.40s", e->d_name);
            err = read_small(b, name, reterr);
        }
    }
    if (d)
        closedir(d);
    free(keys);
    return err;
}

static enum err take_point(struct node *node, void *self, struct fault *reterr)
{
    static const char *const names[] = {HOME_CONFIG, "format", ERASURES_FILE, CHECKPOINT_FILE, COSIGNED_FILE};
    struct backup *b = self;
    struct buffer local;
    enum err err = OK;
    log_extent(node->log, &b->extent);
    for (size_t i = 0; err == OK && i < ARRAY_LEN(names); i++)
        err = read_small(b, names[i], reterr);
    if (err == OK)
        err = read_keys(b, reterr);
    if (err != OK)
        return err;
    buffer_init(&local, SMALL_FILE_MAX);
    err = local_copy(node->local, &local, reterr);
    if (err == OK)
        err = add_small(b, "local.db", &local, reterr);
    if (err != OK)
        buffer_done(&local);
    return err;
}

/* ---- segments ---- */

static enum err mark_touched(struct backup *b, const struct fact_erasure *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->entries[i] < b->extent.entries)
            b->touched[log_segment_of(b->node->log, f->entries[i])] = true;
    return OK;
}

static enum err read_erasures(struct backup *b, struct fault *reterr)
{
    struct log_reader *r;
    struct arena arena;
    enum err err = log_reader_open(b->node->log, b->before.entries, &r, reterr);
    if (err != OK)
        return err;
    arena_init(&arena, 4 * LOG_RECORD_MAX_BYTES);
    while (err == OK) {
        struct log_read read;
        struct fact f;
        err = log_reader_next(r, &read, reterr);
        if (err != OK || read.entry.n >= b->extent.entries)
            break;
        if (read.erased || !text_eq(read.entry.kind, text_of(fact_kind_name(FACT_ERASURE))))
            continue;
        arena_reset(&arena);
        err = fact_decode(&read, &arena, &f, reterr);
        if (err == OK)
            err = mark_touched(b, &f.u.erasure);
    }
    arena_done(&arena);
    log_reader_close(r);
    return err == ERR_NOT_FOUND ? OK : err;
}

static enum err take(struct backup *b, struct backup_file *f, bool copied, struct fault *reterr)
{
    b->result.files++;
    b->result.bytes += f->bytes;
    b->result.copied_files += copied;
    b->result.copied_bytes += copied ? f->bytes : 0;
    return manifest_add(&b->made, f) == OK ? OK : no_memory(reterr);
}

static enum err take_log(void *self, struct backup_file *f, bool copied, struct fault *reterr)
{
    return take(self, f, copied, reterr);
}

static enum err take_archive(struct backup *b, struct fault *reterr)
{
    const struct manifest *before = b->has_before ? &b->before : NULL;
    return b->archive ? backup_archive(b->node->io, b->node->home, b->dir, before, b->cancel, take_log, b, reterr)
                      : OK;
}

static enum err take_segment(struct backup *b, uint32_t number, struct fault *reterr)
{
    const struct io *io = b->node->io;
    char name[32];
    snprintf(name, sizeof name, "log/%08u.log", number);
    struct backup_file f = {.name = text_of(name), .sealed = number + 1 < b->extent.segments};
    const struct backup_file *old = b->has_before ? manifest_find(&b->before, f.name) : NULL;
    if (old && old->sealed && f.sealed && !b->touched[number] && backup_has(io, b->dir, old)) {
        f.hash = old->hash;
        f.bytes = old->bytes;
        return take(b, &f, false, reterr);
    }
    char *path = home_path(b->node->home, name);
    enum err err = path ? OK : no_memory(reterr);
    f.bytes = b->extent.last_bytes;
    if (path && f.sealed) {
        struct stat st;
        if (stat(path, &st) != 0)
            err = fault_errno(reterr, "looking at %s", path);
        else
            f.bytes = (uint64_t)st.st_size;
    }
    if (err == OK)
        err = backup_put_file(io, b->dir, path, f.bytes, b->cancel, &f.hash, reterr);
    free(path);
    return err == OK ? take(b, &f, true, reterr) : err;
}

static enum err take_segments(struct backup *b, struct fault *reterr)
{
    b->touched = calloc(b->extent.segments + 1, sizeof *b->touched);
    enum err err = b->touched ? OK : no_memory(reterr);
    if (err == OK && b->has_before)
        err = read_erasures(b, reterr);
    for (uint32_t i = 0; err == OK && i < b->extent.segments; i++)
        err = take_segment(b, i, reterr);
    return err;
}

static enum err take_small(struct backup *b, struct fault *reterr)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < b->small_count; i++) {
        struct text bytes = buffer_text(&b->small[i].bytes);
        struct backup_file f = {.name = text_of(b->small[i].name), .bytes = bytes.len};
        err = backup_put_bytes(b->node->io, b->dir, bytes, &f.hash, reterr);
        b->result.checkpoint |= text_eq(f.name, TEXT(CHECKPOINT_FILE));
        if (err == OK)
            err = take(b, &f, true, reterr);
    }
    return err;
}

/* ---- the manifest ---- */

static enum err write_manifest(struct backup *b, struct fault *reterr)
{
    struct buffer out;
    char made[STAMP_TEXT_MAX], *path = home_path(b->dir, BACKUP_MANIFEST), *files = home_path(b->dir, BACKUP_FILES);
    struct manifest *m = &b->made;
    buffer_init(&out, MANIFEST_MAX_BYTES);
    memcpy(m->log_id, b->extent.id, sizeof m->log_id);
    m->entries = b->extent.entries;
    m->node = b->node->genesis.name;
    m->made = stamp_format(stamp_from_us(clock_now_us(), 3), made);
    manifest_write(m, &out);
    enum err err = path && files && buffer_error(&out) == OK ? OK : no_memory(reterr);
    if (err == OK)
        err = home_sync(b->node->io, files, NULL, reterr);
    if (err == OK && io_replace_file(b->node->io, path, out.ptr, out.len, 0600) != 0)
        err = fault_errno(reterr, "writing %s", path);
    buffer_done(&out);
    free(path);
    free(files);
    return err;
}

/* ---- where backups are ---- */

static enum err folders(struct node *node, struct buffer *out, struct fault *reterr)
{
    enum err err = local_get(node->local, FOLDERS_SPACE, TEXT(FOLDERS_KEY), out, reterr);
    return err == ERR_NOT_FOUND ? OK : err;
}

static enum err remember(struct backup *b, struct fault *reterr)
{
    struct buffer list;
    struct text line;
    bool known = false;
    buffer_init(&list, FOLDERS_MAX);
    enum err err = folders(b->node, &list, reterr);
    struct text rest = buffer_text(&list);
    while (rest.len && text_split(&rest, '\n', &line))
        known |= text_eq(line, text_of(b->dir));
    if (err == OK && !known && !strchr(b->dir, '\n')) {
        buffer_addf(&list, "%s\n", b->dir);
        err = buffer_error(&list) != OK
                  ? no_memory(reterr)
                  : local_set(b->node->local, FOLDERS_SPACE, TEXT(FOLDERS_KEY), buffer_text(&list), reterr);
    }
    buffer_done(&list);
    return err;
}

/* Only where a backup of this log lies. */
static enum err spread_to(struct node *node, const char *dir, const struct erased_list *list, struct fault *reterr)
{
    struct backup b = {.node = node, .dir = dir, .list_alone = true};
    char *path = home_path(dir, ERASURES_FILE);
    enum err err = path ? read_before(&b, reterr) : no_memory(reterr);
    if (err == OK && !b.has_before)
        err = fault_set(reterr, ERR_NOT_FOUND, "no backup there");
    if (err == OK)
        err = erased_list_save(node->io, path, list, reterr);
    manifest_done(&b.before);
    free(path);
    return err;
}

enum err backup_spread(struct node *node, struct buffer *ret_unreached, struct fault *reterr)
{
    struct buffer known;
    struct erased_list list = {0};
    struct text line;
    char *path = home_path(node->home, ERASURES_FILE);
    buffer_init(&known, FOLDERS_MAX);
    enum err err = path ? folders(node, &known, reterr) : no_memory(reterr);
    if (err == OK && known.len)
        err = erased_list_load(node->io, path, &list, reterr);
    struct text rest = buffer_text(&known);
    while (err == OK && rest.len && text_split(&rest, '\n', &line)) {
        char *dir = strndup(line.ptr, line.len);
        if (line.len && (!dir || spread_to(node, dir, &list, NULL) != OK))
            buffer_addf(ret_unreached, TEXT_FMT "\n", TEXT_ARG(line));
        free(dir);
    }
    erased_list_done(&list);
    buffer_done(&known);
    free(path);
    return err;
}

enum err node_spread_erasures(struct node *node, struct buffer *ret_unreached, struct fault *reterr)
{
    pthread_mutex_lock(&node->keep_lock);
    enum err err = backup_spread(node, ret_unreached, reterr);
    pthread_mutex_unlock(&node->keep_lock);
    return err;
}

/* ---- the whole of it ---- */

static enum err run(struct backup *b, struct fault *reterr)
{
    struct job job = {.alone = take_point, .self = b};
    bool fresh;
    enum err err = read_before(b, reterr);
    if (err == OK)
        err = remember(b, reterr); /* first, so that the copy of local.db knows of this folder, too */
    if (err == OK)
        (void)!node_publish(b->node, &fresh, NULL); /* who cannot sign backs up all the same */
    if (err == OK)
        err = writer_run(b->node, &job, reterr);
    if (err == OK)
        err = take_segments(b, reterr);
    if (err == OK)
        err = take_small(b, reterr);
    if (err == OK)
        err = take_archive(b, reterr);
    if (err == OK)
        err = write_manifest(b, reterr);
    return err == OK ? backup_sweep(b->node->io, b->dir, &b->made, reterr) : err;
}

enum err node_backup(struct node *node, const char *dir, bool archive, const atomic_bool *cancel,
                     struct backup_result *ret, struct fault *reterr)
{
    struct backup b = {.node = node, .dir = dir, .archive = archive, .cancel = cancel};
    int lock;
    if (node->mode != NODE_OWN)
        return fault_set(reterr, ERR_DENIED, "this node was opened for reading only");
    b.small = calloc(SMALL_FILES_MAX, sizeof *b.small);
    if (!b.small)
        return no_memory(reterr);
    manifest_init(&b.made);
    pthread_mutex_lock(&node->keep_lock);
    enum err err = make_folder(&b, reterr);
    if (err == OK)
        err = home_lock(node->io, dir, &lock, reterr);
    if (err == OK) {
        err = run(&b, reterr);
        home_unlock(node->io, lock);
    }
    pthread_mutex_unlock(&node->keep_lock);
    b.result.entries = b.extent.entries;
    if (err == OK)
        *ret = b.result;
    for (size_t i = 0; i < b.small_count; i++)
        buffer_done(&b.small[i].bytes);
    free(b.small);
    free(b.touched);
    manifest_done(&b.made);
    manifest_done(&b.before);
    return err;
}
