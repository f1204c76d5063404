/* desk/register.c - see register.h: one immutable generation of the register, and the questions put to it. */
#include "desk/register.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "desk/register_inside.h"

/* All texts of one generation: some hundred bytes an organisation. */
#define REGISTER_MAX_BYTES GIB

struct constituency {
    atomic_size_t references;
    struct arena arena;        /* texts */
    struct organisation *list; /* by name */
    size_t count;
    uint32_t *by_id; /* numbers in list, by id */
    struct net_entry *nets;
    size_t net_count;
    struct name_table names;
};

/* ---- making ---- */

static void constituency_free(struct constituency *c)
{
    free(c->list);
    free(c->by_id);
    free(c->nets);
    names_done(&c->names);
    arena_done(&c->arena);
    free(c);
}

static int by_name(const void *a, const void *b)
{
    const struct organisation_record *const *x = a, *const *y = b;
    int c = text_cmp((*x)->name, (*y)->name);
    return c != 0 ? c : memcmp(&(*x)->id, &(*y)->id, sizeof(*x)->id);
}

static int by_id(const void *a, const void *b, void *list)
{
    const struct organisation *l = list;
    const uint32_t *x = a, *y = b;
    return memcmp(&l[*x].id, &l[*y].id, sizeof l->id);
}

static enum err add_organisation(struct constituency *c, const struct organisation_record *r, size_t number)
{
    struct organisation *o = &c->list[number];
    *o = (struct organisation){.id = r->id,
                               .name = arena_text(&c->arena, r->name),
                               .sector = arena_text(&c->arena, r->sector),
                               .contacts = arena_text(&c->arena, r->contacts),
                               .network_count = r->network_count,
                               .domain_count = r->domain_count};
    if (!o->name.ptr || !o->sector.ptr || !o->contacts.ptr)
        return ERR_NOMEM;
    for (size_t i = 0; i < r->network_count; i++) {
        struct net_entry *n = &c->nets[c->net_count];
        *n = (struct net_entry){.net = r->networks[i].net,
                                .organisation = (uint32_t)number,
                                .text = organisation_net_text(&c->arena, &r->networks[i].net),
                                .role = (uint8_t)r->networks[i].role};
        if (!n->text.ptr)
            return ERR_NOMEM;
        c->net_count++;
    }
    for (size_t i = 0; i < r->domain_count; i++) {
        struct text name = arena_text(&c->arena, r->domains[i]);
        if (!name.ptr)
            return ERR_NOMEM;
        names_add(&c->names, name, (uint32_t)number);
    }
    return OK;
}

static enum err fill(struct constituency *c, const struct organisation_record **sorted, size_t count)
{
    size_t nets = 0, names = 0;
    for (size_t i = 0; i < count; i++) {
        nets += sorted[i]->network_count;
        names += sorted[i]->domain_count;
    }
    if (count >= NET_NONE || nets >= NET_NONE)
        return ERR_LIMIT;
    c->list = calloc(count + 1, sizeof *c->list);
    c->by_id = calloc(count + 1, sizeof *c->by_id);
    c->nets = calloc(nets + 1, sizeof *c->nets);
    enum err e = names_init(&c->names, names + 1);
    if (e != OK || !c->list || !c->by_id || !c->nets)
        return ERR_NOMEM;
    for (size_t i = 0; e == OK && i < count; i++) {
        e = add_organisation(c, sorted[i], i);
        c->by_id[i] = (uint32_t)i;
    }
    if (e != OK)
        return e;
    c->count = count;
    qsort_r(c->by_id, count, sizeof *c->by_id, by_id, c->list);
    c->net_count = nets_prepare(c->nets, c->net_count);
    return OK;
}

