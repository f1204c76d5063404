/* exchange/peer_pin.c - pinning; see peer_pin.h. What counts is decided on the writer thread, so that two first
 * introductions cannot both be the first. */
#include "exchange/peer_pin.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "exchange/peer_inside.h"
#include "ledger/introduction.h"
#include "ledger/succession.h"
#include "model/space.h"

#define OFFERED_SPACE "peer-offered"
#define PIN_ARENA     (64 * KIB)
#define ORIGIN_DIGITS 16

bool pin_same(const struct pin *a, const struct pin *b)
{
    return strcmp(a->origin, b->origin) == 0 && memcmp(a->key, b->key, sizeof a->key) == 0;
}

static bool pin_of(struct text origin, const uint8_t key[NOTE_KEY_BYTES], struct pin *ret)
{
    struct note_key made;
    if (origin.len >= sizeof ret->origin || note_key_make(origin, NOTE_ED25519, key, &made) != OK)
        return false;
    memset(ret, 0, sizeof *ret);
    memcpy(ret->origin, origin.ptr, origin.len);
    memcpy(ret->key, key, sizeof ret->key);
    return true;
}

static bool key_known(const struct fact_peer *p)
{
    static const uint8_t none[NOTE_KEY_BYTES];
    return memcmp(p->key, none, sizeof none) != 0;
}

/* ---- whose log ---- */

struct owner_search {
    const struct uuid *party;
    struct text origin;
    bool taken;
};

static enum err on_peer(void *self, const struct fact *f)
{
    struct owner_search *s = self;
    s->taken |= text_eq(f->u.peer.origin, s->origin) && !uuid_eq(&f->u.peer.party, s->party);
    return OK;
}

enum err peer_pin_free(struct txn *t, const struct uuid *party, struct text origin, struct fault *reterr)
{
    struct node_origin own;
    struct owner_search s = {.party = party, .origin = origin};
    node_origin(txn_node(t), &own);
    enum err crosses = space_check_origin(node_genesis(txn_node(t))->space, origin, reterr);
    if (crosses)
        return crosses;
    enum err e = view_facts(txn_view(t), FACT_PEER, on_peer, &s, reterr);
    if (e)
        return e;
    if (s.taken || text_eq(origin, text_of(own.name)))
        return fault_set(reterr, ERR_EXISTS, "the log " TEXT_FMT " is not this partner's: %s has it",
                         TEXT_ARG(origin), s.taken ? "another" : "this node");
    return OK;
}

/* ---- what is offered ---- */

static enum err offered_set(struct node *node, const struct uuid *party, const struct pin *p, struct fault *reterr)
{
    char id[UUID_TEXT_MAX], hex[2 * NOTE_KEY_BYTES + 1];
    struct buffer b;
    buffer_init(&b, 1 * KIB);
    hex_write(p->key, sizeof p->key, hex);
    buffer_addf(&b, "%s %s", hex, p->origin);
    enum err e = buffer_error(&b);
    if (!e)
        e = local_set(node_local(node), OFFERED_SPACE, uuid_format(party, id), buffer_text(&b), reterr);
    buffer_done(&b);
    return e;
}

enum err peer_offered(struct node *node, const struct uuid *party, struct pin *ret)
{
    char id[UUID_TEXT_MAX];
    uint8_t key[NOTE_KEY_BYTES];
    struct buffer b;
    struct text hex;
    buffer_init(&b, 1 * KIB);
    enum err e = local_get(node_local(node), OFFERED_SPACE, uuid_format(party, id), &b, NULL);
    struct text rest = buffer_text(&b);
    if (!e && (!text_split(&rest, ' ', &hex) || !rest.ptr || hex_read(hex, key, sizeof key) != OK ||
               !pin_of(rest, key, ret)))
        e = ERR_NOT_FOUND;
    buffer_done(&b);
    return e;
}

static void offered_drop(struct node *node, const struct uuid *party)
{
    char id[UUID_TEXT_MAX];
    struct pin p;
    if (peer_offered(node, party, &p) == OK &&
        local_delete(node_local(node), OFFERED_SPACE, uuid_format(party, id), NULL))
        log_warning("local.db: a confirmed key stays listed as offered");
}

/* ---- pinning ---- */

struct pinning {
    const struct uuid *party, *account;
    struct pin offered;
    const struct statements *statements; /* NULL: none */
    bool confirmed;                      /* by a person */
    bool refused;                        /* another key is pinned, and nothing leads from it to this one */
    bool waits;                          /* a person has to decide about a key that is offered first */
};

