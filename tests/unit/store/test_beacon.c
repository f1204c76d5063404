/* The page that tells who waits: moves are seen, a wait ends with one, and what is no page is none. */
#include "support/test.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/time.h"
#include "store/beacon.h"
#include "support/scratch.h"

static char home[SCRATCH_PATH_MAX];

static int setup(void **state)
{
    (void)state;
    scratch_new(home);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(home);
    return 0;
}

static void moves_are_seen(void **state)
{
    struct beacon *owner, *other;
    (void)state;
    assert_null(beacon_find(home));
    assert_int_equal(beacon_at(NULL), 0);
    assert_ok(beacon_light(home, &owner, NULL));
    other = beacon_find(home);
    assert_non_null(other);
    uint32_t at = beacon_at(other);
    beacon_move(owner);
    assert_int_equal(beacon_at(other), at + 1);
    beacon_close(owner);
    assert_int_equal(beacon_at(other), at + 1); /* the owner is gone: it stands still */
    assert_ok(beacon_light(home, &owner, NULL));
    beacon_move(owner);
    assert_int_equal(beacon_at(other), at + 1); /* another page */
    beacon_close(other);
    beacon_close(owner);
}

static void *move_later(void *owner)
{
    usleep(30000);
    beacon_move(owner);
    return NULL;
}

static void a_wait_ends_with_a_move(void **state)
{
    struct beacon *owner, *other;
    pthread_t mover;
    (void)state;
    assert_ok(beacon_light(home, &owner, NULL));
    other = beacon_find(home);
    uint32_t at = beacon_at(other);
    int64_t start = clock_mono_us();
    beacon_wait(other, at, 20);
    assert_true(clock_mono_us() - start >= 19000);
    assert_int_equal(pthread_create(&mover, NULL, move_later, owner), 0);
    start = clock_mono_us();
    while (beacon_at(other) == at)
        beacon_wait(other, at, 20000);
    assert_true(clock_mono_us() - start < 15000000);
    pthread_join(mover, NULL);
    start = clock_mono_us();
    beacon_wait(other, at, 20000); /* it has moved already */
    assert_true(clock_mono_us() - start < 15000000);
    beacon_close(other);
    beacon_close(owner);
}

static void what_is_no_page_is_none(void **state)
{
    struct beacon *owner;
    char path[SCRATCH_PATH_MAX + 16];
    static const char zeros[4096];
    (void)state;
    assert_ok(beacon_light(home, &owner, NULL));
    beacon_close(owner);
    snprintf(path, sizeof path, "%s/index/now", home);
    scratch_write(path, zeros, sizeof zeros);
    assert_null(beacon_find(home));
    scratch_write(path, "ENNOW 1\n", 8);
    assert_null(beacon_find(home));
    assert_int_equal(unlink(path), 0);
    assert_null(beacon_find(home));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(moves_are_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wait_ends_with_a_move, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_page_is_none, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
