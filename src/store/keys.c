#include "store/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "store/home.h"

#define KEY_PREFIX    "ed25519 "
#define KEY_FILE_SIZE (sizeof KEY_PREFIX - 1 + 2 * KEY_BYTES + 1)

_Static_assert(KEY_BYTES == crypto_sign_SEEDBYTES && KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "Ed25519");

struct key {
    char text[KEY_FILE_SIZE + 1]; /* the file as it is read or written: a secret too */
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    uint8_t seed[KEY_BYTES], public_key[KEY_BYTES];
};

static enum err key_room(struct key **ret, struct fault *reterr)
{
    if (sodium_init() < 0)
        return fault_set(reterr, ERR_IO, "libsodium cannot be used on this machine");
    struct key *key = sodium_malloc(sizeof *key);
    if (!key)
        return fault_set(reterr, ERR_NOMEM, "no memory for a key");
    sodium_memzero(key, sizeof *key);
    *ret = key;
    return OK;
}

static void fill_in(struct key *key)
{
    crypto_sign_seed_keypair(key->public_key, key->secret, key->seed);
    sodium_memzero(key->secret, sizeof key->secret);
}

enum err key_new(struct key **ret, struct fault *reterr)
{
    enum err err = key_room(ret, reterr);
    if (err != OK)
        return err;
    random_bytes((*ret)->seed, sizeof(*ret)->seed);
    fill_in(*ret);
    return OK;
}

void key_free(struct key *key)
{
    sodium_free(key); /* wipes */
}

/* ---- files ---- */

static enum err check_file(int fd, const char *home, const char *path, struct fault *reterr)
{
    struct stat st, st_home;
    if (fstat(fd, &st) != 0 || stat(home, &st_home) != 0)
        return fault_errno(reterr, "looking at %s", path);
    if (!S_ISREG(st.st_mode))
        return fault_set(reterr, ERR_DENIED, "%s is no plain file", path);
    if (st.st_uid != st_home.st_uid)
        return fault_set(reterr, ERR_DENIED,
                         "%s belongs to user %ld and the home to user %ld: chown it, or put the "
                         "right file there",
                         path, (long)st.st_uid, (long)st_home.st_uid);
    if (st.st_mode & 077)
        return fault_set(reterr, ERR_DENIED,
                         "%s is open to others (mode %04o): chmod 600 it; if somebody may have "
                         "read it, then entente key replace --compromised",
                         path, (unsigned)(st.st_mode & 07777));
    return OK;
}

static bool parse(struct key *key)
{
    static const char digits[] = "0123456789abcdef";
    const char *hex = key->text + sizeof KEY_PREFIX - 1;
    if (memcmp(key->text, KEY_PREFIX, sizeof KEY_PREFIX - 1) != 0 || hex[2 * KEY_BYTES] != '\n')
        return false;
    for (size_t i = 0; i < 2 * (size_t)KEY_BYTES; i++)
        if (!memchr(digits, hex[i], sizeof digits - 1))
            return false;
    return hex_read((struct text){hex, 2 * KEY_BYTES}, key->seed, sizeof key->seed) == OK;
}

static enum err read_open(const struct io *io, int fd, const char *path, struct key *key, struct fault *reterr)
{
    ssize_t got = io_read_all(io, fd, key->text, sizeof key->text, 0); /* one byte more than it may have */
    if (got < 0)
        return fault_errno(reterr, "reading %s", path);
    if (got != (ssize_t)KEY_FILE_SIZE || !parse(key))
        return fault_set(reterr, ERR_MALFORMED,
                         "%s is damaged: it is not \"ed25519 \", 64 lower-case hexadecimal "
                         "digits and a newline; put it back from a backup, or entente key replace --lost",
                         path);
    fill_in(key);
    sodium_memzero(key->text, sizeof key->text);
    return OK;
}

