/* match/logline_header.c - the headers of one file, in the order of its lines: Zeek's (any number: logs are put
 * behind each other), and the first line of a CSV.
 *
 * Invariants
 * 1 A header is immutable once given and lives as long as its stream: lines under it may be read on other threads.
 * 2 The same header again is the same object, so that a file of many parts costs no more than one.
 * 3 Without memory, or past LOGLINE_HEADERS_MAX, `now` is NULL: lines without a header are no events, never read by
 *   another's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "match/logline_inside.h"
#include "match/masks.h"
#include "match/ways.h"

#define WORD_MAX_BYTES 32 /* of #unset_field and the like */

struct word {
    char bytes[WORD_MAX_BYTES];
    size_t len;
};

struct logline_stream {
    bool begun; /* its first line was seen */
    enum masks_way way;
    char separator, set_separator;
    struct word unset, empty, path;
    struct logline_header *all; /* newest first */
    size_t count;
    const struct logline_header *now;
};

enum err logline_stream_new(struct logline_stream **ret)
{
    struct logline_stream *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->way = masks_best_way();
    *ret = s;
    return OK;
}

void logline_stream_free(struct logline_stream *s)
{
    while (s && s->all) {
        struct logline_header *h = s->all;
        s->all = h->next;
        free(h);
    }
    free(s);
}

/* ---- one header ---- */

static struct text word_text(const struct word *w)
{
    return (struct text){w->bytes, w->len};
}

static void word_set(struct word *w, struct text t)
{
    w->len = t.len < WORD_MAX_BYTES ? t.len : 0;
    if (w->len)
        memcpy(w->bytes, t.ptr, w->len);
}

static bool same_header(const struct logline_header *a, const struct logline_header *b)
{
    return a->format == b->format && a->separator == b->separator && a->set_separator == b->set_separator &&
           text_eq(a->unset, b->unset) && text_eq(a->empty, b->empty) && text_eq(a->path, b->path) &&
           text_eq(a->line, b->line);
}

static struct text copy_text(char **at, struct text t)
{
    struct text copy = {*at, t.len};
    if (t.len)
        memcpy(*at, t.ptr, t.len);
    *at += t.len;
    return copy;
}

/* Texts of h are borrowed. */
static void set_now(struct logline_stream *s, const struct logline_header *h)
{
    s->now = NULL;
    for (struct logline_header *old = s->all; old; old = old->next)
        if (same_header(old, h))
            s->now = old;
    if (s->now || s->count == LOGLINE_HEADERS_MAX)
        return;
    struct logline_header *copy = malloc(sizeof *copy + h->unset.len + h->empty.len + h->path.len + h->line.len);
    if (!copy)
        return;
    *copy = *h;
    char *at = (char *)(copy + 1);
    copy->unset = copy_text(&at, h->unset);
    copy->empty = copy_text(&at, h->empty);
    copy->path = copy_text(&at, h->path);
    copy->line = copy_text(&at, h->line);
    copy->next = s->all;
    s->all = copy;
    s->count++;
    s->now = copy;
}

/* ---- Zeek ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* "\x09", or the character itself. */
static char separator_of(struct text t)
{
    if (t.len == 4 && t.ptr[0] == '\\' && t.ptr[1] == 'x' && hex_digit(t.ptr[2]) >= 0 && hex_digit(t.ptr[3]) >= 0)
        return (char)(hex_digit(t.ptr[2]) << 4 | hex_digit(t.ptr[3]));
    return t.len == 1 ? t.ptr[0] : '\t';
}

static void start_zeek(struct logline_stream *s, char separator)
{
    s->separator = separator;
    s->set_separator = ',';
    word_set(&s->unset, TEXT("-"));
    word_set(&s->empty, TEXT("(empty)"));
    s->path.len = 0;
}

static void take_fields(struct logline_stream *s, struct text names, struct text line)
{
    struct logline_header h = {.format = LOGLINE_ZEEK_TSV,
                               .separator = s->separator,
                               .set_separator = s->set_separator,
                               .unset = word_text(&s->unset),
                               .empty = word_text(&s->empty),
                               .path = word_text(&s->path),
                               .line = line};
    uint64_t fields = 0;
    struct text name;
    s->now = NULL;
    while (text_split(&names, h.separator, &name)) {
        if (h.column_count == LOGLINE_COLUMNS_MAX)
            return;
        enum logline_field f = logline_field_of(name, h.path);
        fields |= UINT64_C(1) << f;
        h.columns[h.column_count++] = (uint8_t)f;
    }
    h.kind = h.path.len ? logline_kind_of(h.path) : logline_kind_guess(fields);
    if (fields >> LOGLINE_TIME & 1)
        set_now(s, &h);
}

static struct text without_cr(struct text line)
{
    return line.len && line.ptr[line.len - 1] == '\r' ? text_sub(line, 0, line.len - 1) : line;
}

/* What stands behind "#name" and the separator; false when the line is another. */
static bool is_line(struct text line, struct text name, char separator, struct text *ret)
{
    if (!text_starts(line, name) || line.len <= name.len || line.ptr[name.len] != separator)
        return false;
    *ret = text_sub(line, name.len + 1, line.len);
    return true;
}

