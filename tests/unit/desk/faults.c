/* The Nth allocation and the Nth file operation fail, once and then for good, until the operation completes without
 * having been hit. After each: nothing leaks, the home opens, what counts is the old or the new, and doing it again
 * ends where an undisturbed run ends. */
#include "house.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/time.h"
#include "desk/finding.h"
#include "desk/proven.h"
#include "desk/register.h"
#include "desk/register_inside.h"
#include "support/fault.h"

#define ROUNDS_MAX 20000

static struct house house;
static const struct uuid hospital = {{1, 1}};
static unsigned version; /* of the operation: each round brings something new */

static int setup(void **state)
{
    *state = &house;
    version = 0;
    house_open(&house);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

/* A document with a row or object of its own in each round, and one that is replaced. */
static const char *document(void)
{
    static const char statement[] =
        "{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"marking-definition--00000000-0000-4000-"
        "8000-"
        "0000000000aa\",\"created\":\"2026-01-01T00:00:00.000Z\",\"definition_type\":\"statement\",\"definition\":{"
        "\"statement\":\"x\"}}";
    char modified[32];
    snprintf(modified, sizeof modified, "2026-02-01T%02u:%02u:%02u.000Z", version / 3600, version / 60 % 60,
             version % 60);
    return house_bundle(
        "%s,%s,%s",
        house_indicator(1, modified,
                        ",\"object_marking_refs\":[\"marking-definition--00000000-0000-4000-8000-0000000000aa\"]"),
        house_indicator(100 + version, modified, ""), statement);
}

static enum err take_document(struct house *h)
{
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    o.on_rejected = NULL;
    return house_take(h, text_of(document()), &o, &t);
}

static void check_document(struct house *h)
{
    assert_true(house_current(h, house_indicator_id(100 + version), NULL, NULL));
    assert_int_equal(house_standing(h, house_indicator_id(1), STANDING_CURRENT), 1);
    assert_int_equal(house_standing(h, house_indicator_id(100 + version), STANDING_CURRENT), 1);
    assert_false(house_class(h, house_indicator_id(1)).unknown_marking);
}

static enum err take_table(struct house *h)
{
    char csv[128];
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    snprintf(csv, sizeof csv, "value,confidence\nevil.example,%u\nnew%u.example,5\n", version % 100, version);
    o.on_rejected = NULL;
    return house_take(h, text_of(csv), &o, &t);
}

static void check_table(struct house *h)
{
    struct view *v;
    struct fault fault;
    struct view_counts c;
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(view_counts(v, &c, &fault));
    node_reader_done(h->node, v);
    assert_int_equal(c.values, 1 + version);
}

/* Two hits on line `version` of a followed file. */
static enum err record_hits(struct house *h)
{
    struct hit_report hits[2];
    for (size_t i = 0; i < 2; i++)
        hits[i] = (struct hit_report){.indicator = text_of(house_indicator_id(1)),
                                      .organisation = hospital,
                                      .organisation_name = TEXT("Hospital"),
                                      .value = TEXT("evil1.example"),
                                      .kind = VALUE_DOMAIN,
                                      .line = version,
                                      .offset = version * 100,
                                      .seen_us = INT64_C(1767400000000000) + (int64_t)version * 1000000,
                                      .text = TEXT("line")};
    struct hit_batch b = {.file = TEXT("/x"),
                          .follow_key = TEXT("k"),
                          .follow_offset = version * 100 + 100,
                          .follow_line = version + 1,
                          .account = h->account,
                          .hits = hits,
                          .count = 2};
    struct arena arena;
    struct finding_news *news;
    size_t count;
    struct fault fault;
    arena_init(&arena, MIB);
    enum err e = findings_record(h->node, &b, &arena, &news, &count, &fault);
    arena_done(&arena);
    return e;
}

/* Every batch counts once, however often it was tried. */
static void check_hits(struct house *h)
{
    struct view *v;
    struct fault fault;
    struct finding_row row;
    struct view_counts c;
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(view_finding_by_number(v, 1, &row, &fault));
    assert_int_equal(row.count, 2 * version);
    assert_ok(view_counts(v, &c, &fault));
    assert_int_equal(c.findings, 1);
    assert_int_equal(c.incidents, 1);
    node_reader_done(h->node, v);
}

/* A document of two events, one of them at the hospital and the bank's name in both. */
static enum err take_events(struct house *h)
{
    static const char rows[] = "timestamp,ip,asn,geo\n2026-06-20 01:02:03,192.0.2.%u,%u,XX\n"
                               "2026-06-20 01:02:04,198.51.100.1,%u,XX\n";
    char document[256];
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    snprintf(document, sizeof document, rows, version % 256, version, version);
    o.on_rejected = NULL;
    o.name = TEXT("2026-06-20-scan_ntp-x.csv");
    return house_take(h, text_of(document), &o, &t);
}

static void check_events(struct house *h)
{
    struct view *v;
    struct fault fault;
    struct finding_row row;
    struct view_counts c;
    assert_ok(node_reader(h->node, &v, &fault));
    for (uint64_t number = 1; number <= 2; number++) {
        assert_ok(view_finding_by_number(v, number, &row, &fault));
        assert_int_equal(row.count, version);
    }
    assert_ok(view_counts(v, &c, &fault));
    assert_int_equal(c.findings, 2);
    node_reader_done(h->node, v);
}

static void prepare_events(struct house *h)
{
    static const char rows[] = "name,sector,networks,domains,contacts\nHospital,health,192.0.2.0/24,,\n";
    struct register_totals t;
    struct fault fault;
    int fd = memfd_create("register", MFD_CLOEXEC);
    assert_int_equal(write(fd, rows, sizeof rows - 1), sizeof rows - 1);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_ok(register_import(h->node, fd, &h->account, NULL, NULL, &t, &fault));
    close(fd);
}

static void prepare_hits(struct house *h)
{
    struct uuid source = house_source(h, "rule", &h->a, TLP_NONE, true);
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    o.source = source;
    house_peer(h, &h->a, true);
    assert_ok(house_take(h, text_of(house_bundle("%s", house_indicator(1, "2026-02-01T00:00:00.000Z", ""))), &o, &t));
}

/* A claim in the originator's name turns out to be proven: a voucher, and the same version once more in an entry that
 * counts. */
static void prepare_claims(struct house *h)
{
    char all[60 * 1024];
    for (unsigned from = 0; from < 1500; from += 100) {
        size_t len = 0;
        for (unsigned i = from; i < from + 100; i++)
            len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i > from ? "," : "",
                                    house_indicator(1000 + i, "2026-02-01T00:00:00.000Z", ""));
        house_import(h, house_bundle("%s", all), &h->a);
        len = 0;
        for (unsigned i = from; i < from + 100; i++)
            len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i > from ? "," : "",
                                    house_indicator(1000 + i, "2026-01-15T00:00:00.000Z", ""));
        house_import(h, house_bundle("%s", all), &h->b);
    }
}

