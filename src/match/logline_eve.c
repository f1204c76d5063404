/* match/logline_eve.c - Suricata's EVE (https://docs.suricata.io/en/latest/output/eve/eve-json-format.html): the ends
 * of the flow, and what its protocols say. Both forms of dns: one record a name (to version 2), and lists (3). */
#include "match/logline_inside.h"

static void put(struct logline_reader *l, enum logline_field f, const struct json_val *o, const char *name)
{
    logline_put_json(l, f, json_get_text(o, text_of(name)), 0);
}

/* ---- the ends ---- */

static void swap_ends(struct logline *e)
{
    struct logline_end end = e->src;
    e->src = e->dst;
    e->dst = end;
}

static void put_ends(struct logline_reader *l, const struct json_val *o)
{
    put(l, LOGLINE_SRC, o, "src_ip");
    put(l, LOGLINE_SRC_PORT, o, "src_port");
    put(l, LOGLINE_DST, o, "dest_ip");
    put(l, LOGLINE_DST_PORT, o, "dest_port");
}

/* Who opened the connection: the flow's own word; else an alert's ends are those of its packet, and its direction
 * tells; else a server's port does. */
static void find_client(struct logline_reader *l, const struct json_val *root, struct text type)
{
    struct logline *e = l->e;
    const struct json_val *flow = json_get(root, "flow");
    struct text direction = json_text(json_get(root, "direction"));
    bool file = text_eq(type, TEXT("fileinfo"));
    bool dns = text_eq(type, TEXT("dns")); /* its ends are the flow's, but in some releases the packet's */
    bool packet =
        file || text_eq(type, TEXT("alert")) || text_eq(type, TEXT("anomaly")) || text_eq(type, TEXT("drop"));
    if (json_get(flow, "src_ip") && json_get(flow, "dest_ip"))
        put_ends(l, flow);
    else if (packet && text_eq(direction, TEXT("to_client")))
        swap_ends(e);
    else if ((dns || (packet && direction.len == 0)) && e->src.has_port && e->dst.has_port && e->src.port < 1024 &&
             e->dst.port >= 1024)
        swap_ends(e);
    else if (file && direction.len == 0 && !(e->dst.has_port && e->dst.port < 1024))
        e->travel = true;
}

/* ---- protocols ---- */

static void put_answer(struct logline_reader *l, const struct json_val *answer)
{
    put(l, LOGLINE_ANSWER, answer, "rdata");
}

static void put_dns(struct logline_reader *l, const struct json_val *dns)
{
    const struct json_val *query = json_get(dns, "query"), *queries = json_get(dns, "queries");
    put(l, LOGLINE_QUERY, dns, "rrname");
    for (struct json_iter it = json_iter_of(queries ? queries : query); json_next(&it);)
        put(l, LOGLINE_QUERY, it.val, "rrname");
    put_answer(l, dns);
    for (struct json_iter it = json_iter_of(json_get(dns, "answers")); json_next(&it);)
        put_answer(l, it.val);
    if (json_get(dns, "answers"))
        return;
    for (struct json_iter it = json_iter_of(json_get(dns, "grouped")); json_next(&it);)
        logline_put_json(l, LOGLINE_ANSWER, it.val, 0);
}

static void put_http(struct logline_reader *l, const struct json_val *http)
{
    put(l, LOGLINE_HOST, http, "hostname");
    put(l, LOGLINE_URL, http, "url");
    put(l, LOGLINE_METHOD, http, "http_method");
    put(l, LOGLINE_USER_AGENT, http, "http_user_agent");
    put(l, LOGLINE_REFERER, http, "http_refer");
    put(l, LOGLINE_FORWARDED, http, "xff");
}

/* "3b:20:…" as other tools write hashes: only its length tells what it is. */
static void put_fingerprint(struct logline_reader *l, struct text print)
{
    if (print.len == 40 || print.len == 59)
        logline_put(l, LOGLINE_CERT_SHA1, print, 0);
    else if (print.len == 64 || print.len == 95)
        logline_put(l, LOGLINE_CERT_SHA256, print, 0);
}

