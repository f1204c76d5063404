/* A value has a normal form or not, in the same way for a CSV cell as for a pattern; the normal form is its own,
 * fits, and what is detected can be normalised. */
#include "base/limits.h"
#include "model/value.h"
#include "support/fuzz.h"

static bool normalise(enum value_kind kind, struct text raw, struct buffer *out, enum value_kind *ret_kind)
{
    struct fault fault = {0};
    enum err e = value_normalise(kind, raw, out, ret_kind, &fault);
    fuzz_assert(e == OK || (e == ERR_MALFORMED && fault.what[0] && out->len == 0));
    fuzz_assert(buffer_error(out) == OK);
    return e == OK;
}

static void check_kind(enum value_kind kind, struct text raw)
{
    struct buffer once, twice;
    enum value_kind became = VALUE_NONE, again = VALUE_NONE;
    buffer_init(&once, VALUE_MAX_BYTES);
    buffer_init(&twice, VALUE_MAX_BYTES);
    if (normalise(kind, raw, &once, &became)) {
        fuzz_assert(became != VALUE_NONE && text_is_utf8(buffer_text(&once)));
        fuzz_assert(normalise(became, buffer_text(&once), &twice, &again));
        fuzz_assert(again == became && text_eq(buffer_text(&once), buffer_text(&twice)));
    } else {
        fuzz_assert(value_detect(raw) != kind);
    }
    buffer_done(&once);
    buffer_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text raw = {(const char *)data, len};
    for (int kind = VALUE_DOMAIN; kind < VALUE_KINDS; kind++)
        check_kind((enum value_kind)kind, raw);
    (void)value_kind_parse(raw);
    return 0;
}