struct claim {
    struct uuid party;
    struct sha256 hash;
};

static enum err on_claim(void *self, const struct version_row *row)
{
    struct claim *c = self;
    if (uuid_eq(&row->party, &c->party) && row->standing != STANDING_REPLACED)
        c->hash = row->hash;
    return OK;
}

static enum err prove_in(struct txn *t, void *self, struct fault *reterr)
{
    bool news;
    return version_prove(t, self, &news, reterr);
}

static enum err prove_claim(struct house *h)
{
    struct claim c = {.party = h->b};
    struct view *v;
    struct fault fault;
    const char *id = house_indicator_id(1000 + version);
    enum err e = node_reader(h->node, &v, &fault);
    if (e)
        return e;
    e = view_versions(v, text_of(id), on_claim, &c, &fault);
    node_reader_done(h->node, v);
    struct proven_version p = {.id = text_of(id),
                               .hash = c.hash,
                               .party = h->b,
                               .leaf = version,
                               .logged_us = 1000,
                               .proof = TEXT("a proof"),
                               .account = h->account};
    return e ? e : node_write(h->node, prove_in, &p, &fault);
}

static void check_claim(struct house *h)
{
    const char *id = house_indicator_id(1000 + version);
    assert_string_equal(house_member(h, id, "modified"), "2026-01-15T00:00:00.000Z");
    assert_int_equal(house_standing(h, id, STANDING_CURRENT), 1);
    assert_int_equal(house_standing(h, id, STANDING_CLAIM), 1);
    assert_int_equal(house_standing(h, id, STANDING_REPLACED), 1);
}

/* ---- loops ---- */

typedef enum err operation(struct house *h);
typedef void check(struct house *h);

/* Again without faults: it must go well, and end where it should. */
static void again(struct house *h, operation *op, check *look)
{
    house_reopen(h);
    assert_ok(op(h));
    look(h);
}

