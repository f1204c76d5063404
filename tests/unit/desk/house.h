/* A node in a scratch folder, and short ways to ask for what the tests of the desk ask for. */
#pragma once
#include "support/test.h"

#include "desk/intake.h"
#include "support/scratch.h"

struct house {
    char folder[SCRATCH_PATH_MAX], home[SCRATCH_PATH_MAX + 8];
    struct node *node;
    struct uuid a, b; /* two parties */
    struct uuid account;
    unsigned told; /* refused objects */
    char rule[64]; /* of the last one */
};
void house_open(struct house *h);
void house_reopen(struct house *h); /* closes and opens again */
void house_close(struct house *h);

/* What a document becomes when it comes from the party (NULL: from ourselves). */
struct intake_options house_options(struct house *h, const struct uuid *party);
enum err house_take(struct house *h, struct text document, const struct intake_options *options,
                    struct intake_totals *ret);
/* The same, must go well. */
struct intake_totals house_import(struct house *h, const char *document, const struct uuid *party);
/* A bundle of the printf-formatted objects; static. */
const char *house_bundle(const char *format, ...) PRINTF_LIKE(1, 2);
/* An indicator object for a domain; number makes id and value; extra is further members or "". Static, eight in
 * turns. */
const char *house_indicator(unsigned number, const char *modified, const char *extra);
const char *house_indicator_id(unsigned number);

uint64_t house_entries(struct house *h);
/* The current version, its body in *body (may be NULL; initialised here). false: none. Texts of *ret are cleared. */
bool house_current(struct house *h, const char *id, struct version_row *ret, struct buffer *body);
struct gate_class house_class(struct house *h, const char *id);
size_t house_standing(struct house *h, const char *id, enum standing standing);
/* A top-level string member of the current version; static. */
const char *house_member(struct house *h, const char *id, const char *name);

struct uuid house_source(struct house *h, const char *name, const struct uuid *party, enum tlp default_tlp,
                         bool incident_rule);
void house_peer(struct house *h, const struct uuid *party, bool sightings);
