#include "exchange/login.h"

#include "base/time.h"
#include "exchange/asker.h"
#include "release/outbound.h"

/* Names who is held by the gate; never looked into. */
static char gate;

/* ---- the Authorization header ---- */

static enum err basic_credential(struct text base64, struct arena *arena, struct credential *ret)
{
    struct buffer plain;
    buffer_init(&plain, 4 * KIB);
    enum err e = base64_read(base64, &plain);
    ptrdiff_t colon = e ? -1 : text_find(buffer_text(&plain), ':', 0);
    struct text kept = colon < 0 ? TEXT_NONE : arena_text(arena, buffer_text(&plain));
    buffer_done(&plain);
    if (colon < 0)
        return ERR_NOT_FOUND;
    if (!kept.ptr)
        return ERR_NOMEM;
    ret->user = text_sub(kept, 0, (size_t)colon);
    ret->secret = text_sub(kept, (size_t)colon + 1, kept.len);
    return OK;
}

enum err credential_read(struct text authorization, struct arena *arena, struct credential *ret)
{
    struct text rest = text_trim(authorization), scheme;
    if (!text_split(&rest, ' ', &scheme) || !rest.ptr)
        return ERR_NOT_FOUND;
    struct text value = text_trim(rest);
    if (text_eq_nocase(scheme, TEXT("basic")))
        return basic_credential(value, arena, ret);
    if (!text_eq_nocase(scheme, TEXT("bearer")) && !text_eq_nocase(scheme, TEXT("token")))
        return ERR_NOT_FOUND;
    *ret = (struct credential){.secret = value};
    return OK;
}

/* ---- who has that name ---- */

/* Zero: nobody who may log in. Not told apart any further, here or in time. */
static enum err person(struct node *node, struct text name, struct uuid *ret, struct fault *reterr)
{
    struct view *v;
    struct fact_account a;
    *ret = (struct uuid){{0}};
    enum err e = node_reader(node, &v, reterr);
    if (e)
        return e;
    e = view_account_by_name(v, name, &a, reterr);
    if (e == OK && !a.disabled && !uuid_some(&a.party))
        *ret = a.id;
    node_reader_done(node, v);
    return e == ERR_NOT_FOUND ? OK : e;
}

enum err login_begin(struct node *node, const struct http_request *request, struct text name, struct text password,
                     struct login_answer *ret, struct uuid *ret_account, struct fault *reterr)
{
    struct login_try t = {.name = name, .password = password, .source = request->peer};
    struct login_answer a = {LOGIN_NO, 0};
    enum err e = person(node, name, &t.account, reterr);
    if (e == OK)
        e = request->exchange ? login_ask(node_logins(node), &t, &a) : login_wait(node_logins(node), &t, &a);
    if (e)
        return e;
    if (a.state == LOGIN_WAITS && request->closing)
        a = (struct login_answer){LOGIN_LATER, 1};
    *ret = a;
    *ret_account = t.account;
    return OK;
}

bool login_is_right(struct node *node, const struct uuid *account, struct text name, struct text password)
{
    const struct login_try t = {.name = name, .password = password, .account = *account};
    return login_remembered(node_logins(node), &t);
}

/* ---- the gate ---- */

struct outbound *login_hold(const struct http_request *request)
{
    return http_hold(request, clock_mono_us() + (int64_t)LOGIN_PATIENCE_S * 1000000, &gate, NULL);
}

struct outbound *login_later(const struct login_answer *a)
{
    const struct page_field fields[] = {
        {"title", FIELD_TEXT, TEXT("Too many failed attempts"), 0},
        {"status", FIELD_NUMBER, TEXT_NONE, 429},
        {"detail", FIELD_TEXT, TEXT("Wait, then try again; a valid token is answered at once."), 0},
        {"retry_after", FIELD_NUMBER, TEXT_NONE, a->wait_s},
    };
    struct outbound *made = NULL;
    return outbound_protocol(PAGE_PROBLEM, 429, fields, ARRAY_LEN(fields), NULL, 0, &made) ? NULL : made;
}

struct http_request login_passed(const struct http_request *request)
{
    struct http_request passed = *request;
    if (passed.held == &gate)
        passed.held = NULL;
    return passed;
}

struct outbound *login_gate(struct node *node, const struct http_request *request)
{
    struct credential c = {.user = TEXT_NONE};
    struct login_answer a = {LOGIN_NO, 0};
    struct uuid account;
    struct text authorization = http_header(request, "Authorization");
    if (!authorization.len || (request->held && request->held != &gate))
        return NULL;
    if (credential_read(authorization, request->arena, &c) || !c.user.len || token_is(c.secret))
        return NULL;
    enum err e = login_begin(node, request, c.user, c.secret, &a, &account, NULL);
    if (e)
        return login_later(&(struct login_answer){LOGIN_LATER, 1});
    if (a.state == LOGIN_WAITS)
        return login_hold(request);
    return a.state == LOGIN_LATER ? login_later(&a) : NULL;
}

static void wake(void *self, bool cut)
{
    http_wake(self, cut ? NULL : &gate);
}

void login_wakes(struct node *node, struct http_server *http)
{
    login_on_news(node_logins(node), http ? wake : NULL, http);
}
