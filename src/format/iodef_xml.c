/* format/iodef_xml.c - see iodef_xml.h. Expat is stopped behind each Incident and resumed for the next. */
#include "format/iodef_xml.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/hash.h"
#include "base/limits.h"

#define SEPARATOR  '\x1f' /* between a namespace and a name: no XML character */
#define V2         "urn:ietf:params:xml:ns:iodef-2.0"
#define V1         "urn:ietf:params:xml:ns:iodef-1.0"
#define FED_BYTES  (64 * KIB)
#define RULE       "RFC 7970"
#define TEXT_BYTES (8 * MIB) /* of one element: payloads do not belong there */

struct iodef_xml {
    struct feed feed;
    XML_Parser parser;
    struct arena arena;            /* of the Incident at hand */
    struct buffer text;            /* of the element at hand */
    struct iodef_node *root, *top; /* the Incident; the open element in it */
    unsigned depth;
    bool final, done, suspended;
    bool too_large; /* the Incident at hand is passed over */
    uint64_t fed;
    struct fault fault; /* ours, found inside a handler */
};

/* ---- handlers ---- */

static void give_up(struct iodef_xml *x, enum err e, const char *what)
{
    if (x->fault.err)
        return;
    fault_at(&x->fault, e, (int64_t)XML_GetCurrentByteIndex(x->parser), RULE, "%s", what);
    x->fault.line = (int64_t)XML_GetCurrentLineNumber(x->parser);
    XML_StopParser(x->parser, XML_FALSE);
}

static void XMLCALL on_doctype(void *self, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                               int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    give_up(self, ERR_MALFORMED,
            "it has a DOCTYPE: IODEF has none, and entities are refused; take the declaration out");
}

/* The name without its namespace; *ret_space empty: none. */
static struct text local_name(const XML_Char *full, struct text *ret_space)
{
    struct text all = text_of(full);
    ptrdiff_t at = text_find(all, SEPARATOR, 0);
    *ret_space = at < 0 ? TEXT_NONE : text_sub(all, 0, (size_t)at);
    return at < 0 ? all : text_sub(all, (size_t)at + 1, all.len);
}

/* IODEF's own namespaces and those that its schema borrows from: enumeration names, structured information, digests.
 * A document without any is read as if it had one. */
static bool is_ours(struct text space)
{
    static const char *const known[] = {V2, V1, "urn:ietf:params:xml:ns:iodef-enum-1.0",
                                        "urn:ietf:params:xml:ns:iodef-sci-1.0", "http://www.w3.org/2000/09/xmldsig#"};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (text_eq(space, text_of(known[i])))
            return true;
    return !space.len;
}

/* An arena that cannot give: its budget is used up by this Incident, or memory is out. */
static void no_room(struct iodef_xml *x)
{
    if (x->arena.used < INCIDENT_BUDGET_BYTES / 4)
        give_up(x, ERR_NOMEM, "no memory");
    x->too_large = true;
}

/* The text read so far belongs to the open element. */
static bool keep_text(struct iodef_xml *x)
{
    struct text t = text_trim(buffer_text(&x->text));
    if (t.len && x->top && !x->top->text.len) {
        struct text kept = arena_text(&x->arena, t);
        if (!kept.ptr)
            return false;
        x->top->text = kept;
    }
    buffer_clear(&x->text);
    return true;
}

static bool add_attributes(struct iodef_xml *x, struct iodef_node *n, const XML_Char **list)
{
    struct text space;
    for (; list[0]; list += 2)
        if (!iodef_node_attribute(&x->arena, n, local_name(list[0], &space), text_of(list[1])))
            return false;
    return true;
}

