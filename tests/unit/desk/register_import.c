/* The register's CSV into the log and out of it again. */
#include "house.h"

#include <sys/mman.h>
#include <unistd.h>

#include "desk/register.h"

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

struct refusals {
    int64_t lines[16];
    size_t count;
};

static void refused(void *self, int64_t line, const char *reason)
{
    struct refusals *r = self;
    assert_true(reason && reason[0]);
    assert_true(r->count < ARRAY_LEN(r->lines));
    r->lines[r->count++] = line;
}

static enum err import(struct house *h, struct text csv, struct register_totals *ret, struct refusals *refusals)
{
    int fd = memfd_create("register", MFD_CLOEXEC);
    assert_int_equal(io_write_all(io_system(), fd, csv.ptr, csv.len, 0), 0);
    struct fault fault;
    *refusals = (struct refusals){0};
    enum err e = register_import(h->node, fd, &h->account, refused, refusals, ret, &fault);
    close(fd);
    return e;
}

static struct constituency *load(struct house *h)
{
    struct view *v;
    struct fault fault;
    struct constituency *c;
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(constituency_load(h->node, v, &c, &fault));
    node_reader_done(h->node, v);
    return c;
}

#define HEADER "name,sector,networks,domains,contacts\n"

static void rows_become_organisations(void **state)
{
    struct house *h = *state;
    struct register_totals t;
    struct refusals r;
    static const char csv[] = HEADER "Hospital,health,192.0.2.0/24;192.0.2.53 resolver,hospital.example,a@x.example\n"
                                     "Bank,finance,198.51.100.0/24,bank.example,\n";
    assert_ok(import(h, text_of(csv), &t, &r));
    assert_int_equal(t.rows, 2);
    assert_int_equal(t.fresh, 2);
    uint64_t entries = house_entries(h);
    assert_ok(import(h, text_of(csv), &t, &r));
    assert_int_equal(t.unchanged, 2);
    assert_int_equal(house_entries(h), entries);
    struct constituency *c = load(h);
    assert_int_equal(constituency_size(c), 2);
    assert_text(constituency_who(c, TEXT("192.0.2.7")).organisation->name, "Hospital");
    struct uuid id = constituency_who(c, TEXT("192.0.2.7")).organisation->id;
    constituency_unref(c);
    /* one row changes, another organisation comes, the third is left out of the file and stays */
    assert_ok(
        import(h, TEXT(HEADER "Hospital,health,192.0.2.0/25,hospital.example,a@x.example\nTrams,,,,\n"), &t, &r));
    assert_int_equal(t.updated, 1);
    assert_int_equal(t.fresh, 1);
    c = load(h);
    assert_int_equal(constituency_size(c), 3);
    assert_null(constituency_who(c, TEXT("192.0.2.200")).organisation);
    assert_true(uuid_eq(&constituency_who(c, TEXT("192.0.2.7")).organisation->id, &id));
    assert_text(constituency_who(c, TEXT("x.bank.example")).organisation->name, "Bank");
    constituency_unref(c);
    char text[IDENT_TEXT_MAX];
    struct gate_class cls = house_class(h, ident_format(TEXT("identity"), &id, text).ptr);
    assert_true(cls.ours && cls.internal_only && !cls.own_identity);
}

static void bad_rows_alone_are_refused(void **state)
{
    struct house *h = *state;
    struct register_totals t;
    struct refusals r;
    static const char csv[] = HEADER "Hospital,health,192.0.2.0/24,hospital.example,\n"
                                     "Broken,health,192.0.2.0/33,,\n"
                                     ",health,,,\n"
                                     "Hospital,health,203.0.113.0/24,,\n"
                                     "Fine,health,203.0.113.0/24,,\n";
    assert_ok(import(h, text_of(csv), &t, &r));
    assert_int_equal(t.rows, 5);
    assert_int_equal(t.fresh, 2);
    assert_int_equal(t.rejected, 3);
    assert_int_equal(r.count, 3);
    assert_int_equal(r.lines[0], 3);
    assert_int_equal(r.lines[1], 4);
    assert_int_equal(r.lines[2], 5);
    uint64_t entries = house_entries(h);
    assert_err(import(h, TEXT("name,networks\nx,192.0.2.0/24\n"), &t, &r), ERR_MALFORMED);
    assert_err(import(h, TEXT_NONE, &t, &r), ERR_MALFORMED);
    assert_int_equal(house_entries(h), entries);
}

