/* format/record.h - the flat records a reader hands over: length-checked bytes, no pointers, so that the same bytes
 * can come from a sandboxed process. One chunk is a run of whole records. Written by format/, taken apart by intake.
 *
 * Record: u32 length of the payload, u8 kind, payload. Integers little-endian, texts sized with u32 (base/cursor.h).
 *   OBJECT    one accepted object: see struct record_object
 *   REJECTED  one refused piece: see struct record_rejected
 *   EVENT     what a reporter saw of somebody's address: see struct record_event
 *   LOST      what of the document no record carries: see struct record_lost
 *   LIST      a piece of a checked warning list: see struct record_list
 *   END       the last one: see struct record_end
 * and before all objects, where they are asked for:
 *   ELEMENT   one of the first objects, by name: see struct record_element
 *   ENVELOPE  what a TAXII envelope says of itself: see struct record_envelope */
#pragma once
#include "base/cursor.h"
#include "base/limits.h"
#include "base/time.h"
#include "model/value.h"

enum record_kind {
    RECORD_OBJECT = 1,
    RECORD_REJECTED = 2,
    RECORD_END = 3,
    RECORD_ENVELOPE = 4,
    RECORD_ELEMENT = 5,
    RECORD_EVENT = 6,
    RECORD_LOST = 7,
    RECORD_LIST = 8
};

#define RECORD_STAMPED_MAX 4 /* places in a body where the intake writes its own time */

struct record_value {
    uint8_t kind; /* enum value_kind */
    struct text value;
};

/* Everything the intake needs of one object; texts borrow from the chunk. */
struct record_object {
    int64_t at;           /* byte offset of the object (or line start) in the document */
    struct text id;       /* "indicator--..." */
    struct text body;     /* canonical JSON (RFC 8785). With stamps: places of 24 bytes to be filled */
    struct text original; /* the object's own bytes, only when canonical form could not keep a number */
    bool has_modified;
    int64_t modified_us;  /* version time, microseconds */
    struct text modified; /* as written */
    bool revoked;
    uint8_t cls; /* enum stix_class */
    uint8_t tlp; /* enum tlp; TLP_NONE: no TLP marking */
    bool unknown_marking, granular;
    bool proposed;          /* found in free text: counts when a person says so */
    bool ends;              /* a version that ends what is held of its id from the same party; else it is nothing */
    struct text created_by; /* empty: none */
    bool has_valid_from, has_valid_until;
    int64_t valid_from_us, valid_until_us;
    int16_t confidence; /* -1: none */
    /* The first MUST of its format broken that was let pass, and words; empty: none. */
    struct text warned_rule, warned;
    /* Formats without versions of their own (CSV): the id is derived from the content, the intake fills in created
     * and modified as "YYYY-MM-DDTHH:MM:SS.mmmZ" (24 bytes) at these offsets of body; 0: no such place. `print` is
     * XXH3 of the content without those times: equal means unchanged. For objects with versions both are 0. */
    uint64_t print;
    uint32_t created_at, modified_at, valid_from_at;
    size_t value_count, ref_count; /* atomic values; references of the object */
    struct cursor values, refs;    /* read with record_next_value(), record_next_text() */
    size_t marking_count;
    struct cursor markings; /* marking definition ids as written */
};

/* ---- events ---- */

/* What a value is in an event. */
enum event_role {
    EVENT_SOURCE, /* what is infected, open, misused: what Shadowserver, IntelMQ and IDEA call the source */
    EVENT_TARGET, /* what was attacked */
    EVENT_OTHER   /* named only: a command server, a reflector's upstream */
};
#define EVENT_VALUES_MAX 64
struct record_event_value {
    uint8_t role;      /* enum event_role */
    uint8_t kind;      /* enum value_kind: addresses, networks, domains, URLs, e-mail addresses, hashes */
    struct text value; /* normal form */
};
/* One report about addresses, as Shadowserver, IODEF, IDEA, IntelMQ and n6 make them: not something to look for, but
 * something that was seen. The desk makes findings of them (desk/report.h). Texts borrow from the chunk. */
