/* match/logline.c - which format a line has, and what the readers of formats share. */
#include "match/logline.h"

#include <stdlib.h>
#include <string.h>

#include "match/linetime.h"
#include "match/logline_inside.h"

const char *logline_format_name(enum logline_format f)
{
    static const char *const names[LOGLINE_FORMATS] = {"none",    "zeek",  "zeek-json", "eve", "bind",
                                                       "unbound", "squid", "access",    "csv"};
    return names[f];
}

/* ---- small readers ---- */

bool logline_is_digits(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.ptr[i] < '0' || t.ptr[i] > '9')
            return false;
    return t.len > 0;
}

bool logline_word(struct text *rest, struct text *ret)
{
    size_t at = 0, end;
    while (at < rest->len && rest->ptr[at] == ' ')
        at++;
    for (end = at; end < rest->len && rest->ptr[end] != ' ';)
        end++;
    if (end == at)
        return false;
    *ret = text_sub(*rest, at, end - at);
    *rest = text_sub(*rest, end, rest->len);
    return true;
}

bool logline_quoted(struct text *rest, struct text *ret)
{
    size_t at = 0, end;
    while (at < rest->len && rest->ptr[at] == ' ')
        at++;
    if (at == rest->len || rest->ptr[at] != '"')
        return false;
    for (end = ++at; end < rest->len && rest->ptr[end] != '"'; end++)
        if (rest->ptr[end] == '\\')
            end++;
    if (end >= rest->len)
        return false;
    *ret = text_sub(*rest, at, end - at);
    *rest = text_sub(*rest, end + 1, rest->len);
    return true;
}

struct text logline_mail_address(struct text t)
{
    for (size_t i = t.len; i-- > 0;) {
        ptrdiff_t end = t.ptr[i] == '<' ? text_find(t, '>', i) : -1;
        if (end >= 0)
            return text_sub(t, i + 1, (size_t)end - i - 1);
    }
    return text_trim(t);
}

struct text logline_url_host(struct text url)
{
    ptrdiff_t scheme = text_find_text(url, TEXT("://"));
    if (scheme >= 0)
        url = text_sub(url, (size_t)scheme + 3, url.len);
    for (size_t i = 0; i < url.len; i++)
        if (memchr("/?#", url.ptr[i], 3))
            url.len = i;
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] == '@')
            return logline_url_host(text_sub(url, i + 1, url.len));
    if (url.len > 0 && url.ptr[0] == '[') {
        ptrdiff_t end = text_find(url, ']', 1);
        return end < 0 ? TEXT_NONE : text_sub(url, 1, (size_t)end - 1);
    }
    ptrdiff_t colon = text_find(url, ':', 0);
    bool single = colon >= 0 && text_find(url, ':', (size_t)colon + 1) < 0;
    return single ? text_sub(url, 0, (size_t)colon) : url;
}

struct text logline_value(const struct logline *e, enum logline_field f)
{
    for (size_t i = 0; i < e->value_count; i++)
        if (e->values[i].field == f)
            return e->values[i].value;
    return TEXT_NONE;
}

/* ---- filling ---- */

void logline_put_end(struct logline_end *end, struct text t)
{
    end->text = t;
    if (ipaddr_parse(t, &end->addr))
        end->addr = (struct ipaddr){0};
}

static void put_port(struct logline_end *end, struct text t)
{
    uint64_t port;
    if (text_u64(t, &port) == OK && port <= UINT16_MAX) {
        end->port = (uint16_t)port;
        end->has_port = true;
    }
}

static void put_inside(struct text t, bool *ret_known, bool *ret)
{
    bool yes = text_eq(t, TEXT("T")) || text_eq(t, TEXT("true"));
    *ret_known = yes || text_eq(t, TEXT("F")) || text_eq(t, TEXT("false"));
    *ret = yes;
}

static void put_value(struct logline *e, struct logline_value v)
{
    if (e->value_count == LOGLINE_VALUES_MAX)
        e->left_out++;
    else
        e->values[e->value_count++] = v;
}

void logline_put_number(struct logline_reader *l, enum logline_field f, int64_t number, unsigned group)
{
    struct logline_end *end = f == LOGLINE_SRC_PORT ? &l->e->src : &l->e->dst;
    if ((f == LOGLINE_SRC_PORT || f == LOGLINE_DST_PORT) && number >= 0 && number <= UINT16_MAX) {
        end->port = (uint16_t)number;
        end->has_port = true;
    } else if (f >= LOGLINE_QUERY && f < LOGLINE_FIELDS) {
        put_value(l->e, (struct logline_value){f, group, TEXT_NONE, number});
    }
}

