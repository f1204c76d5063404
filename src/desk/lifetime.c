/* desk/lifetime.c - see lifetime.h. */
#include "desk/lifetime.h"

#include <cyaml/cyaml.h>
#include <desk/lifetime_rules.inc> /* made by the build of rules/lifetimes.yaml */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/time.h"
#include "store/references.h"
#include "store/view_belief.h"

#define DAY_US ((int64_t)24 * 3600 * 1000000)

static const char built_in[] = RULES_LIFETIMES;

/* ---- the rules ---- */

struct rules_file {
    char *date, *ipv4, *ipv6, *cidr, *url, *domain, *email, *hash;
};

#define DAYS_FIELD(name) \
    CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct rules_file, name, 1, 16)
static const cyaml_schema_field_t rules_fields[] = {
    CYAML_FIELD_STRING_PTR("date", CYAML_FLAG_POINTER, struct rules_file, date, 10, 10),
    DAYS_FIELD(ipv4),
    DAYS_FIELD(ipv6),
    DAYS_FIELD(cidr),
    DAYS_FIELD(url),
    DAYS_FIELD(domain),
    DAYS_FIELD(email),
    DAYS_FIELD(hash),
    CYAML_FIELD_END};
static const cyaml_schema_value_t rules_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct rules_file, rules_fields)};

static void *rules_memory(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, size);
}

/* As a source's lifetimes are written, so that one parser judges both. */
static enum err rules_days(const struct rules_file *f, struct source_lifetimes *ret, struct fault *reterr)
{
    const struct {
        const char *kind, *days;
    } given[] = {{"ipv4", f->ipv4},     {"ipv6", f->ipv6},   {"cidr", f->cidr}, {"url", f->url},
                 {"domain", f->domain}, {"email", f->email}, {"md5", f->hash},  {"sha1", f->hash},
                 {"sha256", f->hash},   {"sha512", f->hash}};
    char words[512];
    size_t len = 0;
    for (size_t i = 0; i < ARRAY_LEN(given); i++)
        if (given[i].days)
            len += (size_t)snprintf(words + len, sizeof words - len, "%s%s=%s", len ? "," : "", given[i].kind,
                                    given[i].days);
    return source_lifetimes_parse((struct text){words, len}, ret, reterr);
}

static enum err rules_read(struct text yaml, struct lifetime_rules *ret, struct fault *reterr)
{
    const cyaml_config_t config = {.mem_fn = rules_memory};
    struct rules_file *f = NULL;
    struct lifetime_rules r = {.date = ""};
    struct stamp day;
    char midnight[32];
    cyaml_err_t bad =
        cyaml_load_data((const uint8_t *)yaml.ptr, yaml.len, &config, &rules_schema, (cyaml_data_t **)&f, NULL);
    if (bad != CYAML_OK)
        return fault_set(reterr, bad == CYAML_ERR_OOM ? ERR_NOMEM : ERR_MALFORMED, "lifetimes: %s",
                         cyaml_strerror(bad));
    if (!f) /* an empty file */
        return fault_set(reterr, ERR_MALFORMED, "lifetimes: nothing stands there, not even a date");
    snprintf(r.date, sizeof r.date, "%.10s", f->date);
    snprintf(midnight, sizeof midnight, "%sT00:00:00Z", r.date);
    enum err err = stamp_parse(text_of(midnight), &day, NULL);
    if (err != OK)
        fault_set(reterr, ERR_MALFORMED, "lifetimes: date: \"%s\" is no day such as 2026-11-01", r.date);
    else if (rules_days(f, &r.days, reterr) != OK)
        err = ERR_MALFORMED;
    cyaml_free(&config, &rules_schema, f, 0);
    if (err == OK)
        *ret = r;
    return err == OK ? OK : ERR_MALFORMED;
}

