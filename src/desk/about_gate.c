/* desk/about_gate.c - may the reader see a version: the gate's own question, with what was agreed with its party and
 * what was granted to this account for this object (docs/RELEASE.md). */
#include <string.h>

#include "desk/about_inside.h"
#include "desk/marks.h"
#include "desk/own.h"
#include "desk/portion.h"
#include "release/gate_counters.h"

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

/* The question about one version; it points into itself, so it stays where it is. */
struct asked {
    struct gate_class cls; /* what is recorded for its source now counts */
    struct granted granted;
    struct agreement agreement;
    struct gate_question q;
};

/* id empty: without grants. */
static bool ask(struct about *a, const struct gate_class *cls, struct text id, struct text version, struct asked *w,
                struct decision *ret)
{
    w->cls = *cls;
    w->granted = (struct granted){.a = a, .cls = cls, .version = version};
    w->q =
        (struct gate_question){.cls = &w->cls, .recipient = &a->reader, .door = DOOR_CONSOLE, .now_us = a->q->now_us};
    enum err err = cls->ours ? ERR_NOT_FOUND : agreed(a, &cls->party, &w->agreement);
    if (err == OK)
        w->q.agreement = &w->agreement;
    if (id.len && (err == OK || err == ERR_NOT_FOUND))
        err = view_grants_of(a->v, id, one_grant, &w->granted, NULL);
    if (err == OK || err == ERR_NOT_FOUND)
        err = marks_default_now(a->v, &w->cls, NULL);
    if (err != OK) { /* what was agreed cannot be read: nothing is shown */
        *ret = (struct decision){.rule_count = 1,
                                 .rules = {{"1 default deny", "What was agreed or granted for it cannot be read."}}};
        return false;
    }
    size_t count = w->granted.count;
    w->q.grants = count ? w->granted.list : NULL;
    w->q.grant_count = count < GRANTS_LOOKED_AT ? count : GRANTS_LOOKED_AT;
    gate_decide(&w->q, ret);
    gate_count(node_gate_counters(a->node), DOOR_CONSOLE, ret);
    return ret->cleared;
}

bool about_may_see(struct about *a, const struct gate_class *cls, struct text id, struct text version,
                   struct decision *ret)
{
    struct asked w;
    return ask(a, cls, id, version, &w, ret);
}

bool about_class_cleared(struct about *a, const struct gate_class *cls)
{
    struct asked w;
    struct decision d;
    return ask(a, cls, TEXT_NONE, TEXT_NONE, &w, &d);
}

/* ---- what is marked apart from the rest ---- */

struct meanings {
    struct about *a;
    struct portion_cache *cache;
    const struct uuid *party;
};

static void meaning_of(void *self, struct text id, struct gate_portion *ret)
{
    struct meanings *w = self;
    portion_look_up(w->cache, w->a->v, id, w->party, ret);
}

/* Inside the house an object keeps its references; what they lead to is asked for by itself. */
static enum ref_state kept(void *self, struct text id)
{
    (void)self, (void)id;
    return REF_CLEARED;
}

static enum err cut(struct about *a, const struct about_seen *seen, struct buffer *body, struct fault *reterr)
{
    struct asked w;
    struct decision d;
    struct cleared *c;
    struct meanings m = {.a = a, .party = seen->cls->ours ? &node_genesis(a->node)->identity : &seen->cls->party};
    const struct gate_lookup lookup = {.ref = kept, .marking = meaning_of, .self = &m};
    if (!ask(a, seen->cls, seen->id, seen->version, &w, &d))
        return fault_set(reterr, ERR_DENIED, "not for this account");
    enum err err = portion_cache_new(a->node, &m.cache);
    if (err == OK)
        err = gate_clear(&w.q, &d, buffer_text(body), &lookup, &c, NULL);
    portion_cache_free(m.cache);
    if (err != OK)
        return fault_set(reterr, err, "what of it this account may see cannot be shown apart from the rest");
    buffer_clear(body);
    buffer_add(body, cleared_body(c));
    cleared_free(c);
    return buffer_error(body);
}

enum err about_read(struct about *a, const struct about_seen *seen, struct buffer *out, struct fault *reterr)
{
    enum err err = node_body(a->node, seen->place, out, reterr);
    if (err != OK || (!seen->cls->granular && seen->cls->tear == TLP_NONE))
        return err;
    return cut(a, seen, out, reterr);
}
