/* unit/match/oracle_address.c - addresses by definition: regular expressions and inet_pton. */
#include <arpa/inet.h>
#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_parts.h"

#define OCTET "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define QUAD  OCTET "\\." OCTET "\\." OCTET "\\." OCTET
#define PORT  "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}|0)"
#define MASK                                                                                                  \
    "(255\\.255\\.255\\.(255|254|252|248|240|224|192|128|0)|255\\.255\\.(254|252|248|240|224|192|128|0)\\.0|" \
    "255\\.(254|252|248|240|224|192|128|0)\\.0\\.0|(255|254|252|248|240|224|192|128)\\.0\\.0\\.0)"
#define SLASH "(/|\\\\/|%2[fF])"
#define PRODUCT                                                                                                     \
    "(^|[^A-Za-z0-9_-])(Chrome|Chromium|HeadlessChrome|CriOS|Edg|EdgA|Edge|EdgiOS|OPR|Opera|Firefox|FxiOS|Version|" \
    "Safari|YaBrowser|Vivaldi|Brave|UCBrowser|SamsungBrowser|Electron)\\\\?/$"

/* Does t match, all of it? Compiled once for each pattern. */
static bool matches(const char *pattern, const char *t, size_t len)
{
    static struct {
        const char *pattern;
        regex_t re;
    } kept[32];
    size_t i = 0;
    while (kept[i].pattern && kept[i].pattern != pattern)
        i++;
    if (i + 1 == ARRAY_LEN(kept))
        abort();
    if (!kept[i].pattern && regcomp(&kept[i].re, pattern, REG_EXTENDED | REG_NOSUB))
        abort();
    kept[i].pattern = pattern;
    regmatch_t whole = {0, (regoff_t)len};
    return regexec(&kept[i].re, t, 1, &whole, REG_STARTEND) == 0;
}

struct network {
    unsigned char bytes[16];
    int family;
    unsigned len;
};

static struct network network_of(const char *v)
{
    struct network n = {.len = 128};
    char text[64];
    snprintf(text, sizeof text, "%s", v);
    char *slash = strchr(text, '/');
    if (slash)
        *slash = 0;
    n.family = strchr(text, ':') ? AF_INET6 : AF_INET;
    n.len = slash ? (unsigned)atoi(slash + 1) : n.family == AF_INET ? 32 : 128;
    if (inet_pton(n.family, text, n.bytes) != 1)
        abort();
    return n;
}

static bool has(const struct network *n, const unsigned char *bytes, int family)
{
    if (family != n->family)
        return false;
    for (unsigned bit = 0; bit < n->len; bit++)
        if ((n->bytes[bit / 8] ^ bytes[bit / 8]) >> (7 - bit % 8) & 1)
            return false;
    return true;
}

/* Does a prefix length or mask follow the address that ends at `end`? Its bits; -1 for none. */
static int prefix_behind(const struct oracle_reading *r, size_t start, size_t end, int family)
{
    static const char v4[] = "^" SLASH "(3[0-2]|[12]?[0-9])$", v6[] = "^" SLASH "(12[0-8]|1[01][0-9]|[1-9]?[0-9])$";
    static const char mask[] = "^" SLASH MASK "$", slash[] = "^" SLASH;
    if (end >= r->len || !matches(slash, r->text + end, r->len - end) || oracle_in_authority(r, start))
        return -1;
    for (size_t e = end + 1; e <= r->len && e < end + 19; e++) {
        struct oracle_reading rest = {.text = r->text + e, .len = r->len - e};
        bool goes_on =
            rest.len > 0 && (matches(slash, rest.text, rest.len) || is_word_at(&rest, 0) ||
                             (strchr(".-?", rest.text[0]) && rest.text[0] && rest.len > 1 && is_word_at(r, e + 1)));
        char text[20] = {0};
        for (size_t i = e; i > end && strchr("0123456789.", r->text[i - 1]); i--)
            memmove(text + 1, text, sizeof text - 2), text[0] = r->text[i - 1];
        if (r->text[end] == '%') /* the 2 of %2F is no digit of it */
            snprintf(text, sizeof text, "%.*s", (int)(e > end + 3 ? e - end - 3 : 0), r->text + end + 3);
        if (!goes_on && matches(family == AF_INET ? v4 : v6, r->text + end, e - end))
            return atoi(text);
        bool dotted = rest.len > 0 && isdigit((unsigned char)rest.text[0]);
        if (!goes_on && !dotted && family == AF_INET && matches(mask, r->text + end, e - end)) {
            struct in_addr m;
            return inet_pton(AF_INET, text, &m) == 1 ? __builtin_popcount(m.s_addr) : -1;
        }
    }
    return -1;
}

