/* exchange/page_refs.c - references of an object on a page.
 *
 * Most targets are answered by their class. One that makes sense only with its own endpoints (a relationship, a
 * sighting, observed data) may be withheld by closing although its class is cleared, so it is closed here too, down
 * to REF_DEPTH_MAX, beyond which it counts as withheld. */
#include "exchange/page_refs.h"

#define MEMO_SLOTS    4096 /* of a page; a thousand objects with a few references each. When full: asked again */
#define REF_DEPTH_MAX 4

struct memo_slot {
    struct text id; /* in the arena; empty: free */
    enum ref_state state;
};
struct page_memo {
    struct memo_slot slots[MEMO_SLOTS];
    unsigned used, depth;
};

static struct memo_slot *memo_find(struct page_memo *m, struct text id)
{
    size_t at = xxh3_of(id.ptr, id.len) % MEMO_SLOTS;
    while (m->slots[at].id.len && !text_eq(m->slots[at].id, id))
        at = (at + 1) % MEMO_SLOTS;
    return &m->slots[at];
}

static void memo_keep(struct page *p, struct text id, enum ref_state state)
{
    struct page_memo *m = p->memo;
    if (m->used >= MEMO_SLOTS / 2)
        return;
    struct text kept = arena_text(p->arena, id);
    if (!kept.ptr)
        return;
    *memo_find(m, kept) = (struct memo_slot){kept, state};
    m->used++;
}

static bool needs_its_ends(struct text id)
{
    return text_starts(id, TEXT("relationship--")) || text_starts(id, TEXT("sighting--")) ||
           text_starts(id, TEXT("observed-data--"));
}

/* Public text that we make ourselves, whether or not it lies in the log as an object. */
static bool always_cleared(const struct page *p, struct text id)
{
    struct ident parts;
    enum tlp label;
    if (ident_parse(id, &parts, NULL))
        return false;
    if (text_eq(parts.type, TEXT("marking-definition")))
        return tlp_of_marking(&parts.uuid, &label, NULL);
    return text_eq(parts.type, TEXT("identity")) && uuid_eq(&parts.uuid, &node_genesis(p->node)->identity);
}

static enum ref_state closed_state(struct page *p, const struct version_row *row)
{
    struct cleared *target = NULL;
    if (p->memo->depth >= REF_DEPTH_MAX)
        return REF_WITHHELD;
    p->memo->depth++;
    enum err e = page_clear(p, row->class_id, row->body, &target, NULL);
    p->memo->depth--;
    cleared_free(target);
    if (e && e != ERR_DENIED)
        p->failed = e;
    return e ? REF_WITHHELD : REF_CLEARED;
}

static enum ref_state held_state(struct page *p, struct text id)
{
    struct version_row row;
    enum err e = view_current(p->view, id, &row, NULL);
    if (e && e != ERR_NOT_FOUND)
        p->failed = e;
    if (e || row.standing != STANDING_CURRENT)
        return REF_WITHHELD;
    bool cleared;
    const struct gate_class *c = clearance_class(p->clearance, row.class_id, &cleared);
    if (!c)
        return REF_WITHHELD;
    struct decision d = {.cleared = cleared};
    enum ref_state state = gate_ref_of(c, &p->clearance->recipient, &d);
    return state == REF_CLEARED && needs_its_ends(id) ? closed_state(p, &row) : state;
}

static void note_lacking(struct page *p, struct text id)
{
    if (p->lacking_count < PAGE_LACKING_MAX)
        p->lacking[p->lacking_count++] = xxh3_of(id.ptr, id.len);
}

enum ref_state page_ref_lookup(void *self, struct text id)
{
    struct page *p = self;
    struct memo_slot *known = memo_find(p->memo, id);
    enum ref_state state = known->state;
    if (!known->id.len) {
        state = always_cleared(p, id) ? REF_CLEARED : held_state(p, id);
        memo_keep(p, id, state);
    }
    if (state == REF_WITHHELD)
        note_lacking(p, id);
    return state;
}

static enum err make_memo(struct page *p)
{
    if (!p->memo)
        p->memo = arena_alloc(p->arena, sizeof *p->memo);
    return p->memo ? OK : ERR_NOMEM;
}

/* The object's bytes, closed over its references. *ret_why (may be NULL): the rule that closing withheld it by. */
static enum err close_body(struct page *p, const struct gate_class *c, const struct decision *d, struct place place,
                           struct cleared **ret, struct decision_rule *ret_why, struct fault *reterr)
{
    struct buffer body;
    buffer_init(&body, 2 * STIX_OBJECT_MAX_BYTES);
    enum err e = node_body(p->node, place, &body, reterr);
    if (e == OK)
        e = gate_clear(c, &p->clearance->recipient, p->clearance->door, d, buffer_text(&body), page_ref_lookup, p,
                       ret, ret_why);
    buffer_done(&body);
    return e;
}

enum err page_clear(struct page *p, uint32_t class_id, struct place place, struct cleared **ret, struct fault *reterr)
{
    bool cleared;
    const struct gate_class *c = clearance_class(p->clearance, class_id, &cleared);
    if (!c || !cleared)
        return ERR_DENIED;
    if (make_memo(p))
        return ERR_NOMEM;
    struct decision d;
    gate_decide(c, &p->clearance->recipient, p->clearance->door, p->now_us, &d);
    if (!d.cleared)
        return ERR_DENIED; /* held until just now */
    enum err e = close_body(p, c, &d, place, ret, NULL, reterr);
    return e == ERR_NOT_FOUND ? ERR_DENIED : e; /* erased: there is nothing that could leave */
}

enum err page_explain(struct page *p, uint32_t class_id, struct place place, struct decision *ret,
                      struct fault *reterr)
{
    bool cleared;
    struct cleared *object = NULL;
    struct decision_rule why = {0};
    const struct gate_class *c = clearance_class(p->clearance, class_id, &cleared);
    if (!c)
        return fault_set(reterr, ERR_NOT_FOUND, "the object's class is not known");
    if (make_memo(p))
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    gate_decide(c, &p->clearance->recipient, p->clearance->door, p->now_us, ret);
    if (!ret->cleared)
        return OK;
    enum err e = close_body(p, c, ret, place, &object, &why, reterr);
    if (e == OK) {
        ret->form = cleared_form(object);
        ret->label = cleared_label(object);
    } else if (e == ERR_DENIED) {
        ret->cleared = false;
        ret->rules[0] = why;
        ret->rule_count = 1;
        e = OK;
    }
    cleared_free(object);
    return e;
}
