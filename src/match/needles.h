/* match/needles.h - when an index holds a few values, blocks of lines that have none of them are told by searching
 * for the values themselves: many times as fast as the sieve. What was published an hour ago is looked for in all
 * that was logged before, value by value. */
#pragma once
#include "base/text.h"

#define NEEDLES_MAX     8
#define NEEDLE_BYTES    64 /* of a longer one its first */
#define NEEDLES_SLACK   64 /* bytes behind the text that must be readable */
#define NEEDLE_OFFSETS  16 /* where the two bytes are that are looked for first */
#define NEEDLES_LEAST   64 /* bytes of text; shorter ones may always hit */
#define NEEDLE_SHORTEST 4

struct needle {
    uint8_t bytes[NEEDLE_BYTES]; /* folded: each | 0x20 */
    uint8_t len, at[2];
};
struct needles {
    unsigned count;
    bool off;       /* there are others than these: everything may hit */
    bool addresses; /* of IPv4 are among them, which may be written as ones of IPv6 */
    struct needle v[NEEDLES_MAX];
};

/* Text that stands in a line, in letters of either case, wherever the value hits. Too many or too short: off. */
void needles_add(struct needles *n, const void *bytes, size_t len);
/* False: this processor is too old, or n is off. */
bool needles_usable(const struct needles *n);
/* Whole lines, NEEDLES_SLACK bytes readable behind. False: no value is there, nor anything by which one could stand
 * there in another form: an escape, a byte that is not ASCII, an address of IPv6. *ret_newlines then counts. */
bool needles_may_hit(const struct needles *n, struct text lines, size_t *ret_newlines);
