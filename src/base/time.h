/* base/time.h - moments as STIX writes them (RFC 3339, UTC, precision kept) and the machine's clocks.
 * Pure rooms never ask a clock: they are handed a time. */
#pragma once
#include "base/text.h"

/* A moment since 1970-01-01T00:00:00Z without leap seconds. `digits`: how many decimals the text had (0..9). */
struct stamp {
    int64_t s;
    uint32_t ns;
    uint8_t digits;
};

#define STAMP_TEXT_MAX 32 /* "9999-12-31T23:59:59.123456789Z" and its NUL */

/* STIX 2.1 section 2.16: RFC 3339 with 'T' and 'Z'; years 0000-9999, real days (no 30 February), seconds 00-59 (60
 * only as 23:59:60, which is kept as the second before). Any number of decimals may stand there; nine count.
 * ERR_MALFORMED; *reterr (may be NULL) says what. */
MUST_CHECK enum err stamp_parse(struct text t, struct stamp *ret, struct fault *reterr);
/* RFC 3339 with any offset (+hh:mm, +hhmm) or 'Z', 'T' or one blank, either case, and the date alone (its midnight,
 * UTC): what logs and spreadsheets hold. A time without a zone is refused: who knows the zone adds it. Moments
 * outside the years 0000-9999 UTC are refused. ERR_MALFORMED. */
MUST_CHECK enum err stamp_parse_lenient(struct text t, struct stamp *ret);
/* Writes with s.digits decimals; NUL-terminated; returns its text (borrowed from out). A moment outside the years
 * 0000-9999 is written as the nearest one inside. */
struct text stamp_format(struct stamp s, char out[STAMP_TEXT_MAX]);
int stamp_cmp(struct stamp a, struct stamp b);          /* the moment only; digits do not count */
struct stamp stamp_from_us(int64_t us, uint8_t digits); /* digits <= 6: truncated to that precision */
int64_t stamp_us(struct stamp s);                       /* microseconds since 1970, floor */

int64_t clock_now_us(void);  /* CLOCK_REALTIME, microseconds since 1970 */
int64_t clock_mono_us(void); /* CLOCK_MONOTONIC: for intervals */

/* A jump of the wall clock: it and the clock that only ever runs on (asleep too: CLOCK_BOOTTIME) no longer tell the
 * same. Pure: both are handed over. The first question only sets the mark, and each answer sets it anew. True: by
 * more than CLOCK_JUMP_US, forwards or backwards; *ret_by_us how far. Slow corrections of less than that between two
 * questions are none. */
#define CLOCK_JUMP_US ((int64_t)2 * 1000000)
struct clock_mark {
    bool set;
    int64_t real_us, boot_us;
};
bool clock_jumped(struct clock_mark *mark, int64_t real_us, int64_t boot_us, int64_t *ret_by_us);
int64_t clock_boot_us(void); /* CLOCK_BOOTTIME */
