/* HOME/format: nothing is read beyond it, and what is accepted of our own versions has one spelling. */
#include <stdio.h>

#include "base/buffer.h"
#include "store/format.h"
#include "support/fuzz.h"

static void add_flags(struct buffer *b, const char *word, char names[][FORMAT_NAME_MAX + 1], size_t count)
{
    buffer_add(b, text_of(word));
    for (size_t i = 0; i < count; i++)
        buffer_addf(b, " %s", names[i]);
    buffer_add_char(b, '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text t = {(const char *)data, len};
    struct home_format f;
    struct fault why = {.err = OK};
    enum err e = format_parse(t, &f, &why);
    if (e != OK) {
        fuzz_assert(e == ERR_MALFORMED && why.err == e && why.what[0] && why.line >= 1);
        return 0;
    }
    why.err = OK;
    e = format_check("home", &f, &why);
    fuzz_assert(e == OK || (e == ERR_VERSION && why.what[0]));
    fuzz_assert(f.version <= HOME_VERSION || e == ERR_VERSION);
    struct buffer b;
    buffer_init(&b, 64 * 1024);
    buffer_addf(&b, "entente-home %lu\nprogram %s\n", (unsigned long)f.version, f.program);
    if (f.version <= HOME_VERSION) {
        add_flags(&b, "compatible", f.compatible, f.compatible_count);
        add_flags(&b, "incompatible", f.incompatible, f.incompatible_count);
        fuzz_assert(text_eq(buffer_text(&b), t));
    } else {
        fuzz_assert(text_starts(t, buffer_text(&b)));
    }
    buffer_done(&b);
    return 0;
}
