/* desk/source.h - the words in which a source's settings are written (struct fact_source): its kind, how far it is
 * trusted, how often it is looked at, how long its indicators count. Pure; the log holds the words as they stand. */
#pragma once
#include "model/value.h"

/* How it comes. Each kind but BY_HAND has its fetcher in exchange/. */
enum source_kind {
    SOURCE_BY_HAND, /* `import --source`, or a partner's own line: the empty word */
    SOURCE_FOLDER,
    SOURCE_URL,
    SOURCE_TAXII,
    SOURCE_MISP,
    SOURCE_MISP_FEED,
    SOURCE_MAILBOX,
    SOURCE_SHADOWSERVER,
    SOURCE_KINDS
};
const char *source_kind_name(enum source_kind kind); /* "folder", "url", ...; "" for BY_HAND */
/* ERR_USAGE: none of them; *reterr lists them. A log of a newer program may hold others. */
MUST_CHECK enum err source_kind_parse(struct text word, enum source_kind *ret, struct fault *reterr);

/* NATO (STANAG 2511) and Admiralty code. 0: not said; F and 6: cannot be judged. */
struct source_trust {
    char reliability; /* 'A' completely reliable .. 'E' unreliable, 'F' */
    char credibility; /* '1' confirmed .. '5' improbable, '6' */
};
#define SOURCE_TRUST_MAX 3
/* "B2", "B", "b2" or "". ERR_USAGE: none of them. */
MUST_CHECK enum err source_trust_parse(struct text word, struct source_trust *ret, struct fault *reterr);
/* As the log holds it, NUL-terminated: "B2", "B" or "". */
struct text source_trust_format(struct source_trust trust, char out[SOURCE_TRUST_MAX]);

#define SOURCE_EVERY_MIN_S 10                 /* no server is asked more often; a folder of our own need not be */
#define SOURCE_EVERY_MAX_S (366u * 24 * 3600) /* once a year */
#define SOURCE_EVERY_MAX   16                 /* bytes of its text */
/* "15m", "90s", "2h", "1d", "1w", a bare number of seconds; "never" and "0" are 0: when a person asks. ERR_USAGE */
MUST_CHECK enum err source_every_parse(struct text word, uint32_t *ret_s, struct fault *reterr);
/* In the largest unit that keeps it whole: "15m"; "never" for 0. */
struct text source_every_format(uint32_t s, char out[SOURCE_EVERY_MAX]);

#define SOURCE_LIFETIME_MAX_DAYS 36500 /* a hundred years */
/* For each kind of value: days after which what says no end of its own is over; 0: never over. */
struct source_lifetimes {
    bool given[VALUE_KINDS];
    uint32_t days[VALUE_KINDS];
};
/* "ipv4=30,url=90": kinds as value_kind_name() has them (and the synonyms value_kind_parse() knows), a number of days
 * or "never" (also "none"); white space around a piece means nothing. "" gives none. ERR_USAGE: the first piece that
 * is wrong, a kind that stands there twice. */
MUST_CHECK enum err source_lifetimes_parse(struct text words, struct source_lifetimes *ret, struct fault *reterr);
/* As the log holds it, in the order of the kinds; errors stick in out. */
void source_lifetimes_format(const struct source_lifetimes *l, struct buffer *out);
