/* base/ipaddr.c - addresses and networks. Written by hand: inet_pton wants a terminated copy and stands in the path
 * of every token of every log line. */
#include "base/ipaddr.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#define V4_TEXT_MIN 7  /* 0.0.0.0 */
#define V4_TEXT_MAX 15 /* 255.255.255.255 */
#define V6_TEXT_MAX 45 /* six groups and a dotted quad */
#define V4_BITS     32
#define V6_BITS     128
#define MAPPED_BITS 96

static const uint8_t mapped_prefix[12] = {[10] = 0xFF, [11] = 0xFF};

/* Four numbers 0..255 without leading zeros: "010" is eight to some readers and ten to others. One pass, one test a
 * character; `digits` tells an empty part from a zero. */
static bool parse_quad(const char *p, size_t len, uint8_t out[4])
{
    if (len < V4_TEXT_MIN || len > V4_TEXT_MAX)
        return false;
    unsigned value = 0, digits = 0, part = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned char)p[i] - (unsigned)'0';
        if (digit <= 9) {
            if (digits > 0 && value == 0)
                return false;
            value = value * 10 + digit;
            if (value > 255)
                return false;
            digits++;
        } else {
            if (p[i] != '.' || digits == 0 || part == 3)
                return false;
            out[part++] = (uint8_t)value;
            value = digits = 0;
        }
    }
    if (digits == 0 || part != 3)
        return false;
    out[3] = (uint8_t)value;
    return true;
}

static unsigned hex_digit(char c)
{
    unsigned digit = (unsigned char)c - (unsigned)'0';
    if (digit < 10)
        return digit;
    digit = ((unsigned char)c | 0x20u) - (unsigned)'a';
    return digit < 6 ? digit + 10 : 16;
}

/* One group of one to four hex digits; returns where it ends, NULL if there is none. */
static const char *parse_group(const char *p, const char *end, uint8_t out[2])
{
    unsigned value = 0;
    const char *start = p;
    for (; p < end && p - start < 4; p++) {
        unsigned digit = hex_digit(*p);
        if (digit > 15)
            break;
        value = value << 4 | digit;
    }
    if (p == start)
        return NULL;
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return p;
}

/* RFC 4291 section 2.2, all three forms. "::" stands for at least one group. */
static bool parse_v6(const char *p, size_t len, uint8_t ret[16])
{
    if (len < 2 || len > V6_TEXT_MAX)
        return false;
    const char *end = p + len;
    uint8_t out[16] = {0};
    size_t n = 0, gap = SIZE_MAX; /* bytes so far; where "::" stood */
    if (p[0] == ':') {
        if (p[1] != ':')
            return false;
        gap = 0;
        p += 2;
    }
    while (p < end) {
        if (n == 16)
            return false;
        const char *group = p;
        p = parse_group(p, end, out + n);
        if (!p)
            return false;
        if (p < end && *p == '.') { /* the group was the beginning of a dotted quad, which can only come last */
            if (n > 12 || !parse_quad(group, (size_t)(end - group), out + n))
                return false;
            n += 4;
            break;
        }
        n += 2;
        if (p == end)
            break;
        if (*p++ != ':' || p == end)
            return false;
        if (*p == ':') {
            if (gap != SIZE_MAX)
                return false;
            gap = n;
            p++;
        }
    }
    if (gap == SIZE_MAX ? n != 16 : n > 14)
        return false;
    if (gap != SIZE_MAX) {
        memmove(out + 16 - (n - gap), out + gap, n - gap);
        memset(out + gap, 0, 16 - n);
    }
    memcpy(ret, out, sizeof out);
    return true;
}

/* A colon stands among the first five characters of every IPv6 text and nowhere in an IPv4 one. */
static bool has_early_colon(struct text t)
{
    for (size_t i = 0; i < t.len && i < 5; i++)
        if (t.ptr[i] == ':')
            return true;
    return false;
}

/* The address as written: a mapped one is still IPv6 here. */
static bool parse_either(struct text t, struct ipaddr *ret)
{
    struct ipaddr a = {0};
    if (has_early_colon(t)) {
        if (!parse_v6(t.ptr, t.len, a.b))
            return false;
        a.bits = V6_BITS;
    } else {
        if (!parse_quad(t.ptr, t.len, a.b))
            return false;
        a.bits = V4_BITS;
    }
    *ret = a;
    return true;
}

static bool is_mapped(const struct ipaddr *a)
{
    return a->bits == V6_BITS && memcmp(a->b, mapped_prefix, sizeof mapped_prefix) == 0;
}

static struct ipaddr unmapped(const struct ipaddr *a)
{
    struct ipaddr v4 = {.bits = V4_BITS};
    memcpy(v4.b, a->b + sizeof mapped_prefix, 4);
    return v4;
}

