/* format/misp_out_inside.h - what the files of the MISP writer share; for them alone. */
#pragma once
#include "base/limits.h"
#include "base/time.h"
#include "format/misp_map.h"
#include "format/misp_out.h"

#define OUT_STEPS_MAX 20000 /* in one event; beyond, an indicator stands beside the object that it looks for */
#define OUT_NONE      SIZE_MAX
#define OUT_PARTS_MAX 512 /* values of one object or pattern; more: it is written as a pattern, or told as lost */

enum out_became { OUT_NOTHING, OUT_ATTRIBUTE, OUT_OBJECT, OUT_CLUSTER, OUT_ABOUT, OUT_EVENT };

struct out_item {
    const struct cleared *cleared;
    struct json_doc *doc;
    const struct json_val *v;
    struct text id, type;
    struct uuid uuid;
    enum tlp label;
    enum pap pap;
    bool container;
    bool absorbed;          /* said by another item of the event at hand */
    bool written;           /* in some event: its uuid is taken */
    bool told;              /* as lost */
    enum out_became became; /* in the event at hand */
};
struct out_event {
    size_t container; /* OUT_NONE: what no report speaks of */
    struct uuid uuid, extends;
    bool is_extension;
    enum tlp label;
    enum pap pap;
    size_t creator;        /* its identity's item; OUT_NONE: not known */
    char month[8];         /* "2026-01", of what no report speaks of */
    size_t first, members; /* in w->members */
};
struct out_member {
    size_t event, item;
};
struct out_about { /* `item` speaks of the object with that id */
    uint64_t target;
    size_t item;
};

struct misp_out {
    struct misp_out_options options;
    struct out_item *items;
    size_t item_count, item_cap;
    size_t *by_id; /* items, by id */
    struct out_event *events;
    size_t event_count, event_cap, loose_from;
    struct out_member *members;
    size_t member_count, member_cap;
    struct out_about *abouts; /* by target */
    size_t about_count, about_cap;

    /* the event at hand */
    const struct out_event *event;
    struct arena arena;                       /* of one item */
    struct json_out o;                        /* the event */
    struct buffer *hashes;                    /* NULL: not wanted */
    struct buffer objects, galaxies, reports; /* lists that are written while the attributes are */
    struct json_out to_objects, to_galaxies, to_reports;
    uint64_t *said; /* XXH3 of type and value of the event's plain attributes, a table */
    size_t said_count, said_cap;
    uint64_t attribute_count;
    const struct uuid *part; /* what is said of this attribute of an object is wanted; NULL: of all of it */
    size_t steps;            /* indicators compared with objects */
};

/* ---- items (misp_out.c) ---- */
struct out_item *out_find(struct misp_out *w, struct text id); /* NULL: not there */
void out_lost(struct misp_out *w, struct out_item *i, const char *what);
struct text out_label(const struct json_val *v, const char *name); /* of labels: misp:NAME="..."; TEXT_NONE */
struct stamp out_time(const struct json_val *v, const char *name, const char *otherwise);
/* The uuid under which the item stands in the event at hand: its own, once. */
struct uuid out_uuid(struct misp_out *w, const struct out_item *i);
struct uuid out_derived(const struct uuid *of, struct text a, struct text b);
void out_member_uuid(struct json_out *o, const char *name, const struct uuid *u);
void out_member_epoch(struct json_out *o, const char *name, struct stamp s);
void out_organisation(struct misp_out *w, struct json_out *o, const char *name, struct out_item *org);
/* The list "Tag": the item's labels of MISP, its confidence, and what its marking says beyond the event's. i NULL:
 * none. whole: the event's own, with its label. */
void out_tags(struct json_out *o, const struct out_item *i, const struct out_event *event, bool whole);
/* Is it the first attribute of that type and value in the event at hand? */
bool out_first(struct misp_out *w, struct text type, struct text value, bool *ret_first);

/* ---- values (misp_out_parts.c) ---- */
struct out_part {
    struct text path, value; /* in w->arena or the item's document */
    bool to_ids;             /* an indicator of the event looks for it */
};
struct out_parts {
    struct out_part list[OUT_PARTS_MAX];
    size_t count;
    size_t ends[OUT_PARTS_MAX]; /* of each alternative */
    size_t alternatives;
    bool whole; /* they say all that the pattern says */
};
/* Of an observable, as one alternative; what it refers to is taken in, and marked absorbed. */
void out_parts_of(struct misp_out *w, struct out_item *i, struct out_parts *ret);
/* Of a pattern. ERR_NOMEM */
MUST_CHECK enum err out_parts_of_pattern(struct misp_out *w, struct text pattern, struct out_parts *ret);
/* The value that an attribute of that type has; TEXT_NONE: it cannot be told. */
struct text out_value_of_type(struct misp_out *w, struct text type, const struct out_parts *p);
struct text out_value(struct misp_out *w, const struct misp_map *m, struct text value); /* as MISP writes it */

/* ---- attributes and objects (misp_out_attribute.c, misp_out_object.c) ---- */
struct out_attribute {
    struct uuid uuid;
    struct text type, category, value, comment, data, relation;
    const struct json_val *scalar; /* the value, where it has no quotes: a number, true or false; else NULL */
    struct stamp timestamp;
    bool to_ids, deleted, disable_correlation;
    struct stamp first_seen, last_seen; /* s 0: none */
    struct out_item *item;              /* whose tags and talk it has; NULL: none */
    const struct json_val *tags;        /* a list of names, where item is NULL */
    struct out_item *of; /* there: the object that it is a part of; what is said of the part is said of that */
};
void out_attribute(struct misp_out *w, struct json_out *o, const struct out_attribute *a);
void out_hash(struct misp_out *w, struct text type, struct text value);
/* Writes what the item becomes in the event at hand. ERR_NOMEM */
MUST_CHECK enum err out_indicator(struct misp_out *w, struct out_item *i);
/* In two passes: what becomes an object, then what is an attribute. */
MUST_CHECK enum err out_observable(struct misp_out *w, struct out_item *i, bool objects);
MUST_CHECK enum err out_observed_data(struct misp_out *w, struct out_item *i);
void out_misp_attribute(struct misp_out *w, struct out_item *i, struct text value, struct text data);
void out_misp_scalar(struct misp_out *w, struct out_item *i, const struct json_val *value);
const struct json_val *out_scalar(const struct json_val *value); /* value where it has no quotes, else NULL */
/* An object of that template; to_ids: all of its values are for detection. */
void out_object(struct misp_out *w, struct out_item *i, const char *name, const struct out_part *parts, size_t count,
                bool to_ids);
/* As it was in MISP: all that its x_misp_attributes say. */
void out_kept_object(struct misp_out *w, struct out_item *i);
bool out_not_for_detection(const struct misp_out *w, const struct out_item *i); /* revoked, or its time is over */

/* ---- what is said of them (misp_out_around.c) ---- */
/* What is said of that attribute of the object. */
void out_around_part(struct misp_out *w, struct json_out *o, struct out_item *object, const struct uuid *part);
void out_around(struct misp_out *w, struct json_out *o, struct out_item *i, bool object);
bool out_is_cluster(const struct out_item *i);
bool out_is_about(struct text type);
void out_cluster(struct misp_out *w, struct json_out *o, struct out_item *i);
