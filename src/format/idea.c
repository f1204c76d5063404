/* format/idea.c - see idea.h. "Keys [...] must be considered as equivalent" whatever their case (IDEA0 definition).
 */
#include "format/idea.h"

#include "format/json_events.h"
#include "format/json_peek.h"
#include "format/rsit.h"

/* IDEA's classification ("mkII") in RSIT v1003; a class alone where RSIT has nothing that says no more. */
static const struct rsit_word categories[] = {
    {"Abusive.Spam", "abusive-content/spam"},
    {"Abusive.Harassment", "abusive-content/harmful-speech"},
    {"Abusive.Child", "abusive-content/violence"},
    {"Abusive.Sexual", "abusive-content/violence"},
    {"Abusive.Violence", "abusive-content/violence"},
    {"Malware", "malicious-code/infected-system"},
    {"Malware.Virus", "malicious-code/infected-system"},
    {"Malware.Worm", "malicious-code/infected-system"},
    {"Malware.Trojan", "malicious-code/infected-system"},
    {"Malware.Spyware", "malicious-code/infected-system"},
    {"Malware.Dialer", "malicious-code/infected-system"},
    {"Malware.Rootkit", "malicious-code/infected-system"},
    {"Malware.Ransomware", "malicious-code/infected-system"},
    {"Recon", "information-gathering/scanner"},
    {"Recon.Scanning", "information-gathering/scanner"},
    {"Recon.Searching", "information-gathering/scanner"},
    {"Recon.Sniffing", "information-gathering/sniffing"},
    {"Recon.SocialEngineering", "information-gathering/social-engineering"},
    {"Attempt.Exploit", "intrusion-attempts/exploit"},
    {"Attempt.Login", "intrusion-attempts/brute-force"},
    {"Attempt.NewSignature", "intrusion-attempts/ids-alert"},
    {"Intrusion", "intrusions/system-compromise"},
    {"Intrusion.AdminCompromise", "intrusions/privileged-account-compromise"},
    {"Intrusion.UserCompromise", "intrusions/unprivileged-account-compromise"},
    {"Intrusion.AppCompromise", "intrusions/application-compromise"},
    {"Intrusion.Botnet", "malicious-code/infected-system"},
    {"Availability.DoS", "availability/dos"},
    {"Availability.DDoS", "availability/ddos"},
    {"Availibility.DDoS", "availability/ddos"}, /* as Nemea's amplification detector writes it */
    {"Availability.Sabotage", "availability/sabotage"},
    {"Availability.Outage", "availability/outage"},
    {"Information.UnauthorizedAccess", "information-content-security/unauthorised-information-access"},
    {"Information.UnauthorizedModification", "information-content-security/unauthorised-information-modification"},
    {"Information.DataLoss", "information-content-security/data-loss"},
    {"Fraud.UnauthorizedUsage", "fraud/unauthorised-use-of-resources"},
    {"Fraud.Copyright", "fraud/copyright"},
    {"Fraud.Masquerade", "fraud/masquerade"},
    {"Fraud.Phishing", "fraud/phishing"},
    {"Fraud.Scam", "fraud/masquerade"},
    {"Vulnerable", "vulnerable/vulnerable-system"},
    {"Vulnerable.Open", "vulnerable/potentially-unwanted-accessible"},
    {"Vulnerable.Config", "vulnerable/vulnerable-system"},
    {"Other", "other/other"},
};

#define PORTS_SHOWN 8 /* of one side, in the detail */

/* ---- members, whatever their case ---- */

static const struct json_val *get(const struct json_val *object, const char *name)
{
    const struct json_val *exact = json_get(object, name);
    struct json_iter it = json_iter_of(object);
    if (exact || json_type(object) != JSON_OBJECT)
        return exact;
    while (json_next(&it))
        if (text_eq_nocase(it.key, text_of(name)))
            return it.val;
    return NULL;
}

static bool has_word(const struct json_val *list, const char *word)
{
    struct json_items items = json_items_of(list);
    for (const struct json_val *v; (v = json_items_next(&items));)
        if (text_eq_nocase(json_text(v), text_of(word)))
            return true;
    return false;
}

/* ---- what it is ---- */

