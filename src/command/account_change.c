/* account disable|enable|recover: who may no longer speak to the node, and an administrator when the old one is gone.
 * Whoever can write the home on its machine may do all of it: local commands act as an administrator. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/time.h"
#include "command/commands.h"
#include "command/names.h"
#include "store/login.h"
#include "store/password.h"
#include "json/json.h"

#define CHANGE_ARENA_BYTES (256 * KIB)

struct change {
    const char *name;
    struct text reason;
    bool disable;
    enum role role; /* `account set`: the new one; ROLE_NONE: it is another change */
    struct uuid by;
    struct uuid id; /* found */
    /* recover */
    const char *fresh;
    struct uuid fresh_id;
    bool recovering;
    struct arena arena; /* of what the view gave, over later questions */
};

static bool is_administrator(const struct fact_account *a)
{
    static const struct uuid none;
    return a->role == ROLE_ADMINISTRATOR && !a->disabled && uuid_eq(&a->party, &none);
}

/* ---- the writes ---- */

struct count {
    const struct uuid *but;
    size_t administrators;
};

static enum err on_account(void *self, const struct fact *f)
{
    struct count *c = self;
    c->administrators += is_administrator(&f->u.account) && !uuid_eq(&f->u.account.id, c->but);
    return OK;
}

static enum err find_account(struct txn *t, struct change *c, const char *name, struct fact_account *ret,
                             struct fault *reterr)
{
    struct fact_account a;
    enum err err = view_account_by_name(txn_view(t), text_of(name), &a, reterr);
    if (err == ERR_NOT_FOUND)
        return fault_set(reterr, err, "no account is named %s; entente account list shows them", name);
    if (err != OK)
        return err;
    a.name = arena_text(&c->arena, a.name);
    if (!a.name.ptr)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    *ret = a;
    return OK;
}

