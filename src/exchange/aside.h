/* exchange/aside.h - requests that take long, since a reader process and a durable write are waited for: each runs on
 * a thread of its own while its connection is held without one (net/http.h), so that others are answered meanwhile.
 */
#pragma once
#include "model/ident.h"
#include "net/http.h"

/* What is posted (TAXII, IntelMQ) and taken in at a time: a reader process and two threads each, and the body. Of one
 * account, so that a partner does not keep the others out. */
#define POSTS_MAX        16
#define POSTS_OF_ONE_MAX 8
#define POSTS_RETRY_S    2 /* what others are told to wait */

struct asides;
/* ERR_NOMEM */
MUST_CHECK enum err asides_new(struct asides **ret);
/* Asks what is under way to end, and waits for it. Once no request comes any more; accepts NULL. */
void asides_free(struct asides *a);

/* The answer to a copy of the request, which is whole but belongs to no connection: exchange and held are NULL, its
 * arena is its own, and cancel becomes true when the server stops. */
typedef struct outbound *aside_answer(void *self, const struct http_request *request);

/* What the handler is to return: the request is held, and its body is gone from it. At most POSTS_MAX run at once,
 * POSTS_OF_ONE_MAX of one account. ERR_BUSY: as many do, ask again later | ERR_NOMEM */
MUST_CHECK enum err aside_begin(struct asides *a, const struct http_request *request, const struct uuid *account,
                                aside_answer *answer, void *self, struct outbound **ret);
/* The handler's next calls, while request->held is what aside_begin() held. ERR_BUSY: the server stops, and it is not
 * done; else *ret is the answer (NULL: as the answer had it), or the request is held again. */
MUST_CHECK enum err aside_go_on(const struct http_request *request, struct outbound **ret);