/* Is the address a network? Not with host bits, nor with all of its bits. */
static bool is_network(const struct oracle_reading *r, size_t start, size_t end, int family,
                       const unsigned char *bytes)
{
    int len = prefix_behind(r, start, end, family), bits = family == AF_INET ? 32 : 128;
    bool host = false;
    for (int i = len; i >= 0 && i < bits; i++)
        host |= bytes[i / 8] >> (7 - i % 8) & 1;
    return len >= 0 && len < bits && !host;
}

/* ---- IPv6: every run of hex digits, colons and dots ---- */

static bool is_ipv6_run(int c)
{
    return isxdigit(c) || c == ':' || c == '.';
}

static bool parse_ipv6(const char *t, size_t len, unsigned char out[16])
{
    char text[80];
    if (len == 0 || len >= sizeof text || memchr(t, 0, len))
        return false;
    memcpy(text, t, len);
    text[len] = 0;
    return inet_pton(AF_INET6, text, out) == 1;
}

/* The one address that the run [start, end) is read as. */
static bool read_ipv6(const struct oracle_reading *r, size_t start, size_t end, size_t *ret_start, size_t *ret_end,
                      unsigned char out[16])
{
    static const char port[] = "[.:]" PORT "$";
    const char *t = r->text;
    char *colon = memchr(t + start, ':', end - start);
    size_t colons = 0, first, key;
    bool gap = memmem(t + start, end - start, "::", 2) != NULL;
    for (size_t i = start; i < end; i++)
        colons += t[i] == ':';
    if (!colon || (!gap && colons < 6) || is_continued(r, end))
        return false;
    first = (size_t)(colon - t);
    for (key = first; key > 0 && first - key < 3 && isdigit((unsigned char)t[key - 1]);)
        key--;
    for (; key > 0 && (unsigned char)t[key - 1] < 0x80 && (isalpha((unsigned char)t[key - 1]) || t[key - 1] == '_');)
        key--;
    bool letters = matches("[g-zG-Z_]", t + key, first - key) && (key == 0 || !is_word_at(r, key - 1));
    bool number = first - start > 4 && matches("^[0-9.]+$", t + start, first - start);
    if (letters || number)
        start = first + 1;
    else if ((start > 0 && is_word_at(r, start - 1)) || is_percent_before(r, start))
        return false;
    if (end < r->len && is_word_at(r, end)) { /* a word behind the last colon */
        size_t last = end, stop = end;
        while (last > start && t[last - 1] != ':')
            last--;
        if (last == start)
            return false;
        for (stop = last;
             stop < r->len && (unsigned char)t[stop] < 0x80 && (isalpha((unsigned char)t[stop]) || t[stop] == '_');)
            stop++;
        if (!matches("[g-zG-Z_]", t + last, stop - last) || (stop < r->len && is_word_at(r, stop)))
            return false;
        end = last - 1;
    }
    *ret_start = start;
    *ret_end = end;
    if (end <= start || !memchr(t + start, ':', end - start))
        return false;
    if (parse_ipv6(t + start, end - start, out))
        return true;
    if (t[end - 1] == ':' || t[end - 1] == '.')
        end--;
    *ret_end = end;
    if (parse_ipv6(t + start, end - start, out))
        return true;
    if (end <= start || !matches(port, t + start, end - start))
        return false;
    while (isdigit((unsigned char)t[end - 1]))
        end--;
    *ret_end = end - 1;
    return parse_ipv6(t + start, end - 1 - start, out);
}

