/* store/login.h - who logged in: passwords held against their hashes by a thread of its own, one at a time, so that
 * nobody's guessing costs more than that; what was found out, for a few minutes; and sessions. In memory, of fixed
 * size: a restart forgets it all. Thread-safe.
 *
 * A try: login_ask() -> LOGIN_WAITS, and the hashing is queued -> told by login_on_news() -> login_ask() with the
 * same words -> LOGIN_YES | LOGIN_NO. An unknown name takes the same way with nobody's hash. */
#pragma once
#include "model/ident.h"
#include "store/local.h"

/* What was found out of a password is remembered so long, so that not each request of a client costs a hashing. */
#define LOGIN_REMEMBERED_S 600
#define LOGIN_REFUSED_S    10
#define LOGIN_VERDICTS_MAX 1024
/* Waiting for the one hashing at a time, some 20 a second; of one address so many. */
#define LOGIN_QUEUE_MAX        64
#define LOGIN_QUEUE_OF_ONE_MAX 4
#define LOGIN_PATIENCE_S       10
/* Accounts whose failures are counted between two writes to local.db. */
#define LOGIN_FAILING_MAX 64
/* People at their consoles at once, and windows of one person. */
#define SESSIONS_MAX        1024
#define SESSIONS_OF_ONE_MAX 32

struct logins;
struct node;
/* Of the home's owner, as long as the node is open. */
struct logins *node_logins(struct node *node);
/* local is borrowed. ERR_NOMEM */
MUST_CHECK enum err logins_new(struct local *local, struct logins **ret);
void logins_free(struct logins *l); /* ends the thread; accepts NULL */

enum login_state {
    LOGIN_YES,
    LOGIN_NO,
    LOGIN_LATER, /* too many failures, or too many waiting: wait_s */
    LOGIN_WAITS
};
struct login_try {
    struct text name, password, source; /* source: the address it came from */
    struct uuid account;                /* who has that name and may log in; zero: nobody */
};
struct login_answer {
    enum login_state state;
    unsigned wait_s;
};
/* ERR_NOMEM: the thread could not be started. */
MUST_CHECK enum err login_ask(struct logins *l, const struct login_try *t, struct login_answer *ret);
/* Was it found to be right a short while ago, and nothing changed since? Each time it is asked it is remembered for
 * longer. The source means nothing here. */
bool login_remembered(struct logins *l, const struct login_try *t);
/* Asks until it is no longer LOGIN_WAITS: some 50 ms, seconds when others wait, LOGIN_LATER after LOGIN_PATIENCE_S.
 */
MUST_CHECK enum err login_wait(struct logins *l, const struct login_try *t, struct login_answer *ret);
/* Called after each hashing, and with `cut` when something was taken back from an account: whoever waits is then to
 * be asked again whether it still may. It must not ask anything of l. One listener; NULL: none. */
void login_on_news(struct logins *l, void (*fn)(void *self, bool cut), void *self);

/* ---- sessions: random tokens, of which the hash is kept. "ens_" and 43 characters ---- */
#define SESSION_IDLE_US ((int64_t)3600 * 1000000)      /* without a request */
#define SESSION_MAX_US  ((int64_t)12 * 3600 * 1000000) /* a working day, whatever happens */
bool session_is_token(struct text token);
bool token_is(struct text token); /* by its form: one of local_token_new(), which needs no hashing */
/* After LOGIN_YES, appended. The oldest one ends when there are SESSIONS_MAX, or the account has SESSIONS_OF_ONE_MAX.
 * ERR_NOMEM */
MUST_CHECK enum err session_open(struct logins *l, const struct uuid *account, struct buffer *ret_token);
/* Whose it is, and that it is in use. ERR_NOT_FOUND: unknown, or over. */
MUST_CHECK enum err session_find(struct logins *l, struct text token, struct uuid *ret_account);
/* ERR_NOT_FOUND */
MUST_CHECK enum err session_close(struct logins *l, struct text token);
size_t session_count(struct logins *l, const struct uuid *account);

/* Everything of the account ends at once: sessions, and what was found out of passwords, also what is being hashed.
 */
void logins_forget(struct logins *l, const struct uuid *account);
/* Something else was taken back: a token, a partner's place. */
void logins_cut(struct logins *l);

/* ---- failures, for people ---- */
/* In local.db, written at most once a minute an account; zero: names that nobody has. */
struct login_failures {
    uint64_t count;
    int64_t last_us;
};
/* When its password was last found right, to the hour; 0: never, or it cannot be read. */
int64_t login_last_used(struct local *local, const struct uuid *account);
/* Zeros: none. account NULL: of all, and of names that nobody has. */
MUST_CHECK enum err login_failures(struct local *local, const struct uuid *account, struct login_failures *ret,
                                   struct fault *reterr);
