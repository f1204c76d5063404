/* format/iodef.c - see iodef.h. Incident after Incident, child after child: what stands in the output stands in the
 * order of the document. */
#include "format/iodef.h"

#include <stdlib.h>

#include "format/iodef_inside.h"
#include "format/iodef_xml.h"
#include "format/json_peek.h"
#include "json/split.h"

/* Pieces told as lost of one child of an Incident; of further ones, that there are. */
#define LOST_MAX 256
/* Indicators of one call. */
#define BATCH 256

struct iodef_reader {
    struct iodef_xml *xml; /* one of these two */
    struct json_split *split;
    struct json_doc *doc; /* of JSON, the element at hand */
    struct arena arena;   /* its tree; of both, what is collected */
    struct iodef_maker m;
    struct iodef_incident in;
    struct iodef_node *child; /* to be read next; NULL with in.node: the Incident is done */
    struct iodef_piece *pieces;
    struct iodef_node *collected; /* whose pieces they are */
    bool ended, empty;            /* `empty`: the Incident has made nothing so far */
    uint64_t incidents;
};

static void free_reader(void *self)
{
    struct iodef_reader *r = self;
    if (!r)
        return;
    iodef_xml_free(r->xml);
    json_split_free(r->split);
    json_free(r->doc);
    arena_done(&r->arena);
    event_draft_done(&r->m.draft);
    emit_done(&r->m.emit);
    buffer_done(&r->m.words);
    buffer_done(&r->m.value);
    buffer_done(&r->m.texts);
    free(r);
}

/* JSON begins with one of its brackets; all else is left to Expat. */
static bool is_json(struct text head)
{
    if (text_starts(head, TEXT("\xEF\xBB\xBF")))
        head = text_sub(head, 3, head.len);
    head = text_trim(head);
    return head.len && (head.ptr[0] == '{' || head.ptr[0] == '[');
}

static enum err open_source(struct iodef_reader *r, const struct format_job *job)
{
    if (!is_json(job->head))
        return iodef_xml_open(job->from, job->head, &r->xml);
    enum err e = json_split_open_from(job->from, "Incident", STIX_OBJECT_MAX_BYTES, &r->split);
    return e ? e : json_split_push(r->split, job->head);
}

static enum err open_job(const struct format_job *job, void **ret)
{
    struct iodef_reader *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    arena_init(&r->arena, INCIDENT_BUDGET_BYTES);
    event_draft_init(&r->m.draft);
    emit_init(&r->m.emit);
    buffer_init(&r->m.words, 128 * KIB);
    buffer_init(&r->m.value, VALUE_MAX_BYTES);
    buffer_init(&r->m.texts, 2 * NAME_MAX_BYTES + 2 * IDENT_TEXT_MAX);
    r->m.tlp = job->tlp;
    buffer_add(&r->m.texts, job->party);
    buffer_add(&r->m.texts, job->identity);
    enum err e = buffer_error(&r->m.texts);
    if (e == OK)
        e = open_source(r, job);
    if (e) {
        free_reader(r);
        return e;
    }
    r->m.party = text_sub(buffer_text(&r->m.texts), 0, job->party.len);
    r->m.identity = text_sub(buffer_text(&r->m.texts), job->party.len, job->identity.len);
    *ret = r;
    return OK;
}

/* ---- the next Incident ---- */

static enum err refuse(struct iodef_reader *r, int64_t at, const struct fault *why, struct buffer *to)
{
    struct record_rejected rejected = {at, -1, TEXT_NONE, text_of(why->rule), text_of(why->what)};
    r->m.read++;
    record_add_rejected(to, &rejected);
    return buffer_error(to);
}

static enum err end(struct iodef_reader *r, enum err err, const struct fault *why, struct buffer *to)
{
    int64_t read = r->xml ? iodef_xml_offset(r->xml) : (int64_t)json_split_bytes(r->split);
    struct record_end e = {.err = (uint8_t)err,
                           .at = err && why->offset >= 0 ? why->offset : read,
                           .read = r->m.read,
                           .what = err ? text_of(why->what) : TEXT_NONE};
    r->ended = true;
    record_add_end(to, &e);
    return buffer_error(to);
}