static enum err read_category(const struct json_val *object, struct event_draft *d, struct fault *reterr)
{
    const struct json_val *list = get(object, "Category");
    struct json_items items = json_items_of(list);
    struct buffer all;
    if (has_word(list, "Test"))
        return fault_at(reterr, ERR_MALFORMED, d->event.at, EVENT_TEST_RULE,
                        "its category is Test: it is not taken for something that happened");
    buffer_init(&all, EVENT_TEXT_MAX);
    for (const struct json_val *v; (v = json_items_next(&items));) {
        struct text word = json_text(v);
        const struct rsit_word *known = rsit_word_find(categories, ARRAY_LEN(categories), word);
        if (known && !d->event.type.len)
            d->event.type = text_of(known->rsit);
        if (word.len && all.len && all.len + word.len < all.max)
            buffer_add_char(&all, ',');
        buffer_add(&all, word);
    }
    d->event.report = event_text(d, buffer_text(&all));
    d->no_memory = d->no_memory || buffer_error(&all) == ERR_NOMEM;
    buffer_done(&all);
    if (!d->event.report.len)
        return fault_at(reterr, ERR_MALFORMED, d->event.at, "IDEA0 Category", "no category: what was seen?");
    return OK;
}

/* A vulnerability's number, else what Mentat calls its class, is what was seen. */
static void read_identifier(const struct json_val *object, struct event_draft *d)
{
    struct json_items refs = json_items_of(get(object, "Ref"));
    for (const struct json_val *v; (v = json_items_next(&refs));) {
        struct text ref = json_text(v);
        if (ref.len > 4 && text_eq_nocase(text_sub(ref, 0, 4), TEXT("cve:"))) {
            d->event.identifier = event_text(d, text_sub(ref, 4, ref.len));
            return;
        }
    }
    static const char *const own[] = {"_Mentat", "_CESNET"};
    for (size_t i = 0; i < ARRAY_LEN(own) && !d->event.identifier.len; i++)
        d->event.identifier = event_text(d, json_text(get(get(object, own[i]), "EventClass")));
}

static void read_severity(const struct json_val *object, struct event_draft *d)
{
    static const char *const words[] = {"info", "low", "medium", "high", "critical"};
    struct text said = json_text(get(get(object, "_Mentat"), "EventSeverity"));
    if (!said.len)
        said = json_text(get(get(object, "_CESNET"), "EventSeverity"));
    for (uint8_t i = 0; i < ARRAY_LEN(words); i++)
        if (text_eq_nocase(said, text_of(words[i])))
            d->event.severity = (uint8_t)(i + 1);
}

static void read_times(const struct json_val *object, struct event_draft *d)
{
    static const char *const firsts[] = {"EventTime", "WinStartTime", "DetectTime", "CreateTime"};
    static const char *const lasts[] = {"CeaseTime", "WinEndTime"};
    int64_t first, last;
    for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
        if (!event_time(d, json_text(get(object, firsts[i])), true, firsts[i], &first))
            continue;
        last = first;
        /* A window's end says nothing of an event that gives its own beginning. */
        for (size_t k = 0; k < (i == 1 ? ARRAY_LEN(lasts) : 1); k++)
            if (event_time(d, json_text(get(object, lasts[k])), true, lasts[k], &last))
                break;
        event_span(d, first, last);
        return;
    }
}

static void read_count(const struct json_val *object, struct event_draft *d)
{
    int64_t n = 0;
    if (json_i64(get(object, "ConnCount"), &n) || json_i64(get(object, "FlowCount"), &n))
        d->event.count = n > 0 ? (uint64_t)n : 1;
}

/* ---- where ---- */

static void add_values(struct event_draft *d, const struct json_val *side, const char *name, enum event_role role,
                       enum value_kind kind)
{
    struct json_items items = json_items_of(get(side, name));
    for (const struct json_val *v; (v = json_items_next(&items));) {
        if (kind == VALUE_IPV4)
            event_addresses(d, role, json_text(v), name);
        else
            event_value(d, role, kind, json_text(v), name);
    }
}

static void add_side(struct event_draft *d, const struct json_val *side, enum event_role role)
{
    add_values(d, side, "IP4", role, VALUE_IPV4);
    add_values(d, side, "IP6", role, VALUE_IPV4);
    add_values(d, side, "Hostname", role, VALUE_DOMAIN);
    add_values(d, side, "URL", role, VALUE_URL);
    add_values(d, side, "Email", role, VALUE_EMAIL);
}

static void add_ports(struct event_draft *d, const struct json_val *side)
{
    struct json_items items = json_items_of(get(side, "Port"));
    size_t shown = 0;
    for (const struct json_val *v; shown < PORTS_SHOWN && (v = json_items_next(&items)); shown++)
        event_detail(d, "port", json_events_word(d, v));
    items = json_items_of(get(side, "Proto"));
    shown = 0;
    for (const struct json_val *v; shown < PORTS_SHOWN && (v = json_items_next(&items)); shown++)
        event_detail(d, "protocol", json_text(v));
}

