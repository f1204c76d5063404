/* exchange/fetch.c - see fetch.h. */
#include "exchange/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reader/formats.h"

#define STATE_SPACE "source-state"
#define BLOCK       (256 * KIB)

bool fetch_cancelled(const struct fetch *f)
{
    return f->cancel && atomic_load(f->cancel);
}

const char *fetch_string(struct fetch *f, struct text t)
{
    return arena_printf(&f->arena, TEXT_FMT, TEXT_ARG(t));
}

/* ---- taking in ---- */

struct intake_options fetch_intake(const struct fetch *f)
{
    return (struct intake_options){.format = f->format,
                                   .party = f->source.party,
                                   .source = f->source.id,
                                   .account = f->source.account,
                                   .cancel = f->cancel};
}

void fetch_add_totals(struct fetch *f, const struct intake_totals *t)
{
    struct source_result *r = f->result;
    r->read += t->read;
    r->fresh += t->fresh;
    r->updated += t->updated;
    r->unchanged += t->unchanged;
    r->rejected += t->rejected;
    r->lost += t->lost;
    r->events += t->events;
    r->findings += t->findings;
    r->proposed += t->proposed;
    r->red += t->red;
}

enum err fetch_take(struct fetch *f, int fd, struct text name, enum reader_format format, bool *ret_whole,
                    struct fault *reterr)
{
    struct intake_options options = fetch_intake(f);
    struct intake_totals totals = {0};
    struct fault why = {.offset = -1, .line = -1};
    options.name = name;
    options.format = format_of(format) ? format : READER_DETECT;
    enum err e = intake_run(f->node, fd, &options, &totals, &why);
    fetch_add_totals(f, &totals);
    f->result->documents++;
    if (ret_whole)
        *ret_whole = e == OK;
    if (e == ERR_MALFORMED || e == ERR_LIMIT) {
        snprintf(f->result->words, sizeof f->result->words, "%.*s: %.170s", (int)(name.len < 60 ? name.len : 60),
                 name.ptr, why.what[0] ? why.what : err_name(e));
        return OK;
    }
    if (e && reterr)
        *reterr = why;
    return e;
}

/* ---- files ---- */

enum err fetch_file(const struct fetch *f, int *ret_fd, struct fault *reterr)
{
    const char *home = node_home(f->node);
    int fd = open(home, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
        char path[4096];
        snprintf(path, sizeof path, "%s/fetch-XXXXXX", home);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            (void)unlink(path);
    }
    if (fd < 0)
        return fault_errno(reterr, "making a temporary file in the home");
    *ret_fd = fd;
    return OK;
}

enum err fetch_hash(int fd, struct sha256 *ret, struct fault *reterr)
{
    struct sha256_ctx ctx;
    ssize_t n = lseek(fd, 0, SEEK_SET) == 0 ? 1 : -1;
    char *block = malloc(BLOCK);
    if (!block)
        return fault_set(reterr, ERR_NOMEM, "no memory to read what was fetched");
    sha256_init(&ctx);
    while (n > 0) {
        n = read(fd, block, BLOCK);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            sha256_add(&ctx, block, (size_t)n);
    }
    free(block);
    if (n < 0 || lseek(fd, 0, SEEK_SET) != 0)
        return fault_errno(reterr, "reading what was fetched");
    *ret = sha256_end(&ctx);
    return OK;
}

/* ---- how far it came ---- */

enum err fetch_state_load(const struct fetch *f, struct buffer *ret, struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    return local_get(node_local(f->node), STATE_SPACE, uuid_format(&f->source.id, key), ret, reterr);
}

enum err fetch_state_save(const struct fetch *f, struct text state, struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    return local_set(node_local(f->node), STATE_SPACE, uuid_format(&f->source.id, key), state, reterr);
}

enum err fetch_state_read(const struct fetch *f, struct json_doc **ret, struct fault *reterr)
{
    struct buffer kept;
    struct json_doc *doc = NULL;
    buffer_init(&kept, FETCH_STATE_MAX);
    enum err e = fetch_state_load(f, &kept, reterr);
    if (e == OK)
        e = json_parse(buffer_text(&kept), &doc, reterr);
    buffer_done(&kept);
    if (doc && !text_eq(json_text(json_get(json_root(doc), "place")), f->source.place)) {
        json_free(doc);
        doc = NULL;
    }
    if (e && e != ERR_NOT_FOUND)
        return e;
    *ret = doc;
    return OK;
}

