/* format/n6.c - see n6.h. */
#include "format/n6.h"

#include "format/json_events.h"
#include "format/json_peek.h"
#include "format/rsit.h"

/* What the category says of the addresses, and of what else an event names. */
struct category {
    struct rsit_word word;
    enum event_role addresses;
    enum event_role names;  /* fqdn and url */
    enum event_role others; /* dip */
};
static const struct category categories[] = {
    {{"amplifier", "vulnerable/ddos-amplifier"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER},
    {{"backdoor", "intrusions/system-compromise"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER},
    /* A bot's name and dip are those of its controller or of the sinkhole. */
    {{"bots", "malicious-code/infected-system"}, EVENT_SOURCE, EVENT_OTHER, EVENT_OTHER},
    {{"cnc", "malicious-code/c2-server"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER},
    {{"deface", "information-content-security/unauthorised-information-modification"},
     EVENT_SOURCE,
     EVENT_SOURCE,
     EVENT_OTHER},
    {{"dns-query", "other/other"}, EVENT_SOURCE, EVENT_OTHER, EVENT_OTHER},
    {{"dos-attacker", "availability/ddos"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_TARGET},
    {{"dos-victim", "availability/ddos"}, EVENT_TARGET, EVENT_TARGET, EVENT_OTHER},
    {{"exposed", "vulnerable/potentially-unwanted-accessible"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER},
    {{"flow", "other/undetermined"}, EVENT_SOURCE, EVENT_OTHER, EVENT_OTHER},
    {{"flow-anomaly", "other/undetermined"}, EVENT_SOURCE, EVENT_OTHER, EVENT_OTHER},
    {{"fraud", "fraud/masquerade"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_TARGET},
    {{"leak", "information-content-security/data-leak"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER},
    {{"malurl", "malicious-code/malware-distribution"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER},
    {{"malware-action", "malicious-code/malware-configuration"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER},
    {{"other", "other/other"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER},
    {{"phish", "fraud/phishing"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER},
    {{"proxy", "other/other"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER},
    {{"sandbox-url", "malicious-code/malware-configuration"}, EVENT_OTHER, EVENT_OTHER, EVENT_OTHER},
    {{"scam", "fraud/masquerade"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_TARGET},
    {{"scanning", "information-gathering/scanner"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_TARGET},
    {{"server-exploit", "intrusion-attempts/exploit"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_TARGET},
    {{"spam", "abusive-content/spam"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_TARGET},
    {{"spam-url", "abusive-content/spam"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER},
    {{"tor", "other/other"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER},
    {{"vulnerable", "vulnerable/vulnerable-system"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER},
    {{"webinject", "malicious-code/malware-configuration"}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER},
};
static const struct category unknown_category = {{NULL, NULL}, EVENT_SOURCE, EVENT_SOURCE, EVENT_OTHER};

static const struct category *category_of(struct text word)
{
    for (size_t i = 0; i < ARRAY_LEN(categories); i++)
        if (text_eq_nocase(text_of(categories[i].word.word), word))
            return &categories[i];
    return &unknown_category;
}

/* n6: "need-to-know" may go to those whose network it is about, "internal" to nobody outside. */
static void read_restriction(const struct json_val *object, struct event_draft *d)
{
    static const struct {
        const char *word;
        enum tlp tlp;
    } table[] = {{"public", TLP_CLEAR}, {"need-to-know", TLP_AMBER}, {"internal", TLP_AMBER_STRICT}};
    struct text said = json_text(json_get(object, "restriction"));
    enum tlp tlp = said.len ? TLP_RED : TLP_NONE;
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (text_eq(said, text_of(table[i].word)))
            tlp = table[i].tlp;
    if (tlp == TLP_RED)
        event_lose(d, TEXT("restriction"), TEXT("a word that is not known: taken as TLP:RED"));
    d->event.tlp = (uint8_t)tlp;
    event_label(d, json_text(json_get(object, "tlp")));
}

static void read_times(const struct json_val *object, struct event_draft *d)
{
    int64_t first, last;
    if (!event_time(d, json_text(json_get(object, "time")), true, "time", &first))
        return;
    last = first;
    if (!event_time(d, json_text(json_get(object, "until")), true, "until", &last))
        last = first;
    event_span(d, first, last);
}

static void read_values(const struct json_val *object, const struct category *c, struct event_draft *d)
{
    struct json_items items = json_items_of(json_get(object, "address"));
    for (const struct json_val *v; (v = json_items_next(&items));) {
        event_value(d, c->addresses, VALUE_IPV4, json_text(json_get(v, "ip")), "address/ip");
        event_value(d, c->addresses, VALUE_IPV4, json_text(json_get(v, "ipv6")), "address/ipv6");
    }
    event_value(d, c->addresses, VALUE_CIDR, json_text(json_get(object, "ip_network")), "ip_network");
    event_value(d, c->names, VALUE_DOMAIN, json_text(json_get(object, "fqdn")), "fqdn");
    event_value(d, c->names, VALUE_URL, json_text(json_get(object, "url")), "url");
    event_value(d, c->others, VALUE_IPV4, json_text(json_get(object, "dip")), "dip");
    event_value(d, EVENT_OTHER, VALUE_EMAIL, json_text(json_get(object, "email")), "email");
    event_value(d, EVENT_OTHER, VALUE_MD5, json_text(json_get(object, "md5")), "md5");
    event_value(d, EVENT_OTHER, VALUE_SHA1, json_text(json_get(object, "sha1")), "sha1");
    event_value(d, EVENT_OTHER, VALUE_SHA256, json_text(json_get(object, "sha256")), "sha256");
    if (json_text(json_get(object, "adip")).len)
        event_lose(d, TEXT("adip"), TEXT("the attacked address, with parts of it struck out: nobody's"));
}

static enum err read_event(const struct json_val *object, struct event_draft *d, struct fault *reterr)
{
    struct text word = json_text(json_get(object, "category"));
    const struct category *c = category_of(word);
    int64_t count;
    d->event.id = event_text(d, json_text(json_get(object, "id")));
    d->event.report = event_text(d, word);
    d->event.type = text_of(c->word.rsit);
    if (!d->event.report.len)
        return fault_at(reterr, ERR_MALFORMED, d->event.at, "n6 category", "no category: what was seen?");
    d->event.identifier = event_text(d, json_text(json_get(object, "name")));
    if (json_i64(json_get(object, "count"), &count) && count > 0)
        d->event.count = (uint64_t)count;
    read_restriction(object, d);
    read_times(object, d);
    read_values(object, c, d);
    event_detail(d, "port", json_events_word(d, json_get(object, "dport")));
    event_detail(d, "protocol", json_text(json_get(object, "proto")));
    event_detail(d, "target", json_text(json_get(object, "target")));
    return OK;
}

/* ---- as one of all formats ---- */

static enum format_claim claim(const struct format_head *h)
{
    struct json_peek p = json_peek_of(h);
    struct text name, value;
    bool category = false, source = false, time = false;
    for (;;) {
        switch (json_peek_next(&p, &name, &value)) {
        case PEEK_CUT: return FORMAT_MORE;
        case PEEK_END: return FORMAT_NO;
        case PEEK_NAME: break;
        }
        struct text inner = value.len > 2 ? text_sub(value, 1, value.len - 2) : TEXT_NONE;
        category = category || (text_eq(name, TEXT("category")) && category_of(inner)->word.word);
        source = source || (text_eq(name, TEXT("source")) && value.ptr[0] == '"');
        time = time || (text_eq(name, TEXT("time")) && value.ptr[0] == '"');
        if (category && source && time)
            return FORMAT_YES;
        if (text_eq(name, TEXT("spec_version")) || text_eq(name, TEXT("objects")))
            return FORMAT_NO;
    }
}

static const struct json_events_shape shape = {"n6 event", "n6", read_event};

static enum err open_job(const struct format_job *job, void **ret)
{
    return json_events_open(job, &shape, ret);
}

const struct format FORMAT_N6 = {"n6", true, claim, open_job, json_events_next, json_events_free};
