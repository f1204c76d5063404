/* format/shadowserver_map.c - see shadowserver_map.h. */
#include "format/shadowserver_map.h"

#include <stdlib.h>

#include "base/limits.h"
#include "format/shadowserver_rules.h"

#define FORMAT_NAME  "entente-shadowserver-map"
#define NAME_MAX_LEN 64

struct shadowserver_map {
    struct json_doc *docs[2]; /* handed over, or NULL; compiled in */
};

static const char *const use_names[USES] = {
    [USE_TIME] = "time",
    [USE_LAST] = "last",
    [USE_IP] = "ip",
    [USE_SRC_IP] = "src_ip",
    [USE_DST_IP] = "dst_ip",
    [USE_HOSTNAME] = "hostname",
    [USE_SRC_HOSTNAME] = "src_hostname",
    [USE_DST_HOSTNAME] = "dst_hostname",
    [USE_DOMAIN] = "domain",
    [USE_URL] = "url",
    [USE_EMAIL] = "email",
    [USE_HOST] = "host",
    [USE_OTHER_IP] = "other_ip",
    [USE_OTHER_HOST] = "other_host",
    [USE_OTHER_URL] = "other_url",
    [USE_MD5] = "md5",
    [USE_SHA1] = "sha1",
    [USE_SHA256] = "sha256",
    [USE_SHA512] = "sha512",
    [USE_SEVERITY] = "severity",
    [USE_COUNT] = "count",
    [USE_DETAIL] = "detail",
};

const char *shadowserver_use_name(enum shadowserver_use use)
{
    return use < USES ? use_names[use] : "";
}

static enum err open_own(struct text own, struct json_doc **ret, struct fault *reterr)
{
    struct json_doc *doc;
    enum err e = json_parse(own, &doc, reterr);
    if (e != OK)
        return e;
    if (!text_eq(json_text(json_get(json_root(doc), "format")), TEXT(FORMAT_NAME))) {
        json_free(doc);
        return fault_set(reterr, ERR_MALFORMED,
                         "rules/shadowserver.json: no map; it says \"format\": \"" FORMAT_NAME "\"");
    }
    *ret = doc;
    return OK;
}

enum err shadowserver_map_open(struct text own, struct shadowserver_map **ret, struct fault *reterr)
{
    const struct text compiled_in = {SHADOWSERVER_RULES, SHADOWSERVER_RULES_BYTES};
    struct shadowserver_map *m = calloc(1, sizeof *m);
    enum err e = m ? json_parse(compiled_in, &m->docs[1], reterr) : ERR_NOMEM;
    if (e == OK && own.len > 0)
        e = open_own(own, &m->docs[0], reterr);
    if (e != OK) {
        shadowserver_map_free(m);
        return e;
    }
    *ret = m;
    return OK;
}

void shadowserver_map_free(struct shadowserver_map *m)
{
    if (!m)
        return;
    json_free(m->docs[0]);
    json_free(m->docs[1]);
    free(m);
}

/* A member of a section, of the map handed over first. */
static const struct json_val *find(const struct shadowserver_map *m, const char *section, struct text name)
{
    for (size_t i = 0; i < ARRAY_LEN(m->docs); i++) {
        const struct json_val *v = m->docs[i] ? json_get_text(json_get(json_root(m->docs[i]), section), name) : NULL;
        if (v)
            return v;
    }
    return NULL;
}

struct text shadowserver_column(const struct shadowserver_map *m, enum shadowserver_use use, size_t i)
{
    for (size_t d = 0; d < ARRAY_LEN(m->docs); d++) {
        const struct json_val *columns = m->docs[d] ? json_get(json_root(m->docs[d]), "columns") : NULL;
        for (struct json_iter it = json_iter_of(json_get_text(columns, text_of(use_names[use]))); json_next(&it);)
            if (json_text(it.val).len > 0 && i-- == 0)
                return json_text(it.val);
    }
    return TEXT_NONE;
}

/* ---- reports ---- */

