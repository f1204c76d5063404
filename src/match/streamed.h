/* match/streamed.h - whole patterns over a stream of events: lines are chosen by the values that a pattern's
 * expressions cannot do without (match/triggers.h), become observations (match/observe_line.h), and are kept for the
 * patterns that they are true for in part, until one is true as a whole. docs/EVENTS-IN-LOGS.md.
 * One thread at a time. */
#pragma once
#include "base/cursor.h"
#include "match/evaluate.h"
#include "match/index.h"
#include "match/triggers.h"

/* A ref with this bit is not an indicator's value but the number of a pattern, below it. */
#define STREAMED_REF UINT32_C(0x40000000)

struct streamed;
MUST_CHECK enum err streamed_new(struct streamed **ret);
void streamed_free(struct streamed *s); /* accepts NULL */
/* Adds a pattern; its number counts from 0 over all that were added. *ret_why NULL: it is looked for, else why not
 * (static). ERR_NOMEM | ERR_LIMIT (STREAMED_PATTERNS_MAX, STREAMED_VALUES_MAX): it is not in, others go on. */
MUST_CHECK enum err streamed_add(struct streamed *s, struct text pattern, uint32_t *ret_number, const char **ret_why);
/* The same where the values it is looked for by are known already; texts are copied. The text is parsed when it is
 * needed: one that is no pattern is never true. ERR_MALFORMED: a value is not in normal form. */
MUST_CHECK enum err streamed_add_known(struct streamed *s, struct text pattern, const struct trigger *triggers,
                                       size_t count, uint32_t *ret_number);
/* Takes a number for one that is not looked for. ERR_NOMEM | ERR_LIMIT */
MUST_CHECK enum err streamed_add_none(struct streamed *s, uint32_t *ret_number);
/* By what a pattern is looked for; nothing of one that is not. */
const struct trigger *streamed_triggers(const struct streamed *s, uint32_t number, size_t *ret_count);
/* It is not looked for any more; its number stays, and its window goes. */
void streamed_drop(struct streamed *s, uint32_t number);
/* When all are in, and again when some came or went. ERR_NOMEM; what was built before is still there then. */
MUST_CHECK enum err streamed_build(struct streamed *s);
/* The values of some patterns alone. To be dropped with index_unref(). ERR_NOMEM */
MUST_CHECK enum err streamed_build_some(const struct streamed *s, const uint32_t *numbers, size_t count,
                                        struct index **ret);
/* To be scanned for beside others; refs are STREAMED_REF | number. Empty without patterns. */
const struct index *streamed_index(const struct streamed *s);
size_t streamed_count(const struct streamed *s); /* patterns that are looked for */

/* One line's event. */
struct streamed_event {
    struct text file;
    uint64_t line, offset;
    int64_t time_us;
    struct text organisation; /* whose it is; empty: nobody's */
    uint8_t organisation_id[16];
    struct text client;   /* who asked or connected; empty: unknown */
    uint8_t direction;    /* as the caller counts them */
    struct text observed; /* of observe_line() */
};
/* All of it but its file, as it is handed on between threads and kept over a restart. Reading: texts borrow from the
 * cursor's, whose error says that it is none. */
void streamed_event_write(const struct streamed_event *e, struct buffer *out);
struct streamed_event streamed_event_read(struct cursor *c);
struct streamed_match {
    uint32_t number;                           /* of the pattern */
    const struct streamed_event *const *bound; /* distinct, by time; borrowed during the call */
    size_t count;
};
typedef enum err streamed_each(void *self, const struct streamed_match *match);
/* Offers an event to a pattern that its line holds a value of. Whenever the pattern is true of events offered since
 * it was last, `each` is told of those that make it so; they count no more. A pattern keeps STREAMED_WINDOW_MAX
 * events that some expression of it is true of; the oldest fall out. ERR_NOMEM, or what each returned. */
MUST_CHECK enum err streamed_offer(struct streamed *s, uint32_t number, const struct streamed_event *event,
                                   streamed_each *each, void *self);
/* A pattern's window goes over from one generation to the next, where it is the same text. */
void streamed_carry(struct streamed *to, uint32_t to_number, struct streamed *from, uint32_t from_number);
/* What a pattern keeps, the newest first; each's error ends it. .observed is as it was offered. */
typedef enum err streamed_kept(void *self, const struct streamed_event *event);
MUST_CHECK enum err streamed_each_kept(const struct streamed *s, uint32_t number, streamed_kept *each, void *self);
/* Puts an event back that was kept; the pattern is not asked. ERR_NOMEM */
MUST_CHECK enum err streamed_restore(struct streamed *s, uint32_t number, const struct streamed_event *event);
/* Lets go of what a pattern keeps of one file. */
void streamed_forget(struct streamed *s, uint32_t number, struct text file);
/* Events that fell out before their pattern was true, and answers that were too expensive. */
struct streamed_losses {
    uint64_t fell_out, too_expensive;
};
struct streamed_losses streamed_losses(const struct streamed *s);
