/* store/checkpoint.c - checkpoints in files. */
#include "store/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "store/home.h"

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory for a checkpoint");
}

void kept_done(struct kept *k)
{
    buffer_done(&k->bytes);
    *k = (struct kept){.size = 0};
}

/* Takes k->bytes apart. */
static enum err take_apart(struct kept *k, struct fault *reterr)
{
    struct note *note = calloc(1, sizeof *note);
    struct checkpoint c;
    if (!note)
        return no_memory(reterr);
    enum err err = note_parse(buffer_text(&k->bytes), note, reterr);
    if (err == OK)
        err = checkpoint_parse(note->text, &c, reterr);
    if (err == OK) {
        k->text = note->text;
        k->size = c.size;
        k->root = c.root;
    }
    free(note);
    return err;
}

enum err kept_from(struct text bytes, struct kept *ret, struct fault *reterr)
{
    struct kept k = {.size = 0};
    buffer_init(&k.bytes, NOTE_MAX_BYTES);
    buffer_add(&k.bytes, bytes);
    enum err err = buffer_error(&k.bytes) == OK ? take_apart(&k, reterr) : no_memory(reterr);
    if (err == OK)
        *ret = k;
    else
        kept_done(&k);
    return err;
}

static enum err read_whole(const struct io *io, const char *path, struct buffer *out, struct fault *reterr)
{
    int fd = io->open(io->self, path, O_RDONLY | O_NOFOLLOW, 0);
    if (fd < 0)
        return errno == ENOENT ? fault_set(reterr, ERR_NOT_FOUND, "%s is not there", path)
                               : fault_errno(reterr, "opening %s", path);
    enum err err = OK;
    char *to = buffer_reserve(out, NOTE_MAX_BYTES);
    ssize_t n = to ? io_read_all(io, fd, to, NOTE_MAX_BYTES, 0) : 0;
    if (!to)
        err = no_memory(reterr);
    else if (n < 0)
        err = fault_errno(reterr, "reading %s", path);
    out->len = n > 0 ? (size_t)n : 0;
    io->close(io->self, fd);
    return err;
}

enum err kept_load(const struct io *io, const char *home, const char *name, struct kept *ret, struct fault *reterr)
{
    struct kept k = {.size = 0};
    struct fault why = {.offset = -1, .line = -1};
    char *path = home_path(home, name);
    if (!path)
        return no_memory(reterr);
    buffer_init(&k.bytes, NOTE_MAX_BYTES);
    enum err err = read_whole(io, path, &k.bytes, reterr);
    if (err == OK) {
        err = take_apart(&k, &why);
        if (err == ERR_NOMEM)
            err = no_memory(reterr);
        else if (err != OK)
            err =
                fault_at(reterr, ERR_MALFORMED, why.offset, why.rule,
                         "%s is damaged: %s; put it back from a backup or from a partner who has it", path, why.what);
    }
    free(path);
    if (err == OK)
        *ret = k;
    else
        kept_done(&k);
    return err;
}

enum err kept_save(const struct io *io, const char *home, const char *name, const struct kept *k,
                   struct fault *reterr)
{
    char *path = home_path(home, name);
    if (!path)
        return no_memory(reterr);
    enum err err = OK;
    if (io_replace_file(io, path, k->bytes.ptr, k->bytes.len, 0600) != 0)
        err = fault_errno(reterr, "writing %s", path);
    free(path);
    return err;
}

static bool same_key(const struct note_signature *a, const struct note_signature *b)
{
    return a->id == b->id && text_eq(a->name, b->name);
}

static bool has_key(const struct note *n, const struct note_signature *s)
{
    for (size_t i = 0; i < n->count; i++)
        if (same_key(&n->signature[i], s))
            return true;
    return false;
}

static void add_line(struct text line, struct buffer *out)
{
    buffer_add(out, line);
    buffer_add_char(out, '\n');
}

/* The signature lines of a note, one by one, in the order in which note_parse() numbers them. */
static bool next_line(struct text *rest, struct text *ret)
{
    const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
    if (!end)
        return false;
    *ret = (struct text){rest->ptr, (size_t)(end - rest->ptr)};
    *rest = text_sub(*rest, ret->len + 1, rest->len);
    return true;
}

static void merge(const struct kept *k, const struct note *old, const struct note *added, struct text lines,
                  struct buffer *out)
{
    struct text rest = buffer_text(&k->bytes), line;
    rest = text_sub(rest, k->text.len + 1, rest.len);
    buffer_add(out, k->text);
    buffer_add_char(out, '\n');
    for (size_t i = 0; i < old->count && next_line(&rest, &line); i++)
        if (!has_key(added, &old->signature[i]))
            add_line(line, out);
    buffer_add(out, lines);
}

enum err kept_with(const struct kept *k, struct text lines, struct kept *ret, struct fault *reterr)
{
    struct note *notes = calloc(2, sizeof *notes);
    struct buffer fresh, out;
    if (!notes)
        return no_memory(reterr);
    buffer_init(&fresh, NOTE_MAX_BYTES);
    buffer_init(&out, NOTE_MAX_BYTES);
    buffer_add(&fresh, k->text); /* what the lines sign, so that they can be taken apart */
    buffer_add_char(&fresh, '\n');
    buffer_add(&fresh, lines);
    enum err err = buffer_error(&fresh);
    if (err != OK)
        fault_set(reterr, err, "the signatures do not fit in a checkpoint");
    if (err == OK)
        err = note_parse(buffer_text(&k->bytes), &notes[0], reterr);
    if (err == OK)
        err = note_parse(buffer_text(&fresh), &notes[1], reterr);
    if (err == OK) {
        merge(k, &notes[0], &notes[1], lines, &out);
        err = buffer_error(&out);
        err = err == OK ? kept_from(buffer_text(&out), ret, reterr)
                        : fault_set(reterr, err, "the signatures do not fit in a checkpoint");
    }
    buffer_done(&fresh);
    buffer_done(&out);
    free(notes);
    return err;
}
