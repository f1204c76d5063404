/* share plan: who would get what, who not, and why, before anything moves. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "command/commands.h"
#include "command/names.h"
#include "command/recipients.h"
#include "command/table.h"
#include "exchange/explain.h"
#include "release/explain.h"
#include "json/json.h"

#define PLAN_ARENA_BYTES (256 * MIB)
#define RECIPIENTS_MAX   4096
#define PRUNED_MAX       64

struct plan {
    struct session *s;
    struct view *v;
    struct arena arena;
    int64_t now_us;
    struct recipient *list; /* in the arena */
    size_t count;
    struct table table;
    size_t outward; /* recipients outside the house that would get the object at hand */
    const struct recipient *only;
};

/* ---- who ---- */

static enum err add(struct plan *p, const struct recipient *r)
{
    if (p->count == RECIPIENTS_MAX)
        return ERR_LIMIT;
    p->list[p->count++] = *r;
    return OK;
}

struct parties {
    struct plan *p;
    struct uuid ids[RECIPIENTS_MAX];
    size_t count;
};

static enum err on_peer(void *self, const struct fact *f)
{
    struct parties *w = self;
    if (w->count < RECIPIENTS_MAX)
        w->ids[w->count++] = f->u.peer.party;
    return OK;
}

static enum err on_account(void *self, const struct fact *f)
{
    struct plan *p = self;
    const struct fact_account *a = &f->u.account;
    if (a->disabled || uuid_some(&a->party))
        return OK;
    struct text name = arena_text(&p->arena, a->name);
    if (!name.ptr)
        return ERR_NOMEM;
    struct recipient r = recipient_of_account(p->s->node, &a->id, a->role, name);
    return add(p, &r);
}

static enum err everybody(struct plan *p, struct fault *reterr)
{
    struct parties *w = arena_alloc(&p->arena, sizeof *w);
    if (!w)
        return ERR_NOMEM;
    w->p = p;
    w->count = 0;
    enum err e = view_facts(p->v, FACT_PEER, on_peer, w, reterr);
    for (size_t i = 0; e == OK && i < w->count; i++) {
        struct recipient r;
        e = recipient_of_party(p->s->node, p->v, &w->ids[i], &p->arena, &r, reterr);
        if (e == OK)
            e = add(p, &r);
    }
    if (e == OK)
        e = view_facts(p->v, FACT_ACCOUNT, on_account, p, reterr);
    struct recipient all = recipient_public(p->s->node);
    return e ? e : add(p, &all);
}

static enum err find_recipients(struct plan *p)
{
    struct fault fault = {.offset = -1, .line = -1};
    const char *to = option(p->s, "to");
    p->list = arena_alloc(&p->arena, RECIPIENTS_MAX * sizeof *p->list);
    if (!p->list)
        return ERR_NOMEM;
    if (to) {
        enum err err = find_recipient(p->s, p->v, to, &p->arena, &p->list[0]);
        p->count = err == OK;
        return err;
    }
    enum err err = everybody(p, &fault);
    if (err)
        complain_fault(p->s, NULL, &fault);
    return err;
}

static enum door door_of(const struct recipient *r)
{
    return r->kind == RECIPIENT_OWN_ACCOUNT ? DOOR_CONSOLE
           : r->kind == RECIPIENT_PUBLIC    ? DOOR_PUBLIC_PAGE
                                            : DOOR_TAXII;
}

/* ---- in words ---- */

static const char *label_words(enum tlp t)
{
    static const char *const words[] = {[TLP_NONE] = "no label: inside the house only",
                                        [TLP_CLEAR] = "may pass it to anyone",
                                        [TLP_GREEN] = "may pass it on in its community, not in public",
                                        [TLP_AMBER] =
                                            "may pass it on in its organisation, and to clients with a need",
                                        [TLP_AMBER_STRICT] = "may use it in its own organisation only",
                                        [TLP_RED] = "for the persons named, and nobody else"};
    return words[t <= TLP_RED ? t : TLP_NONE];
}

static enum pap pap_of(const struct gate_class *c, enum tlp label)
{
    return c->terms.pap != PAP_NONE ? c->terms.pap : c->source_pap != PAP_NONE ? c->source_pap : pap_of_tlp(label);
}

static const char *pap_words(enum pap p)
{
    switch (p) {
    case PAP_CLEAR: return "may act on it freely";
    case PAP_GREEN: return "may block with it";
    case PAP_AMBER: return "may look it up at third parties and raise alerts, not block";
    case PAP_RED:
    case PAP_NONE: break;
    }
    return "may use it only where the adversary cannot see it";
}

/* What a rule waits for, and the act that gives it. */
static const struct {
    const char *rule, *verb;
} waits_for[] = {{"2 need", "need"}, {"2 ceiling", "approve"}, {"2 named", "name"}};

static bool spoke(const struct decision *d, const char *rule)
{
    for (size_t i = 0; i < d->rule_count; i++)
        if (strcmp(d->rules[i].id, rule) == 0)
            return true;
    return false;
}

/* The acts that would let it go, all of them wanted; empty: none would, or none is needed. Beyond its label its
 * originator's consent is enough, and nothing else is. */
