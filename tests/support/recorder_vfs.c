/* support/recorder_vfs.c - a VFS that hands everything on to the default one and notes what changes files. */
#include "support/recorder_vfs.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/recorder_note.h"

struct shim_file {
    sqlite3_file base;
    sqlite3_io_methods methods; /* as many as the real file has */
    size_t file;                /* NOFILE: not recorded */
    char *path;                 /* owned; for the folder's sync */
    bool folder_unsynced;       /* a journal or WAL just made */
    sqlite3_file *real;         /* behind this struct */
};

static struct shim {
    sqlite3_vfs vfs;
    sqlite3_vfs *under;
    struct recorder *recorder;
    struct fault_io *fault;
} shim;

static int strikes(enum fault_call call)
{
    return shim.fault ? fault_io_strikes(shim.fault, call) : 0;
}

static void lock(void)
{
    if (shim.recorder)
        recorder_lock(shim.recorder);
}

static void unlock(void)
{
    if (shim.recorder)
        recorder_unlock(shim.recorder);
}

#define SHIM(f) ((struct shim_file *)(f))
#define REAL(f) (((struct shim_file *)(f))->real)

static int shim_close(sqlite3_file *f)
{
    int rc = REAL(f)->pMethods->xClose(REAL(f));
    free(SHIM(f)->path);
    SHIM(f)->path = NULL;
    if (shim.fault)
        shim.fault->open_files--;
    return rc;
}

/* SQLite never sees a short transfer or EINTR: its own VFS deals with them. */
static bool is_mild(int number)
{
    return number && (shim.fault->kind == FAULT_SHORT || shim.fault->kind == FAULT_INTR);
}

static int shim_read(sqlite3_file *f, void *out, int len, sqlite3_int64 offset)
{
    int number = strikes(FAULT_CALL_READ);
    if (number && !is_mild(number))
        return SQLITE_IOERR_READ;
    return REAL(f)->pMethods->xRead(REAL(f), out, len, offset);
}

static int write_and_note(sqlite3_file *f, const void *bytes, int len, sqlite3_int64 offset)
{
    lock();
    int rc = REAL(f)->pMethods->xWrite(REAL(f), bytes, len, offset);
    if (rc == SQLITE_OK && shim.recorder)
        recorder_note_write(shim.recorder, SHIM(f)->file, offset, bytes, (size_t)len);
    unlock();
    return rc;
}

static int shim_write(sqlite3_file *f, const void *bytes, int len, sqlite3_int64 offset)
{
    int number = strikes(FAULT_CALL_WRITE);
    if (!number || is_mild(number))
        return write_and_note(f, bytes, len, offset);
    if (shim.fault->kind == FAULT_TORN && len > 1)
        write_and_note(f, bytes, len / 2, offset);
    return number == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int shim_truncate(sqlite3_file *f, sqlite3_int64 len)
{
    if (strikes(FAULT_CALL_OTHER))
        return SQLITE_IOERR_TRUNCATE;
    lock();
    int rc = REAL(f)->pMethods->xTruncate(REAL(f), len);
    if (rc == SQLITE_OK && shim.recorder)
        recorder_note_truncate(shim.recorder, SHIM(f)->file, len);
    unlock();
    return rc;
}

static int shim_sync(sqlite3_file *f, int flags)
{
    if (strikes(FAULT_CALL_SYNC))
        return SQLITE_IOERR_FSYNC;
    lock();
    int rc = REAL(f)->pMethods->xSync(REAL(f), flags);
    if (rc == SQLITE_OK && shim.recorder && SHIM(f)->file != NOFILE) {
        recorder_note_sync(shim.recorder, SHIM(f)->file);
        if (SHIM(f)->folder_unsynced)
            recorder_note_sync_parent(shim.recorder, SHIM(f)->path);
        SHIM(f)->folder_unsynced = false;
    }
    unlock();
    return rc;
}

static int shim_size(sqlite3_file *f, sqlite3_int64 *ret)
{
    return REAL(f)->pMethods->xFileSize(REAL(f), ret);
}

static int shim_lock(sqlite3_file *f, int level)
{
    return REAL(f)->pMethods->xLock(REAL(f), level);
}

static int shim_unlock(sqlite3_file *f, int level)
{
    return REAL(f)->pMethods->xUnlock(REAL(f), level);
}

static int shim_reserved(sqlite3_file *f, int *ret)
{
    return REAL(f)->pMethods->xCheckReservedLock(REAL(f), ret);
}

/* A size hint may lengthen the file: an allocation like any other. */
static int shim_control(sqlite3_file *f, int op, void *arg)
{
    sqlite3_int64 before = 0, after = 0;
    lock();
    bool sized = op == SQLITE_FCNTL_SIZE_HINT && REAL(f)->pMethods->xFileSize(REAL(f), &before) == SQLITE_OK;
    int rc = REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
    if (sized && shim.recorder && REAL(f)->pMethods->xFileSize(REAL(f), &after) == SQLITE_OK && after > before)
        recorder_note_allocate(shim.recorder, SHIM(f)->file, before, after - before);
    unlock();
    return rc;
}

static int shim_sector(sqlite3_file *f)
{
    return REAL(f)->pMethods->xSectorSize(REAL(f));
}

static int shim_device(sqlite3_file *f)
{
    return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}

static int shim_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
    return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, ret);
}

