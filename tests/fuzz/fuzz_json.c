/* What is accepted has a canonical form that is accepted, is its own canonical form, and says the same. */
#include "base/limits.h"
#include "support/fuzz.h"
#include "json/json.h"

static void same(const struct json_val *a, const struct json_val *b)
{
    fuzz_assert(json_type(a) == json_type(b) && json_size(a) == json_size(b));
    fuzz_assert(text_eq(json_text(a), json_text(b)));
    fuzz_assert(json_bool(a, false) == json_bool(b, false));
    double x = 0, y = 0;
    int64_t i = 0, j = 0;
    fuzz_assert(json_f64(a, &x) == json_f64(b, &y) && x == y);
    if (json_i64(a, &i) && i < INT64_C(1) << 53 && i > -(INT64_C(1) << 53))
        fuzz_assert(json_i64(b, &j) && i == j);
    if (json_type(a) == JSON_OBJECT)
        for (struct json_iter it = json_iter_of(a); json_next(&it);)
            same(it.val, json_get_text(b, it.key));
    struct json_iter at_b = json_iter_of(b);
    if (json_type(a) == JSON_ARRAY)
        for (struct json_iter it = json_iter_of(a); json_next(&it) && json_next(&at_b);)
            same(it.val, at_b.val);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct json_doc *doc, *again;
    struct fault fault = {.offset = -7};
    struct buffer once, twice;
    bool lossy = false, still = false;
    enum err e = json_parse((struct text){(const char *)data, len}, &doc, &fault);
    if (e) {
        fuzz_assert(e == ERR_MALFORMED || e == ERR_LIMIT);
        fuzz_assert(fault.err == e && fault.offset >= -1 && fault.offset <= (int64_t)len);
        return 0;
    }
    buffer_init(&once, 64 * MIB);
    buffer_init(&twice, 64 * MIB);
    json_canonical(json_root(doc), &once, &lossy);
    fuzz_assert(!buffer_error(&once) && text_is_utf8(buffer_text(&once)));
    fuzz_assert(json_parse(buffer_text(&once), &again, &fault) == OK);
    same(json_root(doc), json_root(again));
    json_canonical(json_root(again), &twice, &still);
    fuzz_assert(text_eq(buffer_text(&once), buffer_text(&twice)));
    fuzz_assert(lossy || !still);
    json_free(doc);
    json_free(again);
    buffer_done(&once);
    buffer_done(&twice);
    return 0;
}
