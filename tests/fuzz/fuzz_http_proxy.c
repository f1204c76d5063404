/* Forwarded and X-Forwarded-For: whatever stands in them, who is not trusted names nobody, and the answer is an
 * address. The bits of the first byte: which header; lines are fields. */
#include "net/http_proxy.h"
#include "support/fuzz.h"

#define FIELDS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_field fields[FIELDS];
    struct ipaddr peer, a;
    struct ipnet all[2];
    if (size < 1)
        return 0;
    struct text rest = {(const char *)data + 1, size - 1};
    struct http_headers headers = {fields, 0};
    while (headers.count < FIELDS) {
        ptrdiff_t end = text_find(rest, '\n', 0);
        fields[headers.count++] =
            (struct http_field){(data[0] >> headers.count) & 1 ? TEXT("Forwarded") : TEXT("X-Forwarded-For"),
                                end < 0 ? rest : text_sub(rest, 0, (size_t)end)};
        if (end < 0)
            break;
        rest = text_sub(rest, (size_t)end + 1, rest.len);
    }
    fuzz_assert(ipaddr_parse(TEXT("127.0.0.1"), &peer) == OK);
    fuzz_assert(ipnet_parse(TEXT("0.0.0.0/0"), &all[0]) == OK && ipnet_parse(TEXT("::/0"), &all[1]) == OK);
    fuzz_assert(http_proxy_sender(&headers, &peer, all, 2, &a) || ipaddr_eq(&a, &peer));
    fuzz_assert(a.bits == 32 || a.bits == 128);
    fuzz_assert(http_proxy_sender(&headers, &peer, all, 0, &a) && ipaddr_eq(&a, &peer));
    return 0;
}