static void begin_node(struct iodef_xml *x, struct text name, struct text space, const XML_Char **list)
{
    struct iodef_node *n = NULL;
    if (keep_text(x))
        n = iodef_node_new(&x->arena, x->top, name, (int64_t)XML_GetCurrentByteIndex(x->parser));
    if (n)
        n->foreign = !is_ours(space);
    if (!n || !add_attributes(x, n, list)) {
        no_room(x);
        return;
    }
    x->top = n;
    if (!x->root)
        x->root = n;
}

static void XMLCALL on_start(void *self, const XML_Char *full, const XML_Char **list)
{
    struct iodef_xml *x = self;
    struct text space, name = local_name(full, &space);
    bool ours = is_ours(space);
    if (x->fault.err)
        return;
    if (++x->depth > XML_DEPTH_MAX) {
        give_up(x, ERR_MALFORMED, "elements nested deeper than 64 (XML_DEPTH_MAX)");
        return;
    }
    if (x->depth == 1 && (!ours || !text_eq(name, TEXT("IODEF-Document")))) {
        give_up(x, ERR_MALFORMED, "the first element is no IODEF-Document");
        return;
    }
    if (x->depth == 2 && !x->root && ours && text_eq(name, TEXT("Incident"))) {
        arena_reset(&x->arena);
        buffer_clear(&x->text);
        x->top = NULL;
        x->too_large = false;
        begin_node(x, name, space, list);
    } else if (x->depth > 2 && x->root && !x->too_large) {
        begin_node(x, name, space, list);
    }
}

static void XMLCALL on_end(void *self, const XML_Char *full)
{
    struct iodef_xml *x = self;
    (void)full;
    if (x->fault.err)
        return;
    x->depth--;
    if (!x->root)
        return;
    if (!x->too_large) {
        if (!keep_text(x))
            no_room(x);
        x->top = x->top->parent;
    }
    if (x->depth == 1)
        XML_StopParser(x->parser, XML_TRUE);
}

static void XMLCALL on_text(void *self, const XML_Char *bytes, int len)
{
    struct iodef_xml *x = self;
    if (x->fault.err || !x->root || x->too_large)
        return;
    buffer_add(&x->text, (struct text){bytes, (size_t)len});
    if (buffer_error(&x->text) == ERR_NOMEM)
        give_up(x, ERR_NOMEM, "no memory");
    else if (buffer_error(&x->text))
        x->too_large = true;
}

/* ---- reading ---- */

/* Expat would ask the kernel, which a reader may not any more: what this process was given when it began is as hard
 * to guess. Never 0, which would make Expat ask. */
static unsigned long salt(void)
{
    const void *given = (const void *)getauxval(AT_RANDOM); /* 16 bytes */
    return given ? (unsigned long)(xxh3_of(given, 16) | 1) : 1;
}

enum err iodef_xml_open(struct feed_from from, struct text head, struct iodef_xml **ret)
{
    struct iodef_xml *x = calloc(1, sizeof *x);
    if (!x)
        return ERR_NOMEM;
    arena_init(&x->arena, INCIDENT_BUDGET_BYTES);
    buffer_init(&x->text, TEXT_BYTES);
    feed_init_from(&x->feed, from);
    x->parser = XML_ParserCreateNS(NULL, SEPARATOR);
    if (!x->parser || feed_push(&x->feed, head)) {
        iodef_xml_free(x);
        return ERR_NOMEM;
    }
    XML_SetHashSalt(x->parser, salt());
    XML_SetUserData(x->parser, x);
    XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
    XML_SetParamEntityParsing(x->parser, XML_PARAM_ENTITY_PARSING_NEVER);
    XML_SetElementHandler(x->parser, on_start, on_end);
    XML_SetCharacterDataHandler(x->parser, on_text);
    *ret = x;
    return OK;
}

void iodef_xml_free(struct iodef_xml *x)
{
    if (!x)
        return;
    if (x->parser)
        XML_ParserFree(x->parser);
    feed_done(&x->feed);
    arena_done(&x->arena);
    buffer_done(&x->text);
    free(x);
}