/* One step along the statements: each is vouched for by the key that is pinned when it is taken. */
static bool step(const struct pinning *p, struct pin *at)
{
    for (size_t i = 0; p->statements && i < p->statements->count; i++) {
        struct succession s;
        bool vouched;
        if (succession_accept(p->statements->note[i], text_of(at->origin), at->key, &s, &vouched, NULL) == OK &&
            vouched && pin_of(s.new_origin, s.new_key, at))
            return true;
    }
    return false;
}

/* Does a chain of statements lead from the pinned key to the one that is offered? */
static bool leads_there(const struct pinning *p, struct pin at)
{
    for (size_t steps = 0; steps <= STATEMENTS_MAX; steps++) {
        if (pin_same(&at, &p->offered))
            return true;
        if (!step(p, &at))
            return false;
    }
    return false;
}

/* What is offered and not vouched for may be the answer to a compromise: the pinned key may be a thief's by now, and
 * nothing that it says changes the pin before a person has decided. */
static enum err nothing_offered(struct pinning *p, struct node *node, struct fault *reterr)
{
    struct pin waiting;
    enum err e = peer_offered(node, p->party, &waiting);
    if (e == ERR_NOT_FOUND)
        return OK;
    p->waits = e == OK;
    return p->waits ? fault_set(reterr, ERR_DENIED,
                                "this partner offers a key that nobody has confirmed: until somebody does "
                                "(entente peer set NAME --key KEY), no other is taken")
                    : fault_set(reterr, e, "local.db: what is offered cannot be read: %s", err_name(e));
}

/* Of the names that we make, "entente/LV/<16 digits of the key's hash>", those digits. false: another kind of name.
 */
static bool digits_of(struct text origin, struct text *ret)
{
    struct text rest = origin, word;
    if (space_origin_of_exercise(origin) && (!text_split(&rest, '/', &word) || !text_split(&rest, '/', &word)))
        return false;
    if (!space_origin_of_exercise(origin) && (!text_split(&rest, '/', &word) || !text_eq(word, TEXT("entente"))))
        return false;
    return text_split(&rest, '/', &word) && text_split(&rest, '/', ret);
}

static bool made_from(struct text digits, const uint8_t key[NOTE_KEY_BYTES])
{
    char hex[SHA256_HEX];
    struct sha256 hash = sha256_of(key, NOTE_KEY_BYTES);
    return text_eq(text_sub(sha256_hex(&hash, hex), 0, ORIGIN_DIGITS), digits);
}

/* Whoever comes first must not take another's name: it is made from the key, or from the one that a chain of its
 * statements begins with. */
static bool is_its_own_name(const struct pinning *p)
{
    struct text digits;
    if (!digits_of(text_of(p->offered.origin), &digits) || made_from(digits, p->offered.key))
        return true;
    for (size_t i = 0; p->statements && i < p->statements->count; i++) {
        struct note note;
        struct succession s;
        struct pin first;
        if (note_parse(p->statements->note[i], &note, NULL) == OK && succession_parse(note.text, &s, NULL) == OK &&
            made_from(digits, s.old_key) && pin_of(s.old_origin, s.old_key, &first) && leads_there(p, first))
            return true;
    }
    return false;
}

static enum err may_pin(struct pinning *p, struct node *node, const struct fact_peer *peer, bool *ret_change,
                        struct fault *reterr)
{
    struct pin now;
    *ret_change = true;
    if (!key_known(peer) || !pin_of(peer->origin, peer->key, &now))
        return OK;
    *ret_change = !pin_same(&now, &p->offered);
    if (!*ret_change || p->confirmed)
        return OK;
    p->refused = !leads_there(p, now);
    return p->refused ? ERR_DENIED : nothing_offered(p, node, reterr);
}

/* The names that the log had: what was cosigned under them still binds it (exchange/ledger_check.h). */
static enum err remember_name(struct node *node, const struct pinning *p, struct text before, struct fault *reterr)
{
    char id[UUID_TEXT_MAX];
    struct buffer b;
    if (!before.len || text_eq(before, text_of(p->offered.origin)))
        return OK;
    uuid_format(p->party, id);
    log_warning("party %s: its log goes on as %s; it was " TEXT_FMT, id, p->offered.origin, TEXT_ARG(before));
    buffer_init(&b, PEER_NAMES_MAX_BYTES);
    enum err e = local_get(node_local(node), PEER_NAMES_SPACE, text_of(id), &b, NULL);
    buffer_add(&b, before);
    buffer_add_char(&b, '\n');
    if (e == OK || e == ERR_NOT_FOUND)
        e = buffer_error(&b) ? OK /* the oldest ones stay */
                             : local_set(node_local(node), PEER_NAMES_SPACE, text_of(id), buffer_text(&b), reterr);
    buffer_done(&b);
    return e;
}

