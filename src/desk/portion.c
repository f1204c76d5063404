/* desk/portion.c - see portion.h. The bodies are canonical ones of the log, which a reader made and
 * desk/intake_honest.c held good; terms_read() judges every member again. */
#include "desk/portion.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "model/terms_read.h"

#define CACHE_SLOTS 256

enum err portion_of_body(struct text body, struct gate_portion *ret, struct fault *reterr)
{
    struct gate_portion p = {.unknown = true};
    struct json_doc *doc = NULL;
    bool statement;
    if (body.len <= MARKING_DEFINITION_MAX_BYTES) {
        enum err e = json_parse(body, &doc, NULL);
        if (e == ERR_NOMEM)
            return fault_set(reterr, e, "no memory for a marking definition");
        if (e == OK)
            p.unknown = !terms_read(json_root(doc), &p.terms, &p.tlp, &statement);
        json_free(doc);
    }
    *ret = p;
    return OK;
}

void portion_add(struct gate_portion *to, const struct gate_portion *more)
{
    to->tlp = tlp_stricter(to->tlp, more->tlp);
    to->unknown = to->unknown || more->unknown;
    if (!terms_add(&to->terms, &more->terms)) {
        to->unknown = true;
        if (more->terms.classification > to->terms.classification)
            to->terms.classification = more->terms.classification;
    }
}

bool portion_same(const struct gate_portion *a, const struct gate_portion *b)
{
    return a->tlp == b->tlp && a->unknown == b->unknown && terms_equal(&a->terms, &b->terms);
}

struct held {
    struct node *node;
    const struct uuid *party;
    bool any;
    struct gate_portion sum;
    struct buffer body;
    struct fault *reterr;
};

static enum err add_held(void *self, const struct version_row *row)
{
    struct held *h = self;
    struct gate_portion one = {.unknown = true};
    if (!uuid_eq(&row->party, h->party) && !uuid_eq(&row->party, &node_genesis(h->node)->identity))
        return OK;
    buffer_clear(&h->body);
    enum err e = node_body(h->node, row->body, &h->body, h->reterr);
    if (e == OK)
        e = portion_of_body(buffer_text(&h->body), &one, h->reterr);
    if (e != OK && e != ERR_NOT_FOUND) /* erased: nobody knows what it said */
        return e;
    h->any = true;
    portion_add(&h->sum, &one);
    return OK;
}

enum err portion_held(struct node *node, struct view *v, struct text id, const struct uuid *party,
                      struct gate_portion *ret, struct fault *reterr)
{
    struct held h = {.node = node, .party = party, .reterr = reterr};
    buffer_init(&h.body, STIX_OBJECT_MAX_BYTES);
    enum err e = view_versions(v, id, add_held, &h, reterr);
    buffer_done(&h.body);
    if (e == OK && !h.any) {
        h.sum.unknown = true;
        e = ERR_NOT_FOUND;
    }
    if (e == OK || e == ERR_NOT_FOUND)
        *ret = h.sum;
    return e;
}

/* ---- remembered ---- */

struct cache_slot {
    bool used;
    struct uuid id, party;
    struct gate_portion portion;
};
struct portion_cache {
    struct node *node;
    uint64_t position; /* of the log when the answers were found */
    struct cache_slot slots[CACHE_SLOTS];
};

enum err portion_cache_new(struct node *node, struct portion_cache **ret)
{
    struct portion_cache *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    c->node = node;
    *ret = c;
    return OK;
}

void portion_cache_free(struct portion_cache *c)
{
    free(c);
}

static struct cache_slot *slot_of(struct portion_cache *c, const struct uuid *id, const struct uuid *party)
{
    struct uuid both[2] = {*id, *party};
    return &c->slots[xxh3_of(both, sizeof both) % CACHE_SLOTS];
}

void portion_look_up(struct portion_cache *c, struct view *v, struct text id, const struct uuid *party,
                     struct gate_portion *ret)
{
    struct ident ident;
    struct gate_portion p = {.unknown = true};
    enum tlp label;
    int version;
    *ret = p;
    if (ident_parse(id, &ident, NULL) || !text_eq(ident.type, TEXT("marking-definition")))
        return;
    if (tlp_of_marking(&ident.uuid, &label, &version)) {
        *ret = (struct gate_portion){.tlp = label};
        return;
    }
    uint64_t position = view_position(v);
    if (position != c->position) {
        memset(c->slots, 0, sizeof c->slots);
        c->position = position;
    }
    struct cache_slot *slot = slot_of(c, &ident.uuid, party);
    if (!slot->used || !uuid_eq(&slot->id, &ident.uuid) || !uuid_eq(&slot->party, party)) {
        enum err e = portion_held(c->node, v, id, party, &p, NULL);
        if (e != OK && e != ERR_NOT_FOUND)
            return; /* not for good: asked again next time */
        *slot = (struct cache_slot){true, ident.uuid, *party, p};
    }
    *ret = slot->portion;
}
