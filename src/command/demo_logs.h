/* command/demo_logs.h - logs of the sample country (demo/country.csv) and a set of bad values, made up from a seed:
 * the same seed, the same bytes. Nothing in them is real: names end in .example, .test and .invalid, addresses are
 * those of RFC 5737, RFC 3849 and RFC 2544 (198.18.0.0/16 is the honest world outside, 198.19.0.0/16 the bad one).
 * Honest lines hold none of the bad values. */
#pragma once
#include "model/value.h"

/* A hit to be planted. A kind of line that carries such values is chosen: e.g. a domain in a DNS query, a hash in a
 * transferred file. For a network give an address in it, as VALUE_IPV4 or VALUE_IPV6. */
struct demo_plant {
    uint64_t line; /* from 1 */
    enum value_kind kind;
    struct text value;  /* as it is to stand in the log */
    struct text client; /* address of the organisation behind it; empty: any of the country */
};
struct demo_logs {
    uint64_t seed, lines;
    uint64_t first_line; /* to go on with a log: 0 or 1 for a new one; lines are then first_line..+lines-1 */
    int64_t base_us;     /* time of the first line */
    int64_t step_us;     /* between lines, on average */
    const struct demo_plant *plants; /* in order of lines; at most one a line */
    size_t plant_count;
};
/* BIND queries, Zeek connections, squid, Suricata EVE, mail and web server lines in turns by chance, to fd.
 * ERR_IO | ERR_FULL | ERR_NOMEM | ERR_USAGE (plants out of order or range, a value over VALUE_MAX_BYTES or with
 * control characters) */
MUST_CHECK enum err demo_logs_write(int fd, const struct demo_logs *logs, struct fault *reterr);

/* Bad value number i of a seed's set, appended in its normal form: 35 % domains, 25 % IPv4, 5 % networks, 5 % IPv6,
 * 15 % URLs, 10 % SHA-256, 5 % e-mail addresses. Different i below DEMO_INDICATORS_MAX, different values. */
#define DEMO_INDICATORS_MAX 60000
enum value_kind demo_indicator(uint64_t seed, uint64_t i, struct buffer *out);
/* The first n as a CSV with header value,type,confidence,tlp,label,description. */
MUST_CHECK enum err demo_indicators_csv(int fd, uint64_t seed, uint64_t n, struct fault *reterr);
