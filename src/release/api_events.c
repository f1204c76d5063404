/* release/api_events.c - server-sent events: fixed names, numbers, and the identifiers of what the account may see.
 */
#include "base/limits.h"
#include "base/outbound_make.h"
#include "base/time.h"
#include "release/api.h"

#define EVENT_STREAM "text/event-stream"

static const char *const names[] = {
    [API_EVENT_OBJECT] = "object", [API_EVENT_FINDING] = "finding", [API_EVENT_INCIDENT] = "incident",
    [API_EVENT_PEER] = "peer",     [API_EVENT_SOURCE] = "source",   [API_EVENT_ACT] = "act"};

static enum err finish(struct buffer *body, struct outbound **ret)
{
    enum err e = buffer_error(body);
    struct outbound *made = outbound_new(200, TEXT(EVENT_STREAM), body);
    if (!made)
        return e ? e : ERR_NOMEM;
    e = outbound_add_header(made, TEXT("Cache-Control"), TEXT("no-store"));
    if (!e)
        e = outbound_add_header(made, TEXT("X-Content-Type-Options"), TEXT("nosniff"));
    if (e) {
        outbound_free(made);
        return e;
    }
    *ret = made;
    return OK;
}

enum err outbound_api_stream(const struct api_permit *p, struct outbound **ret)
{
    struct buffer body;
    if (!p)
        return ERR_DENIED;
    buffer_init(&body, KIB);
    buffer_add(&body, TEXT(": what changes, with the log position as id\n\n"));
    return finish(&body, ret);
}

/* A line feed ends a field: JSON on one line holds none. */
static void write_event(const struct api_event *e, struct buffer *out)
{
    char when[STAMP_TEXT_MAX];
    buffer_addf(out, "id: %llu\nevent: %s\ndata: ", (unsigned long long)e->n, names[e->kind]);
    struct json_out o = json_out_to(out);
    json_open(&o, '{');
    json_member_i64(&o, "n", (int64_t)e->n);
    json_member_text(&o, "at", stamp_format(stamp_from_us(e->t_us, 6), when));
    if (e->id.len)
        json_member_text(&o, "id", e->id);
    if (e->type.len)
        json_member_text(&o, "type", e->type);
    if (e->modified.len)
        json_member_text(&o, "modified", e->modified);
    json_close(&o, '}');
    buffer_add(out, TEXT("\n\n"));
}

enum err outbound_api_events(const struct api_permit *p, const struct api_event *events, size_t count,
                             struct outbound **ret)
{
    struct buffer body;
    if (!p)
        return ERR_DENIED;
    for (size_t i = 0; i < count; i++)
        if ((size_t)events[i].kind >= ARRAY_LEN(names) ||
            (events[i].kind == API_EVENT_ACT && api_permit_role(p) < ROLE_ADMINISTRATOR))
            return ERR_DENIED;
    buffer_init(&body, HTTP_ANSWER_MAX_BYTES);
    if (count == 0)
        buffer_add(&body, TEXT(":\n\n"));
    for (size_t i = 0; i < count; i++)
        write_event(&events[i], &body);
    return finish(&body, ret);
}
