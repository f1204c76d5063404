/* format/event.h - one event (struct record_event) put together, for the formats that report events: IODEF, IDEA,
 * IntelMQ, n6. Texts given are copied; a value that is none is told as lost. */
#pragma once
#include "base/arena.h"
#include "format/record.h"
#include "model/marking.h"

/* Pieces told as lost of one event; of further ones the number is told. */
#define EVENT_LOST_MAX 32
/* The rule under which a message that calls itself a test is refused: it is never a finding. */
#define EVENT_TEST_RULE "test message"

struct event_piece {
    struct text what, reason;
};
struct event_draft {
    struct arena arena;  /* of the event at hand */
    struct buffer word;  /* a value in normal form */
    struct buffer words; /* the detail */
    struct record_event event;
    struct record_event_value values[EVENT_VALUES_MAX];
    size_t value_count;
    struct event_piece lost[EVENT_LOST_MAX];
    size_t lost_count; /* may pass EVENT_LOST_MAX */
    bool no_memory;    /* sticky until event_begin(): event_put() tells it */
};
void event_draft_init(struct event_draft *d);
void event_draft_done(struct event_draft *d);
/* Forgets what was; the event stands at this place of the document. */
void event_begin(struct event_draft *d, int64_t at);

/* A copy for one of the event's short texts: of well-formed UTF-8, on one line, cut at EVENT_TEXT_MAX. */
struct text event_text(struct event_draft *d, struct text t);
/* Adds "name=text" to the detail; an empty text is none. */
void event_detail(struct event_draft *d, const char *name, struct text t);
void event_detail_number(struct event_draft *d, const char *name, int64_t n);
/* A value of that kind (VALUE_IPV4: any address or network), once each. `where`: what tells it as lost when it is
 * none or one too many. An empty text is none. */
void event_value(struct event_draft *d, enum event_role role, enum value_kind kind, struct text raw,
                 const char *where);
/* The same for an address, a network, or a range "A-B", which becomes the networks that make it up. */
void event_addresses(struct event_draft *d, enum event_role role, struct text raw, const char *where);
/* Told as lost. Texts are copied and cut. */
void event_lose(struct event_draft *d, struct text what, struct text reason);
/* The stricter of what the event has and what a label's word says; a word that nobody knows is RED: never wider. */
void event_label(struct event_draft *d, struct text word);

/* RFC 3339; `utc`: without a zone it is UTC, else refused. false: no time (told as lost unless empty). */
bool event_time(struct event_draft *d, struct text t, bool utc, const char *where, int64_t *ret_us);
/* Of what was seen; a last moment before the first is the first. */
void event_span(struct event_draft *d, int64_t first_us, int64_t last_us);

/* Appends the event and what of it is lost. What has neither report nor time gets `report` and no time; `raw` is the
 * event as it came, cut at EVENT_RAW_MAX (and then told as lost), tlp counts where it has no label. ERR_NOMEM */
MUST_CHECK enum err event_put(struct event_draft *d, const char *report, struct text raw, uint8_t tlp,
                              struct buffer *to);
