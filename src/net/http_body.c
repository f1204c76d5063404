/* net/http_body.c - a request's body as it comes: plain or in gzip, counted by what it becomes.
 *
 * A fault found on the way is answered when all has come, so that the client hears it instead of a broken connection:
 * what follows it is read and thrown away. */
#include "net/http_coding.h"
#include "net/http_inside.h"

/* A body longer than allowed is thrown away up to so many times the limit. */
#define DISCARD_TIMES 4

static size_t body_max(const struct http_exchange *x)
{
    return x->server->options.body_max_bytes;
}

/* Far too long: nothing of it is read. */
static bool is_hopeless(const struct http_exchange *x)
{
    uint64_t announced;
    struct text length = http_header(&x->request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (!length.ptr || text_u64(length, &announced))
        return false;
    bool asks_first = http_header(&x->request, MHD_HTTP_HEADER_EXPECT).ptr;
    return announced > body_max(x) && (asks_first || announced / DISCARD_TIMES > body_max(x));
}

/* Lines of one header are one list (RFC 9110 section 5.3). */
static bool read_coding(struct http_exchange *x)
{
    for (size_t i = 0; i < x->headers.count; i++) {
        bool gzip, before = x->gzip;
        if (!text_eq_nocase(x->fields[i].name, TEXT(MHD_HTTP_HEADER_CONTENT_ENCODING)))
            continue;
        if (!http_coding_known(x->fields[i].value, &gzip) || (gzip && before))
            return false;
        x->gzip = gzip || before;
    }
    return true;
}

bool http_body_begin(struct http_exchange *x)
{
    bool hopeless = is_hopeless(x);
    if (hopeless)
        x->fault = MHD_HTTP_CONTENT_TOO_LARGE;
    else if (!read_coding(x) && !x->fault)
        x->fault = MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
    return !hopeless && !(x->fault && http_header(&x->request, MHD_HTTP_HEADER_EXPECT).ptr);
}

bool http_body_comes(const struct http_exchange *x)
{
    static const char *const without[] = {"GET", "HEAD", "OPTIONS"};
    for (size_t i = 0; i < ARRAY_LEN(without); i++)
        if (text_eq(x->request.method, text_of(without[i])))
            return false;
    struct text length = text_trim(http_header(&x->request, MHD_HTTP_HEADER_CONTENT_LENGTH));
    return (length.len && !text_eq(length, TEXT("0"))) ||
           http_header(&x->request, MHD_HTTP_HEADER_TRANSFER_ENCODING).ptr != NULL;
}

static enum err take(struct http_exchange *x, struct text piece)
{
    if (!x->gzip) {
        buffer_add(&x->body, piece);
        return buffer_error(&x->body);
    }
    enum err e = x->gunzip ? OK : http_gunzip_new(&x->gunzip);
    return e ? e : http_gunzip_add(x->gunzip, piece, &x->body);
}

static int status_of(enum err e)
{
    if (e == ERR_LIMIT)
        return MHD_HTTP_CONTENT_TOO_LARGE;
    return e == ERR_MALFORMED ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

bool http_body_receive(struct http_exchange *x, const char *bytes, size_t len)
{
    http_watch_received(x->server->watch, x->connection->watched, len);
    if (!x->fault) {
        enum err e = take(x, (struct text){bytes, len});
        bool room = e || http_sender_take_body(x, x->body.len - x->body_counted);
        if (e == OK && room)
            return true;
        x->fault = room ? status_of(e) : MHD_HTTP_SERVICE_UNAVAILABLE;
        http_sender_give_body(x);
        x->discarded = x->gzip ? 0 : x->body.len;
        buffer_done(&x->body);
    }
    x->discarded += len;
    return x->discarded / DISCARD_TIMES <= body_max(x);
}

void http_body_end(struct http_exchange *x)
{
    if (x->gunzip && !x->fault && !http_gunzip_whole(x->gunzip))
        x->fault = MHD_HTTP_BAD_REQUEST;
    http_gunzip_free(x->gunzip);
    x->gunzip = NULL;
}

void http_take_body(const struct http_request *r, struct buffer *ret)
{
    struct http_exchange *x = r->exchange;
    *ret = x->body;
    buffer_init(&x->body, 0);
    x->request.body = TEXT_NONE;
}

void http_body_done(struct http_exchange *x)
{
    http_gunzip_free(x->gunzip);
    buffer_done(&x->body);
}
