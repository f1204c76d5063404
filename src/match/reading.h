/* match/reading.h - one way to read a line: as it stands, or a piece of it with its escapes resolved. The tokeniser
 * (token.c) walks over a reading and reports what it finds to the scanner (scan.c). */
#pragma once
#include "match/chars.h"
#include "match/scan.h"

/* Escapes within escapes: JSON in JSON in a URL's query is seen; deeper is not looked at. */
#define READING_DEPTH_MAX 4

struct reading {
    const uint8_t *p;
    size_t len;
    /* For each byte of p, and for the end, where it stands in the line: map[i], or i itself without a map. */
    const size_t *map;
    unsigned depth;    /* 0: the line itself */
    bool percent_read; /* %XX was resolved: what was escaped in a URL is not told from what ended it */
    /* how far something already dealt with reaches */
    size_t ipv6_end;      /* runs before it belong to an IPv6 address */
    size_t ipv6_seen;     /* colons before it were looked at */
    size_t authority_end; /* of the last URL: what follows an address in there is no prefix length */
    size_t escapes_end;   /* escapes before it were resolved with the piece they stand in */
    size_t hard_end;      /* the hard end behind the last URL */
};

static inline size_t reading_where(const struct reading *r, size_t at)
{
    return r->map ? r->map[at] : at;
}

struct span {
    size_t start, end;
};

/* ---- what the tokeniser reports (scan.c) ---- */

/* A name of two labels or more: itself (when whole) and what stands behind each dot but the last are looked up. Dots
 * before a letter outside ASCII are left out: no index holds such a name but in its xn-- form. */
#define NAME_DOTS_MAX 127
struct name_found {
    struct span at;
    size_t dots[NAME_DOTS_MAX];
    size_t dot_count;
    bool whole; /* the name itself can be looked up, not only its parents */
};
void scan_found_name(struct scanner *s, const struct reading *r, const struct name_found *name);
void scan_found_address(struct scanner *s, const struct reading *r, const struct ipaddr *a, struct span at);
void scan_found_hash(struct scanner *s, const struct reading *r, struct span at);
/* local@domain, each already told apart from what surrounds it */
void scan_found_email(struct scanner *s, const struct reading *r, struct span at);
/* Does any index hold URLs that begin like this one? after: what stands behind "://". */
bool scan_wants_url(const struct scanner *s, const uint8_t *after, size_t len);
size_t scan_longest_url(const struct scanner *s); /* of the indexes, in normal form */
void scan_found_url(struct scanner *s, const struct reading *r, struct span at);
bool scan_wants_emails(const struct scanner *s);
/* Does any index hold plain tokens? */
bool scan_wants_words(const struct scanner *s);
/* A run of letters, digits and underscores: what an index of plain tokens is asked for next. */
void scan_found_word(struct scanner *s, const struct reading *r, struct span at);
size_t scan_index_count(const struct scanner *s);
const struct index *scan_index(const struct scanner *s, size_t i);
/* What may be a plain token of any kind. */
void scan_found_token(struct scanner *s, const struct reading *r, struct span at);
/* The memory of the one reading at this depth: bytes and map (len + 1), until the next one of the same depth. NULL
 * and a sticky error when there is none. */
uint8_t *scan_take_bytes(struct scanner *s, unsigned depth, size_t len, size_t **ret_map);

/* ---- the tokeniser ---- */

void token_read(struct scanner *s, struct reading *r); /* token.c */
/* token_read()'s two steps, for who finds runs and signs otherwise (keys_block.c): a run of host name characters with
 * what classes are in it (CHAR_DOT and CHAR_HIGH are looked at), a byte of CHAR_SIGN. token.c */
void token_run(struct scanner *s, struct reading *r, struct span run, unsigned classes);
void token_sign(struct scanner *s, struct reading *r, size_t at);
void token_ipv6(struct scanner *s, struct reading *r, size_t colon);        /* token_ip.c */
void token_numbers(struct scanner *s, struct reading *r, struct span run);  /* token_ip.c */
void token_url(struct scanner *s, struct reading *r, size_t colon);         /* token_url.c */
void token_url_escaped(struct scanner *s, struct reading *r, size_t colon); /* token_url.c */
void token_email(struct scanner *s, struct reading *r, size_t at);          /* token_email.c */
void token_words(struct scanner *s, const struct reading *r);               /* token_word.c */
/* Cuts a name off a run of name characters: leading and trailing dots and hyphens go. False when no domain name is
 * left. Runs with ".." in them are cut there by the caller. */
bool token_name(const struct reading *r, struct span run, struct name_found *ret); /* token.c */

/* ---- escapes (escape.c) ---- */

/* Is an escape at p[at]: \n \/ \u002e \x2e, %2e, #012? */
bool escape_backslash_at(const uint8_t *p, size_t len, size_t at);
bool escape_percent_at(const uint8_t *p, size_t len, size_t at);
bool escape_octal_at(const uint8_t *p, size_t len, size_t at);
/* Does p[at] begin an escape for a character that would belong to the token before it:
 * evil.com\u002eorg, 1.2.3.4%2E5? Then what stands before it is not a whole token. */
bool escape_continues(const uint8_t *p, size_t len, size_t at);
/* Is there an escape at p[at] for a character that ends everything? */
bool escape_is_hard(const uint8_t *p, size_t len, size_t at);
/* Do the two bytes at `at` belong to %XX? Then what begins there is no number or hash of its own. */
bool escape_before(const struct reading *r, size_t at);
/* Reads the piece between hard ends around `at` once more, one layer of escapes resolved. */
void escape_read(struct scanner *s, struct reading *r, size_t at);
/* Percent escapes of p resolved. Returns the new length. */
size_t escape_percent(const struct reading *r, struct span in, uint8_t *out, size_t *map);
/* XML's five entities and its numbers for characters of ASCII: is there one, and with all of them resolved. */
#define ENTITY_MAX_BYTES 6 /* "&quot;" */
bool escape_has_entity(const struct reading *r, struct span in);
size_t escape_entities(const struct reading *r, struct span in, uint8_t *out, size_t *map);
