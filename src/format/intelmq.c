/* format/intelmq.c - see intelmq.h. */
#include "format/intelmq.h"

#include <stdio.h>

#include "format/json_events.h"
#include "format/json_peek.h"
#include "format/rsit.h"

/* Types that are not RSIT's: IntelMQ's own, and those that its older versions had. Its own names of RSIT's types need
 * no row. */
static const struct rsit_word types[] = {
    {"botnet drone", "malicious-code/infected-system"},
    {"infected system", "malicious-code/infected-system"},
    {"ransomware", "malicious-code/infected-system"},
    {"c&c", "malicious-code/c2-server"},
    {"c2server", "malicious-code/c2-server"},
    {"malware configuration", "malicious-code/malware-configuration"},
    {"ids alert", "intrusion-attempts/ids-alert"},
    {"backdoor", "intrusions/system-compromise"},
    {"compromised", "intrusions/system-compromise"},
    {"defacement", "information-content-security/unauthorised-information-modification"},
    {"dropzone", "information-content-security/unauthorised-information-access"},
    {"leak", "information-content-security/data-leak"},
    {"unauthorized-use-of-resources", "fraud/unauthorised-use-of-resources"},
    {"vulnerable client", "vulnerable/vulnerable-system"},
    {"vulnerable service", "vulnerable/vulnerable-system"},
    {"blacklist", "other/other"},
    {"dga-domain", "other/other"},
    {"dga domain", "other/other"},
    {"malware", "other/other"},
    {"proxy", "other/other"},
    {"tor", "other/other"},
    {"unknown", "other/undetermined"},
};

/* "source.ip": a member of that name, or one of a member "source". */
static const struct json_val *get(const struct json_val *object, struct text name)
{
    const struct json_val *flat = json_get_text(object, name);
    ptrdiff_t dot = flat ? -1 : text_find(name, '.', 0);
    if (flat || dot < 0)
        return flat;
    const struct json_val *inner = json_get_text(object, text_sub(name, 0, (size_t)dot));
    return inner ? get(inner, text_sub(name, (size_t)dot + 1, name.len)) : NULL;
}

static struct text word(struct event_draft *d, const struct json_val *object, const char *name)
{
    return json_events_word(d, get(object, text_of(name)));
}

/* ---- what it is ---- */

static enum err read_type(const struct json_val *object, struct event_draft *d, struct fault *reterr)
{
    struct text type = word(d, object, "classification.type");
    if (text_eq_nocase(type, TEXT("test")) ||
        text_eq_nocase(word(d, object, "classification.taxonomy"), TEXT("test")))
        return fault_at(reterr, ERR_MALFORMED, d->event.at, EVENT_TEST_RULE,
                        "it is classified as a test: it is not taken for something that happened");
    const struct rsit_word *known = rsit_word_find(types, ARRAY_LEN(types), type);
    const char *rsit = known ? known->rsit : rsit_of_type(type);
    d->event.type = text_of(rsit);
    d->event.report = event_text(d, type);
    if (!d->event.report.len)
        d->event.report = event_text(d, word(d, object, "feed.name"));
    return OK;
}

static void read_words(const struct json_val *object, struct event_draft *d)
{
    static const char *const severities[] = {"info", "low", "medium", "high", "critical"};
    struct text severity = word(d, object, "severity");
    d->event.id = event_text(d, word(d, object, "event_hash"));
    d->event.identifier = event_text(d, word(d, object, "classification.identifier"));
    if (!d->event.identifier.len)
        d->event.identifier = event_text(d, word(d, object, "malware.name"));
    d->event.summary = event_text(d, word(d, object, "event_description.text"));
    for (uint8_t i = 0; i < ARRAY_LEN(severities); i++)
        if (text_eq_nocase(severity, text_of(severities[i])))
            d->event.severity = (uint8_t)(i + 1);
    event_label(d, word(d, object, "tlp"));
}

static void read_time(const struct json_val *object, struct event_draft *d)
{
    static const char *const names[] = {"time.source", "time.observation"};
    int64_t us;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (event_time(d, word(d, object, names[i]), true, names[i], &us)) {
            event_span(d, us, us);
            return;
        }
}

/* ---- where ---- */

static struct text name_of(char *out, size_t size, const char *side, const char *member)
{
    snprintf(out, size, "%s.%s", side, member);
    return text_of(out);
}

