/* web/session.c - see session.h. An unknown name, a wrong password and an account that may not log in are one answer.
 */
#include "web/session.h"

#include "base/log.h"
#include "exchange/asker.h"
#include "exchange/login.h"
#include "release/outbound.h"
#include "json/json.h"

struct outbound *session_problem(int status, const char *title, const char *detail)
{
    struct page_field fields[4] = {{"title", FIELD_TEXT, text_of(title), 0},
                                   {"status", FIELD_NUMBER, TEXT_NONE, status},
                                   {"detail", FIELD_TEXT, text_of(detail), 0}};
    size_t count = 3;
    struct outbound *made = NULL;
    if (status == 401)
        fields[count++] = (struct page_field){"www_authenticate", FIELD_TEXT, TEXT("Bearer"), 0};
    if (status == 503)
        fields[count++] = (struct page_field){"retry_after", FIELD_NUMBER, TEXT_NONE, 5};
    return outbound_protocol(PAGE_PROBLEM, status, fields, count, NULL, 0, &made) ? NULL : made;
}

struct outbound *session_other_method(const char *allow, const char *detail)
{
    const struct page_field fields[] = {{"title", FIELD_TEXT, TEXT("Another method"), 0},
                                        {"status", FIELD_NUMBER, TEXT_NONE, 405},
                                        {"detail", FIELD_TEXT, text_of(detail), 0},
                                        {"allow", FIELD_TEXT, text_of(allow), 0}};
    struct outbound *made = NULL;
    return outbound_protocol(PAGE_PROBLEM, 405, fields, ARRAY_LEN(fields), NULL, 0, &made) ? NULL : made;
}

static struct outbound *failed(enum err e, const struct fault *f)
{
    if (e == ERR_NOMEM)
        return NULL;
    log_error("session: %s: %s", err_name(e), f->what[0] ? f->what : "no further reason");
    return session_problem(503, "Not now", "The node could not look: try again later.");
}

/* ---- logging in ---- */

bool session_is_json(struct text content_type)
{
    struct text rest = content_type, media;
    return text_split(&rest, ';', &media) && text_eq_nocase(text_trim(media), TEXT("application/json"));
}

static struct outbound *session_page(struct text token, const struct fact_account *a)
{
    const struct page_field fields[] = {
        {"token", FIELD_TEXT, token, 0},
        {"account", FIELD_TEXT, a->name, 0},
        {"role", FIELD_TEXT, text_of(role_name(a->role)), 0},
        {"idle_s", FIELD_NUMBER, TEXT_NONE, SESSION_IDLE_US / 1000000},
        {"ends_s", FIELD_NUMBER, TEXT_NONE, SESSION_MAX_US / 1000000},
    };
    struct outbound *made = NULL;
    return outbound_protocol(PAGE_SESSION, 201, fields, ARRAY_LEN(fields), NULL, 0, &made) ? NULL : made;
}

static struct outbound *open_for(struct node *node, const struct uuid *account)
{
    struct view *v;
    struct fact_account a;
    struct fault fault = {0};
    struct buffer token;
    enum err e = node_reader(node, &v, &fault);
    if (e)
        return failed(e, &fault);
    buffer_init(&token, 64);
    e = view_account(v, account, &a, &fault);
    if (e == OK)
        e = session_open(node_logins(node), account, &token);
    struct outbound *made = e ? failed(e, &fault) : session_page(buffer_text(&token), &a);
    buffer_done(&token);
    node_reader_done(node, v);
    return made;
}

static struct outbound *log_in(struct node *node, const struct http_request *request, struct text name,
                               struct text password)
{
    struct login_answer a;
    struct uuid account;
    struct fault fault = {0};
    enum err e = login_begin(node, request, name, password, &a, &account, &fault);
    if (e)
        return failed(e, &fault);
    switch (a.state) {
    case LOGIN_YES: return open_for(node, &account);
    case LOGIN_WAITS: return login_hold(request);
    case LOGIN_LATER: return login_later(&a);
    case LOGIN_NO: break;
    }
    return session_problem(401, "Not logged in", "Name and password do not belong together.");
}

bool session_announces_too_much(const struct http_request *request)
{
    uint64_t bytes;
    struct text length = http_header(request, "Content-Length");
    return !length.ptr || text_u64(text_trim(length), &bytes) || bytes > SESSION_BODY_MAX;
}

static struct outbound *post(struct node *node, const struct http_request *request)
{
    struct json_doc *doc;
    if (!session_is_json(http_header(request, "Content-Type")))
        return session_problem(415, "Not JSON", "Content-Type is application/json.");
    if (request->body_waits)
        return session_announces_too_much(request)
                   ? session_problem(413, "Too large", "A name and a password, with Content-Length.")
                   : http_want_body(request);
    if (request->body.len > SESSION_BODY_MAX)
        return session_problem(413, "Too large", "A name and a password.");
    enum err e = json_parse(request->body, &doc, NULL);
    if (e)
        return e == ERR_NOMEM ? NULL
                              : session_problem(400, "Not readable", "{\"name\": NAME, \"password\": PASSWORD}");
    const struct json_val *root = json_root(doc);
    struct text name = json_text(json_get(root, "name")), password = json_text(json_get(root, "password"));
    struct outbound *made = name.ptr && password.ptr ? log_in(node, request, name, password)
                                                     : session_problem(422, "Something is missing",
                                                                       "{\"name\": NAME, \"password\": PASSWORD}");
    json_free(doc);
    return made;
}

/* ---- logging out ---- */

static struct outbound *end(struct node *node, const struct http_request *request)
{
    struct credential c;
    struct outbound *made = NULL;
    enum err e = credential_read(http_header(request, "Authorization"), request->arena, &c);
    if (e == OK)
        e = session_close(node_logins(node), c.secret);
    if (e == ERR_NOMEM)
        return NULL;
    if (e)
        return session_problem(401, "No session",
                               "Authorization: Bearer, with the token of the session that is to end.");
    return outbound_protocol(PAGE_EMPTY, 204, NULL, 0, NULL, 0, &made) ? NULL : made;
}

struct outbound *session_door_handle(struct node *node, const struct http_request *request)
{
    if (text_eq(request->method, TEXT("POST")))
        return post(node, request);
    if (text_eq(request->method, TEXT("DELETE")) && request->body_waits)
        return http_want_body(request);
    if (text_eq(request->method, TEXT("DELETE")))
        return end(node, request);
    return session_other_method("POST, DELETE", "POST logs in, DELETE logs out.");
}
