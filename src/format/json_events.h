/* format/json_events.h - what the formats share whose document is one JSON object an event, a list of them, or one a
 * line: IDEA, IntelMQ, n6. */
#pragma once
#include "format/event.h"
#include "format/format.h"
#include "json/json.h"

/* One event in a foreign shape. */
struct json_events_shape {
    const char *rule;   /* named where an object is refused */
    const char *report; /* what kind of report it is where the event does not say */
    /* Fills the draft, begun already. ERR_MALFORMED: refused, *reterr says rule and reason. ERR_NOMEM */
    enum err (*read)(const struct json_val *object, struct event_draft *d, struct fault *reterr);
};
MUST_CHECK enum err json_events_open(const struct format_job *job, const struct json_events_shape *shape, void **ret);
MUST_CHECK enum err json_events_next(void *self, struct buffer *to);
void json_events_free(void *self);

/* ---- for readers of a shape ---- */
/* A string, or a number as it is written in JSON; else empty. Numbers live in the draft. */
struct text json_events_word(struct event_draft *d, const struct json_val *v);
/* What a list holds; a value alone is a list of one, none is none. */
struct json_items {
    struct json_iter it;
    const struct json_val *alone;
};
struct json_items json_items_of(const struct json_val *v);
const struct json_val *json_items_next(struct json_items *i); /* NULL: no more */
