/* match/scan.h - finds indexed values in one line of any text log. Simple and exact: the reference for any faster
 * one.
 *
 * What hits (values compared in the normal form of model/value.h):
 *  domain  a run of letters, digits, '.', '-' and '_' that forms a domain name (labels of 1..63, 253 in all, the last
 *          not a number); the name itself or any parent at a label boundary is looked up (a.b.evil.example hits
 *          evil.example; notevil.example does not). Case does not matter, nor dots and hyphens at the ends. The host
 *          of a URL and the domain of an e-mail address are such names too, and what stands in a path or query.
 *  ipv4    four decimal parts without leading zeros, not part of a longer dotted number or of a word (v1.2.3.4,
 *          foo-1.2.3.4, 1.2.3.4-1, .1.2.3.4) nor a browser's version (Chrome/120.0.0.0); followed by :port, #port,
 *          /path, a full stop at the end of a sentence and the like it still is one. A port suffix `.53` (tcpdump,
 *          five dotted parts) is read as address and port; a hyphen may join two addresses, or a port and one.
 *  ipv6    any RFC 4291 spelling, with or without brackets, zone (%eth0) or port; behind `key:` and before `:word`;
 *          IPv4-mapped is the IPv4 address. Times and MAC addresses are none.
 *  cidr    every address found is looked up in the networks that hold it (all of them hit, most specific first);
 *          a network written in the log (1.2.3.0/24, 1.2.3.0/255.255.255.0) is not an address in it; with host bits
 *          set (inet 1.2.3.4/24, Cisco's outside:1.2.3.4/22), or of full length (1.2.3.4/32), it is an address
 *  url     scheme://..., ended by white space, quotes, <> and the like; where else it may end, and which marks at its
 *          end are the sentence's, is written in token_url.c: each such reading is looked up, exactly, or by
 *          what it begins with (enum url_level)
 *  email   local@domain; what may be the local part is written in token_email.c. Not the user of a URL.
 *  hash    a run of hex digits of exactly 32, 40, 64 or 128, no letter or digit beside it
 *          A name in another script hits by its A-labels (xn--...; UTS 46)
 * Letters outside ASCII belong to the words they stand in (evil.example after an e with accent is another name);
 * punctuation and blanks outside ASCII separate (chars.c).
 * Escapes: a line is read as it stands, and where it has JSON's or nginx's backslashes, %XX or rsyslog's #012 once
 * more with them resolved, READING_DEPTH_MAX layers deep (escape.c). A value that goes on with an escaped character
 * (evil.example\u002eorg) is not a value.
 */
#pragma once
#include "match/index.h"

/* How much of a logged URL an indicator must be; a looser level takes what the stricter ones take, too. */
enum url_level {
    URL_EXACT,         /* scheme, host, port, path and query */
    URL_WITHOUT_QUERY, /* the logged URL may go on with a query */
    URL_PREFIX         /* its path may go on at a slash, too */
};
#define URL_LEVELS 3
/* "exact", "without-query", "prefix" */
extern const char *const url_level_names[URL_LEVELS];

struct scan_hit {
    enum value_kind kind; /* of the indicator: VALUE_CIDR when a network was hit */
    uint32_t ref;         /* the indicator */
    size_t start, len;    /* the value as logged, within the line (for a parent domain: the whole name logged) */
    enum url_level level; /* of a URL: the strictest at which it hits */
};

/* An address or domain name found on a line, for the question whose it is. In order of appearance. */
struct scan_seen {
    bool is_address;
    struct ipaddr addr; /* when is_address */
    struct text name;   /* as logged, borrowed from the line, otherwise */
    size_t start, len;
};

struct scanner; /* scratch memory of one thread */
MUST_CHECK enum err scanner_new(struct scanner **ret);
void scanner_free(struct scanner *s);
/* URL_EXACT unless said otherwise. */
void scanner_set_urls(struct scanner *s, enum url_level level);

/* All hits of one line (no newline in it) over `indexes`, one per ref, in order of first appearance; borrowed until
 * the next call. ERR_NOMEM */
MUST_CHECK enum err scan_line(struct scanner *s, const struct index *const *indexes, size_t index_count,
                              struct text line, const struct scan_hit **ret_hits, size_t *ret_count);
/* Everything on the line that can be owned: for lines with a hit. Borrowed until the next call. ERR_NOMEM */
MUST_CHECK enum err scan_owners(struct scanner *s, struct text line, const struct scan_seen **ret, size_t *ret_count);

/* A quick pass over many lines at once: calls `on_hit` for every line that has hits; stops and returns its error when
 * it does not return OK. The text holds whole lines; the last may lack its newline. `line` counts from first_line,
 * `offset` is that of the line's first byte, counted from first_offset. Lines of any length are scanned
 * whole. on_hit must not use the scanner. */
struct scan_line_hits {
    uint64_t line;
    uint64_t offset;
    struct text text; /* the line, without newline and CR */
    const struct scan_hit *hits;
    size_t hit_count;
};
typedef enum err scan_on_hit(void *self, const struct scan_line_hits *hits);
MUST_CHECK enum err scan_block(struct scanner *s, const struct index *const *indexes, size_t index_count,
                               struct text block, uint64_t first_line, uint64_t first_offset, scan_on_hit *on_hit,
                               void *self);
/* Lines in a block, as scan_block counts them. */
uint64_t scan_count_lines(struct text block);
