/* The C library is the judge: both accept the same texts as the same addresses, and what is written is what it would
 * read. Networks: what is accepted contains its own address. */
#include <arpa/inet.h>
#include <string.h>

#include "base/ipaddr.h"
#include "support/fuzz.h"

static bool same_as_libc(struct text t, const struct ipaddr *a, bool accepted)
{
    char copy[64];
    uint8_t v6[16], v4[4];
    static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    if (t.len >= sizeof copy || (t.len && memchr(t.ptr, 0, t.len)))
        return !accepted;
    if (t.len)
        memcpy(copy, t.ptr, t.len);
    copy[t.len] = 0;
    if (inet_pton(AF_INET, copy, v4) == 1)
        return accepted && a->bits == 32 && memcmp(a->b, v4, 4) == 0;
    if (inet_pton(AF_INET6, copy, v6) != 1)
        return !accepted;
    if (memcmp(v6, mapped, sizeof mapped) == 0)
        return accepted && a->bits == 32 && memcmp(a->b, v6 + 12, 4) == 0;
    return accepted && a->bits == 128 && memcmp(a->b, v6, 16) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text t = {(const char *)data, len};
    struct ipaddr a, again;
    struct ipnet net;
    char out[IPADDR_TEXT_MAX];
    bool accepted = ipaddr_parse(t, &a) == OK;
    fuzz_assert(same_as_libc(t, &a, accepted));
    if (accepted) {
        fuzz_assert(ipaddr_parse(ipaddr_format(&a, out), &again) == OK && ipaddr_eq(&a, &again));
        fuzz_assert(ipnet_parse(t, &net) == OK && net.len == a.bits && ipnet_has(&net, &a));
    }
    if (ipnet_parse(t, &net) == OK) {
        struct ipaddr masked = ipaddr_mask(net.addr, net.len);
        fuzz_assert(net.len <= net.addr.bits && ipnet_has(&net, &net.addr) && ipaddr_eq(&masked, &net.addr));
    }
    return 0;
}
