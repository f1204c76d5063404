/* desk/holding.h - inside this room: all that is held of one object, arranged anew with something added, and what
 * that changes appended to the log. On the writer thread. The rules are versions.h's; entries record their outcome.
 */
#pragma once
#include "desk/own.h"
#include "desk/versions.h"

struct holding_row {
    struct held_version version; /* as versions.h sees it */
    enum standing before;        /* as the log has it; 0: it arrives now */
    enum authority authority;    /* of its entry's party */
    int64_t added_us;
    struct uuid source;
    uint32_t class_id; /* 0: it arrives now */
    uint64_t print;
    struct place body, original;
    struct text text; /* the body of what arrives */
};
struct holding {
    struct txn *t;
    struct arena arena;
    struct text id; /* of the caller */
    struct holding_row *rows;
    size_t count, cap;
    const struct voucher_row *vouchers;
    size_t voucher_count, voucher_cap;
    uint64_t current; /* entry of what counted before; UINT64_MAX: nothing */
    struct versions_result result;
    /* Comes to count, or is narrowed by another form of its moment, and stands in an earlier entry; NULL: none. Its
     * class is result.cls. */
    const struct holding_row *promoted;
    struct fact_standings changes; /* of the others, against the log */
    struct held_version *list;     /* inside: the rows' versions, as they are arranged */
    enum err failed;               /* inside: of a comparison */
    struct fault why;
};
/* The object's versions with all who vouch for them; none when it is not known. holding_done() after any return. */
MUST_CHECK enum err holding_load(struct holding *h, struct txn *t, struct text id, struct fault *reterr);
void holding_done(struct holding *h);
/* The row that holds this content: by print where there is one, then of the same party alone. NULL: none. What is
 * quarantined is not found. */
const struct holding_row *holding_find(const struct holding *h, const struct sha256 *hash, uint64_t print,
                                       const struct uuid *party);
/* Has the party, or its log, vouched for the content at least so? */
bool holding_vouched(const struct holding *h, const struct holding_row *row, const struct uuid *party,
                     enum authority authority);
/* Something new: a version that arrives, or a word for one that is held. Then holding_arrange(). */
MUST_CHECK enum err holding_add_row(struct holding *h, const struct holding_row *row);
MUST_CHECK enum err holding_add_voucher(struct holding *h, const struct voucher_row *row);
/* result, promoted and changes are filled. */
MUST_CHECK enum err holding_arrange(struct holding *h, struct fault *reterr);
/* What became of the version that arrives. */
const struct holding_row *holding_arrived(const struct holding *h);
/* Appends the entry of what comes to count, if anything does; after the entry with `changes`. */
MUST_CHECK enum err holding_promote(struct holding *h, const struct uuid *account, struct fault *reterr);
