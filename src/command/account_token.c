/* account token: what an account proves itself with, for which doors and until when. */
#include "base/time.h"
#include "command/act.h"
#include "command/actor.h"
#include "command/commands.h"
#include "command/names.h"
#include "command/table.h"
#include "store/login.h"
#include "json/json.h"

#define SCOPES_TEXT_MAX 128
#define REASON_MAX      (256)

struct token_run {
    struct session *s;
    const char *name;
    struct uuid id; /* of the account */
    bool machine_of_party;
    enum role role;
    struct table table;
};

/* ---- what stands in the log: that it was done, and by whom ---- */

static int tell(struct token_run *r, const char *verb, struct text reason)
{
    char subject[UUID_TEXT_MAX];
    struct fact f = {.kind = FACT_ACT,
                     .u.act = {.account = *session_account(r->s),
                               .verb = text_of(verb),
                               .subject = uuid_format(&r->id, subject),
                               .reason = reason}};
    return append_fact(r->s, &f);
}

static void json_scopes(struct json_out *o, unsigned scopes)
{
    json_key(o, TEXT("scopes"));
    json_open(o, '[');
    for (unsigned i = 0; i < SCOPE_BITS; i++)
        if (scopes & 1U << i)
            json_put_text(o, text_of(scope_name(1U << i)));
    json_close(o, ']');
}

static struct text scopes_text(unsigned scopes, struct buffer *b)
{
    buffer_clear(b);
    scopes_write(scopes, b);
    return buffer_error(b) ? TEXT("?") : buffer_text(b);
}

/* ---- making one ---- */

static int wanted_scopes(struct token_run *r, unsigned *ret)
{
    struct text bad = TEXT_NONE;
    const char *given = option(r->s, "scope");
    unsigned allowed = scopes_allowed(r->machine_of_party, r->role);
    *ret = scopes_default(r->machine_of_party, r->role);
    if (!given)
        return EXIT_DONE;
    if (scopes_parse(text_of(given), ret, &bad)) {
        complain(r->s, "--scope " TEXT_FMT ": some of " SCOPE_NAMES ", between commas", TEXT_ARG(bad));
        return EXIT_USAGE;
    }
    if (*ret & ~allowed) {
        struct buffer b;
        buffer_init(&b, SCOPES_TEXT_MAX);
        struct text words = scopes_text(allowed, &b);
        complain(r->s, "--scope %s: a token of %s, %s, can have no more than %s" TEXT_FMT, given, r->name,
                 r->machine_of_party ? "a partner's machine" : role_name(r->role), words.len ? "" : "nothing",
                 TEXT_ARG(words));
        buffer_done(&b);
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}

static int wanted_end(struct session *s, int64_t now_us, int64_t *ret)
{
    const char *given = option(s, "expires");
    *ret = 0;
    if (given && text_eq(text_of(given), TEXT("never")))
        return EXIT_DONE;
    if (find_moment(s, "expires", given, now_us, ret))
        return EXIT_USAGE;
    if (given && *ret <= now_us) {
        complain(s, "--expires %s: that is over", given);
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}

static void tell_token(struct token_run *r, const struct local_token *t, const char *id, struct text token)
{
    struct session *s = r->s;
    if (!s->json) {
        say(s, TEXT_FMT "\n", TEXT_ARG(token));
        return;
    }
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "account", text_of(r->name));
    json_member_text(&o, "token", token);
    json_member_text(&o, "id", text_of(id));
    json_scopes(&o, t->scopes);
    json_member_moment(&o, "expires", t->expires_us);
    json_close(&o, '}');
    json_line_end(s);
}

static int keep_token(struct token_run *r, const struct local_token *t, struct buffer *token, struct buffer *words)
{
    char id[TOKEN_ID_MAX], at[MOMENT_MAX];
    struct fault fault = {.offset = -1, .line = -1};
    struct local *local = node_local(r->s->node);
    if (local_token_new(local, t, token, id, &fault))
        return complain_fault(r->s, NULL, &fault);
    buffer_addf(words, "%s: ", id);
    scopes_write(t->scopes, words);
    buffer_addf(words, "%s%s", t->expires_us ? ", until " : "", t->expires_us ? moment(t->expires_us, at) : "");
    int code = buffer_error(words) ? EXIT_WRITE : tell(r, "token made", buffer_text(words));
    if (code == EXIT_DONE)
        tell_token(r, t, id, buffer_text(token));
    else if (local_token_revoke(local, &r->id, text_of(id), &fault))
        complain_fault(r->s, NULL, &fault);
    return code;
}

static int make_token(struct token_run *r)
{
    const char *label = option(r->s, "label");
    struct local_token t = {.account = r->id, .label = text_of(label ? label : ""), .created_us = clock_now_us()};
    struct buffer token, words;
    int code = wanted_scopes(r, &t.scopes);
    if (code == EXIT_DONE)
        code = wanted_end(r->s, t.created_us, &t.expires_us);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&token, 1 * KIB);
    buffer_init(&words, REASON_MAX);
    code = keep_token(r, &t, &token, &words);
    buffer_done(&words);
    buffer_done(&token);
    return code;
}

/* ---- listing them ---- */

