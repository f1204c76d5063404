/* store/backup_manifest.c - see docs/FORMAT-backup.md. */
#include "store/backup_manifest.h"

#include <stdlib.h>
#include <string.h>

#include "json/json.h"

#define MANIFEST_VERSION 1
#define NAME_BYTES_MAX   64

void manifest_init(struct manifest *m)
{
    *m = (struct manifest){0};
    arena_init(&m->arena, MANIFEST_MAX_BYTES);
}

void manifest_done(struct manifest *m)
{
    free(m->files);
    arena_done(&m->arena);
    *m = (struct manifest){0};
}

enum err manifest_add(struct manifest *m, const struct backup_file *f)
{
    if (m->count == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 32;
        struct backup_file *moved = realloc(m->files, cap * sizeof *moved);
        if (!moved)
            return ERR_NOMEM;
        m->files = moved;
        m->cap = cap;
    }
    struct backup_file copy = *f;
    copy.name = arena_text(&m->arena, f->name);
    if (!copy.name.ptr)
        return ERR_NOMEM;
    m->files[m->count++] = copy;
    return OK;
}

const struct backup_file *manifest_find(const struct manifest *m, struct text name)
{
    for (size_t i = 0; i < m->count; i++)
        if (text_eq(m->files[i].name, name))
            return &m->files[i];
    return NULL;
}

/* ---- writing ---- */

static void put_file(struct json_out *o, const struct backup_file *f)
{
    char hex[SHA256_HEX];
    json_open(o, '{');
    json_member_i64(o, "bytes", (int64_t)f->bytes);
    json_member_text(o, "name", f->name);
    json_member_bool(o, "sealed", f->sealed);
    json_member_text(o, "sha256", sha256_hex(&f->hash, hex));
    json_close(o, '}');
}

void manifest_write(const struct manifest *m, struct buffer *out)
{
    char id[2 * BACKUP_LOG_ID_BYTES + 1];
    struct json_out o = json_out_to(out);
    hex_write(m->log_id, sizeof m->log_id, id);
    json_open(&o, '{');
    json_member_i64(&o, "entries", (int64_t)m->entries);
    json_key(&o, TEXT("files"));
    json_open(&o, '[');
    for (size_t i = 0; i < m->count; i++)
        put_file(&o, &m->files[i]);
    json_close(&o, ']');
    json_member_i64(&o, "format", MANIFEST_VERSION);
    json_member_text(&o, "log", text_of(id));
    json_member_text(&o, "made", m->made);
    json_member_text(&o, "node", m->node);
    json_close(&o, '}');
    buffer_add_char(out, '\n');
}

/* ---- reading ---- */

static enum err malformed(struct fault *reterr, const char *what)
{
    return fault_set(reterr, ERR_MALFORMED, "the backup's manifest.json: %s", what);
}

/* "entente.yaml", "log/00000000.log", "keys/node.key": one folder at most, nothing that climbs or hides. */
static bool name_good(struct text name)
{
    size_t slashes = 0;
    if (name.len == 0 || name.len > NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool starts = i == 0 || name.ptr[i - 1] == '/';
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        slashes += c == '/';
        if (!letter && (starts || (c != '.' && c != '-' && c != '_' && c != '/')))
            return false;
    }
    struct text folder = text_sub(name, 0, (size_t)(slashes ? text_find(name, '/', 0) : 0));
    return name.ptr[name.len - 1] != '/' && slashes <= 1 &&
           (!slashes || text_eq(folder, TEXT("log")) || text_eq(folder, TEXT("keys")) ||
            text_eq(folder, TEXT("archive")));
}

static bool get_count(const struct json_val *v, uint64_t *ret)
{
    int64_t n;
    if (!json_i64(v, &n) || n < 0)
        return false;
    *ret = (uint64_t)n;
    return true;
}

static enum err take_file(struct manifest *m, const struct json_val *v, struct fault *reterr)
{
    struct backup_file f = {.name = json_text(json_get(v, "name")),
                            .sealed = json_bool(json_get(v, "sealed"), false)};
    if (!name_good(f.name))
        return malformed(reterr, "a file's name that no home has");
    if (!get_count(json_get(v, "bytes"), &f.bytes) ||
        sha256_from_hex(json_text(json_get(v, "sha256")), &f.hash) != OK)
        return malformed(reterr, "a file without its size and hash");
    if (m->count >= MANIFEST_FILES_MAX)
        return fault_set(reterr, ERR_LIMIT, "the backup's manifest.json: more than %d files", MANIFEST_FILES_MAX);
    return manifest_add(m, &f) == OK ? OK : fault_set(reterr, ERR_NOMEM, "no memory for the backup's manifest");
}

static int by_name(const void *a, const void *b)
{
    return text_cmp(((const struct backup_file *)a)->name, ((const struct backup_file *)b)->name);
}

/* Sorted, so that a name that stands twice is seen. */
static bool each_once(struct manifest *m)
{
    if (m->count)
        qsort(m->files, m->count, sizeof *m->files, by_name);
    for (size_t i = 1; i < m->count; i++)
        if (text_eq(m->files[i - 1].name, m->files[i].name))
            return false;
    return true;
}

static enum err take_all(struct manifest *m, const struct json_val *root, struct fault *reterr)
{
    int64_t version = 0;
    enum err err = OK;
    if (!json_i64(json_get(root, "format"), &version) || version < 1)
        return malformed(reterr, "no format version");
    if (version > MANIFEST_VERSION)
        return fault_set(reterr, ERR_VERSION, "the backup was written by a newer program (format %lld)",
                         (long long)version);
    if (!get_count(json_get(root, "entries"), &m->entries) ||
        hex_read(json_text(json_get(root, "log")), m->log_id, sizeof m->log_id) != OK)
        return malformed(reterr, "it does not say which log it is a copy of");
    m->made = arena_text(&m->arena, json_text(json_get(root, "made")));
    m->node = arena_text(&m->arena, json_text(json_get(root, "node")));
    if (!m->made.ptr || !m->node.ptr)
        return fault_set(reterr, ERR_NOMEM, "no memory for the backup's manifest");
    struct json_iter it = json_iter_of(json_get(root, "files"));
    while (err == OK && json_next(&it))
        err = take_file(m, it.val, reterr);
    if (err == OK && !each_once(m))
        err = malformed(reterr, "a file stands there twice");
    return err;
}

enum err manifest_parse(struct text t, struct manifest *ret, struct fault *reterr)
{
    struct json_doc *doc;
    struct manifest m;
    enum err err = json_parse(t, &doc, NULL);
    if (err != OK)
        return err == ERR_NOMEM ? fault_set(reterr, err, "no memory for the backup's manifest")
                                : malformed(reterr, "not JSON");
    manifest_init(&m);
    err = take_all(&m, json_root(doc), reterr);
    json_free(doc);
    if (err == OK)
        *ret = m;
    else
        manifest_done(&m);
    return err;
}
