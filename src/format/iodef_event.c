/* format/iodef_event.c - an EventData, with those in it, as one event. */
#include "format/iodef_inside.h"
#include "format/rsit.h"

/* RFC 7970 section 3.12.1 (SystemImpact), 3.12.2 (BusinessImpact); RFC 5070 section 3.10.1 (Impact). */
static const struct rsit_word impacts[] = {
    {"takeover-account", "intrusions/unprivileged-account-compromise"},
    {"takeover-service", "intrusions/application-compromise"},
    {"takeover-system", "intrusions/system-compromise"},
    {"cps-manipulation", "availability/sabotage"},
    {"cps-damage", "availability/sabotage"},
    {"availability-data", "availability/dos"},
    {"availability-account", "availability/dos"},
    {"availability-service", "availability/dos"},
    {"availability-system", "availability/dos"},
    {"damaged-system", "availability/sabotage"},
    {"damaged-data", "availability/sabotage"},
    {"breach-proprietary", "information-content-security/data-leak"},
    {"breach-privacy", "information-content-security/data-leak"},
    {"breach-credential", "information-content-security/data-leak"},
    {"breach-configuration", "information-content-security/data-leak"},
    {"integrity-data", "information-content-security/unauthorised-information-modification"},
    {"integrity-configuration", "information-content-security/unauthorised-information-modification"},
    {"integrity-hardware", "information-content-security/unauthorised-information-modification"},
    {"monitoring-traffic", "information-gathering/sniffing"},
    {"monitoring-host", "information-gathering/sniffing"},
    {"loss-of-integrity", "information-content-security/unauthorised-information-modification"},
    {"loss-of-service", "availability/outage"},
    {"theft-service", "fraud/unauthorised-use-of-resources"},
    {"admin", "intrusions/privileged-account-compromise"},
    {"dos", "availability/dos"},
    {"info-leak", "information-content-security/data-leak"},
    {"misconfiguration", "availability/misconfiguration"},
    {"recon", "information-gathering/scanner"},
    {"social-engineering", "information-gathering/social-engineering"},
    {"user", "intrusions/unprivileged-account-compromise"},
};

/* RFC 7970 section 3.18.1: of a source. */
static const struct rsit_word roles[] = {
    {"c2-server", "malicious-code/c2-server"},
    {"malware-distribution", "malicious-code/malware-distribution"},
    {"drop-server", "information-content-security/unauthorised-information-access"},
    {"reflector", "vulnerable/ddos-amplifier"},
    {"phishing-site", "fraud/phishing"},
    {"spear-phishing-site", "fraud/phishing"},
    {"fraudulent-site", "fraud/masquerade"},
};

/* What is gathered of an EventData and those in it. */
struct gathering {
    struct event_draft *d;
    bool service; /* the sources' ports tell, not the targets' */
    uint64_t count;
    struct text role; /* of a source, where the table knows it */
    const char *role_type;
};
typedef void on_system(struct gathering *g, struct iodef_node *system);

static void each_of(struct gathering *g, struct iodef_node *n, on_system *act)
{
    for (struct iodef_node *s = iodef_child(n, "System"); s; s = iodef_again(s))
        act(g, s);
}

/* Depth is bounded by the tree's. */
static void each_system(struct gathering *g, struct iodef_node *data, on_system *act)
{
    for (struct iodef_node *f = iodef_child(data, "Flow"); f; f = iodef_again(f))
        each_of(g, f, act);
    each_of(g, data, act);
    for (struct iodef_node *e = iodef_child(data, "EventData"); e; e = iodef_again(e))
        each_system(g, e, act);
}

static bool is_source(const struct iodef_node *system)
{
    return text_eq(iodef_attr(system, "category"), TEXT("source"));
}

/* ---- what it is ---- */

static void note_role(struct gathering *g, struct iodef_node *system)
{
    struct iodef_node *holders[] = {system, iodef_child(system, "Node")}; /* version 1 has it in Node */
    for (size_t i = 0; i < ARRAY_LEN(holders); i++)
        for (struct iodef_node *r = iodef_child(holders[i], "NodeRole"); r; r = iodef_again(r)) {
            struct text word = iodef_attr(r, "category");
            const struct rsit_word *known = rsit_word_find(roles, ARRAY_LEN(roles), word);
            if (!known || !is_source(system) || g->role_type)
                continue;
            g->role = word;
            g->role_type = known->rsit;
        }
}

static uint8_t severity_of(struct text word)
{
    static const char *const words[] = {"low", "medium", "high"};
    for (uint8_t i = 0; i < ARRAY_LEN(words); i++)
        if (text_eq_nocase(word, text_of(words[i])))
            return (uint8_t)(i + 2);
    return 0;
}

