/* exchange/source_keep.c - what of a source stands in local.db: its secret, and what the last look brought. */
#include <stdio.h>
#include <string.h>

#include "exchange/source.h"
#include "json/json.h"

#define SECRET_SPACE "source-secret"
#define RESULT_SPACE "source-result"
#define RESULT_MAX   (16 * KIB)

/* ---- the secret: {"secret","user"} ---- */

static bool is_printable(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] < 0x20 || t.ptr[i] == 0x7f)
            return false;
    return t.len <= SOURCE_SECRET_MAX && text_is_utf8(t);
}

static void wipe(struct buffer *b)
{
    if (b->ptr)
        explicit_bzero(b->ptr, b->cap);
    buffer_done(b);
}

enum err source_secret_set(struct local *l, const struct uuid *source, struct text user, struct text secret,
                           struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    struct buffer text;
    if (!is_printable(user) || !is_printable(secret))
        return fault_set(reterr, ERR_USAGE, "a user or secret is one line of UTF-8, at most %zu bytes",
                         SOURCE_SECRET_MAX);
    if (!user.len && !secret.len)
        return local_delete(l, SECRET_SPACE, uuid_format(source, key), reterr);
    buffer_init(&text, 8 * SOURCE_SECRET_MAX);
    struct json_out o = json_out_to(&text);
    json_open(&o, '{');
    json_member_text(&o, "secret", secret);
    json_member_text(&o, "user", user);
    json_close(&o, '}');
    enum err e = buffer_error(&text);
    if (e == OK)
        e = local_set(l, SECRET_SPACE, uuid_format(source, key), buffer_text(&text), reterr);
    wipe(&text);
    return e;
}

enum err source_secret_get(struct local *l, const struct uuid *source, struct arena *arena, struct text *ret_user,
                           struct text *ret_secret, struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    struct buffer kept;
    struct json_doc *doc = NULL;
    struct text user = TEXT_NONE, secret = TEXT_NONE;
    buffer_init(&kept, 8 * SOURCE_SECRET_MAX);
    enum err e = local_get(l, SECRET_SPACE, uuid_format(source, key), &kept, reterr);
    if (e == OK)
        e = json_parse(buffer_text(&kept), &doc, reterr);
    if (e == OK) {
        user = arena_text(arena, json_text(json_get(json_root(doc), "user")));
        secret = arena_text(arena, json_text(json_get(json_root(doc), "secret")));
    }
    if (doc)
        json_free(doc);
    wipe(&kept);
    if (e && e != ERR_NOT_FOUND)
        return e;
    *ret_user = user;
    *ret_secret = secret;
    return OK;
}

/* ---- the result ---- */

static const struct {
    const char *name;
    size_t at;
} numbers[] = {
#define NUMBER(member)                                  \
    {                                                   \
#member, offsetof(struct source_result, member) \
    }
    NUMBER(documents), NUMBER(unchanged_documents),
    NUMBER(read),      NUMBER(fresh),
    NUMBER(updated),   NUMBER(unchanged),
    NUMBER(rejected),  NUMBER(lost),
    NUMBER(events),    NUMBER(findings),
    NUMBER(proposed),  NUMBER(red),
#undef NUMBER
};

enum err source_result_load(struct local *l, const struct uuid *source, struct source_result *ret,
                            struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    struct buffer kept;
    struct json_doc *doc = NULL;
    struct source_result r = {.err = OK};
    int64_t n;
    buffer_init(&kept, RESULT_MAX);
    enum err e = local_get(l, RESULT_SPACE, uuid_format(source, key), &kept, reterr);
    if (e == OK)
        e = json_parse(buffer_text(&kept), &doc, reterr);
    const struct json_val *o = json_root(doc);
    if (e == OK) {
        (void)json_i64(json_get(o, "at"), &r.at_us);
        (void)json_i64(json_get(o, "failed_since"), &r.failed_since_us);
        (void)json_i64(json_get(o, "came"), &r.came_us);
        r.err = json_i64(json_get(o, "err"), &n) && n >= 0 && n <= ERR_CANCELLED ? (enum err)n : OK;
        r.failures = json_i64(json_get(o, "failures"), &n) && n >= 0 && n < INT32_MAX ? (uint32_t)n : 0;
        r.retry_after_s = json_i64(json_get(o, "retry_after"), &n) && n >= 0 && n < INT32_MAX ? (uint32_t)n : 0;
        const struct text words = json_text(json_get(o, "words"));
        snprintf(r.words, sizeof r.words, TEXT_FMT, TEXT_ARG(words));
    }
    for (size_t i = 0; e == OK && i < ARRAY_LEN(numbers); i++)
        if (json_i64(json_get(o, numbers[i].name), &n) && n >= 0)
            *(uint64_t *)(void *)((char *)&r + numbers[i].at) = (uint64_t)n;
    if (doc)
        json_free(doc);
    buffer_done(&kept);
    if (e == OK)
        *ret = r;
    return e;
}

/* What a server said may be no UTF-8, or be cut within a character. */
static void clean(char *words)
{
    size_t len = strlen(words);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)words[i] < 0x20)
            words[i] = ' ';
    while (len && !text_is_utf8((struct text){words, len}))
        words[--len] = 0;
}

enum err source_result_save(struct local *l, const struct uuid *source, const struct source_result *r,
                            struct fault *reterr)
{
    char key[UUID_TEXT_MAX], words[FAULT_WHAT_MAX];
    struct buffer text;
    buffer_init(&text, RESULT_MAX);
    memcpy(words, r->words, sizeof words);
    clean(words);
    struct json_out o = json_out_to(&text);
    json_open(&o, '{');
    json_member_i64(&o, "at", r->at_us);
    json_member_i64(&o, "failed_since", r->failed_since_us);
    json_member_i64(&o, "came", r->came_us);
    json_member_i64(&o, "err", r->err);
    json_member_i64(&o, "failures", r->failures);
    json_member_i64(&o, "retry_after", r->retry_after_s);
    json_member_text(&o, "words", text_of(words));
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        uint64_t n;
        memcpy(&n, (const char *)r + numbers[i].at, sizeof n);
        json_member_i64(&o, numbers[i].name, (int64_t)n);
    }
    json_close(&o, '}');
    enum err e = buffer_error(&text);
    if (e == OK)
        e = local_set(l, RESULT_SPACE, uuid_format(source, key), buffer_text(&text), reterr);
    buffer_done(&text);
    return e;
}

struct failing {
    struct local *local;
    uint64_t count;
};

static enum err count_failing(void *self, const struct fact *f)
{
    struct failing *c = self;
    struct source_result r;
    if (f->u.source.kind.len && !f->u.source.paused && source_result_load(c->local, &f->u.source.id, &r, NULL) == OK)
        c->count += r.err != OK;
    return OK;
}

enum err source_count_failing(const char *home, struct view *v, uint64_t *ret, struct fault *reterr)
{
    struct failing c = {.count = 0};
    enum err e = local_open(home, false, &c.local, reterr);
    if (e)
        return e;
    e = view_facts(v, FACT_SOURCE, count_failing, &c, reterr);
    local_close(c.local);
    if (e == OK)
        *ret = c.count;
    return e;
}