static enum err write_pin(struct txn *t, void *self, struct fault *reterr)
{
    struct pinning *p = self;
    struct fact f = {.kind = FACT_PEER};
    struct arena arena;
    bool change = false;
    arena_init(&arena, PIN_ARENA);
    enum err e = peer_read(txn_view(t), p->party, &arena, &f.u.peer, reterr);
    if (!e && f.u.peer.expelled)
        e = fault_set(reterr, ERR_DENIED, "this peer was expelled");
    if (!e)
        e = may_pin(p, txn_node(t), &f.u.peer, &change, reterr);
    if (!e && change)
        e = peer_pin_free(t, p->party, text_of(p->offered.origin), reterr);
    if (!e && change && !p->confirmed && !key_known(&f.u.peer) && !is_its_own_name(p)) {
        p->refused = true;
        e = ERR_DENIED;
    }
    if (!e && change)
        e = remember_name(txn_node(t), p, f.u.peer.origin, reterr);
    if (!e && change) {
        f.u.peer.account = *p->account;
        f.u.peer.origin = text_of(p->offered.origin);
        memcpy(f.u.peer.key, p->offered.key, sizeof f.u.peer.key);
        e = txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
    }
    arena_done(&arena);
    return e;
}

enum err peer_pin_confirm(struct node *node, const struct uuid *party, const uint8_t key[NOTE_KEY_BYTES],
                          const struct uuid *account, struct fault *reterr)
{
    struct pinning p = {.party = party, .account = account, .confirmed = true};
    if (peer_offered(node, party, &p.offered))
        return fault_set(reterr, ERR_NOT_FOUND, "this peer offers no other key than the one that is pinned");
    if (memcmp(p.offered.key, key, sizeof p.offered.key) != 0)
        return fault_set(reterr, ERR_DENIED,
                         "this is not the key that the peer offers: ask it again, by another way");
    enum err e = node_write(node, write_pin, &p, reterr);
    if (!e)
        offered_drop(node, party);
    return e;
}

/* A person has named the log: what it was before binds it no more. The last head stays, under a key of its own. */
static enum err forget_past(struct node *node, const struct uuid *party, struct fault *reterr)
{
    char id[UUID_TEXT_MAX];
    struct buffer head;
    struct text key = uuid_format(party, id);
    buffer_init(&head, NOTE_MAX_BYTES);
    enum err e = local_get(node_local(node), PEER_HEAD_SPACE, key, &head, reterr);
    if (!e)
        e = local_set(node_local(node), PEER_HEAD_SPACE "-before", key, buffer_text(&head), reterr);
    if (!e)
        e = local_delete(node_local(node), PEER_HEAD_SPACE, key, reterr);
    buffer_done(&head);
    if (!e || e == ERR_NOT_FOUND)
        e = local_delete(node_local(node), PEER_NAMES_SPACE, key, reterr);
    return e == ERR_NOT_FOUND ? OK : e;
}

enum err peer_pin_set(struct node *node, const struct uuid *party, const struct note_key *key,
                      const struct uuid *account, struct fault *reterr)
{
    struct pinning p = {.party = party, .account = account, .confirmed = true};
    if (key->type != NOTE_ED25519 || !pin_of(text_of(key->name), key->key, &p.offered))
        return fault_set(reterr, ERR_USAGE, "this is not the key of a log");
    enum err e = node_write(node, write_pin, &p, reterr);
    if (!e)
        offered_drop(node, party);
    return e ? e : forget_past(node, party, reterr);
}

/* ---- introductions ---- */

struct newest { /* statements */
    struct buffer *out;
    size_t count, skip;
};

static enum err count_origin(void *self, const struct fact *f)
{
    struct newest *n = self;
    (void)f;
    n->count++;
    return OK;
}

static enum err on_origin(void *self, const struct fact *f)
{
    struct newest *n = self;
    if (n->skip > 0) {
        n->skip--;
        return OK;
    }
    if (n->out->len)
        buffer_add_char(n->out, '\n');
    buffer_add(n->out, f->u.origin.note);
    return buffer_error(n->out);
}