enum err key_read(const struct io *io, const char *home, const char *name, struct key **ret, struct fault *reterr)
{
    struct key *key = NULL;
    char *path = home_path(home, name);
    enum err err = path ? key_room(&key, reterr) : fault_set(reterr, ERR_NOMEM, "no memory for a key");
    int fd = err == OK ? io->open(io->self, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0) : -1;
    if (err == OK && fd < 0)
        err = errno == ENOENT || errno == ENOTDIR
                  ? fault_set(reterr, ERR_NOT_FOUND,
                              "%s is not there: put it back from a backup, or entente key "
                              "replace --lost",
                              path)
                  : fault_errno(reterr, "opening %s", path);
    if (err == OK)
        err = check_file(fd, home, path, reterr);
    if (err == OK)
        err = read_open(io, fd, path, key, reterr);
    if (fd >= 0)
        io->close(io->self, fd);
    free(path);
    if (err == OK)
        *ret = key;
    else
        key_free(key);
    return err;
}

enum err key_write(const struct io *io, const char *home, const char *name, const struct key *key,
                   struct fault *reterr)
{
    struct key *form = NULL;
    char *path = home_path(home, name);
    enum err err = path ? key_room(&form, reterr) : fault_set(reterr, ERR_NOMEM, "no memory for a key");
    if (form) {
        memcpy(form->text, KEY_PREFIX, sizeof KEY_PREFIX - 1);
        hex_write(key->seed, sizeof key->seed, form->text + sizeof KEY_PREFIX - 1);
        form->text[KEY_FILE_SIZE - 1] = '\n'; /* where hex_write put its NUL */
        if (io_replace_file(io, path, form->text, KEY_FILE_SIZE, 0600) != 0)
            err = fault_errno(reterr, "writing %s", path);
    }
    key_free(form);
    free(path);
    return err;
}

/* Zeros over whatever the file holds. */
static enum err blank(const struct io *io, const char *path, bool *ret_there, struct fault *reterr)
{
    static const char zeros[KEY_FILE_SIZE];
    int fd = io->open(io->self, path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    *ret_there = fd >= 0 || errno != ENOENT;
    if (fd < 0) /* a link or a folder: removed, or not, by who comes after us */
        return errno == ENOENT || errno == ELOOP || errno == EACCES ? OK : fault_errno(reterr, "opening %s", path);
    enum err err = OK;
    if (io_write_all(io, fd, zeros, sizeof zeros, 0) != 0 || io->sync(io->self, fd) != 0)
        err = fault_errno(reterr, "wiping %s", path);
    io->close(io->self, fd);
    return err;
}

enum err key_wipe(const struct io *io, const char *home, const char *name, struct fault *reterr)
{
    bool there = false;
    char *path = home_path(home, name);
    enum err err = path ? blank(io, path, &there, reterr) : fault_set(reterr, ERR_NOMEM, "no memory for a key");
    if (err == OK && there)
        err = home_remove(io, home, name, reterr);
    if (err == OK && there && io_sync_parent(io, path) != 0)
        err = fault_errno(reterr, "syncing the folder of %s", path);
    free(path);
    return err;
}

/* ---- what it is ---- */

const uint8_t *key_public(const struct key *key)
{
    return key->public_key;
}

const uint8_t *key_seed(const struct key *key)
{
    return key->seed;
}

bool key_is(const struct key *key, const uint8_t public_key[KEY_BYTES])
{
    return key && memcmp(key->public_key, public_key, KEY_BYTES) == 0;
}

struct text key_words(const uint8_t public_key[KEY_BYTES], char out[KEY_WORDS_MAX])
{
    char digits[KEY_HEX];
    size_t used = 0;
    hex_write(public_key, KEY_BYTES, digits);
    for (size_t i = 0; i < KEY_HEX - 1; i++) {
        if (i && i % 8 == 0)
            out[used++] = ' ';
        out[used++] = digits[i];
    }
    out[used] = 0;
    return (struct text){out, used};
}
