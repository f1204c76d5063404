/* release/grants.c - which grants, memberships and times count now, and until when. */
#include "release/ask.h"

bool ask_some(const struct uuid *u)
{
    static const struct uuid nobody;
    return !uuid_eq(u, &nobody);
}

/* A grant names somebody: an organisation or an account, never the public, never nobody. */
static bool is_to(const struct gate_question *q, const struct grant *g)
{
    const struct recipient *r = q->recipient;
    if (!ask_some(&g->to) || r->kind == RECIPIENT_PUBLIC)
        return false;
    return uuid_eq(&g->to, r->kind == RECIPIENT_OWN_ACCOUNT ? &r->account : &r->party);
}

static bool within(int64_t now_us, int64_t from_us, int64_t until_us)
{
    return from_us <= now_us && now_us < until_us;
}

bool grants_hold(const struct gate_question *q, const struct grant *g)
{
    return is_to(q, g) && within(q->now_us, g->from_us, g->until_us);
}

unsigned grants_held(const struct gate_question *q)
{
    unsigned held = 0;
    for (size_t i = 0; i < q->grant_count; i++)
        if (q->grants[i].kind <= GRANT_BREAK_GLASS && grants_hold(q, &q->grants[i]))
            held |= 1u << q->grants[i].kind;
    return held;
}

const struct grant *grants_consent(const struct gate_question *q, bool tear)
{
    const struct grant *best = NULL;
    enum tlp own = gate_class_label(q->cls), best_label = TLP_NONE;
    for (size_t i = 0; i < q->grant_count; i++) {
        const struct grant *g = &q->grants[i];
        enum tlp label = g->leaves_as ? g->leaves_as : own;
        if (g->kind != GRANT_CONSENT || (g->properties.len > 0) != tear || !grants_hold(q, g) || label == TLP_NONE)
            continue;
        if (!best || label < best_label) {
            best = g;
            best_label = label;
        }
    }
    return best;
}

/* ---- until when ---- */

static void nearer(int64_t now_us, int64_t moment_us, int64_t *at)
{
    if (moment_us > now_us && moment_us < *at)
        *at = moment_us;
}

static bool named(const struct named *list, size_t count, const struct uuid *group)
{
    const struct named n = {NAMED_GROUP, *group};
    return named_has(list, count, &n);
}

int64_t grants_change_us(const struct gate_question *q)
{
    const struct terms *t = &q->cls->terms;
    int64_t at = INT64_MAX;
    nearer(q->now_us, t->embargo_until_us, &at);
    for (size_t i = 0; i < q->recipient->membership_count; i++) {
        const struct membership *m = &q->recipient->memberships[i];
        if (!named(t->rel_to, t->rel_to_count, &m->group) && !named(t->not_to, t->not_to_count, &m->group))
            continue;
        nearer(q->now_us, m->from_us, &at);
        nearer(q->now_us, m->until_us, &at);
    }
    for (size_t i = 0; i < q->grant_count; i++) {
        if (!is_to(q, &q->grants[i]))
            continue;
        nearer(q->now_us, q->grants[i].from_us, &at);
        nearer(q->now_us, q->grants[i].until_us, &at);
    }
    return at;
}
