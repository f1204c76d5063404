/* store/login.c - passwords, tried one at a time.
 *
 * Invariants: 1 a verdict of state QUEUED has exactly one job, waiting or with the thread; 2 a password is in memory
 * only while its job is; 3 YES is said only of what was hashed after the last logins_forget() of its account. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "store/login_inside.h"
#include "store/password.h"

#define SECOND     ((int64_t)1000000)
#define WAYS       8
#define SETS       (LOGIN_VERDICTS_MAX / WAYS)
#define TELL_US    (60 * SECOND)
#define SPARE_US   (30 * SECOND)
#define FAIL_SPACE "login-failures"
#define USED_SPACE "login-last"

enum err logins_new(struct local *local, struct logins **ret)
{
    struct logins *l = calloc(1, sizeof *l);
    if (!l || tries_new(&l->tries)) {
        free(l);
        return ERR_NOMEM;
    }
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->news, &steady);
    pthread_condattr_destroy(&steady);
    random_bytes(l->secret, sizeof l->secret);
    l->local = local;
    l->told_us = -TELL_US;
    *ret = l;
    return OK;
}

/* ---- failures, for people ---- */

static struct text uuid_key(const struct uuid *u)
{
    return (struct text){(const char *)u->b, sizeof u->b};
}

/* Of all accounts and names together. */
#define ALL TEXT("all")

static enum err failures_of(struct local *local, struct text key, struct login_failures *ret, struct fault *reterr)
{
    struct buffer b;
    struct text rest, first;
    uint64_t count = 0, last = 0;
    buffer_init(&b, 64);
    enum err e = local_get(local, FAIL_SPACE, key, &b, reterr);
    rest = buffer_text(&b);
    if (e == OK && (!text_split(&rest, ' ', &first) || text_u64(first, &count) || text_u64(rest, &last)))
        e = fault_set(reterr, ERR_MALFORMED, "local.db: what failed logins there were cannot be read");
    buffer_done(&b);
    if (e && e != ERR_NOT_FOUND)
        return e;
    *ret = (struct login_failures){count, (int64_t)last};
    return OK;
}

enum err login_failures(struct local *local, const struct uuid *account, struct login_failures *ret,
                        struct fault *reterr)
{
    return failures_of(local, account ? uuid_key(account) : ALL, ret, reterr);
}

/* What cannot be written is told by what else cannot be: the count goes on in memory. */
static void add_failures(struct logins *l, struct text key, const struct failing *f)
{
    char words[64];
    struct login_failures had = {0};
    if (failures_of(l->local, key, &had, NULL))
        had.count = 0;
    int len =
        snprintf(words, sizeof words, "%llu %lld", (unsigned long long)(had.count + f->count), (long long)f->last_us);
    (void)!local_set(l->local, FAIL_SPACE, key, (struct text){words, (size_t)len}, NULL);
}

static void write_failing(struct logins *l, const struct failing *f)
{
    add_failures(l, uuid_key(&f->account), f);
    add_failures(l, ALL, f);
}

int64_t login_last_used(struct local *local, const struct uuid *account)
{
    struct buffer b;
    uint64_t at = 0;
    buffer_init(&b, 64);
    if (local_get(local, USED_SPACE, uuid_key(account), &b, NULL) || text_u64(buffer_text(&b), &at))
        at = 0;
    buffer_done(&b);
    return (int64_t)at;
}

static void note_use(struct logins *l, const struct uuid *account)
{
    char words[32];
    int64_t now_us = clock_now_us(), hour_us = now_us - now_us % TOKEN_USED_STEP_US;
    if (login_last_used(l->local, account) == hour_us)
        return;
    int len = snprintf(words, sizeof words, "%lld", (long long)hour_us);
    (void)!local_set(l->local, USED_SPACE, uuid_key(account), (struct text){words, (size_t)len}, NULL);
}

/* Which row is due to be written, if any: copied out, so that local.db is asked without the lock. */
static bool take_due(struct logins *l, int64_t now_us, bool all, struct failing *ret)
{
    for (size_t i = 0; i < LOGIN_FAILING_MAX; i++) {
        struct failing *f = &l->failing[i];
        if (!f->count || (!all && now_us - f->written_us < TELL_US))
            continue;
        *ret = *f;
        f->count = 0;
        f->written_us = now_us;
        return true;
    }
    return false;
}

