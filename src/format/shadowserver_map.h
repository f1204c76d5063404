/* format/shadowserver_map.h - what Shadowserver's reports and columns mean: the map compiled in, and one handed over
 * that comes before it. */
#pragma once
#include "json/json.h"

struct shadowserver_map; /* immutable */
/* own: JSON of the form of rules/shadowserver/, or empty. ERR_MALFORMED: it is none. ERR_NOMEM */
MUST_CHECK enum err shadowserver_map_open(struct text own, struct shadowserver_map **ret, struct fault *reterr);
void shadowserver_map_free(struct shadowserver_map *m); /* accepts NULL */

enum shadowserver_use {
    USE_TIME,
    USE_LAST,
    USE_IP,
    USE_SRC_IP,
    USE_DST_IP,
    USE_HOSTNAME,
    USE_SRC_HOSTNAME,
    USE_DST_HOSTNAME,
    USE_DOMAIN,
    USE_URL,
    USE_EMAIL,
    USE_HOST,
    USE_OTHER_IP,
    USE_OTHER_HOST,
    USE_OTHER_URL,
    USE_MD5,
    USE_SHA1,
    USE_SHA256,
    USE_SHA512,
    USE_SEVERITY,
    USE_COUNT,
    USE_DETAIL,
    USES
};
/* The name of a use in the map: "time", "ip", ... */
const char *shadowserver_use_name(enum shadowserver_use use);
/* The i-th name of a column of that use, the map handed over first; empty: no more. */
struct text shadowserver_column(const struct shadowserver_map *m, enum shadowserver_use use, size_t i);

#define SHADOWSERVER_VARY_MAX 8
struct shadowserver_report {
    struct text type, identifier;            /* RSIT; what it is about where no column says it */
    uint8_t severity;                        /* as record_event */
    bool target_dst, target_src;             /* the destination, or the source, is what was attacked */
    bool source_other;                       /* and the source is only named */
    bool host;                               /* http_host is a site that is misused, and not what was asked for */
    bool cve;                                /* a CVE in the tag is what it is about */
    struct text vary[SHADOWSERVER_VARY_MAX]; /* columns that say what it is about, the first that is not empty */
    size_t vary_count;
};
/* Of a report's name, in lower case; names of before, and IPv6's forms, are those of now. false: not known; *ret is
 * what its name tells. Texts live as long as the map. */
bool shadowserver_report(const struct shadowserver_map *m, struct text name, struct shadowserver_report *ret);
/* The report that alone has one of the columns; empty: none. */
typedef bool shadowserver_has_column(void *self, struct text name);
struct text shadowserver_report_by_column(const struct shadowserver_map *m, shadowserver_has_column *has, void *self);
/* 0 where it is none of the five. */
uint8_t shadowserver_severity(struct text word);