/* "scan6_ntp" is "scan_ntp", "event6_sinkhole" "event4_sinkhole", "device_id6" "device_id". */
static struct text of_ipv4(struct text name, char out[NAME_MAX_LEN])
{
    static const struct {
        const char *from, *to;
    } pairs[] = {{"scan6_", "scan_"}, {"population6_", "population_"}, {"event6_", "event4_"}};
    if (name.len >= NAME_MAX_LEN)
        return name;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct text from = text_of(pairs[i].from), to = text_of(pairs[i].to);
        if (!text_starts(name, from))
            continue;
        size_t len = 0;
        for (size_t k = 0; k < to.len; k++)
            out[len++] = to.ptr[k];
        for (size_t k = from.len; k < name.len; k++)
            out[len++] = name.ptr[k];
        return (struct text){out, len};
    }
    return name.len > 1 && name.ptr[name.len - 1] == '6' ? text_sub(name, 0, name.len - 1) : name;
}

static const struct json_val *find_report(const struct shadowserver_map *m, struct text name)
{
    char other[NAME_MAX_LEN];
    const struct json_val *r = find(m, "reports", name);
    if (!r)
        r = find(m, "reports", json_text(find(m, "names", name)));
    if (r)
        return r;
    struct text v4 = of_ipv4(name, other);
    r = find(m, "reports", v4);
    return r ? r : find(m, "reports", json_text(find(m, "names", v4)));
}

uint8_t shadowserver_severity(struct text word)
{
    static const char *const words[] = {"info", "low", "medium", "high", "critical"};
    for (uint8_t i = 0; i < ARRAY_LEN(words); i++)
        if (text_eq_nocase(word, text_of(words[i])))
            return i + 1;
    return 0;
}

/* What a report that nobody has heard of is, as far as its name goes. */
static struct text type_of_name(struct text name)
{
    static const struct {
        const char *part, *type;
    } parts[] = {{"vulnerable", "vulnerable/vulnerable-system"},
                 {"sinkhole", "malicious-code/infected-system"},
                 {"brute_force", "intrusion-attempts/brute-force"},
                 {"ddos", "availability/ddos"},
                 {"compromised", "intrusions/system-compromise"},
                 {"honeypot", "information-gathering/scanner"},
                 {"scan_", "vulnerable/potentially-unwanted-accessible"},
                 {"scan6_", "vulnerable/potentially-unwanted-accessible"}};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (text_find_text(name, text_of(parts[i].part)) >= 0)
            return text_of(parts[i].type);
    return TEXT("other/undetermined");
}

bool shadowserver_report(const struct shadowserver_map *m, struct text name, struct shadowserver_report *ret)
{
    const struct json_val *r = find_report(m, name);
    *ret = (struct shadowserver_report){.type = type_of_name(name)};
    if (!r)
        return false;
    struct text target = json_text(json_get(r, "target"));
    if (json_text(json_get(r, "class")).len > 0)
        ret->type = json_text(json_get(r, "class"));
    ret->identifier = json_text(json_get(r, "identifier"));
    ret->severity = shadowserver_severity(json_text(json_get(r, "severity")));
    ret->target_dst = text_eq(target, TEXT("dst"));
    ret->target_src = text_eq(target, TEXT("src"));
    ret->source_other = text_eq(json_text(json_get(r, "source")), TEXT("other"));
    ret->host = json_bool(json_get(r, "host"), false);
    ret->cve = json_bool(json_get(r, "cve"), false);
    for (struct json_iter it = json_iter_of(json_get(r, "vary")); json_next(&it);)
        if (ret->vary_count < SHADOWSERVER_VARY_MAX && json_text(it.val).len > 0)
            ret->vary[ret->vary_count++] = json_text(it.val);
    return true;
}

struct text shadowserver_report_by_column(const struct shadowserver_map *m, shadowserver_has_column *has, void *self)
{
    for (size_t d = 0; d < ARRAY_LEN(m->docs); d++) {
        const struct json_val *reports = m->docs[d] ? json_get(json_root(m->docs[d]), "reports") : NULL;
        for (struct json_iter it = json_iter_of(reports); json_next(&it);) {
            struct text mark = json_text(json_get(it.val, "mark"));
            if (mark.len > 0 && has(self, mark))
                return it.key;
        }
    }
    return TEXT_NONE;
}
