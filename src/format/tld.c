/* format/tld.c - see tld.h. */
#include "format/tld.h"

#include <libpsl.h>
#include <string.h>

#include "base/limits.h"
#include "format/chars.h"

#define TLD_MAX_BYTES 63

/* libpsl wants a NUL behind it. */
static bool as_string(struct text t, char *out, size_t size)
{
    if (t.len == 0 || t.len >= size)
        return false;
    for (size_t i = 0; i < t.len; i++)
        out[i] = char_lower(t.ptr[i]);
    out[t.len] = 0;
    return true;
}

bool tld_known(struct text label)
{
    char name[TLD_MAX_BYTES + 1];
    return as_string(label, name, sizeof name) &&
           psl_is_public_suffix2(psl_builtin(), name, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE);
}

bool tld_reserved(struct text label)
{
    static const char *const names[] = {"example", "test", "invalid", "localhost"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (text_eq_nocase(label, text_of(names[i])))
            return true;
    return false;
}

struct text tld_registered(struct text host)
{
    char name[DOMAIN_MAX_BYTES + 1];
    if (!as_string(host, name, sizeof name))
        return host;
    const char *part = psl_registrable_domain(psl_builtin(), name);
    return part ? text_sub(host, (size_t)(part - name), host.len) : host;
}
