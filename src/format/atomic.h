/* format/atomic.h - one value, or one detection rule, as a STIX 2.1 indicator record: what CSV, lists, free text and
 * detection rules have in common. The id is derived from party, kind and value, so the same value of the same party
 * is the same object, whatever document it came in; its times are the intake's (record.h: print). */
#pragma once
#include "base/time.h"
#include "format/record.h"
#include "model/marking.h"

struct atomic {
    enum value_kind kind;                /* VALUE_NONE: a rule, below */
    struct text value;                   /* normal form */
    struct text pattern_type, name, key; /* of a rule: value is its text; key is what makes the id */
    int confidence;                      /* -1: none */
    bool has_valid_until;
    struct stamp valid_until;
    enum tlp tlp; /* TLP_NONE: the document's */
    struct text description;
    struct text labels; /* ';' between; those of indicator-type-ov become its types, too */
    /* One external reference; source empty: none. */
    struct text source, url, place, why;
    bool proposed;
};

struct atomic_maker {
    struct text party, identity; /* owned, in texts */
    enum tlp tlp;                /* fills absent markings */
    struct buffer texts, key, pattern, body;
};
/* ERR_NOMEM; atomic_done() is to be called all the same. */
MUST_CHECK enum err atomic_init(struct atomic_maker *m, struct text party, struct text identity, uint8_t tlp);
void atomic_done(struct atomic_maker *m);
/* Appends its record; `at` is its place in the document. Texts must be UTF-8. ERR_NOMEM */
MUST_CHECK enum err atomic_add(struct atomic_maker *m, const struct atomic *a, int64_t at, struct buffer *to);
