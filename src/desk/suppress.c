/* desk/suppress.c - see suppress.h. All lists of a type share one table, so that a look-up costs the same however
 * many lists there are: whole values and host names by hash (a host name is asked label by label from its end),
 * networks by hash of their bits for each prefix length that occurs, substrings by hash of their first 8, 4, 2 or 1
 * bytes at each place of the value behind a filter of bits. */
#include "desk/suppress.h"

#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "desk/suppress_inside.h"
#include "json/json.h"

#define LISTS_MAX   4096
#define ENTRIES_MAX ((size_t)64 << 20)
#define POOL_MAX    ((size_t)UINT32_MAX)

enum err suppress_new(struct suppress **ret)
{
    struct suppress *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    buffer_init(&s->pool, POOL_MAX);
    *ret = s;
    return OK;
}

void suppress_free(struct suppress *s)
{
    if (!s)
        return;
    suppress_regexes_free(s);
    buffer_done(&s->pool);
    free(s->lists);
    free(s->entries);
    free(s->slots);
    free(s->filter);
    free(s->allowed);
    free(s);
}

/* ---- adding ---- */

static bool make_room(void **list, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return true;
    size_t more = *cap ? 2 * *cap : 64;
    void *grown = realloc(*list, more * size);
    if (!grown)
        return false;
    *list = grown;
    *cap = more;
    return true;
}

/* Family, length and the bits: a network as it is looked up. */
static struct text network_key(const struct ipnet *net, char out[18])
{
    out[0] = (char)net->addr.bits;
    out[1] = (char)net->len;
    memcpy(out + 2, net->addr.b, 16);
    return (struct text){out, 18};
}

static enum err add_entry(struct suppress *s, const struct suppress_list *l, struct text text)
{
    struct ipnet net;
    char key[18];
    if (s->entry_count >= ENTRIES_MAX)
        return ERR_LIMIT;
    if (!make_room((void **)&s->entries, s->entry_count, &s->entry_cap, sizeof *s->entries))
        return ERR_NOMEM;
    struct suppress_entry *e = &s->entries[s->entry_count];
    *e = (struct suppress_entry){
        .list = (uint16_t)(s->list_count - 1), .at = (uint32_t)s->pool.len, .len = (uint16_t)text.len};
    buffer_add(&s->pool, text);
    s->has[l->type] = true;
    if (l->type == WARNINGLIST_CIDR) {
        if (ipnet_parse(text, &net) != OK)
            return ERR_MALFORMED;
        e->hash = suppress_hash(WARNINGLIST_CIDR, network_key(&net, key));
        s->lengths[net.addr.bits == 128][net.len] = true;
    } else if (l->type == WARNINGLIST_SUBSTRING) {
        unsigned window = suppress_window(text.len);
        s->windows[window] = true;
        e->hash = suppress_hash(WARNINGLIST_SUBSTRING, text_sub(text, 0, (size_t)1 << window));
    } else {
        e->hash = suppress_hash(l->type, text);
    }
    s->entry_count++;
    return buffer_error(&s->pool);
}

static enum err add_all(struct suppress *s, const struct json_val *root, struct fault *reterr)
{
    struct text name = json_text(json_get(root, "name"));
    if (s->list_count >= LISTS_MAX)
        return fault_set(reterr, ERR_LIMIT, "more than %d warning lists", LISTS_MAX);
    if (!make_room((void **)&s->lists, s->list_count, &s->list_cap, sizeof *s->lists))
        return ERR_NOMEM;
    struct suppress_list *l = &s->lists[s->list_count];
    *l = (struct suppress_list){.type = warninglist_type_parse(json_text(json_get(root, "type"))),
                                .at = (uint32_t)s->pool.len,
                                .len = (uint16_t)name.len};
    const struct json_val *entries = json_get(root, "entries");
    if (l->type == WARNINGLIST_NONE || name.len == 0 || name.len > WARNINGLIST_NAME_MAX_BYTES ||
        json_type(entries) != JSON_ARRAY)
        return fault_set(reterr, ERR_MALFORMED, "no checked warning list");
    buffer_add(&s->pool, name);
    for (struct json_iter it = json_iter_of(json_get(root, "kinds")); json_next(&it);)
        l->kinds |= 1u << value_kind_parse(json_text(it.val));
    s->list_count++;
    enum err err = buffer_error(&s->pool);
    for (struct json_iter it = json_iter_of(entries); err == OK && json_next(&it);) {
        struct text t = json_text(it.val);
        if (t.len == 0 || t.len > WARNINGLIST_ENTRY_MAX_BYTES + 32)
            err = ERR_MALFORMED;
        else if (l->type == WARNINGLIST_REGEX)
            err = suppress_regex_add(s, t);
        else
            err = add_entry(s, &s->lists[s->list_count - 1], t);
    }
    return err == ERR_MALFORMED ? fault_set(reterr, err, "no checked warning list") : err;
}

