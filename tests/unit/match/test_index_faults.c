/* The Nth allocation or file operation of writing and opening an index file fails: the file there is the old one or
 * the new one, whole, and opens. */
#include "support/test.h"

#include <fcntl.h>
#include <unistd.h>

#include "index_spoil.h"
#include "support/fault.h"
#include "support/scratch.h"

static const char *const old_values[] = {"evil.com", NULL};
static const char *const new_values[] = {"evil.com", "2001:db8::1", NULL};

struct work {
    char folder[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 8];
    struct match_set old, fresh;
    struct fault_io io;
};

static void put_old(void *arg)
{
    struct work *w = arg;
    scratch_empty(w->folder);
    index_spoil_write(&w->old, w->path);
}

static bool write_new(void *arg)
{
    struct work *w = arg;
    const struct index_item items[] = {{.kind = VALUE_DOMAIN, .value_len = 8}, {.kind = VALUE_IPV6}};
    const struct index_party parties[] = {{{{1}}, TEXT("CERT Y")}};
    const struct index_content c = {
        .index = w->fresh.index, .items = items, .item_count = 2, .parties = parties, .party_count = 1};
    uint64_t bytes = 0;
    enum err err = index_file_write(&w->io.io, w->path, &c, &bytes, NULL);
    assert_true(err == OK || err == ERR_NOMEM || err == ERR_IO || err == ERR_FULL);
    return err == OK;
}

static void one_of_both_opens(void *arg, bool completed)
{
    struct work *w = arg;
    struct index_file *f = NULL;
    int fd = open(w->path, O_RDONLY);
    assert_ok(index_file_open(fd, &f, NULL));
    close(fd);
    assert_true(index_file_count(f) == 2 || (!completed && index_file_count(f) == 1));
    index_file_unref(f);
}

static bool open_one(void *arg)
{
    struct work *w = arg;
    struct index_file *f = NULL;
    int fd = open(w->path, O_RDONLY);
    enum err err = index_file_open(fd, &f, NULL);
    close(fd);
    index_file_unref(f);
    assert_true(err == OK || err == ERR_NOMEM);
    return err == OK;
}

static void writing_and_opening_survive(void **state)
{
    static struct work w;
    (void)state;
    scratch_new(w.folder);
    snprintf(w.path, sizeof w.path, "%s/base", w.folder);
    match_set_init(&w.old, old_values);
    match_set_init(&w.fresh, new_values);
    fault_io_init(&w.io, io_system());
    const struct fault_op op = {.prepare = put_old, .run = write_new, .verify = one_of_both_opens, .arg = &w};
    assert_true(fault_each_allocation(&op) >= 3);
    assert_true(fault_each_io(&op, &w.io) > 20);
    const struct fault_op opening = {.prepare = put_old, .run = open_one, .arg = &w};
    assert_true(fault_each_allocation(&opening) >= 1);
    match_set_done(&w.old);
    match_set_done(&w.fresh);
    scratch_remove(w.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(writing_and_opening_survive)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
