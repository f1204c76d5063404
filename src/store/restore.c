/* store/restore.c - see restore.h.
 *
 *   CHECK every content's hash --> HOME.restoring with its mark, files copied (and hashed again), synced --> opened
 * as its owner: views made --> later erasures --> origin --> closed --> verified --> mark removed --> renamed cut
 * short anywhere before the end: HOME is not there; the next restore removes HOME.restoring, by its mark. */
#include "store/restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/backup.h"
#include "store/backup_files.h"
#include "store/erase_list.h"
#include "store/home.h"
#include "store/origin.h"
#include "store/verify.h"

#define MARK_FILE      "restore.unfinished"
#define ARCHIVE_FOLDER "archive"
#define ERASE_REASON   "erased before the restore"

struct restore {
    const struct io *io;
    const char *dir, *home;
    const struct restore_options *options;
    char *beside;
    struct manifest m;
    struct restore_result result;
};

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory for a restore");
}

/* ---- what is there ---- */

static enum err check_free(const char *home, struct fault *reterr)
{
    DIR *d = opendir(home);
    bool empty = true;
    if (!d)
        return errno == ENOENT ? OK : fault_errno(reterr, "opening %s", home);
    for (struct dirent *e; (e = readdir(d));)
        empty &= strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    closedir(d);
    return empty ? OK
                 : fault_set(reterr, ERR_EXISTS,
                             "there is something in %s: a restore makes a new home; move this one away first", home);
}

static enum err read_manifest(struct restore *r, struct fault *reterr)
{
    struct buffer bytes;
    char *path = home_path(r->dir, BACKUP_MANIFEST);
    enum err err = path ? home_read(r->io, path, MANIFEST_MAX_BYTES, &bytes, reterr) : no_memory(reterr);
    free(path);
    if (err == ERR_NOT_FOUND)
        return fault_set(reterr, err, "%s holds no backup: there is no " BACKUP_MANIFEST " in it", r->dir);
    if (err != OK)
        return err;
    err = manifest_parse(buffer_text(&bytes), &r->m, reterr);
    buffer_done(&bytes);
    if (err == OK && (!manifest_find(&r->m, TEXT(HOME_FIRST)) || !manifest_find(&r->m, TEXT("local.db"))))
        err = fault_set(reterr, ERR_MALFORMED, "the backup's manifest.json names no log, or no local.db");
    return err;
}

static enum err spoilt(const struct backup_file *f, const char *what, struct fault *reterr)
{
    char hex[SHA256_HEX];
    return fault_set(reterr, ERR_MALFORMED,
                     "the backup is damaged: " BACKUP_FILES "/%.16s..., which is " TEXT_FMT ", %s",
                     sha256_hex(&f->hash, hex).ptr, TEXT_ARG(f->name), what);
}

static enum err check_file(struct restore *r, const struct backup_file *f, struct fault *reterr)
{
    struct sha256 hash;
    uint64_t bytes;
    char *path = backup_path(r->dir, &f->hash);
    enum err err = path ? backup_hash(r->io, path, r->options->cancel, &hash, &bytes, reterr) : no_memory(reterr);
    free(path);
    if (err == ERR_NOT_FOUND)
        return spoilt(f, "is missing", reterr);
    if (err == OK && (bytes != f->bytes || !sha256_eq(&hash, &f->hash)))
        return spoilt(f, "has another content than the manifest says", reterr);
    r->result.files++;
    r->result.bytes += f->bytes;
    return err;
}

static enum err check_all(struct restore *r, struct fault *reterr)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < r->m.count; i++)
        err = check_file(r, &r->m.files[i], reterr);
    return err;
}

/* ---- the folder beside ---- */

static enum err empty_folder(struct restore *r, const char *name, struct fault *reterr)
{
    char *path = name ? home_path(r->beside, name) : strdup(r->beside);
    DIR *d = path ? opendir(path) : NULL;
    enum err err = path ? OK : no_memory(reterr);
    for (struct dirent *e; d && err == OK && (e = readdir(d));)
        if (e->d_type != DT_DIR && strcmp(e->d_name, MARK_FILE) != 0)
            err = home_remove(r->io, path, e->d_name, reterr);
    if (d)
        closedir(d);
    free(path);
    return err;
}

