/* exchange/intelmq_door.c - see intelmq_door.h. One post is one document, read by a reader like any other; what makes
 * thousands of them fast is that posts under way at the same time share a group of writes. */
#include "exchange/intelmq_door.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "desk/intake.h"
#include "exchange/aside.h"
#include "exchange/asker.h"
#include "format/event.h"
#include "release/outbound.h"

#define PREFIX "intelmq:"

struct post {
    struct node *node;
    const struct http_request *request;
    struct asker asker;
    struct uuid source;
    uint64_t tests, refused;     /* of the refused, how many are test messages */
    char reason[FAULT_WHAT_MAX]; /* of the first one refused; empty: none */
};

/* ---- answers ---- */

static struct outbound *problem(int status, const char *title, struct text detail, const char *allow)
{
    struct page_field fields[7] = {{"title", FIELD_TEXT, text_of(title), 0},
                                   {"status", FIELD_NUMBER, TEXT_NONE, status}};
    struct outbound *made = NULL;
    size_t count = 2;
    if (detail.len)
        fields[count++] = (struct page_field){"detail", FIELD_TEXT, detail, 0};
    if (status == 401)
        fields[count++] = (struct page_field){"www_authenticate", FIELD_TEXT, TEXT("Bearer"), 0};
    if (allow)
        fields[count++] = (struct page_field){"allow", FIELD_TEXT, text_of(allow), 0};
    if (status == 503)
        fields[count++] = (struct page_field){"retry_after", FIELD_NUMBER, TEXT_NONE, POSTS_RETRY_S};
    return outbound_protocol(PAGE_PROBLEM, status, fields, count, NULL, 0, &made) ? NULL : made;
}

static struct outbound *busy(void)
{
    return problem(503, "Busy", TEXT("Post again later."), NULL);
}

static struct outbound *failure(enum err e, const struct fault *fault)
{
    log_error("intelmq: %s: %s", err_name(e), fault->what[0] ? fault->what : "no further reason");
    if (e == ERR_FULL)
        return problem(507, "No room", TEXT("The disk is full: post again later."), NULL);
    if (e == ERR_BUSY)
        return busy();
    return problem(500, "Failed", TEXT("Nothing is known to be taken in: post again later."), NULL);
}

static struct outbound *receipt(const struct post *p, const struct intake_totals *t)
{
    struct page_field fields[5] = {{"events", FIELD_NUMBER, TEXT_NONE, (int64_t)t->events},
                                   {"unchanged", FIELD_NUMBER, TEXT_NONE, (int64_t)t->unchanged},
                                   {"rejected", FIELD_NUMBER, TEXT_NONE, (int64_t)p->refused},
                                   {"tests", FIELD_NUMBER, TEXT_NONE, (int64_t)p->tests}};
    struct outbound *made = NULL;
    size_t count = 4;
    if (p->reason[0])
        fields[count++] = (struct page_field){"reason", FIELD_TEXT, text_of(p->reason), 0};
    int status = t->events > t->unchanged ? 201 : 200;
    return outbound_protocol(PAGE_RECEIVED, status, fields, count, NULL, 0, &made) ? NULL : made;
}

/* ---- who ---- */

/* The bot sends one header, whatever its operator calls it, or basic authentication. */
static struct text credential(const struct http_request *request)
{
    struct text given = http_header(request, "Authorization");
    struct text token = given.len ? TEXT_NONE : text_trim(http_header(request, "X-Entente-Token"));
    if (!token.len || token.len > KIB)
        return given;
    const char *bearer = arena_printf(request->arena, "Bearer " TEXT_FMT, TEXT_ARG(token));
    return text_of(bearer);
}

static enum err find_asker(struct post *p, struct fault *reterr)
{
    struct view *v;
    enum err e = node_reader(p->node, &v, reterr);
    if (e)
        return e;
    e = asker_find(p->node, v, credential(p->request), p->request->arena, &p->asker, reterr);
    node_reader_done(p->node, v);
    return e;
}

/* ---- by which channel: "intelmq:ACCOUNT", so that its default marking can be recorded like any other's ---- */

static enum err find_source(struct view *v, struct post *p, struct text name, struct fault *reterr)
{
    struct fact_source source;
    enum err e = view_source_by_name(v, name, &source, reterr);
    if (e == OK)
        p->source = source.id;
    return e;
}

static const char *source_name(struct post *p)
{
    return arena_printf(p->request->arena, PREFIX TEXT_FMT, TEXT_ARG(p->asker.name));
}

static enum err make_source(struct txn *t, void *self, struct fault *reterr)
{
    struct post *p = self;
    struct text name = text_of(source_name(p));
    if (!name.len)
        return ERR_NOMEM;
    enum err e = find_source(txn_view(t), p, name, reterr); /* another post may have been first */
    if (e != ERR_NOT_FOUND)
        return e;
    struct fact f = {
        .kind = FACT_SOURCE,
        .u.source = {
            .id = uuid_random(), .account = p->asker.account, .party = p->asker.recipient.party, .name = name}};
    e = txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
    if (e == OK)
        p->source = f.u.source.id;
    return e;
}

