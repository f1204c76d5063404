/* match/logline_dns.c - query logs of name servers: BIND 9 (ns_client_log() and what it is called with) and Unbound
 * (log-queries, log-replies). Both write the client and the name; where they stand tells the rest. */
#include "match/linetime.h"
#include "match/logline_inside.h"

static bool is_hex_pointer(struct text t)
{
    return t.len > 3 && text_starts(t, TEXT("@0x"));
}

/* "192.0.2.1#53", with "/key name" behind. */
static bool take_client(struct logline_reader *l, struct text word)
{
    ptrdiff_t hash = text_find(word, '#', 0);
    if (hash < 1)
        return false;
    struct text port = text_sub(word, (size_t)hash + 1, word.len);
    size_t digits = 0;
    while (digits < port.len && port.ptr[digits] >= '0' && port.ptr[digits] <= '9')
        digits++;
    struct text address = text_sub(word, 0, (size_t)hash);
    ptrdiff_t zone = text_find(address, '%', 0);
    logline_put(l, LOGLINE_SRC, zone > 0 ? text_sub(address, 0, (size_t)zone) : address, 0);
    logline_put(l, LOGLINE_SRC_PORT, text_sub(port, 0, digits), 0);
    return l->e->src.addr.bits != 0 && l->e->src.has_port;
}

static struct text without_dot(struct text name)
{
    return name.len > 1 && name.ptr[name.len - 1] == '.' ? text_sub(name, 0, name.len - 1) : name;
}

/* What stands before `at` on the line, without what syslog put in front: the server's own time has a year, and counts
 * first. */
static struct text before_message(const struct logline_reader *l, size_t at)
{
    struct text before = text_sub(l->text, 0, at), message;
    bool timed;
    int64_t us;
    if (!logline_syslog(l->text, l->now_us, &message, &timed, &us) || message.ptr > before.ptr + before.len)
        return before;
    return text_sub(before, (size_t)(message.ptr - before.ptr), before.len);
}

/* "(10.0.0.53)" at the end: the address that was asked. */
static void take_server(struct logline_reader *l, struct text rest)
{
    ptrdiff_t open = text_find(rest, '(', 0);
    while (open >= 0 && text_find(rest, '(', (size_t)open + 1) >= 0)
        open = text_find(rest, '(', (size_t)open + 1);
    ptrdiff_t end = open >= 0 ? text_find(rest, ')', (size_t)open) : -1;
    struct ipaddr a;
    if (end > open + 1 && !ipaddr_parse(text_sub(rest, (size_t)open + 1, (size_t)(end - open) - 1), &a))
        logline_put(l, LOGLINE_DST, text_sub(rest, (size_t)open + 1, (size_t)(end - open) - 1), 0);
}

/* "[ECS 198.51.100.20/32/0]": for whom a resolver asks (RFC 7871). */
static void take_subnet(struct logline_reader *l, struct text rest)
{
    ptrdiff_t open = text_find_text(rest, TEXT("[ECS "));
    ptrdiff_t slash = open >= 0 ? text_find(rest, '/', (size_t)open) : -1;
    if (slash > 0)
        logline_put(l, LOGLINE_FORWARDED, text_sub(rest, (size_t)open + 5, (size_t)(slash - open) - 5), 0);
}

/* Behind "client": [@0x…] ADDRESS#PORT[/key K] [(NAME)]: [view V:] query: NAME CLASS TYPE FLAGS [(SERVER)] [[ECS
 * NET]] */
static bool read_client(struct logline_reader *l, struct text rest)
{
    struct text word, name = TEXT_NONE;
    if (!logline_word(&rest, &word) || (is_hex_pointer(word) && !logline_word(&rest, &word)) || !take_client(l, word))
        return false;
    bool over = word.ptr[word.len - 1] == ':';
    while (!over && logline_word(&rest, &word)) {
        over = word.ptr[word.len - 1] == ':';
        struct text inner = over ? text_sub(word, 0, word.len - 1) : word;
        if (inner.len > 2 && inner.ptr[0] == '(' && inner.ptr[inner.len - 1] == ')')
            name = text_sub(inner, 1, inner.len - 2);
    }
    if (!over)
        return false;
    struct text said = rest;
    if (text_starts(said, TEXT(" view ")) && text_find(said, ':', 0) > 0)
        said = text_sub(said, (size_t)text_find(said, ':', 0) + 1, said.len);
    if (text_starts(said, TEXT(" query: "))) {
        said = text_sub(said, 8, said.len);
        if (!logline_word(&said, &name))
            return false;
        take_server(l, said);
        take_subnet(l, said);
    }
    if (name.len == 0)
        return false;
    logline_put(l, LOGLINE_QUERY, without_dot(name), 0);
    return true;
}

