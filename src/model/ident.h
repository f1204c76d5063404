/* model/ident.h - UUIDs (RFC 9562) and STIX identifiers (STIX 2.1 section 2.9: `type--UUID`). */
#pragma once
#include "base/hash.h"

#define UUID_TEXT_MAX  37  /* with its NUL */
#define TYPE_MAX_BYTES 250 /* STIX 2.1 sections 3.1 and 11.2.1: 3 to 250 characters, a-z 0-9 and - */
#define IDENT_TEXT_MAX (TYPE_MAX_BYTES + 2 + UUID_TEXT_MAX)

struct uuid {
    uint8_t b[16];
};

MUST_CHECK enum err uuid_parse(struct text t, struct uuid *ret); /* 8-4-4-4-12, lower or upper case; ERR_MALFORMED */
struct text uuid_format(const struct uuid *u, char out[UUID_TEXT_MAX]);
bool uuid_eq(const struct uuid *a, const struct uuid *b);
struct uuid uuid_random(void);                                      /* version 4 */
struct uuid uuid_named(const struct uuid *space, struct text name); /* version 5 (SHA-1) */
/* The namespace of deterministic SCO ids (section 2.9): 00abedb4-aa42-466c-9c01-fed23315a9b7. */
extern const struct uuid UUID_STIX_SCO;

/* A STIX identifier taken apart; `type` borrows from the text. */
struct ident {
    struct text type;
    struct uuid uuid;
};
/* Checks the type name and the form of the UUID; any variant and version, since OASIS's own interoperability
 * documents have all of them. ERR_MALFORMED, *reterr names the section. */
MUST_CHECK enum err ident_parse(struct text t, struct ident *ret, struct fault *reterr);
/* A valid object type name: sections 3.1, 7.3.2 and 11.2.1: a-z, 0-9 and hyphen, 3..250 long, a letter first, no two
 * hyphens in a row and none at the end (the identifier's own "--" follows). */
bool type_name_valid(struct text t);
/* "type--uuid", NUL-terminated. type at most TYPE_MAX_BYTES. */
struct text ident_format(struct text type, const struct uuid *uuid, char out[IDENT_TEXT_MAX]);
