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

/* The parameters of a media range allow our one version. */
static bool parameters_allow(struct text rest)
{
    struct text parameter, name;
    while (text_split(&rest, ';', &parameter)) {
        struct text value = parameter;
        if (!text_split(&value, '=', &name))
            continue;
        name = text_trim(name);
        value = unquoted(text_trim(value));
        if (text_eq_nocase(name, TEXT("version")) && !text_eq(value, TEXT("2.1")))
            return false;
        if (text_eq_nocase(name, TEXT("q")) && is_zero(value))
            return false;
    }
    return true;
}

bool taxii_is_ours(struct text content_type)
{
    struct text rest = content_type, type;
    return text_split(&rest, ';', &type) && text_eq_nocase(text_trim(type), TEXT("application/taxii+json")) &&
           (!rest.ptr || parameters_allow(rest));
}

static bool range_allows(struct text range)
{
    struct text rest = range, type;
    if (!text_split(&rest, ';', &type))
        return false;
    type = text_trim(type);
    bool any = text_eq(type, TEXT("*/*")) || text_eq_nocase(type, TEXT("application/*"));
    return any ? !rest.ptr || parameters_allow(rest) : taxii_is_ours(range);
}

bool taxii_accepts(struct text accept)
{
    struct text rest = text_trim(accept), range;
    if (!rest.len)
        return true;
    while (text_split(&rest, ',', &range))
        if (range_allows(range))
            return true;
    return false;
}
