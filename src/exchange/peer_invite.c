/* exchange/peer_invite.c - how two nodes get to know each other: a file from one to the other, by a way people trust.
 *
 * {"entente_invite":1,"from":{"name","identity","country"},"api_root","collection","account","token","origin","key"};
 * of an exercise also "exercise", its name, and "statement", the real node's (docs/FORMAT-exercise.md).
 * A plain TAXII server has no such file; who writes one by hand may give "user" and "password" in place of "token".
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/time.h"
#include "exchange/asker.h"
#include "exchange/peer_inside.h"
#include "exchange/peer_pin.h"
#include "exchange/peer_source.h"
#include "ledger/exercise.h"
#include "model/space.h"
#include "store/login.h"
#include "json/json.h"

#define INVITE_MAX_BYTES   (64 * KIB)
#define INVITE_ARENA_BYTES (256 * KIB)
#define API_PATH           "/taxii2/api/"

/* ---- what both sides record ---- */

struct meeting {
    struct uuid party, account;
    struct text name;
    struct text url, collection; /* empty: they come to us */
    struct text origin;          /* of their log, with its key; empty: not told */
    uint8_t key[NOTE_KEY_BYTES];
    struct uuid identity; /* by which markings name it; zero: not told */
    bool machine_account, hub;
    struct arena arena;
    struct fact_account machine; /* filled in */
};

/* An account's name is its user name over TAXII; where it is taken by somebody else a suffix helps. */
static enum err free_account_name(struct view *v, struct meeting *m, struct text *ret, struct fault *reterr)
{
    for (unsigned i = 1; i < 1000; i++) {
        struct fact_account other;
        const char *name = i == 1 ? arena_printf(&m->arena, TEXT_FMT, TEXT_ARG(m->name))
                                  : arena_printf(&m->arena, TEXT_FMT "-%u", TEXT_ARG(m->name), i);
        if (!name)
            return ERR_NOMEM;
        enum err e = view_account_by_name(v, text_of(name), &other, reterr);
        if (e == ERR_NOT_FOUND) {
            *ret = text_of(name);
            return OK;
        }
        if (e)
            return e;
    }
    return fault_set(reterr, ERR_EXISTS, "there are accounts of that name already");
}

static enum err write_machine(struct txn *t, struct meeting *m, struct fault *reterr)
{
    struct fact f = {.kind = FACT_ACCOUNT};
    enum err e = peer_account(txn_view(t), &m->party, &m->arena, &f.u.account, reterr);
    if (e && e != ERR_NOT_FOUND)
        return e;
    bool known = e == OK;
    if (!known) {
        f.u.account = (struct fact_account){.id = uuid_random(), .role = ROLE_READER, .party = m->party};
        e = free_account_name(txn_view(t), m, &f.u.account.name, reterr);
        if (e)
            return e;
    }
    bool was_off = f.u.account.disabled;
    f.u.account.account = m->account;
    f.u.account.disabled = false;
    m->machine = f.u.account;
    return known && !was_off ? OK : txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

/* A file that somebody hands over gives no peer another's name, nor one that is known by a name a second one. */
static enum err check_identity(struct node *node, struct view *v, const struct meeting *m, const struct uuid *known,
                               struct fault *reterr)
{
    if (uuid_some(known) && !uuid_eq(known, &m->identity))
        return fault_set(reterr, ERR_EXISTS,
                         "this partner is known by another identity than the invitation's; entente peer set "
                         "--identity changes it");
    return peer_identity_free(node, v, &m->party, &m->identity, reterr);
}

static void make_hub(const struct meeting *m, struct fact_peer *p)
{
    if (!m->hub || p->partner_kind == RECIPIENT_HUB)
        return;
    p->partner_kind = RECIPIENT_HUB;
    p->sightings = true;
    p->poll_ms = PEER_POLL_MS_HUB;
}

/* Each start of a sensor takes its hub again. */
static bool says_nothing_new(const struct meeting *m, const struct fact_peer *a, const struct fact_peer *b)
{
    return m->hub && a->partner_kind == b->partner_kind && a->expelled == b->expelled && text_eq(a->url, b->url) &&
           text_eq(a->collection, b->collection) && text_eq(a->origin, b->origin) &&
           uuid_eq(&a->identity, &b->identity) && memcmp(a->key, b->key, sizeof a->key) == 0;
}

static enum err write_meeting(struct txn *t, void *self, struct fault *reterr)
{
    struct meeting *m = self;
    struct uuid source;
    struct fact f = {.kind = FACT_PEER};
    enum err e = peer_source_make(t, &m->party, m->name, &m->account, &source, reterr);
    if (e)
        return e;
    e = peer_read(txn_view(t), &m->party, &m->arena, &f.u.peer, reterr);
    if (e == ERR_NOT_FOUND)
        f.u.peer = (struct fact_peer){.party = m->party, .ceiling = TLP_GREEN, .poll_ms = PEER_POLL_MS_DEFAULT};
    else if (e)
        return e;
    const struct fact_peer before = f.u.peer;
    make_hub(m, &f.u.peer);
    f.u.peer.account = m->account;
    f.u.peer.expelled = false; /* a new invitation, given or accepted, is a new beginning */
    if (m->url.len) {
        f.u.peer.url = m->url;
        f.u.peer.collection = m->collection;
    }
    if (uuid_some(&m->identity)) {
        e = check_identity(txn_node(t), txn_view(t), m, &f.u.peer.identity, reterr);
        if (e)
            return e;
        f.u.peer.identity = m->identity;
    }
    if (m->origin.len) { /* people handed it over: it counts for more than what came before */
        e = peer_pin_free(t, &m->party, m->origin, reterr);
        if (e)
            return e;
        f.u.peer.origin = m->origin;
        memcpy(f.u.peer.key, m->key, sizeof f.u.peer.key);
    }
    e = says_nothing_new(m, &before, &f.u.peer) ? OK : txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
    return e || !m->machine_account ? e : write_machine(t, m, reterr);
}

static enum err meet(struct node *node, struct meeting *m, struct fault *reterr)
{
    enum err e = intake_party(node, m->name, &m->account, &m->party, reterr);
    if (e == OK)
        e = node_write(node, write_meeting, m, reterr);
    return e ? e : taxii_openings_update(node, reterr);
}

/* ---- giving an invitation ---- */

static bool web_url(struct text url)
{
    bool scheme = text_starts(url, TEXT("https://")) || text_starts(url, TEXT("http://"));
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] <= ' ' || url.ptr[i] == '"' || url.ptr[i] > '~')
            return false;
    return scheme && url.len <= URL_MAX_BYTES;
}