#define EVENT_TEXT_MAX 1024       /* bytes of each of the texts but raw */
#define EVENT_RAW_MAX  (16 * KIB) /* of the evidence kept */
struct record_event {
    int64_t at;         /* byte offset of the event in the document */
    int64_t line;       /* from 1; -1 where lines mean nothing */
    struct text id;     /* the sender's own; empty: none. The same id from the same party is the same event */
    struct text report; /* the kind of report, as its sender names it: "scan_ntp", "Intrusion.Botnet"; not empty */
    struct text type;   /* RSIT v1003 "classification/type": "vulnerable/ddos-amplifier"; empty: not known */
    struct text identifier; /* what was seen: "mirai", "open-ntp", a CVE; may be empty */
    struct text summary;    /* a sentence for people; may be empty */
    struct text detail;     /* port, protocol and what else tells one case from another; may be empty */
    bool has_time;
    int64_t first_us, last_us; /* of what was seen; 0 without has_time */
    uint64_t count;            /* of occurrences that it stands for; at least 1 */
    uint8_t tlp;               /* enum tlp; TLP_NONE: unmarked */
    uint8_t severity;          /* 0 not said, 1 info, 2 low, 3 medium, 4 high, 5 critical */
    struct text raw;           /* the row or event as it came, for the evidence; UTF-8 */
    size_t value_count;
    struct cursor values; /* record_next_event_value() */
};

/* A piece of the document that no object carries, so that nothing is lost in silence: its own bytes are kept with the
 * document (struct format: keeps). */
struct record_lost {
    int64_t at;
    struct text what;   /* which piece: "Attribute 5e8f.../type", a JSON pointer */
    struct text reason; /* why, in words */
};

/* A piece of a warning list, as format/warninglist.h writes it; pieces come in their order. */
#define RECORD_LIST_PARTS_MAX 64
struct record_list {
    struct text name, type;
    uint64_t version, entries; /* of the whole */
    uint32_t part, parts;
    struct text text; /* bytes of it: a piece need not end where a character does */
};

struct record_rejected {
    int64_t at;     /* byte offset */
    int64_t line;   /* from 1; -1 where lines mean nothing */
    struct text id; /* as far as readable, else empty */
    struct text rule, reason;
};

struct record_end {
    uint8_t err;   /* enum err: OK, or why the rest of the document could not be read */
    int64_t at;    /* where it ended */
    uint64_t read; /* objects seen, refused ones included */
    struct text what;
};

/* TAXII 2.1 section 3.7. The envelope was looked through to its end before the first object is handed over. */
#define RECORD_NEXT_MAX 1024 /* bytes of a foreign `next`; medallion's has 36, ours 48, OpenCTI's some 100 */
struct record_envelope {
    uint8_t err; /* enum err: OK, ERR_MALFORMED (no envelope; `what` says why), ERR_USAGE (JSON, and none) */
    bool list;   /* it has a list of objects, or is one */
    bool more;
    uint64_t objects;
    struct text next; /* empty: none; no NUL in it */
    struct text what;
};

/* An object as its sender names it, taken in or not. */
struct record_element {
    int64_t at;
    struct text id;      /* empty: none that is an identifier */
    struct text version; /* `modified`, else `created`, where that is a time; else empty */
};

/* Writers append one record; errors stick in the buffer. */
void record_add_object(struct buffer *to, const struct record_object *o, const struct record_value *values,
                       size_t value_count, const struct text *refs, size_t ref_count, const struct text *markings,
                       size_t marking_count);
void record_add_rejected(struct buffer *to, const struct record_rejected *r);
void record_add_end(struct buffer *to, const struct record_end *e);
void record_add_envelope(struct buffer *to, const struct record_envelope *e);
void record_add_element(struct buffer *to, const struct record_element *e);
void record_add_event(struct buffer *to, const struct record_event *e, const struct record_event_value *values,
                      size_t value_count);
void record_add_list(struct buffer *to, const struct record_list *l);
void record_add_lost(struct buffer *to, const struct record_lost *l);

/* Appends a whole record that was written before (all kinds but END and ENVELOPE) with another place: a piece of a
 * container stands where the piece begins. */
void record_add_moved(struct buffer *to, struct text record, int64_t at);

struct record {
    enum record_kind kind;
    union {
        struct record_object object;
        struct record_rejected rejected;
        struct record_end end;
        struct record_envelope envelope;
        struct record_element element;
        struct record_event event;
        struct record_lost lost;
        struct record_list list;
    } u;
};
/* Takes the next record off c. Every length is checked against what remains; enum bytes against their range.
 * ERR_NOT_FOUND: c is at its end. ERR_MALFORMED: the reader lied; stop. */
MUST_CHECK enum err record_next(struct cursor *c, struct record *ret);
bool record_next_value(struct cursor *c, struct record_value *ret);
bool record_next_text(struct cursor *c, struct text *ret);
bool record_next_event_value(struct cursor *c, struct record_event_value *ret);
