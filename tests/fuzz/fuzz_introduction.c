/* Introductions and rows of statements: an accepted one is signed by the key that it names, and of the form that
 * would be written. */
#include "ledger/introduction.h"
#include "support/fuzz.h"

static void statements(struct text t)
{
    struct statements s;
    struct fault f = {.err = OK};
    enum err e = statements_split(t, &s, &f);
    if (e) {
        fuzz_assert((e == ERR_MALFORMED || e == ERR_LIMIT) && f.err == e);
        return;
    }
    size_t len = 0;
    for (size_t i = 0; i < s.count; i++)
        len += s.note[i].len + (i > 0);
    fuzz_assert(len == t.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text t = {(const char *)data, len};
    struct introduction i;
    struct buffer again;
    struct fault f = {.err = OK};
    statements(t);
    enum err e = introduction_parse(t, &i, &f);
    if (e) {
        fuzz_assert((e == ERR_MALFORMED || e == ERR_LIMIT) && f.err == e);
        return 0;
    }
    buffer_init(&again, 4096);
    introduction_format(&i, &again);
    fuzz_assert(buffer_error(&again) == OK && text_starts(t, buffer_text(&again)));
    buffer_done(&again);
    return 0;
}
