/* web/api.h - the door of the HTTP API (docs/API.md): who asks, whether they may, when it runs and how it ends. What
 * can be asked lies above, with the commands, and is handed down as a backend. */
#pragma once
#include <stdatomic.h>

#include "net/http.h"
#include "release/api.h"
#include "store/node.h"

struct api_operation {
    const void *row; /* the backend's */
    enum role least; /* ROLE_NONE: nobody who is not on this machine */
    bool writes;     /* wants SCOPE_API_WRITE; else SCOPE_API_READ */
};
struct api_work; /* one request as the backend understood it, later with what came of it */
struct api_backend {
    void *self;
    /* What a method and a path (behind /api/v1) name. ERR_NOT_FOUND; ERR_USAGE: another method, *ret_allow has those
     * there are, in the arena. ERR_NOMEM */
    enum err (*find)(void *self, struct text method, struct text path, struct arena *arena, struct api_operation *ret,
                     const char **ret_allow);
    /* The page at STATUS_PATH, for a person's browser. */
    struct api_operation (*page)(void *self);
    /* Its parameters and body. *ret keeps nothing of the request. ERR_MALFORMED: not of the form that the document
     * says, *reterr has what and where. ERR_USAGE: a body of another media type. ERR_NOMEM | ERR_IO */
    enum err (*prepare)(void *self, const struct api_operation *op, const struct http_request *request,
                        struct api_work **ret, struct fault *reterr);
    /* Runs it as the account of the permission; on any thread. Ends soon after cancel became true, where it only
     * reads. */
    void (*run)(void *self, struct api_work *work, const struct api_permit *permit, const atomic_bool *cancel);
    /* What came of it; NULL: no memory. */
    struct outbound *(*answer)(void *self, const struct api_work *work, const struct api_permit *permit);
    void (*done)(void *self, struct api_work *work);
    /* The OpenAPI document; errors stick in out. */
    void (*describe)(void *self, struct buffer *out);
};

struct api_door;
/* node and backend outlive it. ERR_NOMEM */
MUST_CHECK enum err api_door_new(struct node *node, const struct api_backend *backend, struct api_door **ret);
void api_door_free(struct api_door *d); /* once nothing is asked any more; accepts NULL */
/* Every path below /api. */
struct outbound *api_door_handle(struct api_door *d, const struct http_request *request);
/* The status page: who asks and whether they may is decided as for every read of the API; what is refused is said in
 * HTML, so that a browser asks who one is. */
#define STATUS_PATH "/status"
struct outbound *api_door_page(struct api_door *d, const struct http_request *request);
