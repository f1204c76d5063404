/* account add|list: people and machines that may speak to the node. */
#include "command/act.h"
#include "command/commands.h"
#include "command/listing.h"
#include "command/names.h"
#include "json/json.h"

static int add_account(struct session *s, struct view *v)
{
    const char *name = s->operands[0], *role = option(s, "role"), *party = option(s, "party");
    struct fact f = {.kind = FACT_ACCOUNT};
    struct fact_account *a = &f.u.account, old;
    a->role = role_parse(text_of(role ? role : "reader"));
    if (a->role == ROLE_NONE) {
        complain(s, "--role %s: one of reader, analyst, releaser, administrator", role);
        return EXIT_USAGE;
    }
    if (check_name(s, name) || (party && find_party(s, v, party, &a->party)))
        return EXIT_USAGE;
    if (!view_account_by_name(v, text_of(name), &old, NULL)) {
        complain(s, "there is an account %s already; entente account token %s makes a further token for it", name,
                 name);
        return EXIT_USAGE;
    }
    a->id = uuid_random();
    a->account = *session_account(s);
    a->name = text_of(name);
    int code = append_fact(s, &f);
    if (code)
        return code;
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "account", text_of(name));
        json_member_text(&o, "role", text_of(role_name(a->role)));
        json_close(&o, '}');
        json_line_end(s);
    } else {
        say(s, "account %s, %s; entente account token %s gives it a token\n", name, role_name(a->role), name);
    }
    return EXIT_DONE;
}

static int run_add(struct session *s)
{
    return with_view(s, add_account);
}

static enum err list_one(struct listing *l, const struct fact *f)
{
    static const struct uuid none;
    const struct fact_account *a = &f->u.account;
    struct text party = uuid_eq(&a->party, &none) ? TEXT("-") : party_name(l->names, &l->arena, &a->party);
    if (l->s->json) {
        struct json_out o = json_out_to(json_line(l->s));
        json_open(&o, '{');
        json_member_text(&o, "account", a->name);
        json_member_text(&o, "role", text_of(role_name(a->role)));
        json_member_text(&o, "party", party);
        json_member_bool(&o, "disabled", a->disabled);
        json_close(&o, '}');
        json_line_end(l->s);
        return OK;
    }
    table_cell(&l->table, a->name);
    table_cell(&l->table, text_of(role_name(a->role)));
    table_cell(&l->table, party);
    table_cell(&l->table, a->disabled ? TEXT("disabled") : TEXT("active"));
    return OK;
}

static int run_list(struct session *s)
{
    static const char *const heads[] = {"ACCOUNT", "ROLE", "FOR PARTY", "STATE", NULL};
    return list_facts(s, FACT_ACCOUNT, heads, "no accounts", list_one);
}

static const struct option_spec ADD_OPTIONS[] = {
    {"role", OPTION_VALUE, "ROLE", "reader (default), analyst, releaser or administrator"},
    {"party", OPTION_VALUE, "NAME", "a partner's machine: it sees what the gate clears for that party"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_ACCOUNT_ADD = {.name = "account add",
                                            .operands = "NAME",
                                            .summary = "a person or machine that may speak to the node",
                                            .options = ADD_OPTIONS,
                                            .operands_min = 1,
                                            .operands_max = 1,
                                            .need = NEED_WRITE,
                                            .least = ROLE_ADMINISTRATOR,
                                            .run = run_add};
const struct command COMMAND_ACCOUNT_LIST = {.name = "account list",
                                             .operands = "",
                                             .summary = "who there is",
                                             .need = NEED_READ,
                                             .least = ROLE_ANALYST,
                                             .run = run_list};
