/* format/iodef_indicator.c - RFC 7970 section 3.29: each value of an Indicator becomes one STIX indicator, so that
 * each can be looked for, blocked and withdrawn alone. The same Indicator from the same party is the same object, and
 * the document's GenerationTime its version. */
#include <stdio.h>

#include "format/iodef_inside.h"
#include "model/pattern.h"
#include "json/json.h"

/* Names of these objects (UUID version 5): party, Indicator's name and id, kind, value; each but the last ended by a
 * NUL. */
static const struct uuid UUID_IODEF_INDICATOR = {
    {0xf0, 0x49, 0x16, 0x9b, 0x3e, 0x09, 0x4f, 0x90, 0x86, 0xee, 0x00, 0x27, 0xba, 0xdd, 0x9e, 0x96}};

/* ---- what there is ---- */

struct collection {
    struct arena *arena;
    struct iodef_node *indicator;
    struct iodef_piece *first, **end;
    bool no_room;
};

static struct iodef_piece *add(struct collection *c, struct iodef_node *node, enum value_kind kind, struct text text)
{
    struct iodef_piece *p = text.len ? arena_alloc(c->arena, sizeof *p) : NULL;
    c->no_room = c->no_room || (text.len && !p);
    if (!p)
        return NULL;
    *p = (struct iodef_piece){.indicator = c->indicator, .node = node, .text = text, .kind = kind};
    *c->end = p;
    c->end = &p->next;
    return p;
}

static void add_addresses(struct collection *c, struct iodef_node *holder)
{
    char unmasked[64];
    for (struct iodef_node *a = iodef_child(holder, "Address"); a; a = iodef_again(a)) {
        enum value_kind kind = iodef_address_kind(iodef_attr(a, "category"));
        struct text text = iodef_unmasked(a->text, unmasked);
        if (kind != VALUE_NONE)
            add(c, a, kind, text.ptr == unmasked ? arena_text(c->arena, text) : text);
        else
            a->used = false; /* told as lost */
    }
}

static void add_domains(struct collection *c, struct iodef_node *holder)
{
    for (struct iodef_node *d = iodef_child(holder, "DomainData"); d; d = iodef_again(d))
        add(c, d, VALUE_DOMAIN, iodef_text(d, "Name"));
}

static void add_hashes(struct collection *c, struct iodef_node *holder)
{
    char hex[2 * 64 + 1];
    for (struct iodef_node *d = iodef_child(holder, "HashData"); d; d = iodef_again(d))
        for (struct iodef_node *h = iodef_child(d, "Hash"); h; h = iodef_again(h)) {
            struct text digest = iodef_digest(h, hex);
            if (digest.len)
                add(c, h, value_detect(digest), digest.ptr == hex ? arena_text(c->arena, digest) : digest);
            else
                h->used = false;
        }
}

static void add_bulk(struct collection *c, struct iodef_node *observable)
{
    for (struct iodef_node *b = iodef_child(observable, "BulkObservable"); b; b = iodef_again(b)) {
        struct text type = iodef_attr(b, "type");
        struct text ext = iodef_attr(b, "ext-type");
        bool hashes = text_eq(type, TEXT("file-hash"));
        enum value_kind kind = iodef_address_kind(ext.len ? ext : type);
        struct iodef_node *list = iodef_child(b, "BulkObservableList");
        if (!list || (!hashes && (kind == VALUE_NONE || !type.len))) {
            b->used = false;
            continue;
        }
        struct iodef_piece *p = add(c, list, hashes ? VALUE_NONE : kind, list->text);
        if (p)
            p->list = true;
    }
}

static void add_observable(struct collection *c, struct iodef_node *o)
{
    for (struct iodef_node *s = iodef_child(o, "System"); s; s = iodef_again(s)) {
        add_addresses(c, iodef_child(s, "Node"));
        add_domains(c, iodef_child(s, "Node"));
    }
    add_addresses(c, o);
    add_domains(c, o);
    for (struct iodef_node *m = iodef_child(o, "EmailData"); m; m = iodef_again(m)) {
        struct iodef_node *from = iodef_child(m, "EmailFrom");
        add(c, from, VALUE_EMAIL, from ? from->text : TEXT_NONE);
        add_hashes(c, m);
    }
    for (struct iodef_node *d = iodef_child(o, "FileData"); d; d = iodef_again(d))
        for (struct iodef_node *f = iodef_child(d, "File"); f; f = iodef_again(f)) {
            add_hashes(c, f);
            for (struct iodef_node *u = iodef_child(f, "URL"); u; u = iodef_again(u))
                add(c, u, VALUE_URL, u->text);
        }
    add_bulk(c, o);
}

/* "Or" of observables are so many indicators; any other combination says nothing of one value alone: it stays
 * unmarked and is told as lost. */
