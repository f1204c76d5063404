/* match/logline_fields.c - what the names of columns and members mean, and the kind of event that they make. */
#include <string.h>

#include "match/logline_inside.h"

#define NAME_MAX_LETTERS 40

/* Names without case, blanks and marks. path: of Zeek's log, "csv", "zeek" for any of Zeek's, NULL for all. The first
 * row that fits counts. */
static const struct {
    const char *name, *path;
    uint8_t field;
} names[] = {
    {"ts", NULL, LOGLINE_TIME},
    {"time", "csv", LOGLINE_TIME},
    {"timestamp", NULL, LOGLINE_TIME},
    {"date", "csv", LOGLINE_TIME},
    {"datetime", "csv", LOGLINE_TIME},
    {"eventtime", "csv", LOGLINE_TIME},
    {"starttime", "csv", LOGLINE_TIME},
    {"firstseen", "csv", LOGLINE_TIME},
    {"idorigh", NULL, LOGLINE_SRC},
    {"idorigp", NULL, LOGLINE_SRC_PORT},
    {"idresph", NULL, LOGLINE_DST},
    {"idrespp", NULL, LOGLINE_DST_PORT},
    {"src", "csv", LOGLINE_SRC},
    {"srcip", "csv", LOGLINE_SRC},
    {"srcaddr", "csv", LOGLINE_SRC},
    {"srcaddress", "csv", LOGLINE_SRC},
    {"saddr", "csv", LOGLINE_SRC},
    {"source", "csv", LOGLINE_SRC},
    {"sourceip", "csv", LOGLINE_SRC},
    {"sourceaddress", "csv", LOGLINE_SRC},
    {"ipsrc", "csv", LOGLINE_SRC},
    {"client", "csv", LOGLINE_SRC},
    {"clientip", "csv", LOGLINE_SRC},
    {"clientaddress", "csv", LOGLINE_SRC},
    {"cip", "csv", LOGLINE_SRC},
    {"remoteaddr", "csv", LOGLINE_SRC},
    {"remotehost", "csv", LOGLINE_SRC},
    {"srcport", "csv", LOGLINE_SRC_PORT},
    {"sourceport", "csv", LOGLINE_SRC_PORT},
    {"sport", "csv", LOGLINE_SRC_PORT},
    {"clientport", "csv", LOGLINE_SRC_PORT},
    {"dst", "csv", LOGLINE_DST},
    {"dstip", "csv", LOGLINE_DST},
    {"dstaddr", "csv", LOGLINE_DST},
    {"dstaddress", "csv", LOGLINE_DST},
    {"daddr", "csv", LOGLINE_DST},
    {"dest", "csv", LOGLINE_DST},
    {"destip", "csv", LOGLINE_DST},
    {"destaddress", "csv", LOGLINE_DST},
    {"destination", "csv", LOGLINE_DST},
    {"destinationip", "csv", LOGLINE_DST},
    {"destinationaddress", "csv", LOGLINE_DST},
    {"ipdst", "csv", LOGLINE_DST},
    {"server", "csv", LOGLINE_DST},
    {"serverip", "csv", LOGLINE_DST},
    {"dstport", "csv", LOGLINE_DST_PORT},
    {"destport", "csv", LOGLINE_DST_PORT},
    {"destinationport", "csv", LOGLINE_DST_PORT},
    {"dport", "csv", LOGLINE_DST_PORT},
    {"serverport", "csv", LOGLINE_DST_PORT},
    {"proto", NULL, LOGLINE_PROTOCOL},
    {"protocol", "csv", LOGLINE_PROTOCOL},
    {"localorig", NULL, LOGLINE_SRC_INSIDE},
    {"localresp", NULL, LOGLINE_DST_INSIDE},
    {"isorig", NULL, LOGLINE_IS_ORIG},
    {"txhosts", NULL, LOGLINE_SENDER},
    {"rxhosts", NULL, LOGLINE_RECEIVER},
    {"query", NULL, LOGLINE_QUERY},
    {"qname", "csv", LOGLINE_QUERY},
    {"rrname", "csv", LOGLINE_QUERY},
    {"dnsquery", "csv", LOGLINE_QUERY},
    {"question", "csv", LOGLINE_QUERY},
    {"answer", "csv", LOGLINE_ANSWER},
    {"answers", NULL, LOGLINE_ANSWER},
    {"host", "http", LOGLINE_HOST},
    {"hostname", "csv", LOGLINE_HOST},
    {"httphost", "csv", LOGLINE_HOST},
    {"host", "csv", LOGLINE_HOST},
    {"domain", "csv", LOGLINE_HOST},
    {"servername", NULL, LOGLINE_SERVER_NAME},
    {"sni", NULL, LOGLINE_SERVER_NAME},
    {"sandns", NULL, LOGLINE_CERT_NAME},
    {"uri", NULL, LOGLINE_URL},
    {"url", NULL, LOGLINE_URL},
    {"method", NULL, LOGLINE_METHOD},
    {"httpmethod", "csv", LOGLINE_METHOD},
    {"useragent", NULL, LOGLINE_USER_AGENT},
    {"referrer", NULL, LOGLINE_REFERER},
    {"referer", NULL, LOGLINE_REFERER},
    {"proxied", NULL, LOGLINE_FORWARDED},
    {"xforwardedfor", NULL, LOGLINE_FORWARDED},
    {"xff", NULL, LOGLINE_FORWARDED},
    {"username", NULL, LOGLINE_USER},
    {"user", "csv", LOGLINE_USER},
    {"account", "csv", LOGLINE_USER},
    {"service", NULL, LOGLINE_SERVICE},
    {"filename", NULL, LOGLINE_FILE_NAME},
    {"file", "csv", LOGLINE_FILE_NAME},
    {"filesize", "csv", LOGLINE_FILE_SIZE},
    {"totalbytes", "files", LOGLINE_FILE_SIZE},
    {"mimetype", NULL, LOGLINE_MIME},
    {"md5", NULL, LOGLINE_MD5},
    {"sha1", NULL, LOGLINE_SHA1},
    {"sha256", NULL, LOGLINE_SHA256},
    {"sha512", NULL, LOGLINE_SHA512},
    {"mailfrom", NULL, LOGLINE_MAIL_FROM},
    {"from", "smtp", LOGLINE_MAIL_FROM},
    {"from", "csv", LOGLINE_MAIL_FROM},
    {"sender", "csv", LOGLINE_MAIL_FROM},
    {"rcptto", NULL, LOGLINE_MAIL_TO},
    {"to", "smtp", LOGLINE_MAIL_TO},
    {"cc", "smtp", LOGLINE_MAIL_TO},
    {"to", "csv", LOGLINE_MAIL_TO},
    {"recipient", "csv", LOGLINE_MAIL_TO},
    {"recipients", "csv", LOGLINE_MAIL_TO},
    {"subject", "smtp", LOGLINE_MAIL_SUBJECT},
    {"subject", "csv", LOGLINE_MAIL_SUBJECT},
    {"subject", NULL, LOGLINE_SUBJECT},
    {"certificatesubject", NULL, LOGLINE_SUBJECT},
    {"issuer", NULL, LOGLINE_ISSUER},
    {"certificateissuer", NULL, LOGLINE_ISSUER},
    {"certificateserial", NULL, LOGLINE_SERIAL},
    {"fingerprint", "x509", LOGLINE_CERT_SHA256},
    {"ja3", NULL, LOGLINE_JA3},
    {"ja3s", NULL, LOGLINE_JA3S},
    {"ja4", NULL, LOGLINE_JA4},
    {"origbytes", NULL, LOGLINE_SRC_BYTES},
    {"respbytes", NULL, LOGLINE_DST_BYTES},
    {"origpkts", NULL, LOGLINE_SRC_PACKETS},
    {"resppkts", NULL, LOGLINE_DST_PACKETS},
};

