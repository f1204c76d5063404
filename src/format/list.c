/* format/list.c - see list.h. */
#include "format/list.h"

#include <stdlib.h>
#include <string.h>

#include "format/atomic.h"
#include "format/chars.h"
#include "format/lines.h"
#include "format/refang.h"
#include "format/tld.h"

#define CLAIM_LINES   50        /* looked at to tell what a document is */
#define LIST_TEXT_MAX (4 * KIB) /* a line worth looking at: a URL of URL_MAX_BYTES is written alone */
#define LIST_LINE_MAX (2 * URL_MAX_BYTES)
#define REMARK_MAX    1024
#define ADBLOCK       TEXT("[Adblock")

struct list {
    struct line_reader lines;
    struct atomic_maker maker;
    struct refanged plain;
    struct buffer value, url;
    bool ended;
    uint64_t read;
};

/* ---- one line ---- */

static struct text first_word(struct text t, struct text *ret_rest)
{
    size_t n = 0;
    while (n < t.len && !char_is_blank(t.ptr[n]))
        n++;
    *ret_rest = text_trim(text_sub(t, n, t.len));
    return text_sub(t, 0, n);
}

static bool is_comment(struct text t)
{
    return t.len == 0 || t.ptr[0] == '#' || t.ptr[0] == ';' || t.ptr[0] == '!' || text_starts(t, TEXT("//")) ||
           text_starts(t, ADBLOCK);
}

/* Addresses that hosts files send names to so that they lead nowhere. */
static bool leads_nowhere(struct text t)
{
    static const char *const sinks[] = {"0.0.0.0", "127.0.0.1", "::", "::1", "0", "127.0.1.1"};
    for (size_t i = 0; i < ARRAY_LEN(sinks); i++)
        if (text_eq(t, text_of(sinks[i])))
            return true;
    return false;
}

/* "||evil.example^$third-party" */
static struct text without_adblock(struct text t)
{
    if (!text_starts(t, TEXT("||")))
        return t;
    t = text_sub(t, 2, t.len);
    ptrdiff_t end = text_find(t, '^', 0);
    return end < 0 ? t : text_sub(t, 0, (size_t)end);
}

static struct text without_marks(struct text t)
{
    while (t.len && (t.ptr[0] == '"' || t.ptr[0] == '\'' || t.ptr[0] == '<' || t.ptr[0] == '`'))
        t = text_sub(t, 1, t.len);
    while (t.len && strchr("\"'>`,;", t.ptr[t.len - 1]))
        t = text_sub(t, 0, t.len - 1);
    return t;
}

