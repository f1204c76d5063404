/* desk/register_object.c - an organisation as a CSV row and as a STIX identity (docs/objects/organisation.md). */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "desk/register_inside.h"

static const char *const roles[] = {"plain", "resolver", "proxy", "nat"};

const char *owner_role_name(enum owner_role r)
{
    return (size_t)r < ARRAY_LEN(roles) ? roles[r] : roles[OWNER_PLAIN];
}

static bool role_parse_name(struct text t, enum owner_role *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        if (text_eq_nocase(t, text_of(roles[i]))) {
            *ret = (enum owner_role)i;
            return true;
        }
    }
    return false;
}

/* STIX 2.1 section 10.13 (industry-sector-ov), and what people write instead. */
static const struct sector_word {
    const char *typed, *stix; /* stix NULL: the word itself */
} sectors[] = {
    {"agriculture", NULL},
    {"aerospace", NULL},
    {"automotive", NULL},
    {"chemical", NULL},
    {"commercial", NULL},
    {"communications", NULL},
    {"construction", NULL},
    {"defense", NULL},
    {"education", NULL},
    {"energy", NULL},
    {"entertainment", NULL},
    {"financial-services", NULL},
    {"government", NULL},
    {"emergency-services", NULL},
    {"government-local", NULL},
    {"government-national", NULL},
    {"government-public-services", NULL},
    {"government-regional", NULL},
    {"healthcare", NULL},
    {"hospitality-leisure", NULL},
    {"infrastructure", NULL},
    {"dams", NULL},
    {"nuclear", NULL},
    {"water", NULL},
    {"insurance", NULL},
    {"manufacturing", NULL},
    {"mining", NULL},
    {"non-profit", NULL},
    {"pharmaceuticals", NULL},
    {"retail", NULL},
    {"technology", NULL},
    {"telecommunications", NULL},
    {"transportation", NULL},
    {"utilities", NULL},
    {"health", "healthcare"},
    {"finance", "financial-services"},
    {"banking", "financial-services"},
    {"defence", "defense"},
    {"telecom", "telecommunications"},
    {"transport", "transportation"},
};

static const char *stix_sector(struct text typed)
{
    for (size_t i = 0; i < ARRAY_LEN(sectors); i++)
        if (text_eq_nocase(typed, text_of(sectors[i].typed)))
            return sectors[i].stix ? sectors[i].stix : sectors[i].typed;
    return NULL;
}

/* ---- lists in cells ---- */

static size_t list_size(struct text cell)
{
    size_t n = 0;
    struct text piece;
    while (text_split(&cell, ';', &piece))
        n++;
    return n;
}

/* "192.0.2.53 resolver" */
static bool network_parse(struct text t, struct organisation_network *ret)
{
    size_t end = 0;
    while (end < t.len && t.ptr[end] != ' ' && t.ptr[end] != '\t')
        end++;
    struct text role = text_trim(text_sub(t, end, t.len));
    ret->role = OWNER_PLAIN;
    return ipnet_parse(text_sub(t, 0, end), &ret->net) == OK && (role.len == 0 || role_parse_name(role, &ret->role));
}

static enum err refuse(struct arena *arena, const char **ret_reason, const char *what, struct text piece)
{
    char *reason = arena_printf(arena, "`%.*s` is no %s", piece.len > 100 ? 100 : (int)piece.len, piece.ptr, what);
    *ret_reason = reason ? reason : "a cell cannot be read";
    return ERR_MALFORMED;
}

static enum err networks_of_cell(struct arena *arena, struct text cell, struct organisation_record *r,
                                 const char **ret_reason)
{
    struct text piece;
    r->networks = arena_alloc(arena, (list_size(cell) + 1) * sizeof *r->networks);
    if (!r->networks)
        return ERR_NOMEM;
    while (text_split(&cell, ';', &piece)) {
        piece = text_trim(piece);
        if (piece.len == 0)
            continue;
        if (!network_parse(piece, &r->networks[r->network_count]))
            return refuse(arena, ret_reason, "address or network (with resolver, proxy or nat behind it)", piece);
        r->network_count++;
    }
    return OK;
}

