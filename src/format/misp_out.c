/* format/misp_out.c - which events there are, and their own members.
 *
 * COLLECT (misp_out_add) -> PLAN: every item has its place in events, by report or, where none speaks of it, by who
 * made it, label and month -> EVENTS, one after another.
 * Invariant: an item stands in no event whose label is laxer than its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/misp_out_inside.h"

#define OUT_ITEM_BYTES (32 * MIB)

/* Namespace of what is derived for the way out; made once at random, never to change. */
static const struct uuid UUID_MISP_OUT = {
    {0x86, 0x1c, 0x57, 0x0d, 0x42, 0x2e, 0x4a, 0x5b, 0x9c, 0x30, 0x0e, 0x7d, 0x66, 0xf3, 0xa1, 0x2b}};

enum err misp_out_new(const struct misp_out_options *options, struct misp_out **ret)
{
    struct misp_out *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_NOMEM;
    w->options = *options;
    arena_init(&w->arena, OUT_ITEM_BYTES);
    *ret = w;
    return OK;
}

void misp_out_free(struct misp_out *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->item_count; i++)
        json_free(w->items[i].doc);
    free(w->items);
    free(w->by_id);
    free(w->events);
    free(w->members);
    free(w->abouts);
    free(w->said);
    arena_done(&w->arena);
    free(w);
}

static bool grow(void **list, size_t *cap, size_t count, size_t size)
{
    if (count < *cap)
        return true;
    size_t more = *cap ? 2 * *cap : 256;
    void *made = reallocarray(*list, more, size);
    if (!made)
        return false;
    *list = made;
    *cap = more;
    return true;
}

/* ---- collecting ---- */

enum err misp_out_add(struct misp_out *w, const struct cleared *c)
{
    struct ident ident;
    struct json_doc *doc;
    enum err e = ident_parse(cleared_id(c), &ident, NULL);
    if (!e)
        e = json_parse(cleared_body(c), &doc, NULL);
    if (e)
        return e == ERR_NOMEM ? e : ERR_MALFORMED;
    if (!grow((void **)&w->items, &w->item_cap, w->item_count, sizeof *w->items)) {
        json_free(doc);
        return ERR_NOMEM;
    }
    enum tlp label = cleared_label(c);
    bool bare = label == TLP_NONE; /* our own accounts see it so */
    bool container = text_eq(ident.type, TEXT("report")) || text_eq(ident.type, TEXT("grouping"));
    w->items[w->item_count++] = (struct out_item){.cleared = c,
                                                  .doc = doc,
                                                  .v = json_root(doc),
                                                  .id = cleared_id(c),
                                                  .type = ident.type,
                                                  .uuid = ident.uuid,
                                                  .label = bare ? TLP_AMBER_STRICT : label,
                                                  .container = container};
    return OK;
}

static int by_id(const void *a, const void *b, void *self)
{
    const struct misp_out *w = self;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    int order = text_cmp(w->items[x].id, w->items[y].id);
    return order ? order : (x > y) - (x < y);
}

struct out_item *out_find(struct misp_out *w, struct text id)
{
    size_t low = 0, high = w->item_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (text_cmp(w->items[w->by_id[middle]].id, id) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    struct out_item *i = low ? &w->items[w->by_id[low - 1]] : NULL; /* of several, the one that came last */
    return i && text_eq(i->id, id) ? i : NULL;
}

/* ---- small things ---- */

void out_lost(struct misp_out *w, struct out_item *i, const char *what)
{
    i->told = true;
    if (w->options.on_lost)
        w->options.on_lost(w->options.self, i->id, what);
}

struct text out_label(const struct json_val *v, const char *name)
{
    for (struct json_iter it = json_iter_of(json_get(v, "labels")); json_next(&it);) {
        struct text l = json_text(it.val), n = text_of(name);
        if (text_starts(l, n) && l.len >= n.len + 3 && l.ptr[n.len] == '=' && l.ptr[n.len + 1] == '"' &&
            text_ends(l, TEXT("\"")))
            return text_sub(l, n.len + 2, l.len - n.len - 3);
    }
    return TEXT_NONE;
}

struct stamp out_time(const struct json_val *v, const char *name, const char *otherwise)
{
    struct stamp s = {0};
    if (stamp_parse(json_text(json_get(v, name)), &s, NULL) && otherwise)
        (void)!stamp_parse(json_text(json_get(v, otherwise)), &s, NULL);
    return s;
}

struct uuid out_derived(const struct uuid *of, struct text a, struct text b)
{
    struct sha256_ctx ctx;
    char hex[SHA256_HEX];
    sha256_init(&ctx);
    sha256_add(&ctx, of->b, sizeof of->b);
    sha256_add(&ctx, a.ptr, a.len);
    sha256_add(&ctx, "", 1);
    sha256_add(&ctx, b.ptr, b.len);
    struct sha256 hash = sha256_end(&ctx);
    return uuid_named(&UUID_MISP_OUT, sha256_hex(&hash, hex));
}

/* An instance takes a uuid once: in a second event the same object is another attribute. */
struct uuid out_uuid(struct misp_out *w, const struct out_item *i)
{
    return i->written ? out_derived(&w->event->uuid, i->id, TEXT_NONE) : i->uuid;
}

void out_member_uuid(struct json_out *o, const char *name, const struct uuid *u)
{
    char text[UUID_TEXT_MAX];
    json_member_text(o, name, uuid_format(u, text));
}

void out_member_epoch(struct json_out *o, const char *name, struct stamp s)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)(s.s > 0 ? s.s : 0));
    json_member_text(o, name, text_of(text));
}

