/* bundlegen - a STIX 2.1 bundle of any size, the same for the same seed.
 *     bundlegen BYTES[K|M|G] | --objects N   [--seed S] [--out FILE] [--values FILE]
 * Mostly indicators of unique values in the mix of loggen (40 % domains, 25 % IPv4, 5 % networks, 5 % IPv6, 15 %
 * URLs, 10 % SHA-256), and identities, malware, relationships and TLP 2.0 markings. With BYTES the bundle ends with
 * the object that reaches that size. --values writes the indicators' values, one a line. Stands on libc alone. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UUID_MAX   37
#define ID_MAX     64
#define VALUE_MAX  512
#define IDENTITIES 8
#define MALWARE    64
#define RECENT     256 /* indicators a relationship may point at */

struct generator {
    uint64_t state; /* splitmix64 */
    uint64_t seed;
    FILE *out, *values;
    uint64_t bytes, objects;
    uint64_t count[6]; /* indicators of each kind so far */
    char identity[IDENTITIES][ID_MAX], malware[MALWARE][ID_MAX], recent[RECENT][ID_MAX];
    uint64_t indicators;
};

enum kind { DOMAIN, IPV4, CIDR, IPV6, URL, SHA256 };

static const char *const words[] = {"cloud",  "secure", "login", "update", "mail",   "data",  "net",    "shop",
                                    "bank",   "portal", "news",  "media",  "files",  "cdn",   "img",    "app",
                                    "verify", "online", "home",  "live",   "stream", "video", "game",   "static",
                                    "track",  "ads",    "click", "link",   "wallet", "coin",  "health", "sync"};
static const char *const tlds[] = {"com", "net", "org",    "io",   "info", "biz", "ru", "cn", "de",    "nl",    "uk",
                                   "top", "xyz", "online", "site", "club", "eu",  "fr", "pl", "co.uk", "com.br"};
static const uint8_t octets[] = {5,  31, 37, 45, 46,  62,  77,  78,  79,  80,  91,
                                 92, 93, 94, 95, 185, 188, 193, 194, 195, 212, 213};