/* The first impact whose type is known says what it is; the severest says how bad. */
static void read_impacts(struct event_draft *d, struct iodef_node *holder, const char *element)
{
    for (struct iodef_node *n = iodef_child(holder, element); n; n = iodef_again(n)) {
        struct text type = iodef_attr(n, "type");
        const struct rsit_word *known = rsit_word_find(impacts, ARRAY_LEN(impacts), type);
        uint8_t severity = severity_of(iodef_attr(n, "severity"));
        d->event.severity = severity > d->event.severity ? severity : d->event.severity;
        if (!d->event.report.len)
            d->event.report = event_text(d, type);
        if (known && !d->event.type.len)
            d->event.type = text_of(known->rsit);
    }
}

/* "malicious-code/c2-server", "c2-server", "C2 Server": RSIT where it is RSIT. */
static const char *rsit_of_category(struct text t)
{
    char word[64];
    ptrdiff_t slash = text_find(t, '/', 0);
    t = text_trim(text_sub(t, slash < 0 ? 0 : (size_t)slash + 1, t.len));
    if (t.len >= sizeof word)
        return NULL;
    for (size_t i = 0; i < t.len; i++)
        word[i] = t.ptr[i] == ' ' ? '-' : t.ptr[i];
    return rsit_of_type((struct text){word, t.len});
}

static void read_assessment(struct event_draft *d, struct iodef_node *parent)
{
    static const char *const elements[] = {"SystemImpact", "BusinessImpact", "Impact"};
    for (struct iodef_node *a = iodef_child(parent, "Assessment"); a; a = iodef_again(a)) {
        for (struct iodef_node *c = iodef_child(a, "IncidentCategory"); c; c = iodef_again(c)) {
            const char *rsit = rsit_of_category(c->text);
            if (!d->event.report.len)
                d->event.report = event_text(d, c->text);
            if (rsit && !d->event.type.len)
                d->event.type = text_of(rsit);
        }
        for (size_t i = 0; i < ARRAY_LEN(elements); i++)
            read_impacts(d, a, elements[i]);
        for (struct iodef_node *wrapped = iodef_child(a, "Impact"); wrapped; wrapped = iodef_again(wrapped))
            for (size_t i = 0; i < 2; i++) /* JSON wraps them */
                read_impacts(d, wrapped, elements[i]);
    }
}

/* "CVE-2026-1": what was seen, rather than any other name. */
static void read_method(struct event_draft *d, struct iodef_node *parent)
{
    for (struct iodef_node *m = iodef_child(parent, "Method"); m; m = iodef_again(m))
        for (struct iodef_node *r = iodef_child(m, "Reference"); r; r = iodef_again(r)) {
            struct iodef_node *name = iodef_child(r, "ReferenceName");
            struct text word = name && name->text.len ? name->text : iodef_text(name, "ID");
            bool better = text_starts(word, TEXT("CVE-")) && !text_starts(d->event.identifier, TEXT("CVE-"));
            if (word.len && (!d->event.identifier.len || better))
                d->event.identifier = event_text(d, word);
        }
}

/* ---- when ---- */

static bool read_times(struct event_draft *d, struct iodef_node *n)
{
    static const char *const firsts[] = {"StartTime", "DetectTime", "ReportTime", "GenerationTime"};
    int64_t first, last;
    for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
        if (!event_time(d, iodef_text(n, firsts[i]), false, firsts[i], &first))
            continue;
        last = first;
        if (i < 2 && !event_time(d, iodef_text(n, "EndTime"), false, "EndTime", &last))
            last = first;
        event_span(d, first, last);
        return true;
    }
    return false;
}

/* ---- where ---- */

static enum event_role role_of(const struct iodef_node *system)
{
    if (text_eq(iodef_attr(system, "spoofed"), TEXT("yes")))
        return EVENT_OTHER;
    if (is_source(system))
        return EVENT_SOURCE;
    return text_eq(iodef_attr(system, "category"), TEXT("target")) ? EVENT_TARGET : EVENT_OTHER;
}

static void read_address(struct event_draft *d, enum event_role role, struct iodef_node *n)
{
    char unmasked[64];
    enum value_kind kind = iodef_address_kind(iodef_attr(n, "category"));
    if (kind == VALUE_NONE)
        event_lose(d, TEXT("Address"), TEXT("of a category that is not looked for"));
    else
        event_value(d, role, kind, iodef_unmasked(n->text, unmasked), "Address");
}

/* What was counted, the most of it: bytes, hosts and rates are no occurrences. */
static void read_counters(struct gathering *g, struct iodef_node *n)
{
    static const char *const units[] = {"event", "alert", "flow", "session", "message", "packet"};
    for (struct iodef_node *c = iodef_child(n, "Counter"); c; c = iodef_again(c)) {
        struct text unit = iodef_attr(c, "unit"), type = iodef_attr(c, "type");
        ptrdiff_t point = text_find(c->text, '.', 0);
        struct text whole = point < 0 ? c->text : text_sub(c->text, 0, (size_t)point);
        uint64_t count;
        if (!unit.len)
            unit = type; /* version 1 */
        for (size_t i = 0; i < ARRAY_LEN(units); i++)
            if (text_eq(unit, text_of(units[i])) && text_u64(whole, &count) == OK && count > g->count &&
                count <= INT64_MAX)
                g->count = count;
    }
}