/* Local names that every hosts file begins with. */
static bool is_local_name(struct text t)
{
    static const char *const names[] = {"localhost",     "localhost.localdomain", "local",        "broadcasthost",
                                        "ip6-localhost", "ip6-loopback",          "ip6-allnodes", "ip6-allrouters"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (text_eq_nocase(t, text_of(names[i])))
            return true;
    return false;
}

/* The value of a line and the remark behind it. false: the line says nothing. */
static bool take_line(struct text t, struct text *ret_value, struct text *ret_remark)
{
    struct text rest;
    t = text_trim(t);
    if (is_comment(t))
        return false;
    struct text value = first_word(t, &rest);
    bool more = rest.len && rest.ptr[0] != '#' && rest.ptr[0] != ';' && !text_starts(rest, TEXT("//"));
    if (more && leads_nowhere(value)) {
        value = first_word(rest, &rest);
        if (is_local_name(value) || leads_nowhere(value))
            return false;
    }
    size_t marks = 0;
    while (marks < rest.len && strchr("#;/-, \t", rest.ptr[marks]))
        marks++;
    *ret_value = without_marks(without_adblock(value));
    *ret_remark = text_sub(rest, marks, rest.len);
    return true;
}

/* A domain must end in what domains end in: "readme.txt" is none. */
static enum value_kind kind_of(struct text value)
{
    enum value_kind kind = value_detect(value);
    if (kind != VALUE_DOMAIN)
        return kind;
    if (value.ptr[value.len - 1] == '.')
        value = text_sub(value, 0, value.len - 1);
    const char *dot = memrchr(value.ptr, '.', value.len);
    struct text last = text_sub(value, dot ? (size_t)(dot + 1 - value.ptr) : 0, value.len);
    return tld_known(last) || tld_reserved(last) ? kind : VALUE_NONE;
}

/* "evil.example/gate.php": a URL whose scheme was left out; http is what it would be asked by first. */
static bool has_path(struct text t)
{
    ptrdiff_t slash = text_find(t, '/', 0);
    if (slash <= 0)
        return false;
    enum value_kind host = kind_of(text_sub(t, 0, (size_t)slash));
    return host == VALUE_DOMAIN || host == VALUE_IPV4;
}

/* ---- records ---- */

static enum err refuse(const struct line *line, const char *why, struct buffer *to)
{
    const struct record_rejected r = {
        .at = line->at, .line = line->number, .rule = TEXT("list"), .reason = text_of(why)};
    record_add_rejected(to, &r);
    return buffer_error(to);
}

static enum err end(struct list *l, enum err err, const char *what, struct buffer *to)
{
    const struct record_end e = {
        .err = (uint8_t)err, .at = line_reader_at(&l->lines), .read = l->read, .what = text_of(what)};
    l->ended = true;
    record_add_end(to, &e);
    return buffer_error(to);
}

static enum err add_value(struct list *l, const struct line *line, struct text raw, struct text remark,
                          struct buffer *to)
{
    struct fault bad = {.offset = -1};
    struct atomic a = {.confidence = -1};
    enum value_kind kind = kind_of(raw);
    buffer_clear(&l->url);
    if (kind == VALUE_NONE && has_path(raw)) {
        buffer_add(&l->url, TEXT("http://"));
        buffer_add(&l->url, raw);
        raw = buffer_text(&l->url);
        kind = VALUE_URL;
    }
    if (kind == VALUE_NONE)
        return refuse(line, "no address, network, domain, URL, e-mail address or hash", to);
    buffer_clear(&l->value);
    if (value_normalise(kind, raw, &l->value, &a.kind, &bad))
        return refuse(line, bad.what, to);
    if (buffer_error(&l->value))
        return buffer_error(&l->value) == ERR_NOMEM ? ERR_NOMEM : refuse(line, "the value is too long", to);
    a.value = buffer_text(&l->value);
    a.description =
        remark.len <= REMARK_MAX && text_is_utf8(remark) && !memchr(remark.ptr ? remark.ptr : "", 0, remark.len)
            ? remark
            : TEXT_NONE;
    return atomic_add(&l->maker, &a, line->at, to);
}

static enum err take(struct list *l, const struct line *line, struct buffer *to, bool *ret_said)
{
    struct text value, remark;
    *ret_said = line->text.len > LIST_LINE_MAX;
    if (*ret_said) {
        l->read++;
        return refuse(line, "the line is too long for a value", to);
    }
    refang(&l->plain, line->text, NULL);
    *ret_said = take_line(refanged_text(&l->plain, 0, l->plain.len), &value, &remark);
    if (!*ret_said)
        return OK;
    l->read++;
    return add_value(l, line, value, remark, to);
}

/* ---- as one of all formats ---- */

static bool is_value(struct refanged *plain, struct text line, bool *ret_says)
{
    struct text value = TEXT_NONE, remark;
    if (line.len > LIST_TEXT_MAX) {
        *ret_says = true;
        return false;
    }
    refang(plain, line, NULL);
    *ret_says = take_line(refanged_text(plain, 0, plain->len), &value, &remark);
    /* a sentence may begin with a name; a list's remark is behind a mark, or there is none */
    struct text whole = text_trim(line);
    bool marked = remark.len == 0 || text_find(whole, '#', 0) > 0 || text_find(whole, ';', 0) > 0;
    return *ret_says && marked && kind_of(value) != VALUE_NONE;
}

static enum format_claim claim(const struct format_head *h)
{
    struct text rest = h->bytes, line;
    struct refanged plain;
    size_t says = 0, values = 0;
    if (text_starts(rest, TEXT("\xEF\xBB\xBF")))
        rest = text_sub(rest, 3, rest.len);
    if (text_starts(rest, ADBLOCK)) /* else it begins as JSON does */
        return FORMAT_YES;
    enum err e = refanged_init(&plain, LIST_TEXT_MAX);
    while (e == OK && says < CLAIM_LINES && text_split(&rest, '\n', &line)) {
        bool counts, last = rest.ptr == NULL;
        if (last && !h->whole)
            break; /* cut short */
        bool value = is_value(&plain, line, &counts);
        says += counts;
        values += value;
    }
    refanged_done(&plain);
    if (says < CLAIM_LINES && !h->whole)
        return FORMAT_MORE;
    return says > 0 && values * 5 >= says * 4 ? FORMAT_MAYBE : FORMAT_NO;
}

static void free_list(void *self)
{
    struct list *l = self;
    if (!l)
        return;
    line_reader_done(&l->lines);
    atomic_done(&l->maker);
    refanged_done(&l->plain);
    buffer_done(&l->value);
    buffer_done(&l->url);
    free(l);
}

static enum err open_list(const struct format_job *job, void **ret)
{
    struct list *l = calloc(1, sizeof *l);
    if (!l)
        return ERR_NOMEM;
    buffer_init(&l->value, VALUE_MAX_BYTES);
    buffer_init(&l->url, VALUE_MAX_BYTES + LIST_LINE_MAX);
    enum err e = atomic_init(&l->maker, job->party, job->identity, job->tlp);
    if (e == OK)
        e = line_reader_init(&l->lines, job->from, job->head);
    if (e == OK)
        e = refanged_init(&l->plain, LIST_LINE_MAX);
    if (e)
        free_list(l);
    else
        *ret = l;
    return e;
}

static enum err next(void *self, struct buffer *to)
{
    struct list *l = self;
    struct line line;
    if (l->ended)
        return ERR_NOT_FOUND;
    for (bool said = false; !said;) {
        enum err e = line_reader_next(&l->lines, &line);
        if (e == ERR_NOT_FOUND)
            return end(l, OK, "", to);
        if (e == ERR_IO)
            return end(l, e, "cannot read on", to);
        if (e == ERR_LIMIT) {
            l->read++;
            return refuse(&line, "the line is too long for a value", to);
        }
        if (e == OK)
            e = take(l, &line, to, &said);
        if (e)
            return e;
    }
    return OK;
}

const struct format FORMAT_LIST = {"list", true, claim, open_list, next, free_list};