static enum err add_domain(struct arena *arena, struct text raw, struct organisation_record *r)
{
    struct buffer normal;
    enum value_kind kind;
    buffer_init(&normal, VALUE_MAX_BYTES);
    enum err e = value_normalise(VALUE_DOMAIN, raw, &normal, &kind, NULL);
    if (e == OK)
        e = buffer_error(&normal);
    if (e == OK) {
        r->domains[r->domain_count] = arena_text(arena, buffer_text(&normal));
        e = r->domains[r->domain_count].ptr ? OK : ERR_NOMEM;
    }
    buffer_done(&normal);
    if (e == OK)
        r->domain_count++;
    return e;
}

static enum err domains_of_cell(struct arena *arena, struct text cell, struct organisation_record *r,
                                const char **ret_reason)
{
    struct text piece;
    r->domains = arena_alloc(arena, (list_size(cell) + 1) * sizeof *r->domains);
    if (!r->domains)
        return ERR_NOMEM;
    while (text_split(&cell, ';', &piece)) {
        piece = text_trim(piece);
        if (piece.len == 0)
            continue;
        enum err e = add_domain(arena, piece, r);
        if (e == ERR_MALFORMED)
            return refuse(arena, ret_reason, "domain name", piece);
        if (e != OK)
            return e;
    }
    return OK;
}

enum err organisation_of_row(struct arena *arena, struct text name, struct text sector, struct text networks,
                             struct text domains, struct text contacts, struct organisation_record *ret,
                             const char **ret_reason)
{
    if (name.len == 0 || name.len > NAME_MAX_BYTES || sector.len > NAME_MAX_BYTES) {
        *ret_reason = name.len == 0 ? "the row has no name" : "a name or sector is longer than 200 bytes";
        return ERR_MALFORMED;
    }
    struct organisation_record r = {.name = arena_text(arena, name),
                                    .sector = arena_text(arena, sector),
                                    .contacts = arena_text(arena, contacts)};
    if (!r.name.ptr || !r.sector.ptr || !r.contacts.ptr)
        return ERR_NOMEM;
    enum err e = networks_of_cell(arena, networks, &r, ret_reason);
    if (e == OK)
        e = domains_of_cell(arena, domains, &r, ret_reason);
    if (e == OK)
        *ret = r;
    return e;
}

/* ---- the object ---- */

struct text organisation_net_text(struct arena *arena, const struct ipnet *net)
{
    char addr[IPADDR_TEXT_MAX];
    struct text a = ipaddr_format(&net->addr, addr);
    if (net->len == net->addr.bits)
        return arena_text(arena, a);
    char *text = arena_printf(arena, TEXT_FMT "/%u", TEXT_ARG(a), net->len);
    return text_of(text);
}

static void put_net(struct json_out *o, const struct organisation_network *n)
{
    char addr[IPADDR_TEXT_MAX], text[IPADDR_TEXT_MAX + 8];
    struct text a = ipaddr_format(&n->net.addr, addr);
    int len = snprintf(text, sizeof text, TEXT_FMT "/%u", TEXT_ARG(a), n->net.len);
    json_open(o, '{');
    json_member_text(o, "net", n->net.len == n->net.addr.bits ? a : (struct text){text, len > 0 ? (size_t)len : 0});
    json_member_text(o, "role", text_of(owner_role_name(n->role)));
    json_close(o, '}');
}

static void put_contacts(struct json_out *o, struct text contacts)
{
    struct text piece;
    bool opened = false;
    while (text_split(&contacts, ';', &piece)) {
        piece = text_trim(piece);
        if (piece.len == 0)
            continue;
        if (!opened) {
            json_key(o, TEXT("contacts"));
            json_open(o, '[');
            opened = true;
        }
        json_put_text(o, piece);
    }
    if (opened)
        json_close(o, ']');
}

