/* net/http_answer.c - whole answers: an outbound becomes a response of the library, with the headers of every answer,
 * packed where that saves something and its reader likes it.
 *
 * Plain and packed are two representations of one thing (RFC 9110 section 8.8.3.3): who gets it packed gets its ETag
 * as a weak one, and the handler that compares If-None-Match weakly, as section 13.1.2 wants it, knows both. */
#include <string.h>

#include "net/http_coding.h"
#include "net/http_inside.h"

/* Below, the headers weigh as much, and all of it goes in one packet anyway. */
#define GZIP_MIN_BYTES KIB
/* To whom has taken its share. */
#define RETRY_AFTER_S "5"

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

static void add_own_header(struct MHD_Response *response, struct text name, struct text value, bool packed)
{
    char weak[300] = "W/";
    bool is_strong = packed && text_eq_nocase(name, TEXT("ETag")) && text_starts(value, TEXT("\""));
    if (is_strong && value.len + 3 > sizeof weak)
        return; /* a tag that is wrong is worse than none */
    if (is_strong)
        memcpy(weak + 2, value.ptr, value.len + 1);
    MHD_add_response_header(response, name.ptr, is_strong ? weak : value.ptr);
}

static void add_headers(struct MHD_Response *response, const struct outbound *o, bool closing, bool packed)
{
    for (size_t i = 0; i < outbound_header_count(o); i++) {
        struct text name, value;
        outbound_header(o, i, &name, &value);
        add_own_header(response, name, value, packed);
    }
    struct text type = outbound_media_type(o);
    if (type.len)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type.ptr);
    add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    add_header(response, "X-Content-Type-Options", "nosniff");
    if (closing)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

void http_add_headers(struct MHD_Response *response, const struct outbound *o, bool closing)
{
    add_headers(response, o, closing, false);
}

/* ---- packed ---- */

static bool has_header(const struct outbound *o, struct text wanted)
{
    for (size_t i = 0; i < outbound_header_count(o); i++) {
        struct text name, value;
        outbound_header(o, i, &name, &value);
        if (text_eq_nocase(name, wanted))
            return true;
    }
    return false;
}

/* Long enough, text, and not packed by somebody else: whoever asks, what is sent depends on Accept-Encoding. */
static bool can_be_packed(const struct outbound *o)
{
    struct text type = outbound_media_type(o);
    bool words = text_starts(type, TEXT("text/")) || text_find_text(type, TEXT("json")) >= 0 ||
                 text_find_text(type, TEXT("xml")) >= 0 || text_find_text(type, TEXT("javascript")) >= 0;
    return words && outbound_body(o).len >= GZIP_MIN_BYTES && !has_header(o, TEXT("Content-Encoding"));
}

/* TEXT_NONE: it goes as it is. */
static struct text packed_body(struct outbound *o)
{
    struct text body = outbound_body(o), packed = outbound_gzip(o);
    struct buffer made;
    if (packed.ptr)
        return packed;
    buffer_init(&made, body.len);
    enum err e = http_gzip(body, &made); /* ERR_LIMIT: it would grow */
    if (e == OK)
        packed = outbound_keep_gzip(o, &made);
    buffer_done(&made);
    return packed;
}

void http_told(struct http_exchange *x, int status, size_t bytes)
{
    const struct http_server_options *o = &x->server->options;
    if (o->answered)
        o->answered(o->self, &x->request, status, bytes);
}

enum MHD_Result http_answer(struct http_exchange *x, struct MHD_Connection *connection, struct outbound *o)
{
    struct text body = outbound_body(o), packed = TEXT_NONE;
    int status = outbound_status(o);
    bool choice = can_be_packed(o);
    if (choice && http_likes_gzip(http_header_list(&x->request, MHD_HTTP_HEADER_ACCEPT_ENCODING)))
        packed = packed_body(o);
    body = packed.ptr ? packed : body;
    char *bytes = (char *)(uintptr_t)body.ptr; /* read only: the library copies from it */
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback_cls(body.len, bytes, free_outbound, o);
    if (!response) {
        outbound_free(o);
        return MHD_NO;
    }
    add_headers(response, o, http_is_stopping(x->server), packed.ptr != NULL);
    if (x->fault == MHD_HTTP_TOO_MANY_REQUESTS || x->fault == MHD_HTTP_SERVICE_UNAVAILABLE)
        add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, RETRY_AFTER_S);
    if (x->waited)
        MHD_add_response_header(response, "Preference-Applied", "wait");
    if (choice)
        MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    if (packed.ptr)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    if (x->fault == MHD_HTTP_UNSUPPORTED_MEDIA_TYPE) /* RFC 9110 section 12.5.3: what would be taken */
        MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_ENCODING, "gzip");
    http_told(x, status, body.len);
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
    http_told(x, status, 0);
    return answer_empty(s, connection, status);
}
