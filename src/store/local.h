/* store/local.h - local.db: what must neither be rebuilt nor shared. SQLite, synchronous=FULL: every set is durable
 * when it returns. Thread-safe (one connection, one mutex). */
#pragma once
#include "base/hash.h"
#include "model/ident.h"

struct local;
MUST_CHECK enum err local_open(const char *home, bool create, struct local **ret, struct fault *reterr);
/* Asked when the disk is full: true when room was made, and the statement is tried once more. */
void local_on_full(struct local *l, bool (*make_room)(void *self), void *self);
/* Brings an older version up to this one; again does no harm. Durable when it returns. */
MUST_CHECK enum err local_upgrade(const char *home, struct fault *reterr);
/* The whole database as it stands, as a file's bytes, appended. ERR_IO | ERR_NOMEM | ERR_LIMIT */
MUST_CHECK enum err local_copy(struct local *l, struct buffer *out, struct fault *reterr);
void local_close(struct local *l);

/* What a token may be used for; who it is for and that account's role limit it further. */
enum scope {
    SCOPE_TAXII_READ = 1,
    SCOPE_TAXII_WRITE = 2,
    SCOPE_API_READ = 4,
    SCOPE_API_WRITE = 8,
    SCOPE_REPORT = 16, /* events given to us: POST /intelmq/ */
    SCOPES_ALL = 31
};

/* ---- access tokens: only their SHA-256 is kept ---- */
/* A new token for the account: "ent_" and 43 characters, 256 random bits. label: for people. Shown once. */
MUST_CHECK enum err local_token_new(struct local *l, const struct uuid *account, struct text label,
                                    struct buffer *ret_token, struct fault *reterr);
/* Whose token it is. ERR_NOT_FOUND. Compared by hash, so timing tells nothing. */
MUST_CHECK enum err local_token_account(struct local *l, struct text token, struct uuid *ret, struct fault *reterr);
MUST_CHECK enum err local_token_revoke_all(struct local *l, const struct uuid *account, struct fault *reterr);

/* ---- peer secrets and cursors; follow state: small named values ---- */
/* space: "peer-token", "peer-cursor", "follow", ...; ERR_NOT_FOUND */
MUST_CHECK enum err local_get(struct local *l, const char *space, struct text key, struct buffer *ret,
                              struct fault *reterr);
MUST_CHECK enum err local_set(struct local *l, const char *space, struct text key, struct text value,
                              struct fault *reterr);
MUST_CHECK enum err local_delete(struct local *l, const char *space, struct text key, struct fault *reterr);
