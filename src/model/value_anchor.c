#include "model/value_anchor.h"

static bool is_word(char c)
{
    return (unsigned char)(c - '0') < 10 || (unsigned char)((c | 0x20) - 'a') < 26 || c == '_';
}

bool value_anchor(struct text value, struct span_of_text *ret)
{
    struct span_of_text best = {0, 0};

    for (size_t i = 0; i < value.len;) {
        size_t start = i;

        while (i < value.len && is_word(value.ptr[i]))
            i++;
        if (i - start > best.len)
            best = (struct span_of_text){start, i - start};
        i += i == start;
    }
    if (best.len < VALUE_ANCHOR_MIN_BYTES)
        return false;
    *ret = best;
    return true;
}
