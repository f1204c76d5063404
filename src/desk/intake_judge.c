/* desk/intake_judge.c - see intake_judge.h. Most of what arrives is new, the same again, or the next version by the
 * same party: that is told from the current version alone. For all else everything that is held of the object is
 * arranged anew (desk/holding.h). Both ways give the same: tests/unit/desk/arrivals.c. */
#include "desk/intake_judge.h"

#include <string.h>

static bool same_content(const struct arrival *a, const struct version_row *row)
{
    return a->print || row->print ? a->print == row->print : sha256_eq(&a->hash, &row->hash);
}

bool intake_same(const struct arrival *a, const struct version_row *current)
{
    return current && !current->withdrawn && !a->renews && same_content(a, current) &&
           uuid_eq(&a->party, &current->party) && a->authority <= current->authority;
}

struct others {
    const struct uuid *party;
    bool any_counts; /* of a mere source: any further word may make another the authority */
    bool some;
};

static enum err on_voucher(void *self, const struct voucher_row *row)
{
    struct others *o = self;
    o->some |= o->any_counts || (row->authority >= AUTHORITY_LOGGED && !uuid_eq(&row->party, o->party));
    return OK;
}

/* The next version by who has the say: by the party of what counts, as long as no other's log proves anything of the
 * object; of a mere source, as long as nobody else vouches for anything of it. */
static enum err is_next(struct txn *t, const struct arrival *a, const struct version_row *current, bool *ret,
                        struct fault *reterr)
{
    struct others others = {.party = &a->party, .any_counts = a->authority < AUTHORITY_DIRECT && !a->ours};
    enum err e = OK;
    bool later = a->versioned && current->modified.len && !current->revoked && a->modified_us > current->modified_us;
    *ret = later && uuid_eq(&a->party, &current->party) && a->authority == current->authority &&
           a->authority > AUTHORITY_NONE;
    if (*ret)
        e = view_vouchers(txn_view(t), a->id, on_voucher, &others, reterr);
    *ret = *ret && !others.some;
    return e;
}

/* ---- with all that is held ---- */

static struct holding_row row_of(struct txn *t, const struct arrival *a)
{
    return (struct holding_row){.version = {.n = UINT64_MAX,
                                            .versioned = a->versioned,
                                            .revoked = a->revoked,
                                            .modified_us = a->modified_us,
                                            .hash = a->hash,
                                            .party = a->party,
                                            .cls = a->cls},
                                .authority = a->authority,
                                .added_us = txn_now_us(t),
                                .print = a->print,
                                .text = a->body};
}

static const struct holding_row *row_at(const struct holding *h, uint64_t n)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->rows[i].version.n == n)
            return &h->rows[i];
    return NULL;
}

static enum intake_verdict verdict_of(const struct holding *h)
{
    const struct holding_row *r = holding_arrived(h), *before = row_at(h, h->current);
    switch (r->version.standing) {
    case STANDING_CURRENT: break;
    case STANDING_OLDER: return INTAKE_OLDER;
    case STANDING_CONFLICT: return INTAKE_CONFLICT;
    case STANDING_RENDITION: return INTAKE_RENDITION;
    default: return INTAKE_CLAIM;
    }
    if (!before)
        return INTAKE_FRESH;
    return before->version.standing == STANDING_CONFLICT ? INTAKE_WON : INTAKE_UPDATED;
}

/* As a version with an entry of its own. */
static enum err judge_row(struct txn *t, const struct arrival *a, struct judgement *j, struct fault *reterr)
{
    const struct holding_row row = row_of(t, a);
    enum err e = holding_add_row(&j->holding, &row);
    if (e != OK)
        return fault_set(reterr, e, "no memory for the versions of an object");
    e = holding_arrange(&j->holding, reterr);
    if (e == OK)
        j->verdict = verdict_of(&j->holding);
    return e;
}

/* As a further word for what is held. *ret_counts: by this word it comes to count. */
static enum err judge_path(const struct arrival *a, const struct holding_row *same, struct judgement *j,
                           bool *ret_counts, struct fault *reterr)
{
    const struct voucher_row word = {
        .entry = same->version.n, .hash = same->version.hash, .party = a->party, .authority = a->authority};
    j->verdict = INTAKE_PATH;
    j->entry = word.entry;
    enum err e = holding_add_voucher(&j->holding, &word);
    if (e != OK)
        return fault_set(reterr, e, "no memory for the versions of an object");
    e = holding_arrange(&j->holding, reterr);
    *ret_counts = e == OK && j->holding.promoted && sha256_eq(&j->holding.promoted->version.hash, &word.hash);
    return e;
}

static enum err judge_all(struct txn *t, const struct arrival *a, struct judgement *j, struct fault *reterr)
{
    j->full = true;
    enum err e = holding_load(&j->holding, t, a->id, reterr);
    if (e != OK)
        return e;
    const struct holding_row *same = holding_find(&j->holding, &a->hash, a->print, &a->party);
    if (!same)
        return judge_row(t, a, j, reterr);
    bool again = holding_vouched(&j->holding, same, &a->party, a->authority), counts = false;
    /* our own that comes home says nothing; nor does a row of a table, whose times are ours */
    if (again || a->print || (a->authority == AUTHORITY_NONE && same->authority > AUTHORITY_NONE))
        return OK;
    /* The originator's own line, and what is ours, has an entry with a class of its own: who it came from counts. */
    bool own_entry = !uuid_eq(&same->version.party, &a->party) && (a->authority == AUTHORITY_DIRECT || a->ours);
    if (own_entry)
        return judge_row(t, a, j, reterr);
    e = judge_path(a, same, j, &counts, reterr);
    if (e != OK || !counts || uuid_eq(&same->version.party, &a->party))
        return e;
    holding_done(&j->holding);
    e = holding_load(&j->holding, t, a->id, reterr);
    return e == OK ? judge_row(t, a, j, reterr) : e;
}

/* ---- what is ahead of its time ---- */

struct search {
    const struct arrival *arrived;
    bool found;
};

static enum err on_version(void *self, const struct version_row *row)
{
    struct search *s = self;
    s->found |= !row->withdrawn && same_content(s->arrived, row) && uuid_eq(&row->party, &s->arrived->party);
    return OK;
}

static enum err judge_early(struct txn *t, const struct arrival *a, struct judgement *j, struct fault *reterr)
{
    struct search s = {a, false};
    enum err e = view_versions(txn_view(t), a->id, on_version, &s, reterr);
    j->verdict = s.found ? INTAKE_UNCHANGED : INTAKE_QUARANTINED;
    return e;
}

enum err intake_judge(struct txn *t, const struct arrival *a, const struct version_row *current, bool held,
                      struct judgement *ret, struct fault *reterr)
{
    bool next = false;
    *ret = (struct judgement){.verdict = INTAKE_UNCHANGED};
    if (intake_same(a, current))
        return OK;
    if (versions_too_early(a->versioned, a->modified_us, txn_now_us(t)))
        return judge_early(t, a, ret, reterr);
    if (!held) {
        ret->verdict = a->authority == AUTHORITY_NONE ? INTAKE_CLAIM : INTAKE_FRESH;
        return OK;
    }
    enum err e = current ? is_next(t, a, current, &next, reterr) : OK;
    if (e != OK || !next)
        return e ? e : judge_all(t, a, ret, reterr);
    ret->verdict = INTAKE_UPDATED;
    return OK;
}

void judgement_done(struct judgement *j)
{
    if (j->full)
        holding_done(&j->holding);
}
