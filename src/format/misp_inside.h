/* format/misp_inside.h - what the files of the MISP reader share; for them alone. One element of a document (an
 * event, or attributes without one) is held at a time; it is walked member by member, and each piece appends its
 * records. */
#pragma once
#include "base/time.h"
#include "format/emit.h"
#include "format/misp.h"
#include "format/misp_types.h"
#include "model/terms.h"

#define MISP_MARKS_MAX                                                                           \
    6 /* definitions on one object: a label, a PAP and the groups of event, object and attribute \
       */

/* What an object may be shown to: never wider than what stands above it. */
struct misp_marks {
    enum tlp tlp;  /* by tags and distribution */
    enum tlp tags; /* the strictest of the tags alone, its own and those above */
    enum pap pap;
    bool known; /* something above says a distribution, so "inherit" means something */
    struct uuid groups[MISP_MARKS_MAX];
    size_t group_count;
    struct text group_uuid; /* of the event's sharing group, for attributes that only name it by number */
    struct text group_id;
    const struct json_val *group;
};

/* Names seen, by hash: a collision costs its own sender an object. */
struct misp_seen {
    uint64_t *table; /* owned */
    size_t count, cap;
};

/* What an attribute or object of the event became: its uuid -> id. */
struct misp_named {
    struct uuid uuid;
    uint32_t at, len; /* in ids */
};
struct misp_names {
    struct misp_named *list; /* owned */
    uint32_t *table;         /* owned; index + 1 by the uuid's hash; 0: free */
    size_t count, cap;
    struct buffer ids;
};

enum misp_stage {
    MISP_NOTHING,
    MISP_ATTRIBUTES,
    MISP_OBJECTS,
    MISP_REFERENCES,
    MISP_GALAXIES,
    MISP_PROPOSALS,
    MISP_REPORTS,
    MISP_ANALYST,
    MISP_END
};

struct misp {
    struct json_split *split;
    struct emit emit;
    struct buffer texts; /* of the job: party */
    struct text party;
    uint8_t tlp;
    bool ended;
    uint64_t read;
    struct fault unreadable;

    /* the element at hand */
    struct json_doc *doc;
    int64_t at;
    const struct json_val *queue; /* a list of elements within the element, and where we are in it */
    struct json_iter queued;
    const struct json_val *event; /* NULL: attributes without one */
    enum misp_stage stage;
    struct json_iter iter;
    struct uuid uuid; /* of the event */
    struct stamp created, modified;
    struct misp_marks marks;
    char creator[IDENT_TEXT_MAX]; /* identity--...; empty: not known */
    struct misp_seen seen;
    struct misp_names names;
    struct buffer refs; /* ids of the event's objects, sized, in order */
    size_t ref_count;
    bool ends;               /* what is written ends what may be held of its id, and is no part of the event */
    const struct uuid *part; /* what is said is of this attribute of the object; NULL: of the whole */
    struct buffer json, pattern, value, normal, name; /* scratch */
    struct buffer looked;                             /* normal forms of `values` */
    struct record_value values[64];
    size_t value_ends[64];
    size_t value_count;
    struct buffer *to;
};

/* One attribute, object, ... being written. */
struct misp_item {
    const struct json_val *v;
    struct uuid uuid;
    struct stamp created, modified;
    struct misp_marks marks;
    bool revoked;
    struct text place; /* for people: "Attribute 5e8f..." */
    char place_text[80];
};

/* ---- reading foreign members (misp_read.c) ---- */
struct text misp_text(const struct json_val *v, const char *name);          /* a string, else TEXT_NONE */
bool misp_number(const struct json_val *v, const char *name, int64_t *ret); /* a number, or a string that is one */
bool misp_flag(const struct json_val *v, const char *name, bool otherwise); /* true, 1, "1", "true" */
/* Epoch seconds as a number or a string. */
bool misp_epoch(const struct json_val *v, const char *name, struct stamp *ret);
/* first_seen and last_seen: RFC 3339 or epoch seconds. */
bool misp_moment(const struct json_val *v, const char *name, struct stamp *ret);
/* The uuid of v; one made of what it says, and false, where it has none. */
bool misp_uuid(struct misp *m, const struct json_val *v, struct text kind, struct uuid *ret);
struct uuid misp_derived(const struct uuid *of, struct text a, struct text b, struct misp *m);
bool misp_seen_first(struct misp_seen *s, struct text name, bool *ret_first); /* false: no memory */
void misp_seen_clear(struct misp_seen *s);
/* Notes what the attribute or object with this uuid became; the first word counts. ERR_NOMEM */
MUST_CHECK enum err misp_names_add(struct misp_names *n, const struct uuid *uuid, struct text id);
struct text misp_names_get(const struct misp_names *n, const struct uuid *uuid); /* TEXT_NONE: not known */
void misp_names_clear(struct misp_names *n);
/* Undoes what keeps a value from being clicked; appends to out. */
void misp_refang(struct text raw, struct buffer *out);

/* ---- records (misp_read.c) ---- */
void misp_lost(struct misp *m, struct text what, const char *format, ...) PRINTF_LIKE(3, 4);
enum err misp_refuse(struct misp *m, struct text id, const char *format, ...) PRINTF_LIKE(3, 4);

/* ---- writing STIX (misp_write.c) ---- */
/* Begins an object in m->json: type, id, times, creator, markings. `times` false for observables. */
struct json_out misp_begin(struct misp *m, const struct misp_item *i, const char *type, const struct uuid *uuid,
                           bool times);
