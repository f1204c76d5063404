/* match/logline_syslog.c - what stands in front of a message: RFC 3164 (with or without <PRI>), RFC 5424, and the ISO
 * time that rsyslog writes by default. */
#include "match/linetime.h"
#include "match/logline_inside.h"

/* "<13>": at most 191 (RFC 5424 section 6.2.1). */
static bool take_priority(struct text *t)
{
    ptrdiff_t end = t->len && t->ptr[0] == '<' ? text_find(*t, '>', 1) : -1;
    if (end < 2 || end > 4 || !logline_is_digits(text_sub(*t, 1, (size_t)end - 1)))
        return false;
    *t = text_sub(*t, (size_t)end + 1, t->len);
    return true;
}

/* Structured data (section 6.3): "-" or elements in brackets, in which \ takes the meaning of what follows. */
static bool skip_data(struct text *t)
{
    size_t at = 0;
    bool quoted = false;
    if (t->len > 0 && t->ptr[0] == '-') {
        *t = text_sub(*t, 1, t->len);
        return true;
    }
    while (at < t->len && t->ptr[at] == '[') {
        for (at++; at < t->len && (quoted || t->ptr[at] != ']'); at++) {
            if (quoted && t->ptr[at] == '\\')
                at++;
            else if (t->ptr[at] == '"')
                quoted = !quoted;
        }
        if (at >= t->len)
            return false;
        at++;
    }
    *t = text_sub(*t, at, t->len);
    return at > 0;
}

/* VERSION SP TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA [SP MSG] */
static bool read_5424(struct text t, int64_t now_us, struct text *ret, bool *ret_timed, int64_t *ret_us)
{
    struct text word, time;
    if (!text_starts(t, TEXT("1 ")))
        return false;
    t = text_sub(t, 2, t.len);
    if (!logline_word(&t, &time))
        return false;
    for (int i = 0; i < 4; i++)
        if (!logline_word(&t, &word))
            return false;
    while (t.len > 0 && t.ptr[0] == ' ')
        t = text_sub(t, 1, t.len);
    if (!skip_data(&t) || t.len == 0 || t.ptr[0] != ' ')
        return false;
    t = text_sub(t, 1, t.len);
    if (text_starts(t, TEXT("\xEF\xBB\xBF")))
        t = text_sub(t, 3, t.len);
    *ret_timed = line_time_field(time, now_us, ret_us);
    *ret = t;
    return *ret_timed || text_eq(time, TEXT("-"));
}

static bool is_month(struct text t)
{
    return t.len == 3 && text_find_text(TEXT("JanFebMarAprMayJunJulAugSepOctNovDec"), t) % 3 == 0;
}

/* TIME HOST TAG[PID]: MESSAGE. The tag's colon is asked for: without it nothing tells the header from the message. */
static bool read_3164(struct text t, int64_t now_us, struct text *ret, bool *ret_timed, int64_t *ret_us)
{
    struct text rest = t, word, host, tag;
    if (!logline_word(&rest, &word))
        return false;
    if (is_month(word) && (!logline_word(&rest, &word) || !logline_word(&rest, &word)))
        return false;
    struct text time = text_sub(t, 0, (size_t)(word.ptr + word.len - t.ptr));
    *ret_timed = line_time_field(time, now_us, ret_us);
    if (!*ret_timed || !logline_word(&rest, &host) || !logline_word(&rest, &tag))
        return false;
    if (tag.ptr[tag.len - 1] != ':') { /* "%ASA-6-302013: ", "tag [1]:", or the host left out */
        struct text more = rest;
        if (host.ptr[host.len - 1] == ':')
            rest = (struct text){host.ptr + host.len, (size_t)(t.ptr + t.len - host.ptr) - host.len};
        else if (logline_word(&more, &word) && word.ptr[word.len - 1] == ':')
            rest = more;
        else
            return false;
    }
    while (rest.len > 0 && rest.ptr[0] == ' ')
        rest = text_sub(rest, 1, rest.len);
    if (text_starts(rest, TEXT("@cee:")))
        rest = text_sub(rest, 5, rest.len);
    *ret = rest;
    return rest.len > 0;
}

bool logline_syslog(struct text line, int64_t now_us, struct text *ret_message, bool *ret_timed, int64_t *ret_us)
{
    struct text t = line;
    bool priority = take_priority(&t);
    return (priority && read_5424(t, now_us, ret_message, ret_timed, ret_us)) ||
           read_3164(t, now_us, ret_message, ret_timed, ret_us);
}
