/* command/hits.h - from a scanned line to hits that say who is affected: shared by `match` and `watch`. */
#pragma once
#include "command/session.h"
#include "desk/affected.h"
#include "desk/watchlist.h"
#include "match/scan.h"

/* One hit, ready to be printed or recorded. Texts borrow from the line, the watchlist and the register. */
struct hit {
    struct watch_item item;
    const struct organisation *organisation; /* NULL: nobody's */
    struct text value;                       /* as logged */
    enum url_level level;                    /* of a URL */
    bool timed;                              /* the line has a time of its own: */
    int64_t seen_us;                         /* that, else now */
    struct text client;                      /* who asked or connected, where the line's format tells; else empty */
    enum logline_direction direction;
};

/* Whose a hit is, and which way it went: by the event, and where that does not name both sides, the owner by
 * everything on the line. client is borrowed from the event. owners: as scanner below. */
struct whose {
    const struct organisation *organisation; /* NULL: nobody's */
    struct text client;
    enum logline_direction direction;
};
MUST_CHECK enum err hits_whose(struct scanner *owners, const struct constituency *c, const struct logline *e,
                               const struct scan_line_hits *line, const struct scan_hit *h, struct whose *ret);

/* Takes one line's scan hits apart: expired ones are dropped (judged at the line's own time where it has one), the
 * affected organisation is looked up (desk/affected.h; of a line of no known format, by all that it names), and
 * `each` is called for every hit that counts. The refs are those of the lists. header: what the file's own header
 * says of the line, NULL when nothing does. scanner must be another than the one whose hits these are: both keep
 * scratch. */
typedef enum err hit_each(void *self, const struct scan_line_hits *line, const struct hit *hit);
MUST_CHECK enum err hits_of_line(struct scanner *scanner, struct watchlist *const *lists, size_t list_count,
                                 const struct constituency *c, int64_t now_us, const struct logline_header *header,
                                 const struct scan_line_hits *line, hit_each *each, void *self);
/* Says on standard error how many values are suppressed, and by what; nothing when none are. */
void tell_suppressed(struct session *s, const struct suppress_counts *c);
/* The same of values past their assumed lifetime. */
void tell_over(struct session *s, size_t values);
