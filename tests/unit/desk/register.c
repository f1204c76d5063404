/* The register's look-ups: against a naive oracle, and who is affected by a line. */
#include "support/test.h"

#include "base/limits.h"
#include "desk/register_inside.h"

static uint64_t seed = 88172645463325252u;

static uint64_t below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

struct made {
    struct arena arena;
    struct organisation_record *records;
    size_t count;
    struct constituency *c;
};

static void make(struct made *m, const char *const (*rows)[5], size_t count)
{
    arena_init(&m->arena, 64 * MIB);
    m->records = calloc(count, sizeof *m->records);
    m->count = count;
    for (size_t i = 0; i < count; i++) {
        const char *why = NULL;
        const char *const *r = rows[i];
        if (organisation_of_row(&m->arena, text_of(r[0]), text_of(r[1]), text_of(r[2]), text_of(r[3]), text_of(r[4]),
                                &m->records[i], &why) != OK)
            fail_msg("row %zu: %s", i, why);
        m->records[i].id = uuid_random();
    }
    assert_ok(constituency_new(m->records, count, &m->c));
}

static void unmake(struct made *m)
{
    constituency_unref(m->c);
    free(m->records);
    arena_done(&m->arena);
}

static void assert_owner(struct register_hit h, const char *name)
{
    if (!name)
        assert_null(h.organisation);
    else
        assert_text(h.organisation ? h.organisation->name : TEXT("nobody"), name);
}

static const char *const rows[][5] = {
    {"Hospital", "health", "192.0.2.0/24; 2001:db8:1::/48;192.0.2.53 resolver;192.0.2.80 Proxy", "hospital.example",
     "a@x;b@x"},
    {"Clinic", "health", "192.0.2.64/28", "clinic.hospital.example;*.clinic.example", ""},
    {"Provider", "telecom", "192.0.0.0/16;198.51.100.0/24 nat", "provider.example.", "noc@provider.example"},
    {"Nothing", "odd sector", "", "", ""},
};

static void longest_wins(void **state)
{
    (void)state;
    struct made m;
    make(&m, rows, ARRAY_LEN(rows));
    static const struct {
        const char *what, *who, *by;
        enum owner_role role;
    } asked[] = {
        {"192.0.2.1", "Hospital", "192.0.2.0/24", OWNER_PLAIN},
        {"192.0.2.53", "Hospital", "192.0.2.53", OWNER_RESOLVER},
        {"192.0.2.80", "Hospital", "192.0.2.80", OWNER_PROXY},
        {"192.0.2.64", "Clinic", "192.0.2.64/28", OWNER_PLAIN},
        {"192.0.2.79", "Clinic", "192.0.2.64/28", OWNER_PLAIN},
        {"192.0.3.1", "Provider", "192.0.0.0/16", OWNER_PLAIN},
        {"192.1.0.0", NULL, "", OWNER_PLAIN},
        {"191.255.255.255", NULL, "", OWNER_PLAIN},
        {"198.51.100.7", "Provider", "198.51.100.0/24", OWNER_NAT},
        {"2001:db8:1::5", "Hospital", "2001:db8:1::/48", OWNER_PLAIN},
        {"2001:db8:2::5", NULL, "", OWNER_PLAIN},
        {"::ffff:192.0.2.1", "Hospital", "192.0.2.0/24", OWNER_PLAIN},
        {"hospital.example", "Hospital", "hospital.example", OWNER_PLAIN},
        {"WWW.Hospital.Example.", "Hospital", "hospital.example", OWNER_PLAIN},
        {"a.clinic.hospital.example", "Clinic", "clinic.hospital.example", OWNER_PLAIN},
        {"x.clinic.example", "Clinic", "clinic.example", OWNER_PLAIN},
        {"myhospital.example", NULL, "", OWNER_PLAIN},
        {"example", NULL, "", OWNER_PLAIN},
        {"provider.example", "Provider", "provider.example", OWNER_PLAIN},
        {"https://www.hospital.example:8443/a@b?c", "Hospital", "hospital.example", OWNER_PLAIN},
        {"http://u:p@192.0.2.66:80/", "Clinic", "192.0.2.64/28", OWNER_PLAIN},
        {"http://[2001:db8:1::9]:80/", "Hospital", "2001:db8:1::/48", OWNER_PLAIN},
        {"ward@hospital.example", "Hospital", "hospital.example", OWNER_PLAIN},
        {" 192.0.2.64/29 ", "Clinic", "192.0.2.64/28", OWNER_PLAIN},
        {"192.0.2.64/27", "Hospital", "192.0.2.0/24", OWNER_PLAIN},
        {"192.0.0.0/8", NULL, "", OWNER_PLAIN},
        {"", NULL, "", OWNER_PLAIN},
    };
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        struct register_hit h = constituency_who(m.c, text_of(asked[i].what));
        assert_owner(h, asked[i].who);
        assert_text(h.by, asked[i].by);
        assert_int_equal(h.role, asked[i].role);
    }
    assert_int_equal(constituency_size(m.c), 4);
    assert_text(constituency_at(m.c, 0)->name, "Clinic");
    assert_int_equal(constituency_at(m.c, 1)->network_count, 4);
    assert_text(constituency_by_id(m.c, &m.records[2].id)->name, "Provider");
    struct uuid unknown = {{9}};
    assert_null(constituency_by_id(m.c, &unknown));
    unmake(&m);
}