void fetch_state_begin(const struct fetch *f, struct fetch_state *ret)
{
    buffer_init(&ret->text, FETCH_STATE_MAX);
    ret->out = json_out_to(&ret->text);
    json_open(&ret->out, '{');
    json_member_text(&ret->out, "place", f->source.place);
}

enum err fetch_state_end(const struct fetch *f, struct fetch_state *s, struct fault *reterr)
{
    json_close(&s->out, '}');
    enum err e = buffer_error(&s->text);
    if (e == OK)
        e = fetch_state_save(f, buffer_text(&s->text), reterr);
    buffer_done(&s->text);
    return e;
}

enum err fetch_refused(int status, struct fault *reterr)
{
    const char *words = "an answer that was not expected";
    if (status == 401 || status == 403)
        words = "it does not accept our credentials, or not for this (entente source set NAME --secret-file F)";
    else if (status == 404 || status == 410)
        words = "there is nothing at this place";
    else if (status >= 300 && status <= 399)
        words = "it leads to another server, where we do not follow (https only, and no credentials): give its place";
    else if (status == 429 || status == 503)
        words = "it asks for patience";
    else if (status >= 500)
        words = "it has a fault of its own";
    return fault_set(reterr, ERR_UNREACHABLE, "HTTP %d: %s", status, words);
}

/* ---- what was taken already: name, print and flag, 17 bytes a row ---- */

#define ROW_BYTES 17

static uint64_t get_u64(const char *from)
{
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--)
        v = v << 8 | (unsigned char)from[i];
    return v;
}

enum err fetch_seen_load(const struct fetch *f, struct fetch_seen *ret, struct fault *reterr)
{
    struct buffer kept;
    struct fetch_seen s = {0};
    buffer_init(&kept, FETCH_STATE_MAX);
    enum err e = fetch_state_load(f, &kept, reterr);
    if (e == OK && kept.len >= ROW_BYTES) {
        s.cap = kept.len / ROW_BYTES;
        s.rows = calloc(s.cap, sizeof *s.rows);
        e = s.rows ? OK : ERR_NOMEM;
    }
    for (; e == OK && s.count < s.cap; s.count++) {
        const char *row = kept.ptr + s.count * ROW_BYTES;
        s.rows[s.count] = (struct fetch_seen_row){get_u64(row), get_u64(row + 8), row[16] != 0, false};
    }
    buffer_done(&kept);
    if (e && e != ERR_NOT_FOUND)
        return e;
    *ret = s;
    return OK;
}

enum err fetch_seen_save(const struct fetch *f, const struct fetch_seen *s, struct fault *reterr)
{
    struct buffer text;
    buffer_init(&text, FETCH_STATE_MAX);
    for (size_t i = 0; i < s->count; i++) {
        if (!s->rows[i].here)
            continue;
        buffer_add_u64(&text, s->rows[i].name);
        buffer_add_u64(&text, s->rows[i].print);
        buffer_add_u8(&text, s->rows[i].taken);
    }
    enum err e = buffer_error(&text);
    if (e == OK)
        e = fetch_state_save(f, buffer_text(&text), reterr);
    buffer_done(&text);
    return e;
}

void fetch_seen_done(struct fetch_seen *s)
{
    free(s->rows);
    *s = (struct fetch_seen){0};
}

struct fetch_seen_row *fetch_seen_row(struct fetch_seen *s, uint64_t name)
{
    size_t from = 0, to = s->count;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (s->rows[mid].name == name)
            return &s->rows[mid];
        if (s->rows[mid].name < name)
            from = mid + 1;
        else
            to = mid;
    }
    if (s->count == FETCH_SEEN_MAX)
        return NULL;
    if (s->count == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        struct fetch_seen_row *rows = reallocarray(s->rows, cap, sizeof *rows);
        if (!rows)
            return NULL;
        s->rows = rows;
        s->cap = cap;
    }
    memmove(s->rows + from + 1, s->rows + from, (s->count - from) * sizeof *s->rows);
    s->rows[from] = (struct fetch_seen_row){.name = name};
    s->count++;
    return &s->rows[from];
}
