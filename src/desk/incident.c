/* desk/incident.c - see incident.h. STIX 2.1 section 4.6 leaves an incident's state to extensions: ours is described
 * in docs/objects/incident.md. Which findings belong to an incident stands in the findings (fact_finding.incident);
 * the incident itself names those it was opened for and does not change when further ones join. */
#include "desk/incident.h"

#include "base/limits.h"
#include "desk/finding_inside.h"

struct incident_words {
    const struct incident_open *open;
    const struct incident_rule *rule; /* or NULL */
};

static void put_ref(struct json_out *o, const char *name, const char *type, const struct uuid *uuid)
{
    char id[IDENT_TEXT_MAX];
    if (name)
        json_key(o, text_of(name));
    json_put_text(o, ident_format(text_of(type), uuid, id));
}

static void put_extension(struct json_out *o, const struct incident_words *w)
{
    char uuid[UUID_TEXT_MAX];
    json_key(o, TEXT("extensions"));
    json_open(o, '{');
    json_key(o, TEXT(EXT_INCIDENT));
    json_open(o, '{');
    json_member_text(o, "extension_type", TEXT("property-extension"));
    json_member_text(o, "status", TEXT("open"));
    if (w->open->rule.len > 0)
        json_member_text(o, "opened_by_rule", w->open->rule);
    if (w->open->finding_count > 0) {
        json_key(o, TEXT("finding_refs"));
        json_open(o, '[');
        for (size_t i = 0; i < w->open->finding_count; i++)
            put_ref(o, NULL, TYPE_FINDING, &w->open->findings[i]);
        json_close(o, ']');
    }
    if (w->rule) {
        put_ref(o, "organisation_ref", "identity", &w->rule->organisation);
        json_member_text(o, "source", uuid_format(&w->rule->source, uuid));
    }
    json_close(o, '}');
    json_close(o, '}');
}

enum err incident_append(struct txn *t, const struct incident_open *open, const struct incident_rule *rule,
                         struct uuid *ret_id, struct fault *reterr)
{
    if (open->name.len == 0 || !text_is_utf8(open->name) || !text_is_utf8(open->description))
        return fault_set(reterr, ERR_USAGE, "an incident needs a name, in UTF-8");
    struct uuid uuid = uuid_random();
    char id[IDENT_TEXT_MAX];
    struct incident_words words = {open, rule};
    struct own_times times = own_times(t, NULL);
    struct buffer body;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    struct json_out o = json_out_to(&body);
    json_open(&o, '{');
    own_put_common(&o, ident_format(TEXT(TYPE_INCIDENT), &uuid, id), node_genesis(txn_node(t)), &times, TLP_NONE);
    json_member_text(&o, "name", open->name);
    if (open->description.len > 0)
        json_member_text(&o, "description", open->description);
    put_extension(&o, &words);
    json_close(&o, '}');
    struct own_object object = {.id = text_of(id), .times = &times, .account = open->account};
    enum err e = own_append(t, &object, &body, reterr);
    buffer_done(&body);
    if (e == OK)
        *ret_id = uuid;
    return e;
}

static const struct json_val *extension_of(const struct json_doc *doc)
{
    return json_get(json_get(json_root(doc), "extensions"), EXT_INCIDENT);
}

enum err incident_matches(struct txn *t, const struct uuid *uuid, const struct incident_rule *rule, bool *ret,
                          struct fault *reterr)
{
    char id[IDENT_TEXT_MAX], source[UUID_TEXT_MAX], organisation[IDENT_TEXT_MAX];
    struct version_row row;
    struct json_doc *doc = NULL;
    struct buffer body;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    enum err e = own_load(t, ident_format(TEXT(TYPE_INCIDENT), uuid, id), &row, &body, &doc, reterr);
    if (e == OK) {
        const struct json_val *x = extension_of(doc);
        *ret = !row.revoked && text_eq(json_text(json_get(x, "status")), TEXT("open")) &&
               text_eq(json_text(json_get(x, "source")), uuid_format(&rule->source, source)) &&
               text_eq(json_text(json_get(x, "organisation_ref")),
                       ident_format(TEXT("identity"), &rule->organisation, organisation));
    }
    json_free(doc);
    buffer_done(&body);
    if (e == ERR_NOT_FOUND)
        *ret = false;
    return e == ERR_NOT_FOUND ? OK : e;
}

/* ---- opened by a person ---- */

static enum err put_into_finding(struct txn *t, const struct uuid *finding, const struct uuid *incident,
                                 const struct uuid *account, struct fault *reterr)
{
    struct finding_row row;
    struct finding_work w;
    struct arena arena;
    enum err e = view_finding(txn_view(t), finding, &row, reterr);
    if (e != OK)
        return e == ERR_NOT_FOUND ? fault_set(reterr, e, "no such finding") : e;
    arena_init(&arena, STIX_OBJECT_MAX_BYTES);
    e = finding_load(t, &row, &arena, &w, reterr);
    if (e == OK)
        e = finding_label(t, &w, reterr);
    if (e == OK) {
        w.incident = *incident;
        e = finding_append(t, &w, account, reterr);
    }
    arena_done(&arena);
    return e;
}