/* Random nested networks: the answer is the longest of all that hold the address. */
static void like_the_oracle(void **state)
{
    (void)state;
    enum { NETS = 600, QUESTIONS = 20000 };
    static struct net_entry nets[NETS], kept[NETS];
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < NETS; i++) {
            bool six = below(3) == 0;
            struct ipaddr a = {.bits = six ? 128 : 32};
            for (int k = 0; k < (six ? 16 : 4); k++)
                a.b[k] = (uint8_t)(k < (six ? 14 : 2) ? below(3) : below(256)); /* crowded, so that they nest */
            uint8_t len = (uint8_t)(below(4) == 0 ? below(a.bits + 1u) : a.bits - below(24));
            nets[i] = (struct net_entry){.net = {ipaddr_mask(a, len), len}, .organisation = (uint32_t)i};
        }
        memcpy(kept, nets, sizeof kept);
        size_t count = nets_prepare(kept, NETS);
        for (int q = 0; q < QUESTIONS / 10; q++) {
            struct ipaddr a = nets[below(NETS)].net.addr;
            for (int k = a.bits / 8 - 2; k < a.bits / 8; k++)
                a.b[k] = (uint8_t)(below(2) ? a.b[k] : below(256));
            const struct net_entry *best = NULL, *got = nets_find(kept, count, &a, a.bits);
            for (size_t i = 0; i < NETS; i++)
                if (ipnet_has(&nets[i].net, &a) &&
                    (!best || nets[i].net.len > best->net.len ||
                     (nets[i].net.len == best->net.len && nets[i].organisation < best->organisation)))
                    best = &nets[i];
            assert_int_equal(got != NULL, best != NULL);
            if (best)
                assert_int_equal(got->organisation, best->organisation);
        }
    }
}

/* ---- who is affected ---- */

#define SEEN_MAX 8

/* Places are those of the words in the line. */
static size_t see(const char *line, struct scan_seen *seen)
{
    size_t n = 0;
    struct text rest = text_of(line), word;
    while (text_split(&rest, ' ', &word)) {
        struct scan_seen *s = &seen[n];
        *s = (struct scan_seen){.start = (size_t)(word.ptr - line), .len = word.len};
        s->is_address = ipaddr_parse(word, &s->addr) == OK;
        s->name = word;
        if (s->is_address || text_find(word, '.', 0) > 0)
            n++;
        assert_true(n < SEEN_MAX);
    }
    return n;
}

