/* exchange/taxii_inside.h - what the files of the TAXII server share; no one else includes it.
 *
 * A request's way: taxii_server.c finds who asks and which resource (route) -> taxii_pages.c for what holds no
 * objects | taxii_read.c for pages of objects | taxii_post.c for what is given to us. Each returns an outbound; NULL
 * only when memory is out. */
#pragma once
#include "exchange/asker.h"
#include "exchange/clearance.h"
#include "exchange/late.h"
#include "exchange/released.h"
#include "exchange/taxii_query.h"
#include "exchange/taxii_server.h"
#include "exchange/taxii_status.h"
#include "release/outbound.h"
#include "store/view.h"

#define TAXII_ROOT "/taxii2/"
#define TAXII_API  "/taxii2/api/"

struct waits; /* taxii_wait.h */
struct taxii_server {
    struct node *node;
    struct clearances *clearances;
    struct late_book *late;
    struct released *released;
    struct page_cache *pages;
    struct status_book *statuses;
    struct waits *waits;
    struct asides *asides; /* POSTs under way */
};

enum resource {
    RESOURCE_NONE,
    RESOURCE_DISCOVERY,
    RESOURCE_API_ROOT,
    RESOURCE_COLLECTIONS,
    RESOURCE_COLLECTION,
    RESOURCE_OBJECTS,
    RESOURCE_OBJECT,
    RESOURCE_VERSIONS,
    RESOURCE_MANIFEST,
    RESOURCE_STATUS
};

struct call {
    struct taxii_server *server;
    const struct http_request *request;
    struct view *view; /* in a snapshot */
    struct asker asker;
    int64_t now_us;
    enum resource resource;
    enum page_collection collection;
    struct text object; /* id in the path, of an object or a status */
    bool head;          /* HEAD: nothing of the answer's content goes */
    bool unknown_to_it; /* what is answered was not given to this recipient before: no 304, however it asks */
};

struct collection_rule {
    enum page_collection collection;
    const char *alias, *title, *description;
};
/* By enum page_collection. */
extern const struct collection_rule TAXII_COLLECTIONS[3];
bool taxii_can_read(const struct asker *a);
/* What is given to us is taken in whatever the collection; collections are views of one store. */
bool taxii_can_write(const struct asker *a);
/* By id or alias. */
bool taxii_collection_find(const struct node *node, struct text name, enum page_collection *ret);

/* ---- pages without objects ---- */
struct outbound *taxii_discovery(const struct call *c);
struct outbound *taxii_api_root(const struct call *c);
struct outbound *taxii_collections(const struct call *c);
struct outbound *taxii_collection(const struct call *c);
struct outbound *taxii_done(void); /* 200 without content: the answer to DELETE */
/* 204 with Allow: the answer to OPTIONS (RFC 9110 section 9.3.7). */
struct outbound *taxii_methods(const char *allow);
struct outbound *taxii_busy(void); /* 503 with Retry-After */
struct outbound *taxii_fault_words(int status, struct text description);

/* ---- pages with objects ---- */
/* ERR_BUSY: the partner's settings changed meanwhile; ask again in a new snapshot. Else *ret is the answer. */
MUST_CHECK enum err taxii_read(struct call *c, struct outbound **ret);
/* Who asks, as text: what is made for it is kept and tagged under that name. "" when memory is out. */
struct text taxii_asker_name(const struct call *c);

/* All parameters of the request. ERR_MALFORMED: the client's own fault, in words for it | ERR_NOMEM */
MUST_CHECK enum err taxii_query_read(const struct call *c, unsigned filters, struct taxii_query *ret,
                                     struct fault *reterr);
/* May who asks see a version of the object in the path? ERR_IO | ERR_NOMEM */
MUST_CHECK enum err taxii_shows(const struct call *c, bool *ret, struct fault *reterr);

/* ---- given to us, and taken back ---- */
MUST_CHECK enum err taxii_delete(const struct call *c, struct outbound **ret); /* as taxii_read() */
struct outbound *taxii_post(const struct call *c);
struct outbound *taxii_status(const struct call *c);
