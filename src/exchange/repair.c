/* exchange/repair.c - the partner's answer is read by a reader, like any page; our own log's hash decides. */
#include "exchange/repair.h"

#include "base/limits.h"
#include "exchange/peer_inside.h"
#include "exchange/pull_page.h"
#include "exchange/taxii_remote.h"
#include "format/record.h"
#include "reader/reader.h"

struct repair {
    struct node *node;
    struct http_client *http;
    struct taxii_remote remote;
    const atomic_bool *cancel;
    repair_on_body *on_body;
    void *self;
    struct repair_totals totals;
};

static void write_question(const struct repair *r, const struct spoiled *s, struct buffer *url)
{
    remote_url(&r->remote, "collections/", url);
    buffer_add(url, r->remote.collection);
    buffer_add(url, TEXT("/objects/"));
    buffer_add(url, s->id);
    buffer_add_char(url, '/');
    remote_parameter(url, true, "match[version]", s->modified.len ? s->modified : TEXT("all"));
}

/* *ret_there: an object of the answer is the one, and it is back in its place. */
static enum err take_chunk(struct repair *r, const struct spoiled *s, struct text chunk, bool *ret_there,
                           struct fault *reterr)
{
    struct cursor c;
    struct record record;
    cursor_init(&c, chunk);
    for (;;) {
        enum err err = record_next(&c, &record);
        if (err == ERR_NOT_FOUND)
            return OK;
        if (err != OK)
            return fault_set(reterr, err, "its reader gave no records");
        if (record.kind != RECORD_OBJECT)
            continue;
        struct sha256 hash = sha256_of(record.u.object.body.ptr, record.u.object.body.len);
        if (!sha256_eq(&hash, &s->hash))
            continue;
        struct text raw = s->original ? record.u.object.original : record.u.object.body;
        err = raw.len ? node_put_body(r->node, s->place, raw, reterr) : OK;
        *ret_there |= raw.len && err == OK;
        if (err != OK)
            return err;
    }
}

static enum err read_answer(struct repair *r, const struct spoiled *s, const struct http_answer *answer,
                            struct fault *reterr)
{
    struct pull_page page;
    struct reader *reader = NULL;
    const struct reader_options options = {.format = READER_STIX, .envelope = READER_ENVELOPE, .cancel = r->cancel};
    bool there = false;
    enum err err = pull_page_open(answer, &page, reterr);
    if (err != OK)
        return err;
    err = reader_open(page.fd, &options, &reader, reterr);
    while (err == OK) {
        struct text chunk;
        err = reader_next(reader, &chunk, reterr);
        if (err == OK)
            err = take_chunk(r, s, chunk, &there, reterr);
    }
    reader_free(reader);
    pull_page_close(&page);
    if (err == ERR_NOT_FOUND) /* the end */
        err = there ? OK
                    : fault_set(reterr, ERR_NOT_FOUND,
                                "the partner has no version of it with the content that was "
                                "logged");
    return err;
}

static enum err mend(struct repair *r, const struct spoiled *s, struct fault *reterr)
{
    struct buffer url;
    struct http_answer answer;
    if (!s->id.len)
        return fault_set(reterr, ERR_NOT_FOUND, "it is no object that a partner could have");
    buffer_init(&url, URL_MAX_BYTES);
    write_question(r, s, &url);
    enum err err = remote_get(r->http, &r->remote, &url, &answer, NULL, reterr);
    buffer_done(&url);
    if (err != OK)
        return err;
    err = read_answer(r, s, &answer, reterr);
    http_answer_done(&answer);
    return err;
}

static enum err on_spoiled(void *self, const struct spoiled *s)
{
    struct repair *r = self;
    struct fault why = {.offset = -1, .line = -1};
    enum err err = mend(r, s, &why);
    if (err == ERR_CANCELLED || err == ERR_NOMEM)
        return err;
    r->totals.spoiled++;
    r->totals.mended += err == OK;
    r->on_body(r->self, s, err, &why);
    return OK;
}

static enum err connect(struct repair *r, const struct uuid *party, struct arena *arena, struct fault *reterr)
{
    struct view *v;
    struct fact_peer peer;
    enum err err = node_reader(r->node, &v, reterr);
    if (err != OK)
        return err;
    err = peer_read(v, party, arena, &peer, reterr);
    node_reader_done(r->node, v);
    if (err != OK)
        return err == ERR_NOT_FOUND ? fault_set(reterr, err, "no such peer") : err;
    if (peer.expelled || !peer.url.len)
        return fault_set(reterr, ERR_USAGE, "there is no line to this peer on which we could ask");
    r->remote.api_root = peer.url;
    r->remote.collection = peer.collection;
    err = peer_secret(r->node, party, arena, &r->remote.auth, reterr);
    return err == OK ? peer_client(peer.url, NULL, &r->http, reterr) : err;
}

enum err repair_from(struct node *node, const struct uuid *party, const atomic_bool *cancel, repair_on_body *on_body,
                     void *self, struct repair_totals *ret, struct fault *reterr)
{
    struct repair r = {.node = node, .cancel = cancel, .on_body = on_body, .self = self};
    struct arena arena;
    arena_init(&arena, 64 * KIB);
    enum err err = connect(&r, party, &arena, reterr);
    if (err == OK)
        err = node_spoiled(node, on_spoiled, &r, cancel, reterr);
    http_client_free(r.http);
    arena_done(&arena);
    *ret = r.totals;
    return err;
}