/* Of the values, beside their place in enum logline_field. */
const char *logline_field_name(enum logline_field f)
{
    static const char *const words[LOGLINE_FIELDS] = {
        "ignored",    "time",        "src",         "src_port",    "dst",       "dst_port",     "protocol",
        "src_inside", "dst_inside",  "is_orig",     "sender",      "receiver",  "query",        "answer",
        "host",       "server_name", "cert_name",   "url",         "method",    "user_agent",   "referer",
        "forwarded",  "user",        "service",     "file_name",   "file_size", "mime",         "md5",
        "sha1",       "sha256",      "sha512",      "mail_from",   "mail_to",   "mail_subject", "subject",
        "issuer",     "serial",      "cert_sha1",   "cert_sha256", "ja3",       "ja3s",         "ja4",
        "src_bytes",  "dst_bytes",   "src_packets", "dst_packets"};
    return words[f];
}

static size_t plain_name(struct text name, char out[NAME_MAX_LETTERS])
{
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == ' ' || c == '_' || c == '-' || c == '.' || c == '@')
            continue;
        if (len == NAME_MAX_LETTERS)
            return 0;
        out[len++] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    }
    return len;
}

enum logline_field logline_field_of(struct text name, struct text path)
{
    char plain[NAME_MAX_LETTERS];
    struct text wanted = {plain, plain_name(name, plain)};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (text_eq(text_of(names[i].name), wanted) && (!names[i].path || text_eq(text_of(names[i].path), path)))
            return (enum logline_field)names[i].field;
    return LOGLINE_IGNORED;
}

