/* share list: every approval, consent, need, naming and break-glass that there ever was. */
#include "command/share_words.h"

#include "base/time.h"
#include "command/commands.h"
#include "command/listing.h"
#include "command/names.h"
#include "exchange/asker.h"
#include "json/json.h"

const char *grant_state(const struct fact_grant *g, int64_t now_us)
{
    if (g->ended_us)
        return "taken back";
    if (g->until_us && g->until_us <= now_us)
        return "over";
    if (g->kind == GRANT_BREAK_GLASS && !uuid_some(&g->second))
        return "waits for the second account";
    return "runs";
}

static struct text account_name(struct view *v, struct arena *a, const struct uuid *id)
{
    struct fact_account account;
    if (!uuid_some(id))
        return TEXT("-");
    if (view_account(v, id, &account, NULL))
        return TEXT("(unknown)");
    return arena_text(a, account.name);
}

static struct text recipient_name(struct view *v, struct arena *a, const struct fact_grant *g)
{
    return g->to_account ? account_name(v, a, &g->to) : party_name(v, a, &g->to);
}

/* One word each, for programs. */
static const char *state_word(const struct fact_grant *g, int64_t now_us)
{
    if (g->ended_us)
        return "revoked";
    if (g->until_us && g->until_us <= now_us)
        return "expired";
    return g->kind == GRANT_BREAK_GLASS && !uuid_some(&g->second) ? "waiting" : "active";
}

void grant_json(struct session *s, struct view *names, struct arena *a, const struct fact_grant *g, int64_t now_us)
{
    char id[UUID_TEXT_MAX];
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "grant", uuid_format(&g->id, id));
    json_member_text(&o, "kind", text_of(grant_kind_name(g->kind)));
    json_member_text(&o, "state", text_of(state_word(g, now_us)));
    json_member_text(&o, "id", g->object);
    json_member_text_or_null(&o, "version", g->version);
    json_member_text(&o, "to", recipient_name(names, a, g));
    json_member_text_or_null(&o, "tear_line", g->properties);
    json_member_text_or_null(&o, "as", g->leaves_as == TLP_NONE ? TEXT_NONE : text_of(tlp_name(g->leaves_as)));
    json_member_moment(&o, "from", g->from_us);
    json_member_moment(&o, "until", g->until_us);
    json_member_text_or_null(&o, "reason", g->reason);
    json_member_text(&o, "by", account_name(names, a, &g->account));
    json_member_text_or_null(&o, "confirmed_by",
                             uuid_some(&g->second) ? account_name(names, a, &g->second) : TEXT_NONE);
    json_member_text_or_null(&o, "originator",
                             uuid_some(&g->originator) ? party_name(names, a, &g->originator) : TEXT_NONE);
    json_member_text_or_null(&o, "told", g->told);
    json_member_moment(&o, "ended", g->ended_us);
    json_member_text_or_null(&o, "ended_by", g->ended_us ? account_name(names, a, &g->ended_by) : TEXT_NONE);
    json_member_text_or_null(&o, "end_reason", g->end_reason);
    json_close(&o, '}');
    json_line_end(s);
}

/* "  shared    consent for CERT-NL until ..., runs; recorded by anna: reason" */
void grant_line(struct session *s, struct view *names, struct arena *a, const struct fact_grant *g, int64_t now_us)
{
    char until[MOMENT_MAX];
    struct text to = recipient_name(names, a, g), by = account_name(names, a, &g->account);
    struct text second = account_name(names, a, &g->second), ended = account_name(names, a, &g->ended_by);
    say(s, "  shared    %s for " TEXT_FMT "%s%s, %s; by " TEXT_FMT "%s" TEXT_FMT ": " TEXT_FMT "\n",
        grant_kind_name(g->kind), TEXT_ARG(to), g->until_us ? " until " : "",
        g->until_us ? moment(g->until_us, until) : "", grant_state(g, now_us), TEXT_ARG(by),
        uuid_some(&g->second) ? " and " : "", TEXT_ARG(uuid_some(&g->second) ? second : TEXT_NONE),
        TEXT_ARG(g->reason));
    if (g->ended_us)
        say(s, "            taken back %s by " TEXT_FMT ": " TEXT_FMT "\n", moment(g->ended_us, until),
            TEXT_ARG(ended), TEXT_ARG(g->end_reason));
}

/* ---- of one object ---- */

struct of_object {
    struct session *s;
    struct view *names;
    struct arena arena;
    int64_t now_us;
    bool json;
    size_t shown;
};

static enum err on_grant(void *self, const struct fact *f)
{
    struct of_object *w = self;
    arena_reset(&w->arena);
    w->shown++;
    if (w->json)
        grant_json(w->s, w->names, &w->arena, &f->u.grant, w->now_us);
    else
        grant_line(w->s, w->names, &w->arena, &f->u.grant, w->now_us);
    return OK;
}

enum err grants_of_object(struct session *s, struct view *v, struct view *names, struct text id, size_t *ret_shown)
{
    struct of_object w = {.s = s, .names = names, .now_us = clock_now_us(), .json = s->json};
    arena_init(&w.arena, 4 * MIB);
    enum err err = view_grants_of(v, id, on_grant, &w, NULL);
    arena_done(&w.arena);
    *ret_shown = w.shown;
    return err;
}

static int list_object(struct session *s, struct view *v)
{
    struct view *names;
    size_t shown = 0;
    if (open_view(s, &names))
        return EXIT_WRITE;
    enum err err = grants_of_object(s, v, names, text_of(s->operands[0]), &shown);
    node_reader_done(s->node, names);
    if (!err && !shown && !s->json)
        say(s, "nothing was ever granted for %s\n", s->operands[0]);
    return exit_of(err);
}

/* ---- all ---- */

static enum err list_one(struct listing *l, const struct fact *f)
{
    const struct fact_grant *g = &f->u.grant;
    int64_t now_us = clock_now_us();
    char id[UUID_TEXT_MAX], until[MOMENT_MAX];
    if (option_given(l->s, "running") && !text_eq(text_of(grant_state(g, now_us)), TEXT("runs")))
        return OK;
    if (l->s->json) {
        grant_json(l->s, l->names, &l->arena, g, now_us);
        return OK;
    }
    table_cell(&l->table, uuid_format(&g->id, id));
    table_cell(&l->table, text_of(grant_kind_name(g->kind)));
    table_cell(&l->table, recipient_name(l->names, &l->arena, g));
    table_cell(&l->table, g->object);
    table_cell(&l->table, g->until_us ? text_of(moment(g->until_us, until)) : TEXT("-"));
    table_cell(&l->table, text_of(grant_state(g, now_us)));
    table_cell(&l->table, account_name(l->names, &l->arena, &g->account));
    table_cell(&l->table, g->reason);
    return OK;
}

static int run_list(struct session *s)
{
    static const char *const heads[] = {"GRANT", "WHAT", "FOR", "OBJECT", "UNTIL", "STATE", "BY", "REASON", NULL};
    if (s->operand_count)
        return with_view(s, list_object);
    return list_facts(s, FACT_GRANT, heads, "nothing was granted singly: everything goes by its label", list_one);
}

static const struct option_spec OPTIONS[] = {{"running", OPTION_FLAG, NULL, "only what lets something go now"},
                                             {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_SHARE_LIST = {.name = "share list",
                                           .operands = "[ID]",
                                           .summary =
                                               "every approval, consent, need, naming and break-glass, over or not",
                                           .options = OPTIONS,
                                           .operands_max = 1,
                                           .need = NEED_READ,
                                           .least = ROLE_READER,
                                           .run = run_list};
