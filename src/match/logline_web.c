/* match/logline_web.c - Squid's native log, and the access logs of Apache and nginx: common, combined, vhost_combined
 * and with X-Forwarded-For behind. */
#include <string.h>

#include "match/logline_inside.h"

static void put_unless_none(struct logline_reader *l, enum logline_field f, struct text t)
{
    if (!text_eq(t, TEXT("-")))
        logline_put(l, f, t, 0);
}

/* ---- Squid: time elapsed client code/status bytes method URL user hierarchy/peer type ---- */

static bool is_result(struct text t)
{
    ptrdiff_t slash = text_find(t, '/', 0);
    return slash > 0 && t.ptr[0] >= 'A' && t.ptr[0] <= 'Z' &&
           logline_is_digits(text_sub(t, (size_t)slash + 1, t.len));
}

/* CONNECT names host and port alone. */
static void put_squid_url(struct logline_reader *l, struct text method, struct text url)
{
    logline_put(l, LOGLINE_METHOD, method, 0);
    if (text_eq(url, TEXT("-")))
        return;
    if (!text_eq(method, TEXT("CONNECT")))
        logline_put(l, LOGLINE_URL, url, 0);
    logline_put(l, LOGLINE_HOST, logline_url_host(url), 0);
}

bool logline_squid(struct logline_reader *l)
{
    enum { TIME, ELAPSED, CLIENT, RESULT, BYTES, METHOD, URL, USER, PEER, WORDS };
    struct text rest = l->text, words[WORDS];
    if (l->text.len == 0 || l->text.ptr[0] < '0' || l->text.ptr[0] > '9')
        return false;
    for (size_t i = 0; i < WORDS; i++)
        if (!logline_word(&rest, &words[i]))
            return false;
    struct text elapsed = words[ELAPSED];
    if (elapsed.ptr[0] == '-')
        elapsed = text_sub(elapsed, 1, elapsed.len);
    if (text_find(words[TIME], '.', 0) != 10 || !logline_is_digits(elapsed) || !is_result(words[RESULT]) ||
        !logline_is_digits(words[BYTES]))
        return false;
    logline_put(l, LOGLINE_TIME, words[TIME], 0);
    logline_put(l, LOGLINE_SRC, words[CLIENT], 0);
    put_squid_url(l, words[METHOD], words[URL]);
    put_unless_none(l, LOGLINE_USER, words[USER]);
    ptrdiff_t slash = text_find(words[PEER], '/', 0);
    if (slash > 0)
        put_unless_none(l, LOGLINE_DST, text_sub(words[PEER], (size_t)slash + 1, words[PEER].len));
    l->e->format = LOGLINE_SQUID;
    l->e->kind = LOGLINE_HTTP;
    return l->e->has_time;
}

/* ---- access logs: [vhost:port] client identity user [time] "request" status bytes ["referer" "agent" ["for"]] ----
 */

/* "21/Nov/2026:20:15:01 +0000" at '[': how long, or 0. */
static size_t time_len(struct text t, size_t at)
{
    ptrdiff_t end = text_find(t, ']', at);
    size_t len = end < 0 ? 0 : (size_t)end - at - 1;
    return len >= 20 && len <= 32 && t.ptr[at + 3] == '/' && t.ptr[at + 7] == '/' && t.ptr[at + 12] == ':' ? len : 0;
}

static bool put_client(struct logline_reader *l, struct text before)
{
    struct text words[2], word, rest = before;
    size_t count = 0;
    struct ipaddr a;
    for (; logline_word(&rest, &word); count++)
        if (count < ARRAY_LEN(words))
            words[count] = word;
    if (count < 3 || count > 4) /* more is a prefix, syslog's perhaps */
        return false;
    bool vhost = count == 4 && ipaddr_parse(words[0], &a) && !text_eq(words[1], TEXT("-"));
    logline_put(l, LOGLINE_SRC, words[vhost], 0);
    if (vhost)
        logline_put(l, LOGLINE_HOST, logline_url_host(words[0]), 0);
    struct text user = word; /* the last: of a name with a blank, its end */
    put_unless_none(l, LOGLINE_USER, user);
    return true;
}

static void put_request(struct logline_reader *l, struct text request)
{
    struct text method, url;
    if (!logline_word(&request, &method) || !logline_word(&request, &url))
        return;
    logline_put(l, LOGLINE_METHOD, method, 0);
    logline_put(l, LOGLINE_URL, url, 0);
    if (text_find_text(url, TEXT("://")) > 0)
        logline_put(l, LOGLINE_HOST, logline_url_host(url), 0);
}

bool logline_access(struct logline_reader *l)
{
    struct text t = l->text, request, status, bytes, quoted;
    ptrdiff_t open = text_find_text(t, TEXT(" ["));
    size_t time = open > 0 ? time_len(t, (size_t)open + 1) : 0;
    if (time == 0 || !put_client(l, text_sub(t, 0, (size_t)open)))
        return false;
    logline_put(l, LOGLINE_TIME, text_sub(t, (size_t)open + 2, time), 0);
    struct text rest = text_sub(t, (size_t)open + time + 3, t.len);
    if (!logline_quoted(&rest, &request) || !logline_word(&rest, &status) || !logline_is_digits(status) ||
        !logline_word(&rest, &bytes))
        return false;
    put_request(l, request);
    if (logline_quoted(&rest, &quoted)) {
        put_unless_none(l, LOGLINE_REFERER, quoted);
        if (logline_quoted(&rest, &quoted))
            put_unless_none(l, LOGLINE_USER_AGENT, quoted);
        if (logline_quoted(&rest, &quoted))
            put_unless_none(l, LOGLINE_FORWARDED, quoted);
    }
    l->e->format = LOGLINE_ACCESS;
    l->e->kind = LOGLINE_HTTP;
    return l->e->has_time;
}
