/* net/http_proxy.c - see http_proxy.h. What stands in these headers anybody may have written: only where the chain
 * of trusted proxies reaches does it count, and a word that is no address ends the chain. */
#include "net/http_proxy.h"

struct hops {
    struct text last[HTTP_HOPS_MAX]; /* a ring: hop i at i % HTTP_HOPS_MAX */
    size_t count;
};

static void add_hop(struct hops *h, struct text address)
{
    h->last[h->count++ % HTTP_HOPS_MAX] = address;
}

/* Up to `end` outside of a quoted string; takes it and what is before it off `rest`. */
static struct text take_until(struct text *rest, char end)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < rest->len && (quoted || rest->ptr[i] != end); i++) {
        if (quoted && rest->ptr[i] == '\\' && i + 1 < rest->len)
            i++;
        else if (rest->ptr[i] == '"')
            quoted = !quoted;
    }
    struct text taken = text_sub(*rest, 0, i);
    *rest = text_sub(*rest, i < rest->len ? i + 1 : i, rest->len);
    return text_trim(taken);
}

/* RFC 7239 section 4: for=VALUE among the parameters of one hop; none: the hop is not known. */
static struct text for_of(struct text element)
{
    while (element.len) {
        struct text pair = take_until(&element, ';');
        if (pair.len < 4 || !text_eq_nocase(text_sub(pair, 0, 4), TEXT("for=")))
            continue;
        struct text value = text_trim(text_sub(pair, 4, pair.len));
        bool quoted = value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"';
        return quoted ? text_sub(value, 1, value.len - 2) : value;
    }
    return TEXT("");
}

static void read_hops(const struct http_headers *headers, const char *name, bool parameters, struct hops *h)
{
    for (size_t i = 0; i < headers->count; i++) {
        struct text rest = headers->fields[i].value;
        if (!text_eq_nocase(headers->fields[i].name, text_of(name)))
            continue;
        do {
            struct text element = take_until(&rest, ',');
            add_hop(h, parameters ? for_of(element) : element);
        } while (rest.len);
    }
}

/* "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", "2001:db8::1". */
static bool address_of(struct text t, struct ipaddr *ret)
{
    ptrdiff_t colon = text_find(t, ':', 0), dot = text_find(t, '.', 0);
    if (text_starts(t, TEXT("["))) {
        ptrdiff_t end = text_find(t, ']', 0);
        if (end < 0)
            return false;
        t = text_sub(t, 1, (size_t)end - 1);
    } else if (dot >= 0 && colon > dot) {
        t = text_sub(t, 0, (size_t)colon);
    }
    return ipaddr_parse(t, ret) == OK;
}

bool http_proxy_trusted(const struct ipaddr *a, const struct ipnet *trusted, size_t trusted_count)
{
    for (size_t i = 0; i < trusted_count; i++)
        if (ipnet_has(&trusted[i], a))
            return true;
    return false;
}

static struct ipaddr walk(const struct hops *hops, const struct ipaddr *peer, const struct ipnet *trusted,
                          size_t trusted_count)
{
    struct ipaddr sender = *peer, named;
    size_t most = hops->count < HTTP_HOPS_MAX ? hops->count : HTTP_HOPS_MAX;
    for (size_t i = 0; i < most && http_proxy_trusted(&sender, trusted, trusted_count); i++) {
        if (!address_of(hops->last[(hops->count - 1 - i) % HTTP_HOPS_MAX], &named))
            break;
        sender = named;
    }
    return sender;
}

bool http_proxy_sender(const struct http_headers *headers, const struct ipaddr *peer, const struct ipnet *trusted,
                       size_t trusted_count, struct ipaddr *ret)
{
    struct hops standard = {.count = 0}, older = {.count = 0};
    *ret = *peer;
    if (!http_proxy_trusted(peer, trusted, trusted_count))
        return true;
    read_hops(headers, "Forwarded", true, &standard);
    read_hops(headers, "X-Forwarded-For", false, &older);
    const struct ipaddr one = walk(&standard, peer, trusted, trusted_count);
    const struct ipaddr other = walk(&older, peer, trusted, trusted_count);
    if (standard.count && older.count && !ipaddr_eq(&one, &other))
        return false;
    *ret = standard.count ? one : other;
    return true;
}

bool http_was_forwarded(const struct http_request *r)
{
    static const char *const names[] = {"Forwarded", "X-Forwarded-For",   "X-Forwarded-Host",
                                        "X-Real-IP", "X-Forwarded-Proto", "Via"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (http_header(r, names[i]).ptr)
            return true;
    return false;
}
