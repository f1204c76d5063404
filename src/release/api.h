/* release/api.h - the HTTP API as a way out: nothing said by a command, and no event, leaves by it without a
 * permission for one of our own accounts. Whoever runs the command takes the account from the permission, and from
 * nowhere else: so that what was said is what that account's eyes may see, and goes to nobody else. Default deny.
 *
 * What is inside is cleared where it is read (desk/about.h, exchange/clearance.h: the console's gate). This is the
 * last of two doors: no bytes without the account, and only of the forms below. */
#pragma once
#include "release/outbound.h"

struct api_question {
    const struct recipient *recipient; /* who asks, as the gate sees it; NULL: nobody */
    enum role least;                   /* of the act; ROLE_NONE: it is for who works on the machine itself */
    bool scope;                        /* the token is good for this use of the API (SCOPE_API_READ, _WRITE) */
    bool exercise;                     /* the space this node lives in */
};
struct api_permit;
/* ERR_DENIED: *ret_why (static; may be NULL) says by which rule, in words for who asked. ERR_NOMEM. The permission is
 * owned: api_permit_free() (accepts NULL). It holds for this request: who is disabled meanwhile is asked about again
 * by who kept it (api_permit_same()). */
MUST_CHECK enum err api_permit(const struct api_question *q, struct api_permit **ret, const char **ret_why);
void api_permit_free(struct api_permit *p);
const struct uuid *api_permit_account(const struct api_permit *p);
enum role api_permit_role(const struct api_permit *p);
/* A permission that is kept over time against who asks now: the same account, of the same role at least. */
bool api_permit_same(const struct api_permit *p, const struct recipient *now);

enum api_form {
    API_LINES,  /* JSON lines become one array */
    API_OBJECT, /* one JSON line becomes the answer; none: {}; several: as API_LINES */
    API_FILE    /* bytes as they are, of one of the media types in the table */
};
struct api_answer {
    enum api_form form;
    int status;
    struct text media_type; /* API_FILE alone */
    struct text said;       /* what the command wrote to standard output */
};
/* A line that is no JSON object becomes {"words":LINE}. An answer to a permission that is NULL, of a media type that
 * is not in the table, or of a status that is no success, is ERR_DENIED. ERR_NOMEM | ERR_LIMIT */
MUST_CHECK enum err outbound_api(const struct api_permit *p, const struct api_answer *a, struct outbound **ret);

/* The page of what is going on, for a person's browser: of an object that command/overview.c describes, whose members
 * are in the table of status_page.c; what is not is left out. Every text in it is escaped. ERR_DENIED: permission
 * NULL | ERR_MALFORMED: no such object | ERR_NOMEM | ERR_LIMIT */
MUST_CHECK enum err outbound_api_page(const struct api_permit *p, struct text overview, struct outbound **ret);

/* RFC 9457. detail: what the command wrote to standard error; said: the lines it gave before it failed, member
 * "lines" (left out when empty). ERR_DENIED: permission NULL, a status that is no failure. */
struct api_problem {
    int status;
    const char *title;
    struct text detail, said;
    int exit_code;          /* member "exit"; -1: no command ran */
    const char *allow;      /* Allow; NULL: none */
    unsigned retry_after_s; /* 0: none */
};
MUST_CHECK enum err outbound_api_problem(const struct api_permit *p, const struct api_problem *problem,
                                         struct outbound **ret);

/* ---- what changes, as server-sent events (WHATWG HTML section 9.2) ---- */
enum api_event_kind {
    API_EVENT_OBJECT,
    API_EVENT_FINDING,
    API_EVENT_INCIDENT,
    API_EVENT_PEER,
    API_EVENT_SOURCE,
    API_EVENT_ACT
};
struct api_event {
    enum api_event_kind kind;
    uint64_t n;                     /* log position: the event's id */
    int64_t t_us;                   /* of the entry */
    struct text id, type, modified; /* of an object that the account may see; empty: left out */
};
/* The head of a stream: no body yet. ERR_DENIED: permission NULL | ERR_NOMEM */
MUST_CHECK enum err outbound_api_stream(const struct api_permit *p, struct outbound **ret);
/* A piece of it; none: a heartbeat. What is of an act goes to administrators alone: ERR_DENIED | ERR_NOMEM */
MUST_CHECK enum err outbound_api_events(const struct api_permit *p, const struct api_event *events, size_t count,
                                        struct outbound **ret);
