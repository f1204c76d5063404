/* exchange/fetch_url.c - one document at a URL, asked for again and again: what did not change costs one request
 * without a body (RFC 9110 section 13), or where its server knows no dates and tags, one download. */
#include <unistd.h>

#include "exchange/fetch_url.h"
#include "json/json.h"

enum err fetch_known_load(struct fetch *f, struct fetch_known *ret, struct fault *reterr)
{
    struct json_doc *doc;
    struct fetch_known k = {.has_hash = false};
    enum err e = fetch_state_read(f, &doc, reterr);
    if (e)
        return e;
    if (doc) {
        const struct json_val *o = json_root(doc);
        k.etag = arena_text(&f->arena, json_text(json_get(o, "etag")));
        k.modified = arena_text(&f->arena, json_text(json_get(o, "modified")));
        k.has_hash = sha256_from_hex(json_text(json_get(o, "hash")), &k.hash) == OK;
        json_free(doc);
    }
    *ret = k;
    return OK;
}

enum err fetch_known_save(const struct fetch *f, const struct http_answer *a, const struct sha256 *hash,
                          struct fault *reterr)
{
    struct fetch_state s;
    char hex[SHA256_HEX];
    struct text etag = text_of(a->etag), modified = text_of(a->last_modified);
    fetch_state_begin(f, &s);
    json_member_text(&s.out, "etag", text_is_utf8(etag) ? etag : TEXT_NONE);
    json_member_text(&s.out, "modified", text_is_utf8(modified) ? modified : TEXT_NONE);
    json_member_text(&s.out, "hash", sha256_hex(hash, hex));
    return fetch_state_end(f, &s, reterr);
}

enum err fetch_known_question(const struct fetch_known *k, struct outbound **ret)
{
    struct page_field fields[2];
    size_t count = 0;
    if (k->etag.len)
        fields[count++] = (struct page_field){.name = "if_none_match", .kind = FIELD_TEXT, .text = k->etag};
    if (k->modified.len)
        fields[count++] = (struct page_field){.name = "if_modified_since", .kind = FIELD_TEXT, .text = k->modified};
    return outbound_protocol(PAGE_REQUEST_GET, 0, fields, count, NULL, 0, ret);
}

/* What stands behind the last slash, without query and fragment: some formats' type stands in the file's name. */
static struct text name_in(struct text url)
{
    ptrdiff_t end = text_find(url, '?', 0);
    if (end < 0)
        end = text_find(url, '#', 0);
    struct text rest = end < 0 ? url : text_sub(url, 0, (size_t)end), name = TEXT_NONE, part;
    while (text_split(&rest, '/', &part))
        name = part.len ? part : name;
    return name;
}

struct http_auth fetch_auth(const struct fetch *f)
{
    if (f->user.len)
        return (struct http_auth){.user = f->user, .password = f->secret};
    return (struct http_auth){.bearer = f->secret};
}

static enum err take_in(struct fetch *f, int fd, const struct http_answer *a, const struct fetch_known *k,
                        struct fault *reterr)
{
    struct sha256 hash;
    bool whole = true;
    enum err e = fetch_hash(fd, &hash, reterr);
    if (e)
        return e;
    if (k->has_hash && sha256_eq(&hash, &k->hash))
        f->result->unchanged_documents++;
    else
        e = fetch_take(f, fd, name_in(f->source.place), f->format, &whole, reterr);
    /* One that was not whole is asked for again: the next answer may be. */
    return e || !whole ? e : fetch_known_save(f, a, &hash, reterr);
}

enum err fetch_url(struct fetch *f, struct fault *reterr)
{
    struct fetch_known k = {.has_hash = false};
    struct outbound *request = NULL;
    struct http_answer a = {0};
    const struct http_auth auth = fetch_auth(f);
    const char *url = fetch_string(f, f->source.place);
    int fd = -1;
    enum err e = url ? fetch_known_load(f, &k, reterr) : ERR_NOMEM;
    if (e == OK)
        e = fetch_known_question(&k, &request);
    if (e == OK)
        e = fetch_file(f, &fd, reterr);
    if (e == OK)
        e = http_fetch(f->http, "GET", url, TEXT_NONE, &auth, request, fd, FETCH_DOCUMENT_MAX_BYTES, &a, reterr);
    outbound_free(request);
    if (e == OK && a.status == 304)
        f->result->unchanged_documents++;
    else if (e == OK && a.status == 200)
        e = take_in(f, fd, &a, &k, reterr);
    else if (e == OK)
        e = fetch_refused(a.status, reterr);
    http_answer_done(&a);
    if (fd >= 0)
        close(fd);
    return e;
}