static enum err api_root_of(struct text url, struct arena *arena, struct text *ret, struct fault *reterr)
{
    if (!web_url(url))
        return fault_set(reterr, ERR_USAGE, "the address is no http or https URL");
    if (text_ends(url, TEXT("/")))
        url.len--;
    static const char *const said[] = {"/taxii2/api", "/taxii2"};
    for (size_t i = 0; i < ARRAY_LEN(said); i++)
        if (text_ends(url, text_of(said[i])))
            url.len -= text_of(said[i]).len;
    const char *root = arena_printf(arena, TEXT_FMT API_PATH, TEXT_ARG(url));
    *ret = text_of(root);
    return root ? OK : ERR_NOMEM;
}

static void write_invitation(struct node *node, const struct meeting *m, struct text api_root, struct text token,
                             struct buffer *out)
{
    const struct fact_genesis *g = node_genesis(node);
    struct node_origin origin;
    char id[IDENT_TEXT_MAX], key[2 * sizeof origin.key + 1];
    node_origin(node, &origin);
    hex_write(origin.key, sizeof origin.key, key);
    struct json_out o = json_out_to(out);
    json_open(&o, '{');
    json_member_i64(&o, "entente_invite", 1);
    json_key(&o, TEXT("from"));
    json_open(&o, '{');
    json_member_text(&o, "name", g->name);
    json_member_text(&o, "identity", ident_format(TEXT("identity"), &g->identity, id));
    json_member_text(&o, "country", g->country);
    json_close(&o, '}');
    json_member_text(&o, "api_root", api_root);
    json_member_text(&o, "collection", TEXT("intelligence"));
    json_member_text(&o, "account", m->machine.name);
    json_member_text(&o, "token", token);
    json_member_text(&o, "origin", text_of(origin.name));
    json_member_text(&o, "key", text_of(key));
    if (!space_is_real(g->space))
        json_member_text(&o, "exercise", g->space);
    if (g->statement.len)
        json_member_text(&o, "statement", g->statement);
    json_close(&o, '}');
}

/* One token a partner: an earlier invitation's ends when a new one is given. */
static enum err fresh_token(struct node *node, const struct uuid *machine, struct buffer *out, struct fault *reterr)
{
    const struct local_token t = {.account = *machine,
                                  .label = TEXT("invitation"),
                                  .scopes = scopes_default(true, ROLE_NONE),
                                  .created_us = clock_now_us()};
    enum err e = local_token_revoke_all(node_local(node), machine, reterr);
    logins_cut(node_logins(node));
    return e ? e : local_token_new(node_local(node), &t, out, NULL, reterr);
}

