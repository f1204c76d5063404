#include "store/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "store/home.h"

/* Features that this program knows, by the names in the file; none so far. */
static const char *const known_incompatible[] = {NULL};

struct home_format format_ours(void)
{
    struct home_format f = {.version = HOME_VERSION};
    memcpy(f.program, ENTENTE_VERSION, sizeof ENTENTE_VERSION);
    return f;
}

_Static_assert(sizeof ENTENTE_VERSION <= FORMAT_NAME_MAX + 1, "fits in struct home_format");

/* ---- parsing ---- */

static enum err damaged(int64_t line, struct fault *reterr)
{
    enum err err =
        fault_set(reterr, ERR_MALFORMED, "the home's file \"format\" is damaged: put it back from a backup");
    if (reterr)
        reterr->line = line;
    return err;
}

static bool take_name(struct text t, char out[FORMAT_NAME_MAX + 1])
{
    if (t.len == 0 || t.len > FORMAT_NAME_MAX)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
              c == '_' || c == '+' || c == '~'))
            return false;
    }
    memcpy(out, t.ptr, t.len);
    out[t.len] = 0;
    return true;
}

/* "WORD rest" of one line, with its newline there. */
static bool take_line(struct text *rest, const char *word, struct text *ret)
{
    struct text line, w = text_of(word);
    if (!text_split(rest, '\n', &line) || !rest->ptr || !text_starts(line, w))
        return false;
    *ret = text_sub(line, w.len, line.len);
    return ret->len == 0 || ret->ptr[0] == ' ';
}

static bool take_flags(struct text t, char names[FORMAT_FLAGS_MAX][FORMAT_NAME_MAX + 1], size_t *ret_count)
{
    struct text name;
    size_t count = 0;
    if (t.len == 0) {
        *ret_count = 0;
        return true;
    }
    t = text_sub(t, 1, t.len);
    while (text_split(&t, ' ', &name))
        if (count == FORMAT_FLAGS_MAX || !take_name(name, names[count++]))
            return false;
    *ret_count = count;
    return true;
}

static bool take_version(struct text t, uint32_t *ret)
{
    uint64_t v;
    if (t.len < 2 || t.ptr[1] == '0' || text_u64(text_sub(t, 1, t.len), &v) != OK || v > UINT32_MAX)
        return false;
    *ret = (uint32_t)v;
    return true;
}

enum err format_parse(struct text bytes, struct home_format *ret, struct fault *reterr)
{
    struct home_format f = {.version = 0};
    struct text rest = bytes, value;
    if (!take_line(&rest, "entente-home", &value) || !take_version(value, &f.version))
        return damaged(1, reterr);
    if (!take_line(&rest, "program", &value) || value.len < 2 || !take_name(text_sub(value, 1, value.len), f.program))
        return damaged(2, reterr);
    if (f.version <= HOME_VERSION) {
        if (!take_line(&rest, "compatible", &value) || !take_flags(value, f.compatible, &f.compatible_count))
            return damaged(3, reterr);
        if (!take_line(&rest, "incompatible", &value) || !take_flags(value, f.incompatible, &f.incompatible_count))
            return damaged(4, reterr);
        if (rest.len)
            return damaged(5, reterr);
    }
    *ret = f;
    return OK;
}

/* ---- the file ---- */

static enum err read_file(const struct io *io, const char *path, struct buffer *out, struct fault *reterr)
{
    int fd = io->open(io->self, path, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? fault_set(reterr, ERR_NOT_FOUND, "%s is not there", path)
                                                   : fault_errno(reterr, "opening %s", path);
    char *to = buffer_reserve(out, FORMAT_MAX_BYTES);
    ssize_t got = to ? io_read_all(io, fd, to, FORMAT_MAX_BYTES, 0) : -1;
    enum err err = !to       ? fault_set(reterr, ERR_NOMEM, "no memory")
                   : got < 0 ? fault_errno(reterr, "reading %s", path)
                             : OK;
    out->len = got > 0 ? (size_t)got : 0;
    io->close(io->self, fd);
    return err;
}

/* The homes of 0.0.1 had no such file. */
static enum err first_version(const char *home, struct home_format *ret, struct fault *reterr)
{
    enum err err = home_has(home, HOME_FIRST, reterr);
    if (err == OK)
        *ret = (struct home_format){.version = 1, .program = "0.0.1"};
    return err;
}

enum err format_read(const struct io *io, const char *home, struct home_format *ret, struct fault *reterr)
{
    struct buffer b;
    char *path = home_path(home, HOME_FORMAT);
    if (!path)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    buffer_init(&b, FORMAT_MAX_BYTES + 1);
    enum err err = read_file(io, path, &b, reterr);
    if (err == OK)
        err = format_parse(buffer_text(&b), ret, reterr);
    else if (err == ERR_NOT_FOUND)
        err = first_version(home, ret, reterr);
    buffer_done(&b);
    free(path);
    return err;
}

static void add_flags(struct buffer *out, const char *word, const char names[][FORMAT_NAME_MAX + 1], size_t count)
{
    buffer_add(out, text_of(word));
    for (size_t i = 0; i < count; i++)
        buffer_addf(out, " %s", names[i]);
    buffer_add_char(out, '\n');
}

enum err format_write(const struct io *io, const char *home, const struct home_format *f, struct fault *reterr)
{
    struct buffer b;
    char *path = home_path(home, HOME_FORMAT);
    buffer_init(&b, FORMAT_MAX_BYTES);
    buffer_addf(&b, "entente-home %lu\nprogram %s\n", (unsigned long)f->version, f->program);
    add_flags(&b, "compatible", f->compatible, f->compatible_count);
    add_flags(&b, "incompatible", f->incompatible, f->incompatible_count);
    enum err err = path && buffer_error(&b) == OK ? OK : fault_set(reterr, ERR_NOMEM, "no memory");
    if (err == OK && io_replace_file(io, path, b.ptr, b.len, 0600) != 0)
        err = fault_errno(reterr, "writing %s", path);
    buffer_done(&b);
    free(path);
    return err;
}

/* ---- who may open it ---- */

static bool is_known(const char *name)
{
    for (size_t i = 0; known_incompatible[i]; i++)
        if (strcmp(known_incompatible[i], name) == 0)
            return true;
    return false;
}

enum err format_check(const char *home, const struct home_format *f, struct fault *reterr)
{
    if (f->version > HOME_VERSION)
        return fault_set(
            reterr, ERR_VERSION,
            "the home %s was written by entente %s (home version %lu); this is entente " ENTENTE_VERSION
            ", which reads versions 1 to %d: use that program, or restore the backup made before the upgrade",
            home, f->program, (unsigned long)f->version, HOME_VERSION);
    for (size_t i = 0; i < f->incompatible_count; i++)
        if (!is_known(f->incompatible[i]))
            return fault_set(reterr, ERR_VERSION,
                             "the home %s, written by entente %s, uses the feature \"%s\", which this program "
                             "(entente " ENTENTE_VERSION
                             ") does not know: use that one, or restore an earlier backup",
                             home, f->program, f->incompatible[i]);
    return OK;
}
