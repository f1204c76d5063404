/* store/local_token.c - access tokens: only their SHA-256 is kept. */
#include <string.h>

#include "store/local_inside.h"
#include "store/login.h"

#define TOKEN_BYTES    32
#define TOKEN_PREFIX   "ent_"
#define TOKEN_ID_BYTES 5

static void bind_uuid(sqlite3_stmt *s, int at, const struct uuid *u)
{
    local_bind_bytes(s, at, (struct text){(const char *)u->b, sizeof u->b});
}

static void bind_hash(sqlite3_stmt *s, int at, const struct sha256 *h)
{
    local_bind_bytes(s, at, (struct text){(const char *)h->b, sizeof h->b});
}

/* RFC 4648 section 5, without padding: 32 bytes make 43 characters. */
static void write_token(const uint8_t bytes[TOKEN_BYTES], struct buffer *out)
{
    struct buffer plain;
    buffer_init(&plain, 64);
    base64_write(&plain, bytes, TOKEN_BYTES);
    buffer_add(out, TEXT(TOKEN_PREFIX));
    for (size_t i = 0; i < plain.len && plain.ptr[i] != '='; i++)
        buffer_add_char(out, plain.ptr[i] == '+' ? '-' : plain.ptr[i] == '/' ? '_' : plain.ptr[i]);
    if (buffer_error(&plain) != OK && !out->err)
        out->err = buffer_error(&plain);
    buffer_done(&plain);
}

bool token_is(struct text token)
{
    return token.len == sizeof TOKEN_PREFIX - 1 + 43 && text_starts(token, TEXT(TOKEN_PREFIX));
}

void token_make(struct buffer *out)
{
    uint8_t bytes[TOKEN_BYTES];
    random_bytes(bytes, sizeof bytes);
    write_token(bytes, out);
    explicit_bzero(bytes, sizeof bytes);
}

enum err local_token_new(struct local *l, const struct local_token *t, struct buffer *ret_token,
                         char ret_id[TOKEN_ID_MAX], struct fault *reterr)
{
    uint8_t handle[TOKEN_ID_BYTES];
    char id[TOKEN_ID_MAX];
    size_t before = ret_token->len;
    token_make(ret_token);
    if (buffer_error(ret_token) != OK)
        return fault_set(reterr, buffer_error(ret_token), "no memory for a token");
    random_bytes(handle, sizeof handle);
    hex_write(handle, sizeof handle, id);
    struct sha256 hash = sha256_of(ret_token->ptr + before, ret_token->len - before);
    sqlite3_stmt *s = local_begin(l, TOKEN_ADD);
    if (s) {
        bind_hash(s, 1, &hash);
        bind_uuid(s, 2, &t->account);
        local_bind_words(s, 3, t->label);
        local_bind_words(s, 4, text_of(id));
        sqlite3_bind_int64(s, 5, t->scopes);
        sqlite3_bind_int64(s, 6, t->created_us);
        sqlite3_bind_int64(s, 7, t->expires_us);
    }
    enum err err = local_run(l, s, reterr);
    if (err != OK)
        ret_token->len = before;
    else if (ret_id)
        memcpy(ret_id, id, sizeof id);
    return err;
}

/* Texts are the statement's. */
static enum err read_row(sqlite3_stmt *s, struct local_token *ret, struct fault *reterr)
{
    const void *account = sqlite3_column_blob(s, 0), *label = sqlite3_column_text(s, 1);
    const void *id = sqlite3_column_text(s, 2);
    if (sqlite3_column_bytes(s, 0) != sizeof ret->account.b || sqlite3_column_bytes(s, 2) != TOKEN_ID_MAX - 1)
        return fault_set(reterr, ERR_MALFORMED, "local.db: a token without an account or a name");
    if (!account || !id || !label)
        return fault_set(reterr, ERR_NOMEM, "no memory for local.db");
    memcpy(ret->account.b, account, sizeof ret->account.b);
    memcpy(ret->id, id, TOKEN_ID_MAX - 1);
    ret->id[TOKEN_ID_MAX - 1] = 0;
    ret->label = (struct text){label, (size_t)sqlite3_column_bytes(s, 1)};
    ret->scopes = (unsigned)sqlite3_column_int64(s, 3) & SCOPES_ALL;
    ret->created_us = sqlite3_column_int64(s, 4);
    ret->expires_us = sqlite3_column_int64(s, 5);
    ret->used_us = sqlite3_column_int64(s, 6);
    return OK;
}