enum err constituency_new(const struct organisation_record *records, size_t count, struct constituency **ret)
{
    const struct organisation_record **sorted = calloc(count + 1, sizeof *sorted);
    struct constituency *c = calloc(1, sizeof *c);
    enum err e = sorted && c ? OK : ERR_NOMEM;
    if (e == OK) {
        atomic_init(&c->references, 1);
        arena_init(&c->arena, REGISTER_MAX_BYTES);
        for (size_t i = 0; i < count; i++)
            sorted[i] = &records[i];
        qsort(sorted, count, sizeof *sorted, by_name);
        e = fill(c, sorted, count);
        if (e == OK)
            *ret = c;
        else
            constituency_free(c);
    } else {
        free(c);
    }
    free(sorted);
    return e;
}

struct constituency *constituency_ref(struct constituency *c)
{
    atomic_fetch_add(&c->references, 1);
    return c;
}

void constituency_unref(struct constituency *c)
{
    if (c && atomic_fetch_sub(&c->references, 1) == 1)
        constituency_free(c);
}

/* ---- from the view ---- */

struct read_register {
    const struct uuid *identity;
    organisation_body *read_body;
    void *self;
    struct arena *arena;
    struct organisation_record *records; /* malloc */
    size_t count, cap;
    struct buffer body;
    struct fault *reterr;
};

static enum err read_identity(void *self, const struct version_row *row)
{
    struct read_register *r = self;
    if (!uuid_eq(&row->party, r->identity) || row->revoked)
        return OK;
    buffer_clear(&r->body);
    enum err e = r->read_body(r->self, row->body, &r->body, r->reterr);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e; /* erased */
    if (r->count == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 256;
        struct organisation_record *more = realloc(r->records, cap * sizeof *more);
        if (!more)
            return ERR_NOMEM;
        r->records = more;
        r->cap = cap;
    }
    struct json_doc *doc;
    e = json_parse(buffer_text(&r->body), &doc, r->reterr);
    if (e != OK)
        return e;
    e = organisation_of_object(r->arena, json_root(doc), &r->records[r->count]);
    json_free(doc);
    if (e == OK)
        r->count++;
    return e == ERR_NOT_FOUND ? OK : e;
}

enum err organisations_read(struct view *v, const struct uuid *identity, organisation_body *read_body, void *self,
                            struct arena *arena, struct organisation_record **ret, size_t *ret_count,
                            struct fault *reterr)
{
    struct read_register r = {
        .identity = identity, .read_body = read_body, .self = self, .arena = arena, .reterr = reterr};
    buffer_init(&r.body, STIX_OBJECT_MAX_BYTES);
    enum err e = view_of_type(v, TEXT("identity"), UINT32_MAX, read_identity, &r, reterr);
    buffer_done(&r.body);
    if (e != OK) {
        free(r.records);
        return e;
    }
    *ret = r.records;
    *ret_count = r.count;
    return OK;
}

static enum err body_from_node(void *self, struct place place, struct buffer *out, struct fault *reterr)
{
    return node_body(self, place, out, reterr);
}

enum err constituency_load(struct node *node, struct view *v, struct constituency **ret, struct fault *reterr)
{
    struct arena arena;
    struct organisation_record *records = NULL;
    size_t count = 0;
    arena_init(&arena, REGISTER_MAX_BYTES);
    enum err e =
        organisations_read(v, &node_genesis(node)->identity, body_from_node, node, &arena, &records, &count, reterr);
    if (e == OK) {
        e = constituency_new(records, count, ret);
    }
    if (e == ERR_NOMEM || e == ERR_LIMIT)
        fault_set(reterr, e, "no memory for the constituency register");
    free(records);
    arena_done(&arena);
    return e;
}

enum err constituency_empty(struct constituency **ret)
{
    return constituency_new(NULL, 0, ret);
}

/* ---- questions ---- */

size_t constituency_size(const struct constituency *c)
{
    return c->count;
}

const struct organisation *constituency_at(const struct constituency *c, size_t i)
{
    return i < c->count ? &c->list[i] : NULL;
}