enum err statements_write(struct view *v, struct buffer *out, struct fault *reterr)
{
    struct newest n = {.out = out};
    enum err e = view_facts(v, FACT_ORIGIN, count_origin, &n, reterr);
    if (e)
        return e;
    n.skip = n.count > STATEMENTS_MAX ? n.count - STATEMENTS_MAX : 0;
    return view_facts(v, FACT_ORIGIN, on_origin, &n, reterr);
}

static enum err add_statements(struct node *node, struct buffer *out, struct fault *reterr)
{
    struct view *v;
    enum err e = node_reader(node, &v, reterr);
    if (e)
        return e;
    e = statements_write(v, out, reterr);
    node_reader_done(node, v);
    return e;
}

enum err introduction_write(struct node *node, struct text to, struct buffer *out, struct fault *reterr)
{
    struct node_origin own;
    struct introduction i = {.to = to};
    struct buffer text;
    node_origin(node, &own);
    i.origin = text_of(own.name);
    memcpy(i.key, own.key, sizeof i.key);
    buffer_init(&text, 4 * KIB);
    introduction_format(&i, &text);
    buffer_add(out, buffer_text(&text));
    buffer_add_char(out, '\n');
    enum err e = buffer_error(&text);
    if (!e)
        e = node_sign(node, NOTE_ED25519, buffer_text(&text), out, reterr);
    buffer_done(&text);
    return e ? e : add_statements(node, out, reterr);
}

static enum err pinned_now(struct node *node, const struct uuid *party, struct pin *ret, struct fault *reterr)
{
    struct view *v;
    struct fact_peer peer;
    enum err e = node_reader(node, &v, reterr);
    if (e)
        return e;
    e = view_peer(v, party, &peer, reterr);
    if (!e && (!key_known(&peer) || !pin_of(peer.origin, peer.key, ret)))
        e = fault_set(reterr, ERR_NOT_FOUND,
                      "no key of this partner's log is known: accept its invitation anew, or let "
                      "it accept one of ours");
    node_reader_done(node, v);
    return e;
}

enum err peer_pin_follow(struct node *node, const struct uuid *party, const struct uuid *account,
                         struct text statements, struct pin *ret, struct fault *reterr)
{
    struct statements list;
    struct pinning p = {.party = party, .account = account, .statements = &list};
    enum err e = pinned_now(node, party, &p.offered, reterr);
    if (!e)
        e = statements_split(statements, &list, reterr);
    if (e)
        return e;
    struct pin before = p.offered;
    for (size_t steps = 0; steps < list.count && step(&p, &p.offered); steps++)
        continue;
    if (!pin_same(&before, &p.offered))
        e = node_write(node, write_pin, &p, reterr);
    if (!e)
        *ret = p.offered;
    return e;
}

/* Said once for each key that is offered. */
static enum err refuse(struct node *node, const struct pinning *p, struct fault *reterr)
{
    struct pin before;
    char id[UUID_TEXT_MAX];
    if (peer_offered(node, p->party, &before) != OK || !pin_same(&before, &p->offered)) {
        enum err e = offered_set(node, p->party, &p->offered, reterr);
        if (e)
            return e;
        log_warning(
            "party %s offers another key than the pinned one: confirm it with entente peer set NAME --key KEY",
            uuid_format(p->party, id).ptr);
    }
    return fault_set(reterr, ERR_DENIED,
                     "another key is pinned for this partner, or the name is not made from its key");
}

enum err introduction_take(struct node *node, const struct uuid *party, const struct uuid *account, struct text body,
                           struct fault *reterr)
{
    struct introduction i;
    struct node_origin own;
    struct pinning p = {.party = party, .account = account, .statements = &i.statements};
    node_origin(node, &own);
    enum err e = introduction_parse(body, &i, reterr);
    if (e)
        return e == ERR_LIMIT ? fault_set(reterr, ERR_MALFORMED, "the introduction is too long") : e;
    e = space_check_origin(node_genesis(node)->space, i.origin, reterr);
    if (e)
        return e;
    if (!text_eq(i.to, text_of(own.name)) || !pin_of(i.origin, i.key, &p.offered))
        return fault_set(reterr, ERR_MALFORMED, "this introduction is not meant for this log");
    e = node_write(node, write_pin, &p, reterr);
    return p.refused ? refuse(node, &p, reterr) : e; /* what is offered stays until a person has decided */
}
