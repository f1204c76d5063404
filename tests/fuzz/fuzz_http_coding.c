/* Content codings and preferences: headers are read without a fault; a packed body gives the same in any pieces,
 * never more than it may; what we pack is unpacked again. First byte: what kind of input, and the size of the pieces.
 */
#include <string.h>

#include "net/http_coding.h"
#include "net/prefer.h"
#include "support/fuzz.h"

#include "base/limits.h"

static enum err unpack(struct text packed, size_t step, struct buffer *out, bool *ret_whole)
{
    struct http_gunzip *g;
    enum err e = OK;
    fuzz_assert(http_gunzip_new(&g) == OK);
    for (size_t at = 0; e == OK && at < packed.len; at += step)
        e = http_gunzip_add(g, text_sub(packed, at, step), out);
    *ret_whole = e == OK && http_gunzip_whole(g);
    http_gunzip_free(g);
    return e;
}

static void try_packed(struct text packed, size_t step)
{
    struct buffer whole, pieces;
    bool all, all_pieces;
    buffer_init(&whole, 64 * KIB);
    buffer_init(&pieces, 64 * KIB);
    enum err e = unpack(packed, packed.len + 1, &whole, &all);
    enum err in_pieces = unpack(packed, step, &pieces, &all_pieces);
    fuzz_assert(whole.len <= 64 * KIB && pieces.len <= 64 * KIB);
    fuzz_assert(!e == !in_pieces && all == all_pieces);
    fuzz_assert(e || text_eq(buffer_text(&whole), buffer_text(&pieces)));
    buffer_done(&whole);
    buffer_done(&pieces);
}

static void try_plain(struct text plain, size_t step)
{
    struct buffer packed, back;
    bool all;
    buffer_init(&packed, MIB);
    buffer_init(&back, plain.len);
    fuzz_assert(http_gzip(plain, &packed) == OK);
    fuzz_assert(unpack(buffer_text(&packed), step, &back, &all) == OK && all);
    fuzz_assert(text_eq(buffer_text(&back), plain));
    buffer_done(&packed);
    buffer_done(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    struct text t = {(const char *)data + 1, len - 1};
    size_t step = 1 + data[0] / 3u;
    bool gzip;
    uint32_t wait_s;
    const struct http_field prefer = {TEXT("Prefer"), t};
    const struct http_headers headers = {&prefer, 1};
    switch (data[0] % 3) {
    case 0:
        (void)http_likes_gzip(t);
        (void)http_coding_known(t, &gzip);
        (void)http_prefers_wait(&(struct http_request){.headers = &headers}, &wait_s);
        break;
    case 1: try_packed(t, step); break;
    default: try_plain(t, step);
    }
    return 0;
}
