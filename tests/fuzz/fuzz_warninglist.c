/* Any document as a warning list: its records decode, its pieces are one list that the desk's tables take, and
 * nothing that is asked of them goes wrong. */
#include "base/limits.h"
#include "desk/suppress.h"
#include "support/fuzz.h"

static void ask(struct text list)
{
    struct suppress *s;
    static const struct {
        enum value_kind kind;
        const char *value;
    } values[] = {{VALUE_IPV4, "198.51.100.7"},
                  {VALUE_IPV6, "2001:db8::7"},
                  {VALUE_CIDR, "198.51.100.0/24"},
                  {VALUE_DOMAIN, "www.bank.example"},
                  {VALUE_EMAIL, "soc@x.test"},
                  {VALUE_URL, "http://[::1]:80/a?b@c"},
                  {VALUE_MD5, "d41d8cd98f00b204e9800998ecf8427e"}};
    fuzz_assert(suppress_new(&s) == OK);
    fuzz_assert(suppress_add(s, list, NULL) == OK);
    fuzz_assert(suppress_ready(s) == OK);
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        const struct suppressed found = suppress_check(s, values[i].kind, text_of(values[i].value));
        fuzz_assert(found.why != SUPPRESS_LIST || (found.list.len && found.entry.len));
    }
    suppress_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct format_job job = {.from = {.fd = -1}, .head = {(const char *)data, len}};
    struct buffer out, list;
    struct cursor c;
    struct record r;
    void *reading;
    enum err e;
    uint32_t parts = 0, seen = 0;
    buffer_init(&out, 512 * MIB);
    buffer_init(&list, 256 * MIB);
    fuzz_assert(FORMAT_WARNINGLIST.open(&job, &reading) == OK);
    while ((e = FORMAT_WARNINGLIST.next(reading, &out)) == OK)
        ;
    fuzz_assert(e == ERR_NOT_FOUND);
    FORMAT_WARNINGLIST.free(reading);
    cursor_init(&c, buffer_text(&out));
    while ((e = record_next(&c, &r)) == OK) {
        if (r.kind != RECORD_LIST)
            continue;
        fuzz_assert(r.u.list.part == seen++);
        parts = r.u.list.parts;
        buffer_add(&list, r.u.list.text);
    }
    fuzz_assert(e == ERR_NOT_FOUND && parts == seen);
    if (parts)
        ask(buffer_text(&list));
    buffer_done(&list);
    buffer_done(&out);
    return 0;
}
