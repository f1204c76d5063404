/* desk/intake_decide.c - see intake_decide.h. */
#include "desk/intake_decide.h"

#include <string.h>

#include "base/limits.h"

static bool same_content(const struct intake_version *a, const struct intake_version *b)
{
    if (a->print != 0 || b->print != 0)
        return a->print == b->print;
    return sha256_eq(&a->hash, &b->hash);
}

/* > 0: a ranks above b. Never 0 for different content. */
static int rank(const struct intake_version *a, const struct intake_version *b)
{
    if (a->revoked != b->revoked)
        return a->revoked ? 1 : -1;
    if (a->modified_us != b->modified_us)
        return a->modified_us > b->modified_us ? 1 : -1;
    return memcmp(b->hash.b, a->hash.b, SHA256_BYTES);
}

/* Both of one authority and of different content. */
static enum intake_verdict succeed(const struct intake_version *arrived, const struct intake_version *current)
{
    /* A row of a table has the time of its arrival, so it is always the newest; nothing but a revocation outlasts it.
     */
    if (arrived->print != 0)
        return current->revoked ? INTAKE_OLDER : INTAKE_UPDATED;
    if (!arrived->versioned || !current->versioned)
        return current->revoked && !arrived->revoked ? INTAKE_OLDER : INTAKE_UPDATED;
    bool same_moment = arrived->modified_us == current->modified_us;
    if (rank(arrived, current) > 0)
        return same_moment ? INTAKE_WON : INTAKE_UPDATED;
    return same_moment ? INTAKE_CONFLICT : INTAKE_OLDER;
}

enum intake_verdict intake_decide(const struct intake_version *arrived, const struct intake_version *current,
                                  int64_t now_us)
{
    bool same_party = current && memcmp(&arrived->party, &current->party, sizeof arrived->party) == 0;
    if (current && same_content(arrived, current) && (same_party || arrived->forged))
        return INTAKE_UNCHANGED; /* forged and the same: our own object came home */
    if (arrived->versioned && arrived->modified_us > now_us + FUTURE_MAX_US)
        return INTAKE_QUARANTINED;
    if (arrived->forged)
        return INTAKE_CLAIM;
    if (!current)
        return INTAKE_FRESH;
    return same_party ? succeed(arrived, current) : INTAKE_CLAIM;
}
