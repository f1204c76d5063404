/* command/demo_logs.c - see demo_logs.h. Lines are put together from pieces rather than printed: a million of them
 * take a second. */
#include "command/demo_logs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/time.h"

#define OUT_BYTES (256 * KIB)
/* The longest line: a planted URL and what stands around it. */
#define LINE_BYTES (VALUE_MAX_BYTES + 1 * KIB)
/* Organisations of the sample country: number i has the 16 addresses from i * 16 of the three documentation networks,
 * and 2001:db8:i+1::/48. */
#define ORGANISATIONS 40

struct maker {
    uint64_t random;
    char *out, *p;
    int fd;
    /* the line's moment, in the forms logs have */
    int64_t now_us, second;
    char iso[STAMP_TEXT_MAX]; /* 2026-11-21T20:15:01 */
    char bind[24];            /* 21-Nov-2026 20:15:01 */
    char syslog[16];          /* Nov 21 20:15:01 */
    char access[24];          /* 21/Nov/2026:20:15:01 */
};

static const char *const words[] = {
    "cloud",  "secure", "login", "update", "mail",    "data",    "shop",  "bank",  "portal", "news",  "media",
    "files",  "cdn",    "img",   "app",    "service", "account", "video", "game",  "play",   "web",   "host",
    "node",   "edge",   "cache", "static", "track",   "link",    "share", "photo", "doc",    "drive", "sync",
    "backup", "store",  "pay",   "stock",  "health",  "school",  "learn", "lab",   "soft",   "code",  "test",
    "alpha",  "omega",  "prime", "max",    "nano",    "blue",    "red",   "green", "white",  "gold",  "star",
    "moon",   "sun",    "sky",   "sea",    "river",   "lake",    "hill",  "field", "stone"};

/* SplitMix64. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint64_t dice(struct maker *m)
{
    return mix(m->random += 0x9E3779B97F4A7C15u);
}

static uint64_t below(struct maker *m, uint64_t n)
{
    return dice(m) % n; /* the bias of 2^64 mod n does no harm here */
}

/* ---- pieces ---- */

static void put(struct maker *m, const char *s, size_t len)
{
    memcpy(m->p, s, len);
    m->p += len;
}
#define PUT(m, literal) put(m, literal, sizeof(literal) - 1)

static void put_text(struct maker *m, struct text t)
{
    put(m, t.ptr, t.len);
}

static void put_number(struct maker *m, uint64_t v)
{
    char digits[20];
    size_t n = 0;
    do
        digits[sizeof digits - ++n] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    put(m, digits + sizeof digits - n, n);
}

/* Exactly n digits. */
static void put_fixed(struct maker *m, uint64_t v, int n)
{
    for (int i = n; i-- > 0; v /= 10)
        m->p[i] = (char)('0' + v % 10);
    m->p += n;
}

static void put_hex(struct maker *m, int n)
{
    uint64_t bits = 0;
    for (int i = 0; i < n; i++, bits >>= 4) {
        if (i % 16 == 0)
            bits = dice(m);
        *m->p++ = "0123456789abcdef"[bits & 15];
    }
}

static void put_hex_number(struct maker *m, uint64_t v)
{
    char digits[16];
    size_t n = 0;
    do
        digits[sizeof digits - ++n] = "0123456789abcdef"[v & 15];
    while ((v >>= 4) > 0);
    put(m, digits + sizeof digits - n, n);
}

static void put_word(struct maker *m, uint64_t k)
{
    const char *w = words[k % ARRAY_LEN(words)];
    put(m, w, strlen(w));
}

static void put_ipv4(struct maker *m, uint32_t a)
{
    put_number(m, a >> 24);
    for (int shift = 16; shift >= 0; shift -= 8) {
        *m->p++ = '.';
        put_number(m, (a >> shift) & 255);
    }
}

static uint32_t organisation_net(uint64_t number)
{
    static const uint32_t nets[] = {0xC0000200u, 0xC6336400u, 0xCB007100u};
    return nets[number / 16] + (uint32_t)(number % 16) * 16;
}

