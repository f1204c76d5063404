/* store/session.c - sessions of who logged in with a password. */
#include <sodium.h>
#include <string.h>

#include "base/time.h"
#include "store/login_inside.h"

#define SESSION_PREFIX "ens_"

bool session_is_token(struct text token)
{
    return text_starts(token, TEXT(SESSION_PREFIX));
}

static bool over(const struct session *s, int64_t now_us)
{
    return !s->begun_us || now_us - s->used_us >= SESSION_IDLE_US || now_us - s->begun_us >= SESSION_MAX_US;
}

/* A free one; else the least lately used of the account when it has enough, or of all. */
static struct session *room(struct logins *l, const struct uuid *account, int64_t now_us)
{
    struct session *spare = NULL, *own = NULL, *oldest = NULL;
    size_t count = 0;
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *s = &l->sessions[i];
        if (over(s, now_us)) {
            spare = s;
            continue;
        }
        if (!oldest || s->used_us < oldest->used_us)
            oldest = s;
        if (!uuid_eq(&s->account, account))
            continue;
        count++;
        if (!own || s->used_us < own->used_us)
            own = s;
    }
    if (count >= SESSIONS_OF_ONE_MAX)
        return own;
    return spare ? spare : oldest;
}

enum err session_open(struct logins *l, const struct uuid *account, struct buffer *ret_token)
{
    size_t before = ret_token->len;
    token_make(ret_token);
    if (buffer_error(ret_token))
        return buffer_error(ret_token);
    memcpy(ret_token->ptr + before, SESSION_PREFIX, sizeof SESSION_PREFIX - 1); /* as long as the other prefix */
    int64_t now_us = clock_mono_us();
    pthread_mutex_lock(&l->lock);
    *room(l, account, now_us) = (struct session){.hash = sha256_of(ret_token->ptr + before, ret_token->len - before),
                                                 .account = *account,
                                                 .begun_us = now_us,
                                                 .used_us = now_us};
    pthread_mutex_unlock(&l->lock);
    return OK;
}

/* Compared by hash, and in constant time all the same. NULL: none, or over. */
static struct session *find(struct logins *l, struct text token, int64_t now_us)
{
    struct sha256 hash = sha256_of(token.ptr, token.len);
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *s = &l->sessions[i];
        if (s->begun_us && sodium_memcmp(s->hash.b, hash.b, sizeof hash.b) == 0)
            return over(s, now_us) ? NULL : s;
    }
    return NULL;
}

enum err session_find(struct logins *l, struct text token, struct uuid *ret_account)
{
    int64_t now_us = clock_mono_us();
    pthread_mutex_lock(&l->lock);
    struct session *s = find(l, token, now_us);
    if (s) {
        s->used_us = now_us;
        *ret_account = s->account;
    }
    pthread_mutex_unlock(&l->lock);
    return s ? OK : ERR_NOT_FOUND;
}

enum err session_close(struct logins *l, struct text token)
{
    pthread_mutex_lock(&l->lock);
    struct session *s = find(l, token, clock_mono_us());
    if (s)
        *s = (struct session){.begun_us = 0};
    pthread_mutex_unlock(&l->lock);
    return s ? OK : ERR_NOT_FOUND;
}

size_t session_count(struct logins *l, const struct uuid *account)
{
    size_t count = 0;
    int64_t now_us = clock_mono_us();
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        count += !over(&l->sessions[i], now_us) && uuid_eq(&l->sessions[i].account, account);
    pthread_mutex_unlock(&l->lock);
    return count;
}

void logins_forget(struct logins *l, const struct uuid *account)
{
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        if (uuid_eq(&l->sessions[i].account, account))
            l->sessions[i] = (struct session){.begun_us = 0};
    for (size_t i = 0; i < LOGIN_VERDICTS_MAX; i++) {
        struct verdict *v = &l->verdicts[i];
        if (!uuid_eq(&v->account, account))
            continue;
        if (v->state == VERDICT_QUEUED)
            v->stale = true;
        else
            v->state = VERDICT_NONE;
    }
    if (l->news_fn)
        l->news_fn(l->news_self, true);
    pthread_mutex_unlock(&l->lock);
}
