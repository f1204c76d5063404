/* desk/describe.h - an object in the words of a person: sections of lines, which a terminal or a page lays out. Pure:
 * what other objects are called is asked of who calls. Texts are as their authors wrote them, not cleaned.
 * Types: STIX 2.1 sections 4 to 7 and docs/objects/; of any other type the members are shown as they are. */
#pragma once
#include "base/arena.h"
#include "json/json.h"

/* Sections of one description, lines of one section, elements shown of one list. */
#define DESCRIBE_SECTIONS_MAX 16
#define DESCRIBE_LINES_MAX    2000
#define DESCRIBE_LIST_MAX     50

struct describe_line {
    struct text name; /* "valid until"; empty: the line goes on where the one before ended */
    struct text value;
};
struct describe_section {
    struct text title;
    struct describe_line *lines;
    size_t count, cap;
};
struct description {
    struct arena *arena; /* everything in it */
    struct text title;   /* "\"Emotet\" (malware)" */
    struct describe_section sections[DESCRIBE_SECTIONS_MAX];
    size_t count;
    bool short_of_memory; /* what is here is not all there was */
};
void description_init(struct description *d, struct arena *arena);
/* The section of that title, made now when there is none; literal titles only. */
struct describe_section *describe_section(struct description *d, const char *title);
/* A line; value is copied into the arena. Nothing for an empty value. */
void describe_add(struct description *d, struct describe_section *s, const char *name, struct text value);
void describe_addf(struct description *d, struct describe_section *s, const char *name, const char *format, ...)
    PRINTF_LIKE(4, 5);

struct describe_with {
    /* What people call the object of that id, "(not here)" and "(withheld)" included; in the arena, or static. */
    struct text (*name)(void *self, struct text id);
    void *self;
    /* Top-level members in the wanted language (section 7.1), or NULL: they stand for the object's own. */
    const struct json_val *translated;
};
/* What it is called: its name, else the value, else a sentence about it; with its type. In the arena. */
struct text describe_title(const struct json_val *object, const struct describe_with *with, struct arena *arena);
/* "What it says", and "External references" where there are some. */
void describe_object(struct description *d, const struct json_val *object, const struct describe_with *with);

/* "x-entente-finding" is a "finding", "observed-data" "observed data": a type in words. In the arena or static. */
struct text describe_type(struct text type, struct arena *arena);
