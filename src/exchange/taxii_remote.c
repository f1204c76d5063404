/* exchange/taxii_remote.c - requests to another TAXII server. */
#include "exchange/taxii_remote.h"

#include "exchange/taxii_accept.h"
#include "release/outbound.h"

void remote_url(const struct taxii_remote *remote, const char *path, struct buffer *out)
{
    buffer_add(out, remote->api_root);
    if (!text_ends(remote->api_root, TEXT("/")))
        buffer_add_char(out, '/');
    buffer_add(out, text_of(path));
}

static bool plain_in_url(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void remote_parameter(struct buffer *url, bool first, const char *name, struct text value)
{
    buffer_add_char(url, first ? '?' : '&');
    buffer_add(url, text_of(name));
    buffer_add_char(url, '=');
    for (size_t i = 0; i < value.len; i++) {
        if (plain_in_url(value.ptr[i]))
            buffer_add_char(url, value.ptr[i]);
        else
            buffer_addf(url, "%%%02X", (unsigned)(unsigned char)value.ptr[i]);
    }
}

enum err remote_refused(int status, struct fault *reterr)
{
    const char *words = "an answer that was not expected";
    if (status == 401 || status == 403)
        words = "it does not accept our token, or not for this collection";
    else if (status == 404)
        words = "it does not know this API root or collection";
    else if (status == 406 || status == 415)
        words = "it does not speak TAXII 2.1";
    else if (status == 413)
        words = "what we sent is too large for it";
    else if (status == 422)
        words = "it cannot process what we sent";
    else if (status == 429 || status == 503)
        words = "it asks for patience";
    else if (status >= 300 && status <= 399)
        words = "it sends us elsewhere, where our credentials do not go: it needs its new address";
    else if (status >= 500)
        words = "it has a fault of its own";
    return fault_set(reterr, ERR_UNREACHABLE, "HTTP %d: %s", status, words);
}

static enum err check_answer(const struct http_answer *a, struct fault *reterr)
{
    if (a->status != 200)
        return remote_refused(a->status, reterr);
    if (!taxii_is_ours(text_of(a->media_type)))
        return fault_set(reterr, ERR_UNREACHABLE, "its answer is not application/taxii+json of version 2.1");
    return OK;
}

enum err remote_get(struct http_client *http, const struct taxii_remote *remote, struct buffer *url,
                    struct http_answer *ret, int *ret_status, struct fault *reterr)
{
    struct outbound *request = NULL;
    struct http_answer answer = {0};
    if (ret_status)
        *ret_status = 0;
    buffer_add_char(url, '\0');
    enum err e = buffer_error(url);
    if (e == OK)
        e = outbound_protocol(PAGE_REQUEST_GET, 0, NULL, 0, NULL, 0, &request);
    if (e)
        return fault_set(reterr, e, "a request could not be made");
    e = http_send(http, "GET", url->ptr, TAXII_MEDIA_TYPE, &remote->auth, request, &answer, reterr);
    outbound_free(request);
    if (e)
        return e;
    if (ret_status)
        *ret_status = answer.status;
    e = check_answer(&answer, reterr);
    if (e)
        http_answer_done(&answer);
    else
        *ret = answer;
    return e;
}
