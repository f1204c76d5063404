/* unit/exchange/rig.c - nodes for tests. */
#include "unit/exchange/rig.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "release/outbound.h"
#include "support/scratch.h"

/* ---- life ---- */

static void start(struct rig *r)
{
    struct fault f = {0};
    if (node_open(io_system(), r->home, NODE_OWN, &r->node, &f))
        fail_msg("node_open: %s", f.what);
    assert_ok(taxii_server_new(r->node, &r->server, &f));
    assert_ok(ledger_server_new(r->node, &r->ledger, &f));
}

void rig_open(struct rig *r, const char *name)
{
    char path[SCRATCH_PATH_MAX];
    struct fault f = {0};
    memset(r, 0, sizeof *r);
    scratch_new(path);
    snprintf(r->dir, sizeof r->dir, "%s", path);
    snprintf(r->home, sizeof r->home, "%s/home", r->dir);
    buffer_init(&r->all, 1 * GIB);
    const struct node_init init = {
        .name = text_of(name), .country = TEXT("EX"), .space = TEXT("real"), .account = TEXT("admin")};
    if (node_create(io_system(), r->home, &init, &f))
        fail_msg("node_create: %s", f.what);
    start(r);
}

static struct outbound *handle(void *self, const struct http_request *request)
{
    struct rig *r = self;
    if (text_starts(request->path, TEXT("/log/")))
        return ledger_server_handle(r->ledger, request);
    return taxii_server_handle(r->server, request);
}

static struct outbound *fault_page(void *self, int status)
{
    (void)self;
    return taxii_fault(status);
}

void rig_listen(struct rig *r)
{
    struct fault f = {0};
    char address[32] = "127.0.0.1:0";
    if (r->url[0]) /* again: where partners know it */
        snprintf(address, sizeof address, "127.0.0.1:%u",
                 (unsigned)strtoul(r->url + strlen("http://127.0.0.1:"), NULL, 10));
    const struct http_server_options options = {
        .address = address, .handler = handle, .self = r, .fault_page = fault_page};
    if (http_server_start(&options, &r->http, &f))
        fail_msg("http_server_start: %s", f.what);
    snprintf(r->url, sizeof r->url, "http://127.0.0.1:%u/taxii2/", http_server_port(r->http));
}

static void stop(struct rig *r)
{
    http_server_stop(r->http);
    taxii_server_free(r->server);
    ledger_server_free(r->ledger);
    node_close(r->node);
    r->http = NULL;
    r->server = NULL;
    r->ledger = NULL;
    r->node = NULL;
}

void rig_restart(struct rig *r)
{
    stop(r);
    start(r);
}

void rig_close(struct rig *r)
{
    stop(r);
    buffer_done(&r->all);
    scratch_remove(r->dir);
}

/* ---- partners ---- */

static void invitation(struct rig *r, const char *name, struct buffer *out)
{
    struct fault f = {0};
    const char *url = r->url[0] ? r->url : "http://127.0.0.1:1";
    buffer_init(out, 64 * KIB);
    if (peer_invite(r->node, text_of(name), text_of(url), node_admin(r->node), out, &f))
        fail_msg("peer_invite: %s", f.what);
}

static void copy_text(char *out, size_t cap, struct text t)
{
    assert_true(t.len < cap);
    if (t.len)
        memcpy(out, t.ptr, t.len);
    out[t.len] = 0;
}

struct uuid rig_party(struct rig *r, const char *name)
{
    struct uuid party;
    struct fault f = {0};
    if (intake_party(r->node, text_of(name), node_admin(r->node), &party, &f))
        fail_msg("intake_party: %s", f.what);
    return party;
}

struct rig_partner rig_invite(struct rig *r, const char *name)
{
    struct buffer text;
    struct json_doc *doc;
    struct rig_partner p = {0};
    invitation(r, name, &text);
    assert_ok(json_parse(buffer_text(&text), &doc, NULL));
    copy_text(p.token, sizeof p.token, json_text(json_get(json_root(doc), "token")));
    copy_text(p.account, sizeof p.account, json_text(json_get(json_root(doc), "account")));
    json_free(doc);
    buffer_done(&text);
    p.party = rig_party(r, name);
    return p;
}

struct uuid rig_connect(struct rig *taker, struct rig *giver)
{
    struct buffer text;
    struct uuid party;
    struct fault f = {0};
    char name[NAME_MAX_BYTES + 1];
    copy_text(name, sizeof name, node_genesis(taker->node)->name);
    invitation(giver, name, &text);
    if (peer_accept(taker->node, buffer_text(&text), TEXT_NONE, node_admin(taker->node), &party, &f))
        fail_msg("peer_accept: %s", f.what);
    buffer_done(&text);
    return party;
}

struct new_account {
    const char *name;
    enum role role;
    struct uuid id;
};

