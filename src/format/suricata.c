/* format/suricata.c - see suricata.h. docs.suricata.io, "Rules Format". */
#include "format/suricata.h"

#include <stdlib.h>
#include <string.h>

#include "format/atomic.h"
#include "format/chars.h"
#include "format/lines.h"
#include "format/tld.h"

#define RULE_VALUES_MAX 256 /* addresses in one header */
#define RULE_MAX        (64 * KIB)
#define NAME_BYTES      400

struct rules {
    struct line_reader lines;
    struct atomic_maker maker;
    struct buffer value, whole, key;
    bool ended;
    uint64_t read;
};

/* One rule taken apart; texts borrow from its line. */
struct rule {
    struct text text, action, protocol, header, options;
    struct text msg, sid, gid, reference;
    bool suricata;     /* has what Snort has not */
    struct text exact; /* the only content, and it is the whole of a host name; empty: none */
    size_t contents;
};

/* ---- taking a rule apart ---- */

static bool is_action(struct text t)
{
    static const char *const actions[] = {"alert",     "drop",       "pass", "reject", "rejectsrc",
                                          "rejectdst", "rejectboth", "log",  "block",  "sdrop"};
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (text_eq(t, text_of(actions[i])))
            return true;
    return false;
}

static struct text word(struct text *rest)
{
    *rest = text_trim(*rest);
    size_t n = 0;
    while (n < rest->len && !char_is_blank(rest->ptr[n]) && rest->ptr[n] != '(')
        n++;
    struct text w = text_sub(*rest, 0, n);
    *rest = text_sub(*rest, n, rest->len);
    return w;
}

/* The next "name:value;" of the options; semicolons in quotes and behind a back slash are no ends. */
static bool next_option(struct text *rest, struct text *ret_name, struct text *ret_value)
{
    bool quoted = false;
    size_t n = 0;
    *rest = text_trim(*rest);
    if (rest->len == 0 || rest->ptr[0] == ')')
        return false;
    for (; n < rest->len && (quoted || rest->ptr[n] != ';'); n++) {
        if (rest->ptr[n] == '\\')
            n++;
        else if (rest->ptr[n] == '"')
            quoted = !quoted;
    }
    struct text option = text_sub(*rest, 0, n);
    *rest = text_sub(*rest, n + 1, rest->len);
    ptrdiff_t colon = text_find(option, ':', 0);
    *ret_name = text_trim(colon < 0 ? option : text_sub(option, 0, (size_t)colon));
    *ret_value = colon < 0 ? TEXT_NONE : text_trim(text_sub(option, (size_t)colon + 1, option.len));
    return true;
}

static struct text unquoted(struct text t)
{
    bool quoted = t.len >= 2 && t.ptr[0] == '"' && t.ptr[t.len - 1] == '"';
    return quoted ? text_sub(t, 1, t.len - 2) : t;
}

static bool is_host_buffer(struct text name)
{
    static const char *const buffers[] = {"dns.query", "dns_query", "tls.sni",      "tls_sni",
                                          "http.host", "http_host", "http.host.raw"};
    for (size_t i = 0; i < ARRAY_LEN(buffers); i++)
        if (text_eq(name, text_of(buffers[i])))
            return true;
    return false;
}

/* A rule whose only content is a whole host name: "dns.query; content:"evil.example"; bsize:12;" or with isdataat,
 * startswith and endswith. Less says that a name holds it, which a domain does not. */
static void read_options(struct rule *r)
{
    struct text rest = r->options, name, value, content = TEXT_NONE;
    bool host = false, starts = false, ends = false, more = false;
    while (next_option(&rest, &name, &value)) {
        r->suricata = r->suricata || text_find(name, '.', 0) > 0;
        if (text_eq(name, TEXT("msg")))
            r->msg = unquoted(value);
        else if (text_eq(name, TEXT("sid")))
            r->sid = value;
        else if (text_eq(name, TEXT("gid")))
            r->gid = value;
        else if (text_eq(name, TEXT("reference")) && text_starts(value, TEXT("url,")) && !r->reference.len)
            r->reference = text_trim(text_sub(value, 4, value.len));
        else if (is_host_buffer(name))
            host = true;
        else if (text_eq(name, TEXT("content")) || text_eq(name, TEXT("uricontent"))) {
            r->contents++;
            content = unquoted(value);
        } else if (text_eq(name, TEXT("bsize")))
            starts = ends = true;
        else if (text_eq(name, TEXT("startswith")))
            starts = true;
        else if (text_eq(name, TEXT("endswith")) || text_eq(name, TEXT("isdataat")))
            ends = true;
        else if (text_eq(name, TEXT("depth")))
            starts = true;
        else if (text_eq(name, TEXT("pcre")) || text_eq(name, TEXT("dataset")) || text_eq(name, TEXT("flowbits")))
            more = true;
    }
    if (host && r->contents == 1 && starts && ends && !more && content.len && content.ptr[0] != '!')
        r->exact = content;
}

