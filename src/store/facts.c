/* store/facts.c - facts to the two parts of an entry's detail and back, driven by facts_table.c.
 *
 * Invariants:
 *   1. what is written is canonical (RFC 8785): tables are sorted, values have one spelling.
 *   2. what is read has no member that the table does not know, in no other order, and lacks none that is required: a
 *      replay never guesses. A newer program's kinds are refused as ERR_VERSION.
 *   3. encoding then decoding gives the fact back, places and numbers aside. */
#include <stdio.h>
#include <string.h>

#include "store/facts_table.h"

static void encode_part(const struct fact *f, struct fact_members members, struct buffer *out)
{
    struct json_out o = json_out_to(out);
    json_open(&o, '{');
    for (size_t i = 0; i < members.count; i++) {
        const struct fact_member *m = &members.list[i];
        const void *field = (const char *)f + m->at;
        if (!m->required && shape_absent(m->shape, f, field))
            continue;
        json_key(&o, text_of(m->name));
        shape_put(m->shape, f, field, &o);
    }
    json_close(&o, '}');
}

void fact_encode(const struct fact *f, struct buffer *ret_public, struct buffer *ret_private)
{
    encode_part(f, fact_members_public(f->kind), ret_public);
    encode_part(f, fact_members_private(f->kind), ret_private);
}

static enum err refuse(enum err err, const struct fact_member *m, struct text name, struct fault *reterr)
{
    if (err == ERR_NOMEM)
        return fault_set(reterr, err, "no memory for a fact");
    return fault_at(reterr, ERR_MALFORMED, -1, "FORMAT-log, facts", "member %.*s of the detail %s",
                    m ? (int)strlen(m->name) : (int)(name.len < 40 ? name.len : 40), m ? m->name : name.ptr,
                    m ? "is missing or not of its shape" : "is not known or out of order");
}

static enum err decode_members(const struct json_val *object, struct fact_members members, struct arena *arena,
                               struct fact *f, struct fault *reterr)
{
    size_t i = 0;
    if (json_type(object) != JSON_OBJECT)
        return fault_at(reterr, ERR_MALFORMED, -1, "FORMAT-log, facts", "a part of the detail is no object");
    for (struct json_iter it = json_iter_of(object); json_next(&it); i++) {
        while (i < members.count && !text_eq(it.key, text_of(members.list[i].name))) {
            if (members.list[i].required)
                return refuse(ERR_MALFORMED, &members.list[i], it.key, reterr);
            i++;
        }
        if (i == members.count)
            return refuse(ERR_MALFORMED, NULL, it.key, reterr);
        const struct fact_member *m = &members.list[i];
        enum err err = shape_get(m->shape, it.val, arena, f, (char *)f + m->at);
        if (err != OK)
            return refuse(err, m, it.key, reterr);
    }
    for (; i < members.count; i++)
        if (members.list[i].required)
            return refuse(ERR_MALFORMED, &members.list[i], TEXT_NONE, reterr);
    return OK;
}

static enum err decode_part(struct text part, struct fact_members members, struct arena *arena, struct fact *f,
                            struct fault *reterr)
{
    struct json_doc *doc;
    if (members.count == 0 && text_eq(part, TEXT("{}")))
        return OK;
    enum err err = json_parse(part, &doc, reterr);
    if (err != OK)
        return err;
    err = decode_members(json_root(doc), members, arena, f, reterr);
    json_free(doc);
    return err;
}

static bool kind_of(struct text name, enum fact_kind *ret)
{
    for (int k = 0; k < FACT_KINDS; k++) {
        if (text_eq(name, text_of(fact_kind_name((enum fact_kind)k)))) {
            *ret = (enum fact_kind)k;
            return true;
        }
    }
    return false;
}

/* What is not in the detail: the type, and where the bodies lie. */
static enum err complete(const struct log_read *read, struct fact *f, struct fault *reterr)
{
    struct ident id;
    switch (f->kind) {
    case FACT_OBJECT:
        if (ident_parse(f->u.object.id, &id, reterr) != OK)
            return ERR_MALFORMED;
        f->u.object.type = id.type;
        f->u.object.body = read->body;
        f->u.object.original = read->has_original ? read->original : PLACE_NONE;
        if (!read->has_body)
            return fault_at(reterr, ERR_MALFORMED, -1, "FORMAT-log, facts", "an object without a body");
        return OK;
    case FACT_HITS: f->u.hits.body = read->has_body ? read->body : PLACE_NONE; return OK;
    case FACT_DOCUMENT: f->u.document.body = read->has_body ? read->body : PLACE_NONE; return OK;
    case FACT_VOUCH: f->u.vouch.body = read->has_body ? read->body : PLACE_NONE; return OK;
    case FACT_LIST: f->u.list.body = read->has_body ? read->body : PLACE_NONE; return OK;
    default: return OK;
    }
}

static void set_defaults(struct fact *f)
{
    if (f->kind == FACT_OBJECT)
        f->u.object.confidence = -1;
}

enum err fact_decode(const struct log_read *read, struct arena *arena, struct fact *ret, struct fault *reterr)
{
    struct fact f;
    memset(&f, 0, sizeof f);
    if (!kind_of(read->entry.kind, &f.kind))
        return fault_at(reterr, ERR_VERSION, -1, "FORMAT-log, facts",
                        "entry %llu is of a kind this program does not know", (unsigned long long)read->entry.n);
    if (read->erased)
        return fault_at(reterr, ERR_MALFORMED, -1, "FORMAT-log, facts", "the detail of entry %llu was erased",
                        (unsigned long long)read->entry.n);
    set_defaults(&f);
    f.n = read->entry.n;
    f.t_us = read->entry.t_us;
    enum err err = decode_part(read->detail.public_part, fact_members_public(f.kind), arena, &f, reterr);
    if (err == OK)
        err = decode_part(read->detail.private_part, fact_members_private(f.kind), arena, &f, reterr);
    if (err == OK)
        err = complete(read, &f, reterr);
    if (err == OK)
        *ret = f;
    return err;
}
