/* command/api.h - the command table seen over HTTP (docs/API.md): which command is which operation, what its JSON
 * lines hold, and how a request becomes a session. */
#pragma once
#include "command/session.h"
#include "web/api.h"

enum api_type { API_TEXT, API_MOMENT, API_INTEGER, API_NUMBER, API_TRUTH, API_TEXTS, API_ANY, API_INNER, API_INNERS };
enum { API_MAYBE = 1, API_OR_NULL = 2 };
/* A member of a JSON line. */
struct api_field {
    const char *name; /* NULL ends a list */
    enum api_type type;
    unsigned flags;
    const char *help;
    const struct api_field *inner; /* API_INNER: an object of these; API_INNERS: a list of such */
};
#define API_LINES_MAX 6 /* kinds of lines of one command */

enum api_body {
    API_BODY_NONE, /* operands and options are path segments and query parameters */
    API_BODY_JSON, /* they are members of a JSON object */
    API_BODY_FILE  /* the body is the first file operand; options are query parameters */
};
enum {
    API_READS = 1,   /* not a GET, and yet changes nothing */
    API_CHECKS = 2,  /* exit 1 is an answer like any other */
    API_SEES = 4,    /* its operands are objects, and the account has to see them */
    API_ALONE = 8,   /* one line at most: the answer is an object */
    API_CREATES = 16 /* 201 */
};
struct api_row {
    const struct command *command;
    const char *method, *path; /* "/findings/{finding}": a segment in braces is the next operand, or the option of
                                  that name; NULL: not offered */
    const char *operands;      /* parameter or member with the operands that are in no segment; NULL: none */
    enum api_body body;
    unsigned flags;
    const char *needs;                            /* options that must be given, comma between; NULL: none */
    const struct api_field *lines[API_LINES_MAX]; /* NULL: words */
    const char *file;                             /* its answer is a file of this media type, or of what --as says */
    const char *why;                              /* not offered: why */
};
extern const struct api_row API_ROWS[];      /* ends with command NULL */
extern const struct api_row API_STATUS_PAGE; /* overview.c: of no table */

/* May this option be given from elsewhere? Not what names files or folders of this machine, another account's eyes,
 * or how foreign documents are read here. */
bool api_offers(const struct api_row *row, const struct option_spec *option);
/* Values that an option is one of, "on|off"; NULL: anything. */
const char *api_values(const struct option_spec *option);
/* The option takes a whole number. */
bool api_is_number(const struct option_spec *option);
#define API_NUMBER_MAX   1000000
#define API_VALUE_MAX    4096 /* characters of one value */
#define API_OPERANDS_MAX 1000
/* Operands that stand in a query more than once: a request line has an end (414). */
#define API_QUERY_MAX       10
#define API_QUERY_VALUE_MAX 512
/* The row's least role. */
enum role api_least(const struct api_row *row);
/* Whether the row's path fits; the segments in braces are handed to each (may be NULL). */
bool api_path_fits(const struct api_row *row, struct text path,
                   void (*each)(void *self, struct text name, struct text value), void *self);
/* Is the name in braces of the row's path an option of its command? */
const struct option_spec *api_option(const struct api_row *row, struct text name, size_t *ret_index);

struct owner;
struct api_backend api_backend(struct owner *owner);