static void put_tls(struct logline_reader *l, const struct json_val *tls)
{
    put(l, LOGLINE_SERVER_NAME, tls, "sni");
    put(l, LOGLINE_SUBJECT, tls, "subject");
    put(l, LOGLINE_ISSUER, tls, "issuerdn");
    put(l, LOGLINE_SERIAL, tls, "serial");
    put(l, LOGLINE_CERT_NAME, tls, "subjectaltname");
    put_fingerprint(l, json_text(json_get(tls, "fingerprint")));
    put(l, LOGLINE_JA3, json_get(tls, "ja3"), "hash");
    put(l, LOGLINE_JA3S, json_get(tls, "ja3s"), "hash");
    put(l, LOGLINE_JA4, tls, "ja4");
}

static void put_file(struct logline_reader *l, const struct json_val *file, unsigned group)
{
    static const struct {
        const char *member;
        enum logline_field field;
    } members[] = {{"filename", LOGLINE_FILE_NAME}, {"size", LOGLINE_FILE_SIZE}, {"md5", LOGLINE_MD5},
                   {"sha1", LOGLINE_SHA1},          {"sha256", LOGLINE_SHA256},  {"magic", LOGLINE_IGNORED}};
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        logline_put_json(l, members[i].field, json_get_text(file, text_of(members[i].member)), group);
}

static void put_mail(struct logline_reader *l, const struct json_val *smtp, const struct json_val *email)
{
    put(l, LOGLINE_MAIL_FROM, smtp, "mail_from");
    put(l, LOGLINE_MAIL_TO, smtp, "rcpt_to");
    put(l, LOGLINE_MAIL_FROM, email, "from");
    put(l, LOGLINE_MAIL_TO, email, "to");
    put(l, LOGLINE_MAIL_TO, email, "cc");
    put(l, LOGLINE_MAIL_SUBJECT, email, "subject");
    put(l, LOGLINE_FILE_NAME, email, "attachment");
    put(l, LOGLINE_URL, email, "url");
}

static enum logline_kind kind_of(struct text type, const struct json_val *root)
{
    static const struct {
        const char *word;
        enum logline_kind kind;
    } kinds[] = {{"dns", LOGLINE_DNS},         {"http", LOGLINE_HTTP},         {"tls", LOGLINE_TLS},
                 {"quic", LOGLINE_TLS},        {"fileinfo", LOGLINE_FILE},     {"smtp", LOGLINE_MAIL},
                 {"flow", LOGLINE_CONNECTION}, {"netflow", LOGLINE_CONNECTION}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (text_eq(type, text_of(kinds[i].word)))
            return kinds[i].kind;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) /* an alert: by what it has of the protocol */
        if (kinds[i].kind != LOGLINE_CONNECTION && json_get_text(root, text_of(kinds[i].word)))
            return kinds[i].kind;
    return LOGLINE_OTHER;
}

bool logline_eve(struct logline_reader *l, const struct json_val *root)
{
    struct text type = json_text(json_get(root, "event_type"));
    const struct json_val *flow = json_get(root, "flow");
    if (type.len == 0)
        return false;
    put(l, LOGLINE_TIME, root, "timestamp");
    put_ends(l, root);
    find_client(l, root, type);
    put(l, LOGLINE_PROTOCOL, root, "proto");
    put(l, LOGLINE_SERVICE, root, "app_proto");
    put(l, LOGLINE_FORWARDED, root, "xff");
    put_dns(l, json_get(root, "dns"));
    put_http(l, json_get(root, "http"));
    put_tls(l, json_get(root, "tls"));
    put_tls(l, json_get(root, "quic"));
    put_mail(l, json_get(root, "smtp"), json_get(root, "email"));
    put_file(l, json_get(root, "fileinfo"), 1);
    unsigned group = 2;
    for (struct json_iter it = json_iter_of(json_get(root, "files")); json_next(&it);)
        put_file(l, it.val, group++);
    put(l, LOGLINE_SRC_BYTES, flow, "bytes_toserver");
    put(l, LOGLINE_DST_BYTES, flow, "bytes_toclient");
    put(l, LOGLINE_SRC_PACKETS, flow, "pkts_toserver");
    put(l, LOGLINE_DST_PACKETS, flow, "pkts_toclient");
    l->e->format = LOGLINE_EVE;
    l->e->kind = kind_of(type, root);
    return l->e->has_time;
}
