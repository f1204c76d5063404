/* store/local_inside.h - what the files of local.db share; no one else includes it. */
#pragma once
#include <pthread.h>
#include <sqlite3.h>

#include "store/local.h"

enum local_sql {
    TOKEN_ADD,
    TOKEN_FIND,
    TOKEN_LIST,
    TOKEN_USED,
    TOKEN_DROP,
    TOKEN_DROP_ALL,
    PASSWORD_GET,
    PASSWORD_SET,
    PASSWORD_DROP,
    ITEM_GET,
    ITEM_SET,
    ITEM_DROP,
    LOCAL_SQL_COUNT
};

/* Tokens that were found and asked for again: a request costs no look into the file. Whoever holds the home is the
 * only one to change it, by the statements above: those that touch tokens empty this first (local_begin()). */
#define TOKENS_SEEN 256
struct token_seen {
    bool set;
    struct sha256 hash;
    struct local_token token; /* without its label */
};

struct local {
    sqlite3 *db;
    struct token_seen seen[TOKENS_SEEN]; /* by the hash's first byte */
    sqlite3_stmt *stmt[LOCAL_SQL_COUNT];
    bool (*make_room)(void *self);
    void *make_room_self;
    pthread_mutex_t lock; /* of everything above */
};

/* Takes the lock, which local_end() and what calls it (run, read) give back. NULL: no memory; the others mind that.
 */
sqlite3_stmt *local_begin(struct local *l, enum local_sql id);
enum err local_end(struct local *l, sqlite3_stmt *s, enum err err);
void local_bind_bytes(sqlite3_stmt *s, int at, struct text t);
void local_bind_words(sqlite3_stmt *s, int at, struct text t);
enum err local_fault(struct local *l, struct fault *reterr);
/* A statement without rows. */
MUST_CHECK enum err local_run(struct local *l, sqlite3_stmt *s, struct fault *reterr);
/* The one column of the one row, into out. ERR_NOT_FOUND */
MUST_CHECK enum err local_read(struct local *l, sqlite3_stmt *s, struct buffer *out, struct fault *reterr);
