/* Who may do what: the one place where a command that came from elsewhere is held against its account. */
#include <string.h>

#include "command/names.h"

bool command_permits(const struct command *command, enum role role)
{
    return command->least != ROLE_NONE && role >= command->least;
}

static bool is_own_name(struct session *s, struct view *v, const char *name)
{
    struct fact_account a;
    return view_account_by_name(v, text_of(name), &a, NULL) == OK && uuid_eq(&a.id, &s->actor->account);
}

/* The account that an option names, NULL: none does. What leaves for an account is for its eyes, too. */
static const char *other_eyes(const struct session *s, const char **ret_option)
{
    static const char account[] = "account ";
    const struct option_spec *o = s->command->options;
    for (size_t i = 0; o && o[i].name; i++) {
        const char *given = s->values[i];
        if (!given || o[i].kind != OPTION_VALUE)
            continue;
        *ret_option = o[i].name;
        if (o[i].argument && strcmp(o[i].argument, "ACCOUNT") == 0)
            return given;
        if (strcmp(o[i].name, "to") == 0 && strncmp(given, account, sizeof account - 1) == 0)
            return given + sizeof account - 1;
    }
    return NULL;
}

static int as_itself(struct session *s, struct view *v)
{
    const char *named = NULL, *name = other_eyes(s, &named);
    if (!name || is_own_name(s, v, name))
        return EXIT_DONE;
    complain(s, "--%s %s: that is another account; only an administrator looks with another's eyes", named, name);
    return EXIT_DENIED;
}

int session_allowed(struct session *s)
{
    if (!s->actor)
        return EXIT_DONE;
    if (!command_permits(s->command, s->actor->role)) {
        if (s->command->least == ROLE_NONE)
            complain(s, "%s is for who works on the machine itself", s->command->name);
        else
            complain(s, "%s wants the role %s; this account is %s", s->command->name, role_name(s->command->least),
                     role_name(s->actor->role));
        return EXIT_DENIED;
    }
    if (option_given(s, "by") || option_given(s, "token-file")) {
        complain(s, "--by, --token-file: an account that came from elsewhere acts as itself alone");
        return EXIT_DENIED;
    }
    return s->actor->role == ROLE_ADMINISTRATOR ? EXIT_DONE : with_view(s, as_itself);
}