static struct text act_words(struct plan *p, struct text id, const struct recipient *r, const struct decision *d)
{
    struct buffer b;
    bool account = r->kind == RECIPIENT_OWN_ACCOUNT;
    if (d->cleared || r->kind == RECIPIENT_PUBLIC || !(d->asks_consent || d->asks_releaser))
        return TEXT_NONE;
    buffer_init(&b, 16 * KIB);
    if (d->asks_consent)
        buffer_addf(&b, "entente share consent request " TEXT_FMT " --to '" TEXT_FMT "'", TEXT_ARG(id),
                    TEXT_ARG(r->name));
    for (size_t i = 0; !d->asks_consent && i < ARRAY_LEN(waits_for); i++)
        if (spoke(d, waits_for[i].rule))
            buffer_addf(&b, "%sentente share %s " TEXT_FMT " --to '%s" TEXT_FMT "' --reason R", b.len ? " && " : "",
                        waits_for[i].verb, TEXT_ARG(id), account ? "account " : "", TEXT_ARG(r->name));
    struct text kept = arena_text(&p->arena, buffer_text(&b));
    buffer_done(&b);
    return kept;
}

/* ---- what is cut ---- */

struct cut {
    char names[PRUNED_MAX][64];
    size_t count;
};

static void note_cut(struct cut *c, struct text name, size_t had, size_t has)
{
    if (c->count == PRUNED_MAX)
        return;
    char *out = c->names[c->count++];
    if (had)
        snprintf(out, sizeof c->names[0], "%.*s (%zu of %zu kept)", (int)(name.len < 30 ? name.len : 30), name.ptr,
                 has, had);
    else
        snprintf(out, sizeof c->names[0], "%.*s", (int)(name.len < 60 ? name.len : 60), name.ptr);
}

/* Members that the leaving form lacks, and lists that it shortens. */
static void compare(struct text whole, struct text leaving, struct cut *c)
{
    struct json_doc *a = NULL, *b = NULL;
    if (json_parse(whole, &a, NULL) == OK && json_parse(leaving, &b, NULL) == OK) {
        for (struct json_iter it = json_iter_of(json_root(a)); json_next(&it);) {
            const struct json_val *kept = json_get_text(json_root(b), it.key);
            if (!kept)
                note_cut(c, it.key, 0, 0);
            else if (json_type(it.val) == JSON_ARRAY && json_size(kept) < json_size(it.val))
                note_cut(c, it.key, json_size(it.val), json_size(kept));
        }
    }
    json_free(a);
    json_free(b);
}

static void find_cuts(struct plan *p, struct text id, const struct explained *e, struct cut *c)
{
    struct version_row row;
    struct buffer body;
    if (!e->object || cleared_form(e->object) == FORM_WHOLE || view_current(p->v, id, &row, NULL))
        return;
    buffer_init(&body, 2 * STIX_OBJECT_MAX_BYTES);
    if (node_body(p->s->node, row.body, &body, NULL) == OK)
        compare(buffer_text(&body), cleared_body(e->object), c);
    buffer_done(&body);
}

/* ---- a line ---- */

static const char *form_words(const struct decision *d)
{
    if (!d->cleared)
        return "nothing";
    return d->tear ? "the tear line" : d->form == FORM_WHOLE ? "the whole" : "a rendition";
}

static void line_json(struct plan *p, struct text id, const struct recipient *r, const struct explained *e,
                      const struct cut *cut, struct text act)
{
    const struct decision *d = &e->decision;
    struct json_out o = json_out_to(json_line(p->s));
    json_open(&o, '{');
    json_member_text(&o, "id", id);
    json_member_text(&o, "recipient", r->kind == RECIPIENT_PUBLIC ? TEXT("public") : r->name);
    json_member_text(&o, "kind",
                     r->kind == RECIPIENT_PUBLIC        ? TEXT("public")
                     : r->kind == RECIPIENT_OWN_ACCOUNT ? TEXT("account")
                                                        : text_of(recipient_kind_name(r->kind)));
    json_member_text(&o, "door", text_of(door_name(door_of(r))));
    json_member_text(&o, "decision", d->cleared ? TEXT("cleared") : TEXT("withheld"));
    json_member_text_or_null(&o, "form", d->cleared ? text_of(form_name(d->form)) : TEXT_NONE);
    json_member_bool(&o, "tear_line", d->tear);
    json_member_text(&o, "marking", text_of(tlp_name(d->label)));
    json_member_text(&o, "pap", text_of(pap_name(pap_of(&e->cls, d->label))));
    json_member_text_or_null(&o, "may_share", d->cleared ? text_of(label_words(d->label)) : TEXT_NONE);
    json_member_text_or_null(&o, "may_use", d->cleared ? text_of(pap_words(pap_of(&e->cls, d->label))) : TEXT_NONE);
    json_key(&o, TEXT("pruned"));
    json_open(&o, '[');
    for (size_t i = 0; i < cut->count; i++)
        json_put_text(&o, text_of(cut->names[i]));
    json_close(&o, ']');
    json_key(&o, TEXT("rules"));
    json_open(&o, '[');
    for (size_t i = 0; i < d->rule_count; i++) {
        json_open(&o, '{');
        json_member_text(&o, "rule", text_of(d->rules[i].id));
        json_member_text(&o, "words", text_of(d->rules[i].words));
        json_close(&o, '}');
    }
    json_close(&o, ']');
    json_member_text_or_null(&o, "act", act);
    json_close(&o, '}');
    json_line_end(p->s);
}

