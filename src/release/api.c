/* release/api.c - see api.h. */
#include "release/api.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/outbound_make.h"
#include "release/sheet.h"

struct api_permit {
    struct uuid account;
    enum role role;
};

/* ---- the decision ---- */

static bool some(const struct uuid *u)
{
    static const struct uuid none;
    return !uuid_eq(u, &none);
}

static bool nobody(const struct api_question *q)
{
    return !q->recipient || q->recipient->expelled;
}

static bool stranger(const struct api_question *q)
{
    return q->recipient->kind != RECIPIENT_OWN_ACCOUNT || !some(&q->recipient->account) || some(&q->recipient->party);
}

static bool without_scope(const struct api_question *q)
{
    return !q->scope;
}

static bool of_the_machine(const struct api_question *q)
{
    return q->least == ROLE_NONE;
}

static bool of_another_role(const struct api_question *q)
{
    return q->recipient->role < q->least;
}

static bool of_another_space(const struct api_question *q)
{
    return q->recipient->exercise != q->exercise;
}

/* The first row that speaks is the answer; the rows need no more than those before them left standing. */
static const struct bar {
    bool (*speaks)(const struct api_question *q);
    const char *words;
} api_bars[] = {
    {nobody, "Nobody is known to ask."},
    {stranger, "The API is for the accounts of this node; a partner's machine has TAXII."},
    {without_scope, "This token is not good for that use of the API."},
    {of_the_machine, "That is for who works on the machine itself."},
    {of_another_role, "This account's role does not permit it."},
    {of_another_space, "Nothing crosses between an exercise and the real space."},
};

enum err api_permit(const struct api_question *q, struct api_permit **ret, const char **ret_why)
{
    for (size_t i = 0; i < ARRAY_LEN(api_bars); i++) {
        if (!api_bars[i].speaks(q))
            continue;
        if (ret_why)
            *ret_why = api_bars[i].words;
        return ERR_DENIED;
    }
    struct api_permit *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    p->account = q->recipient->account;
    p->role = q->recipient->role;
    *ret = p;
    return OK;
}

void api_permit_free(struct api_permit *p)
{
    free(p);
}

const struct uuid *api_permit_account(const struct api_permit *p)
{
    return &p->account;
}

enum role api_permit_role(const struct api_permit *p)
{
    return p->role;
}

bool api_permit_same(const struct api_permit *p, const struct recipient *now)
{
    return now->kind == RECIPIENT_OWN_ACCOUNT && !now->expelled && uuid_eq(&now->account, &p->account) &&
           now->role >= p->role;
}

/* ---- bodies ---- */

#define API_JSON    "application/json"
#define API_PROBLEM "application/problem+json"

static bool may_be_file(struct text media_type)
{
    static const char *const table[] = {"application/stix+json;version=2.1", "application/json",
                                        "text/csv; charset=utf-8", "text/plain; charset=utf-8"};
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (text_eq(media_type, text_of(table[i])))
            return true;
    return false;
}

static bool is_object(struct text line)
{
    struct json_doc *doc;
    if (!line.len || line.ptr[0] != '{' || json_parse(line, &doc, NULL) != OK)
        return false;
    bool object = json_type(json_root(doc)) == JSON_OBJECT;
    json_free(doc);
    return object;
}

static void put_line(struct json_out *o, struct text line)
{
    if (is_object(line)) {
        json_put_raw(o, line);
        return;
    }
    json_open(o, '{');
    json_member_text(o, "words", text_is_utf8(line) ? line : TEXT("(no UTF-8)"));
    json_close(o, '}');
}

static size_t line_count(struct text said)
{
    size_t count = 0;
    for (struct text line; text_split(&said, '\n', &line);)
        count += line.len > 0;
    return count;
}

static void put_lines(struct json_out *o, struct text said, bool array)
{
    if (array)
        json_open(o, '[');
    for (struct text line; text_split(&said, '\n', &line);)
        if (line.len)
            put_line(o, line);
    if (array)
        json_close(o, ']');
}