enum err peer_invite(struct node *node, struct text name, struct text url, const struct uuid *account,
                     struct buffer *out, struct fault *reterr)
{
    struct meeting m = {.account = *account, .name = name, .machine_account = true};
    struct text api_root;
    struct buffer token;
    arena_init(&m.arena, INVITE_ARENA_BYTES);
    buffer_init(&token, 256);
    enum err e = api_root_of(url, &m.arena, &api_root, reterr);
    if (e == OK)
        e = meet(node, &m, reterr);
    if (e == OK)
        e = fresh_token(node, &m.machine.id, &token, reterr);
    if (e == OK) {
        write_invitation(node, &m, api_root, buffer_text(&token), out);
        e = buffer_error(out);
    }
    buffer_done(&token);
    arena_done(&m.arena);
    return e;
}

/* ---- taking one ---- */

struct invitation {
    struct text name, identity, api_root, collection, token, user, password, origin, exercise,
        statement; /* of the document */
    uint8_t key[NOTE_KEY_BYTES];
};

static enum err no_invitation(struct fault *reterr, const char *why)
{
    return fault_set(reterr, ERR_MALFORMED, "this is no invitation: %s", why);
}

static bool is_header_text(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] < ' ' || t.ptr[i] == 0x7f)
            return false;
    return t.len <= 4 * KIB;
}

static bool is_path_segment(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '_' || c == '.';
        if (!plain)
            return false;
    }
    return t.len > 0 && t.len <= NAME_MAX_BYTES;
}

static enum err read_invitation(const struct json_val *o, struct text name_override, struct invitation *ret,
                                struct fault *reterr)
{
    int64_t version = 0;
    const struct json_val *from = json_get(o, "from");
    if (!json_i64(json_get(o, "entente_invite"), &version))
        return no_invitation(reterr, "\"entente_invite\" is missing");
    if (version != 1)
        return fault_set(reterr, ERR_VERSION, "this invitation was written by a newer program");
    struct invitation i = {.name = name_override.len ? name_override : json_text(json_get(from, "name")),
                           .identity = json_text(json_get(from, "identity")),
                           .api_root = json_text(json_get(o, "api_root")),
                           .collection = json_text(json_get(o, "collection")),
                           .token = json_text(json_get(o, "token")),
                           .user = json_text(json_get(o, "user")),
                           .password = json_text(json_get(o, "password"))};
    if (!i.name.len || i.name.len > NAME_MAX_BYTES || !is_header_text(i.name))
        return no_invitation(reterr, "it has no usable name; give one with --name");
    if (!i.api_root.len || !web_url(i.api_root))
        return no_invitation(reterr, "\"api_root\" is no http or https URL");
    if (!is_path_segment(i.collection))
        return no_invitation(reterr, "\"collection\" is neither an id nor an alias");
    if (!i.token.len == !i.user.len || !is_header_text(i.token) || !is_header_text(i.user) ||
        !is_header_text(i.password) || text_find(i.user, ':', 0) >= 0)
        return no_invitation(reterr, "it needs either \"token\", or \"user\" and \"password\"");
    struct note_key key;
    struct text hex = json_text(json_get(o, "key"));
    i.origin = json_text(json_get(o, "origin"));
    i.exercise = json_text(json_get(o, "exercise"));
    i.statement = json_text(json_get(o, "statement"));
    if ((i.origin.len || hex.len) && (i.origin.len >= ORIGIN_MAX || hex_read(hex, i.key, sizeof i.key) != OK ||
                                      note_key_make(i.origin, NOTE_ED25519, i.key, &key) != OK))
        return no_invitation(reterr, "\"origin\" and \"key\" are not those of a log");
    *ret = i;
    return OK;
}

/* Which space it is from: what it says, what its log is called, and what the real node has signed must agree. */
static enum err check_space(const struct node *node, const struct invitation *i, struct fault *reterr)
{
    struct text ours = node_genesis(node)->space;
    struct exercise_statement s;
    bool real = space_is_real(ours);
    if (real && i->exercise.len)
        return fault_set(reterr, ERR_DENIED,
                         SPACE_RULE ": this invitation is to the exercise \"" TEXT_FMT
                                    "\", and this node is the real one: nothing crosses",
                         TEXT_ARG(i->exercise));
    if (!real && !text_eq(i->exercise, ours))
        return fault_set(reterr, ERR_DENIED,
                         SPACE_RULE ": this node is the exercise \"" TEXT_FMT "\", and the invitation is %s" TEXT_FMT
                                    "%s: nothing crosses",
                         TEXT_ARG(ours), i->exercise.len ? "to the exercise \"" : "not to it", TEXT_ARG(i->exercise),
                         i->exercise.len ? "\"" : "");
    enum err e = i->origin.len ? space_check_origin(ours, i->origin, reterr) : OK;
    if (e || !i->statement.len)
        return e;
    e = exercise_accept(i->statement, &s, reterr);
    if (e)
        return e;
    int64_t now_us = clock_now_us();
    if (!text_eq(s.exercise, i->exercise) || !text_eq(s.origin, i->origin) ||
        memcmp(s.key, i->key, sizeof s.key) != 0)
        return fault_set(reterr, ERR_DENIED, "the real node's statement in it is about another exercise or key");
    if (now_us < s.from_us || now_us >= s.until_us)
        return fault_set(reterr, ERR_DENIED, "the real node stands for this exercise's key at another time than now");
    return OK;
}