static void add_side(const struct json_val *object, struct event_draft *d, const char *side, enum event_role role)
{
    static const struct {
        const char *name;
        enum value_kind kind;
        bool aside; /* said of the host by others: it does not tell whose it is */
    } members[] = {{"ip", VALUE_IPV4, false},
                   {"fqdn", VALUE_DOMAIN, false},
                   {"url", VALUE_URL, false},
                   {"reverse_dns", VALUE_DOMAIN, true}};
    char name[48];
    size_t before = d->value_count;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct text full = name_of(name, sizeof name, side, members[i].name);
        event_value(d, members[i].aside ? EVENT_OTHER : role, members[i].kind, json_events_word(d, get(object, full)),
                    name);
    }
    struct text account = json_events_word(d, get(object, name_of(name, sizeof name, side, "account")));
    if (text_find(account, '@', 0) > 0)
        event_value(d, role, VALUE_EMAIL, account, name);
    /* The route's prefix says where an address is announced from; it stands for the address only where none is. */
    if (d->value_count == before)
        event_value(d, role, VALUE_CIDR,
                    json_events_word(d, get(object, name_of(name, sizeof name, side, "network"))), name);
}

static void read_sides(const struct json_val *object, struct event_draft *d)
{
    bool service = rsit_is_service(d->event.type);
    /* What an infected system talks to, or who asked an open service, was not attacked. */
    bool named_only = service || text_starts(d->event.type, TEXT("malicious-code/"));
    add_side(object, d, "source", EVENT_SOURCE);
    add_side(object, d, "destination", named_only ? EVENT_OTHER : EVENT_TARGET);
    event_detail(d, "port", word(d, object, service ? "source.port" : "destination.port"));
    event_detail(d, "protocol", word(d, object, "protocol.transport"));
    event_detail(d, "application", word(d, object, "protocol.application"));
}

static void read_hashes(const struct json_val *object, struct event_draft *d)
{
    event_value(d, EVENT_OTHER, VALUE_MD5, word(d, object, "malware.hash.md5"), "malware.hash.md5");
    event_value(d, EVENT_OTHER, VALUE_SHA1, word(d, object, "malware.hash.sha1"), "malware.hash.sha1");
    event_value(d, EVENT_OTHER, VALUE_SHA256, word(d, object, "malware.hash.sha256"), "malware.hash.sha256");
}

static enum err read_event(const struct json_val *object, struct event_draft *d, struct fault *reterr)
{
    enum err e = read_type(object, d, reterr);
    if (e)
        return e;
    read_words(object, d);
    read_time(object, d);
    read_sides(object, d);
    read_hashes(object, d);
    if (!d->event.report.len && !d->value_count && !d->lost_count)
        return fault_at(reterr, ERR_MALFORMED, d->event.at, "IntelMQ event",
                        "neither classification.type nor a source nor a destination: no event of IntelMQ");
    return OK;
}

/* ---- as one of all formats ---- */

static bool is_flat_name(struct text name)
{
    static const char *const starts[] = {"classification.", "feed.", "source.", "destination.", "time."};
    for (size_t i = 0; i < ARRAY_LEN(starts); i++)
        if (text_starts(name, text_of(starts[i])))
            return true;
    return false;
}

static enum format_claim claim(const struct format_head *h)
{
    struct json_peek p = json_peek_of(h);
    struct text name, value;
    bool classified = false, nested = false;
    for (;;) {
        switch (json_peek_next(&p, &name, &value)) {
        case PEEK_CUT: return FORMAT_MORE;
        case PEEK_END: return FORMAT_NO;
        case PEEK_NAME: break;
        }
        bool object = value.len && value.ptr[0] == '{';
        classified = classified || (object && text_eq(name, TEXT("classification")));
        nested = nested || (object && (text_eq(name, TEXT("feed")) || text_eq(name, TEXT("source")) ||
                                       text_eq(name, TEXT("destination")) || text_eq(name, TEXT("time"))));
        if (is_flat_name(name) || (classified && nested))
            return FORMAT_YES;
        if (text_eq(name, TEXT("spec_version")) || text_eq(name, TEXT("objects")))
            return FORMAT_NO;
    }
}

static const struct json_events_shape shape = {"IntelMQ event", "intelmq", read_event};

static enum err open_job(const struct format_job *job, void **ret)
{
    return json_events_open(job, &shape, ret);
}

const struct format FORMAT_INTELMQ = {"intelmq", true, claim, open_job, json_events_next, json_events_free};
