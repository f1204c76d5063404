/* exchange/taxii_server.h - the TAXII 2.1 server: who asks is a recipient, what it gets is what the gate clears.
 * Source: TAXII 2.1 (OASIS Standard, June 2021), sections named at each function in the source. */
#pragma once
#include "net/http.h"
#include "store/node.h"

struct asides;
struct taxii_server;
/* node must be an owner. ERR_NOMEM */
MUST_CHECK enum err taxii_server_new(struct node *node, struct taxii_server **ret, struct fault *reterr);
void taxii_server_free(struct taxii_server *s);
/* What the gate decided for partners. (exchange/clearance.h) */
/* Where other doors run what is posted to them: the bounds are those of all. Lives as long as the server. */
struct asides *taxii_server_asides(struct taxii_server *s);
/* Is the path one of ours (/taxii2/ and below)? */
bool taxii_server_owns(struct text path);
/* The answer to any request below /taxii2/; never NULL but when memory is out. Release entries are durable before it
 * returns. Thread-safe. */
struct outbound *taxii_server_handle(struct taxii_server *s, const struct http_request *request);
/* The log has so many entries now: who waits for news may be concerned. Cheap, on any thread; what node_on_commit()
 * is to call while the server is there. */
void taxii_server_moved(struct taxii_server *s, uint64_t entries);
/* A TAXII error message (section 3.6.1) in our own words; NULL when memory is out. For faults found before the
 * handler, and for what else the house answers. */
struct outbound *taxii_fault(int status);
/* The answer to an error that is nobody's fault but ours (500, 503, 507), logged. */
struct outbound *taxii_failure(enum err e, const struct fault *fault);
struct outbound *taxii_not_allowed(const char *allow); /* 405 with the header Allow */
/* Time passed for a partner: what began with it (an embargo that ended, a membership that started) becomes an
 * opening. *ret_opened: there is a new entry. On any thread but the writer's. */
MUST_CHECK enum err taxii_openings_pass(struct node *node, const struct uuid *party, bool *ret_opened,
                                        struct fault *reterr);
/* Policy changed (peer, source, agreement, group): newly visible classes become openings. On any thread but the
 * writer's. */
MUST_CHECK enum err taxii_openings_update(struct node *node, struct fault *reterr);