void out_organisation(struct misp_out *w, struct json_out *o, const char *name, struct out_item *org)
{
    /* One whose name is stricter than the event goes by the uuid that all it made bears, never as somebody else. */
    char uuid[UUID_TEXT_MAX];
    const bool named = !org || org->label <= w->event->label;
    struct text words = org ? json_text(json_get(org->v, "name")) : w->options.producer;
    if (org && (!named || !words.len))
        words = uuid_format(&org->uuid, uuid);
    json_key(o, text_of(name));
    json_open(o, '{');
    out_member_uuid(o, "uuid", org ? &org->uuid : &w->options.producer_id);
    json_member_text(o, "name", words);
    json_close(o, '}');
    if (org && named)
        org->written = true;
}

bool out_first(struct misp_out *w, struct text type, struct text value, bool *ret_first)
{
    if (2 * w->said_count >= w->said_cap) {
        size_t cap = w->said_cap ? 2 * w->said_cap : 1024;
        uint64_t *more = calloc(cap, sizeof *more);
        if (!more)
            return false;
        for (size_t i = 0; i < w->said_cap; i++)
            for (size_t at = w->said[i] & (cap - 1); w->said[i]; at = (at + 1) & (cap - 1))
                if (!more[at]) {
                    more[at] = w->said[i];
                    break;
                }
        free(w->said);
        w->said = more;
        w->said_cap = cap;
    }
    uint64_t hash = xxh3_seeded(value.ptr, value.len, xxh3_of(type.ptr, type.len)) | 1;
    size_t at = hash & (w->said_cap - 1);
    while (w->said[at] && w->said[at] != hash)
        at = (at + 1) & (w->said_cap - 1);
    *ret_first = !w->said[at];
    w->said_count += *ret_first;
    w->said[at] = hash;
    return true;
}

/* ---- tags ---- */

static void put_tag(struct json_out *o, struct text name)
{
    json_open(o, '{');
    json_member_text(o, "name", name);
    json_close(o, '}');
}

static bool is_ours(struct text label)
{
    static const char *const begins[] = {"misp:type=",
                                         "misp:category=",
                                         "misp:to_ids=",
                                         "misp:name=",
                                         "misp:meta-category=",
                                         "misp:tool=",
                                         "misp:galaxy-",
                                         "misp:data-layer=",
                                         "misp:sighting=",
                                         "misp:proposal",
                                         "tlp:",
                                         "TLP:",
                                         "pap:",
                                         "PAP:"};
    for (size_t i = 0; i < ARRAY_LEN(begins); i++)
        if (text_starts(label, text_of(begins[i])))
            return true;
    return text_eq(label, TEXT("Threat-Report"));
}

/* What came from MISP has its tags among its labels. Other STIX has words of its vocabularies there. */
static bool from_misp(const struct out_item *i)
{
    const struct json_val *v = i->v;
    bool report = false;
    for (struct json_iter it = json_iter_of(json_get(v, "labels")); json_next(&it);)
        report |= text_eq(json_text(it.val), TEXT("Threat-Report"));
    return report || out_label(v, "misp:type").len || out_label(v, "misp:name").len;
}

