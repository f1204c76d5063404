/* format/emit.h - one STIX object -> RECORD_OBJECT: checked against every MUST (model/stix.h), in canonical form. All
 * formats end here: what a converter of ours makes is held against the specification as what a stranger sends is. */
#pragma once
#include "base/arena.h"
#include "format/record.h"
#include "json/json.h"

struct emit {
    struct arena arena;          /* of the object at hand */
    struct buffer body;          /* its canonical form */
    struct record_value *values; /* its values, grown as needed; owned */
    size_t value_cap;
};
void emit_init(struct emit *e);
void emit_done(struct emit *e);

struct emit_as {
    int64_t at;    /* the place in the document; never lower than the one before */
    uint8_t tlp;   /* enum tlp: counts where the object has no TLP marking (release.md rule 2); its body stays */
    bool proposed; /* waits for a person */
    bool ends;     /* counts only where its id is held (struct record_object) */
    /* An indicator from a format without versions: `created`, `modified` and `valid_from` are EMIT_STAMP in what is
     * given, and the intake writes its own time there (struct record_object: print). */
    bool stamped;
    /* Values that an indicator is looked for by besides those of its pattern, in normal form. */
    const struct record_value *values;
    size_t value_count;
    struct text original; /* the object's own bytes: handed on only when canonical form cannot keep a number */
};
#define EMIT_STAMP "1970-01-01T00:00:00.000Z"

/* Appends the record. ERR_MALFORMED | ERR_LIMIT: nothing is appended; *reterr has rule and reason. ERR_NOMEM */
MUST_CHECK enum err emit_value(struct emit *e, const struct json_val *object, const struct emit_as *as,
                               struct buffer *to, struct fault *reterr);
/* The same of an object as text, its names in any order. */
MUST_CHECK enum err emit_text(struct emit *e, struct text object, const struct emit_as *as, struct buffer *to,
                              struct fault *reterr);
