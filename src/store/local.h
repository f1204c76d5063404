/* store/local.h - local.db: what must neither be rebuilt nor shared. SQLite, synchronous=FULL: every set is durable
 * when it returns. Thread-safe (one connection, one mutex). */
#pragma once
#include "base/hash.h"
#include "model/ident.h"
#include "store/scope.h"

struct local;
MUST_CHECK enum err local_open(const char *home, bool create, struct local **ret, struct fault *reterr);
/* Asked when the disk is full: true when room was made, and the statement is tried once more. */
void local_on_full(struct local *l, bool (*make_room)(void *self), void *self);
/* Opens and closes it: an older version is brought up to this one by every opening. Durable when it returns. */
MUST_CHECK enum err local_upgrade(const char *home, struct fault *reterr);
/* The whole database as it stands, as a file's bytes, appended. ERR_IO | ERR_NOMEM | ERR_LIMIT */
MUST_CHECK enum err local_copy(struct local *l, struct buffer *out, struct fault *reterr);
void local_close(struct local *l);

/* ---- access tokens: only their SHA-256 is kept ---- */
#define TOKEN_ID_MAX       11                            /* ten hex digits and a NUL */
#define TOKEN_USED_STEP_US ((int64_t)3600 * 1000 * 1000) /* when it was last used is known to the hour */
struct local_token {
    char id[TOKEN_ID_MAX]; /* its name for people, which proves nothing */
    struct uuid account;
    struct text label;                       /* for people */
    unsigned scopes;                         /* enum scope */
    int64_t created_us, expires_us, used_us; /* 0: not known | never | never */
};
/* "ent_" and 43 characters, 256 random bits, appended. */
void token_make(struct buffer *out);
/* A new token as t says (but for id and used_us), shown once. ret_id may be NULL. */
MUST_CHECK enum err local_token_new(struct local *l, const struct local_token *t, struct buffer *ret_token,
                                    char ret_id[TOKEN_ID_MAX], struct fault *reterr);
/* The token, without its label. ERR_NOT_FOUND: there is none, or it has expired. Looked up by hash, so timing tells
 * nothing. Notes the use, once an hour. */
MUST_CHECK enum err local_token_find(struct local *l, struct text token, int64_t now_us, struct local_token *ret,
                                     struct fault *reterr);
/* The tokens of the account (NULL: all), oldest first; the label is borrowed during the call, in which local.db must
 * not be asked. */
typedef enum err local_token_fn(void *self, const struct local_token *t);
MUST_CHECK enum err local_tokens(struct local *l, const struct uuid *account, local_token_fn *each, void *self,
                                 struct fault *reterr);
/* ERR_NOT_FOUND: the account has no such token. */
MUST_CHECK enum err local_token_revoke(struct local *l, const struct uuid *account, struct text id,
                                       struct fault *reterr);
MUST_CHECK enum err local_token_revoke_all(struct local *l, const struct uuid *account, struct fault *reterr);

/* ---- peer secrets and cursors; follow state: small named values ---- */
/* space: "peer-token", "peer-cursor", "follow", ...; ERR_NOT_FOUND */
MUST_CHECK enum err local_get(struct local *l, const char *space, struct text key, struct buffer *ret,
                              struct fault *reterr);
MUST_CHECK enum err local_set(struct local *l, const char *space, struct text key, struct text value,
                              struct fault *reterr);
MUST_CHECK enum err local_delete(struct local *l, const char *space, struct text key, struct fault *reterr);
