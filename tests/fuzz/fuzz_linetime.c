/* Any line: a time is found within its limits or not at all, and the line alone decides. */
#include "support/fuzz.h"

#include "match/linetime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const int64_t now = (int64_t)1795292130 * 1000000, day = (int64_t)86400 * 1000000;
    struct text line = {(const char *)data, len};
    int64_t us = 7, again = 7;
    if (line_time(line, now, &us)) {
        fuzz_assert(us <= now + day && us >= (int64_t)631152000 * 1000000);
        fuzz_assert(line_time(line, now, &again) && us == again);
    } else {
        fuzz_assert(us == 7);
    }
    return 0;
}
