/* command/api_run.c - the API's backend: finds the row, runs its command as the account that asks, and says what came
 * of it. */
#include <string.h>

#include "base/time.h"
#include "command/api_openapi.h"
#include "command/api_words.h"
#include "command/commands.h"
#include "command/names.h"
#include "desk/about.h"

/* ---- which row ---- */

static bool has_braces(const struct api_row *row)
{
    return strchr(row->path, '{') != NULL;
}

/* A path that is written out hides the rows with braces that it would fit. */
static bool hidden_by_plain(const struct api_row *row, struct text path)
{
    for (const struct api_row *r = API_ROWS; r->command && has_braces(row); r++)
        if (r->path && !has_braces(r) && text_eq(text_of(r->path), path))
            return true;
    return false;
}

static enum err find(void *self, struct text method, struct text path, struct arena *arena, struct api_operation *ret,
                     const char **ret_allow)
{
    const char *allow = NULL;
    (void)self;
    for (const struct api_row *row = API_ROWS; row->command; row++) {
        if (!row->path || !api_path_fits(row, path, NULL, NULL) || hidden_by_plain(row, path))
            continue;
        if (text_eq(method, text_of(row->method))) {
            bool reads = text_eq(method, TEXT("GET")) || row->flags & API_READS;
            *ret = (struct api_operation){row, api_least(row), !reads};
            return OK;
        }
        const char *head = strcmp(row->method, "GET") == 0 ? "GET, HEAD" : row->method;
        allow = allow ? arena_printf(arena, "%s, %s", allow, head) : head;
        if (!allow)
            return ERR_NOMEM;
    }
    *ret_allow = allow;
    return allow ? ERR_USAGE : ERR_NOT_FOUND;
}

static struct api_operation page(void *self)
{
    (void)self;
    return (struct api_operation){&API_STATUS_PAGE, API_STATUS_PAGE.command->least, false};
}

static enum err prepare(void *self, const struct api_operation *op, const struct http_request *request,
                        struct api_work **ret, struct fault *reterr)
{
    (void)self;
    return api_work_new(op->row, request, text_sub(request->path, strlen("/api/v1"), request->path.len), ret, reterr);
}

/* ---- running ---- */

static void write_said(void *self, bool to_stderr, struct text bytes)
{
    struct api_work *w = self;
    struct buffer *b = to_stderr ? &w->said.err : &w->said.out;
    buffer_add(b, bytes);
    if (!to_stderr && buffer_error(b))
        atomic_store(&w->overflow, true);
}

struct seeing {
    struct session *s;
    struct view *v;
    bool any;
};

static enum err see_version(void *self, const struct version_row *row)
{
    struct seeing *see = self;
    const struct about_question q = {.n = row->n, .account = see->s->actor->account, .now_us = clock_now_us()};
    see->any = see->any || about_may_read(see->s->node, see->v, &q);
    return OK;
}

/* What an account may not see is to it as if it were not here. */
static int sees_operands(struct session *s, struct view *v)
{
    for (size_t i = 0; i < s->operand_count; i++) {
        struct seeing see = {.s = s, .v = v};
        struct ident ident;
        if (ident_parse(text_of(s->operands[i]), &ident, NULL))
            continue; /* names and numbers are found among what the account may see */
        if (view_versions(v, text_of(s->operands[i]), see_version, &see, NULL) == OK && see.any)
            continue;
        complain(s, "%s: not here", s->operands[i]);
        return EXIT_DATA;
    }
    return EXIT_DONE;
}

/* Only an account's own name stands behind "account": what leaves for another one is for that one's eyes. */
static int to_itself(struct session *s, struct view *v)
{
    const char *to = option(s, "to");
    struct fact_account a;
    bool account = to && (strncmp(to, "account ", 8) == 0 || strncmp(to, "account:", 8) == 0);
    if (!account || (view_account_by_name(v, text_of(to + 8), &a, NULL) == OK && uuid_eq(&a.id, &s->actor->account)))
        return EXIT_DONE;
    complain(s, "to %s: over the API an account looks with its own eyes alone", to);
    return EXIT_DENIED;
}

/* A folder of the machine is named by who works on it. */
static int keeps_off_folders(struct session *s)
{
    const char *place = option(s, "place");
    if (!place || strncmp(place, "https://", 8) == 0 || strncmp(place, "imaps://", 8) == 0)
        return EXIT_DONE;
    complain(s, "place %s: over the API, https:// or imaps:// alone; a folder is named on the machine itself", place);
    return EXIT_DENIED;
}

static int run_as_actor(struct api_work *w)
{
    struct session *s = &w->session;
    int code = session_allowed(s);
    if (!code)
        code = keeps_off_folders(s);
    if (!code)
        code = with_view(s, to_itself);
    if (!code && w->row->flags & API_SEES) {
        code = with_view(s, sees_operands);
        w->unseen = code != EXIT_DONE;
    }
    return code ? code : s->command->run(s);
}