enum err suppress_add(struct suppress *s, struct text list, struct fault *reterr)
{
    struct json_doc *doc;
    enum err err = json_parse(list, &doc, reterr);
    if (err != OK)
        return err;
    err = add_all(s, json_root(doc), reterr);
    json_free(doc);
    return err == ERR_NOMEM ? fault_set(reterr, err, "no memory for warning lists") : err;
}

enum err suppress_ready(struct suppress *s)
{
    size_t want = 64;
    while (want < 2 * s->entry_count)
        want *= 2;
    s->slots = calloc(want, sizeof *s->slots);
    s->filter = calloc(FILTER_BITS / 64, sizeof *s->filter);
    if (!s->slots || !s->filter)
        return ERR_NOMEM;
    s->slot_mask = want - 1;
    for (size_t i = 0; i < s->entry_count; i++) {
        size_t at = s->entries[i].hash & s->slot_mask;
        while (s->slots[at])
            at = (at + 1) & s->slot_mask;
        s->slots[at] = (uint32_t)i + 1;
        if (s->lists[s->entries[i].list].type == WARNINGLIST_SUBSTRING)
            s->filter[s->entries[i].hash % FILTER_BITS / 64] |= 1ull << (s->entries[i].hash % 64);
    }
    return OK;
}

/* ---- asking ---- */

static struct suppressed found_on(const struct suppress *s, uint16_t list, struct text entry)
{
    const struct suppress_list *l = &s->lists[list];
    return (struct suppressed){SUPPRESS_LIST, {s->pool.ptr + l->at, l->len}, entry};
}

struct question {
    enum value_kind kind;
    enum warninglist_type type;
    uint64_t hash;
    struct text whole;       /* must equal the entry; of substrings: what must begin with it; */
    const struct ipnet *net; /* networks: what it must be */
};

static bool same_network(struct text entry, const struct ipnet *net)
{
    struct ipnet other;
    return ipnet_parse(entry, &other) == OK && other.len == net->len && ipaddr_eq(&other.addr, &net->addr);
}

/* The first entry of a list that speaks of the kind: in the order of the names of lists. */
static bool look_up(const struct suppress *s, const struct question *q, struct suppressed *ret)
{
    size_t best = SIZE_MAX;
    for (size_t at = q->hash & s->slot_mask; s->slots[at]; at = (at + 1) & s->slot_mask) {
        size_t i = s->slots[at] - 1;
        const struct suppress_entry *e = &s->entries[i];
        const struct suppress_list *l = &s->lists[e->list];
        if (e->hash != q->hash || l->type != q->type || !(l->kinds >> q->kind & 1) || i > best)
            continue;
        struct text entry = {s->pool.ptr + e->at, e->len};
        bool same = q->net                             ? same_network(entry, q->net)
                    : q->type == WARNINGLIST_SUBSTRING ? text_starts(q->whole, entry)
                                                       : text_eq(q->whole, entry);
        if (same)
            best = i;
    }
    if (best == SIZE_MAX)
        return false;
    const struct suppress_entry *e = &s->entries[best];
    *ret = found_on(s, e->list, (struct text){s->pool.ptr + e->at, e->len});
    return true;
}