static void begin_incident(struct iodef_reader *r, struct iodef_node *node)
{
    struct stamp s;
    r->in = (struct iodef_incident){.node = node, .tlp = iodef_restrict(node, TLP_NONE)};
    r->child = node->first;
    r->pieces = NULL;
    r->empty = true;
    r->incidents++;
    node->used = true;
    struct iodef_node *id = iodef_child(node, "IncidentID");
    r->in.id = id ? id->text : TEXT_NONE;
    r->in.name = iodef_attr(id, "name");
    (void)iodef_child(node, "GenerationTime");
    struct text generated = iodef_text(node, "GenerationTime");
    if (!generated.len)
        generated = iodef_text(node, "ReportTime"); /* version 1 has no other */
    if (generated.len && stamp_parse_lenient(generated, &s) == OK) {
        s.digits = 3;
        r->in.generated = stamp_format(s, r->in.stamp);
    }
    if (iodef_child(node, "EventData"))
        iodef_event_prepare(&r->in);
}

/* A document whose one Incident is no list of them is a single value. */
static const struct json_val *incident_in(const struct iodef_reader *r, const struct json_val *v)
{
    if (json_split_found(r->split) && !json_split_alone(r->split))
        return v;
    const struct json_val *inner = json_get(v, "Incident");
    if (json_type(inner) == JSON_ARRAY) {
        struct json_iter it = json_iter_of(inner);
        return json_next(&it) ? it.val : NULL;
    }
    return inner ? inner : v;
}

static enum err read_element(struct iodef_reader *r, struct text element, int64_t at, struct buffer *to)
{
    struct fault why = {.offset = -1, .line = -1}, placed;
    json_free(r->doc);
    r->doc = NULL;
    enum err e = json_parse(element, &r->doc, &why);
    if (e == ERR_NOMEM)
        return e;
    if (e) {
        fault_at(&placed, e, at, "RFC 8727", "%.200s", why.what);
        return refuse(r, at, &placed, to);
    }
    const struct json_val *incident = incident_in(r, json_root(r->doc));
    if (json_type(incident) != JSON_OBJECT || !json_get(incident, "IncidentID")) {
        fault_at(&placed, ERR_MALFORMED, at, "RFC 8727", "no Incident: it has no IncidentID");
        return refuse(r, at, &placed, to);
    }
    arena_reset(&r->arena);
    struct iodef_node *node = iodef_node_of_json(&r->arena, incident, TEXT("Incident"), at);
    if (node) {
        begin_incident(r, node);
        return OK;
    }
    if (r->arena.used < INCIDENT_BUDGET_BYTES / 4)
        return ERR_NOMEM;
    fault_at(&placed, ERR_LIMIT, at, "INCIDENT_BUDGET_BYTES", "an Incident that needs more than 64 MiB to be read");
    return refuse(r, at, &placed, to);
}

static enum err next_of_json(struct iodef_reader *r, struct buffer *to)
{
    struct text element;
    struct fault why = {.offset = -1, .line = -1};
    int64_t at;
    enum err e = json_split_next(r->split, &element, &at, &why);
    switch (e) {
    case OK: return read_element(r, element, at, to);
    case ERR_NOT_FOUND: return end(r, OK, NULL, to);
    case ERR_LIMIT:
        fault_at(&why, e, at, "STIX_OBJECT_MAX_BYTES", "an Incident longer than 8 MiB");
        return refuse(r, at, &why, to);
    case ERR_NOMEM: return e;
    default: return end(r, e, &why, to);
    }
}

