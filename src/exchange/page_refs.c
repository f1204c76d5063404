/* exchange/page_refs.c - references of an object on a page.
 *
 * A target whose class is cleared may still be withheld because of what it points to itself, so it is closed too, and
 * so on. Answers are kept for the page. In a circle the object that is being closed counts as one that may go: when
 * it may not, it is not sent, and what was found out under that assumption was not kept. Deeper than REF_DEPTH_MAX,
 * and beyond CLOSINGS_MAX and STEPS_MAX, a target counts as withheld. */
#include "exchange/page_refs.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "desk/portion.h"

#define REF_DEPTH_MAX  16
#define CLOSINGS_MAX   200000
#define STEPS_MAX      20000000 /* to what selectors name, in targets */
#define MEMO_SLOTS_MIN 1024
#define MEMO_SLOTS_MAX (1u << 18)

struct memo_slot {
    struct text id; /* in the arena; empty: free */
    enum ref_state state;
};
struct page_memo {
    struct memo_slot *slots; /* in the arena */
    size_t cap, used;
    unsigned closings, depth;
    size_t steps;
    struct text under_way[REF_DEPTH_MAX];
    unsigned assumed; /* the lowest depth whose object was taken for cleared; UINT_MAX: none */
};

static struct memo_slot *memo_find(struct page_memo *m, struct text id)
{
    size_t at = xxh3_of(id.ptr, id.len) & (m->cap - 1);
    while (m->slots[at].id.len && !text_eq(m->slots[at].id, id))
        at = (at + 1) & (m->cap - 1);
    return &m->slots[at];
}

static bool memo_grow(struct page *p, size_t cap)
{
    struct page_memo *m = p->memo;
    struct page_memo bigger = {.cap = cap, .slots = arena_alloc(p->arena, cap * sizeof *m->slots)};
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < m->cap; i++)
        if (m->slots[i].id.len)
            *memo_find(&bigger, m->slots[i].id) = m->slots[i];
    m->slots = bigger.slots;
    m->cap = cap;
    return true;
}

