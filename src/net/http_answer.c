/* net/http_answer.c - whole answers: an outbound becomes a response of the library, with the headers of every answer.
 */
#include "net/http_inside.h"

static void free_outbound(void *outbound)
{
    outbound_free(outbound);
}

/* Defaults of a house whose pages are for one reader each; an outbound's own headers come first. */
static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (!MHD_get_response_header(response, name))
        MHD_add_response_header(response, name, value);
}

void http_add_headers(struct MHD_Response *response, const struct outbound *o, bool closing)
{
    for (size_t i = 0; i < outbound_header_count(o); i++) {
        struct text name, value;
        outbound_header(o, i, &name, &value);
        MHD_add_response_header(response, name.ptr, value.ptr);
    }
    struct text type = outbound_media_type(o);
    if (type.len)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type.ptr);
    add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    add_header(response, "X-Content-Type-Options", "nosniff");
    if (closing)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

enum MHD_Result http_answer(struct http_exchange *x, struct MHD_Connection *connection, struct outbound *o)
{
    struct text body = outbound_body(o);
    int status = outbound_status(o);
    char *bytes = (char *)(uintptr_t)body.ptr; /* read only: the library copies from it */
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback_cls(body.len, bytes, free_outbound, o);
    if (!response) {
        outbound_free(o);
        return MHD_NO;
    }
    http_add_headers(response, o, http_is_stopping(x->server));
    enum MHD_Result r = MHD_queue_response(connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return r;
}

static enum MHD_Result answer_empty(struct http_server *s, struct MHD_Connection *connection, int status)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    if (http_is_stopping(s))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result r = MHD_queue_response(connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return r;
}

bool http_is_answer(const struct outbound *o)
{
    return o && outbound_status(o) >= 200 && outbound_status(o) <= 599;
}

enum MHD_Result http_answer_fault(struct http_exchange *x, struct MHD_Connection *connection, int status)
{
    struct http_server *s = x->server;
    struct outbound *page = s->options.fault_page ? s->options.fault_page(s->options.self, status) : NULL;
    if (http_is_answer(page))
        return http_answer(x, connection, page);
    outbound_free(page);
    return answer_empty(s, connection, status);
}