static enum err read_file(const char *path, struct text *ret, struct fault *reterr)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : fault_set(reterr, ERR_IO, "%s: %s", path, strerror(errno));
    char *bytes = malloc(LIFETIME_RULES_MAX + 1);
    ssize_t n = bytes ? io_read_all(io_system(), fd, bytes, LIFETIME_RULES_MAX + 1, 0) : -1;
    close(fd);
    if (n < 0 || (size_t)n > LIFETIME_RULES_MAX) {
        free(bytes);
        return !bytes ? fault_set(reterr, ERR_NOMEM, "no memory for %s", path)
                      : fault_set(reterr, n < 0 ? ERR_IO : ERR_MALFORMED, "%s: %s", path,
                                  n < 0 ? "cannot be read" : "too large for rules");
    }
    *ret = (struct text){bytes, (size_t)n};
    return OK;
}

enum err lifetime_rules_load(const char *home, struct lifetime_rules *ret, struct fault *reterr)
{
    char path[4096 + 64];
    struct text own;
    struct fault why = {.offset = -1, .line = -1};
    snprintf(path, sizeof path, "%s/%s", home, LIFETIME_RULES_FILE);
    enum err err = read_file(path, &own, reterr);
    if (err == ERR_NOT_FOUND)
        return rules_read(TEXT(built_in), ret, reterr);
    if (err != OK)
        return err;
    err = rules_read(own, ret, &why);
    free((void *)(uintptr_t)own.ptr);
    return err ? fault_set(reterr, err, "%.300s: %.120s", path, why.what) : OK;
}

/* ---- an end ---- */

static struct lifetime end_of(const struct lifetime_ask *ask, const struct lifetime_rules *rules,
                              const struct source_lifetimes *source, int64_t renewed_us)
{
    struct lifetime l = {.by_source = source && source->given[ask->kind]};
    const struct source_lifetimes *days = l.by_source ? source : &rules->days;
    int64_t from_us = ask->said_us;
    if (renewed_us > from_us) {
        from_us = renewed_us;
        l.renewed = true;
    }
    l.days = days->given[ask->kind] ? days->days[ask->kind] : 0;
    l.ends = l.days > 0 && from_us < INT64_MAX - (int64_t)l.days * DAY_US;
    if (l.ends)
        l.until_us = from_us + (int64_t)l.days * DAY_US;
    return l;
}

static bool some(const struct uuid *u)
{
    static const struct uuid none;
    return !uuid_eq(u, &none);
}

/* What a newer program wrote there and this one cannot read is as if nothing stood there. */
static bool read_words(struct text words, struct source_lifetimes *ret)
{
    return words.len && source_lifetimes_parse(words, ret, NULL) == OK;
}

enum err lifetime_of(struct view *v, const struct lifetime_rules *rules, const struct lifetime_ask *ask,
                     struct lifetime *ret, struct fault *reterr)
{
    struct fact_source source;
    struct source_lifetimes own;
    int64_t renewed_us = INT64_MIN;
    bool has_own = false;
    enum err err = some(&ask->source) ? view_source(v, &ask->source, &source, reterr) : ERR_NOT_FOUND;
    if (err == OK)
        has_own = read_words(source.lifetimes, &own);
    else if (err != ERR_NOT_FOUND)
        return err;
    err = view_renewal(v, reference_key(&ask->indicator), &renewed_us, reterr);
    if (err != OK && err != ERR_NOT_FOUND)
        return err;
    *ret = end_of(ask, rules, has_own ? &own : NULL, renewed_us);
    return OK;
}

/* ---- many ---- */

struct source_own {
    struct uuid id;
    struct source_lifetimes days;
};
struct lifetimes {
    struct lifetime_rules rules;
    struct source_own *sources;
    size_t source_count, source_cap;
    struct renewal_row *renewals; /* sorted by target */
    size_t renewal_count, renewal_cap;
};

static bool make_room(void **list, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return true;
    size_t more = *cap ? 2 * *cap : 16;
    void *grown = realloc(*list, more * size);
    if (!grown)
        return false;
    *list = grown;
    *cap = more;
    return true;
}

