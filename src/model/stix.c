/* model/stix.c - a STIX object's head: the whole object is checked, the first MUST ends it, and the head is handed
 * out whole or not at all. */
#include "model/stix.h"

#include "base/limits.h"
#include "model/stix_check.h"

enum err stix_head_read(const struct json_val *object, struct arena *arena, struct stix_head *ret,
                        struct fault *reterr)
{
    struct stix_head head = {.confidence = -1, .tlp = TLP_NONE};
    struct text_set refs;
    struct stix_check c = {
        .object = object, .arena = arena, .first_only = true, .refs = &refs, .fault = reterr, .head = &head};

    text_set_init(&refs, arena, STIX_REFS_MAX);
    stix_check_object(&c);
    if (c.err == ERR_NOMEM)
        return fault_set(reterr, ERR_NOMEM, "no memory to read a STIX object");
    if (c.err)
        return c.err;
    if (c.musts > 0)
        return ERR_MALFORMED;
    head.refs = refs.items;
    head.ref_count = refs.count;
    *ret = head;
    return OK;
}
