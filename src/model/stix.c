/* model/stix.c - a STIX object's head: identity first, then what every object has, then what its type adds. The
 * first fault found ends the reading, and the head is handed out whole or not at all. */
#include "model/stix.h"

#include "model/stix_check.h"

static enum err check_type_name(struct stix_read *r)
{
    struct stix_head *h = r->head;
    enum err err = stix_need_text(r, PROP_TYPE, STIX_RULE("3.2"), &h->type);

    if (err)
        return err;
    if (text_eq(h->type, TEXT("bundle")))
        return STIX_BAD(r, "8", "a bundle is no object; what it holds is read one by one");
    h->cls = r->rules = stix_class_of(h->type);
    if (h->cls == STIX_CUSTOM && !type_name_valid(h->type))
        return STIX_BAD(r, "3.1", "type is 3 to 250 of a-z, 0-9 and single hyphens, a letter first");
    return OK;
}

static enum err check_id(struct stix_read *r)
{
    struct stix_head *h = r->head;
    enum err err = stix_need_text(r, PROP_ID, STIX_RULE("3.2"), &h->id);

    if (!err)
        err = stix_read_ident(r, r->prop[PROP_ID], "id", &h->ident);
    if (!err && !text_eq(h->ident.type, h->type))
        err = STIX_BAD(r, "2.9", "id begins with the object's type");
    return err;
}

enum err stix_head_read(const struct json_val *object, struct arena *arena, struct stix_head *ret,
                        struct fault *reterr)
{
    struct stix_head head = {.confidence = -1, .tlp = TLP_NONE};
    struct stix_read r = {.object = object, .arena = arena, .fault = reterr, .head = &head};
    enum err err;

    if (json_type(object) != JSON_OBJECT)
        return STIX_BAD(&r, "3", "a STIX object is a JSON object");
    stix_props_find(&r);
    err = check_type_name(&r);
    if (!err)
        err = check_id(&r);
    if (!err)
        err = stix_check_common(&r);
    if (!err)
        err = stix_check_markings(&r);
    if (!err)
        err = stix_check_type(&r);
    if (!err)
        err = stix_read_refs(&r);
    if (!err)
        *ret = head;
    return err;
}
