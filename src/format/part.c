/* format/part.c - see part.h. */
#include "format/part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRATCH_MAX (64 * MIB) /* one record, of two bodies and their lists */
#define WHAT_MAX    (2 * KIB)
#define BLOCK       (64 * KIB)

/* ---- what is left ---- */

struct container_budget container_budget_of(uint64_t bytes)
{
    uint64_t most =
        bytes < CONTAINER_MAX_BYTES / CONTAINER_RATIO_MAX ? bytes * CONTAINER_RATIO_MAX : CONTAINER_MAX_BYTES;
    return (struct container_budget){.left = most > CONTAINER_FLOOR_BYTES ? most : CONTAINER_FLOOR_BYTES};
}

ptrdiff_t container_take(struct container_budget *b, ptrdiff_t bytes)
{
    if (bytes <= 0 || (uint64_t)bytes <= b->left) {
        b->left -= bytes > 0 ? (uint64_t)bytes : 0;
        return bytes;
    }
    b->spent = true;
    return -EFBIG;
}

enum err part_hold(const struct format_job *job, size_t max_bytes, struct buffer *ret)
{
    buffer_init(ret, max_bytes);
    buffer_add(ret, job->head);
    for (;;) {
        char *to = buffer_reserve(ret, BLOCK);
        if (!to)
            return buffer_error(ret);
        ptrdiff_t n = job->from.read ? job->from.read(job->from.self, to, BLOCK) : read(job->from.fd, to, BLOCK);
        ret->len -= BLOCK - (n > 0 ? (size_t)n : 0);
        if (n < 0 && !job->from.read && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        if (n == 0)
            return OK;
    }
}

/* ---- sums ---- */

void part_sums_init(struct part_sums *s)
{
    *s = (struct part_sums){.err = OK};
    buffer_init(&s->what, WHAT_MAX);
}

void part_sums_done(struct part_sums *s)
{
    buffer_done(&s->what);
}

#define NAME_SHOWN_MAX 100
static struct text shown(struct text name)
{
    return name.len > NAME_SHOWN_MAX ? text_sub(name, name.len - NAME_SHOWN_MAX, name.len) : name;
}

/* Names are shown and compared, never opened; they may be no UTF-8. */
static char name_char(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f || (unsigned char)c >= 0x80 ? '?' : c;
}

void part_sums_fail(struct part_sums *s, struct text name, const char *why)
{
    if (s->err)
        return;
    s->err = ERR_MALFORMED;
    name = shown(name);
    buffer_addf(&s->what, TEXT_FMT "%s%.500s", TEXT_ARG(name), name.len ? ": " : "", why);
}

void part_sums_end(const struct part_sums *s, int64_t at, struct buffer *to)
{
    record_add_end(to, &(struct record_end){.err = s->err, .at = at, .read = s->read, .what = buffer_text(&s->what)});
}

void part_lost(struct buffer *to, int64_t at, struct text name, const char *why)
{
    char clean[NAME_SHOWN_MAX];
    name = shown(name);
    for (size_t i = 0; i < name.len; i++)
        clean[i] = name_char(name.ptr[i]);
    struct text what = name.len ? (struct text){clean, name.len} : TEXT("a part without a name");
    record_add_lost(to, &(struct record_lost){.at = at, .what = what, .reason = text_of(why)});
}

/* ---- one part ---- */

void part_init(struct part *p)
{
    *p = (struct part){.ops = NULL};
    buffer_init(&p->scratch, SCRATCH_MAX);
}

static void close_part(struct part *p)
{
    if (p->ops)
        p->ops->free(p->reading);
    free(p->name);
    p->ops = NULL;
    p->reading = NULL;
    p->name = NULL;
}

void part_done(struct part *p)
{
    close_part(p);
    buffer_done(&p->scratch);
}

static char *clean_name(struct text name)
{
    char *copy = strndup(name.ptr ? name.ptr : "", name.len);
    for (size_t i = 0; copy && copy[i]; i++)
        copy[i] = name_char(copy[i]);
    return copy;
}

static struct text without_folder(struct text name)
{
    struct text part = name;
    while (text_split(&name, '/', &part))
        ;
    return part;
}

static enum err find_format(const struct format_job *job, struct feed *in, struct text name, const char *as,
                            const struct format **ret)
{
    bool again = true;
    *ret = NULL;
    while (again) {
        bool more = feed_more(in);
        if (in->err == ERR_NOMEM)
            return ERR_NOMEM;
        again = false;
        struct format_head head = {
            {in->ptr, in->end}, !more || in->err || in->end > LINE_MAX_BYTES, without_folder(name)};
        *ret = job->inner(job, &head, as, &again);
    }
    return OK;
}

enum err part_open(struct part *p, const struct format_job *job, struct text name, const char *as, int64_t at,
                   struct feed_from from, struct part_sums *sums, struct buffer *to)
{
    struct feed in;
    p->name = clean_name(name);
    p->at = at;
    if (!p->name)
        return ERR_NOMEM;
    feed_init_from(&in, from);
    in.mark = 0; /* all that is read here is handed on */
    const struct format *ops;
    enum err e = find_format(job, &in, text_of(p->name), as, &ops);
    if (e == OK && in.err)
        part_sums_fail(sums, text_of(p->name),
                       job->budget && job->budget->spent ? "it unpacks to too much" : "it cannot be unpacked");
    if (e == OK && !ops && in.end > 0)
        part_lost(to, at, text_of(p->name), "of no format that is read");
    if (e == OK && ops) {
        struct format_job inner = *job;
        inner.from = from;
        inner.head = (struct text){in.ptr, in.end};
        inner.within = job->depth ? job->within : job->name;
        inner.name = without_folder(text_of(p->name));
        inner.depth = job->depth + 1;
        e = ops->open(&inner, &p->reading);
        p->ops = e ? NULL : ops;
    }
    feed_done(&in);
    if (!p->ops)
        close_part(p);
    return e;
}

/* A sentence about a piece names it. */
static void add_named(struct buffer *to, const struct part *p, const struct record *r)
{
    struct buffer words;
    const struct text name = shown(text_of(p->name));
    buffer_init(&words, 4 * WHAT_MAX);
    if (r->kind == RECORD_REJECTED) {
        struct record_rejected moved = r->u.rejected;
        buffer_addf(&words, TEXT_FMT ": " TEXT_FMT, TEXT_ARG(name), TEXT_ARG(moved.reason));
        moved.at = p->at;
        moved.reason = buffer_error(&words) ? moved.reason : buffer_text(&words);
        record_add_rejected(to, &moved);
    } else {
        struct record_lost moved = r->u.lost;
        buffer_addf(&words, TEXT_FMT ": " TEXT_FMT, TEXT_ARG(name), TEXT_ARG(moved.what));
        moved.at = p->at;
        moved.what = buffer_error(&words) ? moved.what : buffer_text(&words);
        record_add_lost(to, &moved);
    }
    buffer_done(&words);
}

static void take_end(struct part *p, const struct record_end *e, struct part_sums *sums)
{
    char why[WHAT_MAX];
    sums->read += e->read;
    if (!e->err)
        return;
    const size_t len = e->what.len < sizeof why - 1 ? e->what.len : sizeof why - 1;
    if (len)
        memcpy(why, e->what.ptr, len);
    why[len] = 0;
    part_sums_fail(sums, text_of(p->name), len ? why : err_name((enum err)e->err));
}

enum err part_next(struct part *p, struct part_sums *sums, struct buffer *to)
{
    struct cursor c;
    struct record r;
    buffer_clear(&p->scratch);
    const enum err more = p->ops->next(p->reading, &p->scratch);
    if (more == ERR_NOMEM || buffer_error(&p->scratch) == ERR_NOMEM)
        return ERR_NOMEM;
    cursor_init(&c, buffer_text(&p->scratch));
    for (size_t from = 0; record_next(&c, &r) == OK; from = c.pos) {
        if (r.kind == RECORD_END)
            take_end(p, &r.u.end, sums);
        else if (r.kind == RECORD_REJECTED || r.kind == RECORD_LOST)
            add_named(to, p, &r);
        else if (r.kind == RECORD_LIST) /* it takes values out of use: nobody is to do that by mail */
            part_lost(to, p->at, text_of(p->name), "a list of what is harmless: import it by itself");
        else
            record_add_moved(to, text_sub(buffer_text(&p->scratch), from, c.pos - from), p->at);
    }
    if (more) /* nothing is to come; a container within may have no record yet, and go on */
        close_part(p);
    return OK;
}

enum err part_copy_job(const struct format_job *job, struct format_job *ret, char **ret_texts)
{
    struct format_job own = *job;
    struct text *const texts[] = {&own.name, &own.within, &own.party, &own.identity, &own.rules, &own.sender};
    size_t len = 1;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        len += texts[i]->len;
    char *to = malloc(len);
    if (!to)
        return ERR_NOMEM;
    *ret_texts = to;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i]->len)
            memcpy(to, texts[i]->ptr, texts[i]->len);
        texts[i]->ptr = to;
        to += texts[i]->len;
    }
    *ret = own;
    return OK;
}
