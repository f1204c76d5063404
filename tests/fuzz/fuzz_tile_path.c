/* An accepted tile path is the one that we would write. */
#include "ledger/tree.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text t = {(const char *)data, len};
    unsigned level, width;
    uint64_t index;
    struct buffer again;
    if (tree_tile_parse(t, &level, &index, &width) != OK)
        return 0;
    fuzz_assert(level < TREE_LEVELS && width >= 1 && width <= TREE_TILE_HASHES);
    buffer_init(&again, 256);
    buffer_addf(&again, "%u/", level);
    tree_tile_path(index, width, &again);
    fuzz_assert(buffer_error(&again) == OK && text_eq(buffer_text(&again), t));
    buffer_done(&again);
    return 0;
}
