/* A detail that is accepted is written again with the same meaning: the second text is read and written alike. The
 * input: the entry's kind, a NUL, the public part, a NUL, the private part. */
#include <string.h>

#include "base/limits.h"
#include "store/facts.h"
#include "support/fuzz.h"

static struct text piece(const uint8_t **data, size_t *len)
{
    const uint8_t *end = memchr(*data, 0, *len);
    size_t taken = end ? (size_t)(end - *data) : *len;
    struct text t = {(const char *)*data, taken};
    *data += taken + (end != NULL);
    *len -= taken + (end != NULL);
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct log_read read = {.has_body = true, .body = {0, 4096}};
    struct fault fault = {.err = OK};
    struct fact f, again;
    struct arena a, b;
    struct buffer public_one, private_one, public_two, private_two;
    if (len == 0)
        return 0;
    read.entry.kind = piece(&data, &len);
    read.detail.public_part = piece(&data, &len);
    read.detail.private_part = (struct text){(const char *)data, len};
    arena_init(&a, 64 * MIB);
    enum err err = fact_decode(&read, &a, &f, &fault);
    if (err != OK) {
        fuzz_assert((err == ERR_MALFORMED || err == ERR_VERSION || err == ERR_LIMIT) && fault.err == err);
        arena_done(&a);
        return 0;
    }
    arena_init(&b, 64 * MIB);
    buffer_init(&public_one, 64 * MIB);
    buffer_init(&private_one, 64 * MIB);
    buffer_init(&public_two, 64 * MIB);
    buffer_init(&private_two, 64 * MIB);
    fact_encode(&f, &public_one, &private_one);
    fuzz_assert(buffer_error(&public_one) == OK && buffer_error(&private_one) == OK);
    read.detail.public_part = buffer_text(&public_one);
    read.detail.private_part = buffer_text(&private_one);
    fuzz_assert(fact_decode(&read, &b, &again, &fault) == OK);
    fact_encode(&again, &public_two, &private_two);
    fuzz_assert(text_eq(buffer_text(&public_one), buffer_text(&public_two)));
    fuzz_assert(text_eq(buffer_text(&private_one), buffer_text(&private_two)));
    buffer_done(&public_one);
    buffer_done(&private_one);
    buffer_done(&public_two);
    buffer_done(&private_two);
    arena_done(&a);
    arena_done(&b);
    return 0;
}
