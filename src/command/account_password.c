/* account password: what a person logs in with, beside or instead of tokens. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "command/act.h"
#include "command/commands.h"
#include "command/names.h"
#include "store/login.h"
#include "store/password.h"
#include "json/json.h"

/* What was typed or stands in the file, up to the first end of a line. */
static int read_password(struct session *s, char out[PASSWORD_MAX_BYTES + 2], struct text *ret)
{
    size_t len = 0;
    const struct input *in = s->input_count ? &s->inputs[s->input_count - 1] : NULL;
    while (in && len < PASSWORD_MAX_BYTES + 2) {
        ssize_t got = read(in->fd, out + len, PASSWORD_MAX_BYTES + 2 - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            complain(s, "%s: %s", in->name, strerror(errno));
            return EXIT_DATA;
        }
        if (got == 0)
            break;
        len += (size_t)got;
    }
    struct text rest = {out, len}, line = TEXT_NONE;
    (void)text_split(&rest, '\n', &line);
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    *ret = line;
    return EXIT_DONE;
}

static int tell(struct session *s, const struct uuid *id, bool removed)
{
    char subject[UUID_TEXT_MAX];
    const char *name = s->operands[0];
    struct fact f = {.kind = FACT_ACT,
                     .u.act = {.account = *session_account(s),
                               .verb = removed ? TEXT("password removed") : TEXT("password set"),
                               .subject = uuid_format(id, subject)}};
    int code = append_fact(s, &f);
    if (code)
        return code;
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "account", text_of(name));
        json_member_bool(&o, "password", !removed);
        json_close(&o, '}');
        json_line_end(s);
    } else {
        say(s, "%s %s; sessions of before have ended\n", name,
            removed ? "has no password any more" : "has a new password");
    }
    return EXIT_DONE;
}

static int set_password(struct session *s, const struct uuid *id)
{
    char typed[PASSWORD_MAX_BYTES + 2], hash[PASSWORD_HASH_MAX];
    struct fault fault = {.offset = -1, .line = -1};
    struct text password;
    int code = read_password(s, typed, &password);
    if (code == EXIT_DONE && password_check(password, text_of(s->operands[0]), &fault))
        code = complain_fault(s, NULL, &fault);
    if (code == EXIT_DONE && password_hash(password, hash)) {
        complain(s, "no memory to hash a password: it takes %zu MiB", PASSWORD_MEMORY_BYTES / MIB);
        code = EXIT_WRITE;
    }
    explicit_bzero(typed, sizeof typed);
    if (code == EXIT_DONE && local_password_set(node_local(s->node), id, text_of(hash), clock_now_us(), &fault))
        code = complain_fault(s, NULL, &fault);
    return code;
}

/* An account from elsewhere changes its own; an administrator anybody's. */
static int may_change(struct session *s, const struct fact_account *a)
{
    static const struct uuid nobody;
    const char *name = s->operands[0];
    if (s->actor && s->actor->role != ROLE_ADMINISTRATOR && !uuid_eq(&s->actor->account, &a->id))
        complain(s, "%s: only an administrator changes the password of another", name);
    else if (!uuid_eq(&a->party, &nobody) || account_is_machine(node_local(s->node), &a->id))
        complain(s, "%s is a machine: it has tokens only (entente account token %s)", name, name);
    else if (a->disabled)
        complain(s, "%s is disabled; entente account enable %s lets it speak again", name, name);
    else
        return EXIT_DONE;
    return EXIT_DENIED;
}

static int change(struct session *s, struct view *v)
{
    const char *name = s->operands[0];
    struct fault fault = {.offset = -1, .line = -1};
    struct fact_account a;
    bool remove = option_given(s, "remove");
    if (view_account_by_name(v, text_of(name), &a, NULL)) {
        complain(s, "no account is named %s; entente account list shows them", name);
        return EXIT_DATA;
    }
    struct uuid id = a.id;
    int code = may_change(s, &a);
    if (code == EXIT_DONE && remove && local_password_drop(node_local(s->node), &id, &fault))
        code = complain_fault(s, NULL, &fault);
    else if (code == EXIT_DONE && !remove)
        code = set_password(s, &id);
    if (code != EXIT_DONE)
        return code;
    logins_forget(node_logins(s->node), &id);
    return tell(s, &id, remove);
}

static int run_password(struct session *s)
{
    return with_view(s, change);
}

static const struct option_spec PASSWORD_OPTIONS[] = {
    {"password-file", OPTION_VALUE, "FILE", "its first line is the password ('-': standard input), else asked for"},
    {"remove", OPTION_FLAG, NULL, "take the password away instead"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_ACCOUNT_PASSWORD = {
    .name = "account password",
    .operands = "NAME",
    .summary = "a person's password; their sessions end",
    .details =
        "At least twelve characters, and none of the commonest; nothing else is asked of it. Only its Argon2id\n"
        "hash is kept. A person logs in with name and password, at TAXII by basic authentication.\n",
    .options = PASSWORD_OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_READER,
    .run = run_password};