static bool check_network(const struct suppress *s, enum value_kind kind, const struct ipnet *net,
                          struct suppressed *ret)
{
    char key[18];
    for (int len = net->len; s->has[WARNINGLIST_CIDR] && len >= 0; len--) {
        if (!s->lengths[net->addr.bits == 128][len])
            continue;
        struct ipnet wider = {ipaddr_mask(net->addr, (uint8_t)len), (uint8_t)len};
        const struct question q = {kind, WARNINGLIST_CIDR, suppress_hash(WARNINGLIST_CIDR, network_key(&wider, key)),
                                   TEXT_NONE, &wider};
        if (look_up(s, &q, ret))
            return true;
    }
    return false;
}

static bool check_hostname(const struct suppress *s, enum value_kind kind, struct text host, struct suppressed *ret)
{
    while (s->has[WARNINGLIST_HOSTNAME] && host.len) {
        const struct question q = {kind, WARNINGLIST_HOSTNAME, suppress_hash(WARNINGLIST_HOSTNAME, host), host, NULL};
        if (look_up(s, &q, ret))
            return true;
        ptrdiff_t dot = text_find(host, '.', 0);
        if (dot < 0)
            return false;
        host = text_sub(host, (size_t)dot + 1, host.len);
    }
    return false;
}

static bool check_substring(const struct suppress *s, enum value_kind kind, struct text value, struct suppressed *ret)
{
    for (unsigned window = 0; s->has[WARNINGLIST_SUBSTRING] && window < SUBSTRING_WINDOWS; window++) {
        size_t width = (size_t)1 << window;
        for (size_t at = 0; s->windows[window] && at + width <= value.len; at++) {
            uint64_t hash = suppress_hash(WARNINGLIST_SUBSTRING, text_sub(value, at, width));
            if (!(s->filter[hash % FILTER_BITS / 64] >> (hash % 64) & 1))
                continue;
            const struct question q = {kind, WARNINGLIST_SUBSTRING, hash, text_sub(value, at, value.len), NULL};
            if (look_up(s, &q, ret))
                return true;
        }
    }
    return false;
}

/* The host of a URL, without port and brackets; of an e-mail address, of a domain itself. */
static struct text host_of(enum value_kind kind, struct text value)
{
    if (kind == VALUE_EMAIL) {
        ptrdiff_t at = text_find(value, '@', 0);
        return at < 0 ? TEXT_NONE : text_sub(value, (size_t)at + 1, value.len);
    }
    if (kind != VALUE_URL)
        return kind == VALUE_DOMAIN ? value : TEXT_NONE;
    ptrdiff_t scheme = text_find_text(value, TEXT("://"));
    struct text rest = scheme < 0 ? TEXT_NONE : text_sub(value, (size_t)scheme + 3, value.len);
    size_t end = 0;
    while (end < rest.len && !strchr("/?#", rest.ptr[end]))
        end++;
    rest = text_sub(rest, 0, end);
    for (ptrdiff_t at; (at = text_find(rest, '@', 0)) >= 0;)
        rest = text_sub(rest, (size_t)at + 1, rest.len);
    if (text_starts(rest, TEXT("["))) {
        ptrdiff_t close = text_find(rest, ']', 0);
        return close < 0 ? TEXT_NONE : text_sub(rest, 1, (size_t)close - 1);
    }
    ptrdiff_t colon = text_find(rest, ':', 0);
    return colon < 0 ? rest : text_sub(rest, 0, (size_t)colon);
}

