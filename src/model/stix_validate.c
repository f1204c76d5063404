/* model/stix_validate.c - every fault of one object. */
#include "model/stix_check.h"

enum err stix_validate(const struct json_val *object, struct arena *arena, stix_on_fault *on_fault, void *self,
                       uint64_t *ret_musts)
{
    struct stix_head head = {.confidence = -1, .tlp = TLP_NONE};
    struct stix_check c = {
        .object = object, .arena = arena, .shoulds = true, .on_fault = on_fault, .self = self, .head = &head};

    stix_check_object(&c);
    *ret_musts = c.musts;
    return c.err;
}
