/* account add|list|token: people and machines that may speak to the node. */
#include <string.h>

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

static void token_json(struct session *s, const char *name, struct text token)
{
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "account", text_of(name));
    json_member_text(&o, "token", token);
    json_close(&o, '}');
    json_line_end(s);
}

/* That it was done, and by whom, is an entry. */
static int tell_revoked(struct session *s, const struct uuid *id, const char *name)
{
    char subject[UUID_TEXT_MAX];
    const char *reason = option(s, "reason");
    struct fact f = {.kind = FACT_ACT,
                     .u.act = {.account = *session_account(s),
                               .verb = TEXT("tokens revoked"),
                               .subject = uuid_format(id, subject),
                               .reason = text_of(reason ? reason : "")}};
    int code = append_fact(s, &f);
    if (code)
        return code;
    if (!s->json) {
        say(s, "all tokens of %s are revoked\n", name);
        return EXIT_DONE;
    }
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "account", text_of(name));
    json_member_bool(&o, "revoked", true);
    json_close(&o, '}');
    json_line_end(s);
    return EXIT_DONE;
}

static int make_token(struct session *s, struct view *v)
{
    const char *name = s->operands[0], *label = option(s, "label");
    struct fact_account a;
    struct fault fault = {.offset = -1, .line = -1};
    if (view_account_by_name(v, text_of(name), &a, &fault)) {
        complain(s, "no account is named %s; entente account list shows them", name);
        return EXIT_DATA;
    }
    struct uuid id = a.id;
    if (option_given(s, "revoke") || option_given(s, "revoke-all")) {
        if (local_token_revoke_all(node_local(s->node), &id, &fault))
            return complain_fault(s, NULL, &fault);
        return tell_revoked(s, &id, name);
    }
    struct buffer token;
    buffer_init(&token, 1 * KIB);
    int code = EXIT_DONE;
    if (local_token_new(node_local(s->node), &id, text_of(label ? label : ""), &token, &fault))
        code = complain_fault(s, NULL, &fault);
    else if (s->json)
        token_json(s, name, buffer_text(&token));
    else
        say(s, TEXT_FMT "\n", TEXT_ARG(buffer_text(&token)));
    buffer_done(&token);
    return code;
}

static int run_token(struct session *s)
{
    return with_view(s, make_token);
}

static const struct option_spec ADD_OPTIONS[] = {
    {"role", OPTION_VALUE, "ROLE", "reader (default), analyst, releaser or administrator"},
    {"party", OPTION_VALUE, "NAME", "a partner's machine: it sees what the gate clears for that party"},
    {NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec TOKEN_OPTIONS[] = {
    {"label", OPTION_VALUE, "TEXT", "what the token is for"},
    {"revoke-all", OPTION_FLAG, NULL, "revoke all tokens of the account instead"},
    {"revoke", OPTION_FLAG, NULL, "the same"},
    {"reason", OPTION_VALUE, "R", "why they are revoked; it stands in the log for ever"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_ACCOUNT_ADD = {.name = "account add",
                                            .operands = "NAME",
                                            .summary = "a person or machine that may speak to the node",
                                            .options = ADD_OPTIONS,
                                            .operands_min = 1,
                                            .operands_max = 1,
                                            .need = NEED_WRITE,
                                            .run = run_add};
const struct command COMMAND_ACCOUNT_LIST = {
    .name = "account list", .operands = "", .summary = "who there is", .need = NEED_READ, .run = run_list};
const struct command COMMAND_ACCOUNT_TOKEN = {
    .name = "account token",
    .operands = "NAME",
    .summary = "a new access token; it is shown once",
    .details =
        "The token is sent as 'Authorization: Bearer TOKEN', or as the password of basic authentication with the\n"
        "account's name. Only its hash is kept.\n",
    .options = TOKEN_OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .run = run_token};
