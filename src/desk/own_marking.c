/* desk/own_marking.c - see own_marking.h. A marking definition has no `modified` (STIX 2.1 section 7.2.1): one that
 * is to say something else is another definition. */
#include "desk/own_marking.h"

#include "desk/own.h"
#include "model/public_text.h"

#define MARKING_MAX_BYTES (16 * KIB)

struct making {
    struct text name;
    const struct terms *terms;
    const struct uuid *account;
    char id[IDENT_TEXT_MAX];
};

/* ---- the object ---- */

static void open_extension(struct json_out *o, const char *ext)
{
    json_key(o, text_of(ext));
    json_open(o, '{');
    json_member_text(o, "extension_type", TEXT("property-extension"));
}

static void put_kind(struct json_out *o, const char *name, enum named_kind kind, const struct named *list,
                     size_t count)
{
    char id[IDENT_TEXT_MAX];
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (list[i].kind != kind)
            continue;
        if (!any) {
            json_key(o, text_of(name));
            json_open(o, '[');
        }
        any = true;
        json_put_text(o, kind == NAMED_COUNTRY ? (struct text){(const char *)list[i].who.b, 2}
                                               : ident_format(TEXT("identity"), &list[i].who, id));
    }
    if (any)
        json_close(o, ']');
}

static void put_names(struct json_out *o, const char *ext, const struct named *list, size_t count)
{
    open_extension(o, ext);
    put_kind(o, "countries", NAMED_COUNTRY, list, count);
    put_kind(o, "organisations", NAMED_ORGANISATION, list, count);
    put_kind(o, "groups", NAMED_GROUP, list, count);
    json_close(o, '}');
}

static void put_flag(struct json_out *o, const char *ext, const char *member)
{
    open_extension(o, ext);
    json_member_bool(o, member, true);
    json_close(o, '}');
}

static void put_word(struct json_out *o, const char *ext, const char *member, struct text word)
{
    open_extension(o, ext);
    json_member_text(o, member, word);
    json_close(o, '}');
}

static void put_purposes(struct json_out *o, uint8_t purposes)
{
    open_extension(o, EXT_PURPOSE);
    json_key(o, TEXT("purposes"));
    json_open(o, '[');
    for (unsigned bit = 1; bit <= PURPOSES_ALL; bit <<= 1)
        if (purposes & bit)
            json_put_text(o, text_of(purpose_name((uint8_t)bit)));
    json_close(o, ']');
    json_close(o, '}');
}

static void put_pap(struct json_out *o, enum pap pap)
{
    static const char *const words[] = {"", "clear", "green", "amber", "red"};
    put_word(o, EXT_PAP, "pap", text_of(words[pap]));
}

static void put_terms(struct json_out *o, const struct terms *t)
{
    char until[STAMP_TEXT_MAX];
    if (t->has_rel_to)
        put_names(o, EXT_REL_TO, t->rel_to, t->rel_to_count);
    if (t->not_to_count)
        put_names(o, EXT_NOT_TO, t->not_to, t->not_to_count);
    if (t->originator_control)
        put_flag(o, EXT_ORIGINATOR_CONTROL, "originator_control");
    if (t->pap)
        put_pap(o, t->pap);
    if (t->embargo_until_us)
        put_word(o, EXT_EMBARGO, "embargo_until", stamp_format(stamp_from_us(t->embargo_until_us, 3), until));
    if (t->purposes)
        put_purposes(o, t->purposes);
    if (t->classification)
        put_word(o, EXT_CLASSIFICATION, "classification", text_of(classification_name(t->classification)));
    if (t->personal_data)
        put_flag(o, EXT_PERSONAL_DATA, "personal_data");
}