static enum err list_one(void *self, const struct local_token *t)
{
    struct token_run *r = self;
    char at[MOMENT_MAX];
    struct buffer b;
    buffer_init(&b, SCOPES_TEXT_MAX);
    if (r->s->json) {
        struct json_out o = json_out_to(json_line(r->s));
        json_open(&o, '{');
        json_member_text(&o, "account", text_of(r->name));
        json_member_text(&o, "id", text_of(t->id));
        json_member_text(&o, "label", t->label);
        json_scopes(&o, t->scopes);
        json_member_moment(&o, "created", t->created_us);
        json_member_moment(&o, "expires", t->expires_us);
        json_member_bool(&o, "expired", t->expires_us && t->expires_us <= clock_now_us());
        json_member_moment(&o, "last_used", t->used_us);
        json_close(&o, '}');
        json_line_end(r->s);
    } else {
        bool over = t->expires_us && t->expires_us <= clock_now_us();
        table_cell(&r->table, text_of(t->id));
        table_cell(&r->table, t->label);
        table_cell(&r->table, scopes_text(t->scopes, &b));
        table_cell(&r->table, text_of(t->created_us ? moment(t->created_us, at) : "before 0.1"));
        table_cellf(&r->table, "%s%s", t->expires_us ? moment(t->expires_us, at) : "never", over ? " (over)" : "");
        table_cell(&r->table, text_of(t->used_us ? moment(t->used_us, at) : "never"));
    }
    buffer_done(&b);
    return OK;
}

static int list_tokens(struct token_run *r)
{
    static const char *const heads[] = {"TOKEN", "LABEL", "SCOPES", "MADE", "UNTIL", "LAST USED", NULL};
    struct fault fault = {.offset = -1, .line = -1};
    table_begin(&r->table, r->s, heads);
    enum err e = local_tokens(node_local(r->s->node), &r->id, list_one, r, &fault);
    table_end(&r->table, r->s->json ? NULL : "no tokens");
    return e ? complain_fault(r->s, NULL, &fault) : EXIT_DONE;
}

/* ---- taking them back ---- */

static int revoke(struct token_run *r, const char *one)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct session *s = r->s;
    const char *reason = option(s, "reason");
    struct local *local = node_local(s->node);
    if (one ? local_token_revoke(local, &r->id, text_of(one), &fault) : local_token_revoke_all(local, &r->id, &fault))
        return complain_fault(s, NULL, &fault);
    if (one)
        logins_cut(node_logins(s->node));
    else
        logins_forget(node_logins(s->node), &r->id);
    int code = tell(r, one ? "token revoked" : "tokens revoked", text_of(reason ? reason : ""));
    if (code)
        return code;
    if (!s->json) {
        say(s, one ? "token %s of %s is revoked\n" : "all tokens%s of %s are revoked, and its sessions have ended\n",
            one ? one : "", r->name);
        return EXIT_DONE;
    }
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "account", text_of(r->name));
    if (one)
        json_member_text(&o, "id", text_of(one));
    json_member_bool(&o, "revoked", true);
    json_close(&o, '}');
    json_line_end(s);
    return EXIT_DONE;
}

static int one_way_at_most(struct session *s)
{
    int ways = option_given(s, "list") + option_given(s, "revoke") + option_given(s, "revoke-all");
    bool makes = option_given(s, "scope") || option_given(s, "expires") || option_given(s, "label");
    if (ways <= 1 && !(ways && makes))
        return EXIT_DONE;
    complain(s,
             "account token: one of --list, --revoke ID, --revoke-all; --scope, --expires and --label are of a new "
             "token");
    return EXIT_USAGE;
}

static int find_and_run(struct session *s, struct view *v)
{
    static const struct uuid nobody;
    struct token_run r = {.s = s, .name = s->operands[0]};
    struct fact_account a;
    int code = one_way_at_most(s);
    if (code)
        return code;
    if (view_account_by_name(v, text_of(r.name), &a, NULL)) {
        complain(s, "no account is named %s; entente account list shows them", r.name);
        return EXIT_DATA;
    }
    r.id = a.id;
    r.role = a.role;
    r.machine_of_party = !uuid_eq(&a.party, &nobody);
    if (option_given(s, "list"))
        return list_tokens(&r);
    if (option_given(s, "revoke") || option_given(s, "revoke-all"))
        return revoke(&r, option(s, "revoke"));
    if (a.disabled) {
        complain(s, "%s is disabled; entente account enable %s lets it speak again", r.name, r.name);
        return EXIT_DENIED;
    }
    return make_token(&r);
}

static int run_token(struct session *s)
{
    return with_view(s, find_and_run);
}

static const struct option_spec TOKEN_OPTIONS[] = {
    {"scope", OPTION_VALUE, "LIST", "what it is for, between commas: " SCOPE_NAMES},
    {"expires", OPTION_VALUE, "TIME", "when it ends: a time, +30d, or never (default)"},
    {"label", OPTION_VALUE, "TEXT", "what the token is for, in words"},
    {"list", OPTION_FLAG, NULL, "show the account's tokens instead, never the secret part"},
    {"revoke", OPTION_VALUE, "ID", "revoke this one instead"},
    {"revoke-all", OPTION_FLAG, NULL, "revoke all tokens of the account instead"},
    {"reason", OPTION_VALUE, "R", "why they are revoked; it stands in the log for ever"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_ACCOUNT_TOKEN = {
    .name = "account token",
    .operands = "NAME",
    .summary = "a new access token; it is shown once",
    .details =
        "The token is sent as 'Authorization: Bearer TOKEN', or as the password of basic authentication with the\n"
        "account's name. Only its hash is kept. Without --scope a partner's machine gets taxii-read, taxii-write "
        "and\n"
        "log, our own accounts what their role allows: a reader taxii-read, api-read and log, others everything.\n",
    .options = TOKEN_OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_ADMINISTRATOR,
    .run = run_token};
