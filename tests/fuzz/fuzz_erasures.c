/* A list of erasures: refused, or what is written of it reads as the same list. */
#include "support/fuzz.h"

#include "store/erase_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct erased_list l = {0}, again = {0};
    struct buffer out;
    if (erased_list_parse((struct text){(const char *)data, len}, &l, NULL) != OK)
        return 0;
    buffer_init(&out, MIB + 4 * len);
    erased_list_write(&l, &out);
    fuzz_assert(erased_list_parse(buffer_text(&out), &again, NULL) == OK && again.count == l.count);
    for (size_t i = 0; i < l.count; i++)
        fuzz_assert(again.v[i].n == l.v[i].n && sha256_eq(&again.v[i].leaf, &l.v[i].leaf));
    erased_list_done(&l);
    erased_list_done(&again);
    buffer_done(&out);
    return 0;
}
