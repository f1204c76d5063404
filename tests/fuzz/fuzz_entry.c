/* An accepted entry is written again byte for byte. */
#include "ledger/entry.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text t = {(const char *)data, len};
    struct entry e;
    struct fault f = {.err = OK};
    struct buffer again;
    enum err err = entry_decode(t, &e, &f);
    if (err != OK) {
        fuzz_assert((err == ERR_MALFORMED || err == ERR_VERSION) && f.err == err);
        return 0;
    }
    buffer_init(&again, 4096);
    entry_encode(&e, &again);
    fuzz_assert(buffer_error(&again) == OK && text_eq(buffer_text(&again), t));
    buffer_done(&again);
    return 0;
}
