/* web/password.c - see session.h. The old password is held against its hash as at logging in, with the same brakes;
 * the new one is hashed on a thread of its own. What was logged in by the old one ends. */
#include "store/password.h"

#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "exchange/login.h"
#include "release/outbound.h"
#include "web/session.h"
#include "json/json.h"

struct words {
    struct text name, old, new; /* in the request's arena */
};

static struct outbound *failed(enum err e, const struct fault *f)
{
    if (e == ERR_NOMEM)
        return NULL;
    log_error("password: %s: %s", err_name(e), f->what[0] ? f->what : "no further reason");
    return session_problem(503, "Not now", "The node could not do it: try again later.");
}

static enum err read_words(const struct http_request *request, struct words *ret)
{
    struct json_doc *doc;
    enum err e = json_parse(request->body, &doc, NULL);
    if (e)
        return e;
    const struct json_val *root = json_root(doc);
    *ret = (struct words){arena_text(request->arena, json_text(json_get(root, "name"))),
                          arena_text(request->arena, json_text(json_get(root, "password"))),
                          arena_text(request->arena, json_text(json_get(root, "new_password")))};
    json_free(doc);
    return ret->name.len && ret->old.len && ret->new.len ? OK : ERR_USAGE;
}

/* ---- on a thread of its own ---- */

static enum err write_act(struct txn *t, void *self, struct fault *reterr)
{
    const struct uuid *account = self;
    char subject[UUID_TEXT_MAX];
    struct fact f = {
        .kind = FACT_ACT,
        .u.act = {.account = *account, .verb = TEXT("password set"), .subject = uuid_format(account, subject)}};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

static enum err set(struct node *node, struct uuid *account, struct text password, struct fault *reterr)
{
    char hash[PASSWORD_HASH_MAX];
    enum err e = password_hash(password, hash);
    if (e)
        return e;
    e = local_password_set(node_local(node), account, text_of(hash), clock_now_us(), reterr);
    if (e)
        return e;
    logins_forget(node_logins(node), account);
    return node_write(node, write_act, account, reterr);
}

static struct outbound *change(void *self, const struct http_request *copy)
{
    struct node *node = self;
    struct words w;
    struct login_answer a;
    struct uuid account;
    struct fault fault = {0};
    struct outbound *made = NULL;
    enum err e = read_words(copy, &w);
    if (e == OK)
        e = login_begin(node, copy, w.name, w.old, &a, &account, &fault);
    if (e)
        return failed(e, &fault);
    if (a.state != LOGIN_YES) /* taken back meanwhile */
        return a.state == LOGIN_LATER
                   ? login_later(&a)
                   : session_problem(401, "Not changed", "Name and password do not belong together.");
    if (password_check(w.new, w.name, &fault))
        return session_problem(422, "Not a password", fault.what);
    e = set(node, &account, w.new, &fault);
    if (e)
        return failed(e, &fault);
    return outbound_protocol(PAGE_EMPTY, 204, NULL, 0, NULL, 0, &made) ? NULL : made;
}

/* ---- the request ---- */

static struct outbound *begin(struct node *node, struct asides *asides, const struct http_request *request)
{
    struct words w;
    struct login_answer a;
    struct uuid account;
    struct fault fault = {0};
    struct outbound *held = NULL;
    enum err e = read_words(request, &w);
    if (e == ERR_USAGE)
        return session_problem(422, "Something is missing",
                               "{\"name\": NAME, \"password\": OLD, \"new_password\": NEW}");
    if (e)
        return e == ERR_NOMEM ? NULL
                              : session_problem(400, "Not readable",
                                                "{\"name\": NAME, \"password\": OLD, \"new_password\": NEW}");
    e = login_begin(node, request, w.name, w.old, &a, &account, &fault);
    if (e)
        return failed(e, &fault);
    if (a.state == LOGIN_WAITS)
        return login_hold(request);
    if (a.state == LOGIN_LATER)
        return login_later(&a);
    if (a.state == LOGIN_NO)
        return session_problem(401, "Not changed", "Name and password do not belong together.");
    if (!request->exchange)
        return change(node, request);
    e = aside_begin(asides, request, &account, change, node, &held);
    if (e == ERR_BUSY)
        return session_problem(503, "Not now", "As many requests as may run at a time do: ask again.");
    return e ? NULL : held;
}

struct outbound *password_door_handle(struct node *node, struct asides *asides, const struct http_request *request)
{
    struct outbound *answer = NULL;
    if (request->held)
        return aside_go_on(request, &answer) == OK ? answer
                                                   : session_problem(503, "Not now", "The node stops: ask again.");
    if (!text_eq(request->method, TEXT("POST")))
        return session_other_method("POST", "POST changes a password.");
    if (!session_is_json(http_header(request, "Content-Type")))
        return session_problem(415, "Not JSON", "Content-Type is application/json.");
    if (request->body_waits ? session_announces_too_much(request) : request->body.len > SESSION_BODY_MAX)
        return session_problem(413, "Too large", "A name and two passwords, with Content-Length.");
    return request->body_waits ? http_want_body(request) : begin(node, asides, request);
}
