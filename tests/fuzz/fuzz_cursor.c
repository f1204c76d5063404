/* The input is a program for the cursor: no read leaves the bytes, a failure sticks, the end is reached. */
#include <string.h>

#include "base/cursor.h"
#include "support/fuzz.h"

static void step(struct cursor *c, uint8_t what)
{
    static uint8_t sink[256];
    size_t before = cursor_left(c);
    struct text got = TEXT_NONE;
    switch (what % 8) {
    case 0: cursor_u8(c); break;
    case 1: cursor_u16(c); break;
    case 2: cursor_u32(c); break;
    case 3: cursor_u64(c); break;
    case 4: got = cursor_text(c); break;
    case 5: got = cursor_bytes(c, what); break;
    case 6: got = cursor_bytes(c, SIZE_MAX - what); break;
    default: cursor_copy(c, sink, what); break;
    }
    fuzz_assert(cursor_left(c) <= before && c->pos <= c->len);
    for (size_t i = 0; i < got.len; i++)
        sink[i % sizeof sink] ^= (uint8_t)got.ptr[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct cursor program, c;
    cursor_init(&program, (struct text){(const char *)data, len});
    cursor_init(&c, (struct text){(const char *)data, len});
    while (!cursor_end(&program)) {
        bool failed = cursor_error(&c) != OK;
        step(&c, cursor_u8(&program));
        if (failed)
            fuzz_assert(cursor_error(&c) != OK && cursor_end(&c) && cursor_u32(&c) == 0);
    }
    fuzz_assert(cursor_error(&program) == OK);
    return 0;
}