bool logline_bind(struct logline_reader *l)
{
    struct text rest = l->text;
    struct text mark = TEXT("client ");
    size_t at = 0;
    for (;;) {
        ptrdiff_t found = text_find_text(text_sub(rest, at, rest.len), mark);
        if (found < 0)
            return false;
        at += (size_t)found;
        if (at == 0 || rest.ptr[at - 1] == ' ')
            break;
        at += mark.len;
    }
    if (!read_client(l, text_sub(rest, at + mark.len, rest.len)))
        return false;
    l->e->format = LOGLINE_BIND;
    l->e->kind = LOGLINE_DNS;
    l->e->has_time = line_time(before_message(l, at), l->now_us, &l->e->time_us) ||
                     line_time(text_sub(l->text, 0, at), l->now_us, &l->e->time_us);
    return true;
}

/* ---- Unbound ---- */

/* Words before the client where Unbound says what it did: "rpz: applied [tag] evil.example. rpz-nxdomain". */
#define UNBOUND_ACTION_WORDS_MAX 6

/* "[1234:0" in front of the word: process and thread. */
static bool ends_with_thread(struct text t)
{
    size_t at = t.len, colon = 0;
    while (at > 0 && ((t.ptr[at - 1] >= '0' && t.ptr[at - 1] <= '9') || (t.ptr[at - 1] == ':' && !colon))) {
        at--;
        if (t.ptr[at] == ':')
            colon = at;
    }
    return colon > at && colon + 1 < t.len && at > 0 && t.ptr[at - 1] == '[';
}

/* "[1769000000] unbound…", or a time that syslog or Unbound wrote out. */
static void unbound_time(struct logline_reader *l, struct text before)
{
    ptrdiff_t end = before.len && before.ptr[0] == '[' ? text_find(before, ']', 0) : -1;
    if (end > 1)
        logline_put(l, LOGLINE_TIME, text_sub(before, 1, (size_t)end - 1), 0);
    if (!l->e->has_time)
        l->e->has_time = line_time(before, l->now_us, &l->e->time_us);
}

/* "ADDRESS NAME. TYPE CLASS", or what log-local-actions and rpz-log write: what was done, "ADDRESS@PORT", and the
 * same behind it. */
static bool read_question(struct logline_reader *l, struct text rest)
{
    struct text client, name, type, class;
    struct ipaddr a;
    for (int before = 0; before <= UNBOUND_ACTION_WORDS_MAX && logline_word(&rest, &client); before++) {
        struct text more = rest;
        ptrdiff_t at = before > 0 ? text_find(client, '@', 0) : -1;
        struct text address = at > 0 ? text_sub(client, 0, (size_t)at) : client;
        if ((before > 0 && at < 1) || ipaddr_parse(address, &a) || !logline_word(&more, &name) ||
            !logline_word(&more, &type) || !logline_word(&more, &class) || name.ptr[name.len - 1] != '.')
            continue;
        logline_put(l, LOGLINE_SRC, address, 0);
        if (at > 0)
            logline_put(l, LOGLINE_SRC_PORT, text_sub(client, (size_t)at + 1, client.len), 0);
        logline_put(l, LOGLINE_QUERY, without_dot(name), 0);
        return true;
    }
    return false;
}

bool logline_unbound(struct logline_reader *l)
{
    static const char *const words[] = {"] info: ", "] query: ", "] reply: "};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        ptrdiff_t at = text_find_text(l->text, text_of(words[i]));
        if (at < 1 || !ends_with_thread(text_sub(l->text, 0, (size_t)at)) ||
            !read_question(l, text_sub(l->text, (size_t)at + text_of(words[i]).len, l->text.len)))
            continue;
        unbound_time(l, before_message(l, (size_t)at));
        if (!l->e->has_time)
            unbound_time(l, text_sub(l->text, 0, (size_t)at));
        l->e->format = LOGLINE_UNBOUND;
        l->e->kind = LOGLINE_DNS;
        return true;
    }
    return false;
}