static struct failing *failing_of(struct logins *l, const struct uuid *account)
{
    struct failing *least = &l->failing[0];
    for (size_t i = 0; i < LOGIN_FAILING_MAX; i++) {
        struct failing *f = &l->failing[i];
        if (f->used && uuid_eq(&f->account, account))
            return f;
        if (!f->used || (least->used && f->count < least->count))
            least = f;
    }
    *least = (struct failing){.account = *account, .used = true, .written_us = -TELL_US};
    return least;
}

static void count_failure(struct logins *l, const struct uuid *account)
{
    static const struct uuid nobody;
    struct failing *f = failing_of(l, account);
    f->count++;
    f->last_us = clock_now_us();
    l->failed++;
    l->failed_nobody += uuid_eq(account, &nobody);
}

/* A line a minute, whoever tries how often. */
static void tell_failures(struct logins *l, int64_t now_us)
{
    if (!l->failed || now_us - l->told_us < TELL_US)
        return;
    log_warning("logins: %llu failed since this was last said, %llu of them for names that nobody has",
                (unsigned long long)l->failed, (unsigned long long)l->failed_nobody);
    l->failed = l->failed_nobody = 0;
    l->told_us = now_us;
}

/* ---- verdicts ---- */

static void key_part(crypto_generichash_state *h, struct text t)
{
    uint64_t len = t.len;
    crypto_generichash_update(h, (const unsigned char *)&len, sizeof len);
    crypto_generichash_update(h, (const unsigned char *)(t.ptr ? t.ptr : ""), t.len);
}

static void key_of(const struct logins *l, const struct login_try *t, uint8_t ret[LOGIN_KEY_BYTES])
{
    crypto_generichash_state h;
    crypto_generichash_init(&h, l->secret, sizeof l->secret, LOGIN_KEY_BYTES);
    key_part(&h, t->name);
    key_part(&h, uuid_key(&t->account));
    key_part(&h, t->password);
    crypto_generichash_final(&h, ret, LOGIN_KEY_BYTES);
    sodium_memzero(&h, sizeof h);
}

static struct verdict *set_of(struct logins *l, const uint8_t key[LOGIN_KEY_BYTES])
{
    return &l->verdicts[(size_t)(key[0] | key[1] << 8) % SETS * WAYS];
}

static struct verdict *find(struct logins *l, const uint8_t key[LOGIN_KEY_BYTES])
{
    struct verdict *set = set_of(l, key);
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].state != VERDICT_NONE && sodium_memcmp(set[i].key, key, LOGIN_KEY_BYTES) == 0)
            return &set[i];
    return NULL;
}

/* NULL: all ways wait for the thread. */
static struct verdict *place(struct logins *l, const uint8_t key[LOGIN_KEY_BYTES])
{
    struct verdict *set = set_of(l, key), *least = NULL;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].state == VERDICT_NONE)
            return &set[i];
        if (set[i].state != VERDICT_QUEUED && (!least || set[i].until_us < least->until_us))
            least = &set[i];
    }
    return least;
}

static void decide(struct verdict *v, bool yes, int64_t now_us)
{
    v->state = yes && !v->stale ? VERDICT_YES : VERDICT_NO;
    v->until_us = now_us + (v->state == VERDICT_YES ? LOGIN_REMEMBERED_S : LOGIN_REFUSED_S) * SECOND;
}

/* ---- the thread ---- */

static void drop_job(struct logins *l, size_t at)
{
    sodium_memzero(l->jobs[at].password, sizeof l->jobs[at].password);
    memmove(&l->jobs[at], &l->jobs[at + 1], (l->job_count - at - 1) * sizeof l->jobs[0]);
    l->job_count--;
    sodium_memzero(&l->jobs[l->job_count], sizeof l->jobs[0]);
}

/* Who was let in from there before goes first: a flood of strangers keeps nobody out who is known. */
static void take_job(struct logins *l, struct job *ret)
{
    size_t at = 0;
    for (size_t i = 0; i < l->job_count; i++)
        if (l->jobs[i].known) {
            at = i;
            break;
        }
    *ret = l->jobs[at];
    drop_job(l, at);
}