static void take_mark(struct logline_stream *s, struct text line)
{
    struct text t;
    line = without_cr(line);
    if (is_line(line, TEXT("#separator"), ' ', &t)) {
        start_zeek(s, separator_of(t));
        return;
    }
    if (!s->separator)
        start_zeek(s, '\t');
    if (is_line(line, TEXT("#set_separator"), s->separator, &t))
        s->set_separator = separator_of(t);
    else if (is_line(line, TEXT("#unset_field"), s->separator, &t))
        word_set(&s->unset, t);
    else if (is_line(line, TEXT("#empty_field"), s->separator, &t))
        word_set(&s->empty, t);
    else if (is_line(line, TEXT("#path"), s->separator, &t))
        word_set(&s->path, t);
    else if (is_line(line, TEXT("#fields"), s->separator, &t))
        take_fields(s, t, line);
}

/* ---- the lines ---- */

static struct text first_line(struct text t)
{
    const char *newline = t.len ? memchr(t.ptr, '\n', t.len) : NULL;
    return newline ? text_sub(t, 0, (size_t)(newline - t.ptr)) : t;
}

/* Behind the first newline that a '#' follows; t.len when there is none. Plain enough for the compiler to look at
 * many bytes at once: this is asked of every block. */
WAYS_INLINE size_t next_mark_any(struct text t, size_t from)
{
    enum { STEP = 256 };
    const char *p = t.ptr;
    size_t at = from;
    for (; at + STEP < t.len; at += STEP) {
        unsigned char any = 0;
        for (size_t i = 0; i < STEP; i++)
            any |= (unsigned char)((p[at + i] == '\n') & (p[at + i + 1] == '#'));
        if (!any)
            continue;
        for (size_t i = 0; i < STEP; i++)
            if (p[at + i] == '\n' && p[at + i + 1] == '#')
                return at + i + 1;
    }
    for (; at + 1 < t.len; at++)
        if (p[at] == '\n' && p[at + 1] == '#')
            return at + 1;
    return t.len;
}

static size_t next_mark_table(struct text t, size_t from)
{
    return next_mark_any(t, from);
}

WAY_32 static size_t next_mark_32(struct text t, size_t from)
{
    return next_mark_any(t, from);
}

static bool starts_header(struct text at)
{
    return text_starts(at, TEXT("#separator ")) || text_starts(at, TEXT("#fields"));
}

/* Where the lines under the header that t begins with end: at the next one. */
static size_t piece_end(struct text t, size_t from, enum masks_way way)
{
    size_t (*const next_mark)(struct text, size_t) = way == MASKS_BY_TABLE ? next_mark_table : next_mark_32;
    size_t at = from ? from - 1 : 0;
    for (at = next_mark(t, at); at < t.len && !starts_header(text_sub(t, at, t.len)); at = next_mark(t, at))
        ;
    return at;
}

bool logline_stream_next(struct logline_stream *s, struct text *rest, struct text *ret_lines,
                         const struct logline_header **ret_header)
{
    struct text t = *rest;
    size_t marks = 0;
    if (t.len == 0)
        return false;
    if (!s->begun) {
        struct logline_header h = {.format = LOGLINE_CSV};
        h.line = without_cr(first_line(t));
        s->begun = true;
        if (h.line.len <= LOGLINE_MAX_BYTES && h.line.len > 0 && h.line.ptr[0] != '#' &&
            logline_csv_header(h.line, &h))
            set_now(s, &h);
    }
    while (marks < t.len && t.ptr[marks] == '#') {
        struct text line = first_line(text_sub(t, marks, t.len));
        if (line.len <= LOGLINE_MAX_BYTES)
            take_mark(s, line);
        marks += line.len + (marks + line.len < t.len);
    }
    size_t end = piece_end(t, marks, s->way);
    *ret_lines = text_sub(t, 0, end);
    *rest = text_sub(t, end, t.len);
    *ret_header = s->now;
    return true;
}

/* ---- from the middle ---- */

/* Reads [from, from + len) and gives its whole lines to the stream; those before the first newline not, unless
 * from is 0. */
static void take_part(struct logline_stream *s, int fd, uint64_t from, size_t len)
{
    char *bytes = malloc(len);
    size_t got = 0;
    ssize_t n = 1;
    while (bytes && got < len && n > 0) {
        do {
            n = pread(fd, bytes + got, len - got, (off_t)(from + got));
        } while (n < 0 && errno == EINTR);
        got += n > 0 ? (size_t)n : 0;
    }
    struct text t = {bytes, got}, lines;
    const struct logline_header *header;
    const char *last = got ? memrchr(bytes, '\n', got) : NULL;
    t.len = last ? (size_t)(last - bytes) + 1 : 0;
    if (from > 0)
        t = text_sub(t, first_line(t).len + (t.len > 0), t.len);
    while (logline_stream_next(s, &t, &lines, &header))
        ;
    free(bytes);
}

void logline_stream_resume(struct logline_stream *s, int fd, uint64_t offset)
{
    size_t head = offset < LOGLINE_HEAD_BYTES ? (size_t)offset : LOGLINE_HEAD_BYTES;
    uint64_t back = offset > LOGLINE_LOOK_BACK_BYTES ? offset - LOGLINE_LOOK_BACK_BYTES : 0;
    if (back < head)
        back = head;
    if (head)
        take_part(s, fd, 0, head);
    if (back < offset) /* one byte more: it may be the newline before the first line */
        take_part(s, fd, back - 1, (size_t)(offset - back) + 1);
    s->begun = true;
}