static enum err append_account(struct txn *t, const struct change *c, const struct fact_account *a,
                               struct fault *reterr)
{
    struct fact f = {.kind = FACT_ACCOUNT, .u.account = *a};
    f.u.account.account = c->by;
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

static enum err append_act(struct txn *t, const struct change *c, const char *verb, const struct uuid *subject,
                           struct fault *reterr)
{
    char id[UUID_TEXT_MAX];
    struct fact f = {
        .kind = FACT_ACT,
        .u.act = {.account = c->by, .verb = text_of(verb), .subject = uuid_format(subject, id), .reason = c->reason}};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

static enum err change_role(struct txn *t, struct change *c, struct fact_account *a, struct fault *reterr)
{
    char words[128];
    snprintf(words, sizeof words, "role changed from %s to %s", role_name(a->role), role_name(c->role));
    a->role = c->role;
    enum err err = append_account(t, c, a, reterr);
    return err == OK ? append_act(t, c, words, &a->id, reterr) : err;
}

static enum err switch_account(struct txn *t, struct change *c, struct fault *reterr)
{
    struct fact_account a;
    enum err err = find_account(t, c, c->name, &a, reterr);
    if (err != OK)
        return err;
    struct count others = {.but = &a.id};
    c->id = a.id;
    err = view_facts(txn_view(t), FACT_ACCOUNT, on_account, &others, reterr);
    bool ends = c->disable || (c->role != ROLE_NONE && c->role != ROLE_ADMINISTRATOR);
    if (err == OK && ends && is_administrator(&a) && others.administrators == 0)
        err = fault_set(reterr, ERR_DENIED,
                        "%s is the last administrator: entente account recover makes another in its place", c->name);
    if (err == OK && c->role != ROLE_NONE && !uuid_eq(&a.party, &(struct uuid){{0}}))
        err = fault_set(reterr, ERR_USAGE, "%s is a partner's machine: it has no role", c->name);
    if (err != OK)
        return err;
    if (c->role != ROLE_NONE)
        return change_role(t, c, &a, reterr);
    if (a.disabled != c->disable) {
        a.disabled = c->disable;
        err = append_account(t, c, &a, reterr);
    }
    return err == OK ? append_act(t, c, c->disable ? "account disabled" : "account enabled", &a.id, reterr) : err;
}

/* The new administrator stands before the old one goes: one write, so that there is always one. */
static enum err write_change(struct txn *t, void *self, struct fault *reterr)
{
    struct change *c = self;
    struct fact_account a;
    arena_reset(&c->arena);
    if (c->recovering) {
        if (view_account_by_name(txn_view(t), text_of(c->fresh), &a, NULL) == OK)
            return fault_set(reterr, ERR_USAGE,
                             "there is an account %s already: the new administrator needs a name of "
                             "its own",
                             c->fresh);
        struct fact_account fresh = {.id = c->fresh_id, .name = text_of(c->fresh), .role = ROLE_ADMINISTRATOR};
        enum err err = append_account(t, c, &fresh, reterr);
        if (err == OK)
            err = append_act(t, c, "administrator recovered", &c->fresh_id, reterr);
        if (err != OK)
            return err;
    }
    return switch_account(t, c, reterr);
}

static enum err run_change(struct session *s, struct change *c, struct fault *reterr)
{
    struct local *local = node_local(s->node);
    c->by = c->recovering ? c->fresh_id : *session_account(s); /* nobody acts as who is gone */
    arena_init(&c->arena, CHANGE_ARENA_BYTES);
    enum err err = node_write(s->node, write_change, c, reterr);
    arena_done(&c->arena);
    if (err == OK && c->role == ROLE_NONE) /* enabling revives no old token, and no password */
        err = local_token_revoke_all(local, &c->id, reterr);
    if (err == OK && c->role == ROLE_NONE)
        err = local_password_drop(local, &c->id, reterr);
    logins_forget(node_logins(s->node), &c->id);
    return err == OK ? node_find_admin(s->node, reterr) : err;
}

/* ---- the commands ---- */

static int reason_of(struct session *s, struct text *ret)
{
    const char *reason = option(s, "reason");
    if (!reason || !*reason) {
        complain(s, "%s: --reason R: it stands in the log for ever", s->command->name);
        return EXIT_USAGE;
    }
    *ret = text_of(reason);
    return EXIT_DONE;
}

static int switch_it(struct session *s, bool disable)
{
    struct change c = {.name = s->operands[0], .disable = disable};
    struct fault fault = {.offset = -1, .line = -1};
    if (reason_of(s, &c.reason))
        return EXIT_USAGE;
    if (run_change(s, &c, &fault))
        return complain_fault(s, NULL, &fault);
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "account", text_of(c.name));
        json_member_bool(&o, "disabled", disable);
        json_close(&o, '}');
        json_line_end(s);
    } else if (disable) {
        say(s, "%s is disabled from this moment; its tokens are revoked, its sessions and password gone\n", c.name);
    } else {
        say(s, "%s may speak again; entente account token %s makes it a token\n", c.name, c.name);
    }
    return EXIT_DONE;
}

static int run_disable(struct session *s)
{
    return switch_it(s, true);
}

static int run_enable(struct session *s)
{
    return switch_it(s, false);
}

static int run_set(struct session *s)
{
    const char *role = option(s, "role"), *reason = option(s, "reason");
    struct change c = {.name = s->operands[0],
                       .role = role_parse(text_of(role ? role : "")),
                       .reason = text_of(reason ? reason : "")};
    struct fault fault = {.offset = -1, .line = -1};
    if (c.role == ROLE_NONE) {
        complain(s, "account set: --role, one of reader, analyst, releaser, administrator");
        return EXIT_USAGE;
    }
    if (run_change(s, &c, &fault))
        return complain_fault(s, NULL, &fault);
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "account", text_of(c.name));
        json_member_text(&o, "role", text_of(role_name(c.role)));
        json_close(&o, '}');
        json_line_end(s);
    } else {
        say(s, "%s is %s from this moment; its sessions have ended\n", c.name, role_name(c.role));
    }
    return EXIT_DONE;
}

