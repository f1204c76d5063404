/* format/iodef_tree.h - one Incident of IODEF as a tree, from XML (RFC 7970) or JSON (RFC 8727), so that one reader
 * serves both. What is looked at is marked: what stays unmarked is told as lost. */
#pragma once
#include "base/arena.h"
#include "json/json.h"

struct iodef_attribute {
    struct text name, value;
    struct iodef_attribute *next;
};
struct iodef_node {
    struct text name; /* without its prefix */
    struct text text; /* character data, blanks at the ends cut off */
    bool foreign;     /* of a namespace that is none of IODEF's: AdditionalData holds such */
    bool used;        /* something of it was looked at */
    int64_t at;       /* byte offset in the document */
    struct iodef_attribute *attributes;
    struct iodef_node *parent, *first, *last, *next; /* children in order */
    const struct json_val *json;                     /* of JSON: what it was made of */
};

/* Appended to the parent (NULL: none). NULL when the arena is used up. */
struct iodef_node *iodef_node_new(struct arena *a, struct iodef_node *parent, struct text name, int64_t at);
/* false when the arena is used up. */
bool iodef_node_attribute(struct arena *a, struct iodef_node *n, struct text name, struct text value);
/* RFC 8727: members that begin with a capital are elements, lists are repeated elements; the others are attributes,
 * `value` and `id` the text. NULL when the arena is used up. */
struct iodef_node *iodef_node_of_json(struct arena *a, const struct json_val *object, struct text name, int64_t at);

/* The first child of that name, marked with its text; NULL: none, or n is NULL. */
struct iodef_node *iodef_child(struct iodef_node *n, const char *name);
/* The next of n's siblings of the same name; marked. */
struct iodef_node *iodef_again(struct iodef_node *n);
struct text iodef_text(struct iodef_node *n, const char *child); /* of the first such child; empty: none */
struct text iodef_attr(const struct iodef_node *n, const char *name);
/* n and all below it count as looked at. */
void iodef_carried(struct iodef_node *n);
/* The next node in document order below root that is unmarked and holds something, the uppermost of its branch, and
 * marks it. NULL: none. */
struct iodef_node *iodef_unused(struct iodef_node *root);
/* "Incident/EventData/AdditionalData" */
void iodef_path(const struct iodef_node *n, struct buffer *out);
/* As XML in UTF-8, or as JSON where it came as such. Errors stick in out. */
void iodef_write(const struct iodef_node *n, struct buffer *out);
