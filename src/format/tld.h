/* format/tld.h - what a domain name may end in, and where one begins to be somebody's: by the Public Suffix List as
 * libpsl has it built in. */
#pragma once
#include "base/text.h"

/* A top-level domain that is in use (ASCII, any case); "onion" is one. */
bool tld_known(struct text label);
/* Names kept for documentation and tests (RFC 2606, 6761): "test", "example", "invalid", "localhost". */
bool tld_reserved(struct text label);
/* The part of a host name that somebody registered ("a.b.co.uk" gives "b.co.uk"); the whole where none is. Borrowed
 * from host, which is in lower case and at most DOMAIN_MAX_BYTES long. */
struct text tld_registered(struct text host);