/* Somebody at work in the country. */
static void put_client(struct maker *m)
{
    uint64_t r = dice(m), number = r % ORGANISATIONS;
    if ((r >> 32) % 12 == 0) {
        PUT(m, "2001:db8:");
        put_hex_number(m, number + 1);
        PUT(m, "::");
        put_hex_number(m, (r >> 40) % 4096 + 16);
    } else {
        put_ipv4(m, organisation_net(number) + 1 + (uint32_t)((r >> 40) % 12));
    }
}

static void put_honest_address(struct maker *m)
{
    put_ipv4(m, 0xC6120000u + (uint32_t)(dice(m) & 0xFFFF));
}

/* Twenty thousand names, some asked for far more often. */
static void put_honest_name(struct maker *m)
{
    uint64_t k = below(m, 20000);
    if (dice(m) & 1)
        k %= 500;
    uint64_t h = mix(k + 1);
    if (h & 64)
        PUT(m, "www.");
    put_word(m, h >> 8);
    put_word(m, h >> 24);
    put_number(m, k);
    PUT(m, ".test");
}

static void put_path(struct maker *m)
{
    for (uint64_t n = 1 + below(m, 3); n > 0; n--) {
        *m->p++ = '/';
        put_word(m, dice(m));
    }
    PUT(m, "?id=");
    put_number(m, below(m, 100000));
}

static void put_honest_url(struct maker *m)
{
    PUT(m, "http://");
    put_honest_name(m);
    put_path(m);
}

/* ---- time ---- */

static void set_time(struct maker *m)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t second = m->now_us / 1000000;
    if (second == m->second)
        return;
    m->second = second;
    stamp_format((struct stamp){.s = second}, m->iso);
    m->iso[19] = '\0';
    const char *i = m->iso, *month = months + 3 * ((i[5] - '0') * 10 + i[6] - '0' - 1);
    (void)snprintf(m->bind, sizeof m->bind, "%.2s-%.3s-%.4s %.8s", i + 8, month, i, i + 11);
    (void)snprintf(m->access, sizeof m->access, "%.2s/%.3s/%.4s:%.8s", i + 8, month, i, i + 11);
    (void)snprintf(m->syslog, sizeof m->syslog, "%.3s %c%c %.8s", month, i[8] == '0' ? ' ' : i[8], i[9], i + 11);
}

static void put_epoch(struct maker *m, int digits)
{
    uint64_t us = (uint64_t)(m->now_us % 1000000);
    put_number(m, (uint64_t)(m->now_us / 1000000));
    *m->p++ = '.';
    put_fixed(m, digits == 3 ? us / 1000 : us, digits);
}

/* ---- lines: `bad` stands where such a value goes, NULL for honest lines ---- */

struct line {
    const struct demo_plant *bad;
};

static bool is_bad(const struct line *l, enum value_kind kind)
{
    return l->bad && l->bad->kind == kind;
}

static void put_who(struct maker *m, const struct line *l)
{
    if (l->bad && l->bad->client.len > 0)
        put_text(m, l->bad->client);
    else
        put_client(m);
}

static void put_name_of(struct maker *m, const struct line *l)
{
    if (is_bad(l, VALUE_DOMAIN))
        put_text(m, l->bad->value);
    else
        put_honest_name(m);
}

static void put_peer(struct maker *m, const struct line *l)
{
    if (is_bad(l, VALUE_IPV4) || is_bad(l, VALUE_IPV6))
        put_text(m, l->bad->value);
    else
        put_honest_address(m);
}

static void put_url_of(struct maker *m, const struct line *l)
{
    if (is_bad(l, VALUE_URL))
        put_text(m, l->bad->value);
    else
        put_honest_url(m);
}

static void bind_line(struct maker *m, const struct line *l)
{
    put(m, m->bind, 20);
    *m->p++ = '.';
    put_fixed(m, (uint64_t)(m->now_us / 1000 % 1000), 3);
    PUT(m, " queries: info: client @0x7f");
    put_hex(m, 10);
    *m->p++ = ' ';
    put_who(m, l);
    *m->p++ = '#';
    put_number(m, 1024 + below(m, 60000));
    PUT(m, " (");
    const char *name = m->p;
    put_name_of(m, l);
    size_t len = (size_t)(m->p - name);
    PUT(m, "): query: ");
    put(m, name, len);
    PUT(m, " IN A +E(0)K (198.18.255.53)");
}

