/* Whatever is accepted is written back as the same moment, and what the strict reader takes the lenient one takes. */
#include "base/time.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text t = {(const char *)data, len};
    struct stamp strict, lenient, again;
    struct fault fault;
    char out[STAMP_TEXT_MAX];
    enum err strict_err = stamp_parse(t, &strict, &fault);
    enum err lenient_err = stamp_parse_lenient(t, &lenient);
    if (strict_err == OK) {
        struct text written = stamp_format(strict, out);
        /* Read differently are second 60, and decimals after the ninth, which do not count. */
        bool leap = text_find_text(t, TEXT("T23:59:60")) == 10;
        bool finer = t.len > written.len && written.len == STAMP_TEXT_MAX - 2 &&
                     text_starts(t, text_sub(written, 0, written.len - 1));
        fuzz_assert(text_eq(written, t) || leap || finer);
        fuzz_assert(lenient_err == OK && stamp_cmp(strict, lenient) == 0);
    } else {
        fuzz_assert(strict_err == ERR_MALFORMED && fault.offset >= 0 && (size_t)fault.offset <= len);
    }
    if (lenient_err == OK) {
        fuzz_assert(stamp_parse(stamp_format(lenient, out), &again, NULL) == OK);
        fuzz_assert(stamp_cmp(lenient, again) == 0 && lenient.digits == again.digits);
        fuzz_assert(stamp_cmp(stamp_from_us(stamp_us(lenient), 6), lenient) <= 0);
    }
    return 0;
}