static bool from_ourselves(const struct node *node, const struct invitation *i)
{
    struct ident parts;
    return i->identity.len && ident_parse(i->identity, &parts, NULL) == OK &&
           uuid_eq(&parts.uuid, &node_genesis(node)->identity);
}

/* As the write will ask, before anything of the invitation is kept. */
static enum err check_caller(struct node *node, const struct meeting *m, struct fault *reterr)
{
    struct view *v;
    struct fact_peer known = {0};
    if (!uuid_some(&m->identity))
        return OK;
    enum err e = node_reader(node, &v, reterr);
    if (e)
        return e;
    e = view_peer(v, &m->party, &known, reterr);
    if (e == OK || e == ERR_NOT_FOUND) {
        struct uuid identity = known.identity;
        e = check_identity(node, v, m, &identity, reterr);
    }
    node_reader_done(node, v);
    return e;
}

/* {"token"} or {"user","password"}, as it came. */
static enum err keep_secret(struct node *node, const struct uuid *party, const struct invitation *i,
                            struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    struct buffer secret;
    buffer_init(&secret, 32 * KIB);
    struct json_out o = json_out_to(&secret);
    json_open(&o, '{');
    if (i->token.len) {
        json_member_text(&o, "token", i->token);
    } else {
        json_member_text(&o, "user", i->user);
        json_member_text(&o, "password", i->password);
    }
    json_close(&o, '}');
    enum err e = buffer_error(&secret);
    if (e == OK)
        e = local_set(node_local(node), PEER_TOKEN_SPACE, uuid_format(party, key), buffer_text(&secret), reterr);
    buffer_done(&secret);
    return e;
}

static enum err accept_read(struct node *node, const struct invitation *i, bool hub, const struct uuid *account,
                            struct uuid *ret_party, struct fault *reterr)
{
    struct meeting m = {.account = *account,
                        .name = i->name,
                        .url = i->api_root,
                        .collection = hub ? TEXT("indicators") : i->collection,
                        .origin = i->origin,
                        .hub = hub};
    struct ident identity;
    memcpy(m.key, i->key, sizeof m.key);
    if (i->identity.len && ident_parse(i->identity, &identity, NULL) == OK)
        m.identity = identity.uuid;
    enum err e = check_space(node, i, reterr);
    if (e)
        return e;
    if (from_ourselves(node, i))
        return fault_set(reterr, ERR_USAGE, "this invitation is our own: it is for the partner");
    arena_init(&m.arena, INVITE_ARENA_BYTES);
    e = intake_party(node, m.name, account, &m.party, reterr);
    if (e == OK)
        e = check_caller(node, &m, reterr);
    if (e == OK)
        e = keep_secret(node, &m.party, i, reterr); /* before the peer stands there for the loop to find */
    if (e == OK)
        e = meet(node, &m, reterr);
    if (e == OK)
        *ret_party = m.party;
    arena_done(&m.arena);
    return e;
}

static enum err accept_as(struct node *node, struct text invitation, struct text name_override, bool hub,
                          const struct uuid *account, struct uuid *ret_party, struct fault *reterr)
{
    struct json_doc *doc;
    struct invitation i;
    if (invitation.len > INVITE_MAX_BYTES)
        return no_invitation(reterr, "it is larger than 64 KiB");
    enum err e = json_parse(invitation, &doc, reterr);
    if (e)
        return e == ERR_NOMEM ? e : no_invitation(reterr, "it is not JSON");
    e = read_invitation(json_root(doc), name_override, &i, reterr);
    if (e == OK)
        e = accept_read(node, &i, hub, account, ret_party, reterr);
    json_free(doc);
    return e;
}

enum err peer_accept(struct node *node, struct text invitation, struct text name_override, const struct uuid *account,
                     struct uuid *ret_party, struct fault *reterr)
{
    return accept_as(node, invitation, name_override, false, account, ret_party, reterr);
}

enum err peer_accept_hub(struct node *node, struct text invitation, const struct uuid *account,
                         struct uuid *ret_party, struct fault *reterr)
{
    return accept_as(node, invitation, TEXT_NONE, true, account, ret_party, reterr);
}
