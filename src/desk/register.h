/* desk/register.h - the constituency register: organisations with their networks and domains, and whose an address
 * is. An organisation is a STIX identity of ours with the extension docs/objects/organisation.md; the register is
 * built from the view, immutable, one generation a change. CSV: header `name,sector,networks,domains,contacts`, lists
 * separated by ';'. A network may carry what stands there: "192.0.2.53 resolver", "198.51.100.0/28 proxy",
 * "203.0.113.1 nat": such an entry yields to the client behind it. */
#pragma once
#include <stdatomic.h>

#include "match/scan.h"
#include "store/node.h"

enum owner_role { OWNER_PLAIN, OWNER_RESOLVER, OWNER_PROXY, OWNER_NAT };
const char *owner_role_name(enum owner_role r); /* "plain", "resolver", "proxy", "nat" */

struct organisation {
    struct uuid id;           /* identity--... */
    struct text name, sector; /* sector may be empty */
    struct text contacts;     /* as given, ';' between */
    size_t network_count, domain_count;
};
struct register_hit {
    const struct organisation *organisation;
    enum owner_role role;
    struct text by; /* "192.0.2.0/24" or "hospital.example": the entry that decided */
};

struct constituency; /* immutable, reference counted */
MUST_CHECK enum err constituency_load(struct node *node, struct view *v, struct constituency **ret,
                                      struct fault *reterr);
/* Nobody is in it. ERR_NOMEM */
MUST_CHECK enum err constituency_empty(struct constituency **ret);
struct constituency *constituency_ref(struct constituency *c);
void constituency_unref(struct constituency *c);
size_t constituency_size(const struct constituency *c);
const struct organisation *constituency_at(const struct constituency *c, size_t i); /* by name */
const struct organisation *constituency_by_id(const struct constituency *c, const struct uuid *id);

/* Longest prefix; longest domain suffix at a label boundary. NULL organisation when nobody's. */
struct register_hit constituency_address(const struct constituency *c, const struct ipaddr *a);
struct register_hit constituency_domain(const struct constituency *c, struct text name);
/* An address, network, domain, URL or e-mail address as a person types it. */
struct register_hit constituency_who(const struct constituency *c, struct text value);
/* Who is affected by a hit on a line: everything on the line that can be owned is looked up, in order; plain entries
 * come before resolver, proxy and NAT entries; an address before a name; the matched value itself (start, len) counts
 * only when nothing else on the line is owned. */
struct register_hit constituency_affected(const struct constituency *c, const struct scan_seen *seen, size_t count,
                                          size_t matched_start, size_t matched_len);

struct register_totals {
    uint64_t rows, fresh, updated, unchanged, rejected;
};
typedef void register_on_rejected(void *self, int64_t line, const char *reason);
/* CSV in; rows keep their organisation by name. ERR_MALFORMED (header missing a column), ERR_IO, ... */
MUST_CHECK enum err register_import(struct node *node, int fd, const struct uuid *account,
                                    register_on_rejected *on_rejected, void *self, struct register_totals *ret,
                                    struct fault *reterr);
