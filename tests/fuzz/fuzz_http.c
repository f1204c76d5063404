/* Request targets: whatever is accepted decodes to clean UTF-8, means the same after encoding again, and its
 * parameters are all found. First byte: what kind of input. */
#include <string.h>

#include "net/http_listen.h"
#include "net/http_param.h"
#include "support/fuzz.h"

static void encode(struct text t, struct buffer *out)
{
    for (size_t i = 0; i < t.len; i++) {
        if (t.ptr[i] == '/')
            buffer_add_char(out, '/');
        else
            buffer_addf(out, "%%%02X", (unsigned char)t.ptr[i]);
    }
}

static void try_path(struct text raw, struct arena *arena)
{
    struct text path, again;
    if (http_path_decode(raw, arena, &path))
        return;
    fuzz_assert(path.len && path.ptr[0] == '/' && path.len <= raw.len && text_is_utf8(path));
    fuzz_assert(text_find_text(path, TEXT("/../")) < 0 && !memchr(path.ptr, 0, path.len));
    struct buffer b;
    buffer_init(&b, 4 * MIB);
    encode(path, &b);
    fuzz_assert(http_path_decode(buffer_text(&b), arena, &again) == OK && text_eq(path, again));
    buffer_done(&b);
}

static void try_query(struct text raw, struct arena *arena)
{
    bool good = http_query_check(raw, arena) == OK;
    struct http_request r = {.query = raw, .arena = arena};
    struct text name, value;
    size_t pieces = 0, seen = 0;
    for (size_t i = 0; i < raw.len; i++)
        pieces += raw.ptr[i] != '&' && (i == 0 || raw.ptr[i - 1] == '&');
    for (size_t at = 0; http_next_param(&r, &at, &name, &value); seen++) {
        fuzz_assert(text_is_utf8(name) && text_is_utf8(value));
        if (seen < 4 && memchr(name.ptr, 0, name.len + 1) == name.ptr + name.len) {
            size_t count;
            fuzz_assert(http_param(&r, name.ptr, &count).ptr && count);
        }
    }
    fuzz_assert(good ? seen == pieces : seen < pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    struct text t = {(const char *)data + 1, len - 1};
    struct arena arena;
    struct http_endpoint e;
    struct fault f;
    arena_init(&arena, 64 * MIB);
    switch (data[0] % 3) {
    case 0: try_path(t, &arena); break;
    case 1: try_query(t, &arena); break;
    default:
        if (http_endpoint_parse(t, &e, &f) == OK)
            fuzz_assert(e.address.bits == 32 || e.address.bits == 128);
    }
    arena_done(&arena);
    return 0;
}