/* The same of observed-data, with what was seen and when. refs: identifiers, each with its length before it. */
struct json_out misp_begin_seen(struct misp *m, const struct misp_item *i, struct text refs);
/* Ends it and hands it over; noted among the event's objects where `listed`. ERR_MALFORMED | ERR_LIMIT: it was not
 * STIX (*why); nothing is appended. ERR_EXISTS: its id came before. ERR_NOMEM */
MUST_CHECK enum err misp_done(struct misp *m, struct json_out *o, bool listed, struct fault *why);
void misp_put_labels(struct misp *m, struct json_out *o, const struct misp_item *i, const char *kind,
                     const struct json_val *attribute);
void misp_put_ref(struct json_out *o, const char *name, const char *type, const struct uuid *uuid);
void misp_put_uuid(struct json_out *o, const char *name, const struct uuid *uuid);
void misp_put_time(struct json_out *o, const char *name, struct stamp s);
/* valid_from and, in what ends, valid_until. */
void misp_put_validity(struct misp *m, struct json_out *o, const struct misp_item *i);
/* Members that stand on everything an attribute or object becomes: x_misp_comment, x_misp_first_seen, ... */
void misp_put_kept(struct json_out *o, const struct json_val *v, bool comment);
void misp_put_attribute(struct json_out *o, const struct json_val *a); /* whole, as one element of a list */
void misp_json_value(struct json_out *o, const struct json_val *v);
void misp_item_init(struct misp *m, struct misp_item *i, const struct json_val *v, const char *kind,
                    const struct misp_marks *above);
MUST_CHECK enum err misp_relationship(struct misp *m, const struct misp_item *i, const struct uuid *uuid,
                                      struct text type, struct text source, struct text target, struct fault *why);
MUST_CHECK enum err misp_organisation(struct misp *m, const struct json_val *org, const struct misp_marks *marks,
                                      char ret[IDENT_TEXT_MAX]);
/* Adds to pattern: `path op 'value'`, AND before it unless it is the first. */
void misp_pattern(struct misp *m, const char *path, const char *op, struct text value);
void misp_pattern_number(struct misp *m, const char *path, uint64_t value);
/* file:hashes.'SHA-1' */
void misp_pattern_hash(struct misp *m, const char *type, const char *algorithm, struct text value);
/* The normal form of a value that may be written so that it cannot be clicked, in m->normal; the text as it was
 * meant, in m->value. ERR_MALFORMED: m->value alone, and *why. */
MUST_CHECK enum err misp_normal(struct misp *m, enum value_kind kind, struct text raw, enum value_kind *ret,
                                struct fault *why);
void misp_look_for(struct misp *m, enum value_kind kind, struct text normal);

/* ---- what may be shown to whom (misp_marking.c) ---- */
/* What v's own tags and distribution say, added to what stands above it. */
MUST_CHECK enum err misp_marks_of(struct misp *m, const struct json_val *v, const struct misp_marks *above,
                                  struct misp_marks *ret);
void misp_put_markings(struct json_out *o, const struct misp_marks *marks);
bool misp_is_label(struct text tag); /* a tag that became a marking: no label of the object */
/* misp:confidence-level; -1: none */
int misp_confidence(const struct json_val *v);

/* ---- one attribute's value (misp_value.c) ---- */
/* Its pattern in m->pattern and what it is looked for by. ERR_MALFORMED: it has none, *why. ERR_NOT_FOUND: STIX has
 * nothing for this type. ERR_NOMEM */
MUST_CHECK enum err misp_value_pattern(struct misp *m, const struct misp_type *type, struct text value,
                                       struct fault *why);
/* ---- its observables (misp_observed.c): their ids, sized, in refs. Errors as above, and misp_done()'s ---- */
MUST_CHECK enum err misp_observables(struct misp *m, const struct misp_item *i, const struct misp_type *type,
                                     struct text value, struct buffer *refs, struct fault *why);

/* ---- pieces; ERR_NOMEM alone is an error ---- */
MUST_CHECK enum err misp_attribute(struct misp *m, const struct json_val *v, const struct misp_marks *above);
/* The attribute as x-misp-attribute. */
MUST_CHECK enum err misp_kept_attribute(struct misp *m, const struct misp_item *i);
/* The end of the indicator that the attribute may have been before its to_ids was withdrawn. */
MUST_CHECK enum err misp_attribute_ends(struct misp *m, const struct misp_item *i, const struct misp_type *type);
MUST_CHECK enum err misp_object(struct misp *m, const struct json_val *v);
MUST_CHECK enum err misp_references(struct misp *m, const struct json_val *object);
MUST_CHECK enum err misp_galaxies(struct misp *m, const struct json_val *list, const struct misp_item *i,
                                  struct text source);
MUST_CHECK enum err misp_galaxy(struct misp *m, const struct json_val *galaxy, const struct misp_item *i,
                                struct text source);
MUST_CHECK enum err misp_sightings(struct misp *m, const struct misp_item *i, struct text id);
/* Sightings, proposals and analyst data of v, whose main object is `id`. */
MUST_CHECK enum err misp_around(struct misp *m, const struct misp_item *i, struct text id);
MUST_CHECK enum err misp_proposal(struct misp *m, const struct json_val *v, const struct misp_marks *above,
                                  struct text about);
MUST_CHECK enum err misp_event_report(struct misp *m, const struct json_val *v);
MUST_CHECK enum err misp_analyst(struct misp *m, const struct json_val *v, const struct misp_marks *above,
                                 struct text about);
MUST_CHECK enum err misp_event_begin(struct misp *m, const struct json_val *event);
/* The next piece of the event. ERR_NOT_FOUND: it is done. */
MUST_CHECK enum err misp_event_next(struct misp *m);
void misp_event_done(struct misp *m);