static void add_expression(struct collection *c, struct iodef_node *e)
{
    if (!text_eq(iodef_attr(e, "operator"), TEXT("or"))) {
        e->used = false;
        return;
    }
    for (struct iodef_node *o = iodef_child(e, "Observable"); o; o = iodef_again(o))
        add_observable(c, o);
    for (struct iodef_node *n = iodef_child(e, "IndicatorExpression"); n; n = iodef_again(n))
        add_expression(c, n);
}

static void add_indicator(struct collection *c, struct iodef_node *n)
{
    static const char *const told[] = {"IndicatorID", "Description", "StartTime", "EndTime", "Confidence"};
    c->indicator = n;
    n->used = true;
    for (size_t i = 0; i < ARRAY_LEN(told); i++)
        (void)iodef_child(n, told[i]);
    for (struct iodef_node *o = iodef_child(n, "Observable"); o; o = iodef_again(o))
        add_observable(c, o);
    for (struct iodef_node *e = iodef_child(n, "IndicatorExpression"); e; e = iodef_again(e))
        add_expression(c, e);
}

enum err iodef_indicators(struct iodef_maker *m, struct arena *a, struct iodef_node *data, struct iodef_piece **ret)
{
    struct collection c = {.arena = a};
    c.end = &c.first;
    (void)m;
    data->used = true;
    if (text_eq(data->name, TEXT("Indicator")))
        add_indicator(&c, data); /* JSON has them in the Incident itself */
    else
        for (struct iodef_node *n = iodef_child(data, "Indicator"); n; n = iodef_again(n))
            add_indicator(&c, n);
    if (c.no_room)
        return ERR_NOMEM;
    *ret = c.first;
    return OK;
}

/* ---- the object ---- */

static bool stix_time(struct text t, char out[STAMP_TEXT_MAX], struct text *ret)
{
    struct stamp s;
    if (!t.len || stamp_parse_lenient(text_trim(t), &s))
        return false;
    s.digits = 3;
    *ret = stamp_format(s, out);
    return true;
}

/* STIX 2.1 appendix A: low, medium, high; -1: not said. */
static int confidence_of(struct iodef_node *indicator)
{
    struct iodef_node *n = iodef_child(indicator, "Confidence");
    struct text rating = iodef_attr(n, "rating");
    struct json_doc *doc;
    double value = -1;
    if (text_eq_nocase(rating, TEXT("low")))
        return 15;
    if (text_eq_nocase(rating, TEXT("medium")))
        return 50;
    if (text_eq_nocase(rating, TEXT("high")))
        return 85;
    if (!n || !text_eq_nocase(rating, TEXT("numeric")) || json_parse(n->text, &doc, NULL))
        return -1;
    if (json_f64(json_root(doc), &value) && value >= 0 && value <= 1)
        value *= 100;
    json_free(doc);
    return value >= 0 && value <= 100 ? (int)value : -1;
}

static struct text derive_id(struct iodef_maker *m, struct iodef_node *indicator, enum value_kind kind,
                             struct text value, char out[IDENT_TEXT_MAX])
{
    struct iodef_node *id = iodef_child(indicator, "IndicatorID");
    const struct text parts[] = {m->party, iodef_attr(id, "name"), id ? id->text : TEXT_NONE,
                                 text_of(value_kind_name(kind))};
    buffer_clear(&m->words);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        buffer_add(&m->words, parts[i]);
        buffer_add_char(&m->words, 0);
    }
    buffer_add(&m->words, value);
    m->draft.no_memory = m->draft.no_memory || buffer_error(&m->words) == ERR_NOMEM;
    struct uuid uuid = uuid_named(&UUID_IODEF_INDICATOR, buffer_text(&m->words));
    return ident_format(TEXT("indicator"), &uuid, out);
}

static void put_marking(struct json_out *j, enum tlp tlp)
{
    char id[IDENT_TEXT_MAX];
    struct uuid uuid;
    if (tlp == TLP_NONE || !tlp_marking(tlp, 2, &uuid))
        return;
    json_key(j, TEXT("object_marking_refs"));
    json_open(j, '[');
    json_put_text(j, ident_format(TEXT("marking-definition"), &uuid, id));
    json_close(j, ']');
}

static void put_references(struct json_out *j, const struct iodef_incident *in)
{
    if (!in->name.len || !in->id.len)
        return;
    json_key(j, TEXT("external_references"));
    json_open(j, '[');
    json_open(j, '{');
    json_member_text(j, "external_id", in->id);
    json_member_text(j, "source_name", in->name);
    json_close(j, '}');
    json_close(j, ']');
}

static void put_times(struct json_out *j, const struct iodef_incident *in, struct iodef_node *indicator, bool stamped)
{
    char from_text[STAMP_TEXT_MAX], until_text[STAMP_TEXT_MAX];
    struct text version = stamped ? TEXT(EMIT_STAMP) : in->generated, from = version, until;
    json_member_text(j, "created", version);
    json_member_text(j, "modified", version);
    if (!stamped && !stix_time(iodef_text(indicator, "StartTime"), from_text, &from))
        from = version;
    json_member_text(j, "valid_from", from);
    /* Both are written alike, so that they compare as texts. */
    if (stix_time(iodef_text(indicator, "EndTime"), until_text, &until) && text_cmp(until, from) > 0)
        json_member_text(j, "valid_until", until);
}

