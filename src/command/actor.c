#include "command/actor.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

#define TOKEN_FILE_MAX 1024

/* Opened by who typed the command: the last of its files. */
static enum err read_token(struct session *s, char out[TOKEN_FILE_MAX], struct text *ret)
{
    size_t len = 0;
    if (!s->input_count)
        return ERR_IO;
    int fd = s->inputs[s->input_count - 1].fd;
    while (len < TOKEN_FILE_MAX) {
        ssize_t got = read(fd, out + len, TOKEN_FILE_MAX - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERR_IO;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    *ret = text_trim((struct text){out, len});
    return len < TOKEN_FILE_MAX ? OK : ERR_LIMIT;
}

static int prove(struct session *s, struct view *v, const char *name, struct uuid *ret)
{
    static const struct uuid nobody;
    char bytes[TOKEN_FILE_MAX];
    struct fact_account a;
    struct local_token whose;
    struct text token;
    if (!option_given(s, "token-file")) {
        complain(s, "--by %s: --token-file FILE with a token of that account (entente account token %s)", name, name);
        return EXIT_USAGE;
    }
    if (read_token(s, bytes, &token)) {
        complain(s, "%s: a token could not be read from it", option(s, "token-file"));
        return EXIT_DATA;
    }
    enum err err = local_token_find(node_local(s->node), token, clock_now_us(), &whose, NULL);
    explicit_bzero(bytes, sizeof bytes);
    if (err == OK)
        err = view_account(v, &whose.account, &a, NULL);
    if (err || a.disabled || !uuid_eq(&a.party, &nobody) || !text_eq(a.name, text_of(name))) {
        complain(s, "this is no token of %s", name);
        return EXIT_DENIED;
    }
    if (!(whose.scopes & SCOPE_API_WRITE)) {
        complain(s, "this token of %s is not for acts: its scopes leave out api-write", name);
        return EXIT_DENIED;
    }
    *ret = whose.account;
    return EXIT_DONE;
}

int acting_account(struct session *s, struct view *v, struct uuid *ret)
{
    const char *by = option(s, "by");
    if (s->actor && (by || option_given(s, "token-file"))) {
        complain(s, "--by, --token-file: an account that came from elsewhere acts as itself alone");
        return EXIT_DENIED;
    }
    if (by)
        return prove(s, v, by, ret);
    if (option_given(s, "token-file")) {
        complain(s, "--token-file: --by ACCOUNT says whose token it is");
        return EXIT_USAGE;
    }
    *ret = *session_account(s);
    return EXIT_DONE;
}

/* A century: who means longer leaves the end out. Moments before 1970 are a slip of the hand. */
#define SPAN_MAX_SECONDS UINT64_C(3155760000)

static bool read_span(struct text t, int64_t *ret_us)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    uint64_t n;
    if (t.len < 3 || t.ptr[0] != '+' || text_u64(text_sub(t, 1, t.len - 2), &n) || n > SPAN_MAX_SECONDS)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (t.ptr[t.len - 1] == units[i].unit && n <= SPAN_MAX_SECONDS / units[i].seconds) {
            *ret_us = (int64_t)(n * units[i].seconds) * 1000000;
            return true;
        }
    return false;
}

enum err find_moment(struct session *s, const char *option_name, const char *given, int64_t now_us, int64_t *ret_us)
{
    struct stamp stamp;
    int64_t span;
    *ret_us = 0;
    if (!given)
        return OK;
    if (read_span(text_of(given), &span)) {
        *ret_us = now_us + span;
        return OK;
    }
    if (stamp_parse_lenient(text_of(given), &stamp)) {
        complain(s,
                 "--%s %s: a time (2026-12-31T18:00:00Z), a date, or from now on (+90s, +30m, +24h, +7d, a century "
                 "at most)",
                 option_name, given);
        return ERR_USAGE;
    }
    *ret_us = stamp_us(stamp);
    if (*ret_us <= 0) {
        complain(s, "--%s %s: before 1970 there was nothing to share", option_name, given);
        return ERR_USAGE;
    }
    return OK;
}
