/* release/outbound.h - the ways to make something that net/ can send: content that the gate cleared, a tabled list of
 * pages and requests that hold no object, and what our log shows of itself. */
#pragma once
#include "release/cleared.h"

#define TAXII_MEDIA_TYPE TEXT("application/taxii+json;version=2.1")
#define STIX_MEDIA_TYPE  TEXT("application/stix+json;version=2.1")

/* ---- content ---- */
enum envelope {
    ENVELOPE_TAXII, /* {"more":..,"next":..,"objects":[..]}  TAXII 2.1 section 3.7 */
    ENVELOPE_BUNDLE /* {"type":"bundle","id":..,"objects":[..]}  STIX 2.1 section 8 */
};
struct envelope_info {
    int status; /* HTTP status of an answer; 0 when this is a request's body */
    bool more;
    struct text next;                    /* opaque cursor; empty: none */
    struct text added_first, added_last; /* X-TAXII-Date-Added-First/-Last; empty: left out */
};
/* All items must be cleared for the same party and door: ERR_DENIED otherwise. An empty envelope is `{}` (TAXII).
 * OK: *ret owned, outbound_free(). ERR_NOMEM | ERR_LIMIT */
MUST_CHECK enum err outbound_cleared(enum envelope shape, const struct envelope_info *info,
                                     const struct cleared *const *items, size_t count, struct outbound **ret);
/* One manifest entry per item: id, date_added, version, media_type. TAXII 2.1 section 5.3. dates[i]: RFC 3339. */
MUST_CHECK enum err outbound_manifest(const struct envelope_info *info, const struct cleared *const *items,
                                      const struct text *dates, size_t count, struct outbound **ret);

/* ---- the same answer again (RFC 9110 sections 8.8.3, 13.1.2 and 15.4.5) ---- */
/* One more owner of an answer, for the very recipient it was made for, while what it was cleared by still holds. */
struct outbound *outbound_again(struct outbound *o);
/* Adds to an answer that will not be changed any more: ETag, a weak validator over its bytes, its further headers and
 * for_whom (recipient and question, so that no two of them share one), and that only this recipient may keep it.
 * ERR_LIMIT | ERR_NOMEM */
MUST_CHECK enum err outbound_tag(struct outbound *o, struct text for_whom);
/* Does the value of If-None-Match name o's validator? false when o has none. */
bool outbound_is_known(const struct outbound *o, struct text if_none_match);
/* 304 in the place of o: its validator, and no content. ERR_DENIED: o has none | ERR_NOMEM */
MUST_CHECK enum err outbound_not_modified(const struct outbound *o, struct outbound **ret);

/* ---- object-free pages and requests ---- */
enum outbound_page {
    PAGE_DISCOVERY,
    PAGE_API_ROOT,
    PAGE_COLLECTIONS,
    PAGE_COLLECTION,
    PAGE_STATUS,
    PAGE_ERROR,
    PAGE_VERSIONS,
    PAGE_HEALTH,
    PAGE_WELCOME,
    PAGE_REFUSAL, /* what PAGE_PROBLEM is, for a person with a browser */
    PAGE_EMPTY,
    PAGE_DONE,        /* TAXII's answer to DELETE: a media type, and nothing in it */
    PAGE_PROBLEM,     /* RFC 9457: what went wrong at a door that is not TAXII's */
    PAGE_SESSION,     /* the token of who logged in */
    PAGE_RECEIVED,    /* how much of what was given to us was taken in */
    PAGE_REQUEST_GET, /* if_none_match, if_modified_since: what its server said of the last answer */
    PAGE_REQUEST_DELETE,
    PAGE_REQUEST_MISP_SEARCH, /* MISP's POST /events/restSearch: since when, which page */
    PAGE_REQUEST_SHADOWSERVER /* the reports API: our key there, a day, which reports; hmac2 signs the body */
};
enum page_field_kind { FIELD_TEXT, FIELD_NUMBER, FIELD_BOOL };
/* Fields are named in the page's table in pages.c; one that is not there, is given twice, is of another kind, or a
 * required one that is missing is ERR_DENIED. Text fields hold our own fixed words, node names, URLs, UUIDs and
 * times; never anything taken from an object. ERR_MALFORMED: a text that is not UTF-8, or no header value where it
 * becomes one. A status page's rows say in their field "list" whether they are among successes, failures or pendings.
 */
struct page_field {
    const char *name;
    enum page_field_kind kind;
    struct text text;
    int64_t number; /* FIELD_BOOL: 0 is false */
};
struct page_line { /* for pages that list (collections, status details) */
    const struct page_field *fields;
    size_t count;
};
MUST_CHECK enum err outbound_protocol(enum outbound_page page, int status, const struct page_field *fields,
                                      size_t field_count, const struct page_line *rows, size_t row_count,
                                      struct outbound **ret);

/* ---- the log: texts of our own making, and hashes. What is not exactly of the form is ERR_DENIED, so that no other
 * text leaves by this way: names without white space, decimals, base64 and fixed words. ---- */
enum outbound_log {
    LOG_CHECKPOINT,   /* a signed tlog-checkpoint without extension lines */
    LOG_STATEMENTS,   /* none, one or several succession statements (docs/FORMAT-origin.md), an empty line between */
    LOG_COSIGNATURES, /* signature lines, the answer of a witness */
    LOG_TREE_SIZE,    /* a decimal and a newline: a witness's 409 */
    LOG_ADD_CHECKPOINT, /* the request to a witness (status 0) */
    LOG_INTRODUCTION,   /* the request that shows a partner our key (status 0), statements behind it */
    LOG_PROOFS_ASKED,   /* the request for proofs (status 0): ids with their versions, a line each */
    LOG_TEXTS
};
/* ERR_DENIED | ERR_NOMEM */
MUST_CHECK enum err outbound_log_text(enum outbound_log what, int status, struct text text, struct outbound **ret);
/* A tile of the tree: 1 to 256 hashes. Kept for as long as the reader likes: a tile never changes. */
MUST_CHECK enum err outbound_tile(const void *bytes, size_t len, struct outbound **ret);
/* The tlog-proof of an object: of one that was cleared whole, for the very recipient who asks, by TAXII. The proof's
 * public part must be that of this object (id, version, hash). ERR_DENIED otherwise | ERR_NOMEM */
MUST_CHECK enum err outbound_proof(const struct cleared *c, const struct recipient *asker, struct text proof,
                                   struct outbound **ret);
/* Several of them in one answer, each behind a line "proof LINE BYTES"; line[i]: of the request. All made by
 * outbound_proof() for the same asker: what does not begin as one is ERR_DENIED. ERR_LIMIT | ERR_NOMEM */
MUST_CHECK enum err outbound_proofs(const struct outbound *const *proofs, const size_t *line, size_t count,
                                    struct outbound **ret);
