/* desk/about_gate.c - may the reader see a version: the gate's own question, with what was agreed with its party and
 * what was granted to this account for this object (docs/RELEASE.md). */
#include <string.h>

#include "desk/about_inside.h"
#include "desk/marks.h"
#include "desk/own.h"

#define GRANTS_LOOKED_AT 32 /* for one object and one account: the newest */

struct granted {
    struct about *a;
    const struct gate_class *cls;
    struct text version;
    struct grant list[GRANTS_LOOKED_AT];
    size_t count;
};

static enum err one_grant(void *self, const struct fact *f)
{
    struct granted *w = self;
    const struct fact_grant *g = &f->u.grant;
    if (!g->to_account || !uuid_eq(&g->to, &w->a->reader.account) || g->ended_us || !grant_stands(g) ||
        (g->until_us && g->until_us <= w->a->q->now_us) || (g->version.len && !text_eq(g->version, w->version)) ||
        !grant_is_for(g->kind, &g->originator, w->cls))
        return OK;
    w->list[w->count++ % GRANTS_LOOKED_AT] = (struct grant){.kind = g->kind,
                                                            .to = g->to,
                                                            .from_us = g->from_us,
                                                            .until_us = g->until_us ? g->until_us : INT64_MAX,
                                                            .properties = arena_text(w->a->d->arena, g->properties),
                                                            .leaves_as = g->leaves_as};
    return OK;
}

/* *ret_red is the arena's own. ERR_NOT_FOUND: nothing is agreed with that party, or no longer. */
static enum err agreed(struct about *a, const struct uuid *party, struct agreement *ret)
{
    struct fact_agreement f;
    enum err err = uuid_is_zero(party) ? ERR_NOT_FOUND : view_agreement(a->v, party, &f, NULL);
    if (err != OK)
        return err;
    if (f.until_us && f.until_us <= a->q->now_us)
        return ERR_NOT_FOUND;
    struct uuid *red = arena_alloc(a->d->arena, (f.red_count + 1) * sizeof *red);
    if (!red)
        return ERR_NOMEM;
    if (f.red_count)
        memcpy(red, f.red, f.red_count * sizeof *red);
    *ret = (struct agreement){f.authorities, f.communities, red, f.red_count};
    return OK;
}

bool about_may_see(struct about *a, const struct gate_class *cls, struct text id, struct text version,
                   struct decision *ret)
{
    struct gate_class effective = *cls; /* what is recorded for its source now counts */
    struct granted w = {.a = a, .cls = cls, .version = version};
    struct agreement agreement;
    struct gate_question q = {
        .cls = &effective, .recipient = &a->reader, .door = DOOR_CONSOLE, .now_us = a->q->now_us};
    enum err err = cls->ours ? ERR_NOT_FOUND : agreed(a, &cls->party, &agreement);
    if (err == OK)
        q.agreement = &agreement;
    if (err == OK || err == ERR_NOT_FOUND)
        err = view_grants_of(a->v, id, one_grant, &w, NULL);
    if (err == OK || err == ERR_NOT_FOUND)
        err = marks_default_now(a->v, &effective, NULL);
    if (err != OK) { /* what was agreed cannot be read: nothing is shown */
        *ret = (struct decision){.rule_count = 1,
                                 .rules = {{"1 default deny", "What was agreed or granted for it cannot be read."}}};
        return false;
    }
    q.grants = w.count ? w.list : NULL;
    q.grant_count = w.count < GRANTS_LOOKED_AT ? w.count : GRANTS_LOOKED_AT;
    gate_decide(&q, ret);
    return ret->cleared;
}