static void zeek_line(struct maker *m, const struct line *l)
{
    put_epoch(m, 6);
    PUT(m, "\tC");
    put_hex(m, 16);
    *m->p++ = '\t';
    put_who(m, l);
    *m->p++ = '\t';
    put_number(m, 1024 + below(m, 60000));
    *m->p++ = '\t';
    put_peer(m, l);
    PUT(m, "\t443\ttcp\tssl\t0.");
    put_fixed(m, below(m, 1000000), 6);
    *m->p++ = '\t';
    put_number(m, below(m, 10000));
    *m->p++ = '\t';
    put_number(m, below(m, 1000000));
    PUT(m, "\tSF\tT\tF\t0\tShADadfF\t12\t2210\t11\t5020\t-");
}

static void squid_line(struct maker *m, const struct line *l)
{
    put_epoch(m, 3);
    PUT(m, "    ");
    put_fixed(m, 100 + below(m, 900), 3);
    *m->p++ = ' ';
    put_who(m, l);
    PUT(m, " TCP_MISS/200 ");
    put_number(m, 200 + below(m, 90000));
    PUT(m, " GET ");
    put_url_of(m, l);
    PUT(m, " - HIER_DIRECT/");
    put_peer(m, l);
    PUT(m, " text/html");
}

/* JSON leaves quotes and backslashes out of URLs; normal forms hold neither, but a plant may. */
static void put_json(struct maker *m, struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        if (t.ptr[i] == '"' || t.ptr[i] == '\\')
            *m->p++ = '\\';
        *m->p++ = t.ptr[i];
    }
}

static void eve_line(struct maker *m, const struct line *l)
{
    PUT(m, "{\"timestamp\":\"");
    put(m, m->iso, 19);
    *m->p++ = '.';
    put_fixed(m, (uint64_t)(m->now_us % 1000000), 6);
    PUT(m, "+0000\",\"flow_id\":");
    put_number(m, dice(m) >> 16);
    PUT(m, ",\"src_ip\":\"");
    put_who(m, l);
    PUT(m, "\",\"src_port\":");
    put_number(m, 1024 + below(m, 60000));
    PUT(m, ",\"dest_ip\":\"");
    put_peer(m, l);
    PUT(m, "\",\"dest_port\":443,\"proto\":\"TCP\",\"event_type\":\"");
    bool bad_hash =
        is_bad(l, VALUE_MD5) || is_bad(l, VALUE_SHA1) || is_bad(l, VALUE_SHA256) || is_bad(l, VALUE_SHA512);
    if (bad_hash || (!l->bad && below(m, 4) == 0)) {
        PUT(m, "fileinfo\",\"fileinfo\":{\"filename\":\"/");
        put_word(m, dice(m));
        PUT(m, ".bin\",\"sha256\":\"");
        if (bad_hash)
            put_text(m, l->bad->value);
        else
            put_hex(m, 64);
    } else if (is_bad(l, VALUE_URL)) {
        PUT(m, "http\",\"http\":{\"http_method\":\"GET\",\"url\":\"");
        put_json(m, l->bad->value);
    } else {
        PUT(m, "tls\",\"tls\":{\"version\":\"TLS 1.3\",\"sni\":\"");
        put_name_of(m, l);
    }
    PUT(m, "\"}}");
}

static void mail_line(struct maker *m, const struct line *l)
{
    put(m, m->syslog, 15);
    PUT(m, " mx1 postfix/smtp[811]: 4F");
    put_hex(m, 8);
    PUT(m, ": client=[");
    put_who(m, l);
    PUT(m, "], from=<");
    put_word(m, dice(m));
    *m->p++ = '@';
    put_honest_name(m);
    PUT(m, ">, to=<");
    if (is_bad(l, VALUE_EMAIL)) {
        put_text(m, l->bad->value);
    } else {
        put_word(m, dice(m));
        *m->p++ = '@';
        put_honest_name(m);
    }
    PUT(m, ">, delay=0.");
    put_number(m, below(m, 100));
    PUT(m, ", status=sent (250 2.0.0 Ok)");
}

