/* store/local_password.c - whose password hashes to what. */
#include "store/local_inside.h"
#include "store/password.h"

static sqlite3_stmt *begin(struct local *l, enum local_sql id, const struct uuid *account)
{
    sqlite3_stmt *s = local_begin(l, id);
    if (s)
        local_bind_bytes(s, 1, (struct text){(const char *)account->b, sizeof account->b});
    return s;
}

enum err local_password(struct local *l, const struct uuid *account, struct buffer *ret, struct fault *reterr)
{
    return local_read(l, begin(l, PASSWORD_GET, account), ret, reterr);
}

enum err local_password_set(struct local *l, const struct uuid *account, struct text hash, int64_t now_us,
                            struct fault *reterr)
{
    sqlite3_stmt *s = begin(l, PASSWORD_SET, account);
    if (s) {
        local_bind_words(s, 2, hash);
        sqlite3_bind_int64(s, 3, now_us);
    }
    return local_run(l, s, reterr);
}

enum err local_password_drop(struct local *l, const struct uuid *account, struct fault *reterr)
{
    return local_run(l, begin(l, PASSWORD_DROP, account), reterr);
}

#define MACHINE_SPACE "machine-account"

enum err account_set_machine(struct local *l, const struct uuid *account, struct fault *reterr)
{
    return local_set(l, MACHINE_SPACE, (struct text){(const char *)account->b, sizeof account->b}, TEXT("1"), reterr);
}

/* What cannot be read is taken for a machine: it gets no password. */
bool account_is_machine(struct local *l, const struct uuid *account)
{
    struct buffer b;
    buffer_init(&b, 16);
    enum err e = local_get(l, MACHINE_SPACE, (struct text){(const char *)account->b, sizeof account->b}, &b, NULL);
    buffer_done(&b);
    return e != ERR_NOT_FOUND;
}