static enum err next_of_xml(struct iodef_reader *r, struct buffer *to)
{
    struct fault why = {.offset = -1, .line = -1};
    struct iodef_node *node;
    enum err e = iodef_xml_next(r->xml, &node, &why);
    switch (e) {
    case OK:
        arena_reset(&r->arena);
        begin_incident(r, node);
        return OK;
    case ERR_NOT_FOUND: return end(r, OK, NULL, to);
    case ERR_LIMIT: return refuse(r, why.offset, &why, to);
    case ERR_NOMEM: return e;
    default: return end(r, e, &why, to);
    }
}

/* ---- an Incident's children ---- */

static enum err lose(struct iodef_reader *r, int64_t at, struct iodef_node *n, const char *reason, struct buffer *to)
{
    buffer_clear(&r->m.words);
    iodef_path(n, &r->m.words);
    if (buffer_error(&r->m.words) == ERR_NOMEM)
        return ERR_NOMEM;
    struct record_lost lost = {at, text_sub(buffer_text(&r->m.words), 0, EVENT_TEXT_MAX / 2), text_of(reason)};
    record_add_lost(to, &lost);
    return buffer_error(to);
}

/* What of the child nothing carries. */
static enum err tell_lost(struct iodef_reader *r, struct iodef_node *child, struct buffer *to)
{
    struct iodef_node *n;
    enum err e = OK;
    for (size_t i = 0; !e && (n = iodef_unused(child)); i++) {
        if (i == LOST_MAX)
            return lose(r, child->at, child, "more of it than is listed is lost", to);
        bool combined = text_eq(n->name, TEXT("IndicatorExpression"));
        e = lose(r, child->at, n,
                 combined ? "a combination: none of its values says anything alone"
                          : "no object and no event carries it; the document is kept",
                 to);
    }
    return e;
}

static bool has_indicators(const struct iodef_node *n)
{
    return !n->foreign && (text_eq(n->name, TEXT("IndicatorData")) || text_eq(n->name, TEXT("Indicator")));
}

static enum err begin_child(struct iodef_reader *r, struct iodef_node *child, struct buffer *to)
{
    if (!child->foreign && text_eq(child->name, TEXT("EventData"))) {
        child->used = true;
        r->empty = false;
        return iodef_event(&r->m, &r->in, child, to);
    }
    if (!has_indicators(child))
        return OK;
    r->collected = child;
    (void)iodef_text(r->in.node, "Description");
    return iodef_indicators(&r->m, &r->arena, child, &r->pieces);
}

/* A batch of the pieces collected. */
static enum err emit_pieces(struct iodef_reader *r, struct buffer *to)
{
    for (int i = 0; i < BATCH && r->pieces; i++) {
        enum err e = iodef_indicator(&r->m, &r->in, r->pieces, r->collected->at, to);
        if (e && e != ERR_NOT_FOUND)
            return e;
        if (!e) {
            r->empty = false;
            continue;
        }
        e = r->pieces->rest
                ? lose(r, r->collected->at, r->pieces->node, "what stands behind a line's first value", to)
                : OK;
        if (e)
            return e;
        r->pieces = r->pieces->next;
    }
    return r->pieces ? OK : tell_lost(r, r->collected, to);
}

static enum err end_incident(struct iodef_reader *r, struct buffer *to)
{
    struct iodef_node *node = r->in.node;
    r->in.node = NULL;
    if (!r->empty)
        return OK;
    r->m.read++;
    /* Its last child's place: behind what was told of it. */
    return lose(r, node->last ? node->last->at : node->at, node, "neither an event nor an indicator in it", to);
}

static enum err next_child(struct iodef_reader *r, struct buffer *to)
{
    struct iodef_node *child = r->child;
    if (!child)
        return end_incident(r, to);
    r->child = child->next;
    enum err e = begin_child(r, child, to);
    if (e)
        return e;
    return r->pieces ? OK : tell_lost(r, child, to);
}

static enum err next_record(void *self, struct buffer *to)
{
    struct iodef_reader *r = self;
    size_t before = to->len;
    if (r->ended)
        return ERR_NOT_FOUND;
    while (to->len == before) {
        enum err e = r->pieces    ? emit_pieces(r, to)
                     : r->in.node ? next_child(r, to)
                     : r->xml     ? next_of_xml(r, to)
                                  : next_of_json(r, to);
        if (e)
            return e;
    }
    return OK;
}

