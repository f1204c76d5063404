/* format/misp_out.h - objects that the gate cleared for one recipient -> MISP events (MISP core format). What came
 * from a MISP event becomes that event again; other STIX becomes what MISP has for it. docs/MISP.md, "Out".
 *
 * Audiences: an event holds nothing stricter than its own label. What is stricter goes into an event of its own that
 * extends it, so that no distribution, inherited or set anew, widens anything. */
#pragma once
#include "release/cleared.h"

struct misp_out_options {
    struct text producer; /* our organisation: Org of all events, and Orgc of what nobody is known to have made */
    struct uuid producer_id;
    int64_t now_us; /* what has ended by then is not for detection any more */
    bool feed;      /* every event counts as published: a feed's consumers pass over others */
    /* What of an object no MISP part carries; may be NULL. Texts live until it returns. */
    void (*on_lost)(void *self, struct text id, const char *what);
    void *self;
};
struct misp_out;
/* ERR_NOMEM */
MUST_CHECK enum err misp_out_new(const struct misp_out_options *options, struct misp_out **ret);
void misp_out_free(struct misp_out *w); /* accepts NULL */
/* c is borrowed until misp_out_free(). The same id again takes the place of what was there. ERR_NOMEM | ERR_MALFORMED
 */
MUST_CHECK enum err misp_out_add(struct misp_out *w, const struct cleared *c);
/* After the last: which events there are. ERR_NOMEM */
MUST_CHECK enum err misp_out_plan(struct misp_out *w);
size_t misp_out_count(const struct misp_out *w);
const struct uuid *misp_out_uuid(const struct misp_out *w, size_t event);
/* Is one of the objects in the event such a one, or the report that it is? is() is asked by the order of adding. */
bool misp_out_any(const struct misp_out *w, size_t event, bool (*is)(void *self, size_t nth), void *self);
/* Appends {"Event":{...}}, once an event, in order. Its feed parts may be NULL: an entry of manifest.json, and lines
 * of hashes.csv (MD5 of the value, the event's uuid: MISP core's order). ERR_NOMEM | ERR_LIMIT (of a buffer) */
MUST_CHECK enum err misp_out_event(struct misp_out *w, size_t event, struct buffer *to, struct buffer *manifest,
                                   struct buffer *hashes);
/* Is something of the nth object that was added in an event that was written? What is not has not left. */
bool misp_out_wrote(const struct misp_out *w, size_t nth);