/* Nobody keeps it, and nobody takes it for anything else. */
static enum err finish_with(const char *policy, int status, struct text media_type, struct buffer *body,
                            struct outbound **ret)
{
    const struct {
        const char *name, *value;
    } headers[] = {{"Cache-Control", "no-store"},
                   {"X-Content-Type-Options", "nosniff"},
                   {"Referrer-Policy", "no-referrer"},
                   {"Content-Security-Policy", policy}};
    enum err e = buffer_error(body);
    struct outbound *made = outbound_new(status, media_type, body);
    if (!made)
        return e ? e : ERR_NOMEM;
    for (size_t i = 0; i < ARRAY_LEN(headers) && !e; i++)
        e = outbound_add_header(made, text_of(headers[i].name), text_of(headers[i].value));
    if (e) {
        outbound_free(made);
        return e;
    }
    *ret = made;
    return OK;
}

/* Where a browser shows it, it is text (no script, no frame). */
static enum err finish(int status, struct text media_type, struct buffer *body, struct outbound **ret)
{
    return finish_with("default-src 'none'; frame-ancestors 'none'", status, media_type, body, ret);
}

enum err outbound_api_page(const struct api_permit *p, struct text overview, struct outbound **ret)
{
    struct json_doc *doc;
    struct buffer body;
    char policy[SHEET_POLICY_MAX];
    if (!p)
        return ERR_DENIED;
    enum err e = json_parse(overview, &doc, NULL);
    if (e)
        return e;
    if (json_type(json_root(doc)) == JSON_OBJECT) {
        buffer_init(&body, HTTP_ANSWER_MAX_BYTES);
        status_page_write(json_root(doc), &body);
        e = finish_with(sheet_policy(policy), 200, TEXT("text/html; charset=utf-8"), &body, ret);
    } else {
        e = ERR_MALFORMED;
    }
    json_free(doc);
    return e;
}

enum err outbound_api(const struct api_permit *p, const struct api_answer *a, struct outbound **ret)
{
    if (!p || a->status < 200 || a->status > 299 || (a->form == API_FILE && !may_be_file(a->media_type)))
        return ERR_DENIED;
    struct buffer body;
    buffer_init(&body, HTTP_ANSWER_MAX_BYTES);
    if (a->form == API_FILE) {
        buffer_add(&body, a->said);
        return finish(a->status, a->media_type, &body, ret);
    }
    struct json_out o = json_out_to(&body);
    size_t count = line_count(a->said);
    if (a->form == API_OBJECT && count == 0)
        buffer_add(&body, TEXT("{}"));
    else
        put_lines(&o, a->said, a->form == API_LINES || count != 1);
    return finish(a->status, TEXT(API_JSON), &body, ret);
}

static enum err add_more(struct outbound *o, const struct api_problem *problem)
{
    enum err e = OK;
    char seconds[16];
    if (problem->allow)
        e = outbound_add_header(o, TEXT("Allow"), text_of(problem->allow));
    snprintf(seconds, sizeof seconds, "%u", problem->retry_after_s);
    if (!e && problem->retry_after_s)
        e = outbound_add_header(o, TEXT("Retry-After"), text_of(seconds));
    return e;
}

enum err outbound_api_problem(const struct api_permit *p, const struct api_problem *problem, struct outbound **ret)
{
    if (!p || problem->status < 400 || problem->status > 599)
        return ERR_DENIED;
    struct buffer body;
    buffer_init(&body, HTTP_ANSWER_MAX_BYTES);
    struct json_out o = json_out_to(&body);
    json_open(&o, '{');
    json_member_text(&o, "title", text_of(problem->title));
    json_member_i64(&o, "status", problem->status);
    if (problem->detail.len)
        json_member_text(&o, "detail", text_is_utf8(problem->detail) ? problem->detail : TEXT("(no UTF-8)"));
    if (problem->exit_code >= 0)
        json_member_i64(&o, "exit", problem->exit_code);
    if (line_count(problem->said) > 0) {
        json_key(&o, TEXT("lines"));
        put_lines(&o, problem->said, true);
    }
    json_close(&o, '}');
    struct outbound *made = NULL;
    enum err e = finish(problem->status, TEXT(API_PROBLEM), &body, &made);
    if (!e)
        e = add_more(made, problem);
    if (e) {
        outbound_free(made);
        return e;
    }
    *ret = made;
    return OK;
}
