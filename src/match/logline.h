/* match/logline.h - what a log line says beyond its text: when, from where to where, who asked for what. Read from
 * the lines that have hits, and from no others; a line that does not fit a format is no event, and a scan of its text
 * holds. Formats and rules: docs/EVENTS-IN-LOGS.md.
 * May include base/, json/, model/. */
#pragma once
#include "base/ipaddr.h"
#include "base/limits.h"
#include "json/json.h"

enum logline_format {
    LOGLINE_NO_FORMAT,
    LOGLINE_ZEEK_TSV,
    LOGLINE_ZEEK_JSON,
    LOGLINE_EVE,
    LOGLINE_BIND,
    LOGLINE_UNBOUND,
    LOGLINE_SQUID,
    LOGLINE_ACCESS,
    LOGLINE_CSV,
    LOGLINE_FORMATS
};
const char *logline_format_name(enum logline_format f); /* "zeek", "zeek-json", "eve", "bind", ... */

enum logline_kind {
    LOGLINE_OTHER,
    LOGLINE_CONNECTION,
    LOGLINE_DNS,
    LOGLINE_HTTP,
    LOGLINE_TLS,
    LOGLINE_FILE,
    LOGLINE_MAIL,
    LOGLINE_CERT
};

/* What a column, a member or a place in a line means. From LOGLINE_QUERY on they are values of the event. */
enum logline_field {
    LOGLINE_IGNORED,
    LOGLINE_TIME,
    LOGLINE_SRC,
    LOGLINE_SRC_PORT,
    LOGLINE_DST,
    LOGLINE_DST_PORT,
    LOGLINE_PROTOCOL,
    LOGLINE_SRC_INSIDE, /* Zeek's local_orig, local_resp */
    LOGLINE_DST_INSIDE,
    LOGLINE_IS_ORIG,  /* Zeek's files: sent by who opened the connection */
    LOGLINE_SENDER,   /* of a file */
    LOGLINE_RECEIVER, /* of a file */
    LOGLINE_QUERY,
    LOGLINE_ANSWER,
    LOGLINE_HOST, /* that an HTTP request names */
    LOGLINE_SERVER_NAME,
    LOGLINE_CERT_NAME,
    LOGLINE_URL, /* as logged: whole, or a path */
    LOGLINE_METHOD,
    LOGLINE_USER_AGENT,
    LOGLINE_REFERER,
    LOGLINE_FORWARDED, /* for whom a proxy asks */
    LOGLINE_USER,
    LOGLINE_SERVICE,
    LOGLINE_FILE_NAME,
    LOGLINE_FILE_SIZE,
    LOGLINE_MIME,
    LOGLINE_MD5,
    LOGLINE_SHA1,
    LOGLINE_SHA256,
    LOGLINE_SHA512,
    LOGLINE_MAIL_FROM,
    LOGLINE_MAIL_TO,
    LOGLINE_MAIL_SUBJECT,
    LOGLINE_SUBJECT, /* of a certificate */
    LOGLINE_ISSUER,
    LOGLINE_SERIAL,
    LOGLINE_CERT_SHA1,
    LOGLINE_CERT_SHA256,
    LOGLINE_JA3,
    LOGLINE_JA3S,
    LOGLINE_JA4,
    LOGLINE_SRC_BYTES,
    LOGLINE_DST_BYTES,
    LOGLINE_SRC_PACKETS,
    LOGLINE_DST_PACKETS,
    LOGLINE_FIELDS
};
const char *logline_field_name(enum logline_field f); /* "query", "ja3", ...: for tests */

struct logline_end {
    struct text text;   /* as logged: an address or a host name; empty: not said */
    struct ipaddr addr; /* bits 0: a name, or nothing */
    bool has_port;
    uint16_t port;
};

struct logline_value {
    enum logline_field field;
    unsigned group;    /* values of one file have the same; 0: of the event as a whole */
    struct text value; /* empty: number */
    int64_t number;
};

struct logline {
    enum logline_format format;
    enum logline_kind kind;
    bool has_time;
    int64_t time_us;             /* exact as far as the line is, down to microseconds */
    struct logline_end src, dst; /* who opened the connection or asked, and whom */
    bool travel;                 /* src and dst are a file's sender and receiver: who asked is not known by them */
    bool src_inside_known, src_inside, dst_inside_known, dst_inside; /* by the sensor's own word */
    struct text protocol;                                            /* "tcp", "UDP", ... as logged */
    struct logline_value values[LOGLINE_VALUES_MAX];
    size_t value_count, left_out; /* left_out: values beyond LOGLINE_VALUES_MAX */
    struct json_doc *doc;         /* owned: what the texts of a JSON line lie in */
};

/* ---- headers: what the lines of a file mean, where the file says it once for all ---- */

struct logline_header; /* Zeek's #fields, or the first line of a CSV; owned by its stream */
struct logline_stream; /* of one file, in the order of its lines */
MUST_CHECK enum err logline_stream_new(struct logline_stream **ret);
void logline_stream_free(struct logline_stream *s); /* and all headers that it gave; accepts NULL */
/* Takes the next lines for which one header speaks off *rest, which are whole lines; they begin with the header's own
 * lines. *ret_header NULL: none. False: *rest is used up. Of no memory, and past LOGLINE_HEADERS_MAX different
 * headers, comes no header. */
bool logline_stream_next(struct logline_stream *s, struct text *rest, struct text *ret_lines,
                         const struct logline_header **ret_header);
/* Reading starts in the middle of a file: its header is looked for at the file's start and in the last
 * LOGLINE_LOOK_BACK_BYTES before the offset. fd is borrowed and not moved. What cannot be read has no header. */
void logline_stream_resume(struct logline_stream *s, int fd, uint64_t offset);

/* ---- lines ---- */

/* line without its newline. Times more than a day after now_us or before 1990 are no times; now_us also gives the
 * year where the line says none. Texts of *ret borrow from the line, the header and *ret itself; OK: logline_done()
 * it. ERR_NOT_FOUND: no event; *ret untouched. ERR_NOMEM */
MUST_CHECK enum err logline_read(const struct logline_header *header, struct text line, int64_t now_us,
                                 struct logline *ret);
void logline_done(struct logline *e);

/* The first value of that field; empty: none. */
struct text logline_value(const struct logline *e, enum logline_field f);
/* An e-mail address as header fields have it, without name and brackets: "A <a@b.example>" is a@b.example. */
struct text logline_mail_address(struct text t);
/* The host of a URL, or of host:port; empty when there is none. */
struct text logline_url_host(struct text url);
