/* The splitter against the whole: a document that json_parse() takes is split into just its elements, each of them
 * the same value; a document that splits well into good elements and a good envelope is one that json_parse() takes.
 * Cut in two, pushed and read, gives the same. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "support/fuzz.h"
#include "json/json.h"
#include "json/split.h"

static bool good(struct text t, struct buffer *canonical)
{
    struct json_doc *doc;
    buffer_clear(canonical);
    if (json_parse(t, &doc, NULL))
        return false;
    json_canonical(json_root(doc), canonical, NULL);
    json_free(doc);
    return true;
}

/* The elements' canonical forms, joined; *ret_all_good: every one was JSON, and so was the envelope. */
static enum err joined(int fd, struct text pushed, struct text whole, struct buffer *out, bool *ret_all_good)
{
    struct json_split *s;
    struct text element;
    struct fault fault;
    struct buffer canonical;
    int64_t offset, last = -1;
    enum err e;
    bool all = true;
    fuzz_assert(json_split_open(fd, "objects", 8 * MIB, &s) == OK);
    fuzz_assert(json_split_push(s, pushed) == OK);
    buffer_init(&canonical, 64 * MIB);
    while (!(e = json_split_next(s, &element, &offset, &fault))) {
        fuzz_assert(offset > last && offset + element.len <= whole.len && element.len > 0);
        fuzz_assert(memcmp(whole.ptr + offset, element.ptr, element.len) == 0);
        last = offset;
        all = good(element, &canonical) && all;
        buffer_add(out, buffer_text(&canonical));
        buffer_add_char(out, '\n');
    }
    fuzz_assert(e == ERR_NOT_FOUND || (e == ERR_MALFORMED && fault.offset <= (int64_t)whole.len));
    all = good(json_split_envelope(s), &canonical) && all;
    json_split_free(s);
    buffer_done(&canonical);
    *ret_all_good = all;
    return e;
}

/* The same from the parsed whole. */
static void expected(const struct json_val *root, struct buffer *out)
{
    const struct json_val *list = json_type(root) == JSON_OBJECT ? json_get(root, "objects") : root;
    if (json_type(list) != JSON_ARRAY) {
        json_canonical(root, out, NULL);
        buffer_add_char(out, '\n');
        return;
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it);) {
        json_canonical(it.val, out, NULL);
        buffer_add_char(out, '\n');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text whole = {(const char *)data, len};
    struct buffer got, again, want;
    bool all_good, all_good_again;
    struct json_doc *doc = NULL;
    buffer_init(&got, 64 * MIB);
    buffer_init(&again, 64 * MIB);
    buffer_init(&want, 64 * MIB);
    enum err e = joined(-1, whole, whole, &got, &all_good);
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    size_t cut = len / 2;
    fuzz_assert(fd >= 0 && write(fd, data + cut, len - cut) == (ssize_t)(len - cut) && lseek(fd, 0, SEEK_SET) == 0);
    fuzz_assert(joined(fd, text_sub(whole, 0, cut), whole, &again, &all_good_again) == e);
    close(fd);
    fuzz_assert(all_good == all_good_again && text_eq(buffer_text(&got), buffer_text(&again)));

    enum err parse = json_parse(whole, &doc, NULL);
    if (parse == OK) {
        expected(json_root(doc), &want);
        fuzz_assert(e == ERR_NOT_FOUND && all_good && text_eq(buffer_text(&got), buffer_text(&want)));
    } else if (parse == ERR_MALFORMED && e == ERR_NOT_FOUND && all_good) {
        fuzz_assert(memchr(data, '\n', len)); /* several values, one a line */
    }
    json_free(doc);
    buffer_done(&got);
    buffer_done(&again);
    buffer_done(&want);
    return 0;
}