static bool expired(const struct local_token *t, int64_t now_us)
{
    return t->expires_us && t->expires_us <= now_us;
}

/* For people who look for tokens nobody uses: a day that is not told, on a full disk, harms nobody. */
static void note_use(struct local *l, const struct sha256 *hash, int64_t now_us)
{
    sqlite3_stmt *s = local_begin(l, TOKEN_USED);
    if (s) {
        bind_hash(s, 1, hash);
        sqlite3_bind_int64(s, 2, now_us - now_us % TOKEN_USED_STEP_US);
        sqlite3_step(s);
    }
    (void)local_end(l, s, OK);
}

static bool seen_before(struct local *l, const struct sha256 *hash, struct local_token *ret)
{
    pthread_mutex_lock(&l->lock);
    const struct token_seen *one = &l->seen[hash->b[0] % TOKENS_SEEN];
    bool found = one->set && sha256_eq(&one->hash, hash);
    if (found)
        *ret = one->token;
    pthread_mutex_unlock(&l->lock);
    return found;
}

static enum err look_up(struct local *l, const struct sha256 *hash, struct local_token *ret, struct fault *reterr)
{
    sqlite3_stmt *s = local_begin(l, TOKEN_FIND);
    if (s)
        bind_hash(s, 1, hash);
    int rc = s ? sqlite3_step(s) : SQLITE_ERROR;
    enum err err = rc == SQLITE_ROW    ? read_row(s, ret, reterr)
                   : rc == SQLITE_DONE ? ERR_NOT_FOUND
                                       : local_fault(l, reterr);
    ret->label = TEXT_NONE;
    if (err == OK)
        l->seen[hash->b[0] % TOKENS_SEEN] = (struct token_seen){true, *hash, *ret};
    return local_end(l, s, err);
}

enum err local_token_find(struct local *l, struct text token, int64_t now_us, struct local_token *ret,
                          struct fault *reterr)
{
    struct sha256 hash = sha256_of(token.ptr, token.len);
    struct local_token t = {.used_us = 0};
    enum err err = seen_before(l, &hash, &t) ? OK : look_up(l, &hash, &t, reterr);
    if (err == OK && expired(&t, now_us))
        err = ERR_NOT_FOUND;
    if (err != OK)
        return err;
    if (t.used_us > now_us || now_us - t.used_us >= TOKEN_USED_STEP_US)
        note_use(l, &hash, now_us);
    *ret = t;
    return OK;
}

enum err local_tokens(struct local *l, const struct uuid *account, local_token_fn *each, void *self,
                      struct fault *reterr)
{
    enum err err = OK;
    int rc = SQLITE_ERROR;
    sqlite3_stmt *s = local_begin(l, TOKEN_LIST);
    if (s && account)
        bind_uuid(s, 1, account);
    else if (s)
        sqlite3_bind_null(s, 1);
    while (err == OK && s && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        struct local_token t;
        err = read_row(s, &t, reterr);
        if (err == OK)
            err = each(self, &t);
    }
    if (err == OK && rc != SQLITE_DONE)
        err = local_fault(l, reterr);
    return local_end(l, s, err);
}

enum err local_token_revoke(struct local *l, const struct uuid *account, struct text id, struct fault *reterr)
{
    sqlite3_stmt *s = local_begin(l, TOKEN_DROP);
    if (s) {
        bind_uuid(s, 1, account);
        local_bind_words(s, 2, id);
    }
    enum err err = s && sqlite3_step(s) == SQLITE_DONE ? OK : local_fault(l, reterr);
    if (err == OK && sqlite3_changes(l->db) == 0)
        err =
            fault_set(reterr, ERR_NOT_FOUND, "no token " TEXT_FMT " of this account", TEXT_ARG(text_sub(id, 0, 32)));
    return local_end(l, s, err);
}

enum err local_token_revoke_all(struct local *l, const struct uuid *account, struct fault *reterr)
{
    sqlite3_stmt *s = local_begin(l, TOKEN_DROP_ALL);
    if (s)
        bind_uuid(s, 1, account);
    return local_run(l, s, reterr);
}
