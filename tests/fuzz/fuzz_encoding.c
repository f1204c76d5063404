/* hex, base64, UTF-8 and numbers: what is read and written again is what was there. */
#include <string.h>

#include "base/hash.h"
#include "support/fuzz.h"

static void hex_round(struct text t)
{
    uint8_t bytes[128];
    char back[2 * sizeof bytes + 1];
    size_t len = t.len / 2;
    if (len > sizeof bytes || hex_read(t, bytes, len) != OK)
        return;
    hex_write(bytes, len, back);
    fuzz_assert(text_eq_nocase(t, (struct text){back, 2 * len}));
}

static void base64_round(struct text t)
{
    struct buffer raw, back;
    buffer_init(&raw, 1 << 20);
    buffer_init(&back, 1 << 21);
    if (base64_read(t, &raw) == OK) {
        base64_write(&back, raw.ptr, raw.len);
        fuzz_assert(text_eq(buffer_text(&back), t));
    } else {
        fuzz_assert(raw.len == 0);
    }
    buffer_clear(&raw);
    buffer_clear(&back);
    base64_write(&back, t.ptr, t.len);
    fuzz_assert(base64_read(buffer_text(&back), &raw) == OK && text_eq(buffer_text(&raw), t));
    buffer_done(&raw);
    buffer_done(&back);
}

/* A second decoder, slow and by the arithmetic of RFC 3629 rather than by its table. */
static bool utf8_by_arithmetic(struct text t)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    for (size_t i = 0; i < t.len;) {
        unsigned char c = (unsigned char)t.ptr[i];
        size_t n = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;
        if (n == 0 || n > t.len - i)
            return false;
        uint32_t point = n == 1 ? c : c & (0xFFu >> (n + 1));
        for (size_t k = 1; k < n; k++) {
            if (((unsigned char)t.ptr[i + k] & 0xC0) != 0x80)
                return false;
            point = point << 6 | ((unsigned char)t.ptr[i + k] & 0x3F);
        }
        if (point < least[n] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
            return false;
        i += n;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text t = {(const char *)data, len};
    uint64_t number;
    hex_round(t);
    base64_round(t);
    fuzz_assert(text_is_utf8(t) == utf8_by_arithmetic(t));
    if (text_u64(t, &number) == OK) {
        char back[24];
        int n = snprintf(back, sizeof back, "%llu", (unsigned long long)number);
        fuzz_assert(text_ends(t, (struct text){back, (size_t)n}));
    }
    return 0;
}