static void put_register_entry(struct json_out *o, const struct organisation_record *r)
{
    json_key(o, TEXT("extensions"));
    json_open(o, '{');
    json_key(o, TEXT(EXT_ORGANISATION));
    json_open(o, '{');
    json_member_text(o, "extension_type", TEXT("property-extension"));
    if (r->sector.len > 0)
        json_member_text(o, "sector", r->sector);
    if (r->network_count > 0) {
        json_key(o, TEXT("networks"));
        json_open(o, '[');
        for (size_t i = 0; i < r->network_count; i++)
            put_net(o, &r->networks[i]);
        json_close(o, ']');
    }
    if (r->domain_count > 0) {
        json_key(o, TEXT("domains"));
        json_open(o, '[');
        for (size_t i = 0; i < r->domain_count; i++)
            json_put_text(o, r->domains[i]);
        json_close(o, ']');
    }
    put_contacts(o, r->contacts);
    json_close(o, '}');
    json_close(o, '}');
}

void organisation_write(const struct organisation_record *r, struct text id, const struct fact_genesis *g,
                        const struct own_times *times, struct buffer *out)
{
    const char *sector = stix_sector(r->sector);
    struct json_out o = json_out_to(out);
    json_open(&o, '{');
    own_put_common(&o, id, g, times, TLP_NONE);
    json_member_text(&o, "name", r->name);
    json_member_text(&o, "identity_class", TEXT("organization"));
    if (sector) {
        json_key(&o, TEXT("sectors"));
        json_open(&o, '[');
        json_put_text(&o, text_of(sector));
        json_close(&o, ']');
    }
    put_register_entry(&o, r);
    json_close(&o, '}');
}

static enum err networks_of_object(struct arena *arena, const struct json_val *list, struct organisation_record *r)
{
    r->networks = arena_alloc(arena, (json_size(list) + 1) * sizeof *r->networks);
    if (!r->networks)
        return ERR_NOMEM;
    struct json_iter it = json_iter_of(list);
    while (json_next(&it)) {
        struct organisation_network *n = &r->networks[r->network_count];
        n->role = OWNER_PLAIN;
        (void)role_parse_name(json_text(json_get(it.val, "role")), &n->role);
        if (ipnet_parse(json_text(json_get(it.val, "net")), &n->net) == OK)
            r->network_count++;
    }
    return OK;
}

static enum err domains_of_object(struct arena *arena, const struct json_val *list, struct organisation_record *r)
{
    r->domains = arena_alloc(arena, (json_size(list) + 1) * sizeof *r->domains);
    if (!r->domains)
        return ERR_NOMEM;
    struct json_iter it = json_iter_of(list);
    while (json_next(&it)) {
        enum err e = add_domain(arena, json_text(it.val), r);
        if (e != OK && e != ERR_MALFORMED)
            return e;
    }
    return OK;
}

static enum err contacts_of_object(struct arena *arena, const struct json_val *list, struct text *ret)
{
    struct buffer all;
    buffer_init(&all, STIX_OBJECT_MAX_BYTES);
    struct json_iter it = json_iter_of(list);
    while (json_next(&it)) {
        if (all.len > 0)
            buffer_add_char(&all, ';');
        buffer_add(&all, json_text(it.val));
    }
    enum err e = buffer_error(&all);
    if (e == OK) {
        *ret = arena_text(arena, buffer_text(&all));
        e = ret->ptr ? OK : ERR_NOMEM;
    }
    buffer_done(&all);
    return e;
}

enum err organisation_of_object(struct arena *arena, const struct json_val *identity, struct organisation_record *ret)
{
    const struct json_val *x = json_get(json_get(identity, "extensions"), EXT_ORGANISATION);
    struct organisation_record r = {0};
    if (!x || !uuid_of_id(json_text(json_get(identity, "id")), &r.id))
        return ERR_NOT_FOUND;
    r.name = arena_text(arena, json_text(json_get(identity, "name")));
    r.sector = arena_text(arena, json_text(json_get(x, "sector")));
    if (!r.name.ptr || !r.sector.ptr)
        return ERR_NOMEM;
    enum err e = networks_of_object(arena, json_get(x, "networks"), &r);
    if (e == OK)
        e = domains_of_object(arena, json_get(x, "domains"), &r);
    if (e == OK)
        e = contacts_of_object(arena, json_get(x, "contacts"), &r.contacts);
    if (e == OK)
        *ret = r;
    return e;
}
