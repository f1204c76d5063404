/* exchange/released.h - what is known to have been released whole, one bit an entry and partner, so that a page that
 * was sent before asks the view for nothing. Only ever true after the release entry is durable; forgotten with the
 * process. */
#pragma once
#include "model/ident.h"

struct released;
MUST_CHECK enum err released_new(struct released **ret);
void released_free(struct released *r); /* accepts NULL */
/* Thread-safe. */
bool released_known(struct released *r, const struct uuid *party, uint64_t n);
/* Memory that is out makes it forget, no more. */
void released_note(struct released *r, const struct uuid *party, const uint64_t *ns, size_t count);