/* What an earlier restore left: its mark says that it is nobody's home. */
static enum err clear_beside(struct restore *r, struct fault *reterr)
{
    static const char *const folders[] = {"log", "keys", "view", ARCHIVE_FOLDER, NULL};
    enum err err = check_free(r->beside, NULL);
    if (err != ERR_EXISTS)
        return OK;
    if (home_has(r->beside, MARK_FILE, NULL) != OK)
        return fault_set(reterr, ERR_EXISTS, "%s is there, and not what a restore left: move it away first",
                         r->beside);
    err = OK;
    for (size_t i = 0; err == OK && i < ARRAY_LEN(folders); i++)
        err = empty_folder(r, folders[i], reterr);
    return err;
}

static bool has_archive(const struct restore *r)
{
    for (size_t i = 0; i < r->m.count; i++)
        if (text_starts(r->m.files[i].name, TEXT(ARCHIVE_FOLDER "/")))
            return true;
    return false;
}

static enum err make_beside(struct restore *r, struct fault *reterr)
{
    static const char *const folders[] = {"log", "keys", "view", ARCHIVE_FOLDER};
    size_t count = ARRAY_LEN(folders) - !has_archive(r);
    char *mark = home_path(r->beside, MARK_FILE);
    enum err err = mark ? clear_beside(r, reterr) : no_memory(reterr);
    if (err == OK)
        err = home_make_folder(r->beside, reterr);
    if (err == OK &&
        io_replace_file(r->io, mark, "entente restore was cut short here; run it again\n", 49, 0600) != 0)
        err = fault_errno(reterr, "writing %s", mark);
    for (size_t i = 0; err == OK && i < count; i++) {
        char *path = home_path(r->beside, folders[i]);
        err = path ? home_make_folder(path, reterr) : no_memory(reterr);
        free(path);
    }
    free(mark);
    return err;
}

static enum err copy_file(struct restore *r, const struct backup_file *f, struct fault *reterr)
{
    struct sha256 hash;
    char *from = backup_path(r->dir, &f->hash), *to = home_path(r->beside, f->name.ptr);
    enum err err =
        from && to ? backup_copy(r->io, from, to, f->bytes, r->options->cancel, &hash, reterr) : no_memory(reterr);
    if (err == OK && !sha256_eq(&hash, &f->hash)) /* since it was checked */
        err = spoilt(f, "changed while it was read", reterr);
    if (err == OK && text_starts(f->name, TEXT("log/")) && text_ends(f->name, TEXT(".log")))
        err = log_lengthen(r->io, to, reterr);
    free(from);
    free(to);
    return err;
}

static enum err copy_all(struct restore *r, struct fault *reterr)
{
    static const char *const folders[] = {"log", "keys", NULL, ARCHIVE_FOLDER};
    size_t count = ARRAY_LEN(folders) - !has_archive(r);
    enum err err = OK;
    for (size_t i = 0; err == OK && i < r->m.count; i++)
        err = copy_file(r, &r->m.files[i], reterr);
    for (size_t i = 0; err == OK && i < count; i++)
        err = home_sync(r->io, r->beside, folders[i], reterr);
    return err;
}

/* ---- the node in it ---- */

static enum err erase_list(struct restore *r, struct node *node, const char *path, struct fault *reterr)
{
    struct erased_list list;
    uint64_t count = 0;
    enum err err = erased_list_load(r->io, path, &list, reterr);
    if (err != OK)
        return err;
    err = node_erase_entries(node, &list, node_admin(node), TEXT(ERASE_REASON), &count, reterr);
    erased_list_done(&list);
    r->result.erased += count;
    return err;
}

static enum err erase_again(struct restore *r, struct node *node, struct fault *reterr)
{
    char *path = home_path(r->dir, ERASURES_FILE);
    enum err err = path ? erase_list(r, node, path, reterr) : no_memory(reterr);
    if (err == ERR_NOT_FOUND)
        err = OK;
    if (err == OK && r->options->erasures)
        err = erase_list(r, node, r->options->erasures, reterr);
    free(path);
    return err;
}

static enum err count_peer(void *self, const struct fact *f)
{
    *(uint64_t *)self += !f->u.peer.expelled;
    return OK;
}

/* May anybody have seen more of this log than the backup holds? */
static enum err may_be_behind(struct restore *r, struct node *node, bool *ret, struct fault *reterr)
{
    struct view *v;
    uint64_t peers = 0;
    bool none = false;
    enum err err = node_reader(node, &v, reterr);
    if (err != OK)
        return err;
    err = view_facts(v, FACT_PEER, count_peer, &peers, reterr);
    node_reader_done(node, v);
    if (err == OK && peers && r->options->ask && r->options->ask(r->options->ask_self, node, &none, NULL) != OK)
        none = false; /* whoever cannot be asked may have seen more */
    if (err == OK)    /* without partners in the copy: some may have come after it was made, and seen more */
        *ret = peers ? !none : !r->options->same_origin;
    return err;
}