enum err incident_open_in(struct txn *t, const struct incident_open *o, struct arena *arena, struct text *ret_id,
                          struct fault *reterr)
{
    struct uuid uuid;
    char id[IDENT_TEXT_MAX];
    enum err e = incident_append(t, o, NULL, &uuid, reterr);
    for (size_t i = 0; e == OK && i < o->finding_count; i++)
        e = put_into_finding(t, &o->findings[i], &uuid, &o->account, reterr);
    if (e != OK)
        return e;
    struct text copy = arena_text(arena, ident_format(TEXT(TYPE_INCIDENT), &uuid, id));
    if (!copy.ptr)
        return fault_set(reterr, ERR_NOMEM, "no memory for an incident");
    *ret_id = copy;
    return OK;
}

struct open_write {
    const struct incident_open *open;
    struct arena *arena;
    struct text id;
};

static enum err write_open(struct txn *t, void *self, struct fault *reterr)
{
    struct open_write *w = self;
    return incident_open_in(t, w->open, w->arena, &w->id, reterr);
}

enum err incident_open(struct node *node, const struct incident_open *o, struct arena *arena, struct text *ret_id,
                       struct fault *reterr)
{
    struct open_write w = {.open = o, .arena = arena};
    enum err e = node_write(node, write_open, &w, reterr);
    if (e == OK)
        *ret_id = w.id;
    return e;
}

/* ---- closing ---- */

struct close_write {
    struct text id, reason;
    const struct uuid *account;
};

/* The members of an object but those named; the caller adds them anew. */
static void put_others(struct json_out *o, const struct json_val *object, const char *const *names, size_t count)
{
    struct json_iter it = json_iter_of(object);
    while (json_next(&it)) {
        bool named = false;
        for (size_t i = 0; i < count; i++)
            named = named || text_eq(it.key, text_of(names[i]));
        if (named)
            continue;
        json_key(o, it.key);
        struct buffer raw;
        buffer_init(&raw, STIX_OBJECT_MAX_BYTES);
        json_canonical(it.val, &raw, NULL);
        json_put_raw(o, buffer_text(&raw));
        if (buffer_error(&raw) != OK && o->to->err == OK)
            o->to->err = buffer_error(&raw);
        buffer_done(&raw);
    }
}

static void put_closed(struct json_out *o, const struct json_doc *doc, const struct own_times *times,
                       struct text reason)
{
    static const char *const anew[] = {"modified", "extensions"}, *const state[] = {"status", "closed",
                                                                                    "closed_because"};
    json_open(o, '{');
    put_others(o, json_root(doc), anew, ARRAY_LEN(anew));
    json_member_text(o, "modified", text_of(times->modified));
    json_key(o, TEXT("extensions"));
    json_open(o, '{');
    json_key(o, TEXT(EXT_INCIDENT));
    json_open(o, '{');
    put_others(o, extension_of(doc), state, ARRAY_LEN(state));
    json_member_text(o, "status", TEXT("closed"));
    json_member_text(o, "closed", text_of(times->modified));
    if (reason.len > 0)
        json_member_text(o, "closed_because", reason);
    json_close(o, '}');
    json_close(o, '}');
    json_close(o, '}');
}

static enum err write_close(struct txn *t, void *self, struct fault *reterr)
{
    const struct close_write *c = self;
    struct version_row before;
    struct json_doc *doc;
    struct buffer old, body;
    buffer_init(&old, STIX_OBJECT_MAX_BYTES);
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    enum err e = own_load(t, c->id, &before, &old, &doc, reterr);
    if (e == OK) {
        if (!uuid_eq(&before.party, &node_genesis(txn_node(t))->identity) || !extension_of(doc)) {
            e = fault_set(reterr, ERR_DENIED, "not an incident of ours");
        } else if (!text_eq(json_text(json_get(extension_of(doc), "status")), TEXT("closed"))) {
            struct own_times times = own_times(t, &before);
            struct json_out o = json_out_to(&body);
            put_closed(&o, doc, &times, c->reason);
            struct own_object object = {.id = c->id, .times = &times, .before = &before, .account = *c->account};
            e = own_append(t, &object, &body, reterr);
            if (e == OK)
                e = own_act(t, c->account, "incident-close", c->id, c->reason, reterr);
        }
        json_free(doc);
    }
    buffer_done(&body);
    buffer_done(&old);
    return e;
}

enum err incident_close(struct node *node, struct text id, struct text reason, const struct uuid *account,
                        struct fault *reterr)
{
    if (!text_starts(id, TEXT(TYPE_INCIDENT "--")) || !text_is_utf8(reason))
        return fault_set(reterr, ERR_USAGE, "incident--... and a reason in UTF-8 are wanted");
    struct close_write c = {id, reason, account};
    return node_write(node, write_close, &c, reterr);
}
