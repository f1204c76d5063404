/* model/stix_validate.h - every fault of a STIX 2.1 object (errata 01), for those who want to be told them all;
 * model/stix.h refuses at the first MUST by the same rules. Pure. What is judged and what is not: docs/VALIDATION.md
 */
#pragma once
#include "base/arena.h"
#include "json/json.h"

enum stix_severity {
    STIX_MUST,  /* the object is no STIX 2.1 */
    STIX_SHOULD /* it is, but not as the specification recommends */
};

/* One thing wrong. The texts live until the callback returns. */
struct stix_fault {
    enum stix_severity severity;
    const char *rule;    /* "STIX 2.1 4.7.1": the section that demands it */
    struct text pointer; /* RFC 6901, from the object; empty: the object itself. What is missing is pointed at where
                            it should stand */
    struct text words;   /* for a person, one line */
    const char *let;     /* NULL, or a MUST that intake lets pass with a warning: the name of its class, as in
                            docs/VALIDATION.md */
};
typedef void stix_on_fault(void *self, const struct stix_fault *f);

/* Tells on_fault of every fault of one object, in the order in which its properties stand, what is missing last. Of a
 * bundle its own properties are judged, not its objects'. *ret_musts counts the faults that break a MUST; 0: valid.
 * Faults are no failure: OK. ERR_NOMEM (also when the arena's budget is used up): told so far is true. */
MUST_CHECK enum err stix_validate(const struct json_val *object, struct arena *arena, stix_on_fault *on_fault,
                                  void *self, uint64_t *ret_musts);

/* ---- what only shows when several objects are seen together ---- */
struct stix_together;

/* For the objects of one bundle or document. Remembers a few bytes an object, at most max_bytes in all: objects
 * beyond are not compared (stix_together_full() says so). ERR_NOMEM */
MUST_CHECK enum err stix_together_new(size_t max_bytes, struct stix_together **ret);
void stix_together_free(struct stix_together *t);
/* Adds one object (any JSON value; what has no identifier is passed over) and tells what contradicts those added
 * before it: the same id and modified with other content (3.6; a property at its default counts as left out), the
 * same id with another created (3.2) or creator (3.6), a version later than one that is revoked (3.2), one UUID for
 * two types (2.9: a MUST where both name the same creator, else a SHOULD), a family of malware as the variant of an
 * instance (4.11.2, when both ends came before). *ret_musts counts these MUSTs. ERR_NOMEM */
MUST_CHECK enum err stix_together_add(struct stix_together *t, const struct json_val *object, stix_on_fault *on_fault,
                                      void *self, uint64_t *ret_musts);
bool stix_together_full(const struct stix_together *t);