/* Never more confident than it says. */
static void put_confidence(struct json_out *o, const struct json_val *v)
{
    static const struct {
        int64_t from;
        struct text tag;
    } words[] = {{100, {"misp:confidence-level=\"completely-confident\"", 45}},
                 {75, {"misp:confidence-level=\"usually-confident\"", 42}},
                 {50, {"misp:confidence-level=\"fairly-confident\"", 41}},
                 {25, {"misp:confidence-level=\"rarely-confident\"", 41}},
                 {0, {"misp:confidence-level=\"unconfident\"", 36}}};
    int64_t n;
    for (size_t i = 0; json_i64(json_get(v, "confidence"), &n) && i < ARRAY_LEN(words); i++)
        if (n >= words[i].from) {
            put_tag(o, text_of(words[i].tag.ptr));
            return;
        }
}

static void put_label_tag(struct json_out *o, enum tlp label)
{
    static const char *const names[] = {[TLP_CLEAR] = "tlp:clear",
                                        [TLP_GREEN] = "tlp:green",
                                        [TLP_AMBER] = "tlp:amber",
                                        [TLP_AMBER_STRICT] = "tlp:amber+strict",
                                        [TLP_RED] = "tlp:red"};
    if (label != TLP_NONE)
        put_tag(o, text_of(names[label]));
}

void out_tags(struct json_out *o, const struct out_item *i, const struct out_event *event, bool whole)
{
    bool misp = i && from_misp(i);
    enum pap above = event->container == OUT_NONE ? PAP_NONE : event->pap;
    json_key(o, TEXT("Tag"));
    json_open(o, '[');
    if (whole)
        put_label_tag(o, event->label);
    if (i && i->pap != PAP_NONE && (whole || i->pap > above))
        put_tag(o, text_of(pap_name(i->pap)));
    for (struct json_iter it = json_iter_of(misp ? json_get(i->v, "labels") : NULL); json_next(&it);)
        if (json_text(it.val).len && !is_ours(json_text(it.val)))
            put_tag(o, json_text(it.val));
    if (i && !misp)
        put_confidence(o, i->v);
    json_close(o, ']');
}

/* ---- planning ---- */

/* A marking definition that says PAP; what else it says, the gate has looked at for everybody but our own accounts,
 * for whom what a MISP event cannot say is handled as strictly as there is. */
static enum pap pap_said(const struct json_val *definition)
{
    static const char *const words[] = {"clear", "green", "amber", "red"};
    for (struct json_iter it = json_iter_of(json_get(definition, "extensions")); json_next(&it);)
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
            if (text_eq_nocase(json_text(json_get(it.val, "pap")), text_of(words[i])))
                return (enum pap)(PAP_CLEAR + i);
    return PAP_NONE;
}

static void read_markings(struct misp_out *w, struct out_item *i)
{
    for (struct json_iter it = json_iter_of(json_get(i->v, "object_marking_refs")); json_next(&it);) {
        struct ident id;
        enum tlp tlp;
        if (ident_parse(json_text(it.val), &id, NULL) || tlp_of_marking(&id.uuid, &tlp, NULL))
            continue;
        const struct out_item *definition = out_find(w, json_text(it.val));
        enum pap pap = definition ? pap_said(definition->v) : PAP_NONE;
        i->pap = pap > i->pap ? pap : i->pap;
        bool statement = definition && json_get(definition->v, "definition_type") &&
                         text_eq(json_text(json_get(definition->v, "definition_type")), TEXT("statement"));
        if (pap != PAP_NONE || statement)
            continue;
        i->label = tlp_stricter(i->label, TLP_AMBER_STRICT);
        if (!i->told)
            out_lost(w, i, "a marking that a MISP event cannot say: it is kept to the organisation that reads it");
    }
}

static size_t add_event(struct misp_out *w, const struct out_event *e)
{
    size_t from = e->container == OUT_NONE ? w->loose_from : 0;
    for (size_t i = w->event_count; i-- > from;) {
        const struct out_event *o = &w->events[i];
        if (o->container == e->container && o->label == e->label &&
            (e->container != OUT_NONE || (o->creator == e->creator && strcmp(o->month, e->month) == 0)))
            return i;
        if (e->container != OUT_NONE && w->event_count - i > TLP_RED)
            break; /* those of one report are neighbours */
    }
    if (!grow((void **)&w->events, &w->event_cap, w->event_count, sizeof *w->events))
        return OUT_NONE;
    w->events[w->event_count] = *e;
    return w->event_count++;
}

static bool add_member(struct misp_out *w, size_t event, size_t item)
{
    if (event == OUT_NONE || !grow((void **)&w->members, &w->member_cap, w->member_count, sizeof *w->members))
        return false;
    w->members[w->member_count++] = (struct out_member){event, item};
    return true;
}

