/* account add|list: people and machines that may speak to the node. */
#include "command/act.h"
#include "command/commands.h"
#include "command/listing.h"
#include "command/names.h"
#include "store/login.h"
#include "store/password.h"
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
    bool machine = party || option_given(s, "machine");
    struct fault fault = {.offset = -1, .line = -1};
    if (machine && account_set_machine(node_local(s->node), &a->id, &fault)) /* before anybody can find it */
        return complain_fault(s, NULL, &fault);
    int code = append_fact(s, &f);
    if (code)
        return code;
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "account", text_of(name));
        json_member_text(&o, "role", text_of(role_name(a->role)));
        json_member_bool(&o, "machine", machine);
        json_close(&o, '}');
        json_line_end(s);
    } else if (machine) {
        say(s, "account %s, %s; entente account token %s gives it a token\n", name, role_name(a->role), name);
    } else {
        say(s, "account %s, %s; entente account password %s, or a token: entente account token %s\n", name,
            role_name(a->role), name, name);
    }
    return EXIT_DONE;
}

static int run_add(struct session *s)
{
    return with_view(s, add_account);
}

/* What local.db says of an account; nothing where it cannot be read. */
struct known {
    bool machine, password;
    uint64_t tokens, failures;
    int64_t used_us, failed_us;
};

static enum err on_token(void *self, const struct local_token *t)
{
    struct known *k = self;
    k->tokens++;
    k->used_us = t->used_us > k->used_us ? t->used_us : k->used_us;
    return OK;
}

static struct known known_of(const char *home, const struct uuid *account)
{
    struct known k = {.machine = false};
    struct login_failures f = {0};
    struct local *local;
    struct buffer hash;
    if (local_open(home, false, &local, NULL))
        return k;
    buffer_init(&hash, PASSWORD_HASH_MAX);
    k.machine = account_is_machine(local, account);
    k.password = local_password(local, account, &hash, NULL) == OK;
    buffer_done(&hash);
    k.used_us = login_last_used(local, account);
    if (local_tokens(local, account, on_token, &k, NULL))
        k.tokens = 0;
    if (login_failures(local, account, &f, NULL) == OK) {
        k.failures = f.count;
        k.failed_us = f.last_us;
    }
    local_close(local);
    return k;
}

static void list_json(struct listing *l, const struct fact_account *a, struct text party, const struct known *k)
{
    struct json_out o = json_out_to(json_line(l->s));
    json_open(&o, '{');
    json_member_text(&o, "account", a->name);
    json_member_text(&o, "role", text_of(role_name(a->role)));
    json_member_text(&o, "party", party);
    json_member_bool(&o, "disabled", a->disabled);
    json_member_bool(&o, "machine", k->machine);
    json_member_bool(&o, "password", k->password);
    json_member_i64(&o, "tokens", (int64_t)k->tokens);
    json_member_moment(&o, "last_used", k->used_us);
    json_member_i64(&o, "failures", (int64_t)k->failures);
    json_member_moment(&o, "last_failure", k->failed_us);
    json_close(&o, '}');
    json_line_end(l->s);
}

static enum err list_one(struct listing *l, const struct fact *f)
{
    static const struct uuid none;
    char at[MOMENT_MAX];
    const struct fact_account *a = &f->u.account;
    struct known k = known_of(l->s->home, &a->id);
    k.machine |= !uuid_eq(&a->party, &none);
    struct text party = uuid_eq(&a->party, &none) ? TEXT("-") : party_name(l->names, &l->arena, &a->party);
    if (l->s->json) {
        list_json(l, a, party, &k);
        return OK;
    }
    table_cell(&l->table, a->name);
    table_cell(&l->table, text_of(role_name(a->role)));
    table_cell(&l->table, party);
    table_cell(&l->table, a->disabled ? TEXT("disabled") : TEXT("active"));
    table_cell(&l->table, k.machine ? TEXT("machine") : TEXT("person"));
    table_cellf(&l->table, "%llu%s", (unsigned long long)k.tokens, k.password ? " and a password" : "");
    table_cell(&l->table, text_of(k.used_us ? moment(k.used_us, at) : "-"));
    table_cellf(&l->table, "%llu", (unsigned long long)k.failures);
    return OK;
}

static int run_list(struct session *s)
{
    static const char *const heads[] = {"ACCOUNT", "ROLE",      "FOR PARTY", "STATE", "KIND",
                                        "TOKENS",  "LAST USED", "FAILURES",  NULL};
    return list_facts(s, FACT_ACCOUNT, heads, "no accounts", list_one);
}

static const struct option_spec ADD_OPTIONS[] = {
    {"role", OPTION_VALUE, "ROLE", "reader (default), analyst, releaser or administrator"},
    {"machine", OPTION_FLAG, NULL, "a machine of ours: tokens, and never a password"},
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
