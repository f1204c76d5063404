/* format/warninglist.h - MISP's warning lists (list.json of MISP/misp-warninglists: name, version, description, type,
 * matching_attributes, list): values that should rarely be looked for. An entry that cannot be used is refused, the
 * rest stays. The checked list is handed over as canonical JSON in RECORD_LIST pieces:
 *   {"description","entries":[...],"kinds":["ipv4",...],"name","type","version"}
 * Entries: cidr as base/ipaddr.h prints networks and addresses; hostname in lower case, A-labels, no dot at either
 * end; string and substring in lower case (ASCII); regex as the expression stands between the slashes, with "(?i)" in
 * front where its flags say so. `kinds`: the kinds of value it speaks of (value_kind_name()); none: of no kind that
 * is looked for here. */
#pragma once
#include "format/format.h"

enum warninglist_type {
    WARNINGLIST_NONE,
    WARNINGLIST_CIDR,
    WARNINGLIST_HOSTNAME,
    WARNINGLIST_STRING,
    WARNINGLIST_SUBSTRING,
    WARNINGLIST_REGEX,
    WARNINGLIST_TYPES
};
const char *warninglist_type_name(enum warninglist_type type);  /* "cidr", ... */
enum warninglist_type warninglist_type_parse(struct text name); /* WARNINGLIST_NONE: no such type */

/* Bytes of a list's file; the largest that people use (a million names) have 30 MB. Of one entry. */
#define WARNINGLIST_MAX_BYTES       (64 * MIB)
#define WARNINGLIST_ENTRY_MAX_BYTES (2 * KIB)
#define WARNINGLIST_NAME_MAX_BYTES  512
/* Regular expressions of one list: each is run over each value. */
#define WARNINGLIST_REGEX_MAX 256
/* Bytes of one piece. */
#define WARNINGLIST_PART_BYTES (4 * MIB)

/* Does the document begin as one? For who was given it as something else. */
bool warninglist_begins(const struct format_head *h);
extern const struct format FORMAT_WARNINGLIST;