static void each_allocation(struct house *h, operation *op, check *look)
{
    for (int for_good = 0; for_good < 2; for_good++) {
        size_t nth = 1;
        for (bool hit = true; hit; nth++) {
            assert_true(nth < ROUNDS_MAX);
            version++;
            size_t live = fault_alloc_live();
            node_close(h->node);
            h->node = NULL;
            size_t closed = fault_alloc_live();
            assert_true(closed <= live);
            house_reopen(h);
            fault_alloc_arm(nth, for_good);
            enum err e = op(h);
            hit = fault_alloc_disarm();
            node_close(h->node);
            h->node = NULL;
            assert_int_equal(fault_alloc_live(), closed);
            if (!hit)
                assert_ok(e);
            again(h, op, look);
        }
        assert_true(nth > 10);
    }
}

/* The node's files through a table of operations that fail. */
static void each_file_operation(struct house *h, operation *op, check *look)
{
    static const enum fault_io_kind kinds[] = {FAULT_EIO, FAULT_TORN, FAULT_FULL, FAULT_SYNC};
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        for (int for_good = 0; for_good < 2; for_good++) {
            size_t nth = 1;
            for (bool hit = true; hit; nth++) {
                struct fault_io f;
                struct fault fault;
                assert_true(nth < ROUNDS_MAX);
                version++;
                node_close(h->node);
                h->node = NULL;
                fault_io_init(&f, io_system());
                if (node_open(&f.io, h->home, NODE_OWN, &h->node, &fault) != OK)
                    fail_msg("%s", fault.what);
                fault_io_arm(&f, kinds[k], nth, for_good);
                enum err e = op(h);
                hit = fault_io_disarm(&f);
                node_close(h->node);
                h->node = NULL;
                assert_int_equal(f.open_files, 0);
                if (!hit)
                    assert_ok(e);
                again(h, op, look);
            }
        }
    }
}

static void documents(void **state)
{
    each_allocation(*state, take_document, check_document);
}

static void documents_and_files(void **state)
{
    each_file_operation(*state, take_document, check_document);
}

static void tables(void **state)
{
    each_allocation(*state, take_table, check_table);
}

static void proofs(void **state)
{
    prepare_claims(*state);
    each_allocation(*state, prove_claim, check_claim);
    assert_true(version < 1500);
}

static void proofs_and_files(void **state)
{
    prepare_claims(*state);
    each_file_operation(*state, prove_claim, check_claim);
    assert_true(version < 1500);
}

static void hits(void **state)
{
    prepare_hits(*state);
    each_allocation(*state, record_hits, check_hits);
}

static void hits_and_files(void **state)
{
    prepare_hits(*state);
    each_file_operation(*state, record_hits, check_hits);
}

static void events(void **state)
{
    prepare_events(*state);
    each_allocation(*state, take_events, check_events);
}

static void events_and_files(void **state)
{
    prepare_events(*state);
    each_file_operation(*state, take_events, check_events);
}

/* ---- the register alone ---- */

static bool make_register(void *arg)
{
    struct constituency **ret = arg;
    struct arena arena;
    struct organisation_record r[3];
    const char *why;
    bool made = true;
    arena_init(&arena, MIB);
    for (size_t i = 0; i < ARRAY_LEN(r); i++) {
        char name[8] = {(char)('a' + i), 0};
        made = made && organisation_of_row(&arena, text_of(name), TEXT("health"), TEXT("192.0.2.0/24;192.0.2.9 nat"),
                                           TEXT("a.example;b.example"), TEXT("c"), &r[i], &why) == OK;
    }
    struct constituency *c = NULL;
    made = made && constituency_new(r, ARRAY_LEN(r), &c) == OK;
    arena_done(&arena);
    constituency_unref(*ret);
    *ret = NULL;
    constituency_unref(c);
    return made;
}

static void registers(void **state)
{
    (void)state;
    struct constituency *kept = NULL;
    struct fault_op op = {.run = make_register, .arg = &kept};
    assert_true(fault_each_allocation(&op) > 10);
}

#define WITH_HOUSE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOUSE(documents),           WITH_HOUSE(tables),         WITH_HOUSE(hits),
        WITH_HOUSE(documents_and_files), WITH_HOUSE(hits_and_files), WITH_HOUSE(proofs),
        WITH_HOUSE(proofs_and_files),    WITH_HOUSE(events),         WITH_HOUSE(events_and_files),
        cmocka_unit_test(registers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
