/* exchange/taxii_read.c - pages of objects, manifests and versions: TAXII 2.1 sections 5.3, 5.4, 5.6 and 5.8. */
#include "exchange/page_cache.h"
#include "exchange/releases.h"
#include "exchange/taxii_inside.h"

static unsigned filters_of(enum resource r)
{
    switch (r) {
    case RESOURCE_OBJECTS:
    case RESOURCE_MANIFEST: return FILTER_PAGE | FILTER_ID_TYPE | FILTER_VERSION | FILTER_SPEC_VERSION;
    case RESOURCE_OBJECT: return FILTER_PAGE | FILTER_VERSION | FILTER_SPEC_VERSION;
    case RESOURCE_VERSIONS: return FILTER_PAGE | FILTER_SPEC_VERSION;
    default: return 0;
    }
}

/* ---- the question ---- */

struct text taxii_asker_name(const struct call *c)
{
    char text[UUID_TEXT_MAX];
    const struct recipient *r = &c->asker.recipient;
    return arena_text(c->request->arena,
                      uuid_format(r->kind == RECIPIENT_OWN_ACCOUNT ? &c->asker.account : &r->party, text));
}

/* What a cursor is bound to: recipient, collection, and the object where the path names one. */
static enum err binding(const struct call *c, struct text *ret)
{
    char collection[UUID_TEXT_MAX];
    struct text who = taxii_asker_name(c);
    uuid_format(&node_genesis(c->server->node)->collections[c->collection], collection);
    const char *t = arena_printf(c->request->arena, TEXT_FMT "/%s/%d/" TEXT_FMT, TEXT_ARG(who), collection,
                                 (int)c->resource, TEXT_ARG(c->object));
    *ret = text_of(t);
    return t && who.len ? OK : ERR_NOMEM;
}

enum err taxii_query_read(const struct call *c, unsigned filters, struct taxii_query *q, struct fault *reterr)
{
    struct text name, value;
    size_t at = 0;
    taxii_query_init(q);
    while (http_next_param(c->request, &at, &name, &value)) {
        enum err e = taxii_query_take(q, filters, name, value, c->request->arena, reterr);
        if (e)
            return e;
    }
    return OK;
}

/* The later of added_after and the cursor: who goes on with `next` repeats the rest of the question. */
static enum err start_of(const struct taxii_query *q, struct text bound_to, struct page_query *ret,
                         struct fault *reterr)
{
    int64_t date_us;
    uint64_t n;
    ret->after_us = q->has_after ? q->after_us : INT64_MIN;
    if (!q->has_next)
        return OK;
    if (taxii_cursor_read(q, bound_to, &date_us, &n))
        return fault_set(reterr, ERR_MALFORMED, "The parameter next does not belong to this question.");
    if (q->has_after && q->after_us >= date_us)
        return OK;
    ret->after_us = date_us;
    ret->has_cursor = true;
    ret->after_n = n;
    return OK;
}

static enum err wanted_of(const struct call *c, const struct taxii_query *q, struct text bound_to,
                          struct page_wanted *ret, struct fault *reterr)
{
    struct page_wanted w = {.versions = c->resource == RESOURCE_VERSIONS ? VERSIONS_ALL : q->versions,
                            .stamps = q->stamps,
                            .stamp_count = q->stamp_count,
                            .query = {.party = c->asker.recipient.party,
                                      .collection = c->collection,
                                      .until_us = INT64_MAX,
                                      .ids = q->ids,
                                      .id_count = q->id_count,
                                      .types = q->types,
                                      .type_count = q->type_count,
                                      .limit = q->limit}};
    if (c->object.len) {
        w.query.ids = &c->object;
        w.query.id_count = 1;
    }
    enum err e = start_of(q, bound_to, &w.query, reterr);
    if (e)
        return e;
    *ret = w;
    return OK;
}

/* ---- the answer ---- */

struct answer_form {
    char first[STAMP_TEXT_MAX], last[STAMP_TEXT_MAX], next[TAXII_CURSOR_MAX];
    struct envelope_info info;
    const struct cleared **items;
    struct text *dates; /* beside items; NULL when not asked for */
};

static enum err lay_out(const struct page *p, const struct taxii_query *q, struct text bound_to, bool dates,
                        struct answer_form *f)
{
    f->info = (struct envelope_info){.status = 200, .more = p->more};
    f->items = arena_alloc(p->arena, (p->count + 1) * sizeof *f->items);
    f->dates = arena_alloc(p->arena, (p->count + 1) * sizeof *f->dates);
    if (!f->items || !f->dates)
        return ERR_NOMEM;
    for (size_t i = 0; i < p->count; i++) {
        char text[STAMP_TEXT_MAX];
        f->items[i] = p->items[i].cleared;
        if (dates && !(f->dates[i] = arena_text(p->arena, taxii_date(p->items[i].date_us, text))).ptr)
            return ERR_NOMEM;
    }
    if (p->count) {
        const struct page_item *last = &p->items[p->count - 1];
        f->info.added_first = taxii_date(p->items[0].date_us, f->first);
        f->info.added_last = taxii_date(last->date_us, f->last);
        if (p->more)
            f->info.next = taxii_cursor_write(q, bound_to, last->date_us, last->n, f->next);
    }
    return OK;
}

