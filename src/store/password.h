/* store/password.h - what a person proves itself with: rules for a new one, and its Argon2id hash (RFC 9106) by
 * libsodium. Each hashing takes PASSWORD_MEMORY_BYTES for some 50 ms: only store/login.c calls for it in a server,
 * one at a time. */
#pragma once
#include "base/limits.h"
#include "model/ident.h"
#include "store/local.h"

/* Argon2id: more than OWASP and RFC 9106 ask of a server, some 50 ms. */
#define PASSWORD_MEMORY_BYTES (64 * MIB)
#define PASSWORD_PASSES       2
/* NIST SP 800-63B: length, and no rules of composition. A kibibyte takes any passphrase. */
#define PASSWORD_MIN_CHARS    12
#define PASSWORD_MIN_DISTINCT 5
#define PASSWORD_MAX_BYTES    KIB

/* With its NUL; crypto_pwhash_STRBYTES. */
#define PASSWORD_HASH_MAX 128

/* May this be a password: PASSWORD_MIN_CHARS to PASSWORD_MAX_BYTES of UTF-8, no control characters, none of the
 * commonest, not the account's own name, not a few characters over and over. Nothing is asked of its composition.
 * ERR_USAGE, and the fault says which rule, never the password. */
MUST_CHECK enum err password_check(struct text password, struct text account, struct fault *reterr);
/* ERR_NOMEM: PASSWORD_MEMORY_BYTES could not be had. */
MUST_CHECK enum err password_hash(struct text password, char ret[PASSWORD_HASH_MAX]);
/* Takes as long whatever the answer. hash NULL: nobody's, and the answer is no after as long. ERR_NOMEM */
MUST_CHECK enum err password_is(const char *hash, struct text password, bool *ret);

/* ---- kept in local.db ---- */
/* A machine of ours has tokens and never a password. ERR_* of local_set() */
MUST_CHECK enum err account_set_machine(struct local *l, const struct uuid *account, struct fault *reterr);
bool account_is_machine(struct local *l, const struct uuid *account);
/* The account's hash, appended. ERR_NOT_FOUND: it has no password. */
MUST_CHECK enum err local_password(struct local *l, const struct uuid *account, struct buffer *ret,
                                   struct fault *reterr);
MUST_CHECK enum err local_password_set(struct local *l, const struct uuid *account, struct text hash, int64_t now_us,
                                       struct fault *reterr);
MUST_CHECK enum err local_password_drop(struct local *l, const struct uuid *account, struct fault *reterr);