static enum err try_job(struct logins *l, const struct job *j, bool *ret)
{
    struct buffer b;
    char hash[PASSWORD_HASH_MAX] = {0};
    buffer_init(&b, PASSWORD_HASH_MAX);
    enum err e = local_password(l->local, &j->account, &b, NULL);
    bool some = e == OK && b.len < sizeof hash;
    if (some)
        memcpy(hash, b.ptr, b.len);
    buffer_done(&b);
    if (e && e != ERR_NOT_FOUND)
        return e;
    return password_is(some ? hash : NULL, (struct text){j->password, j->len}, ret);
}

static void finish_job(struct logins *l, const struct job *j, enum err e, bool yes)
{
    int64_t now_us = clock_mono_us();
    struct verdict *v = find(l, j->key);
    if (e) { /* nobody is to blame: no memory, local.db */
        log_error("logins: a password could not be held against its hash: %s", err_name(e));
        if (v)
            v->state = VERDICT_NONE;
        return;
    }
    if (v)
        decide(v, yes, now_us);
    if (v && v->state == VERDICT_YES) {
        tries_succeeded(l->tries, j->who, now_us);
    } else {
        tries_failed(l->tries, j->who, now_us);
        count_failure(l, &j->account);
        tell_failures(l, now_us);
    }
}

static void write_due(struct logins *l, bool all)
{
    struct failing due;
    while (take_due(l, clock_mono_us(), all, &due)) {
        pthread_mutex_unlock(&l->lock);
        write_failing(l, &due);
        pthread_mutex_lock(&l->lock);
    }
}

