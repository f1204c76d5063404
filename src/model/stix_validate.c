/* model/stix_validate.c - every fault of one object. */
#include "model/stix_validate.h"

#include "model/stix.h"

enum err stix_validate(const struct json_val *object, struct arena *arena, stix_on_fault *on_fault, void *self,
                       uint64_t *ret_musts)
{
    struct stix_head head;
    struct fault why = {.err = OK};
    enum err err = stix_head_read(object, arena, &head, &why);

    *ret_musts = 0;
    if (err == ERR_NOMEM)
        return err;
    if (err) {
        struct stix_fault f = {STIX_MUST, why.rule, TEXT_NONE, text_of(why.what)};

        on_fault(self, &f);
        *ret_musts = 1;
    }
    return OK;
}
