/* The mark of an exercise on any object: put in once, found again, one run of bytes more, canonical as before. */
#include <string.h>

#include "base/limits.h"
#include "model/space.h"
#include "support/fuzz.h"
#include "json/json.h"

static void marked(struct text body)
{
    struct buffer out;
    size_t at = 0, more = 0;
    enum space_mark mark;
    buffer_init(&out, 4 * MIB);
    enum err e = space_mark_add(body, TEXT("spring"), &out, &at, &more);
    if (e == OK) {
        struct text got = buffer_text(&out);
        fuzz_assert(got.len == body.len + more && at <= body.len);
        fuzz_assert(memcmp(got.ptr, body.ptr, at) == 0);
        fuzz_assert(memcmp(got.ptr + at + more, body.ptr + at, body.len - at) == 0);
        fuzz_assert(space_mark_of(got, TEXT("spring"), &mark) == OK && mark == SPACE_THIS);
        fuzz_assert(space_mark_of(got, TEXT("autumn"), &mark) == OK && mark == SPACE_OTHER);
        fuzz_assert(space_mark_of(got, SPACE_REAL, &mark) == OK && mark == SPACE_OTHER);
    }
    buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text t = {(const char *)data, len};
    struct json_doc *doc;
    struct buffer canonical;
    enum space_mark mark;
    fuzz_assert(space_check_origin(SPACE_REAL, t, NULL) != ERR_NOMEM);
    fuzz_assert(space_check_origin(TEXT("spring"), t, NULL) != ERR_NOMEM);
    fuzz_assert(space_mark_of(t, TEXT("spring"), &mark) != ERR_NOMEM);
    if (json_parse(t, &doc, NULL) != OK)
        return 0;
    buffer_init(&canonical, 4 * MIB);
    json_canonical(json_root(doc), &canonical, NULL);
    json_free(doc);
    if (buffer_error(&canonical) == OK)
        marked(buffer_text(&canonical));
    buffer_done(&canonical);
    return 0;
}
