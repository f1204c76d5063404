/* Whose hit it is: the table of docs/EVENTS-IN-LOGS.md, line by line. */
#include "support/test.h"

#include "desk/affected.h"
#include "desk/register_inside.h"

#define NOW_US ((int64_t)1795305600 * 1000000) /* 2026-11-22T00:00:00Z */

static const char *const rows[][5] = {
    {"Hospital", "health", "192.0.2.0/25;192.0.2.53 resolver;192.0.2.80 proxy;192.0.2.1 nat", "hospital.example", ""},
    {"Ministry", "government", "198.51.100.0/24;2001:db8:1::/48", "ministry.example", ""},
};

static const struct {
    const char *what, *header, *line;
    enum value_kind kind;
    const char *value, *owner, *client, *direction; /* owner "?": to be asked of the whole line */
} asked[] = {
    {"connection: who connected", NULL, "1769000000.1\tCaaaaaaaaaaaaaaaaa\t192.0.2.7\t40000\t203.0.113.9\t443\ttcp",
     VALUE_IPV4, "203.0.113.9", "Hospital", "192.0.2.7", "outbound"},
    {"connection: the host contacted when the hit is the source", NULL,
     "1769000000.1\tCaaaaaaaaaaaaaaaaa\t203.0.113.9\t40000\t198.51.100.7\t443\ttcp", VALUE_IPV4, "203.0.113.9",
     "Ministry", "203.0.113.9", "inbound"},
    {"connection between two of ours: who connected", NULL,
     "1769000000.1\tCaaaaaaaaaaaaaaaaa\t198.51.100.7\t40000\t192.0.2.7\t443\ttcp", VALUE_SHA256, "00", "Ministry",
     "198.51.100.7", "internal"},
    {"connection: one of ours is itself the hit", NULL,
     "1769000000.1\tCaaaaaaaaaaaaaaaaa\t198.51.100.7\t40000\t203.0.113.9\t443\ttcp", VALUE_IPV4, "198.51.100.7",
     "Ministry", "198.51.100.7", "outbound"},
    {"connection: ours was hit, the other side is ours too", NULL,
     "1769000000.1\tCaaaaaaaaaaaaaaaaa\t198.51.100.7\t40000\t192.0.2.7\t443\ttcp", VALUE_IPV4, "198.51.100.7",
     "Hospital", "198.51.100.7", "internal"},
    {"connection of strangers", NULL, "1769000000.1\tCaaaaaaaaaaaaaaaaa\t203.0.113.8\t40000\t203.0.113.9\t443\ttcp",
     VALUE_IPV4, "203.0.113.9", NULL, "203.0.113.8", NULL},
    {"a connection's local side by the sensor's word",
     "#separator \\x09\n#path\tconn\n#fields\tts\tid.orig_h\tid.resp_h\tlocal_orig\tlocal_resp\n",
     "1769000000.1\t203.0.113.8\t203.0.113.9\tT\tF", VALUE_IPV4, "203.0.113.9", NULL, "203.0.113.8", "outbound"},
    {"name server: who asked, not whose server it is", NULL,
     "21-Nov-2026 20:15:01.123 client @0x7f 198.51.100.7#40000 (evil.example): query: evil.example IN A + "
     "(192.0.2.53)",
     VALUE_DOMAIN, "evil.example", "Ministry", "198.51.100.7", "internal"},
    {"name server: a stranger asks it", NULL,
     "21-Nov-2026 20:15:01.123 client @0x7f 10.9.9.9#40000 (evil.example): query: evil.example IN A + (192.0.2.53)",
     VALUE_DOMAIN, "evil.example", "Hospital", "10.9.9.9", "internal"},
    {"name server: a hit that asks for a name of ours", NULL,
     "21-Nov-2026 20:15:01.123 client 203.0.113.9#40000: query: www.ministry.example IN A +", VALUE_IPV4,
     "203.0.113.9", "Ministry", "203.0.113.9", NULL},
    {"name server: a resolver of ours says for whom it asks", NULL,
     "client 192.0.2.53#40000: query: evil.example IN A + (203.0.113.53) [ECS 198.51.100.0/24/0]", VALUE_DOMAIN,
     "evil.example", "Ministry", "198.51.100.0", "outbound"},
    {"name server: it does not", NULL, "client 192.0.2.53#40000: query: evil.example IN A + (203.0.113.53)",
     VALUE_DOMAIN, "evil.example", "Hospital", "192.0.2.53", "outbound"},
    {"Unbound: who asked", NULL, "[1769026501] unbound[1234:0] info: 192.0.2.7 evil.example. A IN", VALUE_DOMAIN,
     "evil.example", "Hospital", "192.0.2.7", NULL},
    {"proxy: who asked, whatever the page came from", NULL,
     "1769026501.123 250 192.0.2.7 TCP_MISS/200 1 GET http://evil.example/?back=www.ministry.example - "
     "HIER_DIRECT/203.0.113.9 text/html",
     VALUE_DOMAIN, "evil.example", "Hospital", "192.0.2.7", "outbound"},
    {"proxy: a client that nobody registered", NULL,
     "1769026501.123 250 10.9.9.9 TCP_MISS/200 1 GET http://evil.example/?back=www.ministry.example - "
     "HIER_DIRECT/203.0.113.9 text/html",
     VALUE_DOMAIN, "evil.example", NULL, "10.9.9.9", "outbound"},
    {"HTTP: who asked, not whose page linked there", NULL,
     "{\"timestamp\":\"2026-01-21T20:15:01Z\",\"event_type\":\"http\",\"src_ip\":\"192.0.2.7\",\"src_port\":1,"
     "\"dest_ip\":\"203.0.113.9\",\"dest_port\":80,\"http\":{\"hostname\":\"evil.example\",\"url\":\"/"
     "\",\"http_refer\":"
     "\"http://www.ministry.example/\"}}",
     VALUE_DOMAIN, "evil.example", "Hospital", "192.0.2.7", "outbound"},
    {"HTTP: our proxy's word of who is behind it", NULL,
     "{\"timestamp\":\"2026-01-21T20:15:01Z\",\"event_type\":\"http\",\"src_ip\":\"192.0.2.80\",\"src_port\":1,"
     "\"dest_ip\":\"203.0.113.9\",\"dest_port\":80,\"http\":{\"hostname\":\"evil.example\",\"url\":\"/\",\"xff\":"
     "\"192.0.2.200, 198.51.100.7\"}}",
     VALUE_DOMAIN, "evil.example", "Ministry", "198.51.100.7", "outbound"},
    {"HTTP: a stranger's word of it does not count", NULL,
     "{\"timestamp\":\"2026-01-21T20:15:01Z\",\"event_type\":\"http\",\"src_ip\":\"203.0.113.9\",\"src_port\":1,"
     "\"dest_ip\":\"192.0.2.7\",\"dest_port\":80,\"http\":{\"hostname\":\"x.example\",\"url\":\"/\",\"xff\":"
     "\"198.51.100.7\"}}",
     VALUE_IPV4, "203.0.113.9", "Hospital", "203.0.113.9", "inbound"},
    {"HTTP behind a reverse proxy: the host that was asked for", NULL,
     "{\"timestamp\":\"2026-01-21T20:15:01Z\",\"event_type\":\"http\",\"src_ip\":\"203.0.113.9\",\"src_port\":1,"
     "\"dest_ip\":\"10.0.0.9\",\"dest_port\":80,\"http\":{\"hostname\":\"www.ministry.example\",\"url\":\"/\"}}",
     VALUE_IPV4, "203.0.113.9", "Ministry", "203.0.113.9", "inbound"},
    {"alert: the packet came from the server, the client is affected", NULL,
     "{\"timestamp\":\"2026-01-21T20:15:01Z\",\"event_type\":\"alert\",\"direction\":\"to_client\",\"src_ip\":"
     "\"198.51.100.7\",\"src_port\":4444,\"dest_ip\":\"192.0.2.7\",\"dest_port\":50000,\"alert\":{}}",
     VALUE_SHA256, "00", "Hospital", "192.0.2.7", "internal"},
    {"file: who received it", NULL,
     "{\"ts\":1769026501.5,\"fuid\":\"F1\",\"tx_hosts\":[\"198.51.100.7\"],\"rx_hosts\":[\"192.0.2.7\"],\"sha256\":"
     "\"00\"}",
     VALUE_SHA256, "00", "Hospital", NULL, "internal"},
    {"file: who sent it, when nobody of ours received it", NULL,
     "{\"ts\":1769026501.5,\"fuid\":\"F1\",\"tx_hosts\":[\"198.51.100.7\"],\"rx_hosts\":[\"203.0.113.9\"],\"sha256\":"
     "\"00\"}",
     VALUE_SHA256, "00", "Ministry", NULL, "outbound"},
    {"mail: the recipient, not whose server took it",
     "#separator \\x09\n#path\tsmtp\n#fields\tts\tid.orig_h\tid.resp_h\tmailfrom\trcptto\n",
     "1769026501.5\t203.0.113.9\t192.0.2.7\tboss@evil.example\tx@other.example,<clerk@ministry.example>", VALUE_EMAIL,
     "boss@evil.example", "Ministry", "203.0.113.9", "inbound"},
    {"mail: the sender, when the hit is the recipient",
     "#separator \\x09\n#path\tsmtp\n#fields\tts\tid.orig_h\tid.resp_h\tmailfrom\trcptto\n",
     "1769026501.5\t10.0.0.25\t203.0.113.9\tclerk@ministry.example\tboss@evil.example", VALUE_EMAIL,
     "boss@evil.example", "Ministry", "10.0.0.25", "outbound"},
    {"web server: the site, when it is named", NULL,
     "www.ministry.example:443 203.0.113.9 - - [21/Nov/2026:20:15:01 +0000] \"GET / HTTP/1.1\" 200 5 "
     "\"https://www.hospital.example/\" \"-\"",
     VALUE_IPV4, "203.0.113.9", "Ministry", "203.0.113.9", "inbound"},
    {"web server: without its name, the whole line", NULL,
     "203.0.113.9 - - [21/Nov/2026:20:15:01 +0000] \"GET / HTTP/1.1\" 200 5", VALUE_IPV4, "203.0.113.9", "?",
     "203.0.113.9", "inbound"},
    {"CSV with both sides", "when,src,dst,note\n", "x,192.0.2.7,203.0.113.9,www.ministry.example", VALUE_IPV4,
     "203.0.113.9", "Hospital", "192.0.2.7", "outbound"},
    {"CSV with one side", "when,domain,user,note\n", "x,evil.example,alice,www.ministry.example", VALUE_DOMAIN,
     "evil.example", "?", NULL, NULL},
};

