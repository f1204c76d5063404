/* exchange/taxii_status.h - what became of each POST (TAXII 2.1 section 4.3), kept in memory for who posted it: the
 * objects themselves were durable before the status was said. Bounded by count, age and bytes; the oldest go first.
 */
#pragma once
#include "model/ident.h"
#include "release/outbound.h"

#define STATUS_ACCOUNT_MAX 256        /* of one account */
#define STATUS_MAX         4096       /* of all */
#define STATUS_MAX_BYTES   (32 * MIB) /* of all details */
#define STATUS_MAX_AGE_US  ((int64_t)24 * 3600 * 1000000)
/* More results than this in one POST are counted, not listed. */
#define STATUS_DETAILS_MAX 1000

struct status_detail {
    struct text id, version, message; /* message: our own words, empty for successes */
    bool failed;
};
struct post_status {
    struct uuid id, account;
    int64_t at_us;
    uint64_t successes, failures;
    const struct status_detail *details;
    size_t detail_count;
};
struct status_book;
MUST_CHECK enum err status_book_new(struct status_book **ret);
void status_book_free(struct status_book *b);
/* Copies it all. Thread-safe. ERR_NOMEM */
MUST_CHECK enum err status_book_add(struct status_book *b, const struct post_status *s);
/* The status of that id if it is the account's, as a page with that HTTP status. ERR_NOT_FOUND | ERR_NOMEM */
MUST_CHECK enum err status_book_page(struct status_book *b, const struct uuid *id, const struct uuid *account,
                                     int64_t now_us, struct outbound **ret);
/* The page of a status that lies nowhere. ERR_NOMEM */
MUST_CHECK enum err status_page(const struct post_status *s, int http_status, struct outbound **ret);