/* ---- as one of all formats ---- */

/* The bytes as if each character were one: UTF-16 of what matters here has a zero in each second. */
static struct text narrowed(struct text t, char *out, size_t room)
{
    size_t len = 0;
    for (size_t i = 0; i < t.len && len < room; i++)
        if (t.ptr[i] && (unsigned char)t.ptr[i] < 0x80)
            out[len++] = t.ptr[i];
    return (struct text){out, len};
}

/* Takes a comment, an instruction or a declaration off the front. false: it is none, or does not end. */
static bool skip_markup(struct text *t, bool *ret_open)
{
    enum { DOCTYPE = 2 };
    static const struct {
        const char *begin, *end;
    } kinds[] = {{"<?", "?>"}, {"<!--", "-->"}, {"<!DOCTYPE", ">"}, {"<!", ">"}, {"]", ">"}, {"%", ";"}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!text_starts(*t, text_of(kinds[i].begin)))
            continue;
        /* A DOCTYPE with declarations in it is known by them: the reader says why it is refused. */
        ptrdiff_t inside = i == DOCTYPE ? text_find(*t, '[', 0) : -1, at = text_find_text(*t, text_of(kinds[i].end));
        if (inside >= 0 && (at < 0 || inside < at)) {
            *t = text_trim(text_sub(*t, (size_t)inside + 1, t->len));
            return true;
        }
        *ret_open = at < 0;
        if (at >= 0)
            *t = text_trim(text_sub(*t, (size_t)at + text_of(kinds[i].end).len, t->len));
        return at >= 0;
    }
    return false;
}

#define PROLOGUE_MAX (16 * KIB) /* what may stand before the first element, to be known as IODEF unnamed */

static enum format_claim claim_xml(const struct format_head *h)
{
    char bytes[PROLOGUE_MAX];
    bool open = false, all = h->whole || h->bytes.len >= 2 * PROLOGUE_MAX;
    struct text t = text_trim(narrowed(h->bytes, bytes, sizeof bytes));
    if (!t.len)
        return all ? FORMAT_NO : FORMAT_MORE;
    if (t.ptr[0] != '<')
        return FORMAT_NO;
    while (skip_markup(&t, &open))
        ;
    ptrdiff_t end = -1;
    for (size_t i = 1; i < t.len && end < 0; i++)
        if (t.ptr[i] == '>' || t.ptr[i] == '/' || (t.ptr[i] <= ' ' && t.ptr[i] > 0))
            end = (ptrdiff_t)i;
    if (open || end < 0)
        return all ? FORMAT_NO : FORMAT_MORE;
    struct text name = text_sub(t, 1, (size_t)end - 1);
    ptrdiff_t colon = text_find(name, ':', 0);
    name = text_sub(name, colon < 0 ? 0 : (size_t)colon + 1, name.len);
    return text_eq(name, TEXT("IODEF-Document")) ? FORMAT_YES : FORMAT_NO;
}

static enum format_claim claim(const struct format_head *h)
{
    struct json_peek p = json_peek_of(h);
    struct text name, value;
    if (!is_json(h->bytes))
        return claim_xml(h);
    for (;;) {
        switch (json_peek_next(&p, &name, &value)) {
        case PEEK_CUT: return FORMAT_MORE;
        case PEEK_END: return FORMAT_NO;
        case PEEK_NAME: break;
        }
        if (text_eq(name, TEXT("Incident")))
            return value.ptr[0] == '[' || value.ptr[0] == '{' ? FORMAT_YES : FORMAT_NO;
        if (text_eq(name, TEXT("spec_version")) || text_eq(name, TEXT("objects")))
            return FORMAT_NO;
    }
}

const struct format FORMAT_IODEF = {"iodef", true, claim, open_job, next_record, free_reader};