static bool read_rule(struct text line, struct rule *r)
{
    struct text rest = line;
    *r = (struct rule){.text = line};
    r->action = word(&rest);
    if (!is_action(r->action))
        return false;
    r->protocol = word(&rest);
    ptrdiff_t open = text_find(rest, '(', 0);
    if (open < 0 || r->protocol.len == 0 || line.ptr[line.len - 1] != ')')
        return false;
    r->header = text_sub(rest, 0, (size_t)open);
    r->options = text_sub(rest, (size_t)open + 1, rest.len);
    read_options(r);
    return r->sid.len > 0 && r->sid.len < 12;
}

/* ---- records ---- */

static enum err refuse(const struct line *line, const char *why, struct buffer *to)
{
    const struct record_rejected r = {
        .at = line->at, .line = line->number, .rule = TEXT("rules format"), .reason = text_of(why)};
    record_add_rejected(to, &r);
    return buffer_error(to);
}

static enum err add_rule(struct rules *s, const struct line *line, const struct rule *r, struct buffer *to)
{
    buffer_clear(&s->key);
    buffer_add(&s->key, r->gid.len ? r->gid : TEXT("1"));
    buffer_add_char(&s->key, ':');
    buffer_add(&s->key, r->sid);
    struct atomic a = {.kind = VALUE_NONE, .value = r->text, .confidence = -1, .key = buffer_text(&s->key)};
    a.pattern_type = r->suricata ? TEXT("suricata") : TEXT("snort");
    a.name = r->msg.len && r->msg.len <= NAME_BYTES ? r->msg : TEXT("rule");
    a.source = a.pattern_type;
    a.place = a.key;
    a.url = r->reference.len && text_find_text(r->reference, TEXT("://")) > 0 ? r->reference : TEXT_NONE;
    return atomic_add(&s->maker, &a, line->at, to);
}

static enum err add_value(struct rules *s, const struct line *line, const struct rule *r, enum value_kind kind,
                          struct text raw, struct buffer *to)
{
    struct atomic a = {.confidence = -1, .description = r->msg.len <= NAME_BYTES ? r->msg : TEXT_NONE};
    buffer_clear(&s->value);
    if (value_normalise(kind, raw, &s->value, &a.kind, NULL) || buffer_error(&s->value))
        return buffer_error(&s->value) == ERR_NOMEM ? ERR_NOMEM : OK;
    a.value = buffer_text(&s->value);
    return atomic_add(&s->maker, &a, line->at, to);
}

/* Addresses of the header that are named, not excluded: the rule is about them if it looks at nothing else. */
static enum err add_addresses(struct rules *s, const struct line *line, const struct rule *r, struct buffer *to)
{
    size_t from = 0, count = 0;
    enum err e = OK;
    if (r->contents || text_find(r->header, '!', 0) >= 0 || text_find_text(r->options, TEXT("pcre:")) >= 0)
        return OK;
    for (size_t i = 0; e == OK && i <= r->header.len && count < RULE_VALUES_MAX; i++) {
        char c = i < r->header.len ? r->header.ptr[i] : ' ';
        if (char_is_hex(c) || c == '.' || c == ':' || c == '/')
            continue;
        struct text t = text_sub(r->header, from, i - from);
        enum value_kind kind = value_detect(t);
        from = i + 1;
        if (kind != VALUE_IPV4 && kind != VALUE_IPV6 && kind != VALUE_CIDR)
            continue;
        count++;
        e = add_value(s, line, r, kind, t, to);
    }
    return e;
}