static bool hits_ipv6(const struct oracle_reading *r, const struct network *n)
{
    for (size_t start = 0, end; start < r->len; start = end + 1) {
        size_t from, to;
        unsigned char bytes[16];
        static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};
        for (end = start; end < r->len && is_ipv6_run((unsigned char)r->text[end]);)
            end++;
        if (!read_ipv6(r, start, end, &from, &to, bytes))
            continue;
        bool v4 = memcmp(bytes, mapped, 12) == 0;
        if (to == end && is_network(r, from, to, v4 ? AF_INET : AF_INET6, v4 ? bytes + 12 : bytes))
            continue;
        if (has(n, v4 ? bytes + 12 : bytes, v4 ? AF_INET : AF_INET6))
            return true;
    }
    return false;
}

/* Does [at] belong to something that was read as IPv6? */
static bool in_ipv6(const struct oracle_reading *r, size_t at)
{
    size_t start = at, end = at, from, to;
    unsigned char bytes[16];
    while (start > 0 && is_ipv6_run((unsigned char)r->text[start - 1]))
        start--;
    while (end < r->len && is_ipv6_run((unsigned char)r->text[end]))
        end++;
    return read_ipv6(r, start, end, &from, &to, bytes) && at >= from && at < to;
}

/* ---- IPv4: every word of digits, dots and hyphens ---- */

static bool is_netmask_of_other(const struct oracle_reading *r, size_t start)
{
    if (start == 0 || r->text[start - 1] != '/')
        return false;
    size_t slash = start - 1 - (start > 1 && r->text[start - 2] == '\\'), from = slash, end = start;
    while (from > 0 && (isdigit((unsigned char)r->text[from - 1]) || r->text[from - 1] == '.'))
        from--;
    while (end < r->len && (isdigit((unsigned char)r->text[end]) || r->text[end] == '.') &&
           strncmp(r->text + end, "..", 2) != 0)
        end++;
    while (end > start && r->text[end - 1] == '.')
        end--;
    /* only behind what is an address: the rows of the table say which */
    return matches("^" QUAD "$", r->text + from, slash - from) &&
           matches("^" MASK "$", r->text + start, end - start) && prefix_behind(r, from, slash, AF_INET) >= 0;
}

static bool hits_ipv4_piece(const struct oracle_reading *r, size_t start, size_t end, const struct network *n)
{
    unsigned char bytes[4];
    char text[32] = {0};
    size_t quad = end, dots = 0;
    for (size_t i = start; i < end; i++)
        dots += r->text[i] == '.';
    if (dots == 4)
        while (r->text[--quad] != '.')
            ;
    if (quad - start > 15)
        return false;
    memcpy(text, r->text + start, quad - start);
    if (inet_pton(AF_INET, text, bytes) != 1 || !has(n, bytes, AF_INET))
        return false;
    if (quad == end && is_network(r, start, end, AF_INET, bytes))
        return false;
    return oracle_in_authority(r, start) || !matches(PRODUCT, r->text, start);
}

static bool hits_ipv4(const struct oracle_reading *r, const struct network *n)
{
    for (size_t at = 0; at < r->len;) {
        size_t start, end;
        if (!is_run_at(r, at) || r->text[at] == '.') {
            at++;
            continue;
        }
        segment_around(r, at, &start, &end);
        at = end + 1;
        bool skip =
            in_ipv6(r, start) || is_netmask_of_other(r, start) || is_percent_before(r, start) || is_continued(r, end);
        while (start < end && strchr(".-", r->text[start]))
            start++;
        while (end > start && strchr(".-", r->text[end - 1]))
            end--;
        bool after_dot = start > 0 && r->text[start - 1] == '.' && !(start > 1 && r->text[start - 2] == '.');
        skip |= after_dot;
        static const char all[] = "^((" QUAD "(\\." PORT ")?|[0-9]+)-)*" QUAD "(\\." PORT ")?$";
        if (skip || !matches(all, r->text + start, end - start))
            continue;
        for (size_t i = start, from = start; i <= end; i++)
            if (i == end || r->text[i] == '-') {
                if (hits_ipv4_piece(r, from, i, n))
                    return true;
                from = i + 1;
            }
    }
    return false;
}

bool oracle_hits_address(const struct oracle_reading *r, const char *v)
{
    struct network n = network_of(v);
    return hits_ipv6(r, &n) || (n.family == AF_INET && hits_ipv4(r, &n));
}