static struct suppressed check_lists(const struct suppress *s, enum value_kind kind, struct text value)
{
    struct suppressed found = {SUPPRESS_NOT, TEXT_NONE, TEXT_NONE};
    struct ipnet net;
    char lower[VALUE_MAX_BYTES];
    size_t len = value.len < sizeof lower ? value.len : sizeof lower;
    for (size_t i = 0; i < len; i++)
        lower[i] = value.ptr[i] >= 'A' && value.ptr[i] <= 'Z' ? (char)(value.ptr[i] | 0x20) : value.ptr[i];
    struct text folded = {lower, len}, host = host_of(kind, folded);
    bool address = kind == VALUE_IPV4 || kind == VALUE_IPV6 || kind == VALUE_CIDR;
    const struct question whole = {kind, WARNINGLIST_STRING, suppress_hash(WARNINGLIST_STRING, folded), folded, NULL};
    if (look_up(s, &whole, &found) || check_hostname(s, kind, host, &found))
        return found;
    if ((address || kind == VALUE_URL) && ipnet_parse(address ? value : host, &net) == OK &&
        check_network(s, kind, &net, &found))
        return found;
    if (!check_substring(s, kind, folded, &found))
        (void)suppress_regex_check(s, kind, value, &found);
    return found;
}

/* ---- what needs no list ---- */

static bool is_public_suffix(struct text domain)
{
    char name[DOMAIN_MAX_BYTES + 1];
    if (domain.len > DOMAIN_MAX_BYTES)
        return false;
    memcpy(name, domain.ptr, domain.len);
    name[domain.len] = 0;
    return psl_is_public_suffix(psl_builtin(), name);
}

const char *suppress_edition(void)
{
    return psl_builtin_sha1sum();
}

static enum suppress_why hits_everything(enum value_kind kind, struct text value)
{
    struct ipnet net;
    static const struct ipaddr none;
    if (kind == VALUE_DOMAIN)
        return is_public_suffix(value)                         ? SUPPRESS_PUBLIC_SUFFIX
               : text_eq(value, TEXT("localhost.localdomain")) ? SUPPRESS_LOCAL
                                                               : SUPPRESS_NOT;
    if ((kind != VALUE_IPV4 && kind != VALUE_IPV6 && kind != VALUE_CIDR) || ipnet_parse(value, &net) != OK)
        return SUPPRESS_NOT;
    if (net.len <= SUPPRESS_BITS_MAX)
        return SUPPRESS_TOO_WIDE;
    struct ipaddr unspecified = none, loopback = none, last = net.addr;
    unspecified.bits = loopback.bits = net.addr.bits;
    if (net.addr.bits == 32)
        return net.addr.b[0] == 127 || (net.len == 32 && ipaddr_eq(&last, &unspecified)) ? SUPPRESS_LOCAL
                                                                                         : SUPPRESS_NOT;
    loopback.b[15] = 1;
    return net.len == 128 && (ipaddr_eq(&last, &unspecified) || ipaddr_eq(&last, &loopback)) ? SUPPRESS_LOCAL
                                                                                             : SUPPRESS_NOT;
}

struct suppressed suppress_check(const struct suppress *s, enum value_kind kind, struct text value)
{
    enum suppress_why why = hits_everything(kind, value);
    if (why != SUPPRESS_NOT)
        return (struct suppressed){why, TEXT_NONE, value};
    if (s->list_count == 0)
        return (struct suppressed){SUPPRESS_NOT, TEXT_NONE, TEXT_NONE};
    return check_lists(s, kind, value);
}

static int compare_uuid(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

struct suppressed suppress_indicator(const struct suppress *s, const struct uuid *indicator, enum value_kind kind,
                                     struct text value)
{
    struct suppressed found = suppress_check(s, kind, value);
    if (found.why != SUPPRESS_NOT && s->allowed_count &&
        bsearch(indicator, s->allowed, s->allowed_count, sizeof *s->allowed, compare_uuid))
        return (struct suppressed){SUPPRESS_NOT, TEXT_NONE, TEXT_NONE};
    return found;
}

enum err suppress_allow(struct suppress *s, const struct uuid *indicator)
{
    if (!make_room((void **)&s->allowed, s->allowed_count, &s->allowed_cap, sizeof *s->allowed))
        return ERR_NOMEM;
    s->allowed[s->allowed_count++] = *indicator;
    qsort(s->allowed, s->allowed_count, sizeof *s->allowed, compare_uuid);
    return OK;
}
