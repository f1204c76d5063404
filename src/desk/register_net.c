/* desk/register_net.c - longest prefix match by binary search. Networks nest or are disjoint, so sorted by address
 * and then by length every network stands behind those that hold it. The last one that begins at or before an address
 * either holds it, and then is the longest that does, or whatever holds the address holds that network too: the
 * answer is on its chain of parents. */
#include <stdlib.h>

#include "desk/register_inside.h"

static int entry_cmp(const void *a, const void *b)
{
    const struct net_entry *x = a, *y = b;
    int c = ipaddr_cmp(&x->net.addr, &y->net.addr);
    if (c != 0)
        return c;
    if (x->net.len != y->net.len)
        return x->net.len < y->net.len ? -1 : 1;
    if (x->organisation != y->organisation)
        return x->organisation < y->organisation ? -1 : 1;
    return (x->role > y->role) - (x->role < y->role);
}

static bool same_net(const struct ipnet *a, const struct ipnet *b)
{
    return a->len == b->len && ipaddr_eq(&a->addr, &b->addr);
}

size_t nets_prepare(struct net_entry *nets, size_t count)
{
    if (count == 0)
        return 0;
    qsort(nets, count, sizeof *nets, entry_cmp);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !same_net(&nets[kept - 1].net, &nets[i].net))
            nets[kept++] = nets[i];
    for (size_t i = 0; i < kept; i++) {
        uint32_t up = i > 0 ? (uint32_t)(i - 1) : NET_NONE;
        while (up != NET_NONE && !ipnet_has(&nets[up].net, &nets[i].net.addr))
            up = nets[up].parent;
        nets[i].parent = up;
    }
    return kept;
}

const struct net_entry *nets_find(const struct net_entry *nets, size_t count, const struct ipaddr *a, uint8_t most)
{
    size_t low = 0, high = count; /* the first entry that begins behind a */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (ipaddr_cmp(&nets[mid].net.addr, a) <= 0)
            low = mid + 1;
        else
            high = mid;
    }
    uint32_t at = low > 0 ? (uint32_t)(low - 1) : NET_NONE;
    while (at != NET_NONE && (nets[at].net.len > most || !ipnet_has(&nets[at].net, a)))
        at = nets[at].parent;
    return at == NET_NONE ? NULL : &nets[at];
}