static enum err keep_source(void *self, const struct fact *f)
{
    struct lifetimes *l = self;
    struct source_own own = {.id = f->u.source.id};
    if (!read_words(f->u.source.lifetimes, &own.days))
        return OK;
    if (!make_room((void **)&l->sources, l->source_count, &l->source_cap, sizeof *l->sources))
        return ERR_NOMEM;
    l->sources[l->source_count++] = own;
    return OK;
}

static enum err keep_renewal(void *self, const struct renewal_row *row)
{
    struct lifetimes *l = self;
    if (!make_room((void **)&l->renewals, l->renewal_count, &l->renewal_cap, sizeof *l->renewals))
        return ERR_NOMEM;
    l->renewals[l->renewal_count++] = *row;
    return OK;
}

enum err lifetimes_load(const char *home, struct view *v, struct lifetimes **ret, struct fault *reterr)
{
    struct lifetimes *l = calloc(1, sizeof *l);
    if (!l)
        return fault_set(reterr, ERR_NOMEM, "no memory for lifetimes");
    enum err err = lifetime_rules_load(home, &l->rules, reterr);
    if (err == OK)
        err = view_facts(v, FACT_SOURCE, keep_source, l, reterr);
    if (err == OK)
        err = view_renewals(v, keep_renewal, l, reterr);
    if (err != OK) {
        lifetimes_free(l);
        return err == ERR_NOMEM ? fault_set(reterr, err, "no memory for lifetimes") : err;
    }
    *ret = l;
    return OK;
}

void lifetimes_free(struct lifetimes *l)
{
    if (!l)
        return;
    free(l->sources);
    free(l->renewals);
    free(l);
}

static int64_t renewed(const struct lifetimes *l, const struct uuid *indicator)
{
    uint64_t key = reference_key(indicator);
    size_t low = 0, high = l->renewal_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->renewals[middle].target < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < l->renewal_count && l->renewals[low].target == key ? l->renewals[low].t_us : INT64_MIN;
}

struct lifetime lifetimes_of(const struct lifetimes *l, const struct lifetime_ask *ask)
{
    const struct source_lifetimes *own = NULL;
    for (size_t i = 0; i < l->source_count && !own; i++)
        if (uuid_eq(&l->sources[i].id, &ask->source))
            own = &l->sources[i].days;
    return end_of(ask, &l->rules, own, renewed(l, &ask->indicator));
}

/* ---- words ---- */

static const char *kind_words(enum value_kind kind)
{
    static const char *const words[VALUE_KINDS] = {
        [VALUE_NONE] = "value",        [VALUE_DOMAIN] = "domain",  [VALUE_IPV4] = "IPv4",
        [VALUE_IPV6] = "IPv6",         [VALUE_CIDR] = "network",   [VALUE_URL] = "URL",
        [VALUE_EMAIL] = "e-mail",      [VALUE_MD5] = "MD5",        [VALUE_SHA1] = "SHA-1",
        [VALUE_SHA256] = "SHA-256",    [VALUE_SHA512] = "SHA-512", [VALUE_ASN] = "AS number",
        [VALUE_JA3] = "JA3",           [VALUE_JA4] = "JA4",        [VALUE_MUTEX] = "mutex",
        [VALUE_FILENAME] = "file name"};
    return kind < VALUE_KINDS ? words[kind] : "value";
}

struct text lifetime_words(const struct lifetime *l, enum value_kind kind, const struct lifetime_rules *rules,
                           char out[LIFETIME_WORDS_MAX])
{
    int len = snprintf(out, LIFETIME_WORDS_MAX, "assumed: %s, %u day%s%s, %s%s", kind_words(kind), l->days,
                       l->days == 1 ? "" : "s", l->renewed ? " from a sighting" : "",
                       l->by_source ? "as its source is set" : "rules of ", l->by_source ? "" : rules->date);
    return (struct text){out, (size_t)len < LIFETIME_WORDS_MAX ? (size_t)len : LIFETIME_WORDS_MAX - 1};
}
