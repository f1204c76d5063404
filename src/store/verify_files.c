/* store/verify_files.c - keys, kept checkpoints, and files that nobody knows. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/keys.h"
#include "store/verify_inside.h"

/* ---- keys that entries name ---- */

static bool is_key(const struct verify_key *k, struct text name, const uint8_t key[32], bool partner)
{
    return k->partner == partner && memcmp(k->key, key, sizeof k->key) == 0 && text_eq(text_of(k->name), name);
}

/* Where the next one goes; NULL: there is no room for a partner's. */
static enum err room_for(struct verify_keys *k, bool partner, struct verify_key **ret)
{
    *ret = NULL;
    if (k->count >= VERIFY_KEYS_MAX && partner) {
        k->dropped++;
        return OK;
    }
    if (k->count >= 2 * VERIFY_KEYS_MAX) { /* ours: the newest one counts most */
        *ret = &k->v[k->count - 1];
        return OK;
    }
    if (k->count == k->cap) {
        size_t cap = k->cap ? 2 * k->cap : 16;
        struct verify_key *v = reallocarray(k->v, cap, sizeof *v);
        if (!v)
            return ERR_NOMEM;
        k->v = v;
        k->cap = cap;
    }
    *ret = &k->v[k->count++];
    return OK;
}

enum err verify_keys_add(struct verify_keys *k, struct text name, const uint8_t key[32], bool partner)
{
    struct verify_key *to;
    if (name.len == 0 || name.len > NOTE_NAME_MAX)
        return OK;
    for (size_t i = k->count; partner && i-- > 0;) /* of ours the order matters: the last is the one in use */
        if (is_key(&k->v[i], name, key, true))
            return OK;
    enum err err = room_for(k, partner, &to);
    if (err != OK || !to)
        return err;
    *to = (struct verify_key){.partner = partner};
    memcpy(to->name, name.ptr, name.len);
    memcpy(to->key, key, sizeof to->key);
    return OK;
}

void verify_keys_done(struct verify_keys *k)
{
    free(k->v);
    *k = (struct verify_keys){.count = 0};
}

/* ---- keys in the home ---- */

static const struct verify_key *newest(const struct verify_keys *keys)
{
    for (size_t i = keys->count; i-- > 0;)
        if (!keys->v[i].partner)
            return &keys->v[i];
    return NULL;
}

static enum err look_at_key(const struct io *io, const char *home, const char *name, struct key **ret,
                            struct verify_check *check, struct fault *reterr)
{
    struct fault why = {.offset = -1, .line = -1};
    enum err err = key_read(io, home, name, ret, &why);
    if (err == OK || err == ERR_NOMEM)
        return err == OK ? OK : fault_set(reterr, err, "no memory");
    check_fault(check, name, why.offset, -1, "%s", why.what);
    *ret = NULL;
    return OK;
}

/* Others that are there: next.key, old-N.key. */
static enum err look_at_rest(const struct io *io, const char *home, struct verify_check *check, struct fault *reterr)
{
    char *path;
    enum err err = OK;
    if (asprintf(&path, "%s/" KEYS_FOLDER, home) < 0)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    DIR *d = opendir(path);
    free(path);
    for (struct dirent *e; err == OK && d && (e = readdir(d));) {
        char name[VERIFY_FILE_MAX];
        struct key *key = NULL;
        size_t len = strlen(e->d_name);
        if (len < 5 || len > 60 || strcmp(e->d_name + len - 4, ".key") != 0 || strcmp(e->d_name, "node.key") == 0)
            continue;
        snprintf(name, sizeof name, KEYS_FOLDER "/%s", e->d_name);
        err = look_at_key(io, home, name, &key, check, reterr);
        key_free(key);
    }
    if (d)
        closedir(d);
    return err;
}

enum err verify_key_files(const struct io *io, const char *home, const struct verify_keys *keys, bool log_whole,
                          struct verify_check *check, struct fault *reterr)
{
    struct key *key = NULL;
    const struct verify_key *ours = newest(keys);
    enum err err = look_at_key(io, home, KEY_NODE, &key, check, reterr);
    if (err == OK && key && log_whole && ours && !key_is(key, ours->key))
        check_fault(check, KEY_NODE, -1, -1, "this is not the key that the log names");
    key_free(key);
    return err == OK ? look_at_rest(io, home, check, reterr) : err;
}

/* ---- checkpoints ---- */