enum err ipaddr_parse(struct text t, struct ipaddr *ret)
{
    struct ipaddr a;
    if (!parse_either(t, &a))
        return ERR_MALFORMED;
    *ret = is_mapped(&a) ? unmapped(&a) : a;
    return OK;
}

/* A prefix length: 0..most, no leading zeros. */
static bool parse_len(struct text t, uint8_t most, uint8_t *ret)
{
    uint64_t value;
    if (t.len > 3 || (t.len > 1 && t.ptr[0] == '0') || text_u64(t, &value) != OK || value > most)
        return false;
    *ret = (uint8_t)value;
    return true;
}

enum err ipnet_parse(struct text t, struct ipnet *ret)
{
    struct ipaddr a;
    ptrdiff_t slash = text_find(t, '/', 0);
    size_t addr_len = slash < 0 ? t.len : (size_t)slash;
    if (!parse_either(text_sub(t, 0, addr_len), &a))
        return ERR_MALFORMED;
    uint8_t len = a.bits;
    if (slash >= 0 && !parse_len(text_sub(t, addr_len + 1, t.len), a.bits, &len))
        return ERR_MALFORMED;
    /* A mapped network is an IPv4 one as long as the whole mapping prefix is in it; a wider one is just IPv6. */
    if (is_mapped(&a) && len >= MAPPED_BITS) {
        a = unmapped(&a);
        len -= MAPPED_BITS;
    }
    *ret = (struct ipnet){.addr = ipaddr_mask(a, len), .len = len};
    return OK;
}

static char *format_quad(const uint8_t b[4], char *out)
{
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            *out++ = '.';
        if (b[i] >= 100)
            *out++ = (char)('0' + b[i] / 100);
        if (b[i] >= 10)
            *out++ = (char)('0' + b[i] / 10 % 10);
        *out++ = (char)('0' + b[i] % 10);
    }
    return out;
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 section 4.2). *ret_start 8: none. */
static void longest_zeros(const uint8_t b[16], int *ret_start, int *ret_len)
{
    *ret_start = 8;
    *ret_len = 1;
    for (int i = 0, run = 0; i < 8; i++) {
        run = b[2 * i] == 0 && b[2 * i + 1] == 0 ? run + 1 : 0;
        if (run > *ret_len) {
            *ret_len = run;
            *ret_start = i - run + 1;
        }
    }
}

static char *format_v6(const uint8_t b[16], char *out)
{
    static const char digits[] = "0123456789abcdef";
    int start, len;
    longest_zeros(b, &start, &len);
    for (int i = 0; i < 8; i++) {
        if (i == start) {
            *out++ = ':';
            *out++ = ':';
            i += len - 1;
            continue;
        }
        if (i > 0 && i != start + len)
            *out++ = ':';
        unsigned group = (unsigned)b[2 * i] << 8 | b[2 * i + 1];
        for (int shift = group > 0xFFF ? 12 : group > 0xFF ? 8 : group > 0xF ? 4 : 0; shift >= 0; shift -= 4)
            *out++ = digits[group >> shift & 15];
    }
    return out;
}

struct text ipaddr_format(const struct ipaddr *a, char out[IPADDR_TEXT_MAX])
{
    char *end = out;
    if (a->bits == V4_BITS) {
        end = format_quad(a->b, out);
    } else if (is_mapped(a)) { /* RFC 5952 section 5 */
        memcpy(out, "::ffff:", 7);
        end = format_quad(a->b + sizeof mapped_prefix, out + 7);
    } else if (a->bits == V6_BITS) {
        end = format_v6(a->b, out);
    }
    *end = 0;
    return (struct text){out, (size_t)(end - out)};
}

bool ipaddr_eq(const struct ipaddr *a, const struct ipaddr *b)
{
    return ipaddr_cmp(a, b) == 0;
}

int ipaddr_cmp(const struct ipaddr *a, const struct ipaddr *b)
{
    if (a->bits != b->bits)
        return a->bits < b->bits ? -1 : 1;
    return memcmp(a->b, b->b, sizeof a->b);
}

struct ipaddr ipaddr_mask(struct ipaddr a, uint8_t len)
{
    for (unsigned i = 0; i < sizeof a.b; i++) {
        unsigned kept = len > 8 * i ? len - 8 * i : 0;
        if (kept < 8)
            a.b[i] &= (uint8_t)(0xFF00u >> kept);
    }
    return a;
}

bool ipnet_has(const struct ipnet *net, const struct ipaddr *a)
{
    if (net->addr.bits != a->bits || a->bits == 0)
        return false;
    uint64_t n[2], x[2];
    memcpy(n, net->addr.b, sizeof n);
    memcpy(x, a->b, sizeof x);
    uint64_t high = be64toh(n[0] ^ x[0]), low = be64toh(n[1] ^ x[1]);
    if (net->len == 0)
        return true;
    if (net->len <= 64)
        return high >> (64 - net->len) == 0;
    return high == 0 && low >> (V6_BITS - net->len) == 0;
}
