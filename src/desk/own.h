/* desk/own.h - what the files of this room share: members of canonical bodies, and our own objects' way into the log.
 * No other room includes it. */
#pragma once
#include "base/time.h"
#include "store/node.h"
#include "json/json.h"

/* Extension definitions of ours, described in docs/objects/. */
#define EXT_ORGANISATION "extension-definition--dec14527-2943-4052-9df7-6d646514e68c"
#define EXT_FINDING      "extension-definition--5bc4b143-a4a6-4a74-b88f-3c3f6d157ee7"
#define EXT_INCIDENT     "extension-definition--94f990de-06de-4b99-b12d-502f4cdda10b"

#define TYPE_FINDING  "x-entente-finding"
#define TYPE_INCIDENT "incident"

/* The raw JSON of a top-level member of a canonical object (json_canonical()'s output); TEXT_NONE when not there. */
struct text body_member(struct text body, const char *name);
/* The content of a top-level string member that holds no escape; TEXT_NONE otherwise. */
struct text body_string(struct text body, const char *name);
/* A top-level timestamp member, in microseconds. false: not there or unreadable. */
bool body_time(struct text body, const char *name, int64_t *ret_us);

bool uuid_is_zero(const struct uuid *u);
/* The UUID of an identifier of any type: "identity--...". false: not one. */
bool uuid_of_id(struct text id, struct uuid *ret);

/* Times of an object's next version: whole milliseconds, and later than the version before. */
struct own_times {
    int64_t created_us, modified_us;
    char created[STAMP_TEXT_MAX], modified[STAMP_TEXT_MAX];
};
/* before: the current version, or NULL for a new object. */
struct own_times own_times(struct txn *t, const struct version_row *before);
/* The common properties of STIX 2.1 section 3.2 into an object that is open: type, spec_version, id, created,
 * modified, created_by_ref, and object_marking_refs when label is not TLP_NONE. */
void own_put_common(struct json_out *o, struct text id, const struct fact_genesis *g, const struct own_times *times,
                    enum tlp label);
/* The same, and behind the label what else is in `refs` (an object_marking_refs; NULL: nothing): the terms of what it
 * is derived from. */
void own_put_marked(struct json_out *o, struct text id, const struct fact_genesis *g, const struct own_times *times,
                    enum tlp label, const struct json_val *refs);
/* A timestamp member with `digits` decimals. */
void own_put_time(struct json_out *o, const char *name, int64_t us, uint8_t digits);

struct own_object {
    struct text id;
    const struct own_times *times;
    const struct version_row *before; /* NULL: new */
    enum tlp label;
    bool revoked;
    bool outward; /* false: internal_only */
    struct uuid account;
    const struct fact_finding *finding;   /* or NULL */
    const struct fact_sighting *sighting; /* or NULL; with: */
    bool opinion;                         /* goes the way a sighting does, and is none that the view counts */
    enum tlp sighting_tlp;
    const struct terms *sighting_terms; /* of the sighted indicator */
};
/* Brings the body to canonical form and appends it as the current version of an object of ours. */
MUST_CHECK enum err own_append(struct txn *t, const struct own_object *o, const struct buffer *body,
                               struct fault *reterr);
/* An object of ours that has one version only: marking and extension definitions. Their class is handed over, but for
 * the type. */
struct own_plain {
    struct text id;
    struct gate_class *cls;
    const struct uuid *account;
};
MUST_CHECK enum err own_append_as(struct txn *t, const struct own_plain *o, struct text body, struct fault *reterr);
/* Does the body say what the canonical one `held` says, but for `modified`? */
MUST_CHECK enum err own_same(struct txn *t, const struct buffer *body, struct text held, bool *ret,
                             struct fault *reterr);
/* An act of a person. */
MUST_CHECK enum err own_act(struct txn *t, const struct uuid *account, const char *verb, struct text subject,
                            struct text reason, struct fault *reterr);
/* The current version's body, parsed. *ret_row's texts are cleared. ERR_NOT_FOUND */
MUST_CHECK enum err own_load(struct txn *t, struct text id, struct version_row *ret_row, struct buffer *body,
                             struct json_doc **ret_doc, struct fault *reterr);