const struct organisation *constituency_by_id(const struct constituency *c, const struct uuid *id)
{
    size_t low = 0, high = c->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct organisation *o = &c->list[c->by_id[mid]];
        int order = memcmp(&o->id, id, sizeof *id);
        if (order == 0)
            return o;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

static struct register_hit hit_of_net(const struct constituency *c, const struct net_entry *n)
{
    if (!n)
        return (struct register_hit){0};
    return (struct register_hit){&c->list[n->organisation], (enum owner_role)n->role, n->text};
}

struct register_hit constituency_address(const struct constituency *c, const struct ipaddr *a)
{
    return hit_of_net(c, nets_find(c->nets, c->net_count, a, a->bits));
}

struct register_hit constituency_domain(const struct constituency *c, struct text name)
{
    const struct name_entry *n = names_find(&c->names, name);
    if (!n)
        return (struct register_hit){0};
    return (struct register_hit){&c->list[n->organisation], OWNER_PLAIN, n->name};
}

/* The host of a URL or the domain of an e-mail address; anything else as it is. */
static struct text host_of(struct text value)
{
    ptrdiff_t scheme = text_find_text(value, TEXT("://"));
    if (scheme >= 0)
        value = text_sub(value, (size_t)scheme + 3, value.len);
    size_t end = 0;
    while (scheme >= 0 && end < value.len && !memchr("/?#", value.ptr[end], 3))
        end++;
    if (scheme >= 0)
        value.len = end;
    for (size_t i = value.len; i-- > 0;)
        if (value.ptr[i] == '@')
            return text_sub(value, i + 1, value.len);
    return value;
}

/* "[2001:db8::1]:443" and "192.0.2.1:53" without brackets and port. */
static struct text without_port(struct text host)
{
    ptrdiff_t bracket = text_find(host, ']', 0);
    if (host.len > 0 && host.ptr[0] == '[' && bracket > 0)
        return text_sub(host, 1, (size_t)bracket - 1);
    ptrdiff_t colon = text_find(host, ':', 0);
    bool single = colon >= 0 && text_find(host, ':', (size_t)colon + 1) < 0;
    return single ? text_sub(host, 0, (size_t)colon) : host;
}

struct register_hit constituency_who(const struct constituency *c, struct text value)
{
    struct ipaddr a;
    struct ipnet net;
    value = text_trim(value);
    if (ipnet_parse(value, &net) == OK)
        return hit_of_net(c, nets_find(c->nets, c->net_count, &net.addr, net.len));
    value = without_port(host_of(value));
    if (ipaddr_parse(value, &a) == OK)
        return constituency_address(c, &a);
    return constituency_domain(c, value);
}

/* ---- who is affected ---- */

static bool overlaps(const struct scan_seen *s, size_t start, size_t len)
{
    return s->start < start + len && start < s->start + s->len;
}

static bool same_thing(const struct scan_seen *a, const struct scan_seen *b)
{
    if (a->is_address != b->is_address)
        return false;
    return a->is_address ? ipaddr_eq(&a->addr, &b->addr) : text_eq_nocase(a->name, b->name);
}

/* Is it the matched value, there or repeated elsewhere on the line? */
static bool is_matched(const struct scan_seen *seen, size_t count, const struct scan_seen *s, size_t start,
                       size_t len)
{
    if (overlaps(s, start, len))
        return true;
    for (size_t i = 0; i < count; i++)
        if (overlaps(&seen[i], start, len) && same_thing(&seen[i], s))
            return true;
    return false;
}

struct register_hit constituency_affected(const struct constituency *c, const struct scan_seen *seen, size_t count,
                                          size_t matched_start, size_t matched_len)
{
    struct register_hit best = {0};
    unsigned best_rank = 8;
    for (size_t i = 0; i < count && best_rank > 0; i++) {
        const struct scan_seen *s = &seen[i];
        struct register_hit h = s->is_address ? constituency_address(c, &s->addr) : constituency_domain(c, s->name);
        if (!h.organisation)
            continue;
        bool matched = is_matched(seen, count, s, matched_start, matched_len);
        unsigned rank = (matched ? 4 : 0) + (h.role != OWNER_PLAIN ? 2 : 0) + (s->is_address ? 0 : 1);
        if (rank < best_rank) {
            best = h;
            best_rank = rank;
        }
    }
    return best;
}
