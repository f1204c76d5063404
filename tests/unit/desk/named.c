/* Indicators of partners that name values of ours, at import and when the register changes. */
#include "house.h"

#include <sys/mman.h>
#include <unistd.h>

#include "desk/named.h"
#include "desk/own.h"

#define T1 "2026-02-01T00:00:00.000Z"
#define T2 "2026-03-01T00:00:00.000Z"

static struct house house;

static int setup(void **state)
{
    *state = &house;
    house_open(&house);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

static void know(struct house *h, const char *rows)
{
    static const char head[] = "name,sector,networks,domains,contacts\n";
    struct register_totals t;
    struct fault fault;
    int fd = memfd_create("register", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, head, sizeof head - 1), sizeof head - 1);
    assert_int_equal(write(fd, rows, strlen(rows)), (ssize_t)strlen(rows));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_ok(register_import(h->node, fd, &h->account, NULL, NULL, &t, &fault));
    assert_int_equal(t.rejected, 0);
    close(fd);
}

static uint64_t named(struct house *h)
{
    struct view *v;
    struct fault fault;
    struct view_counts c;
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(view_counts(v, &c, &fault));
    node_reader_done(h->node, v);
    return c.findings;
}

static char *finding_id(struct house *h, uint64_t number)
{
    static char id[IDENT_TEXT_MAX];
    struct view *v;
    struct fault fault;
    struct finding_row row;
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(view_finding_by_number(v, number, &row, &fault));
    assert_int_equal(row.kind, FINDING_NAMED);
    snprintf(id, sizeof id, TEXT_FMT, TEXT_ARG(row.id));
    node_reader_done(h->node, v);
    return id;
}

static uint64_t look_back(struct house *h)
{
    struct fault fault;
    uint64_t count;
    assert_ok(named_look_back(h->node, &h->account, NULL, NULL, &count, &fault));
    return count;
}

static const char hospital[] = "Hospital,health,192.0.2.0/24,evil1.example;evil2.example,a@b.example\n";

/* house_indicator(N) looks for evilN.example */
static void at_import_once(void **state)
{
    struct house *h = *state;
    know(h, hospital);
    struct intake_totals t = house_import(
        h, house_bundle("%s,%s", house_indicator(1, T1, ",\"name\":\"a bad host\""), house_indicator(3, T1, "")),
        &h->a);
    assert_int_equal(t.fresh, 2);
    assert_int_equal(t.named, 1);
    const char *id = finding_id(h, 1);
    assert_string_equal(house_member(h, id, "finding_kind"), "named");
    assert_string_equal(house_member(h, id, "indicator_ref"), house_indicator_id(1));
    assert_string_equal(house_member(h, id, "organisation_name"), "Hospital");
    assert_string_equal(house_member(h, id, "value"), "evil1.example");
    assert_string_equal(house_member(h, id, "words"), "a bad host");
    assert_true(house_class(h, id).internal_only);
    /* a newer version, and the same from another party */
    t = house_import(h, house_bundle("%s", house_indicator(1, T2, "")), &h->a);
    assert_int_equal(t.updated, 1);
    assert_int_equal(t.named, 0);
    house_import(h, house_bundle("%s", house_indicator(1, T2, "")), &h->b);
    assert_int_equal(named(h), 1);
    assert_int_equal(look_back(h), 0);
}

static void none_of_what_is_over_or_ours(void **state)
{
    struct house *h = *state;
    know(h, hospital);
    house_import(h, house_bundle("%s", house_indicator(1, T1, ",\"revoked\":true")), &h->a);
    house_import(h, house_bundle("%s", house_indicator(2, T1, ",\"valid_until\":\"2026-02-02T00:00:00Z\"")), &h->a);
    assert_int_equal(named(h), 0);
    house_import(h, house_bundle("%s", house_indicator(1, T2, "")), NULL);
    assert_int_equal(named(h), 0);
    assert_int_equal(look_back(h), 0);
}

static void when_the_register_changes(void **state)
{
    struct house *h = *state;
    house_import(h,
                 house_bundle("%s,%s,%s,%s", house_indicator(1, T1, ""), house_indicator(2, T1, ""),
                              house_indicator(3, T1, ",\"revoked\":true"), house_indicator(4, T1, "")),
                 &h->a);
    assert_int_equal(named(h), 0);
    assert_int_equal(look_back(h), 0); /* the register is empty */
    know(h, "Hospital,health,,evil1.example;evil3.example,\nBank,finance,,evil2.example,\n");
    assert_int_equal(look_back(h), 2);
    assert_int_equal(named(h), 2);
    assert_int_equal(look_back(h), 0);
    know(h, "Hospital,health,,evil1.example;evil4.example,\n");
    assert_int_equal(look_back(h), 1);
    house_reopen(h);
    assert_int_equal(named(h), 3);
}

/* The source's rule opens incidents for these findings, too. */
static void incidents_by_rule(void **state)
{
    struct house *h = *state;
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    know(h, hospital);
    o.source = house_source(h, "rule", &h->a, TLP_GREEN, true);
    assert_ok(house_take(h, text_of(house_bundle("%s,%s", house_indicator(1, T1, ""), house_indicator(2, T1, ""))),
                         &o, &t));
    assert_int_equal(t.named, 2);
    assert_true(house_member(h, finding_id(h, 1), "incident_ref")[0] != 0);
    assert_int_equal(house_class(h, finding_id(h, 2)).tlp, TLP_GREEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(at_import_once, setup, teardown),
        cmocka_unit_test_setup_teardown(none_of_what_is_over_or_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(when_the_register_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(incidents_by_rule, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
