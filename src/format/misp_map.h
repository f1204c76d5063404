/* format/misp_map.h - which attribute of which MISP object a property of an observable is, for the way out. A
 * property is named as in a pattern, without indices: "file:hashes.MD5", "network-traffic:src_ref.value". What comes
 * in is in misp_types.h. Source: MISP's object templates and describeTypes; what misp-stix makes of the same. */
#pragma once
#include "base/text.h"

enum misp_as { MISP_AS_TEXT, MISP_AS_TIME, MISP_AS_NUMBER_OF_AS, MISP_AS_UPPER, MISP_AS_DATA };
struct misp_map {
    const char *path;
    const char *object; /* NULL: attributes of their own, whatever stands beside them */
    const char *relation, *type;
    const char *plain; /* its type where it stands alone; NULL: an object all the same */
    enum misp_as as;
};
const struct misp_map *misp_map_of(struct text path); /* NULL: no place is known */
/* A reference's type, a login's service: said by the attribute's own type. */
bool misp_map_silent(struct text path);
const char *misp_category(struct text type);        /* the usual one; "Other" where the type is not known */
const char *misp_meta_category(const char *object); /* of an object's template; "misc" where it is not known */