void logline_put(struct logline_reader *l, enum logline_field f, struct text value, unsigned group)
{
    struct logline *e = l->e;
    if (value.len == 0)
        return;
    switch (f) {
    case LOGLINE_IGNORED:
    case LOGLINE_FIELDS: return;
    case LOGLINE_TIME:
        if (!e->has_time)
            e->has_time = line_time_field(value, l->now_us, &e->time_us);
        return;
    case LOGLINE_SRC: logline_put_end(&e->src, value); return;
    case LOGLINE_DST: logline_put_end(&e->dst, value); return;
    case LOGLINE_SENDER:
        e->travel = true;
        logline_put_end(&e->src, value);
        return;
    case LOGLINE_RECEIVER:
        e->travel = true;
        logline_put_end(&e->dst, value);
        return;
    case LOGLINE_SRC_PORT: put_port(&e->src, value); return;
    case LOGLINE_DST_PORT: put_port(&e->dst, value); return;
    case LOGLINE_PROTOCOL: e->protocol = value; return;
    case LOGLINE_SRC_INSIDE: put_inside(value, &e->src_inside_known, &e->src_inside); return;
    case LOGLINE_DST_INSIDE: put_inside(value, &e->dst_inside_known, &e->dst_inside); return;
    case LOGLINE_IS_ORIG: return; /* Zeek names both ends of the connection beside it */
    default: put_value(e, (struct logline_value){f, group, value, 0});
    }
}

void logline_put_each(struct logline_reader *l, enum logline_field f, struct text values, char separator)
{
    struct text one;
    while (text_split(&values, separator, &one))
        logline_put(l, f, one, 0);
}

/* ---- which format ---- */

/* Without the values' memory, which is most of it. */
static void clear(struct logline *e)
{
    memset(e, 0, offsetof(struct logline, values));
    e->value_count = e->left_out = 0;
    e->doc = NULL;
}

static enum err read_json(struct logline_reader *l)
{
    struct json_doc *doc = NULL;
    enum err err = json_parse(l->text, &doc, NULL);
    if (err)
        return err == ERR_NOMEM ? err : ERR_NOT_FOUND;
    if (logline_eve(l, json_root(doc)) || logline_zeek_json(l, json_root(doc))) {
        l->e->doc = doc;
        return OK;
    }
    json_free(doc);
    return ERR_NOT_FOUND;
}

typedef bool logline_read_form(struct logline_reader *l);

static enum err read_text(struct logline_reader *l, const struct logline_header *header)
{
    static logline_read_form *const readers[] = {logline_zeek_bare, logline_squid, logline_access, logline_bind,
                                                 logline_unbound};
    if (header && (header->format == LOGLINE_CSV ? logline_csv_line(l, header) : logline_zeek_line(l, header)))
        return OK;
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        clear(l->e);
        if (readers[i](l))
            return OK;
    }
    return ERR_NOT_FOUND;
}

static enum err read_message(struct logline_reader *l, const struct logline_header *header)
{
    struct text t = text_trim(l->text);
    if (t.len > 0 && t.ptr[0] == '{') {
        l->text = t;
        return read_json(l);
    }
    return l->text.len > 0 && l->text.ptr[0] != '#' ? read_text(l, header) : ERR_NOT_FOUND;
}

enum err logline_read(const struct logline_header *header, struct text line, int64_t now_us, struct logline *ret)
{
    struct logline e;
    struct logline_reader l = {&e, line, now_us};
    struct text message;
    bool timed;
    int64_t us = 0;
    if (line.len > LOGLINE_MAX_BYTES)
        return ERR_NOT_FOUND;
    clear(&e);
    enum err err = read_message(&l, header);
    if (err == ERR_NOT_FOUND && logline_syslog(line, now_us, &message, &timed, &us)) {
        l.text = message;
        clear(&e);
        err = read_message(&l, header);
        if (!err && !e.has_time && timed) {
            e.has_time = true;
            e.time_us = us;
        }
    }
    if (!err)
        *ret = e;
    return err;
}

void logline_done(struct logline *e)
{
    json_free(e->doc);
    e->doc = NULL;
}
