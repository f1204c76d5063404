/* match/token_ip.c - addresses: what is one, and what only looks like it (versions, networks, times, MAC addresses).
 */
#include "match/reading.h"

#include <string.h>

static struct text piece(const struct reading *r, struct span at)
{
    return (struct text){(const char *)r->p + at.start, at.end - at.start};
}

/* ---- what follows or precedes an address ---- */

/* The slash at p[at], plain or escaped: its length, 0 for none. */
static size_t slash_len(const struct reading *r, size_t at)
{
    const uint8_t *p = r->p + at;
    size_t left = at < r->len ? r->len - at : 0;
    if (left > 0 && p[0] == '/')
        return 1;
    if (left > 1 && p[0] == '\\' && p[1] == '/')
        return 2;
    return left > 2 && p[0] == '%' && p[1] == '2' && (p[2] | 0x20) == 'f' ? 3 : 0;
}

/* Does a path go on at p[at], where a prefix length would have ended? */
static bool path_goes_on(const struct reading *r, size_t at)
{
    if (at >= r->len)
        return false;
    uint8_t c = r->p[at];
    return slash_len(r, at) || char_word_at(r->p, r->len, at) ||
           ((c == '.' || c == '-' || c == '?') && char_word_at(r->p, r->len, at + 1));
}

/* 255.255.240.0: ones, then zeros. *ret_len: how many ones */
static bool read_netmask(struct text t, unsigned *ret_len)
{
    struct ipaddr a;
    if (ipaddr_parse(t, &a) || a.bits != 32)
        return false;
    uint32_t host = ~((uint32_t)a.b[0] << 24 | (uint32_t)a.b[1] << 16 | (uint32_t)a.b[2] << 8 | a.b[3]);
    *ret_len = 32 - (unsigned)__builtin_popcount(host);
    return (host & (host + 1)) == 0 && host != UINT32_MAX;
}

/* The end of digits and single dots from p[at]. */
static size_t quad_end(const struct reading *r, size_t at)
{
    size_t end = at;
    while (end < r->len && end - at < IPADDR_TEXT_MAX && char_is(r->p[end], CHAR_DIGIT | CHAR_DOT) &&
           !(r->p[end] == '.' && end + 1 < r->len && r->p[end + 1] == '.'))
        end++;
    while (end > at && r->p[end - 1] == '.')
        end--;
    return end;
}

/* Does a prefix length follow the address before p[at]: /24, /255.255.255.0? Then *ret_len is it. */
static bool has_prefix(const struct reading *r, const struct ipaddr *a, size_t at, unsigned *ret_len)
{
    size_t slash = slash_len(r, at), digits = at + slash, end = digits;
    if (!slash || at <= r->authority_end)
        return false;
    unsigned len = 0;
    while (end < r->len && end - digits < 4 && char_is(r->p[end], CHAR_DIGIT))
        len = len * 10 + (r->p[end++] - (unsigned)'0');
    if (end > digits && end - digits < 4 && len <= a->bits && (r->p[digits] != '0' || end == digits + 1) &&
        !path_goes_on(r, end)) {
        *ret_len = len;
        return true;
    }
    end = quad_end(r, digits);
    return a->bits == 32 && !path_goes_on(r, end) && read_netmask(piece(r, (struct span){digits, end}), ret_len);
}

/* Is the address before p[at] a network? With host bits, or of full length, it is an address all the same:
 * "inet 192.0.2.7/24", "allow 192.0.2.7/32", and Cisco's outside:192.0.2.7/22, where 22 is a port. */
static bool is_network(const struct reading *r, const struct ipaddr *a, size_t at)
{
    unsigned len;
    if (!has_prefix(r, a, at, &len) || len == a->bits)
        return false;
    struct ipaddr net = ipaddr_mask(*a, (uint8_t)len);
    return ipaddr_eq(&net, a);
}

/* "1.2.3.0/255.255.255.0": is what begins at `start` the mask? */
static bool is_behind_network(const struct reading *r, size_t start)
{
    struct ipaddr a;
    unsigned len;
    if (start < 2 || r->p[start - 1] != '/' || r->p[start] != '2')
        return false;
    size_t slash = start - 1 - (r->p[start - 2] == '\\'), from = slash;
    while (from > 0 && slash - from < IPADDR_TEXT_MAX && char_is(r->p[from - 1], CHAR_DIGIT | CHAR_DOT))
        from--;
    return ipaddr_parse(piece(r, (struct span){from, slash}), &a) == OK && a.bits == 32 &&
           has_prefix(r, &a, slash, &len) && read_netmask(piece(r, (struct span){start, quad_end(r, start)}), &len);
}