/* Nobody but us adds to the register: an identity of a partner with our extension is a partner's identity. */
static void partners_add_nothing(void **state)
{
    struct house *h = *state;
    house_import(
        h,
        house_bundle("{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"identity--00000000-0000-4000-"
                     "8000-000000000077\",\"created\":\"2026-02-01T00:00:00.000Z\",\"modified\":\"2026-02-01T00:"
                     "00:00.000Z\",\"name\":\"Mine\",\"identity_class\":\"organization\",\"extensions\":{"
                     "\"extension-definition--dec14527-2943-4052-9df7-6d646514e68c\":{\"extension_type\":"
                     "\"property-extension\",\"networks\":[{\"net\":\"192.0.2.0/24\",\"role\":\"plain\"}]}}}"),
        &h->a);
    struct constituency *c = load(h);
    assert_int_equal(constituency_size(c), 0);
    assert_null(constituency_who(c, TEXT("192.0.2.1")).organisation);
    constituency_unref(c);
}

/* More rows than one write takes. */
static void many_rows(void **state)
{
    struct house *h = *state;
    struct register_totals t;
    struct refusals r;
    struct buffer csv;
    buffer_init(&csv, 16 * MIB);
    buffer_add(&csv, TEXT(HEADER));
    for (unsigned i = 0; i < 9000; i++)
        buffer_addf(&csv, "Organisation %u,energy,198.18.%u.%u;2001:db8:%x::/48,o%u.example,\n", i, i / 250, i % 250,
                    i, i);
    assert_ok(import(h, buffer_text(&csv), &t, &r));
    assert_int_equal(t.fresh, 9000);
    assert_ok(import(h, buffer_text(&csv), &t, &r));
    assert_int_equal(t.unchanged, 9000);
    struct constituency *c = load(h);
    assert_int_equal(constituency_size(c), 9000);
    for (unsigned i = 0; i < 9000; i += 7) {
        char what[64], who[64];
        snprintf(who, sizeof who, "Organisation %u", i);
        snprintf(what, sizeof what, "198.18.%u.%u", i / 250, i % 250);
        assert_text(constituency_who(c, text_of(what)).organisation->name, who);
        snprintf(what, sizeof what, "2001:db8:%x:7::1", i);
        assert_text(constituency_who(c, text_of(what)).organisation->name, who);
        snprintf(what, sizeof what, "www.o%u.example", i);
        assert_text(constituency_who(c, text_of(what)).organisation->name, who);
    }
    constituency_unref(c);
    buffer_done(&csv);
}

/* The sample country is a good register. */
static void the_sample_country(void **state)
{
    struct house *h = *state;
    struct register_totals t;
    struct refusals r;
    size_t len;
    char *csv = scratch_read(test_path("../demo/country.csv"), &len);
    assert_non_null(csv);
    assert_ok(import(h, (struct text){csv, len}, &t, &r));
    assert_int_equal(t.fresh, 40);
    assert_int_equal(t.rejected, 0);
    struct constituency *c = load(h);
    for (unsigned i = 0; i < 640; i++) { /* command/demo_logs.c counts on it: sixteen addresses each */
        static const char *const nets[] = {"192.0.2", "198.51.100", "203.0.113"};
        char what[64];
        snprintf(what, sizeof what, "%s.%u", nets[i / 256], i % 256);
        struct register_hit one = constituency_who(c, text_of(what));
        snprintf(what, sizeof what, "2001:db8:%x::17", i / 16 + 1);
        assert_non_null(one.organisation);
        assert_ptr_equal(one.organisation, constituency_who(c, text_of(what)).organisation);
        if (i % 16 >= 1 && i % 16 <= 12 && i % 16 != 5)
            assert_int_equal(one.role, OWNER_PLAIN);
    }
    constituency_unref(c);
    free(csv);
}

#define WITH_HOUSE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOUSE(rows_become_organisations), WITH_HOUSE(bad_rows_alone_are_refused),
        WITH_HOUSE(partners_add_nothing),      WITH_HOUSE(many_rows),
        WITH_HOUSE(the_sample_country),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