/* Every signature by a key that the log names, ours or a partner's. */
static void check_signatures(const struct note *note, const struct checkpoint *c, const struct verify_keys *keys,
                             const char *file, struct verify_check *check, bool *ret_ours, uint64_t *ret_partners)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct verify_key *k = &keys->v[i];
        struct note_key key;
        struct fault why = {.offset = -1, .line = -1};
        if (!k->partner && !text_eq(text_of(k->name), c->origin))
            continue;
        if (note_key_make(text_of(k->name), k->partner ? NOTE_COSIGNATURE : NOTE_ED25519, k->key, &key) != OK)
            continue;
        enum err err = note_verify(note, &key, NULL, &why);
        if (err == ERR_NOT_FOUND)
            continue;
        if (err != OK)
            check_fault(check, file, -1, -1, "the signature by %s does not hold", k->name);
        *ret_ours |= err == OK && !k->partner;
        *ret_partners += err == OK && k->partner;
    }
}

void verify_kept(const struct kept *k, const char *file, const struct verify_keys *keys, bool reached,
                 const struct sha256 *root, struct verify_check *check, uint64_t *ret_cosignatures)
{
    struct note *note = calloc(1, sizeof *note);
    struct checkpoint c;
    bool ours = false;
    *ret_cosignatures = 0;
    if (!note || note_parse(buffer_text(&k->bytes), note, NULL) != OK ||
        checkpoint_parse(note->text, &c, NULL) != OK) {
        check_fault(check, file, -1, -1, "this is no checkpoint");
        free(note);
        return;
    }
    check_signatures(note, &c, keys, file, check, &ours, ret_cosignatures);
    if (!ours)
        check_fault(check, file, -1, -1, "it is not signed by a key that this log names for its origin");
    if (!reached)
        check_fault(check, file, -1, -1, "it is over %llu entries; the log has fewer", (unsigned long long)k->size);
    else if (!sha256_eq(&k->root, root))
        check_fault(check, file, -1, (int64_t)k->size - 1,
                    "its root is not that of the log's first %llu entries: the log is not the one published",
                    (unsigned long long)k->size);
    free(note);
}

/* ---- strangers ---- */

static bool ends(const char *name, const char *with)
{
    size_t a = strlen(name), b = strlen(with);
    return a > b && strcmp(name + a - b, with) == 0;
}

static bool known(const char *folder, const char *name)
{
    static const char *const home[] = {
        "lock",         "entente.yaml",    "log",   "view",     "local.db", "local.db-journal",
        "local.db-wal", "local.db-shm",    "keys",  "ctl.sock", "erasures", "format",
        "log.new",      "init.unfinished", "spool", "reserve",  "erasing",  "restore.unfinished",
        "index",        "archive",         "crash"};
    static const char *const log[] = {"checkpoint", "cosigned"};
    static const char *const view[] = {"view.db",         "view.db-wal", "view.db-shm", "view.db-journal", "next.db",
                                       "next.db-journal", "next.db-wal", "next.db-shm", "old.db",          "places",
                                       "tree.0",          "tree.1",      "tree.2",      "tree.3",          "tree.4",
                                       "tree.5",          "tree.6",      "tree.7"};
    const char *const *names = home;
    size_t count = ARRAY_LEN(home);
    if (ends(name, ".new"))
        return true; /* what io_replace_file() was about to make */
    if (strcmp(folder, "log") == 0) {
        if (ends(name, ".log"))
            return true;
        names = log;
        count = ARRAY_LEN(log);
    } else if (strcmp(folder, "view") == 0) {
        names = view;
        count = ARRAY_LEN(view);
    } else if (strcmp(folder, "keys") == 0) {
        return ends(name, ".key");
    }
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

void verify_strangers(const char *home, const struct verify_options *options)
{
    static const char *const folders[] = {"", "log", "view", "keys"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        char *path;
        if (asprintf(&path, "%s/%s", home, folders[i]) < 0)
            return;
        DIR *d = opendir(path);
        free(path);
        for (struct dirent *e; d && (e = readdir(d));) {
            if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || known(folders[i], e->d_name))
                continue;
            struct verify_finding f = {.state = VERIFY_REMARK, .check = "files", .offset = -1, .entry = -1};
            snprintf(f.file, sizeof f.file, "%s%s%.60s", folders[i], *folders[i] ? "/" : "", e->d_name);
            snprintf(f.what, sizeof f.what, "this file is not Entente's");
            options->on_finding(options->self, &f);
        }
        if (d)
            closedir(d);
    }
}