static enum err write_account(struct txn *t, void *self, struct fault *reterr)
{
    struct new_account *a = self;
    struct fact f = {
        .kind = FACT_ACCOUNT,
        .u.account = {.id = a->id, .account = *node_admin(txn_node(t)), .name = text_of(a->name), .role = a->role}};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

void rig_account(struct rig *r, const char *name, enum role role, char token[128])
{
    struct new_account a = {name, role, uuid_random()};
    struct fault f = {0};
    struct buffer b;
    buffer_init(&b, 256);
    if (node_write(r->node, write_account, &a, &f))
        fail_msg("account: %s", f.what);
    const struct local_token t = {.account = a.id, .label = TEXT("test"), .scopes = SCOPES_ALL};
    assert_ok(local_token_new(node_local(r->node), &t, &b, NULL, &f));
    copy_text(token, 128, buffer_text(&b));
    buffer_done(&b);
}

/* ---- content ---- */

#ifdef __clang__
#define APART __attribute__((noinline))
#else
#define APART __attribute__((noipa))
#endif

APART static char *turn(void) /* apart: gcc takes two turns for one buffer */
{
    static _Thread_local char buffers[64][2048];
    static _Thread_local unsigned at;
    return buffers[at++ % 64];
}

static const char *marking(enum tlp label)
{
    char id[IDENT_TEXT_MAX];
    struct uuid u;
    char *out = turn();
    out[0] = 0;
    if (label != TLP_NONE && tlp_marking(label, 2, &u))
        snprintf(out, 2048, "\"object_marking_refs\":[\"%s\"],",
                 ident_format(TEXT("marking-definition"), &u, id).ptr);
    return out;
}

const char *rig_indicator_id(unsigned i)
{
    char *out = turn();
    snprintf(out, 2048, "indicator--00000000-0000-4000-8000-%012x", i);
    return out;
}

const char *rig_indicator_value(unsigned i)
{
    char *out = turn();
    snprintf(out, 2048, "value-%u-of-many.example", i);
    return out;
}

const char *rig_relationship_id(unsigned i)
{
    char *out = turn();
    snprintf(out, 2048, "relationship--00000000-0000-4000-8000-%012x", i);
    return out;
}

const char *rig_indicator(unsigned i, unsigned v, enum tlp label)
{
    char *out = turn();
    snprintf(
        out, 2048,
        "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"%s\",\"created\":\"2026-01-01T00:00:00.000Z\","
        "\"modified\":\"2026-01-02T%02u:%02u:00.000Z\",%s\"pattern\":\"[domain-name:value = '%s']\","
        "\"pattern_type\":\"stix\",\"valid_from\":\"2026-01-01T00:00:00Z\"}",
        rig_indicator_id(i), v / 60, v % 60, marking(label), rig_indicator_value(i));
    return out;
}

const char *rig_relationship(unsigned i, const char *from, const char *to, enum tlp label)
{
    char *out = turn();
    snprintf(out, 2048,
             "{\"type\":\"relationship\",\"spec_version\":\"2.1\",\"id\":\"%s\","
             "\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\",%s"
             "\"relationship_type\":\"related-to\",\"source_ref\":\"%s\",\"target_ref\":\"%s\"}",
             rig_relationship_id(i), marking(label), from, to);
    return out;
}

const char *rig_note_id(unsigned i)
{
    char *out = turn();
    snprintf(out, 2048, "note--00000000-0000-4000-8000-%012x", i);
    return out;
}

const char *rig_note(unsigned i, const char *about, enum tlp label)
{
    char *out = turn();
    snprintf(out, 2048,
             "{\"type\":\"note\",\"spec_version\":\"2.1\",\"id\":\"%s\","
             "\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\",%s"
             "\"content\":\"a note\",\"object_refs\":[\"%s\"]}",
             rig_note_id(i), marking(label), about);
    return out;
}

struct intake_totals rig_import_as(struct rig *r, const struct intake_options *options, const char *objects)
{
    struct intake_totals t = {0};
    struct fault f = {0};
    int fd = memfd_create("import", MFD_CLOEXEC);
    assert_true(fd >= 0);
    dprintf(fd, "{\"type\":\"bundle\",\"id\":\"bundle--00000000-0000-4000-8000-000000000000\",\"objects\":[%s]}",
            objects);
    lseek(fd, 0, SEEK_SET);
    if (intake_run(r->node, fd, options, &t, &f))
        fail_msg("intake_run: %s", f.what);
    close(fd);
    return t;
}

struct intake_totals rig_import(struct rig *r, const char *from, const char *objects)
{
    struct intake_options o = {.format = READER_STIX, .account = *node_admin(r->node), .name = TEXT("test")};
    if (from && strcmp(from, "self") == 0)
        o.from_self = true;
    else if (from)
        o.party = rig_party(r, from);
    return rig_import_as(r, &o, objects);
}

/* ---- asking ---- */

static const char *authorization(const struct rig_ask *ask)
{
    char *out = turn();
    if (!ask->basic_user) {
        snprintf(out, 2048, "Bearer %s", ask->token);
        return out;
    }
    struct buffer plain, coded;
    buffer_init(&plain, 1024);
    buffer_init(&coded, 2048);
    buffer_addf(&plain, "%s:%s", ask->basic_user, ask->token);
    base64_write(&coded, plain.ptr, plain.len);
    snprintf(out, 2048, "Basic " TEXT_FMT, TEXT_ARG(buffer_text(&coded)));
    buffer_done(&plain);
    buffer_done(&coded);
    return out;
}

static void take_header(struct rig_answer *a, struct text name, struct text value)
{
    static const struct {
        const char *name;
        size_t at, cap;
    } known[] = {
        {"X-TAXII-Date-Added-First", offsetof(struct rig_answer, first), sizeof a->first},
        {"X-TAXII-Date-Added-Last", offsetof(struct rig_answer, last), sizeof a->last},
        {"WWW-Authenticate", offsetof(struct rig_answer, authenticate), sizeof a->authenticate},
        {"Allow", offsetof(struct rig_answer, allow), sizeof a->allow},
        {"ETag", offsetof(struct rig_answer, etag), sizeof a->etag},
        {"Cache-Control", offsetof(struct rig_answer, cache), sizeof a->cache},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (text_eq_nocase(name, text_of(known[i].name)))
            copy_text((char *)a + known[i].at, known[i].cap, value);
}

static void take_answer(struct rig *r, const struct outbound *o, struct rig_answer *a)
{
    memset(a, 0, sizeof *a);
    a->status = outbound_status(o);
    copy_text(a->media_type, sizeof a->media_type, outbound_media_type(o));
    a->len = outbound_body(o).len;
    a->body = malloc(a->len + 1);
    memcpy(a->body, outbound_body(o).ptr, a->len);
    a->body[a->len] = 0;
    buffer_add(&r->all, outbound_body(o));
    for (size_t i = 0; i < outbound_header_count(o); i++) {
        struct text name, value;
        outbound_header(o, i, &name, &value);
        take_header(a, name, value);
        buffer_add(&r->all, value);
    }
    assert_ok(buffer_error(&r->all));
    if (json_parse((struct text){a->body, a->len}, &a->doc, NULL))
        return;
    const struct json_val *root = json_root(a->doc);
    a->more = json_bool(json_get(root, "more"), false);
    a->count = json_size(json_get(root, "objects"));
    copy_text(a->next, sizeof a->next, json_text(json_get(root, "next")));
}

void rig_ask(struct rig *r, const struct rig_ask *ask, struct rig_answer *ret)
{
    char path[1024];
    struct http_field fields[4];
    struct http_headers headers = {.fields = fields};
    struct arena arena;
    arena_init(&arena, HTTP_ARENA_MAX_BYTES);
    bool from_root = ask->path && ask->path[0] == '/';
    snprintf(path, sizeof path, "%s%s", from_root ? "" : "/taxii2/", ask->path ? ask->path : "");
    if (ask->token)
        fields[headers.count++] = (struct http_field){TEXT("Authorization"), text_of(authorization(ask))};
    if (ask->accept)
        fields[headers.count++] = (struct http_field){TEXT("accept"), text_of(ask->accept)};
    if (ask->content_type)
        fields[headers.count++] = (struct http_field){TEXT("Content-Type"), text_of(ask->content_type)};
    if (ask->if_none_match)
        fields[headers.count++] = (struct http_field){TEXT("If-None-Match"), text_of(ask->if_none_match)};
    const struct http_request request = {.method = text_of(ask->method ? ask->method : "GET"),
                                         .path = text_of(path),
                                         .query = text_of(ask->query),
                                         .body = text_of(ask->body),
                                         .peer = TEXT("127.0.0.1"),
                                         .loopback = true,
                                         .arena = &arena,
                                         .headers = &headers};
    struct outbound *o = handle(r, &request);
    assert_non_null(o);
    take_answer(r, o, ret);
    outbound_free(o);
    arena_done(&arena);
}

void rig_objects(struct rig *r, const char *token, const char *query, struct rig_answer *ret)
{
    rig_ask(r, &(struct rig_ask){.path = "api/collections/intelligence/objects/", .token = token, .query = query},
            ret);
}

void rig_answer_done(struct rig_answer *a)
{
    json_free(a->doc);
    free(a->body);
    memset(a, 0, sizeof *a);
}

const struct json_val *rig_object(const struct rig_answer *a, size_t i)
{
    struct json_iter it = json_iter_of(json_get(json_root(a->doc), "objects"));
    for (size_t at = 0; json_next(&it); at++)
        if (at == i)
            return it.val;
    return NULL;
}

struct text rig_object_id(const struct rig_answer *a, size_t i)
{
    return json_text(json_get(rig_object(a, i), "id"));
}

bool rig_has(const struct rig_answer *a, const char *id)
{
    for (size_t i = 0; i < a->count; i++)
        if (text_eq(rig_object_id(a, i), text_of(id)))
            return true;
    return false;
}

struct view_counts rig_counts(struct rig *r)
{
    struct view *v;
    struct view_counts c = {0};
    assert_ok(node_reader(r->node, &v, NULL));
    assert_ok(view_counts(v, &c, NULL));
    node_reader_done(r->node, v);
    return c;
}