static void who_is_affected(void **state)
{
    (void)state;
    static const struct {
        const char *line, *matched, *who;
    } lines[] = {
        /* the client, not the matched value */
        {"192.0.2.1 evil.example", "evil.example", "Hospital"},
        /* a resolver, a proxy and a NAT yield to the client behind them, wherever they stand */
        {"192.0.2.53 asks for 192.0.2.66 : evil.example", "evil.example", "Clinic"},
        {"192.0.2.66 by 192.0.2.53 : evil.example", "evil.example", "Clinic"},
        {"198.51.100.9 192.0.2.80 192.0.2.66 198.18.0.1", "198.18.0.1", "Clinic"},
        /* but count where there is nobody else */
        {"192.0.2.53 evil.example", "evil.example", "Hospital"},
        {"198.51.100.9 evil.example", "evil.example", "Provider"},
        /* an address before a name */
        {"www.hospital.example 192.0.2.66 evil.example", "evil.example", "Clinic"},
        {"www.hospital.example 198.18.0.1", "198.18.0.1", "Hospital"},
        /* a name before a resolver's address: the resolver only stands in for somebody */
        {"www.hospital.example 198.51.100.9 198.18.0.1", "198.18.0.1", "Hospital"},
        /* the first of equals */
        {"192.0.2.66 192.0.2.1 evil.example", "evil.example", "Clinic"},
        /* the matched value counts when nothing else on the line is owned, repeated or not */
        {"198.18.0.1 192.0.2.1", "192.0.2.1", "Hospital"},
        {"192.0.2.1 to 192.0.2.66 again 192.0.2.66", "192.0.2.66", "Hospital"},
        {"192.0.2.66 198.51.100.9 192.0.2.66", "192.0.2.66", "Provider"},
        {"hospital.example www.hospital.example", "www.hospital.example", "Hospital"},
        {"198.18.0.1 evil.example", "evil.example", NULL},
        {"", "", NULL},
    };
    struct made m;
    make(&m, rows, ARRAY_LEN(rows));
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct scan_seen seen[SEEN_MAX];
        size_t n = see(lines[i].line, seen);
        const char *at = lines[i].matched[0] ? strstr(lines[i].line, lines[i].matched) : lines[i].line;
        struct register_hit h =
            constituency_affected(m.c, seen, n, (size_t)(at - lines[i].line), strlen(lines[i].matched));
        assert_owner(h, lines[i].who);
    }
    unmake(&m);
}

static void rows_are_checked(void **state)
{
    (void)state;
    static const char *const bad[][5] = {
        {"", "s", "192.0.2.0/24", "", ""},
        {"n", "s", "192.0.2.0/33", "", ""},
        {"n", "s", "192.0.2.0/24 router", "", ""},
        {"n", "s", "192.0.2.0/24;;nonsense", "", ""},
        {"n", "s", "", "no_tld", ""},
        {"n", "s", "", "a.example;b..example", ""},
    };
    struct arena arena;
    arena_init(&arena, MIB);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct organisation_record r;
        const char *why = NULL;
        assert_err(organisation_of_row(&arena, text_of(bad[i][0]), text_of(bad[i][1]), text_of(bad[i][2]),
                                       text_of(bad[i][3]), text_of(bad[i][4]), &r, &why),
                   ERR_MALFORMED);
        assert_non_null(why);
    }
    arena_done(&arena);
}

/* What is written is what is read back. */
static void the_object_and_back(void **state)
{
    (void)state;
    struct made m;
    make(&m, rows, ARRAY_LEN(rows));
    struct fact_genesis g = {.identity = {{7}}};
    struct own_times times = {.created = "2026-11-21T20:15:01.000Z", .modified = "2026-11-21T20:15:01.000Z"};
    for (size_t i = 0; i < m.count; i++) {
        const struct organisation_record *r = &m.records[i];
        char id[IDENT_TEXT_MAX];
        struct buffer out;
        struct json_doc *doc;
        struct organisation_record back;
        buffer_init(&out, MIB);
        organisation_write(r, ident_format(TEXT("identity"), &r->id, id), &g, &times, &out);
        assert_ok(json_parse(buffer_text(&out), &doc, NULL));
        const struct json_val *sectors = json_get(json_root(doc), "sectors");
        assert_int_equal(json_size(sectors), i < 3 ? 1 : 0); /* "odd sector" is in no vocabulary */
        assert_ok(organisation_of_object(&m.arena, json_root(doc), &back));
        assert_text_eq(back.name, r->name);
        assert_text_eq(back.sector, r->sector);
        assert_text_eq(back.contacts, r->contacts);
        assert_int_equal(back.network_count, r->network_count);
        assert_int_equal(back.domain_count, r->domain_count);
        for (size_t k = 0; k < r->network_count; k++) {
            assert_int_equal(back.networks[k].role, r->networks[k].role);
            assert_memory_equal(&back.networks[k].net, &r->networks[k].net, sizeof(struct ipnet));
        }
        json_free(doc);
        buffer_done(&out);
    }
    unmake(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longest_wins),     cmocka_unit_test(like_the_oracle),     cmocka_unit_test(who_is_affected),
        cmocka_unit_test(rows_are_checked), cmocka_unit_test(the_object_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
