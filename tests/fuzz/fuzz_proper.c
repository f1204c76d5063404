/* json_is_proper() and json_canonical() say the same: what the one writes the other accepts; what the other accepts
 * is JSON, and its canonical form differs from it in the spelling of numbers at most. */
#include <string.h>

#include "base/limits.h"
#include "support/fuzz.h"
#include "json/json.h"
#include "json/proper.h"

/* Without what numbers are made of. */
static void without_numbers(struct text t, struct buffer *out)
{
    bool in_string = false;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        if (in_string && c == '\\' && i + 1 < t.len) {
            buffer_add(out, text_sub(t, i++, 2));
            continue;
        }
        in_string ^= c == '"';
        if (in_string || !memchr("0123456789+-.eE", c, 15))
            buffer_add_char(out, c);
    }
}

static void compare(struct text proper, struct text canonical)
{
    struct buffer a, b;
    buffer_init(&a, 64 * MIB);
    buffer_init(&b, 64 * MIB);
    without_numbers(proper, &a);
    without_numbers(canonical, &b);
    /* "true" and "false" lose their e in both. */
    fuzz_assert(text_eq(buffer_text(&a), buffer_text(&b)));
    buffer_done(&a);
    buffer_done(&b);
}

struct seen {
    struct text whole;
    size_t members;
};

static void on_member(void *self, struct text name, struct text value)
{
    struct seen *s = self;
    fuzz_assert(name.ptr > s->whole.ptr && value.ptr >= name.ptr + name.len + 2 && value.len > 0);
    fuzz_assert(value.ptr + value.len <= s->whole.ptr + s->whole.len);
    struct text rest = value, element;
    while (json_proper_string_of_list(&rest, &element))
        fuzz_assert(element.ptr > value.ptr && element.ptr + element.len < value.ptr + value.len);
    s->members++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text t = {(const char *)data, len};
    struct seen seen = {t, 0};
    struct json_doc *doc = NULL;
    struct buffer canonical;
    bool proper = json_is_proper(t, on_member, &seen);
    enum err e = json_parse(t, &doc, NULL);
    fuzz_assert(!proper || e == OK);
    if (e)
        return 0;
    buffer_init(&canonical, 64 * MIB);
    json_canonical(json_root(doc), &canonical, NULL);
    fuzz_assert(json_is_proper(buffer_text(&canonical), NULL, NULL) == (json_type(json_root(doc)) == JSON_OBJECT));
    if (proper) {
        fuzz_assert(seen.members == json_size(json_root(doc)));
        compare(t, buffer_text(&canonical));
    }
    buffer_done(&canonical);
    json_free(doc);
    return 0;
}