bool logline_field_is_list(enum logline_field f)
{
    return f == LOGLINE_ANSWER || f == LOGLINE_SENDER || f == LOGLINE_RECEIVER || f == LOGLINE_CERT_NAME ||
           f == LOGLINE_MAIL_TO || f == LOGLINE_FORWARDED;
}

enum logline_kind logline_kind_of(struct text path)
{
    static const struct {
        const char *path;
        enum logline_kind kind;
    } kinds[] = {{"conn", LOGLINE_CONNECTION}, {"dns", LOGLINE_DNS},   {"http", LOGLINE_HTTP}, {"ssl", LOGLINE_TLS},
                 {"files", LOGLINE_FILE},      {"smtp", LOGLINE_MAIL}, {"x509", LOGLINE_CERT}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (text_eq(path, text_of(kinds[i].path)))
            return kinds[i].kind;
    return LOGLINE_OTHER;
}

enum logline_kind logline_kind_guess(uint64_t fields)
{
    static const struct {
        enum logline_field field;
        enum logline_kind kind;
    } kinds[] = {
        {LOGLINE_QUERY, LOGLINE_DNS},   {LOGLINE_MAIL_FROM, LOGLINE_MAIL},   {LOGLINE_MAIL_TO, LOGLINE_MAIL},
        {LOGLINE_URL, LOGLINE_HTTP},    {LOGLINE_METHOD, LOGLINE_HTTP},      {LOGLINE_SERVER_NAME, LOGLINE_TLS},
        {LOGLINE_JA3, LOGLINE_TLS},     {LOGLINE_HOST, LOGLINE_HTTP},        {LOGLINE_MD5, LOGLINE_FILE},
        {LOGLINE_SHA1, LOGLINE_FILE},   {LOGLINE_SHA256, LOGLINE_FILE},      {LOGLINE_FILE_NAME, LOGLINE_FILE},
        {LOGLINE_SERIAL, LOGLINE_CERT}, {LOGLINE_CERT_SHA256, LOGLINE_CERT}, {LOGLINE_DST, LOGLINE_CONNECTION}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (fields >> kinds[i].field & 1)
            return kinds[i].kind;
    return LOGLINE_OTHER;
}