/* The event of a report for what has that label: itself, or one that extends it. */
static size_t event_of(struct misp_out *w, size_t container, enum tlp label)
{
    const struct out_item *c = &w->items[container];
    struct out_event e = {
        .container = container, .uuid = c->uuid, .label = c->label, .pap = c->pap, .creator = OUT_NONE};
    if (label > c->label) {
        e.is_extension = true;
        e.extends = c->uuid;
        e.label = label;
        e.uuid = out_derived(&c->uuid, TEXT("extension"), text_of(tlp_name(label)));
    }
    return add_event(w, &e);
}

static bool is_context(struct text type)
{
    static const char *const types[] = {"marking-definition", "identity", "relationship", "language-content",
                                        "extension-definition"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (text_eq(type, text_of(types[i])))
            return true;
    return out_is_about(type);
}

/* A MISP object, whatever it is in STIX: a person is an identity. */
static bool was_object(const struct out_item *i)
{
    return json_type(json_get(i->v, "x_misp_attributes")) == JSON_ARRAY;
}

/* A grouping in a report is a part of it: misp_event.c writes so what one report has no room for. */
static bool plan_container(struct misp_out *w, size_t container, size_t into, int depth)
{
    struct out_item *c = &w->items[container];
    if (event_of(w, into, w->items[into].label) == OUT_NONE)
        return false;
    for (struct json_iter it = json_iter_of(json_get(c->v, "object_refs")); json_next(&it);) {
        struct out_item *i = out_find(w, json_text(it.val));
        if (!i)
            continue;
        size_t at = (size_t)(i - w->items);
        i->became = OUT_EVENT; /* it has a place: whoever meets it again leaves it there */
        if (i->container && depth == 0 && at != into && text_eq(i->type, TEXT("grouping"))) {
            if (!plan_container(w, at, into, 1))
                return false;
        } else if ((!is_context(i->type) || out_is_cluster(i) || was_object(i)) && !i->container &&
                   !add_member(w, event_of(w, into, i->label), at)) {
            return false;
        }
    }
    return true;
}

static bool plan_loose(struct misp_out *w, size_t item)
{
    struct out_item *i = &w->items[item], *creator = out_find(w, json_text(json_get(i->v, "created_by_ref")));
    struct text created = json_text(json_get(i->v, "created"));
    struct out_event e = {.container = OUT_NONE,
                          .label = i->label,
                          .creator = creator && creator->label <= i->label ? (size_t)(creator - w->items) : OUT_NONE};
    snprintf(e.month, sizeof e.month, "%.7s", created.len >= 7 ? created.ptr : "");
    const struct uuid *who = e.creator == OUT_NONE ? &w->options.producer_id : &w->items[e.creator].uuid;
    char key[64];
    snprintf(key, sizeof key, "%s %s", tlp_name(i->label), e.month);
    e.uuid = out_derived(who, TEXT("loose"), text_of(key));
    return add_member(w, add_event(w, &e), item);
}

static int by_target(const void *a, const void *b)
{
    const struct out_about *x = a, *y = b;
    return x->target != y->target ? (x->target > y->target) - (x->target < y->target)
                                  : (x->item > y->item) - (x->item < y->item);
}

static bool add_about(struct misp_out *w, struct text target, size_t item)
{
    if (!target.len)
        return true;
    if (!grow((void **)&w->abouts, &w->about_cap, w->about_count, sizeof *w->abouts))
        return false;
    w->abouts[w->about_count++] = (struct out_about){xxh3_of(target.ptr, target.len), item};
    return true;
}

static bool find_abouts(struct misp_out *w)
{
    bool fine = true;
    for (size_t n = 0; n < w->item_count && fine; n++) {
        const struct out_item *i = &w->items[n];
        if (text_eq(i->type, TEXT("sighting")))
            fine = add_about(w, json_text(json_get(i->v, "sighting_of_ref")), n);
        else if (text_eq(i->type, TEXT("relationship")))
            fine = add_about(w, json_text(json_get(i->v, "source_ref")), n);
        else if (out_is_about(i->type))
            for (struct json_iter it = json_iter_of(json_get(i->v, "object_refs")); fine && json_next(&it);)
                fine = add_about(w, json_text(it.val), n);
    }
    if (w->about_count)
        qsort(w->abouts, w->about_count, sizeof *w->abouts, by_target);
    return fine;
}

static int by_event(const void *a, const void *b)
{
    const struct out_member *x = a, *y = b;
    return x->event != y->event ? (x->event > y->event) - (x->event < y->event)
                                : (x->item > y->item) - (x->item < y->item);
}

/* Members beside each other, each once. */
static void settle(struct misp_out *w)
{
    size_t kept = 0;
    if (w->member_count)
        qsort(w->members, w->member_count, sizeof *w->members, by_event);
    for (size_t i = 0; i < w->member_count; i++)
        if (!kept || by_event(&w->members[kept - 1], &w->members[i]))
            w->members[kept++] = w->members[i];
    w->member_count = kept;
    for (size_t i = kept; i-- > 0;) {
        struct out_event *e = &w->events[w->members[i].event];
        e->first = i;
        e->members++;
    }
}

/* What MISP changed from one form into another (to_ids given or withdrawn) has the same uuid in both; the later one
 * is what it says now. */
static bool superseded(struct misp_out *w, const struct out_item *i)
{
    static const char *const forms[] = {"indicator", "observed-data", "x-misp-attribute", "x-misp-object"};
    char id[IDENT_TEXT_MAX];
    bool one = false;
    if (json_get(i->v, "x_misp_ended"))
        return true;
    for (size_t n = 0; n < ARRAY_LEN(forms); n++)
        one |= text_eq(i->type, text_of(forms[n]));
    for (size_t n = 0; one && n < ARRAY_LEN(forms); n++) {
        const struct out_item *twin = out_find(w, ident_format(text_of(forms[n]), &i->uuid, id));
        if (twin && twin != i && !json_get(twin->v, "x_misp_ended") &&
            stamp_cmp(out_time(twin->v, "modified", NULL), out_time(i->v, "modified", NULL)) > 0)
            return true;
    }
    return false;
}

enum err misp_out_plan(struct misp_out *w)
{
    w->by_id = calloc(w->item_count + 1, sizeof *w->by_id);
    if (!w->by_id)
        return ERR_NOMEM;
    for (size_t i = 0; i < w->item_count; i++)
        w->by_id[i] = i;
    qsort_r(w->by_id, w->item_count, sizeof *w->by_id, by_id, w);
    bool fine = find_abouts(w);
    for (size_t i = 0; i < w->item_count; i++) {
        read_markings(w, &w->items[i]);
        if (superseded(w, &w->items[i]))
            w->items[i].absorbed = w->items[i].told = true;
        if (out_find(w, w->items[i].id) != &w->items[i])
            w->items[i].absorbed = w->items[i].told = true; /* another version of it came later */
    }
    for (size_t i = 0; i < w->item_count && fine; i++) /* groupings that a report holds are no events */
        for (struct json_iter it =
                 json_iter_of(w->items[i].container ? json_get(w->items[i].v, "object_refs") : NULL);
             json_next(&it);) {
            struct out_item *part = out_find(w, json_text(it.val));
            if (part && part != &w->items[i] && text_eq(part->type, TEXT("grouping")))
                part->absorbed = true;
        }
    for (size_t i = 0; i < w->item_count && fine; i++)
        if (w->items[i].container && !w->items[i].absorbed)
            fine = plan_container(w, i, i, 0);
    w->loose_from = w->event_count;
    for (size_t pass = 0; pass < 2; pass++) /* who speaks of observables comes before them */
        for (size_t i = 0; i < w->item_count && fine; i++) {
            const struct out_item *x = &w->items[i];
            bool later = json_get(x->v, "created") == NULL;
            if (later == (pass == 1) && x->became == OUT_NOTHING && !x->container && !x->absorbed &&
                (!is_context(x->type) || out_is_cluster(x) || was_object(x)))
                fine = plan_loose(w, i);
        }
    settle(w);
    return fine ? OK : ERR_NOMEM;
}

size_t misp_out_count(const struct misp_out *w)
{
    return w->event_count;
}

const struct uuid *misp_out_uuid(const struct misp_out *w, size_t event)
{
    return &w->events[event].uuid;
}

bool misp_out_any(const struct misp_out *w, size_t event, bool (*is)(void *self, size_t nth), void *self)
{
    const struct out_event *e = &w->events[event];
    bool any = e->container != OUT_NONE && is(self, e->container);
    for (size_t n = e->first; n < e->first + e->members && !any; n++)
        any = is(self, w->members[n].item);
    return any;
}

bool misp_out_wrote(const struct misp_out *w, size_t nth)
{
    return w->items[nth].written;
}