static void *run(void *self)
{
    struct logins *l = self;
    struct job j;
    pthread_mutex_lock(&l->lock);
    while (!l->ending) {
        if (!l->job_count) {
            pthread_cond_wait(&l->news, &l->lock);
            continue;
        }
        bool yes = false;
        take_job(l, &j);
        pthread_mutex_unlock(&l->lock);
        enum err e = try_job(l, &j, &yes);
        if (e == OK && yes)
            note_use(l, &j.account);
        sodium_memzero(j.password, sizeof j.password);
        pthread_mutex_lock(&l->lock);
        finish_job(l, &j, e, yes);
        pthread_cond_broadcast(&l->news);
        if (l->news_fn) /* with the lock: whoever sets another may rely on that the old one is not being called */
            l->news_fn(l->news_self, false);
        write_due(l, false);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

void logins_cut(struct logins *l)
{
    pthread_mutex_lock(&l->lock);
    if (l->news_fn)
        l->news_fn(l->news_self, true);
    pthread_mutex_unlock(&l->lock);
}

void login_on_news(struct logins *l, void (*fn)(void *self, bool cut), void *self)
{
    pthread_mutex_lock(&l->lock);
    l->news_fn = fn;
    l->news_self = self;
    pthread_mutex_unlock(&l->lock);
}

void logins_free(struct logins *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->ending = true;
    pthread_cond_broadcast(&l->news);
    bool running = l->running;
    pthread_mutex_unlock(&l->lock);
    if (running)
        pthread_join(l->thread, NULL);
    pthread_mutex_lock(&l->lock);
    write_due(l, true);
    pthread_mutex_unlock(&l->lock);
    tries_free(l->tries);
    pthread_cond_destroy(&l->news);
    pthread_mutex_destroy(&l->lock);
    sodium_memzero(l, sizeof *l);
    free(l);
}

/* ---- asking ---- */

static size_t queued_from(const struct logins *l, uint64_t source)
{
    size_t count = 0;
    for (size_t i = 0; i < l->job_count; i++)
        count += l->jobs[i].who.source == source;
    return count;
}

/* The last stranger in the queue makes room for who is known. */
static bool push_out(struct logins *l)
{
    for (size_t i = l->job_count; i-- > 0;) {
        if (l->jobs[i].known)
            continue;
        struct verdict *v = find(l, l->jobs[i].key);
        if (v) {
            v->state = VERDICT_LATER;
            v->until_us = clock_mono_us() + LOGIN_REFUSED_S * SECOND;
        }
        drop_job(l, i);
        return true;
    }
    return false;
}

static struct login_answer later(unsigned wait_s)
{
    return (struct login_answer){LOGIN_LATER, wait_s};
}

bool login_remembered(struct logins *l, const struct login_try *t)
{
    uint8_t key[LOGIN_KEY_BYTES];
    int64_t now_us = clock_mono_us();
    if (t->password.len > PASSWORD_MAX_BYTES)
        return false;
    pthread_mutex_lock(&l->lock);
    key_of(l, t, key);
    struct verdict *v = find(l, key);
    bool yes = v && v->state == VERDICT_YES && v->until_us > now_us;
    if (yes)
        v->until_us = now_us + LOGIN_REMEMBERED_S * SECOND;
    pthread_mutex_unlock(&l->lock);
    return yes;
}

static enum err start(struct logins *l)
{
    if (!l->running && pthread_create(&l->thread, NULL, run, l) != 0)
        return ERR_NOMEM;
    l->running = true;
    return OK;
}

static enum err enqueue(struct logins *l, const struct login_try *t, struct try_key who,
                        const uint8_t key[LOGIN_KEY_BYTES], struct login_answer *ret)
{
    bool known = tries_known(l->tries, who);
    if (!known && who.source && queued_from(l, who.source) >= LOGIN_QUEUE_OF_ONE_MAX) {
        *ret = later(1);
        return OK;
    }
    struct verdict *v = place(l, key);
    if (!v || (l->job_count == LOGIN_QUEUE_MAX && !(known && push_out(l)))) {
        *ret = later(2);
        return OK;
    }
    if (start(l))
        return ERR_NOMEM;
    *v = (struct verdict){.state = VERDICT_QUEUED, .account = t->account};
    memcpy(v->key, key, LOGIN_KEY_BYTES);
    struct job *j = &l->jobs[l->job_count++];
    *j = (struct job){.who = who, .account = t->account, .known = known, .len = t->password.len};
    memcpy(j->key, key, LOGIN_KEY_BYTES);
    if (t->password.len)
        memcpy(j->password, t->password.ptr, t->password.len);
    pthread_cond_broadcast(&l->news);
    *ret = (struct login_answer){LOGIN_WAITS, 0};
    return OK;
}

/* A refusal that is being fetched is said first; then whoever has to wait waits, with the right password, too:
 * otherwise what is remembered of it would tell a guesser that it is right. */
static enum err ask(struct logins *l, const struct login_try *t, struct login_answer *ret)
{
    uint8_t key[LOGIN_KEY_BYTES];
    int64_t now_us = clock_mono_us();
    struct try_key who = try_key_of(l->tries, t->name, t->source);
    if (t->password.len > PASSWORD_MAX_BYTES) {
        tries_failed(l->tries, who, now_us);
        *ret = (struct login_answer){LOGIN_NO, 0};
        return OK;
    }
    key_of(l, t, key);
    struct verdict *v = find(l, key);
    /* What is all but forgotten is not handed to a door that would find it gone. */
    if (v && v->state != VERDICT_QUEUED && v->until_us <= now_us + (v->state == VERDICT_YES ? SPARE_US : 0)) {
        v->state = VERDICT_NONE;
        v = NULL;
    }
    if (v && v->state != VERDICT_YES) {
        *ret = v->state == VERDICT_QUEUED  ? (struct login_answer){LOGIN_WAITS, 0}
               : v->state == VERDICT_LATER ? later(2)
                                           : (struct login_answer){LOGIN_NO, 0};
        return OK;
    }
    unsigned wait_s = tries_wait_s(l->tries, who, now_us);
    if (wait_s) {
        *ret = later(wait_s);
        return OK;
    }
    if (!v)
        return enqueue(l, t, who, key, ret);
    *ret = (struct login_answer){LOGIN_YES, 0};
    return OK;
}

enum err login_ask(struct logins *l, const struct login_try *t, struct login_answer *ret)
{
    pthread_mutex_lock(&l->lock);
    enum err e = ask(l, t, ret);
    pthread_mutex_unlock(&l->lock);
    return e;
}

enum err login_wait(struct logins *l, const struct login_try *t, struct login_answer *ret)
{
    struct login_answer a = {LOGIN_WAITS, 0};
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LOGIN_PATIENCE_S;
    int timed_out = 0;
    pthread_mutex_lock(&l->lock);
    enum err e = ask(l, t, &a);
    while (e == OK && a.state == LOGIN_WAITS && !timed_out) {
        timed_out = pthread_cond_timedwait(&l->news, &l->lock, &until);
        e = ask(l, t, &a);
    }
    pthread_mutex_unlock(&l->lock);
    if (e == OK)
        *ret = a.state == LOGIN_WAITS ? later(LOGIN_PATIENCE_S) : a;
    return e;
}
