/* store/login_inside.h - what login.c and session.c share; no one else includes it. */
#pragma once
#include <pthread.h>

#include "base/hash.h"
#include "store/login.h"
#include "store/password.h"
#include "store/tries.h"

#define LOGIN_KEY_BYTES 32

struct verdict {
    uint8_t key[LOGIN_KEY_BYTES];
    enum { VERDICT_NONE, VERDICT_QUEUED, VERDICT_YES, VERDICT_NO, VERDICT_LATER } state;
    bool stale; /* what it is being held against has changed meanwhile */
    struct uuid account;
    int64_t until_us; /* monotonic; of what is decided */
};

struct job {
    uint8_t key[LOGIN_KEY_BYTES];
    struct try_key who;
    struct uuid account;
    bool known;
    size_t len;
    char password[PASSWORD_MAX_BYTES];
};

struct session {
    struct sha256 hash; /* of its token */
    struct uuid account;
    int64_t begun_us, used_us; /* monotonic; begun 0: free */
};

/* Failures that are not in local.db yet. */
struct failing {
    struct uuid account;
    uint64_t count; /* 0: nothing to write */
    int64_t last_us, written_us;
    bool used;
};

struct logins {
    struct local *local;
    pthread_mutex_t lock; /* of everything below */
    pthread_cond_t news;  /* for the thread: a job, or the end; for who waits: a verdict */
    pthread_t thread;
    bool running, ending;
    uint8_t secret[LOGIN_KEY_BYTES];
    struct tries *tries;
    struct verdict verdicts[LOGIN_VERDICTS_MAX];
    struct job jobs[LOGIN_QUEUE_MAX];
    size_t job_count;
    struct session sessions[SESSIONS_MAX];
    struct failing failing[LOGIN_FAILING_MAX];
    uint64_t failed, failed_nobody; /* since the last line in the program's log */
    int64_t told_us;
    void (*news_fn)(void *self, bool cut);
    void *news_self;
};
