/* command/actor.h - the account under which a command acts. Whoever can write the home acts as its administrator;
 * another account proves itself by one of its tokens, so that one person is never taken for two by mistake. */
#pragma once
#include "command/session.h"

/* Options of every act. */
#define ACTOR_OPTIONS                                                                       \
    {"by", OPTION_VALUE, "ACCOUNT", "act as this account instead, with --token-file"},      \
    {                                                                                       \
        "token-file", OPTION_VALUE, "FILE", "a token of that account ('-': standard input)" \
    }

/* The administrator, or the account of --by whose token is in --token-file. Complains; returns an exit code. */
int acting_account(struct session *s, struct view *v, struct uuid *ret);
/* RFC 3339, or from now on: "+90s", "+30m", "+24h", "+7d". Complains. */
MUST_CHECK enum err find_moment(struct session *s, const char *option_name, const char *given, int64_t now_us,
                                int64_t *ret_us);
