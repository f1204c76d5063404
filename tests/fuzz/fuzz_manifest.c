/* A backup's manifest: refused, or every name in it is one a home can have, and what is written of it reads alike. */
#include "support/fuzz.h"

#include "store/backup_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct manifest m, again;
    struct buffer out;
    if (manifest_parse((struct text){(const char *)data, len}, &m, NULL) != OK)
        return 0;
    for (size_t i = 0; i < m.count; i++)
        fuzz_assert(m.files[i].name.len && m.files[i].name.ptr[0] != '/' && m.files[i].name.ptr[0] != '.' &&
                    text_find_text(m.files[i].name, TEXT("..")) != 0);
    buffer_init(&out, MIB + 16 * len);
    manifest_write(&m, &out);
    fuzz_assert(buffer_error(&out) == OK && manifest_parse(buffer_text(&out), &again, NULL) == OK);
    fuzz_assert(again.count == m.count && again.entries == m.entries);
    manifest_done(&m);
    manifest_done(&again);
    buffer_done(&out);
    return 0;
}