static void put_definition(const struct making *m, const struct fact_genesis *g, const char *created,
                           struct buffer *out)
{
    struct json_out o = json_out_to(out);
    char identity[IDENT_TEXT_MAX];
    struct uuid clear;
    json_open(&o, '{');
    json_member_text(&o, "type", TEXT("marking-definition"));
    json_member_text(&o, "spec_version", TEXT("2.1"));
    json_member_text(&o, "id", text_of(m->id));
    json_member_text(&o, "created", text_of(created));
    json_member_text(&o, "created_by_ref", ident_format(TEXT("identity"), &g->identity, identity));
    json_member_text(&o, "name", m->name);
    (void)tlp_marking(TLP_CLEAR, 2, &clear);
    json_key(&o, TEXT("object_marking_refs"));
    json_open(&o, '[');
    json_put_text(&o, ident_format(TEXT("marking-definition"), &clear, identity));
    json_close(&o, ']');
    json_key(&o, TEXT("extensions"));
    json_open(&o, '{');
    put_terms(&o, m->terms);
    json_close(&o, '}');
    json_close(&o, '}');
}

/* ---- into the log ---- */

static enum err append_public(struct txn *t, const struct making *m, struct text id, struct fault *reterr)
{
    struct version_row row;
    enum err e = view_current(txn_view(t), id, &row, reterr);
    if (e != ERR_NOT_FOUND)
        return e;
    const struct fact_genesis *g = node_genesis(txn_node(t));
    struct gate_class cls = {.ours = true, .party = g->identity, .protocol_object = true};
    cls.exercise = !text_eq(g->space, TEXT("real"));
    return own_append_as(t, &(struct own_plain){.id = id, .cls = &cls, .account = m->account}, public_text_body(id),
                         reterr);
}

/* The maker before what it made. */
static enum err append_extensions(struct txn *t, const struct making *m, struct text body, struct fault *reterr)
{
    enum err e = OK;
    bool any = false;
    for (size_t i = 1; e == OK && i < PUBLIC_TEXTS; i++) {
        if (text_find_text(body, public_text_id(i)) < 0)
            continue;
        if (!any)
            e = append_public(t, m, public_text_id(0), reterr);
        any = true;
        if (e == OK)
            e = append_public(t, m, public_text_id(i), reterr);
    }
    return e;
}

static enum err append_definition(struct txn *t, void *self, struct fault *reterr)
{
    struct making *m = self;
    const struct fact_genesis *g = node_genesis(txn_node(t));
    struct own_times times = own_times(t, NULL);
    struct gate_class cls = {.ours = true, .party = g->identity, .tlp = TLP_CLEAR, .terms = *m->terms};
    cls.exercise = !text_eq(g->space, TEXT("real"));
    struct buffer body;
    buffer_init(&body, MARKING_MAX_BYTES);
    put_definition(m, g, times.created, &body);
    enum err e = buffer_error(&body);
    if (e != OK)
        fault_set(reterr, e, "the marking definition could not be written");
    if (e == OK)
        e = append_extensions(t, m, buffer_text(&body), reterr);
    if (e == OK)
        e = own_append_as(t, &(struct own_plain){.id = text_of(m->id), .cls = &cls, .account = m->account},
                          buffer_text(&body), reterr);
    buffer_done(&body);
    return e;
}

enum err own_marking_add(struct node *node, struct text name, const struct terms *terms, const struct uuid *account,
                         struct arena *arena, struct text *ret_id, struct fault *reterr)
{
    struct making m = {.name = name, .terms = terms, .account = account};
    struct uuid id = uuid_random();
    if (terms_none(terms))
        return fault_set(reterr, ERR_USAGE, "a marking definition says something: give it terms");
    ident_format(TEXT("marking-definition"), &id, m.id);
    struct text kept = arena_text(arena, text_of(m.id));
    if (!kept.ptr)
        return fault_set(reterr, ERR_NOMEM, "no memory for a marking definition");
    enum err e = node_write(node, append_definition, &m, reterr);
    if (e == OK)
        *ret_id = kept;
    return e;
}