static enum err settle_origin(struct restore *r, struct node *node, struct fault *reterr)
{
    const struct origin_change change = {
        .reason = ORIGIN_RESTORE, .account = *node_admin(node), .words = TEXT("restored from a backup")};
    struct node_origin origin;
    bool behind = true;
    enum err err = may_be_behind(r, node, &behind, reterr);
    if (err != OK || !behind)
        return err;
    if (node_can_sign(node, NULL) != OK) {
        r->result.unsigned_log = true;
        return OK;
    }
    err = node_new_origin(node, &change, &origin, reterr);
    r->result.new_origin = err == OK;
    return err;
}

static enum err live(struct restore *r, struct fault *reterr)
{
    struct node *node;
    struct view *v;
    enum err err = node_open(r->io, r->beside, NODE_OWN, &node, reterr);
    if (err != OK)
        return err;
    err = erase_again(r, node, reterr);
    if (err == OK)
        err = settle_origin(r, node, reterr);
    if (err == OK)
        err = node_reader(node, &v, reterr);
    if (err == OK) {
        r->result.entries = view_position(v);
        node_reader_done(node, v);
    }
    node_close(node);
    return err;
}

/* ---- verification ---- */

static void first_fault(void *self, const struct verify_finding *f)
{
    struct fault *why = self;
    if (f->state == VERIFY_FAULT && why->err == OK)
        fault_at(why, ERR_MALFORMED, f->offset, NULL, "what the backup gave does not verify: %s%s%.120s", f->file,
                 f->file[0] ? ": " : "", f->what);
}

static enum err verify(struct restore *r, struct fault *reterr)
{
    struct fault why = {.offset = -1, .line = -1};
    const struct verify_options options = {.on_finding = first_fault, .self = &why, .cancel = r->options->cancel};
    bool good = false;
    enum err err = verify_home(r->io, r->beside, &options, &good, reterr);
    if (err != OK || good)
        return err;
    if (why.err == OK)
        fault_set(&why, ERR_MALFORMED, "what the backup gave does not verify");
    if (r->options->with_faults) {
        memcpy(r->result.first_fault, why.what, sizeof r->result.first_fault);
        return OK;
    }
    if (reterr)
        *reterr = why;
    return why.err;
}

/* The mark goes last: as long as the folder has not its name, it is a restore's, which the next one may clear. In a
 * home it says nothing, so that it may stay where it cannot be removed. */
static enum err give_name(struct restore *r, struct fault *reterr)
{
    enum err err = home_sync(r->io, r->beside, NULL, reterr);
    if (err == OK)
        err = check_free(r->home, reterr); /* again: it took a while */
    if (err == OK && rmdir(r->home) != 0 && errno != ENOENT)
        err = fault_errno(reterr, "making %s", r->home);
    if (err == OK && r->io->rename(r->io->self, r->beside, r->home) != 0)
        err = fault_errno(reterr, "naming %s", r->home);
    if (err == OK && io_sync_parent(r->io, r->home) != 0)
        err = fault_errno(reterr, "syncing the folder above %s", r->home);
    if (err == OK)
        (void)!home_remove(r->io, r->home, MARK_FILE, NULL);
    return err;
}

static enum err run(struct restore *r, struct fault *reterr)
{
    enum err err = check_free(r->home, reterr);
    if (err == OK)
        err = read_manifest(r, reterr);
    if (err == OK)
        err = check_all(r, reterr);
    if (err == OK)
        err = make_beside(r, reterr);
    if (err == OK)
        err = copy_all(r, reterr);
    if (err == OK)
        err = live(r, reterr);
    if (err == OK)
        err = verify(r, reterr);
    return err == OK ? give_name(r, reterr) : err;
}

enum err home_restore(const struct io *io, const char *dir, const char *home, const struct restore_options *options,
                      struct restore_result *ret, struct fault *reterr)
{
    struct restore r = {.io = io, .dir = dir, .home = home, .options = options};
    size_t len = strlen(home);
    while (len > 1 && home[len - 1] == '/')
        len--;
    if (asprintf(&r.beside, "%.*s.restoring", (int)len, home) < 0)
        return no_memory(reterr);
    enum err err = home_check_user(home, reterr);
    if (err == OK)
        err = run(&r, reterr);
    if (err == OK)
        *ret = r.result;
    manifest_done(&r.m);
    free(r.beside);
    return err;
}