/* Section 5.8; `next` too, see field.md: without it taxii2-client asks for page one for ever. */
static enum err versions_page(const struct page *p, const struct answer_form *f, struct outbound **ret)
{
    struct page_field fields[4] = {{"more", FIELD_BOOL, TEXT_NONE, p->more}};
    size_t count = 0;
    struct page_field *cells = arena_alloc(p->arena, (p->count + 1) * sizeof *cells);
    struct page_line *rows = arena_alloc(p->arena, (p->count + 1) * sizeof *rows);
    if (!cells || !rows)
        return ERR_NOMEM;
    for (size_t i = 0; i < p->count; i++) {
        struct text version = cleared_version(f->items[i]);
        cells[i] = (struct page_field){"version", FIELD_TEXT, version.len ? version : f->dates[i], 0};
        rows[i] = (struct page_line){&cells[i], 1};
    }
    if (p->count) {
        count = 1;
        fields[count++] = (struct page_field){"added_first", FIELD_TEXT, f->info.added_first, 0};
        fields[count++] = (struct page_field){"added_last", FIELD_TEXT, f->info.added_last, 0};
        if (p->more)
            fields[count++] = (struct page_field){"next", FIELD_TEXT, f->info.next, 0};
    }
    return outbound_protocol(PAGE_VERSIONS, 200, fields, count, rows, p->count, ret);
}

static enum err make_answer(const struct call *c, struct page *p, const struct taxii_query *q, struct text bound_to,
                            struct outbound **ret)
{
    struct answer_form f;
    enum err e = lay_out(p, q, bound_to, c->resource == RESOURCE_MANIFEST || c->resource == RESOURCE_VERSIONS, &f);
    if (e)
        return e;
    if (c->resource == RESOURCE_MANIFEST)
        return outbound_manifest(&f.info, f.items, f.dates, p->count, ret);
    if (c->resource == RESOURCE_VERSIONS)
        return versions_page(p, &f, ret);
    return outbound_cleared(ENVELOPE_TAXII, &f.info, f.items, p->count, ret);
}

/* An object in the path of which nothing may be seen is 404; one of which no version fits the filters is an empty
 * page. */
static enum err object_is_there(const struct page *asked, const struct page_wanted *w, bool *ret,
                                struct fault *reterr)
{
    struct page p = {.node = asked->node,
                     .view = asked->view,
                     .clearance = asked->clearance,
                     .now_us = asked->now_us,
                     .arena = asked->arena};
    struct page_wanted any = {.query = w->query};
    any.query.after_us = INT64_MIN;
    any.query.has_cursor = false;
    any.query.limit = 1;
    enum err e = page_fill(&p, &any, reterr);
    *ret = p.count > 0;
    page_done(&p);
    return e;
}

enum err taxii_shows(const struct call *c, bool *ret, struct fault *reterr)
{
    struct clearance *clearance;
    struct page p = {.node = c->server->node, .view = c->view, .now_us = c->now_us, .arena = c->request->arena};
    struct taxii_query q;
    struct page_wanted wanted;
    *ret = false;
    taxii_query_init(&q);
    enum err e = clearances_get(c->server->clearances, c->view, &c->asker.recipient, c->now_us, &clearance, reterr);
    if (e)
        return e;
    p.clearance = clearance;
    e = wanted_of(c, &q, TEXT_NONE, &wanted, reterr);
    if (e == OK)
        e = object_is_there(&p, &wanted, ret, reterr);
    clearance_unref(clearance);
    return e;
}

struct question {
    struct taxii_query query;
    struct text bound_to; /* recipient and resource */
    struct text text;     /* and the parameters as they were written */
    struct page_wanted wanted;
};

/* ERR_MALFORMED: the client's own fault, in words for it. */
static enum err read_question(const struct call *c, struct question *ret, struct fault *reterr)
{
    enum err e = taxii_query_read(c, filters_of(c->resource), &ret->query, reterr);
    if (e == OK)
        e = binding(c, &ret->bound_to);
    if (e)
        return e;
    const char *text = arena_printf(c->request->arena, "%zu:" TEXT_FMT "?" TEXT_FMT, ret->bound_to.len,
                                    TEXT_ARG(ret->bound_to), TEXT_ARG(c->request->query));
    ret->text = text_of(text);
    return text ? wanted_of(c, &ret->query, ret->bound_to, &ret->wanted, reterr) : ERR_NOMEM;
}