/* "Chrome/120.0.0.0": browsers' versions have four parts. */
static bool is_product_version(const struct reading *r, size_t start)
{
    static const struct text products[] = {
        {"Chrome", 6},
        {"Chromium", 8},
        {"HeadlessChrome", 14},
        {"CriOS", 5},
        {"Edg", 3},
        {"EdgA", 4},
        {"Edge", 4},
        {"EdgiOS", 6},
        {"OPR", 3},
        {"Opera", 5},
        {"Firefox", 7},
        {"FxiOS", 5},
        {"Version", 7},
        {"Safari", 6},
        {"YaBrowser", 9},
        {"Vivaldi", 7},
        {"Brave", 5},
        {"UCBrowser", 9},
        {"SamsungBrowser", 14},
        {"Electron", 8},
    };
    if (start < 2 || r->p[start - 1] != '/' || start < r->authority_end)
        return false;
    size_t name_end = start - 1 - (r->p[start - 2] == '\\'), word = name_end;
    while (word > 0 && char_is(r->p[word - 1], CHAR_WORD | CHAR_DASH))
        word--;
    struct text name = piece(r, (struct span){word, name_end});
    for (size_t i = 0; i < ARRAY_LEN(products); i++)
        if (text_eq(name, products[i]))
            return true;
    return false;
}

/* ---- IPv4 ---- */

/* A decimal number up to 65535 without leading zeros. */
static bool is_port(const struct reading *r, struct span at)
{
    uint64_t port;
    struct text t = piece(r, at);
    return t.len <= 5 && (t.len == 1 || (t.len > 1 && t.ptr[0] != '0')) && text_u64(t, &port) == OK && port <= 65535;
}

/* a.b.c.d, or a.b.c.d.port as tcpdump and the BSDs write it. *at is cut to the address. */
static bool parse_quad(const struct reading *r, struct span *at, struct ipaddr *ret)
{
    size_t dots = 0, last = 0;
    for (size_t i = at->start; i < at->end; i++)
        if (r->p[i] == '.') {
            dots++;
            last = i;
        }
    struct span quad = *at;
    if (dots == 4) {
        quad.end = last;
        if (!is_port(r, (struct span){last + 1, at->end}))
            return false;
    }
    if ((dots != 3 && dots != 4) || ipaddr_parse(piece(r, quad), ret))
        return false;
    *at = quad;
    return true;
}

static void ipv4_token(struct scanner *s, struct reading *r, struct span at)
{
    struct ipaddr a;
    struct span quad = at;
    if (!parse_quad(r, &quad, &a))
        return;
    if (quad.end == at.end && is_network(r, &a, at.end))
        return;
    if (!is_product_version(r, at.start))
        scan_found_address(s, r, &a, quad);
}

/* A hyphen may join two ends of a range, or a port and the next address; but 2.2.4.1-3 is a version. So every piece
 * must be an address or a number without dots, and the last an address. */
static bool is_range(const struct reading *r, struct span run)
{
    struct ipaddr a;
    bool address = false;
    for (size_t i = run.start, start = i; i <= run.end; i++) {
        if (i < run.end && r->p[i] != '-')
            continue;
        struct span part = {start, i};
        address = parse_quad(r, &part, &a);
        if (!address && (i == start || memchr(r->p + start, '.', i - start)))
            return false;
        start = i + 1;
    }
    return address;
}

/* ".1.3.6.1" is an object identifier; "...1.2.3.4" is an ellipsis. */
static bool is_after_dot(const struct reading *r, size_t at)
{
    return at > 0 && r->p[at - 1] == '.' && !(at > 1 && r->p[at - 2] == '.');
}

void token_numbers(struct scanner *s, struct reading *r, struct span run)
{
    const uint8_t *p = r->p;
    if (run.start < r->ipv6_end || is_behind_network(r, run.start) || escape_before(r, run.start))
        return;
    while (run.start < run.end && char_is(p[run.start], CHAR_DOT | CHAR_DASH))
        run.start++;
    while (run.end > run.start && char_is(p[run.end - 1], CHAR_DOT | CHAR_DASH))
        run.end--;
    if (run.end - run.start < 7 || is_after_dot(r, run.start))
        return;
    if (!memchr(p + run.start, '-', run.end - run.start)) {
        ipv4_token(s, r, run);
        return;
    }
    if (!is_range(r, run))
        return;
    for (size_t i = run.start, start = i; i <= run.end; i++)
        if (i == run.end || p[i] == '-') {
            ipv4_token(s, r, (struct span){start, i});
            start = i + 1;
        }
}

/* ---- IPv6 ---- */

static bool is_ipv6_char(uint8_t c)
{
    return char_is(c, CHAR_XDIGIT | CHAR_DOT) || c == ':';
}

#define KEY_DIGITS_MAX 3