static bool is_controller(const struct json_val *side)
{
    return has_word(get(side, "Type"), "CC");
}

/* A forged or masked address is nobody's; what answers a forged one was hit itself. */
static enum event_role role_of(const struct json_val *side, enum event_role role)
{
    if (json_bool(get(side, "Spoofed"), false) || json_bool(get(side, "Anonymised"), false))
        return EVENT_OTHER;
    return has_word(get(side, "Type"), "Backscatter") ? EVENT_TARGET : role;
}

/* A botnet's sources are its drones; its controller is one of them only when nobody else is named. */
static bool only_controllers(const struct json_val *list)
{
    struct json_items items = json_items_of(list);
    bool any = false;
    for (const struct json_val *v; (v = json_items_next(&items)); any = true)
        if (!is_controller(v))
            return false;
    return any;
}

static void read_sides(const struct json_val *object, struct event_draft *d)
{
    const struct json_val *sources = get(object, "Source"), *targets = get(object, "Target");
    const struct json_val *v, *telling = NULL;
    bool controllers = only_controllers(sources);
    if (controllers && text_eq(d->event.type, TEXT("malicious-code/infected-system")))
        d->event.type = TEXT("malicious-code/c2-server");
    struct json_items items = json_items_of(sources);
    bool service = rsit_is_service(d->event.type);
    while ((v = json_items_next(&items))) {
        bool other = is_controller(v) && !controllers;
        add_side(d, v, other ? EVENT_OTHER : role_of(v, EVENT_SOURCE));
        if (service && !other && !telling)
            telling = v;
    }
    items = json_items_of(targets);
    while ((v = json_items_next(&items))) {
        add_side(d, v, role_of(v, EVENT_TARGET));
        if (!telling)
            telling = v;
    }
    add_ports(d, telling);
}

/* "sha1:..." of what was attached. */
static void read_attachments(const struct json_val *object, struct event_draft *d)
{
    struct json_items items = json_items_of(get(object, "Attach"));
    for (const struct json_val *v; (v = json_items_next(&items));) {
        struct json_items hashes = json_items_of(get(v, "Hash"));
        for (const struct json_val *h; (h = json_items_next(&hashes));) {
            struct text rest = json_text(h), name;
            if (!text_split(&rest, ':', &name) || !rest.ptr)
                continue;
            enum value_kind kind = value_kind_parse(name);
            if (kind >= VALUE_MD5)
                event_value(d, EVENT_OTHER, kind, rest, "Attach/Hash");
        }
    }
}

static enum err read_message(const struct json_val *object, struct event_draft *d, struct fault *reterr)
{
    d->event.id = event_text(d, json_text(get(object, "ID")));
    if (!text_eq(json_text(get(object, "Format")), TEXT("IDEA0")))
        return fault_at(reterr, ERR_MALFORMED, d->event.at, "IDEA0 Format", "its Format is not \"IDEA0\"");
    enum err e = read_category(object, d, reterr);
    if (e)
        return e;
    read_identifier(object, d);
    read_severity(object, d);
    read_times(object, d);
    read_count(object, d);
    read_sides(object, d);
    read_attachments(object, d);
    event_label(d, json_text(get(object, "TLP")));
    d->event.summary = event_text(d, json_text(get(object, "Description")));
    if (!d->event.summary.len)
        d->event.summary = event_text(d, json_text(get(object, "Note")));
    return OK;
}

/* ---- as one of all formats ---- */

static enum format_claim claim(const struct format_head *h)
{
    struct json_peek p = json_peek_of(h);
    struct text name, value;
    for (;;) {
        switch (json_peek_next(&p, &name, &value)) {
        case PEEK_CUT: return FORMAT_MORE;
        case PEEK_END: return FORMAT_NO;
        case PEEK_NAME: break;
        }
        if (text_eq_nocase(name, TEXT("Format")))
            return json_peek_is(value, TEXT("IDEA0")) ? FORMAT_YES : FORMAT_NO;
        if (text_eq(name, TEXT("spec_version")) || text_eq(name, TEXT("objects")))
            return FORMAT_NO; /* STIX: no need to look at all of it */
    }
}

static const struct json_events_shape shape = {"IDEA0", "idea", read_message};

static enum err open_job(const struct format_job *job, void **ret)
{
    return json_events_open(job, &shape, ret);
}

const struct format FORMAT_IDEA = {"idea", true, claim, open_job, json_events_next, json_events_free};
