/* desk/versions.h - which of an object's versions counts, and what the others are to it (docs/VERSIONS.md). Pure:
 * what is held goes in, a standing for each comes out, so that no order, repetition or path of arrival can matter.
 *
 * 1. Each party that vouches for a version has an authority over it (store/facts.h). The party with the highest one
 *    over any version of the object is the object's authority; of several that prove it the one whose log had it
 *    first, of several that do not the one that came first.
 * 2. The versions that this party vouches for are ordered: revoked ones above the others (revoked is final), then by
 *    `modified`. The highest is current, those of other moments are older. What nobody but others vouches for is a
 *    claim: it replaces, revokes and freezes nothing.
 * 3. Of one moment, a form that another one wholly contains, and that is not stricter, is a rendition of that; where
 *    one is proven, so is every form that is not. Of those left the one with the strictest label stands, of several
 *    the one with the smallest hash; the rest are in conflict with it. Its class takes in what the others restrict:
 *    of one moment markings never widen.
 * 4. Objects without `modified` have no order: of the authority's variants the one that arrived last counts. */
#pragma once
#include "release/gate.h"
#include "store/facts.h"

struct voucher {
    struct uuid party;
    enum authority authority;
    int64_t logged_us; /* LOGGED and PROVEN: when the party's log had it, as that log says */
};
struct held_version {
    uint64_t n; /* order of arrival */
    bool versioned, revoked;
    int64_t modified_us;
    struct sha256 hash;
    bool aside; /* quarantined, withdrawn, or replaced by a later entry: is not looked at, its standing stays */
    const struct voucher *vouchers;
    size_t voucher_count;
    struct uuid party;            /* whose line its entry came by */
    const struct gate_class *cls; /* borrowed; NULL: not known, counts as unmarked and restricts no other */
    enum standing standing;
};
/* Does the form `whole` contain all of `part`, and more? Asked about versions of one moment and authority only. */
typedef bool versions_contain(void *self, const struct held_version *whole, const struct held_version *part);
/* More forms of one moment than this are conflicts, every one: nobody makes so many renditions. */
#define VERSIONS_FORMS_MAX 8

struct versions_result {
    const struct held_version *current; /* NULL: nothing counts */
    struct uuid authority;              /* of which party; with: */
    enum authority level;               /* NONE: nobody's */
    bool no_memory;                     /* nothing was changed */
    struct gate_class cls; /* of current, with what the other forms of its moment restrict; where its cls is known */
};
/* Gives each of list its standing. list is put in order of n. contain may be NULL: nothing is a rendition unless a
 * proof says so. */
struct versions_result versions_arrange(struct held_version *list, size_t count, versions_contain *contain,
                                        void *self);
/* Is the moment more than FUTURE_MAX_US ahead? Then the version is quarantined, whoever vouches for it. */
bool versions_too_early(bool versioned, int64_t modified_us, int64_t now_us);