/* What is new to the recipient stands in the log before the answer is made. Who says that it has the answer, and was
 * never given it, is given it, and the log says so: "not modified" confirms nothing that was only guessed. */
static enum err record(struct call *c, struct page *p, struct fault *reterr)
{
    bool objects = c->resource == RESOURCE_OBJECTS || c->resource == RESOURCE_OBJECT, asks_anew;
    enum err e = OK;
    if (!objects)
        return OK;
    asks_anew = c->head || http_header_list(c->request, "If-None-Match").len > 0;
    if (asks_anew)
        e = releases_pending(p, c->server->released, &c->unknown_to_it, reterr);
    if (e == OK && !c->head && (!asks_anew || c->unknown_to_it))
        e = releases_record(p, c->server->released, &c->asker.account, reterr);
    return e;
}

static struct page_state state_of(const struct page *p)
{
    return (struct page_state){.position = p->clearance->position,
                               .epoch = view_tag(p->view),
                               .late_version = p->late ? p->late->version : 0,
                               .now_us = p->now_us,
                               .holds_until_us = p->clearance->holds_until_us};
}

static enum err answer_page(struct call *c, const struct question *q, struct page *p, struct outbound **ret,
                            struct fault *reterr)
{
    const struct page_state state = state_of(p);
    struct outbound *made = NULL;
    bool there = true;
    enum err e = OK;
    if (!p->count && c->object.len)
        e = object_is_there(p, &q->wanted, &there, reterr);
    if (e == OK && !there) {
        *ret = taxii_fault(404);
        return OK;
    }
    if (e == OK)
        e = record(c, p, reterr);
    if (e == OK)
        e = make_answer(c, p, &q->query, q->bound_to, &made);
    if (e == OK && !(c->head && c->unknown_to_it)) /* a validator is made of the content: it goes with it alone */
        e = outbound_tag(made, q->bound_to);
    if (e) {
        outbound_free(made);
        return e;
    }
    if (!c->head)
        page_cache_offer(c->server->pages, q->text, &state, made);
    *ret = made;
    return OK;
}

static enum err fill_and_answer(struct call *c, const struct question *q, struct page *p, struct outbound **ret,
                                struct fault *reterr)
{
    enum err e = q->query.other_spec ? OK : page_fill(p, &q->wanted, reterr);
    if (e == OK)
        e = late_note(c->server->late, p, reterr);
    if (e == OK)
        e = answer_page(c, q, p, ret, reterr);
    page_done(p);
    return e;
}

static enum err read_page(struct call *c, const struct question *q, struct clearance *clearance,
                          struct outbound **ret, struct fault *reterr)
{
    struct late_list *late = NULL;
    struct page p = {.node = c->server->node,
                     .view = c->view,
                     .clearance = clearance,
                     .now_us = c->now_us,
                     .arena = c->request->arena};
    enum err e = late_update(c->server->late, &p, &late, reterr);
    if (e)
        return e;
    p.late = late;
    const struct page_state state = state_of(&p);
    struct outbound *kept = page_cache_find(c->server->pages, q->text, &state);
    if (kept)
        *ret = kept;
    else
        e = fill_and_answer(c, q, &p, ret, reterr);
    late_list_unref(late);
    return e;
}

/* An entry more means that the page belongs to a later state: it is made there. */
static enum err pass_time(const struct call *c, struct fault *reterr)
{
    const struct recipient *r = &c->asker.recipient;
    bool opened = false;
    if (r->kind == RECIPIENT_OWN_ACCOUNT || !clearances_outlived(c->server->clearances, r, c->now_us))
        return OK;
    enum err e = taxii_openings_pass(c->server->node, &r->party, &opened, reterr);
    return e == OK && opened ? fault_set(reterr, ERR_BUSY, "something opened for the partner") : e;
}

enum err taxii_read(struct call *c, struct outbound **ret)
{
    struct question q = {0};
    struct clearance *clearance;
    struct fault fault = {0};
    enum err e = read_question(c, &q, &fault);
    if (e == ERR_MALFORMED) {
        *ret = taxii_fault_words(400, text_of(fault.what));
        return OK;
    }
    if (e == OK)
        e = pass_time(c, &fault);
    if (e == OK)
        e = clearances_get(c->server->clearances, c->view, &c->asker.recipient, c->now_us, &clearance, &fault);
    if (e == OK) {
        e = read_page(c, &q, clearance, ret, &fault);
        clearance_unref(clearance);
    }
    if (e && e != ERR_BUSY)
        *ret = taxii_failure(e, &fault);
    return e == ERR_BUSY ? e : OK;
}
