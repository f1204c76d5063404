/* exchange/taxii_query.h - the parameters of a TAXII 2.1 request (sections 3.4 and 3.5), and the `next` cursor.
 *
 * A cursor says where a page ended: (date, n). It needs no memory of ours, so it survives a restart and never
 * expires. It is bound to recipient, collection and filters by a check sum: one that comes from another question is
 * refused. The check sum is no secret; a forged cursor opens nothing, because the gate stands behind it. */
#pragma once
#include "base/arena.h"
#include "base/time.h"
#include "exchange/page.h"

/* One match field: a parameter is at most HTTP_HEADERS_MAX_BYTES long anyway. */
#define TAXII_MATCH_MAX 1000

enum taxii_filter {                         /* which parameters an endpoint knows */
                    FILTER_PAGE = 1,        /* added_after, limit, next */
                    FILTER_ID_TYPE = 2,     /* match[id], match[type] */
                    FILTER_VERSION = 4,     /* match[version] */
                    FILTER_SPEC_VERSION = 8 /* match[spec_version] */
};
struct taxii_query {
    bool has_after, has_next, has_limit;
    int64_t after_us;
    struct text next;         /* as given; taxii_cursor_read() takes it apart */
    uint32_t limit;           /* TAXII_PAGE_DEFAULT when not given, at most TAXII_PAGE_MAX */
    struct text *ids, *types; /* in the arena */
    size_t id_count, type_count;
    unsigned versions; /* VERSIONS_* */
    struct stamp *stamps;
    size_t stamp_count;
    bool other_spec;     /* match[spec_version] without 2.1: nothing of ours matches */
    struct sha256 bound; /* inside: the filters that a cursor holds for */
    unsigned seen;       /* inside: parameters so far */
};
void taxii_query_init(struct taxii_query *q);
/* Takes one decoded parameter. An unknown match[...] is refused, since passing over it would give more than was asked
 * for; other unknown parameters are passed over.
 * ERR_MALFORMED, fault.what names parameter and reason in our own words | ERR_NOMEM */
MUST_CHECK enum err taxii_query_take(struct taxii_query *q, unsigned filters, struct text name, struct text value,
                                     struct arena *arena, struct fault *reterr);

#define TAXII_CURSOR_MAX 49 /* with its NUL */
/* bound_to: recipient and collection, as text. */
struct text taxii_cursor_write(const struct taxii_query *q, struct text bound_to, int64_t date_us, uint64_t n,
                               char out[TAXII_CURSOR_MAX]);
/* ERR_MALFORMED: not a cursor, or of another question. */
MUST_CHECK enum err taxii_cursor_read(const struct taxii_query *q, struct text bound_to, int64_t *ret_date_us,
                                      uint64_t *ret_n);
/* RFC 3339 with microseconds, always. */
struct text taxii_date(int64_t us, char out[STAMP_TEXT_MAX]);