static void access_line(struct maker *m, const struct line *l)
{
    put_peer(m, l);
    PUT(m, " - - [");
    put(m, m->access, 20);
    PUT(m, " +0000] \"GET ");
    put_path(m);
    PUT(m, " HTTP/1.1\" 200 ");
    put_number(m, 200 + below(m, 90000));
    PUT(m, " \"");
    put_url_of(m, l);
    PUT(m, "\" \"Mozilla/5.0\" server=");
    put_who(m, l);
}

typedef void make_line(struct maker *m, const struct line *l);

static make_line *any_line(struct maker *m)
{
    static make_line *const makers[] = {bind_line, zeek_line, squid_line, eve_line, mail_line, access_line};
    return makers[below(m, ARRAY_LEN(makers))];
}

/* A kind of line that can hold the value. */
static make_line *line_for(struct maker *m, enum value_kind kind)
{
    bool heads = dice(m) & 1;
    switch (kind) {
    case VALUE_DOMAIN: return heads ? bind_line : eve_line;
    case VALUE_URL: return heads ? squid_line : eve_line;
    case VALUE_EMAIL: return mail_line;
    case VALUE_IPV4:
    case VALUE_IPV6: return heads ? zeek_line : access_line;
    default: return eve_line;
    }
}

/* ---- writing ---- */

static enum err flush(struct maker *m, struct fault *reterr)
{
    const char *from = m->out;
    while (from < m->p) {
        ssize_t n = write(m->fd, from, (size_t)(m->p - from));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fault_errno(reterr, "writing the sample");
        from += n;
    }
    m->p = m->out;
    return OK;
}

static enum err flush_if_full(struct maker *m, struct fault *reterr)
{
    return OUT_BYTES - (size_t)(m->p - m->out) < LINE_BYTES * 2 ? flush(m, reterr) : OK;
}

static enum err check_plants(const struct demo_logs *logs, uint64_t first, struct fault *reterr)
{
    for (size_t i = 0; i < logs->plant_count; i++) {
        const struct demo_plant *p = &logs->plants[i];
        bool clean = p->value.len <= VALUE_MAX_BYTES && p->client.len <= IPADDR_TEXT_MAX && p->kind != VALUE_NONE &&
                     p->kind != VALUE_CIDR;
        for (size_t k = 0; k < p->value.len; k++)
            clean = clean && (unsigned char)p->value.ptr[k] >= ' ';
        if (!clean || p->line < first || p->line - first >= logs->lines || (i > 0 && p->line <= p[-1].line))
            return fault_set(reterr, ERR_USAGE, "planted hit %zu: out of order, out of range, or no value for a log",
                             i + 1);
    }
    return OK;
}

enum err demo_logs_write(int fd, const struct demo_logs *logs, struct fault *reterr)
{
    uint64_t first = logs->first_line > 0 ? logs->first_line : 1;
    enum err e = check_plants(logs, first, reterr);
    if (e != OK)
        return e;
    struct maker m = {.random = mix(logs->seed + 0x5EED) + first, .fd = fd, .now_us = logs->base_us, .second = -1};
    m.p = m.out = malloc(OUT_BYTES);
    if (!m.out)
        return fault_set(reterr, ERR_NOMEM, "no memory for the sample's logs");
    size_t next = 0;
    for (uint64_t i = 0; e == OK && i < logs->lines; i++) {
        struct line l = {NULL};
        if (next < logs->plant_count && logs->plants[next].line == first + i)
            l.bad = &logs->plants[next++];
        set_time(&m);
        make_line *make = l.bad ? line_for(&m, l.bad->kind) : any_line(&m);
        make(&m, &l);
        *m.p++ = '\n';
        m.now_us += (int64_t)below(&m, (uint64_t)logs->step_us * 2 + 1);
        e = flush_if_full(&m, reterr);
    }
    if (e == OK)
        e = flush(&m, reterr);
    free(m.out);
    return e;
}

/* ---- bad values ---- */

static void bad_name(uint64_t h, uint64_t i, struct buffer *out)
{
    buffer_addf(out, "%s-%s%llu.invalid", words[h % ARRAY_LEN(words)], words[(h >> 16) % ARRAY_LEN(words)],
                (unsigned long long)i);
}

