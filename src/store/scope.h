/* store/scope.h - what a token may be used for. Who it is for, and that account's role, limit it further. Pure. */
#pragma once
#include "base/buffer.h"
#include "release/gate.h"

enum scope {
    SCOPE_TAXII_READ = 1,
    SCOPE_TAXII_WRITE = 2,
    SCOPE_API_READ = 4,
    SCOPE_API_WRITE = 8,
    SCOPE_REPORT = 16, /* events given to us: POST /intelmq/ */
    SCOPE_LOG = 32, /* checkpoints, tiles, introductions, cosigning: /log/; proofs of objects want TAXII_READ, too */
    SCOPES_ALL = 63
};

/* The most that a token of such an account is good for; machine_of_party: of a partner's machine. An account without
 * a role that is no partner's has nothing. */
unsigned scopes_allowed(bool machine_of_party, enum role role);
/* What a token gets when nobody says: a partner's machine TAXII and the log, our own accounts what their role allows.
 */
unsigned scopes_default(bool machine_of_party, enum role role);
/* "taxii-read,log": names between commas. ERR_USAGE: an unknown or an empty one; *ret_bad (may be NULL) is it. */
MUST_CHECK enum err scopes_parse(struct text list, unsigned *ret, struct text *ret_bad);
/* Names between commas, in the order of the enum, appended. */
void scopes_write(unsigned scopes, struct buffer *out);
/* The name of one of them; NULL: no such bit. For loops over `1u << i`. */
const char *scope_name(unsigned one);
#define SCOPE_BITS 6
/* For help and errors: all names. */
#define SCOPE_NAMES "taxii-read, taxii-write, api-read, api-write, report, log"