static void of(const struct constituency *c, size_t i)
{
    struct logline_stream *s;
    const struct logline_header *header = NULL;
    struct text rest = text_of(asked[i].header), piece;
    struct logline e;
    assert_ok(logline_stream_new(&s));
    while (logline_stream_next(s, &rest, &piece, &header))
        ;
    if (logline_read(header, text_of(asked[i].line), NOW_US, &e))
        fail_msg("%s: no event", asked[i].what);
    const struct matched_value matched = {asked[i].kind, text_of(asked[i].value)};
    struct affected a = logline_affected(c, &e, &matched);
    struct text owner = a.owner.organisation ? a.owner.organisation->name : a.decided ? TEXT_NONE : TEXT("?");
    if (!text_eq(owner, text_of(asked[i].owner)) || !text_eq(a.client, text_of(asked[i].client)) ||
        !text_eq(text_of(logline_direction_name(a.direction)), text_of(asked[i].direction)))
        fail_msg("%s: " TEXT_FMT ", client " TEXT_FMT ", %s", asked[i].what, TEXT_ARG(owner), TEXT_ARG(a.client),
                 logline_direction_name(a.direction) ? logline_direction_name(a.direction) : "no direction");
    logline_done(&e);
    logline_stream_free(s);
}

static void by_the_table(void **state)
{
    (void)state;
    struct arena arena;
    struct organisation_record records[ARRAY_LEN(rows)] = {0};
    struct constituency *c;
    arena_init(&arena, 1 * MIB);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *why = NULL;
        const char *const *r = rows[i];
        assert_ok(organisation_of_row(&arena, text_of(r[0]), text_of(r[1]), text_of(r[2]), text_of(r[3]),
                                      text_of(r[4]), &records[i], &why));
        records[i].id = uuid_random();
    }
    assert_ok(constituency_new(records, ARRAY_LEN(rows), &c));
    for (size_t i = 0; i < ARRAY_LEN(asked); i++)
        of(c, i);
    constituency_unref(c);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_the_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
