/* format/zeek.c - see zeek.h. docs.zeek.org, "Intelligence Framework". Zeek writes "-" for what is not there, and its
 * URLs stand without a scheme. */
#include "format/zeek.h"

#include <stdlib.h>
#include <string.h>

#include "format/atomic.h"
#include "format/lines.h"

#define ZEEK_TEXT_MAX 4096 /* bytes of a description, source or URL that are kept */

enum column { COL_INDICATOR, COL_TYPE, COL_SOURCE, COL_DESC, COL_URL, COLUMNS };
static const char *const column_names[COLUMNS] = {"indicator", "indicator_type", "meta.source", "meta.desc",
                                                  "meta.url"};

struct zeek {
    struct line_reader lines;
    struct atomic_maker maker;
    struct buffer value, raw;
    int columns[COLUMNS]; /* -1: not there */
    bool header_read, ended;
    uint64_t read;
};

static void read_fields(struct zeek *z, struct text line)
{
    struct text name;
    int at = -1; /* "#fields" itself is no column */
    for (int i = 0; i < COLUMNS; i++)
        z->columns[i] = -1;
    while (text_split(&line, '\t', &name)) {
        for (int i = 0; i < COLUMNS && at >= 0; i++)
            if (text_eq(text_trim(name), text_of(column_names[i])))
                z->columns[i] = at;
        at++;
    }
    z->header_read = z->columns[COL_INDICATOR] >= 0 && z->columns[COL_TYPE] >= 0;
}

static void split(const struct zeek *z, struct text line, struct text cells[COLUMNS])
{
    struct text cell;
    for (int i = 0; i < COLUMNS; i++)
        cells[i] = TEXT_NONE;
    for (int at = 0; text_split(&line, '\t', &cell); at++)
        for (int i = 0; i < COLUMNS; i++)
            if (z->columns[i] == at && !text_eq(cell, TEXT("-")))
                cells[i] = text_trim(cell);
}

static bool kind_of(struct text type, enum value_kind *ret)
{
    static const struct {
        const char *name;
        enum value_kind kind;
    } types[] = {{"Intel::ADDR", VALUE_IPV4},
                 {"Intel::SUBNET", VALUE_CIDR},
                 {"Intel::URL", VALUE_URL},
                 {"Intel::EMAIL", VALUE_EMAIL},
                 {"Intel::DOMAIN", VALUE_DOMAIN}};
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (text_eq(type, text_of(types[i].name))) {
            *ret = types[i].kind;
            return true;
        }
    *ret = VALUE_NONE;
    return text_eq(type, TEXT("Intel::FILE_HASH"));
}

static enum err refuse(const struct line *line, const char *why, struct buffer *to)
{
    const struct record_rejected r = {
        .at = line->at, .line = line->number, .rule = TEXT("Zeek intelligence"), .reason = text_of(why)};
    record_add_rejected(to, &r);
    return buffer_error(to);
}

static struct text words(struct text t)
{
    bool good = t.len <= ZEEK_TEXT_MAX && text_is_utf8(t) && (t.len == 0 || !memchr(t.ptr, 0, t.len));
    return good ? t : TEXT_NONE;
}

static enum err add_row(struct zeek *z, const struct line *line, struct buffer *to)
{
    struct text cells[COLUMNS];
    struct fault bad = {.offset = -1};
    struct atomic a = {.confidence = -1};
    enum value_kind kind;
    split(z, line->text, cells);
    struct text raw = cells[COL_INDICATOR];
    if (raw.len == 0)
        return refuse(line, "the row has no indicator: its columns stand apart by one tab each", to);
    if (!kind_of(cells[COL_TYPE], &kind))
        return refuse(
            line,
            "a type that cannot be looked for here; known are Intel::ADDR, SUBNET, URL, EMAIL, DOMAIN and FILE_HASH",
            to);
    if (kind == VALUE_NONE)
        kind = value_detect(raw);
    if (kind == VALUE_URL && text_find_text(raw, TEXT("://")) < 0) {
        buffer_clear(&z->raw);
        buffer_add(&z->raw, TEXT("http://"));
        buffer_add(&z->raw, raw);
        raw = buffer_text(&z->raw);
    }
    buffer_clear(&z->value);
    if (value_normalise(kind, raw, &z->value, &a.kind, &bad))
        return refuse(line, bad.what, to);
    if (buffer_error(&z->value))
        return buffer_error(&z->value) == ERR_NOMEM ? ERR_NOMEM : refuse(line, "the value is too long", to);
    a.value = buffer_text(&z->value);
    a.description = words(cells[COL_DESC]);
    a.url = words(cells[COL_URL]);
    a.source = words(cells[COL_SOURCE]);
    if (a.url.len && !a.source.len)
        a.source = TEXT("Zeek");
    if (a.source.len && !a.url.len)
        a.why = TEXT("meta.source");
    return atomic_add(&z->maker, &a, line->at, to);
}

static enum err end(struct zeek *z, enum err err, const char *what, struct buffer *to)
{
    const struct record_end e = {
        .err = (uint8_t)err, .at = line_reader_at(&z->lines), .read = z->read, .what = text_of(what)};
    z->ended = true;
    record_add_end(to, &e);
    return buffer_error(to);
}

static enum err next(void *self, struct buffer *to)
{
    struct zeek *z = self;
    struct line line;
    for (;;) {
        if (z->ended)
            return ERR_NOT_FOUND;
        enum err e = line_reader_next(&z->lines, &line);
        if (e == ERR_NOT_FOUND)
            return z->header_read ? end(z, OK, "", to)
                                  : end(z, ERR_MALFORMED, "no line #fields with indicator and indicator_type", to);
        if (e == ERR_IO)
            return end(z, e, "cannot read on", to);
        if (e == ERR_NOMEM)
            return e;
        if (e == OK && text_starts(line.text, TEXT("#fields"))) {
            read_fields(z, line.text);
            continue;
        }
        if (e == OK && (text_trim(line.text).len == 0 || line.text.ptr[0] == '#'))
            continue;
        z->read++;
        if (e)
            return refuse(&line, "the line is too long", to);
        return z->header_read ? add_row(z, &line, to) : refuse(&line, "a row before the line #fields", to);
    }
}

static enum format_claim claim(const struct format_head *h)
{
    struct text rest = h->bytes, line;
    while (text_split(&rest, '\n', &line)) {
        if (text_starts(line, TEXT("#fields\t")) && text_find_text(line, TEXT("indicator")) > 0)
            return FORMAT_YES;
        if (rest.ptr == NULL && !h->whole)
            return FORMAT_MORE;
        if (text_trim(line).len && line.ptr[0] != '#')
            return FORMAT_NO;
    }
    return FORMAT_NO;
}

static void free_zeek(void *self)
{
    struct zeek *z = self;
    if (!z)
        return;
    line_reader_done(&z->lines);
    atomic_done(&z->maker);
    buffer_done(&z->value);
    buffer_done(&z->raw);
    free(z);
}

static enum err open_zeek(const struct format_job *job, void **ret)
{
    struct zeek *z = calloc(1, sizeof *z);
    if (!z)
        return ERR_NOMEM;
    buffer_init(&z->value, VALUE_MAX_BYTES);
    buffer_init(&z->raw, 2 * LINE_MAX_BYTES);
    enum err e = atomic_init(&z->maker, job->party, job->identity, job->tlp);
    if (e == OK)
        e = line_reader_init(&z->lines, job->from, job->head);
    if (e)
        free_zeek(z);
    else
        *ret = z;
    return e;
}

const struct format FORMAT_ZEEK = {"zeek", true, claim, open_zeek, next, free_zeek};