static enum err add_all(struct rules *s, const struct line *line, const struct rule *r, struct buffer *to)
{
    enum err e = add_rule(s, line, r, to);
    ptrdiff_t dot = text_find(r->exact, '.', 0);
    if (e == OK && dot > 0 && value_detect(r->exact) == VALUE_DOMAIN)
        e = add_value(s, line, r, VALUE_DOMAIN, r->exact, to);
    return e == OK ? add_addresses(s, line, r, to) : e;
}

static enum err end(struct rules *s, enum err err, const char *what, struct buffer *to)
{
    const struct record_end e = {
        .err = (uint8_t)err, .at = line_reader_at(&s->lines), .read = s->read, .what = text_of(what)};
    s->ended = true;
    record_add_end(to, &e);
    return buffer_error(to);
}

static enum err take(struct rules *s, const struct line *line, struct buffer *to)
{
    struct rule r;
    struct text t = text_trim(line->text);
    s->read++;
    if (t.len > RULE_MAX)
        return refuse(line, "the rule is too long", to);
    if (!text_is_utf8(t) || memchr(t.ptr, 0, t.len))
        return refuse(line, "the rule is not UTF-8", to);
    if (!read_rule(t, &r))
        return refuse(line, "no rule: action, protocol, addresses and ports, and options with a sid in brackets", to);
    return add_all(s, line, &r, to);
}

/* Rules go on behind a back slash at a line's end. */
static enum err whole_line(struct rules *s, struct line *line)
{
    enum err e = line_reader_next(&s->lines, line);
    if (e || line->text.len == 0 || line->text.ptr[line->text.len - 1] != '\\')
        return e;
    struct line more = *line;
    buffer_clear(&s->whole);
    do {
        struct text t = more.text;
        bool on = t.len && t.ptr[t.len - 1] == '\\';
        buffer_add(&s->whole, on ? text_sub(t, 0, t.len - 1) : t);
        buffer_add_char(&s->whole, ' ');
        if (!on)
            break;
    } while ((e = line_reader_next(&s->lines, &more)) == OK);
    line->text = buffer_text(&s->whole);
    if (buffer_error(&s->whole))
        return buffer_error(&s->whole);
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err next(void *self, struct buffer *to)
{
    struct rules *s = self;
    struct line line;
    for (;;) {
        if (s->ended)
            return ERR_NOT_FOUND;
        enum err e = whole_line(s, &line);
        if (e == ERR_NOT_FOUND)
            return end(s, OK, "", to);
        if (e == ERR_IO)
            return end(s, e, "cannot read on", to);
        if (e == ERR_NOMEM)
            return e;
        if (e) {
            s->read++;
            return refuse(&line, "the rule is too long", to);
        }
        struct text t = text_trim(line.text);
        if (t.len && t.ptr[0] != '#')
            return take(s, &line, to);
    }
}

/* ---- as one of all formats ---- */

static enum format_claim claim(const struct format_head *h)
{
    struct text rest = h->bytes, line;
    while (text_split(&rest, '\n', &line)) {
        struct text t = text_trim(line), first, header = TEXT_NONE;
        if (rest.ptr == NULL && !h->whole)
            return FORMAT_MORE;
        if (t.len == 0 || t.ptr[0] == '#')
            continue;
        header = t;
        first = word(&header);
        return is_action(first) && text_find_text(t, TEXT("->")) + text_find_text(t, TEXT("<>")) > 0 &&
                       text_find(t, '(', 0) > 0
                   ? FORMAT_YES
                   : FORMAT_NO;
    }
    return FORMAT_NO;
}

static void free_rules(void *self)
{
    struct rules *s = self;
    if (!s)
        return;
    line_reader_done(&s->lines);
    atomic_done(&s->maker);
    buffer_done(&s->value);
    buffer_done(&s->whole);
    buffer_done(&s->key);
    free(s);
}

static enum err open_rules(const struct format_job *job, void **ret)
{
    struct rules *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    buffer_init(&s->value, VALUE_MAX_BYTES);
    buffer_init(&s->whole, 2 * LINE_MAX_BYTES);
    buffer_init(&s->key, KIB);
    enum err e = atomic_init(&s->maker, job->party, job->identity, job->tlp);
    if (e == OK)
        e = line_reader_init(&s->lines, job->from, job->head);
    if (e)
        free_rules(s);
    else
        *ret = s;
    return e;
}

const struct format FORMAT_SURICATA = {"suricata", true, claim, open_rules, next, free_rules};