/* A word before p[at], some of its letters no hex digits: "addr" of addr:2001:db8::1, "IPv6" of mail's address
 * literals (RFC 5321), the ip6 of SPF, "outside1" of a firewall. Digits only at its end, and few: they might be a
 * group's. */
static bool is_key_before(const struct reading *r, size_t at)
{
    bool letter = false;
    size_t i = at;
    while (i > 0 && at - i < KEY_DIGITS_MAX && char_is(r->p[i - 1], CHAR_DIGIT))
        i--;
    for (; i > 0 && char_is(r->p[i - 1], CHAR_HEX | CHAR_LETTER | CHAR_UNDER); i--)
        letter |= char_is(r->p[i - 1], CHAR_LETTER | CHAR_UNDER);
    return letter && !char_word_before(r->p, i);
}

static bool is_word_at(const struct reading *r, size_t at)
{
    bool letter = false;
    size_t i = at;
    for (; i < r->len && char_is(r->p[i], CHAR_HEX | CHAR_LETTER | CHAR_UNDER); i++)
        letter |= char_is(r->p[i], CHAR_LETTER | CHAR_UNDER);
    return letter && !char_word_at(r->p, r->len, i);
}

/* Takes a key and its colon off the left (src:2001:..., 1769000000.5:2001:...). False when the run is glued to
 * something else. */
static bool cut_key(const struct reading *r, struct span *at)
{
    const uint8_t *colon = memchr(r->p + at->start, ':', at->end - at->start);
    size_t first = (size_t)(colon - r->p);
    bool number = first - at->start > 4;
    for (size_t i = at->start; i < first; i++)
        number &= char_is(r->p[i], CHAR_DIGIT | CHAR_DOT);
    if (number || is_key_before(r, first))
        at->start = first + 1;
    else if (char_word_before(r->p, at->start) || escape_before(r, at->start))
        return false;
    return at->start < at->end;
}

/* Takes a word off the right (2001:db8::1:Connection refused). */
static bool cut_word(const struct reading *r, struct span *at)
{
    if (!char_word_at(r->p, r->len, at->end))
        return true;
    size_t colon = at->end;
    while (colon > at->start && r->p[colon - 1] != ':')
        colon--;
    if (colon == at->start || !is_word_at(r, colon))
        return false;
    at->end = colon - 1;
    return at->start < at->end;
}

/* The port at the end: 2001:db8::1.443 (tcpdump), eight groups and :443, or :52344 where no group has five digits. */
static bool cut_port(const struct reading *r, struct span *at)
{
    size_t mark = at->end;
    while (mark > at->start && char_is(r->p[mark - 1], CHAR_DIGIT))
        mark--;
    if (mark == at->start || mark == at->end || char_is(r->p[mark - 1], CHAR_HEX) ||
        !is_port(r, (struct span){mark, at->end}))
        return false;
    at->end = mark - 1;
    return true;
}

/* One reading, the longest that is an address. *at is cut to it. */
static bool parse_ipv6(const struct reading *r, struct span *at, struct ipaddr *ret)
{
    struct span t = *at;
    if (ipaddr_parse(piece(r, t), ret)) {
        if (char_is(r->p[t.end - 1], CHAR_DOT) || r->p[t.end - 1] == ':')
            t.end--; /* the sentence's */
        if (ipaddr_parse(piece(r, t), ret) && (!cut_port(r, &t) || ipaddr_parse(piece(r, t), ret)))
            return false;
    }
    *at = t;
    return true;
}

static bool may_be_ipv6(const struct reading *r, struct span at)
{
    size_t colons = 0;
    bool gap = false;
    for (size_t i = at.start; i < at.end; i++)
        if (r->p[i] == ':') {
            colons++;
            gap |= i + 1 < at.end && r->p[i + 1] == ':';
        }
    return gap || colons >= 6;
}

/* Starts from a colon with a hex digit or another colon behind it. */
void token_ipv6(struct scanner *s, struct reading *r, size_t colon)
{
    struct span run = {colon, colon};
    while (run.start > r->ipv6_seen && is_ipv6_char(r->p[run.start - 1]))
        run.start--;
    while (run.end < r->len && is_ipv6_char(r->p[run.end]))
        run.end++;
    r->ipv6_seen = run.end;
    struct span at = run;
    struct ipaddr a;
    if (!may_be_ipv6(r, at) || !cut_key(r, &at) || !cut_word(r, &at) || escape_continues(r->p, r->len, run.end) ||
        !memchr(r->p + at.start, ':', at.end - at.start) || !parse_ipv6(r, &at, &a))
        return;
    r->ipv6_end = at.end;
    if (at.end < run.end || !is_network(r, &a, at.end))
        scan_found_address(s, r, &a, at);
}
