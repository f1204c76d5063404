/* What a home keeps of its tree: the head of a level's file (first byte 0), and the published checkpoint to which
 * signature lines are added (first byte 1; the lines follow a byte 0). */
#include <string.h>

#include "store/checkpoint.h"
#include "store/tree_file.h"
#include "support/fuzz.h"

static void head(const uint8_t *data, size_t len)
{
    uint8_t bytes[TREE_HEAD_BYTES] = {0}, again[TREE_HEAD_BYTES];
    struct tree_head h;
    memcpy(bytes, data, len < sizeof bytes ? len : sizeof bytes);
    if (tree_head_decode(bytes, &h, NULL) != OK)
        return;
    tree_head_encode(&h, again);
    fuzz_assert(memcmp(bytes, again, 40) == 0);
}

static void kept(struct text bytes)
{
    const char *split = bytes.len ? memchr(bytes.ptr, 0, bytes.len) : NULL;
    size_t at = split ? (size_t)(split - bytes.ptr) : bytes.len;
    struct kept k, with;
    if (kept_from(text_sub(bytes, 0, at), &k, NULL) != OK)
        return;
    fuzz_assert(k.text.len <= k.bytes.len);
    if (kept_with(&k, text_sub(bytes, at + 1, bytes.len), &with, NULL) == OK) {
        fuzz_assert(text_eq(with.text, k.text) && with.size == k.size);
        kept_done(&with);
    }
    kept_done(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    if (data[0] == 0)
        head(data + 1, len - 1);
    else
        kept((struct text){(const char *)data + 1, len - 1});
    return 0;
}
