/* References off any bytes: what is kept of them can be read back, and whoever is said to be held is in there. */
#include "support/fuzz.h"

#include "base/limits.h"
#include "store/references.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint64_t keys[REFERENCES_MAX];
    size_t count = 0;
    struct buffer out;
    struct text body = {(const char *)data, len};
    buffer_init(&out, MIB);
    references_of(body, &out);
    fuzz_assert(buffer_error(&out) == OK);
    fuzz_assert(references_read(buffer_text(&out), keys, &count) == OK && count <= REFERENCES_MAX);
    if (len >= 36) /* the input's own beginning as the wanted id */
        (void)references_hold(text_sub(body, 36, len), text_sub(body, 0, 36));
    if (references_read(body, keys, &count) == OK)
        fuzz_assert(count <= REFERENCES_MAX);
    buffer_done(&out);
    return 0;
}
