/* model/value.h - the atomic values that can be looked for in a log, in one normal form: what a pattern, a CSV cell
 * and a log token must agree on. */
#pragma once
#include "base/buffer.h"
#include "base/ipaddr.h"
#include "base/limits.h"

enum value_kind {
    VALUE_NONE,
    VALUE_DOMAIN,
    VALUE_IPV4,
    VALUE_IPV6,
    VALUE_CIDR,
    VALUE_URL,
    VALUE_EMAIL,
    VALUE_MD5,
    VALUE_SHA1,
    VALUE_SHA256,
    VALUE_SHA512,
    VALUE_ASN, /* from here on plain tokens, but for VALUE_JA3 */
    VALUE_JA3,
    VALUE_JA4,
    VALUE_MUTEX,
    VALUE_FILENAME,
    VALUE_KINDS
};

#define VALUE_MAX_BYTES URL_MAX_BYTES

/* "domain", "ipv4", "ipv6", "cidr", "url", "email", "md5", "sha1", "sha256", "sha512", "asn", "ja3", "ja4", "mutex",
 * "filename": names used in JSON output, CSV `type` cells (with the synonyms MISP and STIX use: "domain-name",
 * "hostname", "ip-dst", "ipv4-addr", "email-addr", "file:hashes.MD5", ...; parse only) and the view. */
const char *value_kind_name(enum value_kind kind);
enum value_kind value_kind_parse(struct text name); /* VALUE_NONE when unknown */

/* Normal form, appended to out:
 *  domain  lower case, no trailing dot, at least two labels, each 1..63 of a-z 0-9 - _ (not - at an end) or an
 *          xn-- label; U-labels are turned to A-labels (UTS 46); a leading "*." is dropped (subdomains match anyway);
 * all-numeric last label is no domain ipv4/6  as base/ipaddr.h prints them (::ffff:1.2.3.4 becomes ipv4 1.2.3.4) cidr
 * host bits cleared; /32 and /128 are returned as ipv4/ipv6: *ret_kind says what it became url     scheme and host in
 * lower case, default port (80, 443, 21) and fragment dropped, empty path becomes "/", a host's trailing dot goes,
 * one in another script becomes A-labels, an IPv6 host is printed as an address is; the rest as it is; needs "://"
 * and a host (RFC 3986); blanks and control characters are refused email   domain in lower case, local part in lower
 * case too (compared without case in practice) hashes  lower-case hex of the right length; ja3 is one of 32 digits
 *  asn     AS65001: "AS" and the number (RFC 5396 asplain)
 *  ja4     lower case; any of the JA4+ fingerprints
 *  mutex   as it is: names of kernel objects are told apart by case
 *  filename  ASCII letters in lower case: file systems that matter here do not tell them apart
 * White space around raw is no part of it. The three address kinds are one here: what the text is decides, since a
 * MISP ip-dst may hold either family or a network; *ret_kind says what it became.
 * ERR_MALFORMED, *reterr says what is wrong and out is as it was; an error of out itself sticks in out. */
MUST_CHECK enum err value_normalise(enum value_kind kind, struct text raw, struct buffer *out,
                                    enum value_kind *ret_kind, struct fault *reterr);
/* The kind a bare cell most probably has (order: hash by length, CIDR, address, URL, e-mail, domain, AS number with
 * its letters, JA4), or VALUE_NONE. */
enum value_kind value_detect(struct text raw);