static int shim_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return REAL(f)->pMethods->xShmLock(REAL(f), offset, n, flags);
}

static void shim_shm_barrier(sqlite3_file *f)
{
    REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static int shim_shm_unmap(sqlite3_file *f, int remove)
{
    return REAL(f)->pMethods->xShmUnmap(REAL(f), remove);
}

static int shim_fetch(sqlite3_file *f, sqlite3_int64 offset, int len, void **ret)
{
    return REAL(f)->pMethods->xFetch(REAL(f), offset, len, ret);
}

static int shim_unfetch(sqlite3_file *f, sqlite3_int64 offset, void *page)
{
    return REAL(f)->pMethods->xUnfetch(REAL(f), offset, page);
}

static const sqlite3_io_methods all_methods = {
    .iVersion = 3,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_device,
    .xShmMap = shim_shm_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_shm_barrier,
    .xShmUnmap = shim_shm_unmap,
    .xFetch = shim_fetch,
    .xUnfetch = shim_unfetch,
};

static void note_opened(struct shim_file *f, const char *path, int flags, bool existed)
{
    int journals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL | SQLITE_OPEN_SUPER_JOURNAL;
    if (!shim.recorder || !path || !(flags & (SQLITE_OPEN_MAIN_DB | journals)))
        return;
    f->file = recorder_note_open(shim.recorder, path, existed, false);
    f->folder_unsynced = (flags & journals) && !existed;
    f->path = strdup(path);
    if (!f->path)
        abort();
}

static int shim_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *ret_flags)
{
    struct shim_file *f = SHIM(file);
    *f = (struct shim_file){.file = NOFILE, .real = (sqlite3_file *)(void *)(f + 1)};
    struct stat st;
    (void)vfs;
    if (strikes(flags & SQLITE_OPEN_CREATE ? FAULT_CALL_ROOM : FAULT_CALL_OTHER))
        return SQLITE_CANTOPEN;
    lock();
    bool existed = path && stat(path, &st) == 0; /* xAccess calls an empty file absent */
    int rc = shim.under->xOpen(shim.under, path, f->real, flags, ret_flags);
    if (rc == SQLITE_OK)
        note_opened(f, path, flags, existed);
    unlock();
    if (f->real->pMethods) {
        f->methods = all_methods;
        f->methods.iVersion = f->real->pMethods->iVersion;
        f->base.pMethods = &f->methods;
        if (shim.fault)
            shim.fault->open_files++;
    }
    return rc;
}

static int shim_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    (void)vfs;
    if (strikes(FAULT_CALL_OTHER))
        return SQLITE_IOERR_DELETE;
    lock();
    int rc = shim.under->xDelete(shim.under, path, sync_folder);
    if (rc == SQLITE_OK && shim.recorder) {
        recorder_note_unlink(shim.recorder, path);
        if (sync_folder)
            recorder_note_sync_parent(shim.recorder, path);
    }
    unlock();
    return rc;
}

void recorder_vfs_register(const char *name, bool make_default, struct recorder *r, struct fault_io *f)
{
    sqlite3_initialize();
    sqlite3_vfs *under = sqlite3_vfs_find(NULL);
    if (!under || shim.under)
        abort();
    shim = (struct shim){.vfs = *under, .under = under, .recorder = r, .fault = f};
    shim.vfs.pNext = NULL;
    shim.vfs.zName = name;
    shim.vfs.szOsFile = (int)sizeof(struct shim_file) + under->szOsFile;
    shim.vfs.xOpen = shim_open;
    shim.vfs.xDelete = shim_delete;
    if (sqlite3_vfs_register(&shim.vfs, make_default) != SQLITE_OK)
        abort();
}

void recorder_vfs_unregister(void)
{
    sqlite3_vfs_unregister(&shim.vfs);
    shim = (struct shim){0};
}
