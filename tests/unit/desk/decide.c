/* What an arriving version is to what is held: the rules one by one, and that every order and repetition of the same
 * versions ends with the same one that counts. */
#include "support/test.h"

#include "base/limits.h"
#include "desk/intake_decide.h"

#define NOW ((int64_t)1795292101 * 1000000)

static const struct uuid A = {{1}}, B = {{2}};

static struct intake_version version(const struct uuid *party, int64_t modified_us, char content, bool revoked)
{
    /* as a real body: everything is in the hash */
    char body[64];
    int len = snprintf(body, sizeof body, "%lld %c %d", (long long)modified_us, content, revoked);
    return (struct intake_version){.party = *party,
                                   .versioned = true,
                                   .modified_us = modified_us,
                                   .revoked = revoked,
                                   .hash = sha256_of(body, (size_t)len)};
}

static enum intake_verdict decide(const struct intake_version *arrived, const struct intake_version *current)
{
    return intake_decide(arrived, current, NOW);
}

static void rules(void **state)
{
    (void)state;
    struct intake_version one = version(&A, 10, 'x', false), same = one;
    assert_int_equal(decide(&one, NULL), INTAKE_FRESH);
    assert_int_equal(decide(&same, &one), INTAKE_UNCHANGED);
    struct intake_version newer = version(&A, 11, 'y', false), older = version(&A, 9, 'z', false);
    assert_int_equal(decide(&newer, &one), INTAKE_UPDATED);
    assert_int_equal(decide(&older, &one), INTAKE_OLDER);
    /* another party: never replaces, never revokes, whatever it says */
    struct intake_version other = version(&B, 99, 'y', false), forged_revoke = version(&B, 99, 'r', true);
    assert_int_equal(decide(&other, &one), INTAKE_CLAIM);
    assert_int_equal(decide(&forged_revoke, &one), INTAKE_CLAIM);
    struct intake_version copy = one;
    copy.party = B;
    assert_int_equal(decide(&copy, &one), INTAKE_CLAIM);
    /* revoked is final */
    struct intake_version revoked = version(&A, 12, 'r', true), later = version(&A, 13, 'l', false);
    assert_int_equal(decide(&revoked, &newer), INTAKE_UPDATED);
    assert_int_equal(decide(&later, &revoked), INTAKE_OLDER);
    assert_int_equal(decide(&revoked, &later), INTAKE_UPDATED);
}

static void same_moment_other_content(void **state)
{
    (void)state;
    struct intake_version x = version(&A, 10, 'x', false), y = version(&A, 10, 'y', false);
    bool x_smaller = memcmp(x.hash.b, y.hash.b, SHA256_BYTES) < 0;
    assert_int_equal(decide(&x, &y), x_smaller ? INTAKE_WON : INTAKE_CONFLICT);
    assert_int_equal(decide(&y, &x), x_smaller ? INTAKE_CONFLICT : INTAKE_WON);
}

static void the_future(void **state)
{
    (void)state;
    struct intake_version edge = version(&A, NOW + FUTURE_MAX_US, 'x', false);
    struct intake_version beyond = version(&A, NOW + FUTURE_MAX_US + 1, 'y', false);
    struct intake_version now = version(&A, NOW, 'z', false);
    assert_int_equal(decide(&edge, NULL), INTAKE_FRESH);
    assert_int_equal(decide(&beyond, NULL), INTAKE_QUARANTINED);
    assert_int_equal(decide(&beyond, &now), INTAKE_QUARANTINED);
    beyond.party = B;
    assert_int_equal(decide(&beyond, &now), INTAKE_QUARANTINED);
}

static void says_it_is_ours(void **state)
{
    (void)state;
    struct intake_version ours = version(&A, 10, 'x', false), home = ours, forged = version(&B, 11, 'y', true);
    forged.forged = home.forged = true;
    home.party = B;
    assert_int_equal(decide(&forged, NULL), INTAKE_CLAIM);
    assert_int_equal(decide(&forged, &ours), INTAKE_CLAIM);
    assert_int_equal(decide(&home, &ours), INTAKE_UNCHANGED);
}

static void without_versions(void **state)
{
    (void)state;
    struct intake_version one = version(&A, 0, 'x', false), two = version(&A, 0, 'y', false), other = two;
    one.versioned = two.versioned = other.versioned = false;
    other.party = B;
    assert_int_equal(decide(&two, &one), INTAKE_UPDATED);
    assert_int_equal(decide(&other, &one), INTAKE_CLAIM);
    /* rows of a table: told by their print, always the newest, and never over a revocation */
    struct intake_version row = {.party = A, .versioned = true, .print = 7, .modified_us = 1}, again = row,
                          moved = row;
    moved.print = 8;
    again.hash = sha256_of("other", 5); /* another time stands in it */
    assert_int_equal(decide(&again, &row), INTAKE_UNCHANGED);
    assert_int_equal(decide(&moved, &row), INTAKE_UPDATED);
    row.revoked = true;
    assert_int_equal(decide(&moved, &row), INTAKE_OLDER);
}

/* ---- convergence ---- */

static uint64_t seed = 1;

static uint64_t below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

/* As intake_apply.c does it, with a list for a store. */
struct holder {
    struct intake_version current;
    bool any;
};

static void arrive(struct holder *h, const struct intake_version *v)
{
    switch (intake_decide(v, h->any ? &h->current : NULL, NOW)) {
    case INTAKE_FRESH:
    case INTAKE_UPDATED:
    case INTAKE_WON:
        h->current = *v;
        h->any = true;
        break;
    default: break;
    }
}

#define MOST 8

static void any_order_ends_alike(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct intake_version set[MOST];
        size_t count = 1 + below(MOST);
        for (size_t i = 0; i < count; i++)
            set[i] = version(&A, NOW - (int64_t)below(4), (char)('a' + below(6)), below(4) == 0);
        struct intake_version claim = version(&B, NOW, 'c', true);
        struct holder first = {0};
        for (int shuffle = 0; shuffle < 6; shuffle++) {
            struct holder h = {0};
            bool seen[MOST] = {false};
            size_t left = count;
            while (left > 0) {
                size_t i = below(count);
                left -= !seen[i];
                seen[i] = true; /* others come again and again meanwhile */
                arrive(&h, &set[i]);
                arrive(&h, &claim);
            }
            if (shuffle == 0)
                first = h;
            assert_memory_equal(&h.current.hash, &first.current.hash, sizeof h.current.hash);
            assert_int_equal(h.current.modified_us, first.current.modified_us);
            assert_int_equal(h.current.revoked, first.current.revoked);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules),
        cmocka_unit_test(same_moment_other_content),
        cmocka_unit_test(the_future),
        cmocka_unit_test(says_it_is_ours),
        cmocka_unit_test(without_versions),
        cmocka_unit_test(any_order_ends_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
