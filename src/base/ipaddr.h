/* base/ipaddr.h - IPv4 and IPv6 addresses and networks as numbers. */
#pragma once
#include "base/text.h"

#define IPADDR_TEXT_MAX 46

struct ipaddr {
    uint8_t b[16]; /* network order; IPv4 in the first four, the rest zero */
    uint8_t bits;  /* 32 or 128; 0: none */
};

struct ipnet {
    struct ipaddr addr; /* host bits zero */
    uint8_t len;        /* prefix length, 0..addr.bits */
};

/* The whole of t: dotted quad (no leading zeros, four parts) or RFC 4291 text, with an embedded IPv4 tail, without
 * zone or brackets. IPv4-mapped IPv6 (::ffff:a.b.c.d) becomes the IPv4 address. ERR_MALFORMED. */
MUST_CHECK enum err ipaddr_parse(struct text t, struct ipaddr *ret);
/* Address, or address/len (no leading zeros); host bits set are cleared. A mapped network of /96 or longer becomes
 * the IPv4 network, a wider one stays IPv6. ERR_MALFORMED. */
MUST_CHECK enum err ipnet_parse(struct text t, struct ipnet *ret);
struct text ipaddr_format(const struct ipaddr *a, char out[IPADDR_TEXT_MAX]); /* RFC 5952 */
bool ipaddr_eq(const struct ipaddr *a, const struct ipaddr *b);
int ipaddr_cmp(const struct ipaddr *a, const struct ipaddr *b); /* family first, then number */
struct ipaddr ipaddr_mask(struct ipaddr a, uint8_t len);
bool ipnet_has(const struct ipnet *net, const struct ipaddr *a);