static void write_object(struct iodef_maker *m, const struct iodef_incident *in, struct iodef_piece *p,
                         enum value_kind kind, bool stamped)
{
    char id_text[IDENT_TEXT_MAX];
    struct text value = buffer_text(&m->value), id = derive_id(m, p->indicator, kind, value, id_text);
    struct text description = event_text(&m->draft, iodef_text(p->indicator, "Description"));
    int confidence = confidence_of(p->indicator);
    struct buffer pattern;
    buffer_init(&pattern, 4 * VALUE_MAX_BYTES);
    pattern_of_value(kind, value, &pattern);
    buffer_clear(&m->words);
    struct json_out j = json_out_to(&m->words);
    json_open(&j, '{');
    json_member_text(&j, "type", TEXT("indicator"));
    json_member_text(&j, "spec_version", TEXT("2.1"));
    json_member_text(&j, "id", id);
    json_member_text(&j, "name", value);
    if (description.len)
        json_member_text(&j, "description", description);
    if (m->identity.len)
        json_member_text(&j, "created_by_ref", m->identity);
    if (confidence >= 0)
        json_member_i64(&j, "confidence", confidence);
    json_member_raw(&j, "indicator_types", TEXT("[\"malicious-activity\"]"));
    json_member_text(&j, "pattern", buffer_text(&pattern));
    json_member_text(&j, "pattern_type", TEXT("stix"));
    put_times(&j, in, p->indicator, stamped);
    put_references(&j, in);
    put_marking(&j, iodef_strictest(p->indicator, in->tlp));
    json_close(&j, '}');
    if (buffer_error(&pattern))
        m->words.err = buffer_error(&pattern);
    buffer_done(&pattern);
}

static struct text first_word(struct text line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] == ',' || line.ptr[i] == ' ' || line.ptr[i] == '\t')
            return text_sub(line, 0, i);
    return line;
}

/* The next value of the piece, blanks cut off; false: no more. */
static bool next_value(struct iodef_piece *p, struct text *ret)
{
    struct text line;
    if (!p->list) {
        *ret = p->text;
        p->text = TEXT_NONE;
        return ret->len > 0;
    }
    while (p->text.ptr && text_split(&p->text, '\n', &line)) {
        line = text_trim(line);
        /* "name,address,time" and "address,port": what is looked for stands first. */
        struct text first = first_word(line);
        p->rest = p->rest || first.len < line.len;
        line = first;
        if (line.len) {
            *ret = line;
            return true;
        }
    }
    return false;
}

static enum err refuse(struct iodef_maker *m, int64_t at, const struct fault *why, struct buffer *to)
{
    struct record_rejected rejected = {at, -1, TEXT_NONE, text_of(why->rule), text_of(why->what)};
    m->read++;
    record_add_rejected(to, &rejected);
    return buffer_error(to);
}

enum err iodef_indicator(struct iodef_maker *m, const struct iodef_incident *in, struct iodef_piece *p, int64_t at,
                         struct buffer *to)
{
    struct text raw;
    struct fault why = {.offset = -1, .line = -1};
    enum value_kind kind = p->kind;
    if (!next_value(p, &raw))
        return ERR_NOT_FOUND;
    event_begin(&m->draft, at);
    buffer_clear(&m->value);
    if (kind == VALUE_NONE)
        kind = value_detect(raw);
    enum err e = kind == VALUE_NONE ? fault_at(&why, ERR_MALFORMED, at, NULL, "no value that can be looked for")
                                    : value_normalise(kind, raw, &m->value, &kind, &why);
    if (e == OK)
        e = buffer_error(&m->value);
    if (e && e != ERR_NOMEM) {
        char words[160], shown[64];
        snprintf(words, sizeof words, "%.150s", why.what[0] ? why.what : "too long");
        snprintf(shown, sizeof shown, "%.*s", TEXT_ARG(event_text(&m->draft, text_sub(raw, 0, 40))));
        fault_at(&why, ERR_MALFORMED, at, "RFC 7970 3.29", "%.60s: %s", shown, words);
        return refuse(m, at, &why, to);
    }
    if (e)
        return e;
    const struct emit_as as = {.at = at, .tlp = m->tlp, .stamped = !in->generated.len};
    write_object(m, in, p, kind, as.stamped);
    e = buffer_error(&m->words);
    if (m->draft.no_memory)
        e = ERR_NOMEM;
    if (e == OK)
        e = emit_text(&m->emit, buffer_text(&m->words), &as, to, &why);
    if (e == ERR_NOMEM)
        return e;
    if (e)
        return refuse(m, at, &why, to);
    m->read++;
    return OK;
}
