#include "store/scope.h"

static const char *const names[SCOPE_BITS] = {"taxii-read", "taxii-write", "api-read", "api-write", "report", "log"};

#define PARTNER_DEFAULT (SCOPE_TAXII_READ | SCOPE_TAXII_WRITE | SCOPE_LOG)
#define READER_ALLOWED  (SCOPE_TAXII_READ | SCOPE_API_READ | SCOPE_LOG)

unsigned scopes_allowed(bool machine_of_party, enum role role)
{
    if (machine_of_party)
        return PARTNER_DEFAULT | SCOPE_REPORT;
    if (role >= ROLE_ANALYST)
        return SCOPES_ALL;
    return role == ROLE_READER ? READER_ALLOWED : 0;
}

unsigned scopes_default(bool machine_of_party, enum role role)
{
    return machine_of_party ? PARTNER_DEFAULT : scopes_allowed(false, role);
}

const char *scope_name(unsigned one)
{
    for (size_t i = 0; i < SCOPE_BITS; i++)
        if (one == 1U << i)
            return names[i];
    return NULL;
}

enum err scopes_parse(struct text list, unsigned *ret, struct text *ret_bad)
{
    unsigned found = 0;
    struct text rest = list, piece;
    while (text_split(&rest, ',', &piece)) {
        size_t i = 0;
        piece = text_trim(piece);
        while (i < SCOPE_BITS && !text_eq(piece, text_of(names[i])))
            i++;
        if (i == SCOPE_BITS) {
            if (ret_bad)
                *ret_bad = piece;
            return ERR_USAGE;
        }
        found |= 1U << i;
    }
    *ret = found;
    return OK;
}

void scopes_write(unsigned scopes, struct buffer *out)
{
    const char *comma = "";
    for (size_t i = 0; i < SCOPE_BITS; i++) {
        if (!(scopes & 1U << i))
            continue;
        buffer_addf(out, "%s%s", comma, names[i]);
        comma = ",";
    }
}
