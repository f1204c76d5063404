/* desk/sighting_hub.c - what a sensor tells its hub (docs/HUB.md): of each finding of the hub's indicator one
 * sighting, exactly as counted here: it is the hub's own constituent that speaks. Its identifier is made of the
 * finding's, so that a finding is told once however often it is told. Nothing of a line is in it but the value that
 * hit and own addresses. */
#include "base/limits.h"
#include "desk/finding_inside.h"

/* Name space of these sightings. */
static const struct uuid SENSED = {
    {0x5f, 0xe3, 0xab, 0x74, 0xb3, 0x97, 0x46, 0xa9, 0xa8, 0x9b, 0x46, 0x75, 0x51, 0x78, 0x83, 0x39}};

#define COUNT_MOST 999999999 /* STIX 2.1 section 5.2 */

enum err hub_has_ended(struct view *v, const struct uuid *party, bool *ret, struct fault *reterr)
{
    struct fact_peer peer;
    *ret = false;
    if (uuid_is_zero(party))
        return OK;
    enum err e = view_peer(v, party, &peer, reterr);
    if (e == OK)
        *ret = peer.partner_kind == RECIPIENT_HUB && peer.expelled;
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err is_hub(struct txn *t, const struct hit_indicator *ind, bool *ret, struct fault *reterr)
{
    struct fact_peer peer;
    *ret = false;
    if (ind->ours || uuid_is_zero(&ind->party))
        return OK;
    enum err e = view_peer(txn_view(t), &ind->party, &peer, reterr);
    if (e == OK)
        *ret = peer.partner_kind == RECIPIENT_HUB && !peer.expelled;
    return e == ERR_NOT_FOUND ? OK : e;
}

/* Those that were told before, then this batch's. */
static void put_clients(struct json_out *o, const struct json_val *before, const struct finding_work *w)
{
    struct text all[SENSED_CLIENTS_MAX];
    size_t count = 0;
    for (struct json_iter it = json_iter_of(before); count < ARRAY_LEN(all) && json_next(&it);)
        all[count++] = json_text(it.val);
    for (size_t i = 0; i < w->client_count; i++) {
        bool known = count == ARRAY_LEN(all);
        for (size_t k = 0; !known && k < count; k++)
            known = text_eq(all[k], w->clients[i]);
        if (!known)
            all[count++] = w->clients[i];
    }
    if (!count)
        return;
    json_key(o, TEXT(SENSED_CLIENTS));
    json_open(o, '[');
    for (size_t i = 0; i < count; i++)
        json_put_text(o, all[i]);
    json_close(o, ']');
}

static void put_sensed(struct json_out *o, const struct json_val *before, const struct finding_work *w)
{
    json_key(o, TEXT("extensions"));
    json_open(o, '{');
    json_key(o, TEXT(EXT_SENSED));
    json_open(o, '{');
    json_member_text(o, "extension_type", TEXT("property-extension"));
    json_member_text(o, SENSED_VALUE, w->value);
    json_member_text(o, SENSED_KIND, w->kind);
    put_clients(o, json_get(json_get(json_get(before, "extensions"), EXT_SENSED), SENSED_CLIENTS), w);
    json_close(o, '}');
    json_close(o, '}');
}

static enum err append(struct txn *t, const struct hit_indicator *ind, const struct finding_work *w, struct text id,
                       const struct version_row *before, const struct json_val *body_before,
                       const struct uuid *account, struct fault *reterr)
{
    struct own_times times = own_times(t, before);
    enum tlp label =
        ind->label == TLP_NONE || ind->unreadable ? tlp_stricter(ind->label, TLP_AMBER_STRICT) : ind->label;
    char indicator[IDENT_TEXT_MAX];
    struct buffer body;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    struct json_out o = json_out_to(&body);
    json_open(&o, '{');
    own_put_common(&o, id, node_genesis(txn_node(t)), &times, label);
    own_put_time(&o, "first_seen", w->first_us, 6);
    own_put_time(&o, "last_seen", w->last_us, 6);
    json_member_i64(&o, "count", w->count < COUNT_MOST ? (int64_t)w->count : COUNT_MOST);
    json_member_text(&o, "sighting_of_ref", ident_format(TEXT("indicator"), &ind->uuid, indicator));
    put_sensed(&o, body_before, w);
    json_close(&o, '}');
    const struct fact_sighting fact = {.finding = w->id, .indicator = ind->uuid, .party = ind->party};
    const struct own_object object = {.id = id,
                                      .times = &times,
                                      .before = before,
                                      .label = label,
                                      .outward = true,
                                      .account = *account,
                                      .sighting = &fact,
                                      .sighting_tlp = label,
                                      .sighting_terms = &ind->terms};
    enum err e = own_append(t, &object, &body, reterr);
    buffer_done(&body);
    return e;
}

enum err sighting_for_hub(struct txn *t, const struct hit_indicator *indicator, const struct finding_work *w,
                          const struct uuid *account, bool *ret_hub, struct fault *reterr)
{
    char id[IDENT_TEXT_MAX];
    struct version_row before;
    struct json_doc *doc = NULL;
    struct buffer old;
    enum err e = is_hub(t, indicator, ret_hub, reterr);
    if (e != OK || !*ret_hub)
        return e;
    const struct uuid uuid = uuid_named(&SENSED, (struct text){(const char *)w->id.b, sizeof w->id.b});
    struct text name = ident_format(TEXT("sighting"), &uuid, id);
    buffer_init(&old, STIX_OBJECT_MAX_BYTES);
    e = own_load(t, name, &before, &old, &doc, reterr);
    if (e == OK || e == ERR_NOT_FOUND)
        e = append(t, indicator, w, name, e == OK ? &before : NULL, json_root(doc), account, reterr);
    json_free(doc);
    buffer_done(&old);
    return e;
}