enum value_kind demo_indicator(uint64_t seed, uint64_t i, struct buffer *out)
{
    /* Kinds stand in turns of twenty, so that every stretch of the set has all of them. */
    static const uint8_t turns[20] = {VALUE_DOMAIN, VALUE_IPV4,   VALUE_URL,   VALUE_DOMAIN, VALUE_SHA256,
                                      VALUE_DOMAIN, VALUE_IPV4,   VALUE_CIDR,  VALUE_DOMAIN, VALUE_URL,
                                      VALUE_IPV4,   VALUE_DOMAIN, VALUE_EMAIL, VALUE_SHA256, VALUE_IPV4,
                                      VALUE_DOMAIN, VALUE_IPV6,   VALUE_URL,   VALUE_DOMAIN, VALUE_IPV4};
    enum value_kind kind = (enum value_kind)turns[i % 20];
    uint64_t k, h = mix(seed * 2 + 1 + mix(i));
    switch (kind) {
    case VALUE_DOMAIN: bad_name(h, i, out); break;
    case VALUE_URL:
        buffer_addf(out, "http://");
        bad_name(h, i, out);
        buffer_addf(out, "/%s/%s.php?id=%llu", words[(h >> 32) % ARRAY_LEN(words)],
                    words[(h >> 40) % ARRAY_LEN(words)], (unsigned long long)(h >> 48));
        break;
    case VALUE_EMAIL:
        buffer_addf(out, "%s%llu@", words[(h >> 32) % ARRAY_LEN(words)], (unsigned long long)i);
        bad_name(h, i, out);
        break;
    case VALUE_IPV4: /* k is different for each below 49152 */
        k = i / 20 * 5 + (i % 20 == 1 ? 0 : i % 20 == 6 ? 1 : i % 20 == 10 ? 2 : i % 20 == 14 ? 3 : 4);
        k = (k * 40499 + mix(seed)) % 49152;
        buffer_addf(out, "198.19.%u.%u", (unsigned)(k >> 8), (unsigned)(k & 255));
        break;
    case VALUE_CIDR: /* above them; different for each below DEMO_INDICATORS_MAX */
        k = (i / 20 * 5 + mix(seed)) % 16384;
        buffer_addf(out, "198.19.%u.%u/%u", (unsigned)(192 + (k >> 8)), (unsigned)(k & 254), 31u);
        break;
    case VALUE_IPV6:
        buffer_addf(out, "2001:db8:bad:%x::%x", (unsigned)(i / 20 + 1), (unsigned)(1 + (h & 0xFFE)));
        break;
    default:
        for (unsigned n = 0; n < 4; n++)
            buffer_addf(out, "%016llx", (unsigned long long)mix(h + n));
        break;
    }
    return kind;
}

static void put_row_end(struct maker *m, const char *kind, uint64_t h, uint64_t i)
{
    *m->p++ = ',';
    put_text(m, text_of(kind));
    *m->p++ = ',';
    put_number(m, 50 + h % 50);
    put_text(m, h & 256 ? TEXT(",green,malicious-activity,") : TEXT(",green,compromised,"));
    PUT(m, "made-up sample ");
    put_number(m, i);
    *m->p++ = '\n';
}

enum err demo_indicators_csv(int fd, uint64_t seed, uint64_t n, struct fault *reterr)
{
    struct maker m = {.fd = fd};
    struct buffer value;
    if (n > DEMO_INDICATORS_MAX)
        return fault_set(reterr, ERR_USAGE, "at most %d bad values", DEMO_INDICATORS_MAX);
    m.p = m.out = malloc(OUT_BYTES);
    if (!m.out)
        return fault_set(reterr, ERR_NOMEM, "no memory for the sample's indicators");
    buffer_init(&value, VALUE_MAX_BYTES);
    enum err e = OK;
    PUT(&m, "value,type,confidence,tlp,label,description\n");
    for (uint64_t i = 0; e == OK && i < n; i++) {
        uint64_t h = mix(seed + i);
        buffer_clear(&value);
        const char *kind = value_kind_name(demo_indicator(seed, i, &value));
        put_text(&m, buffer_text(&value));
        put_row_end(&m, kind, h, i);
        e = buffer_error(&value) != OK ? buffer_error(&value) : flush_if_full(&m, reterr);
    }
    if (e == OK)
        e = flush(&m, reterr);
    buffer_done(&value);
    free(m.out);
    return e;
}
