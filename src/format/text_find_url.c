/* format/text_find_url.c - where a URL in running text ends (RFC 3986 appendix C, and what people do), and where it
 * goes on behind a line break. */
#include <string.h>

#include "format/chars.h"
#include "format/text_chars.h"
#include "format/text_find.h"
#include "format/tld.h"

#define URL_JOINS_MAX 4

static const char *const schemes[] = {"http",   "https",  "ftp",    "ftps",       "sftp",  "tftp",    "ws",
                                      "wss",    "tcp",    "udp",    "ldap",       "ldaps", "smb",     "rmi",
                                      "ssh",    "telnet", "rtsp",   "mqtt",       "mqtts", "stratum", "dns",
                                      "socks5", "socks",  "gopher", "stratum+tcp"};

size_t find_scheme(const struct refanged *t, size_t i)
{
    size_t n = i;
    while (n < i + 12 && (char_is_alnum(find_byte(t, n)) || find_byte(t, n) == '+'))
        n++;
    if (find_byte(t, n) != ':' || find_byte(t, n + 1) != '/' || find_byte(t, n + 2) != '/')
        return i;
    for (size_t k = 0; k < ARRAY_LEN(schemes); k++)
        if (text_eq_nocase(refanged_text(t, i, n), text_of(schemes[k])))
            return n + 3;
    return i;
}

/* Bytes that no URL in a text goes beyond. */
static bool ends_url(const struct refanged *t, size_t i, bool quoted)
{
    const char c = find_byte(t, i);
    if ((unsigned char)c <= ' ' || strchr("\"<>`^{}|\\", c))
        return true;
    if ((unsigned char)c >= 0xE2) /* beyond Latin, Greek and Cyrillic letters: another script's punctuation */
        return true;
    const char after = find_byte(t, i + 1);
    const bool last = (unsigned char)after <= ' ' || after == '|';
    if (c == '\'' && (quoted || last))
        return true;
    if ((c == ',' || c == ';') && (last || find_scheme(t, i + 1) > i + 1))
        return true;
    return c == '*' && after == '*';
}

/* The end of the run from i on; brackets that were not opened in it end it. */
static size_t run_end(const struct refanged *t, size_t i, size_t limit, bool quoted)
{
    int round = 0, square = 0;
    for (; i < limit && !ends_url(t, i, quoted); i++) {
        const char c = find_byte(t, i);
        round += c == '(' ? 1 : c == ')' ? -1 : 0;
        square += c == '[' ? 1 : c == ']' ? -1 : 0;
        if (round < 0 || square < 0)
            break;
    }
    return i;
}

static size_t without_marks(const struct refanged *t, size_t from, size_t end)
{
    while (end > from && strchr(".,;:!?'*~", find_byte(t, end - 1)))
        end--;
    return end;
}

/* "[2] ", "(2) ", "2. ": the line is the next of a list or of notes. */
static bool is_number(const struct refanged *t, size_t i)
{
    const char open = find_byte(t, i);
    size_t n = i + (open == '[' || open == '('), digits = n;
    while (n < digits + 4 && char_is_digit(find_byte(t, n)))
        n++;
    const char close = find_byte(t, n), after = find_byte(t, n + (close != '\0'));
    return n > digits && close && strchr(".)]:", close) && char_is_blank(after);
}

/* The token on the next line is a host of its own, or an ordinary word: no part of the URL before it. */
static bool stands_alone(const struct refanged *t, size_t from, size_t end)
{
    bool odd = false;
    if (is_number(t, from))
        return true;
    for (size_t i = from; i < end; i++) {
        char c = find_byte(t, i);
        odd = odd || char_is_digit(c) || (i + 1 < end && strchr("/.=&?%_-", c));
    }
    if (!odd)
        return true;
    size_t host = find_host_end(t, from);
    struct text h = refanged_text(t, from, host);
    const char *dot = h.len ? memchr(h.ptr, '.', h.len) : NULL;
    return find_scheme(t, from) > from ||
           (dot && find_is_tld(h) &&
            (find_byte(t, host) == '/' || memchr(dot + 1, '.', h.len - (size_t)(dot + 1 - h.ptr))));
}

/* "<http://evil.example/a\n b>" is one. */
static bool angle_closes(const struct refanged *t, size_t i)
{
    for (size_t n = 0; n < 512 && find_byte(t, i + n); n++) {
        if (find_byte(t, i + n) == '>')
            return true;
        if (find_byte(t, i + n) == '<')
            return false;
    }
    return false;
}

static bool goes_on(const struct refanged *t, size_t end, size_t host, bool angle)
{
    const char last = find_byte(t, end - 1);
    struct text so_far = refanged_text(t, host, end);
    if (angle)
        return angle_closes(t, end);
    if (last == '.') /* "http://evil.\nexample/x" */
        return text_find(so_far, '/', 0) < 0;
    return strchr("/-_=&?%+~", last) != NULL;
}

/* Where a link leads stands whole in its tag. */
static bool is_link(const struct refanged *t, size_t i)
{
    return (t->flags[i] & TEXT_LINK) != 0;
}

size_t find_url(const struct refanged *t, size_t i, struct buffer *raw)
{
    const size_t limit = i + FIND_AHEAD_MAX, host = find_scheme(t, i);
    const char before = i ? t->bytes[i - 1] : '\0';
    if (host == i)
        return i;
    size_t end = run_end(t, host, limit, before == '\''), from = i;
    for (int joins = 0; joins < URL_JOINS_MAX && end > host; joins++) {
        size_t next = find_next_line(t, end);
        if (next == end || next >= limit || !goes_on(t, end, host, before == '<') || is_link(t, end - 1) ||
            is_link(t, next))
            break;
        size_t more = run_end(t, next, limit, before == '\'');
        if (more == next ||
            (before != '<' && stands_alone(t, next, without_marks(t, next, more)) && find_byte(t, end - 1) != '.'))
            break;
        buffer_add(raw, refanged_text(t, from, end));
        from = next;
        end = more;
    }
    if (end >= limit)
        return i;
    end = without_marks(t, from, end);
    buffer_add(raw, refanged_text(t, from, end));
    return end > host ? end : i;
}