/* The one that local commands act as, when nobody is named: it is lost. */
static int lost_name(struct session *s, char *out, size_t size)
{
    struct view *v;
    struct fact_account a;
    struct fault fault = {.offset = -1, .line = -1};
    const char *given = option(s, "lost");
    if (given) {
        snprintf(out, size, "%s", given);
        return EXIT_DONE;
    }
    if (open_view(s, &v))
        return EXIT_WRITE;
    enum err err = view_account(v, session_account(s), &a, &fault);
    if (err == OK)
        snprintf(out, size, TEXT_FMT, TEXT_ARG(a.name));
    node_reader_done(s->node, v);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

static void tell_recovered(struct session *s, const struct change *c, struct text token)
{
    if (!s->json) {
        say(s,
            "%s is administrator; %s is disabled and its tokens are revoked\n"
            "The new one's token, shown once: " TEXT_FMT "\n",
            c->fresh, c->name, TEXT_ARG(token));
        return;
    }
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "account", text_of(c->fresh));
    json_member_text(&o, "disabled", text_of(c->name));
    json_member_text(&o, "token", token);
    json_close(&o, '}');
    json_line_end(s);
}

static int run_recover(struct session *s)
{
    char lost[NAME_MAX_BYTES + 1];
    struct change c = {.fresh = option(s, "name"), .disable = true, .recovering = true, .fresh_id = uuid_random()};
    struct fault fault = {.offset = -1, .line = -1};
    if (!c.fresh) {
        complain(s, "account recover: --name NAME: what the new administrator is called");
        return EXIT_USAGE;
    }
    if (check_name(s, c.fresh) || reason_of(s, &c.reason))
        return EXIT_USAGE;
    int code = lost_name(s, lost, sizeof lost);
    if (code)
        return code;
    c.name = lost;
    if (run_change(s, &c, &fault))
        return complain_fault(s, NULL, &fault);
    struct buffer token;
    buffer_init(&token, KIB);
    const struct local_token t = {.account = c.fresh_id,
                                  .label = TEXT("recovery"),
                                  .scopes = scopes_default(false, ROLE_ADMINISTRATOR),
                                  .created_us = clock_now_us()};
    if (local_token_new(node_local(s->node), &t, &token, NULL, &fault))
        code = complain_fault(s, NULL, &fault);
    else
        tell_recovered(s, &c, buffer_text(&token));
    buffer_done(&token);
    return code;
}

#define REASON_OPTION                                                     \
    {                                                                     \
        "reason", OPTION_VALUE, "R", "why; it stands in the log for ever" \
    }
static const struct option_spec CHANGE_OPTIONS[] = {REASON_OPTION, {NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec SET_OPTIONS[] = {
    {"role", OPTION_VALUE, "ROLE", "reader, analyst, releaser or administrator"},
    REASON_OPTION,
    {NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec RECOVER_OPTIONS[] = {
    {"name", OPTION_VALUE, "NAME", "the new administrator"},
    {"lost", OPTION_VALUE, "NAME", "the one that is gone (the one that local commands act as)"},
    REASON_OPTION,
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_ACCOUNT_DISABLE = {
    .name = "account disable",
    .operands = "NAME",
    .summary = "an account speaks to the node no longer",
    .details = "Its tokens are revoked. What it did stays in the log under its name. The last administrator is not\n"
               "disabled: see entente account recover.\n",
    .options = CHANGE_OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_ADMINISTRATOR,
    .run = run_disable};
const struct command COMMAND_ACCOUNT_ENABLE = {.name = "account enable",
                                               .operands = "NAME",
                                               .summary = "a disabled account may speak again, with a new token",
                                               .options = CHANGE_OPTIONS,
                                               .operands_min = 1,
                                               .operands_max = 1,
                                               .need = NEED_WRITE,
                                               .least = ROLE_ADMINISTRATOR,
                                               .run = run_enable};
const struct command COMMAND_ACCOUNT_SET = {
    .name = "account set",
    .operands = "NAME",
    .summary = "another role for an account, from this moment",
    .details = "Its sessions end; its tokens stay, and are good for what scopes and new role both allow. The last\n"
               "administrator stays one.\n",
    .options = SET_OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_ADMINISTRATOR,
    .run = run_set};
const struct command COMMAND_ACCOUNT_RECOVER = {
    .name = "account recover",
    .operands = "",
    .summary = "a new administrator in the place of one that is gone",
    .details = "For who can write the home on this machine: makes the account and a token for it, disables the lost\n"
               "one and revokes its tokens, all as entries with the reason. Local commands act as the new one.\n",
    .options = RECOVER_OPTIONS,
    .need = NEED_WRITE,
    .run = run_recover};