/* TLP 2.0, as FIRST and OASIS fixed them. */
static const struct {
    const char *id, *name, *label;
} tlps[] = {
    {"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "TLP:CLEAR", "clear"},
    {"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "TLP:GREEN", "green"},
    {"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "TLP:AMBER", "amber"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint64_t next(struct generator *g)
{
    return mix(g->state += 0x9E3779B97F4A7C15u);
}

static unsigned pick(struct generator *g, size_t below)
{
    return (unsigned)(next(g) % below);
}

__attribute__((format(printf, 2, 3))) static void say(struct generator *g, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vfprintf(g->out, format, args);
    va_end(args);
    if (n > 0)
        g->bytes += (uint64_t)n;
}

static void make_id(struct generator *g, const char *type, char out[ID_MAX])
{
    uint64_t a = next(g), b = next(g);
    snprintf(out, ID_MAX, "%s--%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-%04" PRIx64 "-%012" PRIx64, type, a >> 32,
             a >> 16 & 0xffff, a & 0xfff, (b >> 48 & 0x3fff) | 0x8000, b & 0xffffffffffffu);
}

/* Some second of 2025, with three decimals. */
static void make_time(struct generator *g, char out[32])
{
    uint64_t r = next(g);
    snprintf(out, 32, "2025-%02u-%02uT%02u:%02u:%02u.%03uZ", 1 + (unsigned)(r % 12), 1 + (unsigned)(r >> 8) % 28,
             (unsigned)(r >> 16) % 24, (unsigned)(r >> 24) % 60, (unsigned)(r >> 32) % 60,
             (unsigned)((r >> 40) % 1000));
}

/* ---- unique values: number k of its kind, by arithmetic that maps no two numbers to one ---- */

/* Each pick stands in a statement of its own: the order in which arguments are computed is the compiler's. */
static const char *word(struct generator *g)
{
    return words[pick(g, COUNT(words))];
}

static void make_domain(struct generator *g, uint64_t k, char *out)
{
    const char *a = word(g);
    const char *b = word(g);
    const char *c = word(g);
    snprintf(out, VALUE_MAX, "%s%s-%s%" PRIx64 ".%s", a, b, c, k, tlds[pick(g, COUNT(tlds))]);
}

static void make_ipv4(uint64_t k, char *out)
{
    uint32_t low = (uint32_t)(k / COUNT(octets) * 0x9E3779B1u) & 0xffffff;
    snprintf(out, VALUE_MAX, "%u.%u.%u.%u", octets[k % COUNT(octets)], low >> 16, low >> 8 & 255, low & 255);
}

static void make_cidr(uint64_t k, char *out)
{
    uint64_t nets = COUNT(octets) * UINT64_C(65536);
    uint32_t low = (uint32_t)(k % nets / COUNT(octets) * 0x9E3779B1u) & 0xffff;
    snprintf(out, VALUE_MAX, "%u.%u.%u.0/%u", octets[k % COUNT(octets)], low >> 8, low & 255,
             24 + (unsigned)(k / nets % 6));
}

static void make_ipv6(uint64_t k, char *out)
{
    uint32_t low = (uint32_t)(k * 0x9E3779B1u);
    snprintf(out, VALUE_MAX, "2a0%u:%x:%x::%x", (unsigned)(k >> 32) % 8, 0x1000u | (low >> 28), low >> 14 & 0x3fff,
             1 + (low & 0x3fff));
}

static void make_sha256(const struct generator *g, uint64_t k, char *out)
{
    uint64_t w = k ^ mix(g->seed);
    for (int i = 0; i < 4; i++) {
        w = mix(w + (uint64_t)i);
        snprintf(out + 16 * i, VALUE_MAX - 16 * (size_t)i, "%016" PRIx64, w);
    }
}

static void make_url(struct generator *g, uint64_t k, char *out)
{
    char domain[VALUE_MAX];
    make_domain(g, k, domain);
    const char *secure = next(g) & 1 ? "s" : "";
    const char *folder = word(g);
    const char *page = word(g);
    snprintf(out, VALUE_MAX, "http%s://%.200s/%s/%s.php?id=%u", secure, domain, folder, page, pick(g, 100000));
}

static enum kind make_value(struct generator *g, char value[VALUE_MAX])
{
    unsigned roll = pick(g, 100);
    enum kind kind = roll < 40   ? DOMAIN
                     : roll < 65 ? IPV4
                     : roll < 70 ? CIDR
                     : roll < 75 ? IPV6
                     : roll < 90 ? URL
                                 : SHA256;
    uint64_t k = g->count[kind]++;
    switch (kind) {
    case DOMAIN: make_domain(g, k, value); break;
    case IPV4: make_ipv4(k, value); break;
    case CIDR: make_cidr(k, value); break;
    case IPV6: make_ipv6(k, value); break;
    case URL: make_url(g, k, value); break;
    case SHA256: make_sha256(g, k, value); break;
    }
    return kind;
}

/* ---- objects ---- */

static void begin(struct generator *g, const char *type, const char *id, const char *created)
{
    say(g, "%s{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"%s\",\"created\":\"%s\"",
        g->objects++ ? ",\n" : "\n", type, id, created);
}

static void add_markings(struct generator *g)
{
    for (size_t i = 0; i < COUNT(tlps); i++) {
        begin(g, "marking-definition", tlps[i].id, "2022-10-01T00:00:00.000Z");
        say(g,
            ",\"name\":\"%s\",\"extensions\":{\"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d\":"
            "{\"extension_type\":\"property-extension\",\"tlp_2_0\":\"%s\"}}}",
            tlps[i].name, tlps[i].label);
    }
}

static void add_identity(struct generator *g, size_t i)
{
    char time[32];
    make_id(g, "identity", g->identity[i]);
    make_time(g, time);
    begin(g, "identity", g->identity[i], time);
    say(g, ",\"modified\":\"%s\",\"name\":\"Team %zu\",\"identity_class\":\"organization\"}", time, i + 1);
}

static void add_malware(struct generator *g, size_t i)
{
    char time[32];
    make_id(g, "malware", g->malware[i]);
    make_time(g, time);
    begin(g, "malware", g->malware[i], time);
    say(g,
        ",\"modified\":\"%s\",\"created_by_ref\":\"%s\",\"name\":\"%s-%zu\",\"is_family\":true,"
        "\"malware_types\":[\"%s\"],\"object_marking_refs\":[\"%s\"]}",
        time, g->identity[i % IDENTITIES], word(g), i + 1, i % 2 ? "trojan" : "ransomware", tlps[i % COUNT(tlps)].id);
}

static void add_pattern(struct generator *g, enum kind kind, const char *value)
{
    static const char *const paths[] = {
        [DOMAIN] = "domain-name:value", [IPV4] = "ipv4-addr:value", [CIDR] = "ipv4-addr:value",
        [IPV6] = "ipv6-addr:value",     [URL] = "url:value",        [SHA256] = "file:hashes.'SHA-256'"};
    say(g, ",\"pattern\":\"[%s = '%s']\",\"pattern_type\":\"stix\"", paths[kind], value);
}

static void add_indicator(struct generator *g)
{
    char value[VALUE_MAX], time[32];
    char *id = g->recent[g->indicators++ % RECENT];
    enum kind kind = make_value(g, value);
    make_id(g, "indicator", id);
    make_time(g, time);
    begin(g, "indicator", id, time);
    say(g, ",\"modified\":\"%s\",\"created_by_ref\":\"%s\",\"name\":\"%s\"", time, g->identity[pick(g, IDENTITIES)],
        value);
    const char *sector = word(g);
    if (pick(g, 4) == 0)
        say(g, ",\"description\":\"Seen in a campaign against the %s sector; \\u00e9tat no. %u\\n\"", sector,
            pick(g, 1000));
    say(g, ",\"indicator_types\":[\"malicious-activity\"]");
    add_pattern(g, kind, value);
    say(g, ",\"valid_from\":\"%s\"", time);
    say(g, ",\"valid_until\":\"2035-01-01T00:00:00Z\""); /* else its age would decide whether it can hit */
    if (pick(g, 2))
        say(g, ",\"confidence\":%u", pick(g, 101));
    if (pick(g, 3) == 0)
        say(g, ",\"labels\":[\"%s\",\"x-feed\"]", word(g));
    say(g, ",\"object_marking_refs\":[\"%s\"]}", tlps[pick(g, COUNT(tlps))].id);
    if (g->values)
        fprintf(g->values, "%s\n", value);
}

static void add_relationship(struct generator *g)
{
    char id[ID_MAX], time[32];
    uint64_t known = g->indicators < RECENT ? g->indicators : RECENT;
    make_id(g, "relationship", id);
    make_time(g, time);
    const char *source = g->recent[pick(g, known)];
    begin(g, "relationship", id, time);
    say(g, ",\"modified\":\"%s\",\"relationship_type\":\"indicates\",\"source_ref\":\"%s\",\"target_ref\":\"%s\"}",
        time, source, g->malware[pick(g, MALWARE)]);
}

/* The markings, identities and malware come first, in this order; then one relationship to nine indicators. */
static void add_object(struct generator *g)
{
    uint64_t n = g->objects;
    if (n == 0)
        add_markings(g);
    else if (n < COUNT(tlps) + IDENTITIES)
        add_identity(g, n - COUNT(tlps));
    else if (n < COUNT(tlps) + IDENTITIES + MALWARE)
        add_malware(g, n - COUNT(tlps) - IDENTITIES);
    else if (g->indicators && pick(g, 10) == 0)
        add_relationship(g);
    else
        add_indicator(g);
}

/* ---- the command ---- */

static int usage(void)
{
    fprintf(stderr, "bundlegen BYTES[K|M|G] | --objects N   [--seed S] [--out FILE] [--values FILE]\n");
    return 64;
}

static bool number(const char *text, bool unit, uint64_t *ret)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    *ret = strtoull(text, &end, 10);
    for (const char *u = "KMG"; unit && *end && *u; u++) {
        *ret *= 1000;
        if (*end == *u)
            end++, unit = false;
    }
    return *end == 0;
}

static FILE *create(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f)
        fprintf(stderr, "bundlegen: cannot write %s\n", path);
    return f;
}

static bool finish(FILE *f)
{
    bool failed = !f ? false : ferror(f) | fflush(f);
    if (failed)
        fprintf(stderr, "bundlegen: writing failed\n");
    return !failed;
}

int main(int argc, char **argv)
{
    static struct generator g;
    uint64_t bytes = 0, objects = 0;
    bool sized = false;
    g.seed = 1;
    g.out = stdout;
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (!strcmp(argv[i], "--objects") && more && number(argv[++i], true, &objects))
            sized = true;
        else if (!strcmp(argv[i], "--seed") && more && number(argv[i + 1], false, &g.seed))
            i++;
        else if (!strcmp(argv[i], "--out") && more) {
            if (!(g.out = create(argv[++i])))
                return 73;
        } else if (!strcmp(argv[i], "--values") && more) {
            if (!(g.values = create(argv[++i])))
                return 73;
        } else if (number(argv[i], true, &bytes))
            sized = true;
        else
            return usage();
    }
    if (!sized || (bytes && objects))
        return usage();
    g.state = mix(g.seed);
    char id[ID_MAX];
    make_id(&g, "bundle", id);
    say(&g, "{\"type\":\"bundle\",\"id\":\"%s\",\"objects\":[", id);
    while ((bytes ? g.bytes < bytes : g.objects < objects) && !ferror(g.out))
        add_object(&g);
    say(&g, "\n]}\n");
    return finish(g.out) && finish(g.values) ? 0 : 73;
}
