/* store/facts_table.h - the members of each kind's public and private part, in the order of their names (RFC 8785).
 * One table serves the writer and the reader, so they cannot differ. For facts*.c only. */
#pragma once
#include "store/facts.h"
#include "json/json.h"

enum shape {
    SHAPE_TEXT,       /* struct text; left out when empty */
    SHAPE_UUID,       /* struct uuid; left out when zero */
    SHAPE_UUID3,      /* struct uuid[3] as a list */
    SHAPE_HASH,       /* struct sha256, hex */
    SHAPE_KEY,        /* uint8_t[32], hex */
    SHAPE_KEY_KNOWN,  /* the same; left out when all zero */
    SHAPE_TIME,       /* int64_t microseconds; left out when 0 */
    SHAPE_VALID_FROM, /* with its has_ flag */
    SHAPE_VALID_UNTIL,
    SHAPE_U64, /* left out when 0 */
    SHAPE_U32,
    SHAPE_BOOL,       /* left out when false */
    SHAPE_PRINT,      /* uint64_t as 16 hex digits; left out when 0 */
    SHAPE_CONFIDENCE, /* int16_t; left out when -1 */
    SHAPE_STANDING,
    SHAPE_AUTHORITY, /* left out when AUTHORITY_SOURCE */
    SHAPE_TLP,
    SHAPE_PAP, /* enum pap; left out when PAP_NONE */
    SHAPE_ROLE,
    SHAPE_DOOR,
    SHAPE_ORIGIN_REASON,
    SHAPE_GRANT_KIND,
    SHAPE_RULING_KIND,
    SHAPE_RULING_SCOPE,
    SHAPE_VALUE_KIND,   /* uint8_t, by its name; left out when VALUE_NONE */
    SHAPE_PARTNER_KIND, /* left out for a partner */
    SHAPE_FINDING,
    SHAPE_SIGHTING,
    SHAPE_VALUES,
    SHAPE_FOLLOW,
    SHAPE_HITS,
    SHAPE_PRINTS, /* [finding, base64 of the prints]; left out when none */
    SHAPE_RELEASED,
    SHAPE_CLASSES,
    SHAPE_ENTRIES,   /* sorted numbers of entries */
    SHAPE_GRANTS,    /* sorted UUIDs; left out when none */
    SHAPE_ACCOUNTS,  /* sorted UUIDs; left out when none */
    SHAPE_MEMBERS,   /* [party, from, until], sorted by party */
    SHAPE_STANDINGS, /* left out when empty */
};

struct fact_member {
    const char *name;
    enum shape shape;
    size_t at;     /* offset in struct fact */
    bool required; /* written always, asked for when read */
};
struct fact_members {
    const struct fact_member *list;
    size_t count;
};
struct fact_members fact_members_public(enum fact_kind k);
struct fact_members fact_members_private(enum fact_kind k);

/* facts_shape.c. `field` is the member's place in the fact; VALID_*, FOLLOW and lists look around it themselves, so
 * the whole fact is handed over. */
bool shape_absent(enum shape shape, const struct fact *f, const void *field);
void shape_put(enum shape shape, const struct fact *f, const void *field, struct json_out *o);
MUST_CHECK enum err shape_get(enum shape shape, const struct json_val *v, struct arena *arena, struct fact *f,
                              void *field);

void standings_put(const struct fact_standings *s, struct json_out *o);
MUST_CHECK enum err standings_get(const struct json_val *v, struct arena *arena, struct fact_standings *ret);

/* facts_list.c: the compound ones. */
void list_put(enum shape shape, const struct fact *f, struct json_out *o);
MUST_CHECK enum err list_get(enum shape shape, const struct json_val *v, struct arena *arena, struct fact *f);

/* Simple values, shared by both. A number beyond 2^53 is written as a string of its digits (RFC 8785 keeps no more).
 */
void put_u64(struct json_out *o, uint64_t v);
void put_i64(struct json_out *o, int64_t v);
void put_uuid(struct json_out *o, const struct uuid *u);
bool get_u64(const struct json_val *v, uint64_t *ret);
bool get_i64(const struct json_val *v, int64_t *ret);
bool get_uuid(const struct json_val *v, struct uuid *ret);
void put_standing(struct json_out *o, enum standing s);
bool get_standing(const struct json_val *v, enum standing *ret);
bool fact_uuid_zero(const struct uuid *u);
