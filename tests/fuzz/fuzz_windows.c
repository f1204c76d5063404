/* Windows of whole patterns out of bytes: read or refused; what is read can be put back. The bytes stand as they are,
 * and once more as what is packed. */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/limits.h"
#include "match/windows.h"
#include "support/fuzz.h"

static enum err put_back(void *self, const struct uuid *uuid, uint64_t hash, const struct streamed_event *e)
{
    (void)uuid;
    (void)hash;
    fuzz_assert(streamed_restore(self, 0, e) == OK);
    return OK;
}

static void read(struct text bytes)
{
    struct streamed *s;
    uint32_t number;
    const char *why;
    fuzz_assert(streamed_new(&s) == OK);
    fuzz_assert(streamed_add(s, TEXT("[domain-name:value = 'a.example'] REPEATS 3 TIMES"), &number, &why) == OK);
    fuzz_assert(streamed_build(s) == OK);
    enum err err = windows_read(bytes, put_back, s);
    fuzz_assert(err == OK || err == ERR_MALFORMED);
    streamed_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    size_t room = ZSTD_compressBound(len) + 8;
    uint32_t head[2] = {1, (uint32_t)len};
    char *packed = malloc(room);
    fuzz_assert(packed);
    memcpy(packed, head, sizeof head);
    size_t got = ZSTD_compress(packed + 8, room - 8, data, len, 1);
    fuzz_assert(!ZSTD_isError(got));
    read((struct text){packed, got + 8});
    free(packed);
    read((struct text){(const char *)data, len});
    return 0;
}