static void run(void *self, struct api_work *w, const struct api_permit *permit, const atomic_bool *cancel)
{
    struct owner *o = self;
    struct session *s = &w->session;
    w->actor = (struct actor){*api_permit_account(permit), api_permit_role(permit)};
    s->node = o->node;
    s->server = o->server;
    s->home = node_home(o->node);
    s->actor = &w->actor;
    s->cancel = cancel;
    s->write = write_said;
    s->write_self = w;
    buffer_init(&s->line, 64 * MIB);
    w->code = run_as_actor(w);
    buffer_done(&s->line);
}

/* ---- what came of it ---- */

static struct text file_type(const struct api_work *w)
{
    static const struct {
        const char *as, *type;
    } table[] = {{"csv", "text/csv; charset=utf-8"}, {"misp", "application/json"}};
    const char *as = option(&w->session, "as");
    if (strcmp(w->row->file, "as") != 0)
        return text_of(w->row->file);
    for (size_t i = 0; as && i < ARRAY_LEN(table); i++)
        if (strcmp(as, table[i].as) == 0)
            return text_of(table[i].type);
    return TEXT("application/stix+json;version=2.1");
}

static struct outbound *answer_done(const struct api_work *w, const struct api_permit *permit)
{
    struct outbound *made = NULL;
    if (w->row == &API_STATUS_PAGE)
        return outbound_api_page(permit, buffer_text(&w->said.out), &made) ? NULL : made;
    bool whole = option_given(&w->session, "all");
    const struct api_answer a = {.form = w->row->file                          ? API_FILE
                                         : w->row->flags & API_ALONE && !whole ? API_OBJECT
                                                                               : API_LINES,
                                 .status = w->row->flags & API_CREATES ? 201 : 200,
                                 .media_type = w->row->file ? file_type(w) : TEXT_NONE,
                                 .said = buffer_text(&w->said.out)};
    return outbound_api(permit, &a, &made) ? NULL : made;
}

static int status_of(const struct api_work *w)
{
    bool names_one = strchr(w->row->path, '{') != NULL;
    switch (w->code) {
    case EXIT_CHECK: return 409;
    case EXIT_USAGE: return 422;
    case EXIT_DATA: return w->unseen || (names_one && w->row->body == API_BODY_NONE) ? 404 : 422;
    case EXIT_PEER: return 502;
    case EXIT_DENIED: return 403;
    default: return 503;
    }
}

static const char *title_of(int status)
{
    switch (status) {
    case 403: return "Not permitted";
    case 404: return "Not found";
    case 409: return "It does not hold";
    case 422: return "Refused";
    case 502: return "A partner or service could not be reached";
    default: return "Not now";
    }
}

/* The words of standard error, without the program's name before each line. */
static enum err plain_words(struct text said, struct buffer *out)
{
    for (struct text line; text_split(&said, '\n', &line);) {
        struct text name = TEXT("entente: ");
        if (!line.len)
            continue;
        if (out->len)
            buffer_add_char(out, '\n');
        buffer_add(out, text_starts(line, name) ? text_sub(line, name.len, line.len) : line);
    }
    return buffer_error(out);
}

static struct outbound *answer(void *self, const struct api_work *w, const struct api_permit *permit)
{
    (void)self;
    if (w->overflow) {
        const struct api_problem much = {.status = 422,
                                         .title = "Too much",
                                         .detail = TEXT("The answer would be longer than one may be: ask for less."),
                                         .exit_code = -1};
        struct outbound *made = NULL;
        return outbound_api_problem(permit, &much, &made) ? NULL : made;
    }
    if (w->code == EXIT_DONE || (w->code == EXIT_CHECK && w->row->flags & API_CHECKS))
        return answer_done(w, permit);
    struct buffer words;
    buffer_init(&words, 64 * KIB);
    int status = status_of(w);
    struct api_problem problem = {.status = status,
                                  .title = title_of(status),
                                  .said = w->row->file ? TEXT_NONE : buffer_text(&w->said.out),
                                  .exit_code = w->code,
                                  .retry_after_s = status == 503 ? 30 : 0};
    struct outbound *made = NULL;
    if (plain_words(buffer_text(&w->said.err), &words) == OK)
        problem.detail = buffer_text(&words);
    enum err e = outbound_api_problem(permit, &problem, &made);
    buffer_done(&words);
    return e ? NULL : made;
}

static void done(void *self, struct api_work *w)
{
    (void)self;
    api_work_free(w);
}

static void describe(void *self, struct buffer *out)
{
    (void)self;
    api_openapi(out);
}

struct api_backend api_backend(struct owner *owner)
{
    return (struct api_backend){.self = owner,
                                .find = find,
                                .page = page,
                                .prepare = prepare,
                                .run = run,
                                .answer = answer,
                                .done = done,
                                .describe = describe};
}
