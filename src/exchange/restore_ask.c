#include "exchange/restore_ask.h"

#include <stdlib.h>

#include "exchange/ledger_remote.h"
#include "ledger/checkpoint.h"

struct partners {
    struct uuid *list;
    size_t count, cap;
};

static enum err add_partner(void *self, const struct fact *f)
{
    struct partners *p = self;
    if (f->u.peer.expelled)
        return OK;
    if (p->count == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 16;
        struct uuid *moved = realloc(p->list, cap * sizeof *moved);
        if (!moved)
            return ERR_NOMEM;
        p->list = moved;
        p->cap = cap;
    }
    p->list[p->count++] = f->u.peer.party;
    return OK;
}

/* Is the tree that this note signs a beginning of ours? */
static bool is_ours(struct node *node, const struct node_origin *own, struct text bytes)
{
    struct note note;
    struct checkpoint c;
    struct sha256 root;
    struct tree_source tree = node_tree(node);
    if (note_parse(bytes, &note, NULL) != OK || checkpoint_parse(note.text, &c, NULL) != OK)
        return false;
    return text_eq(c.origin, text_of(own->name)) && c.size <= node_tree_size(node) &&
           tree_root(&tree, c.size, &root, NULL) == OK && sha256_eq(&root, &c.root);
}

static bool answer_is_fine(struct node *node, struct ledger_remote *r)
{
    struct node_origin own;
    struct http_answer answer = {0};
    char hex[SHA256_HEX];
    node_origin(node, &own);
    struct text origin = text_of(own.name);
    struct sha256 hash = sha256_of(origin.ptr, origin.len);
    const char *path = arena_printf(&r->arena, "witness/" TEXT_FMT "/checkpoint", TEXT_ARG(sha256_hex(&hash, hex)));
    if (!path || ledger_remote_get(r, path, &answer, NULL) != OK)
        return false;
    /* 404: it never cosigned anything of this log. */
    bool fine = answer.status == 404 || (answer.status == 200 && is_ours(node, &own, buffer_text(&answer.body)));
    http_answer_done(&answer);
    return fine;
}

static bool ask(struct node *node, const struct uuid *party)
{
    struct ledger_remote r;
    struct fault why = {.offset = -1, .line = -1};
    bool fine = false;
    if (ledger_remote_open(node, party, &r, &why) == OK && ledger_remote_client(r.base, &r.http, &why) == OK) {
        fine = answer_is_fine(node, &r);
        http_client_free(r.http);
    }
    ledger_remote_done(&r);
    return fine;
}

enum err restore_ask_peers(void *self, struct node *node, bool *ret_none, struct fault *reterr)
{
    struct partners p = {0};
    struct view *v;
    bool none = true;
    (void)self;
    enum err e = node_reader(node, &v, reterr);
    if (e)
        return e;
    e = view_facts(v, FACT_PEER, add_partner, &p, reterr);
    node_reader_done(node, v);
    for (size_t i = 0; !e && none && i < p.count; i++)
        none = ask(node, &p.list[i]);
    free(p.list);
    if (!e)
        *ret_none = none;
    return e;
}