static void memo_keep(struct page *p, struct text id, enum ref_state state)
{
    struct page_memo *m = p->memo;
    if (2 * m->used >= m->cap && (m->cap >= MEMO_SLOTS_MAX || !memo_grow(p, 4 * m->cap)))
        return;
    struct text kept = arena_text(p->arena, id);
    if (!kept.ptr)
        return;
    *memo_find(m, kept) = (struct memo_slot){kept, state};
    m->used++;
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

/* Whether canonical text that ends here has come to a member of the object itself. */
static bool at_top(struct text before)
{
    size_t depth = 0;
    bool inside = false;
    for (size_t i = 0; i < before.len; i++) {
        char c = before.ptr[i];
        if (inside && c == '\\')
            i++;
        else if (c == '"')
            inside = !inside;
        else if (!inside && (c == '{' || c == '['))
            depth++;
        else if (!inside && (c == '}' || c == ']'))
            depth--;
    }
    return depth == 1 && !inside;
}

/* Canonical text in which nothing looks like a reference but these two properties of the object itself, by their
 * exact names: closing it withholds nothing. The maker of an extension definition must be seen with it. */
static bool points_nowhere(struct text id, struct text body)
{
    static const struct text known[] = {{"\"created_by_ref\":\"", 18}, {"\"object_marking_refs\":[", 23}};
    const size_t before[] = {sizeof "\"created_by" - 1, sizeof "\"object_marking" - 1};
    const char *at = body.ptr, *end = body.ptr + body.len;
    if (text_starts(id, TEXT("extension-definition--")))
        return false;
    while ((at = memmem(at, (size_t)(end - at), "_ref", 4))) {
        bool harmless = false;
        size_t here = (size_t)(at - body.ptr);
        for (size_t i = 0; i < ARRAY_LEN(known) && !harmless; i++)
            harmless = here > before[i] && text_starts(text_sub(body, here - before[i], body.len), known[i]) &&
                       at_top(text_sub(body, 0, here - before[i]));
        if (!harmless)
            return false;
        at += 4;
    }
    return true;
}

/* What a marking definition means for the object that is being closed: by the word of who gave it, or of us. */
static void marking_lookup(void *self, struct text id, struct gate_portion *ret)
{
    struct page *p = self;
    const struct gate_class *c = p->closing;
    if (!p->portions && portion_cache_new(p->node, &p->portions)) {
        *ret = (struct gate_portion){.unknown = true};
        return;
    }
    portion_look_up(p->portions, p->view, id, c->ours ? &node_genesis(p->node)->identity : &c->party, ret);
}

/* The object's bytes, closed over its references. *ret_why (may be NULL): the rule that closing withheld it by. */
static enum err close_body(struct page *p, const struct sharing_question *a, const struct decision *d,
                           struct text body, struct cleared **ret, struct decision_rule *ret_why)
{
    size_t *steps = p->memo->depth ? &p->memo->steps : NULL;
    const struct gate_lookup lookup = {page_ref_lookup, marking_lookup, p, steps};
    const struct gate_class *outside = p->closing;
    p->closing = a->q.cls;
    enum err e = gate_clear(&a->q, d, body, &lookup, ret, ret_why);
    p->closing = outside;
    return e;
}

/* A target that is cleared, but goes cut, or cannot go: what it lacks. */
static enum err target_goes(struct page *p, struct text id, const struct sharing_question *a,
                            const struct decision *d, struct text body)
{
    struct cleared *target = NULL;
    if (points_nowhere(id, body) && !a->q.cls->granular && !d->tear)
        return OK;
    enum err e = close_body(p, a, d, body, &target, NULL);
    cleared_free(target);
    return e;
}

static enum ref_state closed_state(struct page *p, struct text id, const struct sharing_question *a,
                                   const struct decision *d, struct place place)
{
    struct page_memo *m = p->memo;
    struct buffer body;
    if (m->depth >= REF_DEPTH_MAX || ++m->closings > CLOSINGS_MAX || m->steps > STEPS_MAX)
        return REF_WITHHELD;
    buffer_init(&body, 2 * STIX_OBJECT_MAX_BYTES);
    enum err e = node_body(p->node, place, &body, NULL);
    m->under_way[m->depth++] = id;
    if (e == OK)
        e = target_goes(p, id, a, d, buffer_text(&body));
    m->depth--;
    buffer_done(&body);
    if (e && e != ERR_DENIED && e != ERR_NOT_FOUND)
        p->failed = e;
    return e ? REF_WITHHELD : REF_CLEARED;
}

/* What a page shows in the place of a version that was withdrawn (page.c), where that one hides nothing from the
 * recipient; of one that might, nothing is looked at further. ERR_NOT_FOUND */
static enum err find_stand_in(struct page *p, struct text id, struct version_row *row)
{
    struct sharing_question asked;
    struct decision d = {0};
    char name[VERSION_NAME_MAX];
    bool cleared;
    const struct gate_class *c = clearance_class(p->clearance, row->class_id, &cleared);
    if (!c || (!cleared && !clearance_singled(p->clearance, id)) ||
        !clearance_decide(p->clearance, p->now_us, row->class_id, id, version_name(row, name), &asked, &d) ||
        !d.cleared || d.tear || c->granular)
        return ERR_NOT_FOUND;
    return view_stand_in(p->view, id, row, NULL, NULL);
}

static enum ref_state held_state(struct page *p, struct text id)
{
    struct version_row row;
    struct sharing_question asked;
    struct decision d;
    char name[VERSION_NAME_MAX];
    bool cleared;
    enum err e = view_current(p->view, id, &row, NULL);
    bool sound = e == OK && row.standing == STANDING_CURRENT;
    if (sound && row.withdrawn)
        e = find_stand_in(p, id, &row);
    if (e && e != ERR_NOT_FOUND)
        p->failed = e;
    if (e || !sound)
        return REF_WITHHELD;
    const struct gate_class *c = clearance_class(p->clearance, row.class_id, &cleared);
    if (!c)
        return REF_WITHHELD;
    d = (struct decision){.cleared = cleared};
    if ((cleared || clearance_singled(p->clearance, id)) &&
        !clearance_decide(p->clearance, p->now_us, row.class_id, id, version_name(&row, name), &asked, &d))
        return REF_WITHHELD;
    enum ref_state state = gate_ref_of(c, &p->clearance->recipient, &d);
    return state == REF_CLEARED ? closed_state(p, id, &asked, &d, row.body) : state;
}

static bool is_under_way(struct page_memo *m, struct text id)
{
    for (unsigned i = 0; i < m->depth; i++)
        if (text_eq(m->under_way[i], id)) {
            if (i < m->assumed)
                m->assumed = i;
            return true;
        }
    return false;
}

/* Keeps the answer, but not one that rests on an object further out that is still being closed, nor one that would
 * hide what the target lacks from the next who asks. What a target lacks that goes all the same is its own affair. */
static enum ref_state ask_and_keep(struct page *p, struct text id)
{
    struct page_memo *m = p->memo;
    size_t lacking = p->lacking_count;
    unsigned outside = m->assumed;
    m->assumed = UINT_MAX;
    enum ref_state state = held_state(p, id);
    if (state != REF_WITHHELD)
        p->lacking_count = lacking;
    if (m->assumed >= m->depth) {
        if (p->lacking_count == lacking)
            memo_keep(p, id, state);
        m->assumed = outside;
    } else if (outside < m->assumed) {
        m->assumed = outside;
    }
    return state;
}

static void note_lacking(struct page *p, struct text id)
{
    if (p->lacking_count < PAGE_LACKING_MAX)
        p->lacking[p->lacking_count++] = xxh3_of(id.ptr, id.len);
}

enum ref_state page_ref_lookup(void *self, struct text id)
{
    struct page *p = self;
    const struct memo_slot *known = memo_find(p->memo, id);
    enum ref_state state = known->state;
    if (!known->id.len && (always_cleared(p, id) || is_under_way(p->memo, id)))
        state = REF_CLEARED;
    else if (!known->id.len)
        state = ask_and_keep(p, id);
    if (state == REF_WITHHELD)
        note_lacking(p, id);
    return state;
}

static enum err make_memo(struct page *p)
{
    if (p->memo)
        return OK;
    p->memo = arena_alloc(p->arena, sizeof *p->memo);
    if (!p->memo || !memo_grow(p, MEMO_SLOTS_MIN))
        return ERR_NOMEM;
    p->memo->assumed = UINT_MAX;
    return OK;
}

/* The object on the page itself; what is found out about others on the way does not rest on it. */
static enum err close_object(struct page *p, const struct sharing_question *a, const struct decision *d,
                             struct place place, struct cleared **ret, struct decision_rule *ret_why,
                             struct fault *reterr)
{
    struct buffer body;
    buffer_init(&body, 2 * STIX_OBJECT_MAX_BYTES);
    enum err e = node_body(p->node, place, &body, reterr);
    p->memo->assumed = UINT_MAX;
    if (e == OK)
        e = close_body(p, a, d, buffer_text(&body), ret, ret_why);
    buffer_done(&body);
    return e;
}

enum err page_clear(struct page *p, const struct page_object *o, struct cleared **ret, struct fault *reterr)
{
    struct sharing_question asked;
    struct decision d;
    bool cleared;
    if (!clearance_class(p->clearance, o->class_id, &cleared) ||
        (!cleared && !clearance_singled(p->clearance, o->id)))
        return ERR_DENIED;
    if (make_memo(p))
        return ERR_NOMEM;
    if (!clearance_decide(p->clearance, p->now_us, o->class_id, o->id, o->version, &asked, &d) || !d.cleared)
        return ERR_DENIED; /* held until just now */
    enum err e = close_object(p, &asked, &d, o->body, ret, NULL, reterr);
    return e == ERR_NOT_FOUND ? ERR_DENIED : e; /* erased: there is nothing that could leave */
}

/* Kept beside the references' answers, by a name that none of them has. */
enum err page_goes_uncut(struct page *p, const struct page_object *current, bool *ret, struct fault *reterr)
{
    char space[IDENT_TEXT_MAX + 1];
    struct cleared *c = NULL;
    *ret = false;
    if (make_memo(p))
        return ERR_NOMEM;
    int len = snprintf(space, sizeof space, "=" TEXT_FMT, TEXT_ARG(current->id));
    struct text key = {space, len > 0 && (size_t)len < sizeof space ? (size_t)len : 0};
    const struct memo_slot *known = key.len ? memo_find(p->memo, key) : NULL;
    if (known && known->id.len) {
        *ret = known->state == REF_CLEARED;
        return OK;
    }
    enum err e = page_clear(p, current, &c, reterr);
    *ret = e == OK && !cleared_cut(c);
    cleared_free(c);
    if (e == ERR_DENIED)
        e = p->failed;
    if (e == OK && key.len)
        memo_keep(p, key, *ret ? REF_CLEARED : REF_WITHHELD);
    return e;
}

enum err page_explain(struct page *p, const struct page_object *o, struct decision *ret, struct cleared **ret_cleared,
                      struct fault *reterr)
{
    struct sharing_question asked;
    struct cleared *object = NULL;
    struct decision_rule why = {0};
    if (!clearance_decide(p->clearance, p->now_us, o->class_id, o->id, o->version, &asked, ret))
        return fault_set(reterr, ERR_NOT_FOUND, "the object's class is not known");
    if (ret_cleared)
        *ret_cleared = NULL;
    if (make_memo(p))
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    if (!ret->cleared)
        return OK;
    enum err e = close_object(p, &asked, ret, o->body, &object, &why, reterr);
    if (e == OK) {
        decision_close(ret, object);
    } else if (e == ERR_DENIED) {
        ret->cleared = false;
        ret->rules[0] = why;
        ret->rule_count = 1;
        e = OK;
    }
    if (ret_cleared && e == OK)
        *ret_cleared = object;
    else
        cleared_free(object);
    return e;
}