static enum err have_source(struct post *p, struct fault *reterr)
{
    struct view *v;
    struct text name = text_of(source_name(p));
    enum err e = name.len ? node_reader(p->node, &v, reterr) : ERR_NOMEM;
    if (e)
        return e;
    e = find_source(v, p, name, reterr);
    node_reader_done(p->node, v);
    return e == ERR_NOT_FOUND ? node_write(p->node, make_source, p, reterr) : e;
}

/* ---- taking in ---- */

static void on_rejected(void *self, const struct record_rejected *r)
{
    struct post *p = self;
    if (text_eq(r->rule, TEXT(EVENT_TEST_RULE))) {
        p->tests++;
        return;
    }
    p->refused++;
    if (p->reason[0] || !text_is_utf8(r->reason) || r->reason.len >= sizeof p->reason)
        return;
    for (size_t i = 0; i < r->reason.len; i++)
        p->reason[i] = (unsigned char)r->reason.ptr[i] < ' ' ? ' ' : r->reason.ptr[i];
}

static enum err take_in(struct post *p, int fd, struct intake_totals *ret, struct fault *reterr)
{
    const struct intake_options options = {.format = READER_INTELMQ,
                                           .party = p->asker.recipient.party,
                                           .source = p->source,
                                           .account = p->asker.account,
                                           .name = TEXT("intelmq"),
                                           .on_rejected = on_rejected,
                                           .cancel = p->request->cancel,
                                           .self = p};
    struct text body = p->request->body;
    if (io_write_all(io_system(), fd, body.ptr, body.len, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return fault_errno(reterr, "a posted event");
    return intake_run(p->node, fd, &options, ret, reterr);
}

#define NOT_JSON "The body is no JSON: the bot's use_json must be true."

static struct outbound *take(struct post *p)
{
    struct fault fault = {0};
    struct intake_totals totals = {0};
    enum err e = have_source(p, &fault);
    int fd = e ? -1 : memfd_create("posted", MFD_CLOEXEC);
    if (!e && fd < 0)
        e = fault_errno(&fault, "memory for a posted event");
    if (e)
        return e == ERR_NOMEM ? NULL : failure(e, &fault);
    e = take_in(p, fd, &totals, &fault);
    close(fd);
    if (e == ERR_NOMEM)
        return NULL;
    if (e == ERR_MALFORMED)
        return problem(400, "Not readable", TEXT(NOT_JSON), NULL);
    if (e)
        return failure(e, &fault);
    if (p->refused && !totals.events && !p->tests)
        return problem(422, "No event that can be taken in", text_of(p->reason), NULL);
    return receipt(p, &totals);
}

static bool is_json(struct text content_type)
{
    struct text rest = content_type, media;
    return !content_type.len ||
           (text_split(&rest, ';', &media) && text_eq_nocase(text_trim(media), TEXT("application/json")));
}

static struct outbound *copy_answered(void *self, const struct http_request *copy)
{
    return intelmq_door_handle(self, NULL, copy);
}

static struct outbound *take_aside(const struct post *p, struct asides *asides)
{
    struct outbound *held = NULL;
    enum err e = aside_begin(asides, p->request, &p->asker.account, copy_answered, p->node, &held);
    if (e == ERR_BUSY)
        return busy();
    return e ? NULL : held;
}

struct outbound *intelmq_door_handle(struct node *node, struct asides *asides, const struct http_request *request)
{
    struct outbound *answer = NULL;
    if (request->held)
        return aside_go_on(request, &answer) == OK ? answer : busy();
    struct post p = {.node = node, .request = request};
    struct fault fault = {0};
    enum err e = find_asker(&p, &fault);
    if (e == ERR_NOT_FOUND)
        return problem(401, "Who are you?",
                       TEXT("Give an account's token: Authorization: Bearer TOKEN, or X-Entente-Token: TOKEN."),
                       NULL);
    if (e == ERR_DENIED)
        return problem(403, "Not permitted", TEXT("This account may not post."), NULL);
    if (e)
        return e == ERR_NOMEM ? NULL : failure(e, &fault);
    if (!text_eq(request->path, TEXT("/intelmq")) && !text_eq(request->path, TEXT("/intelmq/")))
        return problem(404, "Not found", TEXT("Events are posted to /intelmq/."), NULL);
    if (!text_eq(request->method, TEXT("POST")))
        return problem(405, "Only POST", TEXT("Events are posted here, and nothing can be had."), "POST");
    if (!p.asker.may_write)
        return problem(403, "Not permitted", TEXT("This account may not write: its role is reader."), NULL);
    if (!(p.asker.scopes & SCOPE_REPORT))
        return problem(403, "Not permitted", TEXT("This token is not for events: its scopes leave out \"report\"."),
                       NULL);
    if (!is_json(http_header(request, "Content-Type")))
        return problem(415, "Not JSON", TEXT("Content-Type is application/json."), NULL);
    if (request->body_waits)
        return http_want_body(request);
    return request->exchange ? take_aside(&p, asides) : take(&p);
}