static void line_words(struct plan *p, const struct recipient *r, const struct explained *e, const struct cut *cut,
                       struct text act)
{
    struct session *s = p->s;
    const struct decision *d = &e->decision;
    say(s, "  " TEXT_FMT ": %s%s%s\n", TEXT_ARG(recipient_words(r, &p->arena)), form_words(d), d->cleared ? ", " : "",
        d->cleared ? tlp_name(d->label) : "");
    if (d->cleared)
        say(s, "      %s; %s\n", label_words(d->label), pap_words(pap_of(&e->cls, d->label)));
    for (size_t i = 0; i < cut->count; i++)
        say(s, "      without %s\n", cut->names[i]);
    for (size_t i = 0; i < d->rule_count; i++)
        say(s, "      rule %s: %s\n", d->rules[i].id, d->rules[i].words);
    if (act.len)
        say(s, "      would let it go: " TEXT_FMT "\n", TEXT_ARG(act));
}

static enum err plan_one(struct plan *p, struct text id, const struct recipient *r, struct fault *reterr)
{
    struct explained e;
    struct cut cut = {.count = 0};
    enum err err = explain_object(p->s->node, p->v, id, r, door_of(r), p->now_us, &p->arena, &e, reterr);
    if (err)
        return err;
    find_cuts(p, id, &e, &cut);
    struct text act = act_words(p, id, r, &e.decision);
    if (p->s->json)
        line_json(p, id, r, &e, &cut, act);
    else
        line_words(p, r, &e, &cut, act);
    if (e.decision.cleared && r->kind != RECIPIENT_OWN_ACCOUNT) {
        p->outward++;
        p->only = r;
    }
    explained_done(&e);
    return OK;
}

/* ---- an object ---- */

static enum err count_value(void *self, const struct indicator_row *row)
{
    (void)row;
    ++*(size_t *)self;
    return OK;
}

/* Who alone was given a value is known by it when it is seen elsewhere (docs/RELEASE.md 9). */
static void tell_canary(struct plan *p, struct text id)
{
    struct version_row row;
    size_t values = 0;
    if (option(p->s, "to") || p->outward != 1 || view_current(p->v, id, &row, NULL))
        return;
    uint64_t n = row.n;
    if (view_values_of(p->v, n, count_value, &values, NULL) || !values)
        return;
    if (p->s->json) {
        struct json_out o = json_out_to(json_line(p->s));
        json_open(&o, '{');
        json_member_text(&o, "id", id);
        json_member_bool(&o, "canary", true);
        json_member_text(&o, "recipient", p->only->name);
        json_close(&o, '}');
        json_line_end(p->s);
    } else {
        say(p->s,
            "  note: " TEXT_FMT
            " alone outside this house would have this value. Whoever gave it to us may have given "
            "it to nobody else either: a value with one reader tells who passed it on.\n",
            TEXT_ARG(recipient_words(p->only, &p->arena)));
    }
}

static int plan_object(struct plan *p, const char *word)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct text id = text_of(word);
    p->outward = 0;
    if (!p->s->json)
        say(p->s, TEXT_FMT "\n", TEXT_ARG(id));
    for (size_t i = 0; i < p->count; i++) {
        enum err err = plan_one(p, id, &p->list[i], &fault);
        if (err == ERR_NOT_FOUND) {
            complain(p->s, "%s: not here", word);
            return EXIT_DATA;
        }
        if (err)
            return complain_fault(p->s, word, &fault);
    }
    tell_canary(p, id);
    return EXIT_DONE;
}

static int plan_all(struct session *s, struct view *v)
{
    struct plan p = {.s = s, .v = v, .now_us = clock_now_us()};
    arena_init(&p.arena, PLAN_ARENA_BYTES);
    enum err err = find_recipients(&p);
    int code = err == OK ? EXIT_DONE : err == ERR_USAGE ? EXIT_USAGE : EXIT_DATA;
    for (size_t i = 0; !code && i < s->operand_count; i++)
        code = plan_object(&p, s->operands[i]);
    arena_done(&p.arena);
    return code;
}

static int run_plan(struct session *s)
{
    return with_view(s, plan_all);
}

static const struct option_spec OPTIONS[] = {{"to", OPTION_VALUE, "PEER", "this recipient alone (everybody)"},
                                             {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_SHARE_PLAN = {
    .name = "share plan",
    .operands = "ID...",
    .summary = "who would get what, who not and why, and what each could do with it",
    .details =
        "Nothing moves. Every peer, account and the public is shown with the form and marking it would get, what\n"
        "is cut, the rules that spoke, and the act that would let it go where one would.\n",
    .options = OPTIONS,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .need = NEED_READ,
    .least = ROLE_ANALYST,
    .run = run_plan};
