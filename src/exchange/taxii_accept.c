/* exchange/taxii_accept.c - media ranges. */
#include "exchange/taxii_accept.h"

static struct text unquoted(struct text t)
{
    bool quoted = t.len >= 2 && t.ptr[0] == '"' && t.ptr[t.len - 1] == '"';
    return quoted ? text_sub(t, 1, t.len - 2) : t;
}

/* q=0, q=0.000: not acceptable. */
static bool is_zero(struct text q)
{
    for (size_t i = 0; i < q.len; i++)
        if (q.ptr[i] != '0' && q.ptr[i] != '.')
            return false;
    return q.len > 0;
}

struct range {
    unsigned specific; /* 0: not about us; 1: any type, 2: any application, 3: TAXII, 4: TAXII of our version */
    bool refused;      /* q=0 */
};

/* The parameters of a media range: one for another version is not about us. */
static void take_parameters(struct text rest, struct range *r)
{
    struct text parameter, name;
    while (r->specific && text_split(&rest, ';', &parameter)) {
        struct text value = parameter;
        if (!text_split(&value, '=', &name))
            continue;
        name = text_trim(name);
        value = unquoted(text_trim(value));
        if (text_eq_nocase(name, TEXT("version")))
            r->specific = text_eq(value, TEXT("2.1")) ? r->specific + 1 : 0;
        if (text_eq_nocase(name, TEXT("q")) && is_zero(value))
            r->refused = true;
    }
}

static struct range range_of(struct text range)
{
    struct text rest = range, type;
    struct range r = {0};
    if (!text_split(&rest, ';', &type))
        return r;
    type = text_trim(type);
    if (text_eq(type, TEXT("*/*")))
        r.specific = 1;
    else if (text_eq_nocase(type, TEXT("application/*")))
        r.specific = 2;
    else if (text_eq_nocase(type, TEXT("application/taxii+json")))
        r.specific = 3;
    if (rest.ptr)
        take_parameters(rest, &r);
    return r;
}

bool taxii_is_ours(struct text content_type)
{
    struct range r = range_of(content_type);
    return r.specific >= 3 && !r.refused;
}

/* RFC 9110 section 12.5.1: the most specific range that is about us counts. */
bool taxii_accepts(struct text accept)
{
    struct text rest = text_trim(accept), one;
    struct range best = {0};
    if (!rest.len)
        return true;
    while (text_split(&rest, ',', &one)) {
        struct range r = range_of(one);
        if (r.specific > best.specific)
            best = r;
    }
    return best.specific && !best.refused;
}
