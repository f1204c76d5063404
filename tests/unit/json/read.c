#include "read.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "support/test.h"

struct json_doc *parsed(struct text t)
{
    struct json_doc *doc = NULL;
    struct fault fault = {0};
    if (json_parse(t, &doc, &fault))
        fail_msg("%s", fault.what);
    return doc;
}

char *canonical(struct text t, bool *ret_lossy)
{
    struct json_doc *doc = parsed(t);
    struct buffer out;
    bool lossy = false;
    buffer_init(&out, 64 * MIB);
    json_canonical(json_root(doc), &out, &lossy);
    json_free(doc);
    assert_ok(buffer_error(&out));
    if (ret_lossy)
        *ret_lossy = lossy;
    char *taken = buffer_take(&out, NULL);
    assert_non_null(taken);
    return taken;
}

static char *copy_of(struct text t)
{
    char *copy = malloc(t.len + 1);
    assert_non_null(copy);
    memcpy(copy, t.ptr, t.len);
    copy[t.len] = 0;
    return copy;
}

struct elements elements_read(int fd, struct text pushed, size_t max)
{
    struct elements e = {0};
    struct json_split *s;
    assert_ok(json_split_open(fd, "objects", max, &s));
    assert_ok(json_split_push(s, pushed));
    for (;;) {
        struct text element;
        int64_t offset;
        e.err = json_split_next(s, &element, &offset, &e.fault);
        if (e.err && e.err != ERR_LIMIT)
            break;
        assert_true(e.count < ELEMENTS_MAX);
        e.text[e.count] = e.err ? NULL : copy_of(element);
        e.offset[e.count++] = offset;
    }
    struct text element;
    int64_t offset;
    assert_err(json_split_next(s, &element, &offset, NULL), e.err); /* the end is final */
    e.found = json_split_found(s);
    e.envelope = copy_of(json_split_envelope(s));
    json_split_free(s);
    return e;
}

int descriptor_of(struct text bytes)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.ptr, bytes.len), (ssize_t)bytes.len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

struct elements elements_of(struct text document, size_t max)
{
    int fd = descriptor_of(document);
    struct elements e = elements_read(fd, TEXT_NONE, max);
    close(fd);
    return e;
}

void elements_free(struct elements *e)
{
    for (size_t i = 0; i < e->count; i++)
        free(e->text[i]);
    free(e->envelope);
}
