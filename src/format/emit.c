/* format/emit.c - see emit.h. */
#include "format/emit.h"

#include <stdlib.h>

#include "base/hash.h"
#include "format/stix_inside.h"
#include "model/stix.h"
#include "json/proper.h"

void emit_init(struct emit *e)
{
    *e = (struct emit){0};
    arena_init(&e->arena, STIX_BUDGET_BYTES);
    buffer_init(&e->body, STIX_OBJECT_MAX_BYTES);
}

void emit_done(struct emit *e)
{
    arena_done(&e->arena);
    buffer_done(&e->body);
    free(e->values);
    *e = (struct emit){0};
}

static bool is_among(const struct record_value *list, size_t count, const struct record_value *v)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].kind == v->kind && text_eq(list[i].value, v->value))
            return true;
    return false;
}

static bool take_values(struct emit *e, const struct stix_head *h, const struct emit_as *as, size_t *ret_count)
{
    size_t most = h->value_count + as->value_count, count = 0;
    if (most > e->value_cap) {
        struct record_value *grown = realloc(e->values, most * sizeof *grown);
        if (!grown)
            return false;
        e->values = grown;
        e->value_cap = most;
    }
    for (; count < h->value_count; count++)
        e->values[count] = (struct record_value){(uint8_t)h->values[count].kind, h->values[count].value};
    for (size_t i = 0; i < as->value_count; i++)
        if (!is_among(e->values, count, &as->values[i]))
            e->values[count++] = as->values[i];
    *ret_count = count;
    return true;
}

static struct record_object object_of(const struct stix_head *h, const struct json_val *object,
                                      const struct emit_as *as)
{
    return (struct record_object){
        .at = as->at,
        .id = h->id,
        .has_modified = h->has_modified,
        .modified_us = h->has_modified ? stamp_us(h->modified) : 0,
        .modified = h->has_modified ? json_text(json_get(object, "modified")) : TEXT_NONE,
        .revoked = h->revoked,
        .cls = (uint8_t)h->cls,
        .tlp = h->tlp == TLP_NONE ? as->tlp : (uint8_t)h->tlp,
        .unknown_marking = h->unknown_marking,
        .granular = h->granular,
        .proposed = as->proposed,
        .ends = as->ends,
        .created_by = h->created_by_ref,
        .has_valid_from = h->has_valid_from,
        .has_valid_until = h->has_valid_until,
        .valid_from_us = h->has_valid_from ? stamp_us(h->valid_from) : 0,
        .valid_until_us = h->has_valid_until ? stamp_us(h->valid_until) : 0,
        .confidence = (int16_t)h->confidence,
        .warned_rule = h->let.len ? text_of(h->let_rule) : TEXT_NONE,
        .warned = h->let,
    };
}

/* ---- times that the intake fills in ---- */

struct places {
    const char *body;
    uint32_t created, modified, valid_from;
};

static void note_place(void *self, struct text name, struct text value)
{
    struct places *p = self;
    if (!text_eq(value, TEXT("\"" EMIT_STAMP "\"")))
        return;
    uint32_t at = (uint32_t)(value.ptr + 1 - p->body);
    if (text_eq(name, TEXT("created")))
        p->created = at;
    else if (text_eq(name, TEXT("modified")))
        p->modified = at;
    else if (text_eq(name, TEXT("valid_from")))
        p->valid_from = at;
}

static enum err stamp_it(struct record_object *o, struct fault *reterr)
{
    struct places p = {.body = o->body.ptr};
    if (!json_is_proper(o->body, note_place, &p) || !p.created || !p.modified || !p.valid_from)
        return fault_at(reterr, ERR_MALFORMED, o->at, "emit", "a place for a time is missing");
    o->created_at = p.created;
    o->modified_at = p.modified;
    o->valid_from_at = p.valid_from;
    o->has_modified = o->has_valid_from = false;
    o->modified_us = o->valid_from_us = 0;
    o->modified = TEXT_NONE;
    o->print = xxh3_of(o->body.ptr, o->body.len);
    return OK;
}

/* ---- the record ---- */

static enum err add(struct emit *e, const struct json_val *object, const struct stix_head *h,
                    const struct emit_as *as, struct buffer *to, struct fault *reterr)
{
    bool lossy = false;
    size_t values;
    buffer_clear(&e->body);
    json_canonical(object, &e->body, &lossy);
    if (buffer_error(&e->body) == ERR_NOMEM || !take_values(e, h, as, &values))
        return ERR_NOMEM;
    if (buffer_error(&e->body))
        return fault_at(reterr, ERR_LIMIT, as->at, "STIX_OBJECT_MAX_BYTES", "longer than 8 MiB in canonical form");
    struct record_object o = object_of(h, object, as);
    o.body = buffer_text(&e->body);
    o.original = lossy ? as->original : TEXT_NONE;
    enum err err = as->stamped ? stamp_it(&o, reterr) : OK;
    if (err)
        return err;
    record_add_object(to, &o, e->values, values, h->refs, h->ref_count, h->marking_refs, h->marking_count);
    return buffer_error(to);
}

enum err emit_value(struct emit *e, const struct json_val *object, const struct emit_as *as, struct buffer *to,
                    struct fault *reterr)
{
    struct stix_head head;
    if (json_type(object) != JSON_OBJECT)
        return fault_at(reterr, ERR_MALFORMED, as->at, "STIX 2.1 3.2", "not an object");
    arena_reset(&e->arena);
    enum err err = stix_head_read(object, &e->arena, &head, reterr);
    if (!err)
        return add(e, object, &head, as, to, reterr);
    if (err == ERR_NOMEM && e->arena.used >= STIX_BUDGET_BYTES / 4)
        return fault_at(reterr, ERR_LIMIT, as->at, "STIX_OBJECT_MAX_BYTES", "needs more than 64 MiB to be checked");
    return err;
}

enum err emit_text(struct emit *e, struct text object, const struct emit_as *as, struct buffer *to,
                   struct fault *reterr)
{
    struct json_doc *doc;
    enum err err = json_parse(object, &doc, reterr);
    if (err)
        return err;
    err = emit_value(e, json_root(doc), as, to, reterr);
    json_free(doc);
    return err;
}