static void read_service(struct event_draft *d, struct iodef_node *s)
{
    event_detail(d, "port", iodef_text(s, "Port"));
    event_detail(d, "port", iodef_text(s, "Portlist"));
    event_detail(d, "ip-protocol", iodef_attr(s, "ip-protocol"));
    event_detail(d, "ip-protocol", iodef_attr(s, "ip_protocol")); /* version 1 */
    event_detail(d, "application", iodef_text(iodef_child(s, "ServiceName"), "IANAService"));
}

static void read_node(struct gathering *g, enum event_role role, struct iodef_node *n)
{
    for (struct iodef_node *a = iodef_child(n, "Address"); a; a = iodef_again(a))
        read_address(g->d, role, a);
    for (struct iodef_node *x = iodef_child(n, "DomainData"); x; x = iodef_again(x))
        event_value(g->d, role, VALUE_DOMAIN, iodef_text(x, "Name"), "DomainData");
    for (struct iodef_node *x = iodef_child(n, "NodeName"); x; x = iodef_again(x))
        event_value(g->d, role, VALUE_DOMAIN, x->text, "NodeName");
    read_counters(g, n);
}

static void read_system(struct gathering *g, struct iodef_node *system)
{
    enum event_role role = role_of(system);
    read_node(g, role, iodef_child(system, "Node"));
    read_counters(g, system);
    for (struct iodef_node *s = iodef_child(system, "Service"); s; s = iodef_again(s)) {
        if (role == (g->service ? EVENT_SOURCE : EVENT_TARGET))
            read_service(g->d, s);
        struct iodef_node *mail = iodef_child(s, "EmailData");
        event_value(g->d, role, VALUE_EMAIL, iodef_text(mail, "EmailFrom"), "EmailFrom");
    }
}

static void read_files(struct event_draft *d, struct iodef_node *holder)
{
    char hex[2 * 64 + 1];
    for (struct iodef_node *r = iodef_child(holder, "RecordData"); r; r = iodef_again(r))
        for (struct iodef_node *x = iodef_child(r, "FileData"); x; x = iodef_again(x))
            for (struct iodef_node *f = iodef_child(x, "File"); f; f = iodef_again(f))
                for (struct iodef_node *h = iodef_child(iodef_child(f, "HashData"), "Hash"); h; h = iodef_again(h)) {
                    struct text digest = iodef_digest(h, hex);
                    event_value(d, EVENT_OTHER, value_detect(digest), digest, "Hash");
                }
}

/* ---- the event ---- */

void iodef_event_prepare(struct iodef_incident *in)
{
    struct event_draft d;
    event_draft_init(&d);
    event_begin(&d, 0);
    read_assessment(&d, in->node);
    read_method(&d, in->node);
    (void)read_times(&d, in->node);
    (void)iodef_text(in->node, "Description");
    event_draft_done(&d);
}

static void name_it(struct event_draft *d, struct iodef_incident *in)
{
    const char *id = arena_printf(&d->arena, TEXT_FMT "/" TEXT_FMT "#%u", TEXT_ARG(text_sub(in->name, 0, 400)),
                                  TEXT_ARG(text_sub(in->id, 0, 400)), ++in->events);
    d->no_memory = d->no_memory || !id;
    if (in->id.len && id)
        d->event.id = event_text(d, text_of(id));
}

static void describe(struct event_draft *d, struct iodef_incident *in, struct iodef_node *data,
                     const struct gathering *g)
{
    read_assessment(d, data);
    read_assessment(d, in->node);
    read_method(d, data);
    read_method(d, in->node);
    if (g->role_type) {
        d->event.report = event_text(d, g->role);
        d->event.type = text_of(g->role_type);
    }
    if (!d->event.report.len)
        d->event.report = event_text(d, iodef_attr(in->node, "purpose"));
    d->event.summary = event_text(d, iodef_text(data, "Description"));
    if (!d->event.summary.len)
        d->event.summary = event_text(d, iodef_text(in->node, "Description"));
    if (!read_times(d, data))
        (void)read_times(d, in->node);
}

enum err iodef_event(struct iodef_maker *m, struct iodef_incident *in, struct iodef_node *data, struct buffer *to)
{
    struct event_draft *d = &m->draft;
    struct gathering g = {.d = d};
    event_begin(d, data->at);
    name_it(d, in);
    each_system(&g, data, note_role);
    describe(d, in, data, &g);
    g.service = rsit_is_service(d->event.type);
    each_system(&g, data, read_system);
    read_files(d, iodef_child(data, "Record"));
    read_files(d, data);
    d->event.count = g.count;
    d->event.tlp = (uint8_t)iodef_strictest(data, in->tlp); /* the evidence holds all of it */
    buffer_clear(&m->words);
    iodef_write(data, &m->words);
    if (buffer_error(&m->words) == ERR_NOMEM)
        return ERR_NOMEM;
    m->words.err = OK; /* longer than the evidence may be: its beginning is what is kept */
    m->read++;
    return event_put(d, "iodef", buffer_text(&m->words), m->tlp, to);
}
