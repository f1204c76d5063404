/* model/stix_together.c - what only shows when several objects are seen together. */
#include <stdlib.h>

#include "model/stix_validate.h"

struct stix_together {
    size_t max_bytes;
    bool full;
};

enum err stix_together_new(size_t max_bytes, struct stix_together **ret)
{
    struct stix_together *t = calloc(1, sizeof(*t));

    if (!t)
        return ERR_NOMEM;
    t->max_bytes = max_bytes;
    *ret = t;
    return OK;
}

void stix_together_free(struct stix_together *t)
{
    free(t);
}

enum err stix_together_add(struct stix_together *t, const struct json_val *object, stix_on_fault *on_fault,
                           void *self, uint64_t *ret_musts)
{
    (void)t;
    (void)object;
    (void)on_fault;
    (void)self;
    *ret_musts = 0;
    return OK;
}

bool stix_together_full(const struct stix_together *t)
{
    return t->full;
}