int64_t iodef_xml_offset(const struct iodef_xml *x)
{
    return (int64_t)x->fed;
}

static enum err expat_fault(struct iodef_xml *x, struct fault *reterr)
{
    enum XML_Error code = XML_GetErrorCode(x->parser);
    int64_t at = (int64_t)XML_GetCurrentByteIndex(x->parser);
    if (code == XML_ERROR_NO_MEMORY)
        return ERR_NOMEM;
    if (code == XML_ERROR_UNKNOWN_ENCODING)
        return fault_at(reterr, ERR_MALFORMED, 0, RULE,
                        "its encoding is none of UTF-8, UTF-16, ISO-8859-1 and ASCII: save it as UTF-8");
    bool cut = x->final && (code == XML_ERROR_NO_ELEMENTS || code == XML_ERROR_UNCLOSED_TOKEN ||
                            code == XML_ERROR_PARTIAL_CHAR || code == XML_ERROR_UNCLOSED_CDATA_SECTION);
    fault_at(reterr, ERR_MALFORMED, at < 0 ? 0 : at, "XML 1.0", "%s%s (line %llu)",
             cut ? "the document is cut off: " : "not well-formed: ", XML_ErrorString(code),
             (unsigned long long)XML_GetCurrentLineNumber(x->parser));
    return ERR_MALFORMED;
}

/* Expat keeps a tag until it is whole. */
static bool token_too_long(const struct iodef_xml *x)
{
    int64_t at = (int64_t)XML_GetCurrentByteIndex(x->parser);
    return at >= 0 && x->fed > (uint64_t)at + STIX_OBJECT_MAX_BYTES;
}

static enum err feed_on(struct iodef_xml *x, enum XML_Status *ret, struct fault *reterr)
{
    struct feed *f = &x->feed;
    if (x->suspended) {
        x->suspended = false;
        *ret = XML_ResumeParser(x->parser);
        return OK;
    }
    if (f->pos == f->end && !feed_more(f)) {
        if (f->err == ERR_NOMEM)
            return ERR_NOMEM;
        if (f->err)
            return fault_at(reterr, ERR_IO, (int64_t)x->fed, NULL, "cannot read: %s", strerror(f->errno_seen));
        x->final = true;
    }
    if (token_too_long(x))
        return fault_at(reterr, ERR_MALFORMED, (int64_t)XML_GetCurrentByteIndex(x->parser), RULE,
                        "a tag, comment or section longer than 8 MiB");
    size_t len = f->end - f->pos < FED_BYTES ? f->end - f->pos : FED_BYTES;
    const char *from = f->ptr + f->pos;
    f->pos += len;
    x->fed += len;
    *ret = XML_Parse(x->parser, x->final ? "" : from, x->final ? 0 : (int)len, x->final);
    return OK;
}

static enum err take_incident(struct iodef_xml *x, struct iodef_node **ret, struct fault *reterr)
{
    struct iodef_node *incident = x->root;
    x->root = x->top = NULL;
    if (x->too_large)
        return fault_at(reterr, ERR_LIMIT, incident ? incident->at : 0, "INCIDENT_BUDGET_BYTES",
                        "an Incident that needs more than 64 MiB to be read");
    *ret = incident;
    return OK;
}

enum err iodef_xml_next(struct iodef_xml *x, struct iodef_node **ret, struct fault *reterr)
{
    while (!x->done) {
        enum XML_Status status = XML_STATUS_ERROR;
        enum err e = feed_on(x, &status, reterr);
        if (e)
            return e;
        if (x->fault.err) {
            *reterr = x->fault;
            return x->fault.err;
        }
        if (status == XML_STATUS_ERROR)
            return expat_fault(x, reterr);
        if (status == XML_STATUS_SUSPENDED) {
            x->suspended = true;
            return take_incident(x, ret, reterr);
        }
        x->done = x->final;
    }
    return ERR_NOT_FOUND;
}
